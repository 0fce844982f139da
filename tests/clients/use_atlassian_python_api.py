"""atlassian-python-api: the organization, user management and SCIM with its administration clients, Jira and service
desks with its site clients."""

from atlassian import ServiceDesk, cloud_admin
from atlassian.jira import Jira, JiraCloud

from asking import API, DIRECTORY, KEY, ORGANIZATION, SCIM_KEY, SITE, TOKEN, USER, Calls

calls = Calls("atlassian-python-api")

# The clients take no address: it is this attribute of their module.
cloud_admin.ADMIN_URL = API
admin = cloud_admin.CloudAdmin(KEY)
first = cloud_admin.CloudAdminOrgs(KEY)

calls("organizations", first.get_organizations, lambda found: found["data"][0]["id"] == ORGANIZATION)
calls("one organization", lambda: admin.get_organization(ORGANIZATION), lambda found: found["data"]["type"] == "orgs")
calls(
    "directories",
    lambda: admin.get_directories(ORGANIZATION),
    lambda found: found["data"][0]["directoryId"] == DIRECTORY,
)


def managed_accounts():
    """Page by page: the way on is a whole address here, of which the cursor is a part."""
    accounts, cursor = [], None
    while True:
        page = first.get_managed_accounts_in_organization(ORGANIZATION, cursor)
        accounts += page["data"]
        if "next" not in page["links"]:
            return len(accounts), page["meta"]["total"]
        assert page["links"]["next"].startswith(API), page["links"]
        cursor = page["links"]["next"].split("cursor=")[1]


calls("managed accounts to the last page", managed_accounts, lambda found: found[0] == found[1] > 100)


def people(search):
    """Page by page: the way on is a bare token here."""
    found, body = [], {"limit": 100}
    while True:
        page = search(ORGANIZATION, DIRECTORY, body)
        found += page["data"]
        if not page["links"].get("next"):
            return found
        assert not page["links"]["next"].startswith("http"), page["links"]
        body["cursor"] = page["links"]["next"]


users = calls(
    "users of a directory to the last page",
    lambda: people(admin.search_directory_users),
    lambda found: len(found) > 100,
)
groups = calls(
    "groups of a directory to the last page",
    lambda: people(admin.search_directory_groups),
    lambda found: len(found) > 20,
)
user, group = users[0]["accountId"], groups[0]["id"]
calls(
    "one user",
    lambda: admin.get_directory_user(ORGANIZATION, DIRECTORY, user),
    lambda found: found["data"]["accountId"] == user,
)
calls("one group", lambda: admin.get_group(ORGANIZATION, DIRECTORY, group), lambda found: found["data"]["id"] == group)
calls(
    "users counted",
    lambda: admin.get_directory_users_count(ORGANIZATION, DIRECTORY),
    lambda found: found["count"] > 100,
)
calls(
    "groups listed", lambda: admin.get_groups(ORGANIZATION, DIRECTORY, limit=5), lambda found: len(found["data"]) == 5
)
calls(
    "keys of the organization",
    lambda: admin.get_org_api_keys(ORGANIZATION),
    lambda found: found["data"][0]["expiresAt"],
)
calls("keys counted", lambda: admin.get_org_api_key_count(ORGANIZATION), lambda found: found["count"] > 0)

managed = [person for person in users if person["claimStatus"] == "managed" and person["emailVerified"]]
own = [
    person["accountId"] for person in managed if person["status"] == "active" and person["managementSource"] != "synced"
]
account = own[0]
calls(
    "what may be done to an account",
    lambda: admin.get_user_management_permissions(account, ["profile", "email.set"]),
    lambda found: found["email.set"]["allowed"],
)
calls("profile", lambda: admin.get_user_profile(account), lambda found: found["account"]["account_id"] == account)
calls(
    "profile with the users' client",
    lambda: cloud_admin.CloudAdminUsers(KEY).get_profile(account),
    lambda found: found["account"]["account_id"] == account,
)
calls(
    "profile changed",
    lambda: admin.update_user_profile(account, {"nickname": "changed"}),
    lambda found: found["account"]["nickname"] == "changed",
)
calls("API tokens of a user", lambda: admin.get_user_api_tokens(account), lambda found: isinstance(found, list))
calls("deactivated", lambda: admin.deactivate_user(account, "on leave"))
calls("reactivated", lambda: admin.activate_user(account))

provisioning = cloud_admin.CloudAdmin(SCIM_KEY)
scim = calls(
    "SCIM users",
    lambda: provisioning.get_scim_users(DIRECTORY, startIndex=1, count=10),
    lambda found: found["itemsPerPage"] <= 10 and found["totalResults"] > 0,
)
name = scim["Resources"][0]["userName"]
calls(
    "SCIM user by name",
    lambda: provisioning.get_scim_users(DIRECTORY, filter=f'userName eq "{name}"'),
    lambda found: found["totalResults"] == 1,
)
calls("SCIM groups", lambda: provisioning.get_scim_groups(DIRECTORY, count=10), lambda found: found["totalResults"] > 0)
calls.refused("SCIM does not open with the organization's key", 401, lambda: admin.get_scim_users(DIRECTORY))

calls.refused("a wrong key", 401, lambda: cloud_admin.CloudAdminOrgs("wrong").get_organizations())
calls.refused("an unknown user", 404, lambda: admin.get_directory_user(ORGANIZATION, DIRECTORY, "712020:nobody"))
calls.refused("an unknown account of user management", 404, lambda: admin.get_user_profile("712020:nobody"))
calls.refused("a made-up cursor", 400, lambda: admin.get_directories(ORGANIZATION, cursor="made-up"))

jira = JiraCloud(url=SITE, username=USER, password=TOKEN)
myself = calls("Jira: myself", jira.get_current_user, lambda found: found["emailAddress"].lower() == USER.lower())


def everybody():
    """A bare array without a total: the end is an empty page."""
    found = []
    while page := jira.get_all_users(start_at=len(found), max_results=1000):
        found += page
    return found


shown = calls("Jira: users to the empty page", everybody, lambda found: len(found) > 1000)
calls(
    "Jira: customers are among the users",
    lambda: {person["accountType"] for person in shown},
    lambda found: "customer" in found,
)
calls(
    "Jira: user search",
    lambda: jira.find_users(query=USER),
    lambda found: any(person["accountId"] == myself["accountId"] for person in found),
)
calls(
    "Jira: users by id",
    lambda: jira.bulk_get_users(account_id=[shown[0]["accountId"], shown[1]["accountId"]]),
    lambda found: found["total"] == 2,
)
listed = calls("Jira: groups", lambda: jira.bulk_get_groups(max_results=100), lambda found: found["total"] > 20)
large = max(
    groups, key=lambda group: len(jira.get_users_from_group(group_id=group["id"])["values"]) if group["name"] else 0
)


def members():
    found, start = [], 0
    while True:
        page = jira.get_users_from_group(
            group_id=large["id"], include_inactive_users=True, start_at=start, max_results=1000
        )
        assert page["maxResults"] == 50, "a page has 50 members, whatever is asked for"
        found += page["values"]
        if page["isLast"]:
            return len(found), page["total"]
        start += len(page["values"])


calls("Jira: members of a group to the last page", members, lambda found: found[0] == found[1] > 50)
made = calls(
    "Jira: group made", lambda: jira.create_group({"name": "atlassian-python-api"}), lambda found: found["groupId"]
)
calls(
    "Jira: member added",
    lambda: jira.add_user_to_group(group_id=made["groupId"], data={"accountId": account}),
    lambda found: found["name"] == "atlassian-python-api",
)
calls.refused(
    "Jira: member added twice",
    400,
    lambda: jira.add_user_to_group(group_id=made["groupId"], data={"accountId": account}),
)
calls(
    "Jira: groups of a user",
    lambda: jira.get_user_groups(account_id=account),
    lambda found: any(group["groupId"] == made["groupId"] for group in found),
)
calls("Jira: member removed", lambda: jira.remove_user_from_group(group_id=made["groupId"], account_id=account))
calls("Jira: group deleted", lambda: jira.remove_group(group_id=made["groupId"]))
calls("Jira: seats", lambda: jira.get_application_role("jira-software"), lambda found: found["numberOfSeats"] > 0)
calls.refused(
    "Jira: a wrong token", 401, lambda: JiraCloud(url=SITE, username=USER, password="wrong").get_current_user()
)

# The client for servers is used against the cloud as well, with the older version of the API.
older = Jira(url=SITE, username=USER, password=TOKEN, cloud=True)
calls("Jira with the older client: myself", older.myself, lambda found: found["accountId"] == myself["accountId"])
calls("Jira with the older client: groups", lambda: older.get_groups(limit=5), lambda found: len(found["groups"]) == 5)
calls(
    "Jira with the older client: members",
    lambda: older.get_all_users_from_group(large["name"], limit=50),
    lambda found: len(found["values"]) == 50,
)

desk_client = ServiceDesk(url=SITE, username=USER, password=TOKEN)
calls("service desks: version", desk_client.get_info, lambda found: found["isLicensedForUse"])
desks = calls("service desks", desk_client.get_service_desks, lambda found: len(found) > 1)
desk = desks[0]["id"]
customers = calls(
    "service desks: customers",
    lambda: desk_client.get_customers(desk, limit=5),
    lambda found: found["size"] == 5 and not found["isLastPage"],
)
customer = customers["values"][0]["accountId"]
calls(
    "service desks: customer made",
    lambda: desk_client.create_customer("A Visitor", "visitor@mail.test"),
    lambda found: found["accountId"].startswith("qm:"),
)
calls("service desks: customer removed", lambda: desk_client.remove_customers(desk, list_of_accountids=[customer]))
calls("service desks: customer added", lambda: desk_client.add_customers(desk, list_of_accountids=[customer]))
calls(
    "service desks: organizations of a desk", lambda: desk_client.get_organisations(desk), lambda found: found["values"]
)
firms = calls("service desks: organizations", desk_client.get_organisations, lambda found: found["values"])
firm = calls(
    "service desks: organization made",
    lambda: desk_client.create_organization("Visitors"),
    lambda found: found["name"] == "Visitors",
)["id"]
calls("service desks: organization put on a desk", lambda: desk_client.add_organization(desk, int(firm)))
calls("service desks: member added", lambda: desk_client.add_users_to_organization(firm, account_list=[customer]))
calls(
    "service desks: members",
    lambda: desk_client.get_users_in_organization(firm),
    lambda found: [member["accountId"] for member in found["values"]] == [customer],
)
calls(
    "service desks: member removed", lambda: desk_client.remove_users_from_organization(firm, account_list=[customer])
)
calls("service desks: organization taken off a desk", lambda: desk_client.remove_organization(desk, int(firm)))
calls("service desks: organization deleted", lambda: desk_client.delete_organization(firm))
calls.refused("service desks: an unknown desk", 404, lambda: desk_client.get_service_desk_by_id("999"))

calls.end()
