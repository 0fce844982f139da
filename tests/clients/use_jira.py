"""jira: the site's people, groups and service desks."""

from jira import JIRA

from asking import SITE, TOKEN, USER, Calls

calls = Calls("jira")

# It asks for the server's version before anything else, and never again after a refusal.
client = calls(
    "connected", lambda: JIRA(server=SITE, basic_auth=(USER, TOKEN), max_retries=0), lambda found: found._is_cloud
)
myself = calls("myself", client.myself, lambda found: found["accountId"])
calls("user by id", lambda: client.user(myself["accountId"]), lambda found: found.accountId == myself["accountId"])
calls(
    "user search",
    lambda: client.search_users(query=USER),
    lambda found: any(user.accountId == myself["accountId"] for user in found),
)
calls(
    "user search with a page size", lambda: client.search_users(query="a", maxResults=3), lambda found: len(found) == 3
)
names = calls("groups", client.groups, lambda found: len(found) > 20)
sizes = {name: client.group(name, expand="users").users.size for name in names[:10]}
name = max(sizes, key=sizes.get)
calls(
    "members of a group in windows of fifty",
    lambda: client.group_members(name),
    lambda found: len(found) == sizes[name] > 50,
)
calls("group made", lambda: client.add_group("python-jira"), lambda found: found)
# The library names people by their user name, which the cloud knows no more.
calls.refused("member added by user name", 400, lambda: client.add_user_to_group("somebody", "python-jira"))
calls("group deleted", lambda: client.remove_group("python-jira"), lambda found: found)
calls(
    "user made",
    lambda: client.add_user("somebody", "python.jira.user@mail.test", application_keys=["jira-software"]),
    lambda made: made,
)
calls.refused("a group that nobody made", 404, lambda: client.group("python-jira"))
calls("service desks there", client.supports_service_desk, lambda found: found is True)
desks = calls("service desks", client.service_desks, lambda found: len(found) > 1)
calls(
    "one service desk", lambda: client.service_desk(desks[0].id), lambda found: found.projectKey == desks[0].projectKey
)
calls(
    "customer made",
    lambda: client.create_customer("python.jira@mail.test", "Python Jira"),
    lambda found: found.accountId.startswith("qm:"),
)
calls.refused("customer made twice", 400, lambda: client.create_customer("python.jira@mail.test", "Python Jira"))
wrong = JIRA(server=SITE, basic_auth=(USER, "wrong"), max_retries=0)
calls.refused("a wrong token", 401, wrong.myself)

calls.end()
