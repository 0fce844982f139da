//! The names that open choices of groups have in a snapshot: what completion offers, each with how many groups, and what
//! a filter may name without being asked whether it was meant.

use std::collections::BTreeMap;

use filter::{FieldId, Suggestion};

use super::field::{Asked, asked};
use crate::access::Role;
use crate::find::choice::Match;
use crate::find::name::{app_word, is_app, is_site, plain, resources, role_word};
use crate::fold::fold_text;
use crate::snapshot::Snapshot;

/// The names in one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Vocabulary<'s> {
    /// The names in this snapshot.
    pub fn of(snapshot: &'s Snapshot) -> Vocabulary<'s> {
        Vocabulary { snapshot }
    }

    /// Every value of a field with how many groups have it.
    fn values(&self, asked: Asked, with_sites: bool) -> BTreeMap<String, u64> {
        let snapshot = self.snapshot;
        let mut values: BTreeMap<String, u64> = BTreeMap::new();
        if asked == Asked::Role {
            let known = Role::KNOWN.iter().map(|role| (role_word(role.as_str()).to_owned(), 0));
            values.extend(known);
        }
        for group in snapshot.groups_by_name().iter() {
            let mut words: Vec<String> = Vec::new();
            if asked == Asked::Directory {
                let home = snapshot.group_row(group).and_then(|row| snapshot.directories.get(row.directory? as usize));
                words.extend(home.map(|home| match &*home.name {
                    "" => home.id.as_str().to_owned(),
                    name => name.to_owned(),
                }));
            }
            for grant in snapshot.grants(group) {
                let Some(named) = snapshot.resources.get(grant.resource as usize) else { continue };
                let app = app_word(named.id.app_name());
                match asked {
                    Asked::App => words.push(app),
                    Asked::DefaultFor if grant.default => words.push(app),
                    Asked::Site => words.push(named.site_name().to_owned()),
                    Asked::Role => words.push(role_word(grant.role.as_str()).to_owned()),
                    _ => continue,
                }
                if with_sites && let Some(app) = words.last_mut() {
                    *app = format!("{app}@{}", named.site_name());
                }
            }
            words.sort_unstable();
            words.dedup();
            for word in words {
                *values.entry(word).or_default() += 1;
            }
        }
        values
    }
}

impl filter::Vocabulary for Vocabulary<'_> {
    fn suggest(&self, field: FieldId, _: Option<&str>, prefix: &str, limit: usize) -> Vec<Suggestion> {
        let Some(asked) = asked(field) else { return Vec::new() };
        let is_app = matches!(asked, Asked::App | Asked::DefaultFor);
        let form = |text: &str| if asked == Asked::Directory { fold_text(text) } else { plain(text) };
        let wanted = form(prefix);
        let fitting = |with_sites| {
            let values = self.values(asked, with_sites).into_iter();
            values.filter(|(word, _)| form(word).contains(&wanted)).collect::<Vec<_>>()
        };
        let mut all = fitting(false);
        // An app on one site is offered once somebody asks for a site, or where no app fits.
        if is_app && (all.is_empty() || prefix.contains('@')) {
            all.extend(fitting(true));
        }
        let rank = |(word, groups): &(String, u64)| (!form(word).starts_with(&wanted), std::cmp::Reverse(*groups));
        all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.0.cmp(&b.0)));
        all.truncate(limit);
        let detail = |groups| if groups == 1 { "1 group".to_owned() } else { format!("{groups} groups") };
        all.into_iter().map(|(value, groups)| Suggestion { value, detail: detail(groups) }).collect()
    }

    fn knows(&self, field: FieldId, _: Option<&str>, value: &str) -> bool {
        let snapshot = self.snapshot;
        match asked(field) {
            Some(Asked::App | Asked::DefaultFor) => {
                !resources(snapshot, |resource| is_app(resource, value, Match::Whole)).is_empty()
            }
            Some(Asked::Site) => !resources(snapshot, |resource| is_site(resource, value, Match::Whole)).is_empty(),
            Some(Asked::Role) => {
                let wanted = plain(role_word(value));
                self.values(Asked::Role, false).keys().any(|role| plain(role) == wanted)
            }
            Some(Asked::Directory) => {
                let wanted = fold_text(value);
                let is_it =
                    |one: &crate::resource::Directory| fold_text(&one.name) == wanted || one.id.as_str() == value;
                snapshot.directories.iter().any(is_it)
            }
            _ => false,
        }
    }
}
