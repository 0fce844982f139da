//! One test of one field, or one word: of whom it is true, and of whom it is unknown. Every field of the catalogue has
//! its arm here.

use columns::{Distinct, Order, Ordinal};
use filter::{Condition, Test};
use roaring::{MultiOps, RoaringBitmap};

use crate::account::{AccountStatus, AccountType, Claimed, Management, MembershipStatus, Status};
use crate::find::Question;
use crate::find::choice::{Match, Without, choose, flag, number};
use crate::find::field::{Asked, FORMER, OTHER, asked};
use crate::find::index::{ByWord, with};
use crate::find::name::{domain_key, groups, is_app, is_site, matches, plain, resources, role_word};
use crate::find::truth::Truth;
use crate::fold::{email_key, fold_text};

impl Question<'_> {
    /// A word is searched in name and address; unknown of those of whom neither is known.
    pub(crate) fn word(&self, text: &str, within: &RoaringBitmap) -> Truth {
        let people = &self.snapshot.people;
        let named = people.folded_names.contains_among(&fold_text(text), within);
        let rest = within - &named;
        let found = named | people.email_keys.contains_among(&email_key(text), &rest);
        let known = people.folded_names.present() | people.email_keys.present();
        Truth::of(found, &known, within)
    }

    /// A test of one field.
    pub(crate) fn test(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        let Some(asked) = asked(test.field) else { return Truth::unknown(within) };
        let (snapshot, condition) = (self.snapshot, &test.condition);
        let (index, people) = (&snapshot.index, &snapshot.people);
        match asked {
            Asked::Name | Asked::Email | Asked::AccountId => self.text(asked, condition, within),
            Asked::JobTitle => repeated(condition, index.job_titles(snapshot), fold_text, within),
            Asked::Department => repeated(condition, index.departments(snapshot), fold_text, within),
            Asked::Organization => repeated(condition, index.organizations(snapshot), fold_text, within),
            Asked::Domain => repeated(condition, index.domains(snapshot), domain_key, within),
            Asked::Status
            | Asked::AccountStatus
            | Asked::MembershipStatus
            | Asked::Claim
            | Asked::AccountType
            | Asked::ManagementSource => self.standing(asked, condition, within),
            Asked::PlatformRole | Asked::Directory => self.place(asked, condition, within),
            Asked::Site | Asked::App | Asked::Seat => self.access(asked, condition, within),
            Asked::AccessVia | Asked::Role => self.way(asked, test, within),
            Asked::Group => {
                let members = |name: &str, how| {
                    groups(snapshot, name, how).into_iter().map(|group| snapshot.memberships.members(group)).union()
                };
                let any = index.group_counts(snapshot).range(1, i64::MAX);
                choose(condition, (&any, Without::None), within, members)
            }
            Asked::GroupCount => number(condition, |from, to| index.group_counts(snapshot).range(from, to), within),
            Asked::Seats => number(condition, |from, to| index.reach(snapshot).seat_counts.range(from, to), within),
            Asked::LastActive => self.last_active(test, within),
            Asked::InactiveFor => self.inactive_for(test, within),
            Asked::NeverActive => self.never_active(test, within),
            Asked::ActivityKnown => flag(condition, people.activity.read(), within, within),
            Asked::Added => self.instant(condition, (&people.added, &people.added.present()), within),
            Asked::Changed => self.instant(condition, (&people.changed, &people.changed.present()), within),
            Asked::Mfa => flag(condition, &index.mfa(snapshot).yes, &index.mfa(snapshot).known, within),
            Asked::EmailVerified => {
                flag(condition, &index.verified(snapshot).yes, &index.verified(snapshot).known, within)
            }
            Asked::NeverSignedIn => self.never_signed_in(condition, within),
            Asked::ServiceAccount => self.service_account(condition, within),
            Asked::SyncedAt => self.synced_at(condition, within),
            Asked::Protected => flag(condition, &snapshot.marked.people, within, within),
        }
    }

    fn text(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let people = &self.snapshot.people;
        match asked {
            Asked::Name => {
                let find = |text: &str, how| {
                    let folded = fold_text(text);
                    match how {
                        Match::Whole => run(&people.by_name, |row| people.folded_names.get(row).cmp(&Some(&*folded))),
                        Match::Part => people.folded_names.contains_among(&folded, within),
                    }
                };
                choose(condition, (&people.folded_names.present(), Without::Unknown), within, find)
            }
            Asked::Email => {
                let find = |text: &str, how| {
                    let key = email_key(text);
                    match how {
                        Match::Whole => run(&people.by_email, |row| people.email_keys.get(row).cmp(&Some(&*key))),
                        Match::Part => people.email_keys.contains_among(&key, within),
                    }
                };
                choose(condition, (&people.email_keys.present(), Without::Unknown), within, find)
            }
            _ => {
                let find = |text: &str, how| match how {
                    Match::Whole => self.snapshot.account(text).into_iter().collect(),
                    Match::Part => people.ids.contains_among(text, within),
                };
                choose(condition, (within, Without::None), within, find)
            }
        }
    }

    fn standing(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let (snapshot, index) = (self.snapshot, &self.snapshot.index);
        match asked {
            Asked::Status => {
                let standing = index.standing(snapshot);
                let former = &standing.everybody - &standing.present;
                let any = standing.with(|presence| presence.status.is_some()) | &former;
                let find = |word: &str, _| match word {
                    FORMER => former.clone(),
                    OTHER => standing.with(|presence| matches!(presence.status, Some(Status::Other(_)))),
                    word => standing.with(|presence| presence.status == Some(Status::parse(word))),
                };
                choose(condition, (&any, Without::Unknown), within, find)
            }
            Asked::MembershipStatus => {
                let standing = index.standing(snapshot);
                let find = |word: &str, _| match word {
                    OTHER => standing.with(|presence| matches!(presence.membership, Some(MembershipStatus::Other(_)))),
                    word => standing.with(|presence| presence.membership == Some(MembershipStatus::parse(word))),
                };
                let any = standing.with(|presence| presence.membership.is_some());
                choose(condition, (&any, Without::Unknown), within, find)
            }
            Asked::AccountStatus => {
                worded(condition, index.account_statuses(snapshot), within, |known, word| match word {
                    OTHER => matches!(known, AccountStatus::Other(_)),
                    word => *known == AccountStatus::parse(word),
                })
            }
            Asked::Claim => worded(condition, index.claimed(snapshot), within, |known, word| match word {
                OTHER => matches!(known, Claimed::Other(_)),
                "external" => *known == Claimed::Unmanaged,
                word => *known == Claimed::parse(word),
            }),
            Asked::AccountType => worded(condition, index.types(snapshot), within, |known, word| match word {
                OTHER => matches!(known, AccountType::Other(_)),
                word => *known == AccountType::parse(word),
            }),
            _ => worded(condition, index.management(snapshot), within, |known, word| match word {
                OTHER => matches!(known, Management::Other(_)),
                word => *known == Management::parse(word),
            }),
        }
    }

    fn place(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let snapshot = self.snapshot;
        if asked == Asked::PlatformRole {
            let roles = &snapshot.people.roles;
            let find = |text: &str, how| {
                let wanted = plain(role_word(text));
                let named = roles.iter().filter(|(role, _)| matches(&plain(role_word(role.as_str())), &wanted, how));
                named.map(|(_, holders)| &**holders).union()
            };
            return choose(condition, (&roles.values().map(|holders| &**holders).union(), Without::None), within, find);
        }
        let find = |text: &str, how| {
            let wanted = fold_text(text);
            let named = (0..).zip(snapshot.directories()).filter(|(_, directory)| {
                matches(&fold_text(&directory.name), &wanted, how) || directory.id.as_str() == text
            });
            named.map(|(place, _)| snapshot.present_in(place)).union()
        };
        choose(condition, (&snapshot.index.standing(snapshot).present, Without::None), within, find)
    }

    fn access(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let snapshot = self.snapshot;
        let reach = snapshot.index.reach(snapshot);
        match asked {
            Asked::Site => {
                let find = |name: &str, how| self.reaching(&resources(snapshot, |one| is_site(one, name, how)));
                choose(condition, (&reach.any.iter().union(), Without::None), within, find)
            }
            Asked::App => {
                let find = |name: &str, how| self.reaching(&resources(snapshot, |one| is_app(one, name, how)));
                choose(condition, (&reach.any.iter().union(), Without::None), within, find)
            }
            _ => {
                let find = |name: &str, how| self.seated(&resources(snapshot, |one| is_app(one, name, how)));
                choose(condition, (&reach.seat_counts.range(1, i64::MAX), Without::None), within, find)
            }
        }
    }

    /// By which role, or by which way, somebody has access to any app or to the one in parentheses.
    fn way(&self, asked: Asked, test: &Test, within: &RoaringBitmap) -> Truth {
        let reach = self.snapshot.index.reach(self.snapshot);
        let resources = self.argument(test);
        let here = |resource: Ordinal| resources.as_ref().is_none_or(|asked| asked.contains(&resource));
        let any = (0..).zip(&reach.any).filter(|(place, _)| here(*place)).map(|(_, people)| people).union();
        let named = |text: &str, wanted: &str, how| matches(&plain(role_word(text)), wanted, how);
        let find = |text: &str, how| {
            let wanted = plain(role_word(text));
            if asked == Asked::Role {
                let roles = reach.roles.iter().filter(|((resource, _), _)| here(*resource));
                let roles = roles.filter(|((_, role), _)| named(role.as_str(), &wanted, how));
                return roles.map(|(_, people)| people).union();
            }
            let ways = reach.ways.iter().filter(|((resource, _), _)| here(*resource));
            let ways = ways.filter(|((_, way), _)| matches(&plain(way_word(way.as_str())), &wanted, how));
            ways.map(|(_, people)| people).union()
        };
        choose(&test.condition, (&any, Without::None), within, find)
    }

    fn synced_at(&self, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let reads = self.snapshot.index.synced(self.snapshot);
        let known = reads.iter().map(|(_, people)| people).union();
        match condition {
            Condition::Empty => Truth::known(within - known),
            Condition::NotEmpty => Truth::known(within & known),
            Condition::Compare(comparison, value) => {
                let Some(((from, to), opposite)) = self.limits(*comparison, value) else {
                    return Truth::unknown(within);
                };
                let inside = |at: i64| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to);
                let yes = reads.iter().filter(|(at, _)| inside(at.as_microsecond())).map(|(_, people)| people).union();
                let truth = Truth::of(yes & within, &known, within);
                if opposite { truth.not(within) } else { truth }
            }
            Condition::In(_) | Condition::NotIn(_) => Truth::unknown(within),
        }
    }
}

/// The way of access as it is written in a filter.
pub(crate) fn way_word(way: &str) -> &str {
    if way == "group_direct" { "group" } else { way }
}

/// A test of a word of Atlassian's, of which a closed list is known by name.
fn worded<T>(condition: &Condition, words: &ByWord<T>, within: &RoaringBitmap, is: impl Fn(&T, &str) -> bool) -> Truth {
    let any = with(words, |_| true);
    choose(condition, (&any, Without::Unknown), within, |word, _| with(words, |known| is(known, word)))
}

/// A test of a text that many people share.
fn repeated(condition: &Condition, values: &Distinct, fold: impl Fn(&str) -> String, within: &RoaringBitmap) -> Truth {
    let find = |text: &str, how| match how {
        Match::Whole => values.of(&fold(text)).cloned().unwrap_or_default(),
        Match::Part => values.contains(&fold(text)),
    };
    choose(condition, (values.rows(), Without::Unknown), within, find)
}

/// The rows of an order that a cursor calls equal.
fn run(order: &Order, cursor: impl Fn(Ordinal) -> std::cmp::Ordering) -> RoaringBitmap {
    let from = order.position(&cursor);
    (from..).map_while(|place| order.nth(place).filter(|row| cursor(*row).is_eq())).collect()
}
