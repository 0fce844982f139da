//! Names as they are written in a filter: of apps, sites, roles, domains and groups, in the form in which they are
//! compared. Case, accents, `-`, `_` and blanks do not matter where a name is made by Atlassian.

use std::borrow::Cow;

use columns::Ordinal;
use roaring::{MultiOps, RoaringBitmap};

use crate::find::Question;
use crate::find::choice::Match;
use crate::fold::{email_key, fold_text};
use crate::resource::Resource;
use crate::snapshot::Snapshot;

/// What people call apps for short, and the owner in their ARI.
const SHORT: &[(&str, &str)] = &[("jsm", "jira-servicedesk"), ("jpd", "jira-product-discovery"), ("jwm", "jira-core")];

/// A name without what does not matter.
pub(crate) fn plain(name: &str) -> String {
    fold_text(name).chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect()
}

/// The name of an app as it is written without quotation marks: `jira-service-management`.
pub(crate) fn app_word(app_name: &str) -> String {
    fold_text(app_name).replace(' ', "-")
}

/// A role without the owner that Atlassian writes before it.
pub(crate) fn role_word(role: &str) -> &str {
    role.strip_prefix("atlassian/").unwrap_or(role)
}

/// A domain, or a part of one, as it stands in the key of an address.
pub(crate) fn domain_key(domain: &str) -> String {
    let key = email_key(&format!("a@{}", domain.trim().trim_start_matches('@')));
    key.strip_prefix("a@").map_or_else(|| key.clone(), str::to_owned)
}

/// Whether a resource is meant by an app's name, which may be bound to a site: `confluence@acme`.
pub(crate) fn is_app(resource: &Resource, name: &str, how: Match) -> bool {
    let (app, site) = match name.split_once('@') {
        Some((app, site)) => (app, Some(site)),
        None => (name, None),
    };
    let app = plain(app);
    let owner = resource.id.owner();
    let named = matches(&plain(resource.id.app_name()), &app, how)
        || matches(&plain(owner), &app, how)
        || SHORT.iter().any(|(short, key)| *key == owner && *short == app);
    named && site.is_none_or(|site| is_site(resource, site, how))
}

/// Whether a resource is on the site of this name, cloud id or address.
pub(crate) fn is_site(resource: &Resource, name: &str, how: Match) -> bool {
    let name = fold_text(name);
    matches(&fold_text(resource.site_name()), &name, how)
        || name == resource.id.site()
        || resource.host_url.as_deref().is_some_and(|url| {
            let host = url.split_once("://").map_or(url, |(_, host)| host);
            name == host.trim_end_matches('/') || name == url.trim_end_matches('/')
        })
}

/// Whether a folded name is, or has in it, a folded text.
pub(crate) fn matches(name: &str, wanted: &str, how: Match) -> bool {
    match how {
        Match::Whole => name == wanted,
        Match::Part => name.contains(wanted),
    }
}

/// The groups that are called this, or whose id this is.
pub(crate) fn groups(snapshot: &Snapshot, name: &str, how: Match) -> Vec<Ordinal> {
    let folded = fold_text(name);
    let folded_name =
        |group: Ordinal| snapshot.group_row(group).map_or(Cow::Borrowed(""), |row| Cow::Borrowed(&*row.folded_name));
    let order = snapshot.groups_by_name();
    let mut found: Vec<Ordinal> = match how {
        Match::Whole => {
            let from = order.position(|group| folded_name(group).as_ref().cmp(&*folded));
            let named = |place: &usize| order.nth(*place).filter(|group| folded_name(*group) == folded);
            (from..).map_while(|place| named(&place)).collect()
        }
        Match::Part => order.iter().filter(|group| folded_name(*group).contains(&*folded)).collect(),
    };
    found.extend(snapshot.group(name));
    found
}

/// The resources that an app's name means, in the order of their ordinals.
pub(crate) fn app_resources(snapshot: &Snapshot, app: &str) -> Vec<Ordinal> {
    resources(snapshot, |resource| is_app(resource, app, Match::Whole))
}

/// What an app is called that a filter names, with its site where it is bound to one; `None` when none is called so.
pub fn app_title(snapshot: &Snapshot, word: &str) -> Option<String> {
    let first = app_resources(snapshot, word).into_iter().find_map(|app| snapshot.resources().get(app as usize))?;
    Some(match word.split_once('@') {
        Some(_) => format!("{} on {}", first.id.app_name(), first.site_name()),
        None => first.id.app_name().to_owned(),
    })
}

/// The resources that a test holds for, in the order of their ordinals; none on a site that is left out.
pub(crate) fn resources(snapshot: &Snapshot, test: impl Fn(&Resource) -> bool) -> Vec<Ordinal> {
    let shown = (0..).zip(snapshot.resources()).filter(|(place, _)| !snapshot.is_left_out(*place));
    shown.filter(|(_, resource)| test(resource)).map(|(place, _)| place).collect()
}

impl Question<'_> {
    /// Who has any role on any of these resources.
    pub(crate) fn reaching(&self, resources: &[Ordinal]) -> RoaringBitmap {
        let any = &self.snapshot.index.reach(self.snapshot).any;
        resources.iter().filter_map(|resource| any.get(*resource as usize)).union()
    }

    /// Who takes a seat on any of these resources.
    pub(crate) fn seated(&self, resources: &[Ordinal]) -> RoaringBitmap {
        let seats = &self.snapshot.index.reach(self.snapshot).seats;
        resources.iter().filter_map(|resource| seats.get(*resource as usize)).union()
    }
}
