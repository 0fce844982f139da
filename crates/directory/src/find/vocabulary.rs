//! The names that open choices have in a snapshot: what completion offers, and what a filter may name without being
//! asked whether it was meant. Found in any case, with or without accents.

use columns::Ordinal;
use filter::{FieldId, Suggestion};
use roaring::RoaringBitmap;

use crate::access::{Role, RoleMethod};
use crate::account::PlatformRole;
use crate::find::choice::Match;
use crate::find::field::{Asked, asked};
use crate::find::name::{domain_key, groups, is_app, is_site, matches, plain, resources, role_word};
use crate::find::test::way_word;
use crate::find::values::Named;
use crate::fold::fold_text;
use crate::snapshot::Snapshot;

/// The names in one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'s> {
    snapshot: &'s Snapshot,
}

/// A name that could be meant, before it is worded.
struct Candidate<'s> {
    value: &'s str,
    begins: bool,
    people: u64,
}

impl<'s> Vocabulary<'s> {
    /// The names in this snapshot.
    pub fn of(snapshot: &'s Snapshot) -> Vocabulary<'s> {
        Vocabulary { snapshot }
    }

    fn named(&self, all: &'s [Named], prefix: &str, more: &[&'s str]) -> Vec<Candidate<'s>> {
        let wanted = plain(prefix);
        let fits = |text: &str| plain(text).contains(&wanted);
        let begins = |text: &str| plain(text).starts_with(&wanted);
        let there = all.iter().filter(|named| fits(&named.word) || fits(&named.label)).map(|named| Candidate {
            value: &named.word,
            begins: begins(&named.word) || begins(&named.label),
            people: self.count(&named.people),
        });
        // Words that Atlassian has and nobody here does.
        let known = more.iter().filter(|word| fits(word) && !all.iter().any(|named| named.word == **word));
        there.chain(known.map(|word| Candidate { value: word, begins: begins(word), people: 0 })).collect()
    }

    /// Names of groups are kept in the order in which they are offered to whoever has typed nothing.
    fn groups(&self, prefix: &str, limit: usize) -> Vec<Candidate<'s>> {
        let wanted = fold_text(prefix);
        let names = &self.snapshot.index.values(self.snapshot).names;
        let most = if wanted.is_empty() { limit } else { names.len() };
        let candidate = |(group, people): &(Ordinal, u64)| {
            let row = self.snapshot.group_row(*group)?;
            let named = row.group.as_ref().filter(|_| row.folded_name.contains(&*wanted))?;
            Some(Candidate { value: &named.name, begins: row.folded_name.starts_with(&*wanted), people: *people })
        };
        names.iter().take(most).filter_map(candidate).collect()
    }

    fn candidates(&self, field: FieldId, prefix: &str, limit: usize) -> Vec<Candidate<'s>> {
        let index = &self.snapshot.index;
        let values = index.values(self.snapshot);
        match asked(field) {
            Some(Asked::App | Asked::Seat) => {
                let mut all = self.named(&values.apps, prefix, &[]);
                // An app on one site is offered once somebody asks for a site, or where no app fits.
                if all.is_empty() || prefix.contains('@') {
                    all.extend(self.named(&values.apps_on_sites, prefix, &[]));
                }
                all
            }
            Some(Asked::Site) => self.named(&values.sites, prefix, &[]),
            Some(Asked::Role) => {
                let known: Vec<&str> = Role::KNOWN.iter().map(|role| role_word(role.as_str())).collect();
                self.named(&values.roles, prefix, &known)
            }
            Some(Asked::PlatformRole) => {
                let known: Vec<&str> = PlatformRole::KNOWN.iter().map(|role| role_word(role.as_str())).collect();
                self.named(&values.platform_roles, prefix, &known)
            }
            Some(Asked::AccessVia) => {
                let known: Vec<&str> = RoleMethod::KNOWN.iter().map(|way| way_word(way.as_str())).collect();
                self.named(&values.ways, prefix, &known)
            }
            Some(Asked::Group) => self.groups(prefix, limit),
            Some(Asked::Domain) => {
                let wanted = domain_key(prefix);
                let fitting = index.domains(self.snapshot).values().filter(|(domain, _)| domain.contains(&*wanted));
                fitting
                    .map(|(domain, people)| Candidate {
                        value: domain,
                        begins: domain.starts_with(&*wanted),
                        people: people.len(),
                    })
                    .collect()
            }
            Some(Asked::Directory) => {
                let wanted = fold_text(prefix);
                let all = (0..).zip(self.snapshot.directories());
                all.map(|(place, directory)| {
                    (place, if directory.name.is_empty() { directory.id.as_str() } else { &directory.name })
                })
                .filter(|(_, name)| fold_text(name).contains(&*wanted))
                .map(|(place, name)| Candidate {
                    value: name,
                    begins: fold_text(name).starts_with(&*wanted),
                    people: self.snapshot.present_in(place).len(),
                })
                .collect()
            }
            _ => Vec::new(),
        }
    }

    fn count(&self, people: &RoaringBitmap) -> u64 {
        people.intersection_len(&self.snapshot.index.standing(self.snapshot).present)
    }
}

impl filter::Vocabulary for Vocabulary<'_> {
    fn suggest(&self, field: FieldId, _: Option<&str>, prefix: &str, limit: usize) -> Vec<Suggestion> {
        let mut all = self.candidates(field, prefix, limit);
        let rank = |one: &Candidate<'_>| (!one.begins, std::cmp::Reverse(one.people));
        let order = |a: &Candidate<'_>, b: &Candidate<'_>| rank(a).cmp(&rank(b)).then_with(|| a.value.cmp(b.value));
        // Of thousands of groups only those that are offered have to be put in order.
        if limit < all.len() {
            all.select_nth_unstable_by(limit, order);
            all.truncate(limit);
        }
        all.sort_unstable_by(order);
        let detail = |people| if people == 1 { "1 person".to_owned() } else { format!("{people} people") };
        all.iter().map(|one| Suggestion { value: one.value.to_owned(), detail: detail(one.people) }).collect()
    }

    fn knows(&self, field: FieldId, _: Option<&str>, value: &str) -> bool {
        let snapshot = self.snapshot;
        let wanted = plain(role_word(value));
        let worded = |all: &[Named]| all.iter().any(|named| plain(&named.word) == wanted);
        match asked(field) {
            Some(Asked::App | Asked::Seat) => {
                !resources(snapshot, |resource| is_app(resource, value, Match::Whole)).is_empty()
            }
            Some(Asked::Site) => !resources(snapshot, |resource| is_site(resource, value, Match::Whole)).is_empty(),
            Some(Asked::Role) => {
                Role::KNOWN.iter().any(|role| plain(role_word(role.as_str())) == wanted)
                    || worded(&snapshot.index.values(snapshot).roles)
            }
            Some(Asked::PlatformRole) => {
                PlatformRole::KNOWN.iter().any(|role| plain(role_word(role.as_str())) == wanted)
                    || worded(&snapshot.index.values(snapshot).platform_roles)
            }
            Some(Asked::AccessVia) => {
                RoleMethod::KNOWN.iter().any(|way| plain(way_word(way.as_str())) == wanted)
                    || worded(&snapshot.index.values(snapshot).ways)
            }
            Some(Asked::Group) => !groups(snapshot, value, Match::Whole).is_empty(),
            Some(Asked::Domain) => snapshot.index.domains(snapshot).of(&domain_key(value)).is_some(),
            Some(Asked::Directory) => snapshot.directories().iter().any(|directory| {
                directory.id.as_str() == value || matches(&fold_text(&directory.name), &fold_text(value), Match::Whole)
            }),
            _ => true,
        }
    }
}
