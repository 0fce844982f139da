// jira.js: the site's people, groups and service desks. It checks every answer against its own schemas.

import { createCloudClient, createServiceDeskClient } from 'jira.js';
import { isApiError, isAuthError, isNotFoundError } from 'jira.js/core';

const host = process.env.CLIENTS_SITE;
const email = process.env.CLIENTS_USER;
let failed = 0;

function tell(what, wrong) {
  if (wrong !== undefined) failed += 1;
  console.log(
    `${wrong === undefined ? 'ok    ' : 'FAILED'} jira.js: ${what}${wrong === undefined ? '' : `: ${wrong}`}`,
  );
}

// Calls, tells whether the answer is as it must be, and gives it back.
async function call(what, ask, holds = () => true) {
  try {
    const answer = await ask();
    tell(what, holds(answer) ? undefined : `answered ${JSON.stringify(answer)?.slice(0, 300)}`);
    return answer;
  } catch (error) {
    tell(what, `${error.name}: ${String(error.message).slice(0, 300)}`);
    return undefined;
  }
}

// Calls what must be refused in this way.
async function refused(what, isExpected, ask) {
  try {
    tell(what, `not refused: ${JSON.stringify(await ask())?.slice(0, 300)}`);
  } catch (error) {
    tell(what, isExpected(error) ? undefined : `${error.name}: ${String(error.message).slice(0, 300)}`);
  }
}

// An answer that does not fit its schema is an error here, and not a warning.
const config = {
  host,
  auth: { type: 'basic', email, apiToken: process.env.CLIENTS_TOKEN },
  onSchemaMismatch: 'throw',
};
const jira = createCloudClient(config);
const myself = await call(
  'myself',
  () => jira.myself.getCurrentUser(),
  user => user.emailAddress !== undefined,
);
const { accountId } = myself;
await call(
  'server information',
  () => jira.serverInfo.getServerInfo(),
  server => server.deploymentType === 'Cloud',
);

async function everybody() {
  const found = [];
  for (;;) {
    const page = await jira.users.getAllUsers({ startAt: found.length, maxResults: 1000 });
    if (page.length === 0) return found;
    found.push(...page);
  }
}

await call('users to the empty page', everybody, users => users.length > 1000);
await call(
  'user search',
  () => jira.userSearch.findUsers({ query: email }),
  users => users.some(user => user.accountId === accountId),
);
await call(
  'one user with groups',
  () => jira.users.getUser({ accountId, expand: 'groups' }),
  user => user.groups.size === user.groups.items.length,
);
await call(
  'groups of a user',
  () => jira.users.getUserGroups({ accountId }),
  groups => groups.length > 0,
);
const picked = await call(
  'groups',
  () => jira.groups.findGroups({ maxResults: 100 }),
  found => found.groups.length > 20,
);

async function members() {
  for (const { groupId } of picked.groups) {
    const found = [];
    for (;;) {
      const page = await jira.groups.getUsersFromGroup({
        groupId,
        startAt: found.length,
        maxResults: 1000,
        includeInactiveUsers: true,
      });
      found.push(...page.values);
      if (page.isLast && found.length <= 50) break;
      if (page.isLast) return [found.length, page.total];
    }
  }
  return [0, 0];
}

await call('members of a group to the last page', members, ([found, total]) => found > 50 && found === total);
const group = await call(
  'group made',
  () => jira.groups.createGroup({ name: 'jira-js' }),
  made => made.name === 'jira-js',
);
const { groupId } = group;
await call(
  'member added',
  () => jira.groups.addUserToGroup({ groupId, accountId }),
  changed => changed.groupId === groupId,
);
await refused(
  'member added twice',
  error => isApiError(error) && error.status === 400,
  () => jira.groups.addUserToGroup({ groupId, accountId }),
);
await call('member removed', () => jira.groups.removeUserFromGroup({ groupId, accountId }));
await call('group deleted', () => jira.groups.removeGroup({ groupId }));
await refused('members of a group no more', isNotFoundError, () => jira.groups.getUsersFromGroup({ groupId }));
await call(
  'seats',
  () => jira.applicationRoles.getAllApplicationRoles(),
  roles => roles.some(role => role.key === 'jira-software'),
);

await call(
  'people and groups picked',
  () => jira.groupAndUserPicker.findUsersAndGroups({ query: 'a', maxResults: 3 }),
  found => found.users.users.length === 3 && found.groups.groups.length === 3,
);
await call(
  'own permissions',
  () => jira.permissions.getMyPermissions({ permissions: 'ADMINISTER' }),
  own => own.permissions.ADMINISTER.havePermission,
);
await call(
  'audit records',
  () => jira.auditRecords.getAuditRecords({ limit: 5 }),
  log => log.records.some(record => record.summary === 'Deleted group'),
);
const newcomer = await call(
  'user made',
  () => jira.users.createUser({ emailAddress: 'new.jira.js@mail.test', products: ['jira-software'] }),
  made => made.applicationRoles.size === 1,
);
await call('user deleted', () => jira.users.removeUser({ accountId: newcomer.accountId }));

const desk = createServiceDeskClient(config);
await call(
  'service desks: version',
  () => desk.info.getInfo(),
  info => info.isLicensedForUse,
);
const desks = await call(
  'service desks',
  () => desk.servicedesk.getServiceDesks(),
  page => page.values.length > 1,
);
const serviceDeskId = desks.values[0].id;
await call(
  'one service desk',
  () => desk.servicedesk.getServiceDeskById({ serviceDeskId }),
  one => one.id === serviceDeskId,
);
const customer = await call(
  'service desks: customer made',
  () => desk.customer.createCustomer({ email: 'jira.js@mail.test', displayName: 'Jira Js' }),
  made => made.accountId.startsWith('qm:'),
);
await call('service desks: customer added', () =>
  desk.servicedesk.addCustomers({ serviceDeskId, accountIds: [customer.accountId] }),
);
const firm = await call(
  'service desks: organization made',
  () => desk.organization.createOrganization({ name: 'jira.js' }),
  made => made.name === 'jira.js',
);
const organizationId = Number(firm.id);
await call('service desks: organization put on a desk', () =>
  desk.organization.addOrganization({ serviceDeskId, body: { organizationId } }),
);
await call(
  'service desks: organizations of a desk',
  () => desk.organization.getServiceDeskOrganizations({ serviceDeskId }),
  page => page.values.some(one => one.id === firm.id),
);
const people = { organizationId, body: { accountIds: [customer.accountId] } };
await call('service desks: member added', () => desk.organization.addUsersToOrganization(people));
await call(
  'service desks: members',
  () => desk.organization.getUsersInOrganization({ organizationId }),
  page => page.size === 1 && page.isLastPage,
);
await call('service desks: member removed', () => desk.organization.removeUsersFromOrganization(people));
await call('service desks: organization deleted', () => desk.organization.deleteOrganization({ organizationId }));
await call('service desks: access to the portal revoked', () =>
  desk.customer.revokePortalOnlyAccessForUser({ accountId: customer.accountId }),
);

const wrong = createCloudClient({ host, auth: { type: 'basic', email, apiToken: 'wrong' } });
await refused('a wrong token', isAuthError, () => wrong.myself.getCurrentUser());

process.exitCode = failed === 0 ? 0 : 1;
