"""atlassian-agent: its generated clients of the organization, the API of keys, user management, SCIM and Jira. They
never raise: every answer comes back with its status."""

from atlassian_agent.api.api_client_api_access_cloud import APIAccessCloudAPI
from atlassian_agent.api.api_client_jira_cloud import JiraCloudAPI
from atlassian_agent.api.api_client_org_cloud import OrgCloudAPI
from atlassian_agent.api.api_client_user_mgmt_cloud import UserMgmtCloudAPI
from atlassian_agent.api.api_client_user_provisioning_cloud import UserProvisioningCloudAPI
from atlassian_agent.api.base import BaseAtlassianClient

from asking import API, DIRECTORY, KEY, ORGANIZATION, SCIM_KEY, SITE, TOKEN, USER, Calls

calls = Calls("atlassian-agent")


def client(root, key=KEY):
    return BaseAtlassianClient(root, "", "", bearer_token=key)


def said(status, holds=lambda data: True):
    return lambda answer: answer.status_code == status and holds(answer.data)


org = OrgCloudAPI(client(f"{API}/admin"))
calls("organizations", org.org_cloud_get_orgs, said(200, lambda data: data["data"][0]["id"] == ORGANIZATION))
calls("one organization", lambda: org.org_cloud_get_org_by_id(ORGANIZATION), said(200))
calls("directories", lambda: org.org_cloud_get_directories_for_org(ORGANIZATION), said(200, lambda data: data["data"]))
users = calls("users searched", lambda: org.org_cloud_search_users(ORGANIZATION), said(410))
listed = calls(
    "users of a directory",
    lambda: org.org_cloud_get_directory_users(ORGANIZATION, DIRECTORY),
    said(200, lambda data: data["data"]),
)
able = [
    user["accountId"]
    for user in listed.data["data"]
    if user["status"] == "active" and user["accountType"] == "atlassian"
]
account = able[-1]
calls("one user", lambda: org.org_cloud_get_directory_user_details(ORGANIZATION, DIRECTORY, account), said(200))
calls(
    "managed accounts",
    lambda: org.org_cloud_get_users(ORGANIZATION),
    said(200, lambda data: data["meta"]["total"] > 100),
)
calls(
    "users counted",
    lambda: org.org_cloud_get_directory_users_count(ORGANIZATION, DIRECTORY),
    said(200, lambda data: data["count"] > 100),
)
calls(
    "users by status",
    lambda: org.org_cloud_get_user_stats(ORGANIZATION, DIRECTORY),
    said(200, lambda data: data["accountStatus"]),
)
calls("groups", lambda: org.org_cloud_get_groups(ORGANIZATION, DIRECTORY), said(200, lambda data: data["data"]))
calls(
    "groups counted",
    lambda: org.org_cloud_get_groups_count(ORGANIZATION, DIRECTORY),
    said(200, lambda data: data["count"] > 20),
)
calls("roles of a user", lambda: org.org_cloud_get_user_role_assignments(ORGANIZATION, DIRECTORY, account), said(200))
calls(
    "last active dates",
    lambda: org.org_cloud_get_v1_orgs_org_id_directory_users_account_id_last_active_dates(ORGANIZATION, account),
    said(200),
)
calls(
    "workspaces",
    lambda: org.org_cloud_query_workspaces_v2(ORGANIZATION, {"limit": 5}),
    said(200, lambda data: len(data["data"]) == 5),
)
calls("domains", lambda: org.org_cloud_get_domains(ORGANIZATION), said(200, lambda data: data["data"]))
calls("audit log", lambda: org.org_cloud_get_events(ORGANIZATION), said(200))
calls("audit log as a stream", lambda: org.org_cloud_poll_events(ORGANIZATION), said(200, lambda data: "meta" in data))
calls(
    "actions of the audit log",
    lambda: org.org_cloud_get_event_actions(ORGANIZATION),
    said(200, lambda data: data["data"]),
)

name = "atlassian-agent"
calls(
    "group made, without a body in the answer",
    lambda: org.org_cloud_post_v2_orgs_org_id_directories_directory_id_groups(ORGANIZATION, DIRECTORY, {"name": name}),
    said(201, lambda data: data == {"content": ""}),
)
found = calls(
    "group found by its name",
    lambda: org.base_api.request(
        "POST", f"/v2/orgs/{ORGANIZATION}/directories/{DIRECTORY}/groups/search", json={"groupNames": [name]}
    ),
    said(200, lambda data: len(data["data"]) == 1),
)
group = found.data["data"][0]["id"]
add = org.org_cloud_post_v2_orgs_org_id_directories_directory_id_groups_group_id_memberships
calls("member added", lambda: add(ORGANIZATION, DIRECTORY, group, {"accountId": account}), said(204))
calls(
    "member added twice",
    lambda: add(ORGANIZATION, DIRECTORY, group, {"accountId": account}),
    said(409, lambda data: data["errors"][0]["code"] == "ADMIN-409-28"),
)
calls(
    "member removed",
    lambda: org.org_cloud_delete_v2_orgs_org_id_directories_directory_id_groups_group_id_memberships_account_id(
        ORGANIZATION, DIRECTORY, group, account
    ),
    said(204),
)
calls(
    "group deleted",
    lambda: org.org_cloud_delete_v2_orgs_org_id_directories_directory_id_groups_group_id(
        ORGANIZATION, DIRECTORY, group
    ),
    said(204),
)
# An empty payload is left out by the library, and no body at all is what Atlassian refuses.
suspend = org.org_cloud_post_v2_orgs_org_id_directories_directory_id_users_account_id_suspend
calls("suspended without a body", lambda: suspend(ORGANIZATION, DIRECTORY, account, {}), said(415))
body = {
    "emails": ["agent-one@mail.test"],
    "additionalGroups": [
        next(
            group["id"]
            for group in org.org_cloud_get_groups(ORGANIZATION, DIRECTORY).data["data"]
            if group["externalSynced"]
        )
    ],
}
calls(
    "invited, and not into a synced group",
    lambda: org.org_cloud_post_v2_orgs_org_id_users_invite(ORGANIZATION, body),
    said(206, lambda data: data["data"][0]["results"][0]["groupAssignmentResult"][0]["status"] == "ERROR"),
)

policy = {
    "data": {
        "type": "policy",
        "attributes": {"type": "ip-allowlist", "name": "agent", "rule": {"in": ["192.0.2.0/24"]}},
    }
}
made = calls(
    "policy made", lambda: org.org_cloud_create_policy(ORGANIZATION, policy), said(202, lambda data: data["data"]["id"])
)
number = made.data["data"]["id"]
calls("policy validated", lambda: org.org_cloud_validate_policy(ORGANIZATION, number), said(202))
calls(
    "policies",
    lambda: org.org_cloud_get_policies(ORGANIZATION),
    said(200, lambda data: any(one["id"] == number for one in data["data"])),
)
policy["data"]["attributes"]["status"] = "disabled"
calls(
    "policy changed",
    lambda: org.org_cloud_update_policy(ORGANIZATION, number, policy),
    said(202, lambda data: data["data"]["attributes"]["status"] == "disabled"),
)
calls("policy deleted", lambda: org.org_cloud_delete_policy(ORGANIZATION, number), said(202))

calls(
    "keys",
    lambda: APIAccessCloudAPI(client(f"{API}/admin/api-access/v1")).api_access_cloud_get_all_api_keys_by_org_id(
        ORGANIZATION
    ),
    said(200, lambda data: data["data"]),
)
manage = UserMgmtCloudAPI(client(API))
managed = org.org_cloud_get_users(ORGANIZATION).data["data"]
person = next(
    user["account_id"] for user in managed if user["account_status"] == "active" and user["account_type"] == "atlassian"
)
calls(
    "what may be done to an account",
    lambda: manage.user_mgmt_cloud_get_users_account_id_manage(person),
    said(200, lambda data: "lifecycle.enablement" in data),
)
calls(
    "profile",
    lambda: manage.user_mgmt_cloud_get_users_account_id_manage_profile(person),
    said(200, lambda data: data["account"]["account_id"] == person),
)
calls("API tokens of a user", lambda: manage.user_mgmt_cloud_get_users_account_id_manage_api_tokens(person), said(200))
calls(
    "an account that nobody has",
    lambda: manage.user_mgmt_cloud_get_users_account_id_manage("712020:nobody"),
    said(404, lambda data: data["key"]),
)
scim = UserProvisioningCloudAPI(client(API, SCIM_KEY))
calls(
    "SCIM users",
    lambda: scim.user_provisioning_cloud_get_users_from_an_active_directory(DIRECTORY),
    said(200, lambda data: data["totalResults"] > 0),
)
calls(
    "SCIM groups",
    lambda: scim.user_provisioning_cloud_get_all_groups_from_an_active_directory(DIRECTORY),
    said(200, lambda data: data["totalResults"] > 0),
)
calls(
    "a wrong key",
    lambda: OrgCloudAPI(client(f"{API}/admin", "wrong")).org_cloud_get_orgs(),
    said(401, lambda data: data["code"] == 401),
)
calls(
    "a site's token is no key",
    lambda: OrgCloudAPI(BaseAtlassianClient(f"{API}/admin", USER, TOKEN)).org_cloud_get_orgs(),
    said(401),
)

jira = JiraCloudAPI(BaseAtlassianClient(SITE, USER, TOKEN))
calls("Jira: myself", jira.jira_cloud_get_current_user, said(200, lambda data: data["active"]))
calls("Jira: users", jira.jira_cloud_get_all_users, said(200, lambda data: len(data) == 50))
calls("Jira: groups", jira.jira_cloud_bulk_get_groups, said(200, lambda data: data["total"] > 20))
calls(
    "Jira: members of an unknown group",
    lambda: jira.jira_cloud_get_users_from_group(group_id="none"),
    said(404, lambda data: data["errorMessages"]),
)

calls.end()
