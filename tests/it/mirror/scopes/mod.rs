//! Kinds and scopes: a run reads and writes what was asked for, and nothing else; it proves absence there and nowhere
//! else; it goes on where it was cut.

mod boxes;
mod chosen_groups;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use directory::GroupId;
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::RunKind;
use rollcall::nouns::scope::{Chosen, Scope, WhichGroups, WhichUsers};
use rollcall::sync::request::{self, Ask, Asked};
use simulator::{Population, Truth};

use crate::support::app::{Engine, TestApp};
use crate::support::truth::facts;

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";
const GROUPS: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/search";

const ALL_USERS: Chosen = Chosen { users: Some(WhichUsers::All), last_active: false, groups: WhichGroups::None };
const WITH_ACTIVITY: Chosen = Chosen { users: Some(WhichUsers::WithActivity), ..ALL_USERS };
const LAST_ACTIVE: Chosen = Chosen { users: None, last_active: true, groups: WhichGroups::None };
const ALL_GROUPS: Chosen = Chosen { users: None, last_active: false, groups: WhichGroups::All };

fn members_of(groups: &[&str]) -> Chosen {
    let groups = groups.iter().map(|id| GroupId::new(id).unwrap()).collect();
    Chosen { users: None, last_active: false, groups: WhichGroups::Members(groups) }
}

async fn mirrored(engine: Engine, population: &Population) -> TestApp {
    let app = TestApp::start(engine, population).await;
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.simulator.clear_ledger();
    app.simulator.set_record(true);
    app
}

async fn ask(app: &TestApp, scope: Scope, key: Option<&str>) -> Asked {
    let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
    let kind = if scope.holds_place() { RunKind::Manual } else { RunKind::Operation };
    let ask = Ask::scoped(kind, scope);
    request::start(&context, &app.mirror, ask, (key.map(str::to_owned), &app.surroundings.entropy)).await.unwrap()
}

/// Asks for a part, and carries it out.
async fn sync(app: &TestApp, scope: Scope) {
    // What is read from here on is younger than what was read before.
    app.clock.advance(Duration::from_secs(60));
    let asked = ask(app, scope, None).await;
    assert!(matches!(asked, Asked::Queued(_)), "{asked:?}");
    let sealed = app.work_through().await;
    assert!(matches!(sealed, Sealed::Done { .. }), "{sealed:?}");
    app.assert_sound().await;
}

/// What a line of the facts is about.
fn noun_of(line: &str) -> &'static str {
    let words: Vec<&str> = line.splitn(4, ' ').collect();
    match (words[0], words[2]) {
        ("account", "in") => "presence",
        ("account", "roles") => "platform_roles",
        ("account", "activity" | "opened") => "activity",
        ("account", "has") => "direct_access",
        ("account", "digest") => "digests",
        ("account", _) => "accounts",
        ("group", "grants") => "grants",
        ("group", _) => "groups",
        (_, _) if words.get(1) == Some(&"in") => "memberships",
        _ => "other",
    }
}

fn by_noun(app: &TestApp) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut nouns: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for line in facts(&app.now()) {
        nouns.entry(noun_of(&line)).or_default().insert(line);
    }
    nouns
}

/// Nouns of which the mirror says something else than before.
fn changed(before: &BTreeMap<&'static str, BTreeSet<String>>, app: &TestApp) -> BTreeSet<&'static str> {
    let now = by_noun(app);
    let all: BTreeSet<_> = before.keys().chain(now.keys()).copied().collect();
    all.into_iter().filter(|noun| before.get(noun) != now.get(noun) && *noun != "digests").collect()
}

/// Who and what the tests change.
struct Cast {
    /// In the first group, active, has used something,
    person: String,
    /// the same, of another,
    other: String,
    /// somebody who has never used anything,
    idle: String,
    /// a group,
    group: String,
    /// one that neither of the two is in,
    second: String,
    /// and an app that no group of the person opens.
    app: String,
    /// One that they have used.
    used: String,
}

fn cast(truth: &Truth) -> Cast {
    let is_in = |group: &str, id: &str| truth.memberships.contains(&(group.to_owned(), id.to_owned()));
    let opens = |group: &str, app: &str| truth.grants.iter().any(|grant| grant.group == group && grant.resource == app);
    let groups = || truth.groups.iter().filter(|group| group.members > 3);
    let people = || truth.users.iter().filter(|user| user.account_type == "atlassian" && user.status == "active");
    let active = || people().filter(|user| !user.last_active.is_empty());
    let idle = people().find(|user| user.last_active.is_empty() && user.directories.len() == 1).unwrap();
    for person in active() {
        let id = person.account_id.as_str();
        let mine: Vec<&str> =
            truth.groups.iter().map(|group| group.id.as_str()).filter(|group| is_in(group, id)).collect();
        let Some(group) = groups().find(|group| is_in(&group.id, id)) else { continue };
        let held = |app: &str| truth.direct_roles.iter().any(|(who, what, _)| who == id && what == app);
        let apps = truth.grants.iter().map(|grant| grant.resource.as_str());
        let Some(app) = apps.into_iter().find(|app| !held(app) && mine.iter().all(|group| !opens(group, app))) else {
            continue;
        };
        let Some(other) = active().find(|user| user.account_id != id && is_in(&group.id, &user.account_id)) else {
            continue;
        };
        let outsider = |group: &&simulator::TrueGroup| {
            !is_in(&group.id, id) && !is_in(&group.id, &other.account_id) && !opens(&group.id, app)
        };
        let Some(second) = groups().find(outsider) else { continue };
        return Cast {
            person: id.to_owned(),
            other: other.account_id.clone(),
            idle: idle.account_id.clone(),
            group: group.id.clone(),
            second: second.id.clone(),
            app: app.to_owned(),
            used: person.last_active[0].0.clone(),
        };
    }
    panic!("nobody fits");
}

fn set<T: Ord + From<&'static str>>(words: &[&'static str]) -> BTreeSet<T> {
    words.iter().map(|word| T::from(word)).collect()
}
