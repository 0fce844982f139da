//! Kinds and scopes: a run reads and writes what was asked for, and nothing else; it proves absence there and nowhere
//! else; it goes on where it was cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use directory::{ClaimState, GroupId, Noun, Part};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{NoteKind, RunKind, RunState};
use rollcall::nouns::scope::{Chosen, Scope, Targets, WhichGroups, WhichUsers};
use rollcall::store::withheld;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::worker::work_once;
use simulator::{Answers, Change, Fault, FaultKind, NewUser, Options, Population, Role, ScheduledChange, Truth};

use crate::support::app::{ENGINES, Engine, TestApp, population};
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

/// Something of every noun changes.
fn change_everything(app: &TestApp, cast: &Cast) {
    let now = app.clock.now();
    app.simulator.change(|organization| {
        organization.rename(&cast.person, "Renamed Upstream").unwrap();
        organization.change_email(&cast.person, "renamed@elsewhere.example").unwrap();
        organization.suspend(&cast.other).unwrap();
        organization.set_last_active(&cast.person, &cast.used, now).unwrap();
        organization.set_platform_role(&cast.person, Role::SiteAdmin).unwrap();
        organization.set_direct_role(&cast.person, &cast.app, Role::User).unwrap();
        organization.rename_group(&cast.group, "Renamed Group").unwrap();
        assert!(organization.remove_member(&cast.group, &cast.other).unwrap());
        assert!(organization.add_member(&cast.second, &cast.person).unwrap());
        // Not on the app that is given directly: behind a group's grant a direct role is not seen.
        let mut roles = [Role::Guest, Role::Admin, Role::User].into_iter();
        assert!(roles.any(|role| organization.grant(&cast.second, &cast.used, role).unwrap()));
    });
}

/// Every expansion that any search for people has asked for.
fn expansions(app: &TestApp) -> BTreeSet<String> {
    let searches = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
    let bodies = searches.filter_map(|exchange| serde_json::from_str(exchange.request_body.as_deref()?).ok());
    let expand = |body: serde_json::Value| body["expand"].as_array().cloned().unwrap_or_default();
    bodies.flat_map(expand).filter_map(|word| Some(word.as_str()?.to_owned())).collect()
}

/// The last words of the endpoints that were asked.
fn endpoints(app: &TestApp) -> BTreeSet<String> {
    let short = |template: &str| template.rsplit("/directories/{d}/").next().unwrap_or_default().to_owned();
    let asked = app.simulator.requests_by_endpoint().into_keys();
    asked.map(|endpoint| short(endpoint.split_once(' ').unwrap().1)).collect()
}

fn set<T: Ord + From<&'static str>>(words: &[&'static str]) -> BTreeSet<T> {
    words.iter().map(|word| T::from(word)).collect()
}

const ORGANIZATION: &str = "/admin/v1/orgs/{o}";
const DIRECTORIES: &str = "/admin/v2/orgs/{o}/directories";

/// The ages that a run has renewed, by noun and kind of part.
fn renewed(before: &[directory::Age], app: &TestApp) -> BTreeSet<(&'static str, &'static str)> {
    let kind = |part: &Part| match part {
        Part::Whole => "whole",
        Part::Directory(_) => "directory",
        Part::Group(_) => "group",
        Part::Named => "named",
    };
    let now = app.now();
    let young = now.ages().iter().filter(|age| !before.contains(age));
    young.map(|age| (age.noun.as_str(), kind(&age.part))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scope_reads_and_writes_what_was_ticked_and_nothing_else() {
    let lists = ["users/search", "users/count", ORGANIZATION, DIRECTORIES];
    let groups = ["groups/search", "groups/count", "groups/{g}/role-assignments"];
    type Case = (&'static str, fn(&Cast) -> Chosen, Vec<&'static str>, Vec<&'static str>, Vec<&'static str>);
    let cases: Vec<Case> = vec![
        ("users", |_| ALL_USERS, vec!["accounts", "presence"], vec![], lists.to_vec()),
        ("last active", |_| LAST_ACTIVE, vec!["activity"], vec!["productAccess"], lists.to_vec()),
        (
            "groups",
            |_| ALL_GROUPS,
            vec!["groups", "memberships", "grants"],
            vec!["groups"],
            [&lists[..], &groups[..], &["/admin/v2/orgs/{o}/workspaces"]].concat(),
        ),
        (
            "both",
            |_| Chosen { last_active: true, ..ALL_USERS },
            vec!["accounts", "presence", "activity"],
            vec!["productAccess"],
            lists.to_vec(),
        ),
        (
            "members",
            |cast| members_of(&[&cast.group]),
            vec!["memberships"],
            vec![],
            vec!["users/search", "groups/search", ORGANIZATION, DIRECTORIES],
        ),
        (
            "users and members",
            |cast| Chosen { users: Some(WhichUsers::All), ..members_of(&[&cast.group, &cast.second]) },
            vec!["accounts", "presence", "memberships"],
            vec![],
            [&lists[..], &["groups/search"]].concat(),
        ),
    ];
    for engine in ENGINES {
        for (name, chosen, writes, expands, asks) in &cases {
            if engine == Engine::Postgres && !matches!(*name, "users" | "members") {
                continue;
            }
            let place = format!("{engine:?}, {name}");
            let app = mirrored(engine, &population(90, 601)).await;
            let cast = cast(&app.truth());
            change_everything(&app, &cast);
            let (before, ages) = (by_noun(&app), app.now().ages().to_vec());
            sync(&app, Scope::Chosen(chosen(&cast))).await;
            let mut written = changed(&before, &app);
            // The line of an account tells its best presence too.
            let about_people = writes.contains(&"accounts");
            assert!(about_people || !written.contains("accounts"), "{place}: {written:?}");
            if !about_people {
                written.remove("accounts");
            }
            assert_eq!(written, set(writes), "{place}");
            assert_eq!(expansions(&app), set(expands), "{place}");
            assert_eq!(endpoints(&app), set(asks), "{place}");
            assert_eq!(app.gaps().await, Vec::<String>::new(), "{place}");
            let kind = |noun: &&'static str| match *noun {
                "memberships" if !writes.contains(&"groups") => ("memberships", "group"),
                noun => (noun, "directory"),
            };
            assert_eq!(renewed(&ages, &app), writes.iter().map(kind).collect(), "{place}");
            // What it wrote is what a full pass finds.
            let scoped = by_noun(&app);
            app.sync().await.unwrap();
            assert_eq!(app.differences(), Vec::<String>::new(), "{place}");
            let late = changed(&scoped, &app);
            if *name == "members" {
                assert!(late.contains("memberships"), "{place}: the other group was not read");
            } else {
                assert!(writes.iter().all(|noun| !late.contains(noun)), "{place}: {late:?}");
            }
            for noun in ["accounts", "activity", "groups", "grants", "platform_roles", "direct_access"] {
                assert!(writes.contains(&noun) || late.contains(noun), "{place}: {noun} was left for the full pass");
            }
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_all_users_takes_people_for_gone_and_only_all_groups_takes_groups() {
    let cases: [(fn(&Cast) -> Chosen, bool, bool); 5] = [
        (|_| ALL_USERS, true, false),
        (|_| ALL_GROUPS, false, true),
        (|_| LAST_ACTIVE, false, false),
        (|_| WITH_ACTIVITY, false, false),
        (|cast| members_of(&[&cast.group, &cast.second]), false, false),
    ];
    for (chosen, person_goes, group_goes) in cases {
        let app = mirrored(Engine::Sqlite, &population(90, 602)).await;
        let cast = cast(&app.truth());
        let scope = chosen(&cast);
        let place = format!("{scope:?}");
        app.simulator.change(|organization| {
            organization.delete_account(&cast.other).unwrap();
            organization.delete_group(&cast.second).unwrap();
        });
        let before = app.now();
        sync(&app, Scope::Chosen(scope.clone())).await;
        let now = app.now();
        let (person, group) = (now.account(&cast.other).unwrap(), now.group(&cast.second).unwrap());
        assert_eq!(!now.present().contains(person), person_goes, "{place}");
        assert_eq!(now.group_row(group).unwrap().group.is_none(), group_goes, "{place}");
        let kept = before.memberships().members(group);
        if !group_goes {
            assert_eq!(now.memberships().members(group), kept, "{place}: nobody left what was not read");
        }
        if let WhichGroups::Members(_) = scope.groups {
            let read = now.group(&cast.group).unwrap();
            assert!(!now.memberships().contains(person, read), "{place}: they left the group that was read");
            let gaps = app.gaps().await;
            assert!(gaps.len() == 1 && gaps[0].contains("does not show this group any more"), "{gaps:?}");
        }
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{place}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_without_a_last_active_date_can_be_left_out_and_are_counted() {
    let app = mirrored(Engine::Sqlite, &population(90, 603)).await;
    let truth = app.truth();
    let cast = cast(&truth);
    let (ages, before) = (app.now().ages().to_vec(), app.now());
    app.simulator.change(|organization| {
        organization.rename(&cast.person, "Active Renamed").unwrap();
        organization.rename(&cast.idle, "Idle Renamed").unwrap();
        organization.delete_account(&cast.other).unwrap();
    });
    sync(&app, Scope::Chosen(WITH_ACTIVITY)).await;
    let name = |id: &str| app.now().account_row(app.now().account(id).unwrap()).unwrap().name.to_owned();
    let named = |id: &str| truth.users.iter().find(|user| user.account_id == id).unwrap().name.clone();
    assert_eq!((name(&cast.person), name(&cast.idle)), ("Active Renamed".to_owned(), named(&cast.idle)));
    assert_eq!(app.now().present(), before.present(), "nobody is gone");
    assert_eq!(renewed(&ages, &app), BTreeSet::new());
    assert_eq!(app.claims().await, [], "it claims nothing");
    let idle = app.truth().users.iter().filter(|user| user.last_active.is_empty()).count() as u64;
    let run = app.run().await;
    assert_eq!(run.progress.people_left_out, idle);
    assert_eq!(run.counts.unwrap().people_changed, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_group_whose_count_disagrees_loses_nobody() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(90, 604)).await;
        let cast = cast(&app.truth());
        app.simulator.change(|organization| {
            assert!(organization.remove_member(&cast.group, &cast.other).unwrap());
        });
        let wrong = FaultKind::UnknownValue { field: "counts.users".to_owned(), value: 1_000.into() };
        app.simulator.set_faults(vec![Fault::on(GROUPS, wrong).subject(&cast.group).always()]);
        sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
        let is_in = |app: &TestApp| {
            let now = app.now();
            now.memberships().contains(now.account(&cast.other).unwrap(), now.group(&cast.group).unwrap())
        };
        assert!(is_in(&app), "{engine:?}");
        let claim = app.claims().await.remove(0);
        assert_eq!((claim.noun, claim.state), (Noun::Memberships, ClaimState::Partial), "{engine:?}");
        assert!(claim.reason.unwrap().contains("Atlassian counted 1000"), "{engine:?}");
        let noted = app.notes().await;
        assert!(noted.iter().any(|note| note.kind == NoteKind::Gap && note.subject == cast.group), "{noted:?}");
        // A full pass that reads the group on its own explains the difference for good.
        app.sync().await.unwrap();
        assert!(!is_in(&app) || !app.gaps().await.is_empty());
        app.simulator.change(|organization| assert!(organization.add_member(&cast.group, &cast.other).unwrap()));
        app.sync().await.unwrap();
        app.simulator.set_faults(Vec::new());
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        app.stop().await;
    }
}

/// A difference that a full pass has explained is no reason for doubt; once it has changed it is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_offset_of_a_chosen_group_is_respected() {
    let app = mirrored(Engine::Sqlite, &population(90, 605)).await;
    let (cast, truth) = (cast(&app.truth()), app.truth());
    let counted = truth.groups.iter().find(|group| group.id == cast.group).unwrap().members;
    let says = |count: u32| {
        let field = "counts.users".to_owned();
        let fault = Fault::on(GROUPS, FaultKind::UnknownValue { field, value: count.into() });
        app.simulator.set_faults(vec![fault.subject(&cast.group).always()]);
    };
    says(counted + 3);
    app.sync().await.unwrap();
    let state = async || {
        let claims = app.claims().await;
        claims.iter().find(|claim| matches!(claim.part, Part::Group(_))).unwrap().state
    };
    app.simulator.change(|organization| assert!(organization.remove_member(&cast.group, &cast.other).unwrap()));
    says(counted + 2);
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert_eq!(state().await, ClaimState::Complete);
    let now = app.now();
    assert!(!now.memberships().contains(now.account(&cast.other).unwrap(), now.group(&cast.group).unwrap()));
    says(counted + 7);
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert_eq!(state().await, ClaimState::Partial);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_nobody_knows_are_named_and_come_with_the_next_full_sync() {
    let app = mirrored(Engine::Sqlite, &population(90, 606)).await;
    let cast = cast(&app.truth());
    let stranger = app.simulator.change(|organization| {
        let user = NewUser { name: "Stella Strange".to_owned(), email: "stella@x.example".to_owned(), directory: None };
        let stranger = organization.add_user(&user).unwrap();
        organization.add_member(&cast.group, &stranger).unwrap();
        organization.add_member(&cast.group, &cast.idle).unwrap();
        stranger
    });
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert!(app.now().account(&stranger).is_none(), "of whom nothing but a membership is known gets no place");
    let now = app.now();
    assert!(now.memberships().contains(now.account(&cast.idle).unwrap(), now.group(&cast.group).unwrap()));
    let gaps = app.gaps().await;
    assert!(gaps.len() == 1 && gaps[0].contains("1 members are not known yet"), "{gaps:?}");
    app.sync().await.unwrap();
    assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_the_place_is_held_is_told_which_run_holds_it() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(60, 607)).await;
        let cast = cast(&app.truth());
        let Asked::Queued(first) = ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await else {
            panic!("the place is free")
        };
        let Asked::Held(holder) = ask(&app, Scope::Chosen(LAST_ACTIVE), Some("other click")).await else {
            panic!("{engine:?}: one run holds the place")
        };
        assert_eq!((&holder.id, holder.kind, holder.state), (&first, RunKind::Manual, RunState::Queued));
        assert_eq!((holder.scope, holder.asked_by), (Scope::Chosen(ALL_USERS), Actor::CommandLine.as_text()));
        assert_eq!(ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await, Asked::Queued(first.clone()));
        let targets = Targets { people: Vec::new(), groups: vec![GroupId::new(&cast.group).unwrap()] };
        let beside = ask(&app, Scope::Targeted(targets), None).await;
        assert!(matches!(beside, Asked::Queued(_)), "{engine:?}: a targeted read needs no place");
        app.work().await.unwrap();
        assert_eq!(app.run().await.kind, RunKind::Operation, "and comes first");
        app.work().await.unwrap();
        assert_eq!(ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await, Asked::Queued(first), "also afterwards");
        let again = ask(&app, Scope::Chosen(LAST_ACTIVE), Some("other click")).await;
        assert!(matches!(again, Asked::Queued(_)), "who was refused may ask again: {again:?}");
        app.stop().await;
    }
}

/// Killed between two pages of a chosen group's members: the next process goes on at the page where it stood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_group_is_read_on_where_the_reading_was_killed() {
    for (engine, answers) in [
        (Engine::Sqlite, Answers::default()),
        (Engine::Sqlite, Answers::opposite()),
        (Engine::Postgres, Answers::default()),
    ] {
        let options = Options { answers: answers.clone(), ..Options::default() };
        let mut app = TestApp::start_with(engine, &population(700, 608), options).await;
        app.work().await.unwrap();
        let truth = app.simulator.known_truth();
        let group = truth.groups.iter().max_by_key(|group| group.members).unwrap().clone();
        assert!(group.members > 200, "three pages");
        let mut members =
            truth.memberships.iter().filter(|(id, _)| *id == group.id).map(|(_, account)| account.clone());
        let (leaver, kept) = (members.next().unwrap(), members.count());
        app.simulator.change(|organization| assert!(organization.remove_member(&group.id, &leaver).unwrap()));
        app.clock.advance(Duration::from_secs(60));
        app.simulator.clear_ledger();

        let late = FaultKind::RateLimited { retry_after: Some("60".to_owned()), reset: None };
        app.simulator.set_faults(vec![
            Fault::on(USERS, late).attempts(3..=3),
            Fault::on(USERS, FaultKind::Delay { milliseconds: 600 }).always(),
        ]);
        let reached = Arc::new(Mutex::new(None));
        let (clock, slot) = (app.clock.clone(), reached.clone());
        let change = Change::custom(move |_| *slot.lock().unwrap() = Some(clock.busy()));
        app.simulator.set_changes(vec![ScheduledChange { path: USERS.to_owned(), request: 3, change }]);
        ask(&app, Scope::Chosen(members_of(&[&group.id])), None).await;
        let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
        let reading = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while reached.lock().unwrap().is_none() {
            assert!(!reading.is_finished(), "{engine:?}: it was to be held at its third page");
            tokio::task::yield_now().await;
        }
        reading.abort();
        drop(reading.await);
        drop(reached.lock().unwrap().take());
        app.simulator.set_faults(Vec::new());
        app.restart().await;
        let pages = || -> Vec<u32> {
            let read = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
            read.filter(|exchange| exchange.status == Some(200)).filter_map(|exchange| exchange.page).collect()
        };
        let before = pages();
        assert_eq!(before, [0, 1], "{engine:?}");
        app.work_through().await;
        let after: Vec<u32> = pages()[before.len()..].to_vec();
        assert!(after.first().is_some_and(|page| *page >= 1), "{engine:?}: it went on at {after:?}");
        assert_eq!(app.gaps().await, Vec::<String>::new(), "{engine:?}");
        let now = app.now();
        let ordinal = now.group(&group.id).unwrap();
        assert_eq!(now.memberships().members(ordinal).len(), kept as u64, "{engine:?}, {answers:?}");
        assert!(!now.memberships().contains(now.account(&leaver).unwrap(), ordinal));
        app.assert_sound().await;
        app.stop().await;
    }
}

/// W10, its first half: one group is refreshed; what happened elsewhere shows with the next full sync; a shrink waits for
/// a person; who was deleted is a former member with their history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_one_group_is_refreshed_and_the_rest_follows_with_the_next_full_sync() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 609)).await;
        let truth = app.truth();
        let group = truth.groups.iter().filter(|group| group.members >= 40).min_by_key(|group| group.members).unwrap();
        let in_group = |group: &str| -> Vec<String> {
            truth.memberships.iter().filter(|(id, _)| id == group).map(|(_, account)| account.clone()).collect()
        };
        let inside = in_group(&group.id);
        let outsider = truth.users.iter().find(|user| {
            !inside.contains(&user.account_id) && !user.directories.is_empty() && user.account_type == "atlassian"
        });
        let outsider = outsider.unwrap().account_id.clone();
        let elsewhere = truth.groups.iter().find(|other| other.id != group.id).unwrap();
        app.simulator.change(|organization| {
            assert!(organization.remove_member(&group.id, &inside[0]).unwrap());
            assert!(organization.add_member(&group.id, &outsider).unwrap());
            organization.rename_group(&elsewhere.id, "Renamed Elsewhere").unwrap();
            organization.rename(&inside[1], "Renamed Member").unwrap();
        });
        let before = by_noun(&app);
        sync(&app, Scope::Chosen(members_of(&[&group.id]))).await;
        assert_eq!(changed(&before, &app), set(&["memberships"]), "{engine:?}");
        let counts = app.run().await.counts.unwrap();
        assert_eq!(
            (counts.memberships_added, counts.memberships_removed),
            (1, 1),
            "{engine:?}: the difference is shown"
        );
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}: the rest follows");

        app.simulator.change(|organization| {
            inside[2..12].iter().for_each(|id| assert!(organization.remove_member(&group.id, id).unwrap()));
        });
        let members = app.now().memberships().members(app.now().group(&group.id).unwrap()).clone();
        sync(&app, Scope::Chosen(members_of(&[&group.id]))).await;
        let now = app.now();
        let ordinal = now.group(&group.id).unwrap();
        assert_eq!(*now.memberships().members(ordinal), members, "{engine:?}: a shrink of ten is withheld");
        assert_eq!(app.run().await.withheld_rows, 10);
        assert_eq!(app.mirror.store().read(withheld::count_open).await.unwrap(), 1);
        let claim = app.claims().await.remove(0);
        assert_eq!(claim.state, ClaimState::Partial, "{engine:?}");

        app.simulator.change(|organization| {
            inside[2..12].iter().for_each(|id| assert!(organization.add_member(&group.id, id).unwrap()));
            organization.delete_account(&inside[3]).unwrap();
        });
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        assert_eq!(
            app.mirror.store().read(withheld::count_open).await.unwrap(),
            0,
            "{engine:?}: it was looked at anew"
        );
        let now = app.now();
        let former = now.account(&inside[3]).unwrap();
        assert!(!now.present().contains(former) && now.account_row(former).is_some(), "{engine:?}: known as former");
        app.assert_sound().await;
        app.stop().await;
    }
}
