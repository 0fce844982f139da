//! What is known of how simulator and descriptions differ, and of what is not walked or not described: each with its
//! reason. A row that nothing needs any longer ends the test.

/// Where the simulator differs from the descriptions on purpose. A row that no answer needs any longer is an error.
pub(super) struct Difference {
    /// A part of the operation's name; empty for all.
    pub(super) operation: &'static str,
    /// `request` or a status.
    pub(super) part: &'static str,
    /// The place's end, any of these.
    pub(super) place: &'static [&'static str],
    /// A part of what is said.
    pub(super) says: &'static str,
    pub(super) reason: &'static str,
}

#[rustfmt::skip]
pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        operation: "/directories/{directoryId}/users", part: "200",
        place: &["/email", "/jobTitle", "/department", "/organization", "/location", "/timeZone"],
        says: "not of type \"string\"",
        reason: "empty profile fields are null on the wire, though described as texts only",
    },
    Difference {
        operation: "/directories/{directoryId}/users", part: "200", place: &["/accountType"],
        says: "not one of \"atlassian\"",
        reason: "only people are described, but clients of the real thing meet apps among them and filter them out",
    },
    Difference {
        operation: "", part: "request", place: &[""], says: "refused although described: The page cursor is invalid.",
        reason: "a cursor that the server did not give is refused; schemas know only that it is a text",
    },
    Difference {
        operation: "/users/search", part: "request", place: &[""], says: "emails and searchTerm are mutually exclusive",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "/groups/search", part: "request", place: &[""], says: "are mutually exclusive",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "/workspaces", part: "request", place: &[""], says: "With a cursor no other property may be present",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "GET /admin/v1/orgs/{orgId}/users", part: "400", place: &["/code"], says: "not one of \"ADMIN-400-1\"",
        reason: "of refusals only that of a cursor is described; an unknown parameter is refused too, with its own code",
    },
    Difference {
        operation: "", part: "request", place: &[""], says: "is not valid for the resource.",
        reason: "which app has which role is told by the refusal with its own code, not by the schema",
    },
    Difference {
        operation: "{directoryId}/groups", part: "request", place: &[""], says: "The directory must be named: there are several.",
        reason: "a group is in one directory; what all of them at once would mean is not said",
    },
    Difference {
        operation: "{directoryId}/groups", part: "request", place: &[""], says: "name must have between 1 and 255 characters.",
        reason: "an empty or overlong name is refused; the schema has no bounds",
    },
    Difference {
        operation: "/suspend", part: "request", place: &[""], says: "there is a body where none is described",
        reason: "users report 415 without the body {}, so the simulator demands it",
    },
    Difference {
        operation: "/restore", part: "request", place: &[""], says: "there is a body where none is described",
        reason: "users report 415 without the body {}, so the simulator demands it",
    },
    Difference {
        operation: "/users/invite", part: "request", place: &[""], says: "refused although described: emails must",
        reason: "the simulator is strict where the schema gives a list without bounds",
    },
    Difference {
        operation: "/users/invite", part: "request", place: &[""], says: "is not an address.",
        reason: "the schema knows only that an address is a text",
    },
    Difference {
        operation: "/roles/assign", part: "request", place: &[""], says: "The user is not active.",
        reason: "said by its code, not in the schema",
    },
    Difference {
        operation: "/domains", part: "400", place: &["/code"], says: "not one of \"ADMIN-400-1\"",
        reason: "of refusals only that of a cursor is described; an unknown parameter is refused too, with its own code",
    },
    Difference {
        operation: "/domains/{domainId}", part: "request", place: &[""], says: "is no identifier.",
        reason: "refused by its own code; the schema has no pattern",
    },
    Difference {
        operation: "/events", part: "request", place: &[""], says: "must be a time in milliseconds since 1970.",
        reason: "refused by its own code; the schema knows only that it is a text",
    },
    Difference {
        operation: "/users/{account_id}/manage/", part: "400", place: &[""], says: "valid under more than one of the schemas",
        reason: "the form with fields that are wrong is described beside a form that every refusal has",
    },
    Difference {
        operation: "PATCH /users/{account_id}/manage/profile", part: "request", place: &[""], says: "is a required property",
        reason: "described in words as a part of what can be edited, by the schema as the whole account",
    },
    Difference {
        operation: "/manage/email", part: "request", place: &[""], says: "refused although described: ",
        reason: "an address in no form, or that is taken, is refused; the schema has neither",
    },
    Difference {
        operation: "/policies", part: "request", place: &[""], says: "refused although described: ",
        reason: "the schema lets nearly everything be left out; what makes no policy is refused with the one code described",
    },
    Difference {
        operation: "/resources/{resourceId}", part: "204", place: &[""], says: "the body is no JSON",
        reason: "an answer 204 has no body, whatever is described",
    },
    Difference {
        operation: " /rest/api/3/", part: "request", place: &[""], says: "refused although described: Exactly one of ",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "/group/bulk", part: "request", place: &[""], says: "refused although described: accessType must be",
        reason: "the values are listed in prose, not in the schema",
    },
    Difference {
        operation: "DELETE /rest/api/3/group/user", part: "request", place: &[""], says: "refused although described: No user",
        reason: "who is no member cannot be taken out; the schema cannot know",
    },
    Difference {
        operation: "/rest/api/3/group", part: "request", place: &[""], says: "already exists.",
        reason: "a name is given once; the schema cannot know",
    },
    Difference {
        operation: "/license/approximateLicenseCount", part: "401", place: &[""], says: "False schema does not allow value",
        reason: "the form of its refusals is described as an object that holds nothing",
    },
    Difference {
        operation: "/license/approximateLicenseCount", part: "403", place: &[""], says: "False schema does not allow value",
        reason: "the form of its refusals is described as an object that holds nothing",
    },
    Difference {
        operation: "/serverInfo", part: "200", place: &[""], says: "'defaultLocale' was unexpected",
        reason: "clients of the real thing meet it",
    },
    Difference {
        operation: "/serverInfo", part: "200", place: &["/buildDate", "/serverTime"], says: "not a \"date-time\"",
        reason: "the offset comes without a colon, as clients of the real thing meet it",
    },
    Difference {
        operation: "/serverInfo", part: "200", place: &["/serverTimeZone"], says: "not of type \"object\"",
        reason: "clients of the real thing meet the zone's name",
    },
    Difference {
        operation: "POST /rest/api/3/group", part: "request", place: &[""], says: "must be given.",
        reason: "an empty name and a missing account are refused; the schema lets them be",
    },
    Difference {
        operation: "POST /rest/api/3/group/user", part: "request", place: &[""], says: "already a member",
        reason: "a member is added once; the schema cannot know",
    },
    Difference {
        operation: "/auditing/record", part: "200", place: &["/created"], says: "not a \"date-time\"",
        reason: "the offset comes without a colon, as on everything of Jira's",
    },
    Difference {
        operation: "/auditing/record", part: "request", place: &[""], says: "must be a date.",
        reason: "the schema knows only that it is a text",
    },
    Difference {
        operation: "/mypermissions", part: "request", place: &[""], says: "refused although described: ",
        reason: "which permissions there are is said in prose, and that some must be named",
    },
    Difference {
        operation: "POST /rest/api/3/user", part: "request", place: &[""], says: "is not valid.",
        reason: "the schema knows only that an address is a text",
    },
    Difference {
        operation: "POST /rest/api/3/user", part: "request", place: &[""], says: "The site has no product",
        reason: "the schema knows only that a product is a text",
    },
];

/// Why the older names of people are not walked.
const NAMED_BY_ID: &str = "no longer available, says the description: people are named by account id";

/// What the descriptions would let a client ask and the walk does not: the operation's end, where in the request, why.
pub(super) const NOT_WALKED: &[(&str, &str, &str)] = &[
    ("/{directoryId}/users", "?.sortBy", "how a list of objects stands in a query is not said; the list is deprecated"),
    (
        "/{directoryId}/groups",
        "?.sortBy",
        "how a list of objects stands in a query is not said; the list is deprecated",
    ),
    ("/workspaces", "query.value", "what it means is not said, and no example has it"),
    ("GET /admin/v1/orgs", "?.cursor", "a key belongs to one organization: there is no second page"),
    ("/last-active-dates", "?.cursor", "nobody has used as many apps as a page holds"),
    ("/roles/assign", "role=atlassian/site-admin", "no app has the role: it is one on a site"),
    ("/roles/assign", "role=atlassian/org-admin", "no app has the role: it is one on the organization"),
    ("/roles/revoke", "role=atlassian/site-admin", "no app has the role: it is one on a site"),
    ("/roles/revoke", "role=atlassian/org-admin", "no app has the role: it is one on the organization"),
    ("/domains", "?.cursor", "all domains are on one page"),
    ("/policies", "?.cursor", "all policies are on one page"),
    (
        "PATCH /users/{account_id}/manage/profile",
        "account_",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "characteristics",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "email",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "picture",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    ("/user", "?.username", NAMED_BY_ID),
    ("/user", "?.key", NAMED_BY_ID),
    ("/group/user", "name", NAMED_BY_ID),
    ("/user/bulk", "?.username", NAMED_BY_ID),
    ("/user/bulk", "?.key", NAMED_BY_ID),
    ("/user/groups", "?.username", NAMED_BY_ID),
    ("/user/groups", "?.key", NAMED_BY_ID),
    ("/user/search", "?.username", NAMED_BY_ID),
    ("POST /rest/api/3/user", "self", "it is read only"),
    ("/mypermissions", "?.project", "projects are not simulated: naming one is refused"),
    ("/mypermissions", "?.issue", "issues are not simulated: naming one is refused"),
    ("/mypermissions", "?.commentId", "issues are not simulated: naming a comment of one is refused"),
    ("/user/search", "?.property", "users have no properties here"),
];

/// Parts of endpoints that no description at hand has.
pub(super) const WITHOUT_DESCRIPTION: &[(&str, &str)] = &[
    ("/rest/servicedeskapi/", "service desks are described in prose only; their walk asserts what is said there"),
    ("/scim/directory/", "provisioning is described in prose only; its walk asserts what is said there"),
    ("/_edge/tenant_info", "which site it is can be asked without a credential, and is described nowhere"),
    ("/admin/api-access/v1/", "the API that tells when keys expire is described in prose only"),
];

/// What is described and not served, by a part of its name.
pub(super) const UNSERVED: &[(&str, &str)] = &[
    ("/user/assignable/", "projects and issues are not simulated"),
    ("/user/permission/search", "projects and issues are not simulated"),
    ("/user/viewissue/search", "projects and issues are not simulated"),
    ("/user/search/query", "its language asks about projects and issues, which are not simulated"),
    ("/user/bulk/migration", "nobody here has one of the names from before account ids"),
    ("/user/email", "open to apps that Atlassian has approved, and to nobody with a token"),
];
