"""jiraone: its management of organizations and accounts, and its endpoints of Jira and service desks."""

from urllib.parse import quote

from jiraone import LOGIN, USER as USERS, endpoint, manage

from asking import API, KEY, ORGANIZATION, SITE, TOKEN, USER, Calls

calls = Calls("jiraone")


def said(status, holds=lambda data: True):
    return lambda answer: answer.status_code == status and holds(answer.json() if answer.content else None)


# The address is an attribute of the class. Adding the key asks for organizations, policies and domains at once.
manage.LINK = API
calls(
    "organizations, policies and domains with the key",
    lambda: manage.add_token(KEY),
    lambda _: manage.org_id == ORGANIZATION and manage.policy_id and manage.domain_id,
)
calls("one organization", lambda: manage.get_organization(ORGANIZATION), said(200))
first = calls("managed accounts", lambda: manage.get_organization(ORGANIZATION, filter_by="users"), said(200))
# It goes on while there is more than one link, so the last page may have nothing but its own address.
everybody = calls(
    "managed accounts to the last page",
    lambda: manage.get_all_users(first.json(), detail=True),
    lambda found: len(found) == first.json()["meta"]["total"],
)
calls(
    "one domain",
    lambda: manage.get_organization(ORGANIZATION, domain_id=manage.domain_id[0], filter_by="domains"),
    said(200),
)
calls("audit log", lambda: manage.get_organization(ORGANIZATION, filter_by="events", action=False), said(200))
calls("actions of the audit log", lambda: manage.get_organization(ORGANIZATION, filter_by="events"), said(200))
account = next(
    user["account_id"]
    for user in everybody
    if user["account_status"] == "active" and user["account_type"] == "atlassian"
)
calls("what may be done to an account", lambda: manage.get_user_permission(account), said(200))
calls(
    "profile", lambda: manage.manage_profile(account), said(200, lambda data: data["account"]["account_id"] == account)
)
calls("API tokens of a user", lambda: manage.api_token(account), said(200))

policy = {
    "data": {"type": "policy", "attributes": {"type": "data-residency", "name": "jiraone", "rule": {"in": ["EU"]}}}
}
made = calls("policy made", lambda: manage.manage_organization(ORGANIZATION, method="POST", json=policy), said(202))
number = made.json()["data"]["id"]
resource = manage.get_organization(ORGANIZATION, policy_id=manage.policy_id[0], filter_by="policies").json()["data"][
    "attributes"
]["resources"][0]["id"]
calls(
    "resource of a policy added",
    lambda: manage.manage_organization(ORGANIZATION, method="POST", policy_id=number, json={"id": resource}),
    said(202, lambda data: data["data"]["attributes"]["resources"][0]["id"] == resource),
)
# The library puts ids into the path as they are; one with a slash has to be escaped by its user.
calls(
    "resource of a policy removed",
    lambda: manage.manage_organization(
        ORGANIZATION, method="DELETE", policy_id=number, resource_id=quote(resource, safe="")
    ),
    said(204),
)
calls("policy deleted", lambda: manage.manage_organization(ORGANIZATION, method="DELETE", policy_id=number), said(202))
manage.AUTH["Authorization"] = "Bearer wrong"
calls("a wrong key", lambda: manage.get_organization(ORGANIZATION, filter_by="users"), said(401))

LOGIN(user=USER, password=TOKEN, url=SITE)
myself = calls("Jira: myself", lambda: LOGIN.get(endpoint.myself()), said(200)).json()
calls("Jira: users to the empty page", lambda: USERS.get_all_users(), lambda _: len(USERS.user_list) > 1000)
calls(
    "Jira: groups of a user",
    lambda: LOGIN.get(endpoint.get_user_group(myself["accountId"])),
    said(200, lambda data: data),
)
calls("Jira: group made", lambda: LOGIN.post(endpoint.jira_group(), payload={"name": "jiraone"}), said(201))
calls(
    "Jira: member added",
    lambda: LOGIN.post(endpoint.group_jira_users("jiraone"), payload={"accountId": myself["accountId"]}),
    said(201),
)
calls(
    "Jira: member removed", lambda: LOGIN.delete(endpoint.group_jira_users("jiraone", myself["accountId"])), said(200)
)
calls("Jira: group deleted", lambda: LOGIN.delete(endpoint.jira_group("jiraone")), said(200))

desks = calls(
    "service desks", lambda: LOGIN.get(endpoint.get_service_desks()), said(200, lambda data: data["size"] > 1)
).json()["values"]
calls(
    "service desks: customers without the header of experiments",
    lambda: LOGIN.get(endpoint.get_customers(desks[0]["id"])),
    said(412, lambda data: data["errorMessage"]),
)
LOGIN.headers["X-ExperimentalApi"] = "opt-in"
customers = calls(
    "service desks: customers",
    lambda: LOGIN.get(endpoint.get_customers(desks[0]["id"])),
    said(200, lambda data: data["values"]),
).json()["values"]
calls(
    "service desks: organizations of a desk",
    lambda: LOGIN.get(endpoint.get_sd_organizations(desks[0]["id"])),
    said(200, lambda data: data["values"]),
)
firm = calls(
    "service desks: organization made",
    lambda: LOGIN.post(endpoint.create_organization(), payload={"name": "jiraone"}),
    said(201),
).json()["id"]
people = {"accountIds": [customers[0]["accountId"]]}
calls(
    "service desks: member added",
    lambda: LOGIN.post(endpoint.add_users_to_organization(firm), payload=people),
    said(204),
)
calls(
    "service desks: members",
    lambda: LOGIN.get(endpoint.get_users_in_organization(firm)),
    said(200, lambda data: data["size"] == 1),
)
calls(
    "service desks: member removed",
    lambda: LOGIN.delete(endpoint.remove_users_from_organization(firm), json=people),
    said(204),
)
calls("service desks: organization deleted", lambda: LOGIN.delete(endpoint.delete_organization(firm)), said(204))
LOGIN(user=USER, password="wrong", url=SITE)
calls("Jira: a wrong token", lambda: LOGIN.get(endpoint.myself()), said(401))

calls.end()
