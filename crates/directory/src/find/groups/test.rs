//! One test of one field of groups, or one word. There are few groups beside people, so most of them are looked at one by
//! one; no test may take an absence for proven that Atlassian's own count contradicts.

use columns::{NumberColumn, Ordinal};
use filter::{Condition, Test};
use roaring::RoaringBitmap;

use super::GroupQuestion;
use super::field::{Asked, OTHER, asked};
use crate::access::Grant;
use crate::find::choice::{Match, Without, choose, flag, number};
use crate::find::name::{is_app, is_site, matches, plain, resources, role_word};
use crate::find::truth::Truth;
use crate::fold::fold_text;
use crate::group::{Group, ManagedBy};
use crate::snapshot::GroupRow;

impl GroupQuestion<'_> {
    /// A word is searched in name and description.
    pub(super) fn search(&self, text: &str, within: &RoaringBitmap) -> Truth {
        let wanted = fold_text(text);
        Truth::known(self.those(within, |row| {
            row.folded_name.contains(&*wanted) || description(row).is_some_and(|text| fold_text(text).contains(&wanted))
        }))
    }

    /// A test of one field.
    pub(super) fn answer(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        let Some(asked) = asked(test.field) else { return Truth::unknown(within) };
        let (snapshot, condition) = (self.snapshot, &test.condition);
        match asked {
            Asked::Name | Asked::Description | Asked::Id => self.text(asked, condition, within),
            Asked::Members => {
                let counts = snapshot.index.member_counts(snapshot);
                number(condition, |from, to| counts.range(from, to), within)
            }
            Asked::Empty => {
                let with_members = snapshot.index.member_counts(snapshot).range(1, i64::MAX);
                let proven = self.those(within, |row| row.counts.users == Some(0));
                flag(condition, &(within - &with_members), &(with_members | proven), within)
            }
            Asked::GrantsNothing => {
                let granting: RoaringBitmap = snapshot.grants.keys().copied().collect();
                let granting = granting | &snapshot.marked.granting;
                let proven = self.those(within, |row| row.counts.resources == Some(0));
                flag(condition, &(within - &granting), &(granting | proven), within)
            }
            Asked::App | Asked::Site | Asked::Role | Asked::DefaultFor => self.granted(asked, test, within),
            Asked::Synced => {
                let known = self.defined(within, |group| group.synced.is_some() || group.managed_by.is_some());
                flag(condition, &self.defined(within, Group::is_synced), &known, within)
            }
            Asked::Modifiable => {
                let known = self.defined(within, |group| group.modifiable.is_some());
                flag(condition, &self.defined(within, |group| group.modifiable == Some(true)), &known, within)
            }
            Asked::ManagedBy => {
                let any = self.defined(within, |group| group.managed_by.is_some());
                let find = |word: &str, _| {
                    self.defined(within, |group| match (&group.managed_by, word) {
                        (Some(ManagedBy::Other(_)), OTHER) => true,
                        (Some(known), word) => *known == ManagedBy::parse(word),
                        (None, _) => false,
                    })
                };
                choose(condition, (&any, Without::Unknown), within, find)
            }
            Asked::Directory => {
                let any = self.those(within, |row| row.directory.is_some());
                let find = |text: &str, how| {
                    let wanted = fold_text(text);
                    self.those(within, |row| {
                        let home = row.directory.and_then(|place| snapshot.directories.get(place as usize));
                        home.is_some_and(|home| {
                            matches(&fold_text(&home.name), &wanted, how) || home.id.as_str() == text
                        })
                    })
                };
                choose(condition, (&any, Without::Unknown), within, find)
            }
            Asked::FirstSeen => {
                let mut column = NumberColumn::builder();
                for at in &*snapshot.groups_first_seen {
                    column.push(*at);
                }
                let column = column.finish();
                self.dates.instant(condition, (&column, &column.present()), within)
            }
            Asked::Protected => flag(condition, &snapshot.marked.groups, within, within),
        }
    }

    fn text(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        if asked == Asked::Id {
            let find = |text: &str, how| match how {
                Match::Whole => self.snapshot.group(text).into_iter().collect(),
                Match::Part => self.those(within, |row| row.id.as_str().contains(text)),
            };
            return choose(condition, (within, Without::None), within, find);
        }
        let find = |text: &str, how| {
            let wanted = fold_text(text);
            self.those(within, |row| match asked {
                Asked::Name => matches(&row.folded_name, &wanted, how),
                _ => description(row).is_some_and(|text| matches(&fold_text(text), &wanted, how)),
            })
        };
        let any = match asked {
            Asked::Name => within.clone(),
            _ => self.those(within, |row| description(row).is_some()),
        };
        choose(condition, (&any, Without::None), within, find)
    }

    fn granted(&self, asked: Asked, test: &Test, within: &RoaringBitmap) -> Truth {
        let snapshot = self.snapshot;
        let narrowed =
            test.argument.as_deref().map(|app| resources(snapshot, |resource| is_app(resource, app, Match::Whole)));
        let counts = |grant: &Grant| {
            (asked != Asked::DefaultFor || grant.default)
                && narrowed.as_ref().is_none_or(|resources| resources.contains(&grant.resource))
        };
        let granting = |test: &dyn Fn(&Grant) -> bool| -> RoaringBitmap {
            let fits = |grants: &[Grant]| grants.iter().any(|grant| counts(grant) && test(grant));
            snapshot.grants.iter().filter(|(_, grants)| fits(grants)).map(|(group, _)| *group).collect()
        };
        let find = |text: &str, how| {
            if asked == Asked::Role {
                let wanted = plain(role_word(text));
                return granting(&|grant| matches(&plain(role_word(grant.role.as_str())), &wanted, how));
            }
            let meant: Vec<Ordinal> = resources(snapshot, |resource| match asked {
                Asked::Site => is_site(resource, text, how),
                _ => is_app(resource, text, how),
            });
            granting(&|grant| meant.contains(&grant.resource))
        };
        choose(&test.condition, (&granting(&|_| true), Without::None), within, find)
    }

    fn those(&self, within: &RoaringBitmap, test: impl Fn(&GroupRow) -> bool) -> RoaringBitmap {
        within.iter().filter(|group| self.snapshot.group_row(*group).is_some_and(&test)).collect()
    }

    fn defined(&self, within: &RoaringBitmap, test: impl Fn(&Group) -> bool) -> RoaringBitmap {
        self.those(within, |row| row.group.as_ref().is_some_and(&test))
    }
}

/// A group's description, where it says anything.
fn description(row: &GroupRow) -> Option<&str> {
    row.group.as_ref()?.description.as_deref().filter(|text| !text.trim().is_empty())
}
