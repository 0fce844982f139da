//! What the one who asks may do on the site at large. Projects are not simulated, so there is nothing that they may do in
//! one.

use serde_json::{Map, json};

use crate::call::{Call, Query};
use crate::person::Person;
use crate::reply::{Refusal, Reply};
use crate::resource::{Role, Roles};

/// Id, key, name, description, and whether it is an administrator's.
const PERMISSIONS: [(&str, &str, &str, &str, bool); 4] = [
    ("0", "ADMINISTER", "Administer Jira", "Perform most administration functions.", true),
    ("27", "USER_PICKER", "Browse users and groups", "View and select users or groups.", false),
    ("22", "CREATE_SHARED_OBJECTS", "Share dashboards and filters", "Share dashboards and filters.", false),
    ("33", "BULK_CHANGE", "Make bulk changes", "Change many issues at once.", false),
];

/// What names something that is not here.
const CONTEXTS: [&str; 7] =
    ["projectKey", "projectId", "projectUuid", "projectConfigurationUuid", "issueKey", "issueId", "commentId"];

pub(super) fn own(call: &Call<'_>) -> Result<Reply, Refusal> {
    let query = Query::read(call.query);
    let keys = query.many("permissions").filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| Refusal::new(400, "", "", "The permissions must be given."))?;
    if let Some(context) = CONTEXTS.iter().find(|name| query.one(name).is_some()) {
        return Err(Refusal::new(404, "", "", format!("What {context} names was not found.")));
    }
    let user = call.organization.sites.get(call.site).map_or("", |site| site.user.as_str());
    let people = call.organization.find_email(user);
    let administers = |person: &Person| person.platform_roles.meets(Roles::of(&[Role::OrgAdmin, Role::SiteAdmin]));
    let is_administrator = people.into_iter().filter_map(|ordinal| call.organization.person(ordinal)).any(administers);
    let mut permissions = Map::new();
    for key in keys {
        let Some((id, key, name, description, is_high)) = PERMISSIONS.iter().find(|known| known.1 == key) else {
            return Err(Refusal::new(400, "", "", format!("Unrecognized permission: {key}")));
        };
        let permission = json!({
            "id": id, "key": key, "name": name, "type": "GLOBAL", "description": description,
            "havePermission": !is_high || is_administrator,
        });
        permissions.insert((*key).to_owned(), permission);
    }
    Ok(Reply::value(&json!({ "permissions": permissions })))
}
