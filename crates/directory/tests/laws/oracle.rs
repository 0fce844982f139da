//! Who matches a filter, told one person at a time from the definitions alone: slow, and obviously right. It shares
//! nothing with the evaluation that it judges but the query, the normal forms and the meaning of dates.

use directory::{AccountType, Presence, Profile, Role, RoleMethod, Status, email_key, fold_text};
use filter::{Catalogue, Comparison, Condition, Expression, Query, Test, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::world::{DIRECTORIES, RESOURCES, Soul, World, account_id, group_id};

/// What a field says of one person.
enum Cell {
    /// Nothing is known.
    Unknown,
    /// It is known that there is nothing.
    Nothing,
    /// All names of each of the values.
    Names(Vec<Vec<String>>),
    Number(i64),
    /// Nanoseconds since 1970.
    Moment(i128),
    Flag(bool),
}

/// The judge of one organization at one moment.
pub(crate) struct Oracle<'w> {
    pub(crate) world: &'w World,
    pub(crate) catalogue: &'w Catalogue,
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
}

impl Oracle<'_> {
    /// True, false or unknown of everybody who is asked about; nothing of the others.
    pub(crate) fn judge(&self, query: &Query) -> Vec<Option<Option<bool>>> {
        let tests = query.expression.as_ref().map(Expression::tests).unwrap_or_default();
        let name = |test: &&Test| self.catalogue.field(test.field).name.to_string();
        let former =
            tests.iter().any(|test| name(test) == "status" && values(&test.condition).contains(&&text("former")));
        let services = tests.iter().any(|test| ["serviceAccount", "accountType"].contains(&&*name(test)));
        let judged = self.world.people.iter().enumerate().map(|(account, soul)| {
            if !former && soul.presence.iter().all(Option::is_none) {
                return None;
            }
            Some(match &query.expression {
                None => Some(true),
                Some(expression) => self.holds(expression, (account, soul), services),
            })
        });
        judged.collect()
    }

    fn holds(&self, expression: &Expression, who: (usize, &Soul), services: bool) -> Option<bool> {
        match expression {
            Expression::Not(inner) => self.holds(inner, who, services).map(|truth| !truth),
            Expression::And(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| self.holds(part, who, services)).collect();
                if truths.contains(&Some(false)) {
                    Some(false)
                } else if truths.contains(&None) {
                    None
                } else {
                    Some(true)
                }
            }
            Expression::Or(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| self.holds(part, who, services)).collect();
                if truths.contains(&Some(true)) {
                    Some(true)
                } else if truths.contains(&None) {
                    None
                } else {
                    Some(false)
                }
            }
            Expression::Word(word) => {
                let profile = who.1.profile.as_ref()?;
                let in_name = fold_text(&profile.name).contains(&fold_text(word));
                let in_address =
                    profile.email.as_deref().is_some_and(|email| email_key(email).contains(&email_key(word)));
                Some(in_name || in_address)
            }
            Expression::Test(test) => {
                let field = &*self.catalogue.field(test.field).name;
                let cell = self.cell(field, test.argument.as_deref(), who, services);
                self.satisfies(field, &cell, &test.condition)
            }
        }
    }

    fn satisfies(&self, field: &str, cell: &Cell, condition: &Condition) -> Option<bool> {
        let empty = match cell {
            Cell::Unknown | Cell::Nothing => true,
            Cell::Names(names) => names.is_empty(),
            _ => false,
        };
        let opposite = |truth: Option<bool>| truth.map(|truth| !truth);
        match condition {
            Condition::Empty => Some(empty),
            Condition::NotEmpty => Some(!empty),
            Condition::NotIn(values) => opposite(self.satisfies(field, cell, &Condition::In(values.clone()))),
            Condition::In(values) => {
                let equal = |value: &Value| Condition::Compare(Comparison::Equal, value.clone());
                let truths: Vec<_> = values.iter().map(|value| self.satisfies(field, cell, &equal(value))).collect();
                if truths.contains(&None) { None } else { Some(truths.contains(&Some(true))) }
            }
            Condition::Compare(Comparison::NotEqual, value) => {
                opposite(self.satisfies(field, cell, &Condition::Compare(Comparison::Equal, value.clone())))
            }
            Condition::Compare(Comparison::ContainsNot, value) => {
                opposite(self.satisfies(field, cell, &Condition::Compare(Comparison::Contains, value.clone())))
            }
            Condition::Compare(comparison, value) => match (cell, value) {
                (Cell::Unknown, _) => None,
                (Cell::Nothing, _) => Some(false),
                (Cell::Names(all), Value::Text(text)) => {
                    let is = |name: &String| same(field, name, text, *comparison == Comparison::Contains);
                    Some(all.iter().any(|names| names.iter().any(is)))
                }
                (Cell::Number(number), Value::Number(other)) => Some(compare(*comparison, number.cmp(other))),
                (Cell::Flag(flag), Value::Flag(other)) => Some(flag == other),
                (Cell::Moment(at), Value::Date(date)) => {
                    let stretch = date.resolve(self.now, &self.zone);
                    let (start, end) = (stretch.start.as_nanosecond(), stretch.end.as_nanosecond());
                    Some(match comparison {
                        Comparison::Equal => start <= *at && *at < end,
                        Comparison::Less => *at < start,
                        Comparison::AtMost => *at < end,
                        Comparison::Greater => *at >= end,
                        _ => *at >= start,
                    })
                }
                (Cell::Moment(at), Value::Duration(length)) => {
                    // Longer means that it ended earlier.
                    let since = length.before(self.now, &self.zone).as_nanosecond();
                    Some(compare(*comparison, since.cmp(at)))
                }
                _ => panic!("{field} cannot be compared with {value:?}"),
            },
        }
    }

    fn cell(&self, field: &str, argument: Option<&str>, (account, soul): (usize, &Soul), services: bool) -> Cell {
        let profile = soul.profile.as_ref();
        let best = best(soul);
        let former = soul.presence.iter().all(Option::is_none);
        let of_profile = |get: &dyn Fn(&Profile) -> Option<String>| name(profile.and_then(get));
        let flag = |flag: Option<bool>| flag.map_or(Cell::Unknown, Cell::Flag);
        let asked: Vec<usize> = (0..RESOURCES.len())
            .filter(|resource| {
                self.counts(*resource)
                    && argument.is_none_or(|app| app_names(*resource).iter().any(|name| same("app", name, app, false)))
            })
            .collect();
        let on_asked = |access: &&(usize, Role, String)| asked.contains(&access.0);
        let access = self.access(soul);
        match field {
            "name" => of_profile(&|profile| Some(profile.name.to_string())),
            "email" => of_profile(&|profile| profile.email.as_deref().map(str::to_owned)),
            "domain" => {
                let domain =
                    |profile: &Profile| profile.email.as_deref()?.rsplit_once('@').map(|(_, domain)| domain.to_owned());
                of_profile(&domain)
            }
            "accountId" => name(Some(account_id(account))),
            "jobTitle" => of_profile(&|profile| profile.job_title.as_deref().map(str::to_owned)),
            "department" => of_profile(&|profile| profile.department.as_deref().map(str::to_owned)),
            "organization" => of_profile(&|profile| profile.organization.as_deref().map(str::to_owned)),
            "status" if former => name(Some("former".to_owned())),
            "status" => name(best.and_then(|best| best.status.as_ref()).map(|word| known(word.as_str()))),
            "membershipStatus" => name(best.and_then(|best| best.membership.as_ref()).map(|word| known(word.as_str()))),
            "accountStatus" => of_profile(&|profile| profile.account_status.as_ref().map(|word| known(word.as_str()))),
            "claim" => of_profile(&|profile| {
                let claimed = profile.claimed.as_ref()?.as_str();
                Some(if claimed == "unmanaged" { "external".to_owned() } else { known(claimed) })
            }),
            "accountType" => of_profile(&|profile| Some(known(profile.account_type.as_str()))),
            "managementSource" => of_profile(&|profile| profile.management.as_ref().map(|word| known(word.as_str()))),
            "platformRole" => Cell::Names(soul.roles.iter().map(|role| vec![short(role.as_str())]).collect()),
            "directory" => {
                let there = (0..DIRECTORIES.len()).filter(|directory| soul.presence[*directory].is_some());
                let names =
                    |directory: usize| vec![DIRECTORIES[directory].0.to_owned(), DIRECTORIES[directory].1.to_owned()];
                Cell::Names(there.map(names).collect())
            }
            "site" => {
                let names =
                    |site: &str| vec![site.to_owned(), format!("cloud-{site}"), format!("{site}.atlassian.net")];
                Cell::Names(access.iter().map(|one| names(RESOURCES[one.0].3)).collect())
            }
            "app" => Cell::Names(access.iter().map(|one| app_names(one.0)).collect()),
            "accessVia" => Cell::Names(access.iter().filter(on_asked).map(|one| vec![one.2.clone()]).collect()),
            "role" => Cell::Names(access.iter().filter(on_asked).map(|one| vec![short(one.1.as_str())]).collect()),
            "seat" => Cell::Names(self.seats(soul).into_iter().map(app_names).collect()),
            "seats" => Cell::Number(self.seats(soul).len() as i64),
            "group" => Cell::Names(soul.groups.iter().map(|group| self.group_names(*group)).collect()),
            "groupCount" => Cell::Number(soul.groups.len() as i64),
            "lastActive" => match last(soul, &asked) {
                Some(at) => moment(at),
                None if soul.read => Cell::Nothing,
                None => Cell::Unknown,
            },
            "inactiveFor" | "neverActive" => {
                let can_open = argument.is_none() || access.iter().any(|one| asked.contains(&one.0));
                if !services && service(profile) == Some(true) {
                    return Cell::Unknown;
                }
                let added = profile.and_then(|profile| profile.added_at);
                match (field, last(soul, &asked)) {
                    ("inactiveFor", Some(at)) => moment(at),
                    ("neverActive", Some(_)) => Cell::Flag(false),
                    (_, None) if !soul.read || !can_open => Cell::Unknown,
                    ("neverActive", None) => Cell::Flag(true),
                    _ => added.map_or(Cell::Unknown, |added| Cell::Moment(added.as_nanosecond())),
                }
            }
            "activityKnown" => Cell::Flag(soul.read),
            "added" => {
                let added = profile.and_then(|profile| profile.added_at);
                added.map_or(Cell::Unknown, |at| Cell::Moment(at.as_nanosecond()))
            }
            "changed" => soul.changed.map_or(Cell::Unknown, moment),
            "mfa" => flag(profile.and_then(|profile| profile.mfa_enabled)),
            "emailVerified" => flag(profile.and_then(|profile| profile.email_verified)),
            "neverSignedIn" => {
                let inside = soul.presence[0].is_some() || soul.presence[1].is_some();
                let unverified = profile.and_then(|profile| profile.email_verified).map(|verified| !verified);
                let unused = if soul.read { Some(soul.activity.is_empty()) } else { None };
                let all = [Some(inside), unverified, unused];
                flag(if all.contains(&Some(false)) {
                    Some(false)
                } else if all.contains(&None) {
                    None
                } else {
                    Some(true)
                })
            }
            "protected" => Cell::Flag(soul.protected),
            "serviceAccount" => flag(service(profile)),
            "syncedAt" => {
                let places = (0..DIRECTORIES.len()).filter(|directory| soul.presence[*directory].is_some());
                let whole = (!former).then_some(DIRECTORIES.len());
                let at = places.chain(whole).filter_map(|place| self.world.read[place]).max();
                at.map_or(Cell::Unknown, |at| Cell::Moment(at.as_nanosecond()))
            }
            other => panic!("the oracle has no definition of {other}"),
        }
    }

    /// Resource, role and way of every access.
    pub(crate) fn access(&self, soul: &Soul) -> Vec<(usize, Role, String)> {
        let grants = soul.groups.iter().flat_map(|group| &self.world.groups[*group].1);
        let by_group = grants.map(|grant| (grant.resource as usize, grant.role.clone(), "group".to_owned()));
        let direct = soul.direct.iter().map(|one| {
            let way = if one.method == RoleMethod::Direct { "direct" } else { "inferred" };
            (one.resource as usize, one.role.clone(), way.to_owned())
        });
        by_group.chain(direct).filter(|one| self.counts(one.0)).collect()
    }

    /// Whether a resource is on a site that is not left out.
    fn counts(&self, resource: usize) -> bool {
        !self.world.left_out.contains(RESOURCES[resource].3)
    }

    /// The resources on which somebody takes a seat.
    fn seats(&self, soul: &Soul) -> Vec<usize> {
        let active = best(soul).is_some_and(|best| best.status == Some(Status::Active));
        let kind = soul.profile.as_ref().map(|profile| profile.account_type.clone());
        if !active || matches!(kind, Some(AccountType::App | AccountType::Customer)) {
            return Vec::new();
        }
        let access = self.access(soul);
        let pays =
            |resource: &usize| access.iter().any(|one| one.0 == *resource && matches!(one.1, Role::User | Role::Admin));
        (0..RESOURCES.len()).filter(|resource| RESOURCES[*resource].2).filter(pays).collect()
    }

    fn group_names(&self, group: usize) -> Vec<String> {
        let id = group_id(group);
        self.world.groups[group].0.map(str::to_owned).into_iter().chain([id]).collect()
    }
}

pub(crate) fn text(word: &str) -> Value {
    Value::Text(word.to_owned())
}

fn values(condition: &Condition) -> Vec<&Value> {
    match condition {
        Condition::Compare(_, value) => vec![value],
        Condition::In(values) | Condition::NotIn(values) => values.iter().collect(),
        Condition::Empty | Condition::NotEmpty => Vec::new(),
    }
}

fn name(name: Option<String>) -> Cell {
    name.map_or(Cell::Unknown, |name| Cell::Names(vec![vec![name]]))
}

fn moment(at: i64) -> Cell {
    Cell::Moment(i128::from(at) * 1_000)
}

fn known(word: &str) -> String {
    if ["odd", "robot"].contains(&word) { "other".to_owned() } else { word.to_owned() }
}

fn short(role: &str) -> String {
    role.strip_prefix("atlassian/").unwrap_or(role).to_owned()
}

fn app_names(resource: usize) -> Vec<String> {
    let (owner, app, _, site) = RESOURCES[resource];
    let mut names = vec![owner.to_owned(), app.to_owned(), format!("{owner}@{site}"), format!("{app}@{site}")];
    if owner == "jira-servicedesk" {
        names.extend(["jsm".to_owned(), format!("jsm@{site}")]);
    }
    names
}

/// Whether a name is, or has in it, what was written.
fn same(field: &str, name: &str, written: &str, part: bool) -> bool {
    let fold = |text: &str| -> String {
        match field {
            "accountId" => text.to_owned(),
            "email" => email_key(text),
            "domain" => text.to_lowercase(),
            "role" | "platformRole" => short(text).to_lowercase().replace(['-', '_', ' '], ""),
            "app" | "seat" => text.to_lowercase().replace(['-', '_', ' '], ""),
            _ => fold_text(text),
        }
    };
    if part && ["group-id-", "dir-", "cloud-"].iter().any(|id| name.starts_with(id)) || name.ends_with(".net") {
        // Ids and addresses are only ever meant as a whole.
        return fold(name) == fold(written);
    }
    if part && (field == "app" || field == "seat") {
        // Each side of the @ has its own part of the name in it.
        let has = |name: &str, app: &str| if name == "jsm" { app == "jsm" } else { fold(name).contains(&fold(app)) };
        return match (written.split_once('@'), name.split_once('@')) {
            (None, None) => has(name, written),
            (Some((app, site)), Some((in_app, in_site))) => has(in_app, app) && in_site.contains(site),
            _ => false,
        };
    }
    if part { fold(name).contains(&fold(written)) } else { fold(name) == fold(written) }
}

fn compare(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// The presence that tells most: whoever is closer to working, the first of equals.
fn best(soul: &Soul) -> Option<&Presence> {
    let rank = |presence: &&Presence| match presence.status.as_ref().map(Status::as_str) {
        Some("active") => 0,
        Some("suspended") => 1,
        Some("odd") => 2,
        Some("not_invited") => 3,
        Some("deactivated") => 4,
        _ => 5,
    };
    soul.presence.iter().flatten().min_by_key(rank)
}

fn last(soul: &Soul, asked: &[usize]) -> Option<i64> {
    asked.iter().filter_map(|resource| soul.activity.get(resource)).max().copied()
}

fn service(profile: Option<&Profile>) -> Option<bool> {
    let profile = profile?;
    let address = profile.email.as_deref().unwrap_or_default();
    Some(profile.account_type == AccountType::App || address.ends_with("@serviceaccount.atlassian.com"))
}
