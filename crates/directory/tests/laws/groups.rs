//! Which groups match a filter, told one group at a time from the definitions alone, agrees with the evaluation; orders
//! agree with sorting by hand.

use std::collections::BTreeSet;

use directory::find::SortKey;
use directory::find::groups::{self, Ranking, Vocabulary};
use directory::{
    AccountId, Builder, DirectoryId, Grant, Group, GroupCounts, GroupId, ManagedBy, Marks, Ordinal, Resource,
    ResourceId, Role, Snapshot, fold_text,
};
use filter::{
    Comparison, Condition, DateExpression, Direction, Expression, FieldId, Kind, Length, Offset, Order, Query, Test,
    Unit, Value, Vocabulary as _,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::world::{RESOURCES, now};

const PEOPLE: usize = 5;

/// Everything about a group.
#[derive(Clone, Debug)]
struct Circle {
    group: Option<Group>,
    counts: GroupCounts,
    directory: Option<Ordinal>,
    grants: BTreeSet<Grant>,
    members: BTreeSet<usize>,
    first_seen: Option<Timestamp>,
    protected: bool,
}

#[derive(Clone, Debug)]
struct Circles {
    circles: Vec<Circle>,
    left_out: Option<&'static str>,
}

fn of<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> proptest::sample::Select<T> {
    proptest::sample::select(values)
}

/// A moment so many days ago, in the whole microseconds that are kept.
fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_microsecond((now() - SignedDuration::from_hours(24 * days)).as_microsecond()).unwrap()
}

fn circle() -> impl Strategy<Value = Circle> {
    let description = proptest::option::of(of(vec!["Élan people", "jira things", "  "]));
    let managed = proptest::option::of(of(vec![ManagedBy::External, ManagedBy::Admins, ManagedBy::parse("odd")]));
    let group = (
        of(vec!["jira-users", "Jira-Users", "Équipe Sud", "keepers"]),
        description,
        any::<Option<bool>>(),
        managed,
        any::<Option<bool>>(),
    );
    let group = group.prop_map(|(name, description, synced, managed_by, modifiable)| Group {
        description: description.map(Into::into),
        synced,
        managed_by,
        modifiable,
        ..Group::named(name)
    });
    let role = of(vec![Role::User, Role::Admin, Role::Guest, Role::parse("focus/fan")]);
    let grant = (0..RESOURCES.len() as Ordinal, role, any::<bool>()).prop_map(|(resource, role, default)| Grant {
        resource,
        role,
        default,
    });
    let few = || proptest::option::weighted(0.8, 0_u32..3);
    let days = of(vec![0_i64, 1, 30, 90]);
    (
        proptest::option::weighted(0.9, group),
        (few(), few()).prop_map(|(users, resources)| GroupCounts { users, resources }),
        proptest::option::weighted(0.8, 0_u32..2),
        proptest::collection::btree_set(grant, 0..3),
        proptest::collection::btree_set(0..PEOPLE, 0..4),
        proptest::option::weighted(0.8, days.prop_map(days_ago)),
        any::<bool>(),
    )
        .prop_map(|(group, counts, directory, grants, members, first_seen, protected)| Circle {
            group,
            counts,
            directory,
            grants,
            members,
            first_seen,
            protected,
        })
}

fn circles() -> impl Strategy<Value = Circles> {
    let left_out = proptest::option::weighted(0.4, of(vec!["acme", "beta"]));
    (proptest::collection::vec(circle(), 1..12), left_out).prop_map(|(circles, left_out)| Circles { circles, left_out })
}

fn id(place: usize) -> GroupId {
    GroupId::new(&format!("group-id-{place}")).unwrap()
}

fn shown(world: &Circles) -> Snapshot {
    let mut builder = Builder::new(1, now());
    builder.directory(DirectoryId::new("dir-1").unwrap(), "Local");
    builder.directory(DirectoryId::new("dir-2").unwrap(), "Élan IdP");
    for (owner, _, _, site) in RESOURCES {
        let id = ResourceId::new(&format!("ari:cloud:{owner}::site/cloud-{site}")).unwrap();
        let host_url = Some(format!("https://{site}.atlassian.net").into());
        builder.resource(Resource { host_url, ..Resource::unnamed(id) });
    }
    for account in 0..PEOPLE {
        builder.account(AccountId::new(&format!("p{account}")).unwrap(), None, None);
        for (place, circle) in (0..).zip(&world.circles) {
            if circle.members.contains(&account) {
                builder.membership(account as Ordinal, place);
            }
        }
    }
    for (place, circle) in world.circles.iter().enumerate() {
        builder.group(id(place), circle.directory, circle.group.clone(), circle.counts);
        if let Some(at) = circle.first_seen {
            builder.group_first_seen(at);
        }
        circle.grants.iter().for_each(|grant| builder.grant(place as Ordinal, grant.clone()));
    }
    let protected = world.circles.iter().enumerate().filter(|(_, circle)| circle.protected);
    builder.finish().shown(&Marks {
        left_out: world.left_out.iter().map(|site| format!("cloud-{site}").into()).collect(),
        protected_groups: protected.map(|(place, _)| id(place)).collect(),
        ..Marks::default()
    })
}

fn names(field: &str) -> Vec<&'static str> {
    match field {
        "name" => vec!["jira-users", "équipe SUD", "jira", "e"],
        "description" => vec!["elan people", "jira", "zzz"],
        "id" => vec!["group-id-1", "group-id", "GROUP-ID-1"],
        "app" | "default" => vec!["confluence", "jsm", "confluence@beta", "Focus", "jira-admin@acme", "nothing"],
        "site" => vec!["acme", "BETA", "cloud-acme", "nowhere"],
        "role" => vec!["user", "atlassian/admin", "focus/fan"],
        "directory" => vec!["local", "elan idp", "dir-2", "nowhere"],
        other => panic!("no names for {other}"),
    }
}

fn value(field: &str, kind: &Kind) -> BoxedStrategy<Value> {
    let texts = |words: Vec<String>| of(words).prop_map(Value::Text).boxed();
    let date = |amount: u32| {
        let length = Length { amount, unit: Unit::Day };
        Value::Date(DateExpression::Relative(Offset { back: true, length }))
    };
    match kind {
        Kind::Text | Kind::Open { .. } => texts(names(field).into_iter().map(str::to_owned).collect()),
        Kind::Closed(words) => texts(words.iter().map(|word| word.word.to_string()).collect()),
        Kind::Instant => of(vec![date(1), date(30), Value::Date(DateExpression::Now)]).boxed(),
        Kind::Number => (-1_i64..5).prop_map(Value::Number).boxed(),
        Kind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        Kind::Duration => panic!("groups have no lengths of time"),
    }
}

fn question() -> impl Strategy<Value = Expression> {
    let one = (0..groups::catalogue().fields().count() as u16).prop_flat_map(|place| {
        let id = FieldId(place);
        let field = groups::catalogue().field(id);
        let values = value(&field.name, &field.kind);
        let compare = (of(field.kind.comparisons().to_vec()), values.clone())
            .prop_map(|(comparison, value)| Condition::Compare(comparison, value));
        let list = proptest::collection::vec(values, 1..3);
        let lists = match field.kind.lists() {
            true => prop_oneof![list.clone().prop_map(Condition::In), list.prop_map(Condition::NotIn)].boxed(),
            false => compare.clone().boxed(),
        };
        let condition =
            prop_oneof![6 => compare, 2 => lists, 1 => Just(Condition::Empty), 1 => Just(Condition::NotEmpty)];
        let argument = match field.argument.of() {
            Some(of_field) => proptest::option::of(of(names(of_field)).prop_map(str::to_owned)).boxed(),
            None => Just(None).boxed(),
        };
        (argument, condition).prop_map(move |(argument, condition)| Test { field: id, argument, condition })
    });
    let leaf = prop_oneof![
        9 => one.prop_map(Expression::Test),
        1 => of(vec!["elan", "JIRA", "nobody"]).prop_map(|word| Expression::Word(word.to_owned())),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let parts = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(|parts| Expression::all(parts).unwrap()),
            parts.prop_map(|parts| Expression::any(parts).unwrap()),
            inner.prop_map(Expression::negate),
        ]
    })
}

/// What a field says of one group.
enum Cell {
    Unknown,
    /// All names of each value; no value is having none.
    Names(Vec<Vec<String>>),
    Number(i64),
    Moment(Option<Timestamp>),
    Flag(bool),
}

struct Judge<'w> {
    world: &'w Circles,
}

impl Judge<'_> {
    fn grants(&self, circle: &Circle, app: Option<&str>) -> Vec<Grant> {
        let counts = |grant: &&Grant| {
            let place = grant.resource as usize;
            self.world.left_out != Some(RESOURCES[place].3)
                && app.is_none_or(|app| self.app(place).iter().any(|name| same("app", name, app, false)))
        };
        circle.grants.iter().filter(counts).cloned().collect()
    }

    fn app(&self, place: usize) -> Vec<String> {
        let (owner, app, _, site) = RESOURCES[place];
        let mut names = vec![owner.to_owned(), app.to_owned(), format!("{owner}@{site}"), format!("{app}@{site}")];
        if owner == "jira-servicedesk" {
            names.extend(["jsm".to_owned(), format!("jsm@{site}")]);
        }
        names
    }

    fn cell(&self, field: &str, argument: Option<&str>, (place, circle): (usize, &Circle)) -> Cell {
        let group = circle.group.as_ref().unwrap();
        let one = |text: &str| Cell::Names(vec![vec![text.to_owned()]]);
        let flag = |known: Option<bool>| known.map_or(Cell::Unknown, Cell::Flag);
        // That there is none is believed only where Atlassian counts none.
        let none = |some: bool, counted: Option<u32>| match (some, counted) {
            (true, _) => Some(false),
            (false, Some(0)) => Some(true),
            (false, _) => None,
        };
        let grants = self.grants(circle, argument);
        match field {
            "name" => one(&group.name),
            "description" => match group.description.as_deref().map(str::trim) {
                None | Some("") => Cell::Names(Vec::new()),
                Some(text) => one(text),
            },
            "id" => one(id(place).as_str()),
            "members" => Cell::Number(circle.members.len() as i64),
            "isEmpty" => flag(none(!circle.members.is_empty(), circle.counts.users)),
            "grantsNothing" => flag(none(!circle.grants.is_empty(), circle.counts.resources)),
            "app" => Cell::Names(grants.iter().map(|grant| self.app(grant.resource as usize)).collect()),
            "default" => {
                let default = grants.iter().filter(|grant| grant.default);
                Cell::Names(default.map(|grant| self.app(grant.resource as usize)).collect())
            }
            "site" => {
                let names = |grant: &Grant| {
                    let site = RESOURCES[grant.resource as usize].3;
                    vec![site.to_owned(), format!("cloud-{site}"), format!("{site}.atlassian.net")]
                };
                Cell::Names(grants.iter().map(names).collect())
            }
            "role" => Cell::Names(grants.iter().map(|grant| vec![grant.role.as_str().to_owned()]).collect()),
            "synced" => match (group.synced, &group.managed_by) {
                (None, None) => Cell::Unknown,
                (synced, by) => Cell::Flag(synced == Some(true) || *by == Some(ManagedBy::External)),
            },
            "managedBy" => match &group.managed_by {
                None => Cell::Unknown,
                Some(ManagedBy::Other(_)) => one("other"),
                Some(word) => one(word.as_str()),
            },
            "modifiable" => flag(group.modifiable),
            "directory" => match circle.directory {
                None => Cell::Unknown,
                Some(0) => Cell::Names(vec![vec!["Local".to_owned(), "dir-1".to_owned()]]),
                Some(_) => Cell::Names(vec![vec!["Élan IdP".to_owned(), "dir-2".to_owned()]]),
            },
            "firstSeen" => Cell::Moment(circle.first_seen),
            "protected" => Cell::Flag(circle.protected),
            other => panic!("there is no definition of {other}"),
        }
    }

    fn holds(&self, expression: &Expression, of: (usize, &Circle)) -> Option<bool> {
        match expression {
            Expression::Not(inner) => self.holds(inner, of).map(|truth| !truth),
            Expression::And(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| self.holds(part, of)).collect();
                if truths.contains(&Some(false)) { Some(false) } else { (!truths.contains(&None)).then_some(true) }
            }
            Expression::Or(parts) => {
                let truths: Vec<_> = parts.iter().map(|part| self.holds(part, of)).collect();
                if truths.contains(&Some(true)) { Some(true) } else { (!truths.contains(&None)).then_some(false) }
            }
            Expression::Word(word) => {
                let group = of.1.group.as_ref().unwrap();
                let text = format!("{}\n{}", group.name, group.description.as_deref().unwrap_or_default());
                Some(fold_text(&text).contains(&fold_text(word)))
            }
            Expression::Test(test) => {
                let field = groups::catalogue().field(test.field).name.to_string();
                let cell = self.cell(&field, test.argument.as_deref(), of);
                satisfies(&field, &cell, &test.condition)
            }
        }
    }
}

fn satisfies(field: &str, cell: &Cell, condition: &Condition) -> Option<bool> {
    let empty = match cell {
        Cell::Unknown | Cell::Moment(None) => true,
        Cell::Names(names) => names.is_empty(),
        _ => false,
    };
    let compare = |comparison, value: &Value| Condition::Compare(comparison, value.clone());
    let not = |condition| satisfies(field, cell, &condition).map(|truth| !truth);
    match condition {
        Condition::Empty => Some(empty),
        Condition::NotEmpty => Some(!empty),
        Condition::NotIn(values) => not(Condition::In(values.clone())),
        Condition::In(values) => {
            let each = values.iter().map(|value| satisfies(field, cell, &compare(Comparison::Equal, value)));
            let truths: Vec<_> = each.collect();
            if truths.contains(&None) { None } else { Some(truths.contains(&Some(true))) }
        }
        Condition::Compare(Comparison::NotEqual, value) => not(compare(Comparison::Equal, value)),
        Condition::Compare(Comparison::ContainsNot, value) => not(compare(Comparison::Contains, value)),
        Condition::Compare(comparison, value) => match (cell, value) {
            (Cell::Unknown | Cell::Moment(None), _) => None,
            (Cell::Names(all), Value::Text(text)) => {
                let part = *comparison == Comparison::Contains;
                Some(all.iter().any(|names| names.iter().any(|name| same(field, name, text, part))))
            }
            (Cell::Number(number), Value::Number(other)) => Some(ordered(*comparison, number.cmp(other))),
            (Cell::Flag(flag), Value::Flag(other)) => Some(flag == other),
            (Cell::Moment(Some(at)), Value::Date(date)) => {
                let stretch = date.resolve(now(), &TimeZone::UTC);
                Some(match comparison {
                    Comparison::Equal => stretch.start <= *at && *at < stretch.end,
                    Comparison::Less => *at < stretch.start,
                    Comparison::AtMost => *at < stretch.end,
                    Comparison::Greater => *at >= stretch.end,
                    _ => *at >= stretch.start,
                })
            }
            _ => panic!("{field} cannot be compared with {value:?}"),
        },
    }
}

fn ordered(comparison: Comparison, order: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// Whether a name is, or has in it, what was written. Ids and addresses are only ever meant as a whole.
fn same(field: &str, name: &str, written: &str, part: bool) -> bool {
    let plain = |text: &str| {
        let text = text.strip_prefix("atlassian/").unwrap_or(text);
        text.to_lowercase().replace(['-', '_', ' '], "")
    };
    let fold: &dyn Fn(&str) -> String = match field {
        "id" => &str::to_owned,
        "app" | "default" | "role" => &plain,
        _ => &fold_text,
    };
    if part && (["dir-", "cloud-"].iter().any(|start| name.starts_with(start)) || name.ends_with(".net")) {
        return fold(name) == fold(written);
    }
    if part && matches!(field, "app" | "default") {
        let has = |name: &str, app: &str| if name == "jsm" { app == "jsm" } else { plain(name).contains(&plain(app)) };
        return match (written.split_once('@'), name.split_once('@')) {
            (None, None) => has(name, written),
            (Some((app, site)), Some((in_app, in_site))) => has(in_app, app) && in_site.contains(site),
            _ => false,
        };
    }
    if part { fold(name).contains(&fold(written)) } else { fold(name) == fold(written) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_filter_finds_the_groups_that_the_definitions_name(world in circles(), questions in proptest::collection::vec(question(), 1..6)) {
        let snapshot = shown(&world);
        for question in questions {
            let judge = Judge { world: &world };
            let existing = world.circles.iter().enumerate().filter(|(_, circle)| circle.group.is_some());
            let judged: Vec<(Ordinal, Option<bool>)> =
                existing.map(|(place, circle)| (place as Ordinal, judge.holds(&question, (place, circle)))).collect();
            let these = |wanted| -> RoaringBitmap {
                judged.iter().filter(|(_, truth)| *truth == wanted).map(|(place, _)| *place).collect()
            };
            let query = Query { expression: Some(question), order: Vec::new() };
            let found = groups::evaluate(&snapshot, &query, now(), &TimeZone::UTC);
            let text = filter::show(&query, groups::catalogue());
            prop_assert_eq!(&found.matching, &these(Some(true)), "{}", &text);
            prop_assert_eq!(&found.unknown, &these(None), "unknown of {}", &text);
            prop_assert_eq!(found.asked.len() as usize, judged.len());
        }
    }

    #[test]
    fn every_order_holds_every_group_once_by_key_and_then_by_ordinal(world in circles(), second in any::<prop::sample::Index>(), descending in any::<bool>()) {
        let snapshot = shown(&world);
        let sortable: Vec<FieldId> =
            groups::catalogue().fields().filter(|(_, field)| field.sortable).map(|(id, _)| id).collect();
        let direction = if descending { Direction::Descending } else { Direction::Ascending };
        let order = |field, direction| Order { field, argument: None, direction };
        for first in &sortable {
            let second = order(*second.get(&sortable), direction);
            let alone = [Ranking::of(&snapshot, &[order(*first, Direction::Ascending)]), Ranking::of(&snapshot, std::slice::from_ref(&second))];
            let ranking = Ranking::of(&snapshot, &[order(*first, Direction::Ascending), second]);
            let mut expected: Vec<Ordinal> = snapshot.groups_by_name().iter().collect();
            expected.sort_by(|a, b| {
                let then = alone[1].key(*a).cmp(&alone[1].key(*b));
                alone[0].key(*a).cmp(&alone[0].key(*b)).then(if descending { then.reverse() } else { then }).then(a.cmp(b))
            });
            prop_assert_eq!(ranking.order().iter().collect::<Vec<_>>(), expected);
            let keys: Vec<(SortKey<'_>, Ordinal)> = alone[0].order().iter().map(|group| (alone[0].key(group), group)).collect();
            prop_assert!(keys.is_sorted() && keys.len() == snapshot.groups_by_name().len());
        }
    }

    #[test]
    fn what_completion_offers_is_known_and_finds_as_many_groups_as_it_says(world in circles()) {
        let snapshot = shown(&world);
        for (field, known) in groups::catalogue().fields().filter(|(_, field)| matches!(field.kind, Kind::Open { .. })) {
            for offered in Vocabulary::of(&snapshot).suggest(field, None, "", 20) {
                prop_assert!(Vocabulary::of(&snapshot).knows(field, None, &offered.value), "{} {}", known.name, offered.value);
                let condition = Condition::Compare(Comparison::Equal, Value::Text(offered.value.clone()));
                let test = Expression::Test(Test { field, argument: None, condition });
                let query = Query { expression: Some(test), order: Vec::new() };
                let found = groups::evaluate(&snapshot, &query, now(), &TimeZone::UTC).matching.len();
                let counted: u64 = offered.detail.split(' ').next().unwrap().parse().unwrap();
                prop_assert_eq!(found, counted, "{} = {}", known.name, offered.value);
            }
        }
    }
}
