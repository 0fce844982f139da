//! Actions as somebody names them: apps by name and site, groups by name or id. For commands and files; pages choose
//! from lists.

use directory::act::{Action, Apps};
use directory::{Ordinal, Snapshot, fold_text};

use crate::nouns::refusal::Refusal;
use crate::sync::manual::groups_named;

/// An action by names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// Ends access to apps, each `app@site`, or `all`.
    RemoveAppAccess {
        /// Which apps.
        apps: Vec<String>,
        /// Which others may be lost with them.
        also_lose: Vec<String>,
    },
    /// Gives access to an app, `app@site`, by a group that grants it.
    GrantAppAccess {
        /// The app.
        app: String,
        /// The group.
        group: String,
    },
    /// Puts people into groups.
    AddToGroups(Vec<String>),
    /// Takes people out of groups.
    RemoveFromGroups(Vec<String>),
    /// Takes all access away until restored.
    Suspend,
    /// Gives it back.
    Restore,
    /// Takes people out of every directory.
    RemoveFromDirectory,
    /// Deactivates managed accounts.
    Deactivate,
    /// Activates them.
    Activate,
}

/// The action that is meant.
///
/// # Errors
/// A name that nothing has, or several.
pub fn action(snapshot: &Snapshot, named: &Named) -> Result<Action, Refusal> {
    Ok(match named {
        Named::RemoveAppAccess { apps, also_lose } => Action::RemoveAppAccess {
            apps: match apps.as_slice() {
                [all] if all.eq_ignore_ascii_case("all") => Apps::All,
                apps => Apps::Chosen(resources(snapshot, apps)?),
            },
            also_lose: resources(snapshot, also_lose)?,
        },
        Named::GrantAppAccess { app, group } => {
            let (resource, group) = (resource(snapshot, app)?, groups(snapshot, std::slice::from_ref(group))?);
            match group.first() {
                Some(group) => Action::GrantAppAccessByGroup { resource, group: *group },
                None => Action::AddToGroups(Vec::new()),
            }
        }
        Named::AddToGroups(names) => Action::AddToGroups(groups(snapshot, names)?),
        Named::RemoveFromGroups(names) => Action::RemoveFromGroups(groups(snapshot, names)?),
        Named::Suspend => Action::Suspend,
        Named::Restore => Action::Restore,
        Named::RemoveFromDirectory => Action::RemoveFromDirectory,
        Named::Deactivate => Action::Deactivate,
        Named::Activate => Action::Activate,
    })
}

fn groups(snapshot: &Snapshot, names: &[String]) -> Result<Vec<Ordinal>, Refusal> {
    let refused = |refusal: Refusal| Refusal { what: "Nothing was planned.".to_owned(), ..refusal };
    let found = groups_named(snapshot, names).map_err(refused)?;
    Ok(found.iter().filter_map(|id| snapshot.group(id.as_str())).collect())
}

fn resources(snapshot: &Snapshot, names: &[String]) -> Result<Vec<Ordinal>, Refusal> {
    names.iter().map(|name| resource(snapshot, name)).collect()
}

/// The app of `app@site`, in any case, or of an ARI. Without a site when the app is on one only.
fn resource(snapshot: &Snapshot, name: &str) -> Result<Ordinal, Refusal> {
    let (app, site) = name.split_once('@').map_or((name, None), |(app, site)| (app, Some(fold_text(site))));
    let app = fold_text(app);
    let found: Vec<Ordinal> = (0..)
        .zip(snapshot.resources())
        .filter(|(_, resource)| {
            let is_app = *fold_text(resource.id.app_name()) == *app || *fold_text(resource.id.owner()) == *app;
            let is_site = site.as_ref().is_none_or(|site| *fold_text(resource.site_name()) == **site);
            resource.id.as_str() == name || is_app && is_site
        })
        .map(|(ordinal, _)| ordinal)
        .collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let known: Vec<String> = snapshot
                .resources()
                .iter()
                .map(|resource| format!("{}@{}", resource.id.owner(), resource.site_name()))
                .collect();
            Err(Refusal::new(
                "Nothing was planned.",
                format!("There is no app “{name}” in the last sync."),
                format!("Name one of {}.", known.join(", ")),
            ))
        }
        _ => Err(Refusal::new(
            "Nothing was planned.",
            format!("“{name}” is on several sites."),
            "Name the site as well: app@site.",
        )),
    }
}
