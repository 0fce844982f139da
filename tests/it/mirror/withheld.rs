//! Rows that are withheld: the run says which and why, seals all else and holds no place; a person approves or dismisses
//! them, and what is taken out is exactly what was approved and is still gone.

use std::collections::BTreeSet;

use directory::{ClaimState, Noun, Part, Rule, Snapshot, Thresholds};
use roaring::RoaringBitmap;
use rollcall::id::WithheldId;
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::nouns::withheld::{WithheldRows, WithheldState};
use rollcall::store::{events, runs, withheld};
use rollcall::sync::guards;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::review::{self, Chosen, Decided};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Fault, FaultKind, Organization, Population, Role, Truth};

use crate::support::app::{ENGINES, Engine, TestApp, population};

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";

fn administrator(app: &TestApp) -> Context {
    Context { actor: Actor::CommandLine, now: app.clock.now() }
}

async fn mirrored(engine: Engine, population: &Population) -> TestApp {
    let app = TestApp::start(engine, population).await;
    app.work().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app
}

async fn open(app: &TestApp) -> Vec<WithheldRows> {
    app.mirror.store().read(withheld::open).await.unwrap()
}

/// What waits by one rule; there is one such.
async fn open_by(app: &TestApp, rule: Rule) -> WithheldRows {
    let mut open = open(app).await;
    open.retain(|kept| kept.withheld.rule == rule);
    assert_eq!(open.len(), 1, "{open:?}");
    open.remove(0)
}

async fn find(app: &TestApp, id: &WithheldId) -> WithheldRows {
    let id = id.clone();
    app.mirror.store().read(move |tx| withheld::find(tx, &id)).await.unwrap().unwrap()
}

async fn approve(app: &TestApp, id: &WithheldId, chosen: Chosen) -> Decided {
    approve_once(app, id, chosen, None).await
}

async fn approve_once(app: &TestApp, id: &WithheldId, chosen: Chosen, key: Option<&str>) -> Decided {
    let request = (key.map(str::to_owned), &app.surroundings.entropy);
    review::approve(&administrator(app), &app.mirror, (id, chosen), request).await.unwrap()
}

async fn dismiss(app: &TestApp, id: &WithheldId, chosen: Chosen, reason: &str) -> Decided {
    let said = (reason.to_owned(), &app.surroundings.entropy);
    review::dismiss(&administrator(app), &app.mirror, (id, chosen), said).await.unwrap()
}

/// Approves and carries the read out.
async fn approve_and_read(app: &TestApp, id: &WithheldId, chosen: Chosen) {
    let decided = approve(app, id, chosen).await;
    assert!(matches!(decided, Decided::Asked(Asked::Queued(_))), "{decided:?}");
    app.work_through().await;
    assert_eq!(app.run().await.kind, RunKind::Approval);
    app.assert_sound().await;
}

async fn all_runs(app: &TestApp) -> usize {
    app.mirror.store().read(|tx| runs::list(tx, None, 100)).await.unwrap().len()
}

async fn events_of(app: &TestApp, kind: &'static str) -> usize {
    let all = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 1000)).await.unwrap();
    all.iter().filter(|event| event.kind == kind).count()
}

/// People with one directory, who are gone for good when they are deleted.
fn somebody(truth: &Truth, n: usize) -> Vec<String> {
    let people = truth.users.iter().filter(|user| user.directories.len() == 1 && user.account_type == "atlassian");
    let ids: Vec<String> = people.map(|user| user.account_id.clone()).take(n).collect();
    assert_eq!(ids.len(), n);
    ids
}

fn ordinals<'a>(snapshot: &Snapshot, ids: impl IntoIterator<Item = &'a String>) -> RoaringBitmap {
    ids.into_iter().map(|id| snapshot.account(id).unwrap()).collect()
}

fn group_ordinals<'a>(snapshot: &Snapshot, ids: impl IntoIterator<Item = &'a String>) -> RoaringBitmap {
    ids.into_iter().map(|id| snapshot.group(id).unwrap()).collect()
}

fn present(app: &TestApp, ids: &[String]) -> usize {
    let now = app.now();
    ids.iter().filter(|id| now.present().contains(now.account(id).unwrap())).count()
}

fn members(app: &TestApp, group: &str) -> RoaringBitmap {
    let now = app.now();
    now.memberships().members(now.group(group).unwrap()).clone()
}

/// A group large enough to be guarded by share, and some of its members.
fn large_group(truth: &Truth, least: u32, leaving: usize) -> (String, Vec<String>) {
    let group = truth.groups.iter().filter(|group| group.members >= least).min_by_key(|group| group.members).unwrap();
    let of_group = truth.memberships.iter().filter(|(id, _)| *id == group.id);
    (group.id.clone(), of_group.map(|(_, account)| account.clone()).take(leaving).collect())
}

/// What the run said and did when it withheld these rows, beside a rename that it sealed.
async fn assert_withheld(app: &TestApp, (rule, noun): (Rule, Noun), rows: &RoaringBitmap) -> WithheldRows {
    let (run, kept) = (app.run().await, open_by(app, rule).await);
    assert_eq!(run.state, RunState::Sealed, "{rule:?}");
    assert_eq!((&kept.withheld.rows, &kept.open, &kept.run), (rows, rows, &run.id), "{rule:?}");
    assert_eq!((kept.state, &kept.closed), (WithheldState::Open, &None));
    assert_eq!(kept.withheld.thresholds.share_percent, 10, "{rule:?}: by which numbers");
    assert!(kept.withheld.present >= rows.len(), "{rule:?}: of how many");
    let waiting: u64 = open(app).await.iter().map(|kept| kept.open.len()).sum();
    assert_eq!(run.withheld_rows, waiting, "{rule:?}: the run counts them");
    let partial = |part: &Part| *part != Part::Named;
    let claims = app.claims().await;
    let of_noun = || claims.iter().filter(|claim| claim.noun == noun && partial(&claim.part));
    assert!(of_noun().any(|claim| claim.state == ClaimState::Partial), "{rule:?}: what was withheld is not whole");
    assert!(matches!(app.ask().await, Asked::Queued(_)), "{rule:?}: it holds no place");
    let (run, context) = (app.run().await.id, administrator(app));
    assert!(request::cancel(&context, &app.mirror, &run, &app.surroundings.entropy).await.unwrap());
    app.assert_sound().await;
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_people_wait_until_somebody_approves_them_and_are_then_former_people() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 501)).await;
        let leaving = somebody(&app.truth(), 30);
        let staying = app.truth().users.iter().map(|user| &user.account_id).find(|id| !leaving.contains(id)).cloned();
        let staying = staying.unwrap();
        app.simulator.change(|organization| {
            leaving.iter().for_each(|id| organization.delete_account(id).unwrap());
            organization.rename(&staying, "Renamed Meanwhile").unwrap();
        });
        app.sync().await.unwrap();
        let now = app.now();
        assert_eq!(now.account_row(now.account(&staying).unwrap()).unwrap().name, "Renamed Meanwhile");
        assert_eq!(present(&app, &leaving), 30);
        let rows = ordinals(&app.now(), &leaving);
        let kept = assert_withheld(&app, (Rule::PeopleMissing, Noun::Presence), &rows).await;
        app.simulator.clear_ledger();
        app.simulator.set_record(true);

        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!(present(&app, &leaving), 0, "{engine:?}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        assert!(leaving.iter().all(|id| app.now().account(id).is_some()), "they keep their place, as former people");
        let whole = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
        let by_id = |body: &Option<String>| body.as_deref().is_some_and(|body| body.contains("accountIds"));
        assert!(whole.into_iter().all(|exchange| by_id(&exchange.request_body)), "nobody else was read");
        let kept = find(&app, &kept.id).await;
        assert_eq!((kept.state, kept.open.len()), (WithheldState::Settled, 0));
        assert_eq!(kept.closed.unwrap().by, Actor::CommandLine.as_text());
        assert_eq!(events_of(&app, "withheld.approved").await, 1);
        assert_eq!(approve(&app, &kept.id, Chosen::All).await, Decided::NotOpen);
        assert_eq!(dismiss(&app, &kept.id, Chosen::All, "late").await, Decided::NotOpen);
        app.stop().await;
    }
}

/// An empty list with a count that agrees: everybody is missing, everybody is withheld, and approving it takes nobody
/// out, because by then everybody answers again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_back_when_the_rows_are_approved_stays() {
    let app = mirrored(Engine::Sqlite, &population(90, 502)).await;
    app.simulator.set_faults(vec![
        Fault::on(USERS, FaultKind::EmptyList).always(),
        Fault::on("users/count", FaultKind::CountOffBy { n: -100_000 }).always(),
    ]);
    let before = app.now();
    app.sync().await.unwrap();
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    let kept: Vec<WithheldRows> =
        open(&app).await.into_iter().filter(|kept| kept.withheld.rule == Rule::PeopleMissing).collect();
    assert!(!kept.is_empty());
    app.simulator.set_faults(Vec::new());
    for kept in &kept {
        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!(find(&app, &kept.id).await.state, WithheldState::Settled, "each row was learned to be there");
    }
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approving_some_people_takes_out_exactly_these() {
    let app = mirrored(Engine::Sqlite, &population(200, 503)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let (some, others) = leaving.split_at(28);
    approve_and_read(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some))).await;
    assert_eq!((present(&app, some), present(&app, others)), (0, 2));
    let kept = find(&app, &kept.id).await;
    assert_eq!((kept.state, &kept.open), (WithheldState::Open, &ordinals(&app.now(), others)), "the rest waits on");
    let decided = approve(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some))).await;
    assert_eq!(decided, Decided::NoRows, "they wait no more");
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(open(&app).await, vec![]);
    app.stop().await;
}

/// So few are left over that no share holds them back any more: they stay all the same, because nobody approved them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approving_some_members_of_a_group_takes_out_exactly_these() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 504)).await;
        let (group, leaving) = large_group(&app.truth(), 40, 15);
        app.simulator.change(|organization| {
            leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
        });
        app.sync().await.unwrap();
        let rows = ordinals(&app.now(), &leaving);
        let kept = assert_withheld(&app, (Rule::MembersMissing, Noun::Memberships), &rows).await;
        assert_eq!(kept.withheld.part.to_text(), format!("group:{group}"));
        assert!(rows.is_subset(&members(&app, &group)));

        let (some, others) = leaving.split_at(13);
        let (approved, rest) = (ordinals(&app.now(), some), ordinals(&app.now(), others));
        approve_and_read(&app, &kept.id, Chosen::Rows(approved.clone())).await;
        assert!(members(&app, &group).is_disjoint(&approved), "{engine:?}");
        assert!(rest.is_subset(&members(&app, &group)), "{engine:?}: two were not approved");
        let waiting = open_by(&app, Rule::MembersMissing).await;
        assert_eq!((&waiting.id, &waiting.open), (&kept.id, &rest), "{engine:?}: and are not named twice");
        let of_group = |noun, part: &Part| noun == Noun::Memberships && *part == kept.withheld.part;
        let claim = app.claims().await.into_iter().find(|claim| of_group(claim.noun, &claim.part)).unwrap();
        assert_eq!(claim.state, ClaimState::Partial, "{engine:?}: two of its rows are old");
        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{engine:?}");
        app.stop().await;
    }
}

/// A targeted read without leave neither takes them out nor names them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_targeted_read_leaves_what_waits_for_a_person() {
    let app = mirrored(Engine::Sqlite, &population(200, 505)).await;
    let (group, leaving) = large_group(&app.truth(), 40, 15);
    app.simulator.change(|organization| {
        leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
    });
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::MembersMissing).await;
    app.simulator.change(|organization| {
        leaving[1..].iter().for_each(|id| assert!(organization.add_member(&group, id).unwrap()));
    });
    let targets = Targets { people: Vec::new(), groups: vec![directory::GroupId::new(&group).unwrap()] };
    let ask = Ask::scoped(RunKind::Operation, Scope::Targeted(targets));
    request::start(&administrator(&app), &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
    app.work().await.unwrap();
    assert!(ordinals(&app.now(), &leaving).is_subset(&members(&app, &group)));
    assert_eq!(open_by(&app, Rule::MembersMissing).await, kept);
    // The next pass judges anew: one member is not too many.
    app.sync().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    let kept = find(&app, &kept.id).await;
    assert_eq!((kept.state, kept.closed.unwrap().by), (WithheldState::Replaced, Actor::System.as_text()));
    app.assert_sound().await;
    app.stop().await;
}

/// A change that is too much, by rule.
struct TooMuch {
    rule: Rule,
    noun: Noun,
    /// What has to be there before.
    before: fn(&mut Organization, &Truth),
    /// The change, and whom or what it concerns.
    change: fn(&mut Organization, &Truth) -> Vec<String>,
}

fn nothing(_: &mut Organization, _: &Truth) {}

/// People and an app that no group of theirs opens.
fn without_app(truth: &Truth, n: usize) -> Vec<(String, String)> {
    let opens = |group: &str, app: &str| truth.grants.iter().any(|grant| grant.group == group && grant.resource == app);
    let apps: BTreeSet<&str> = truth.grants.iter().map(|grant| grant.resource.as_str()).collect();
    let people = truth.users.iter().filter(|user| !user.directories.is_empty() && user.account_type == "atlassian");
    let fitting = people.filter_map(|user| {
        let mine = || truth.memberships.iter().filter(|(_, account)| *account == user.account_id);
        let held = |app: &str| truth.direct_roles.iter().any(|(who, what, _)| *who == user.account_id && what == app);
        let app = apps.iter().find(|app| !held(app) && mine().all(|(group, _)| !opens(group, app)))?;
        Some((user.account_id.clone(), (*app).to_owned()))
    });
    fitting.take(n).collect()
}

const TOO_MUCH: &[TooMuch] = &[
    TooMuch {
        rule: Rule::StatusesChanged,
        noun: Noun::Presence,
        before: nothing,
        change: |organization, truth| {
            let active = |id: &String| truth.users.iter().any(|user| user.account_id == *id && user.status == "active");
            let ids: Vec<String> = somebody(truth, 40).into_iter().filter(active).collect();
            ids.iter().for_each(|id| organization.suspend(id).unwrap());
            ids
        },
    },
    TooMuch {
        rule: Rule::EmailsChanged,
        noun: Noun::Accounts,
        before: nothing,
        change: |organization, truth| {
            let ids = somebody(truth, 30);
            for (nth, id) in ids.iter().enumerate() {
                organization.change_email(id, &format!("other{nth}@elsewhere.example")).unwrap();
            }
            ids
        },
    },
    TooMuch {
        rule: Rule::GrantsMissing,
        noun: Noun::Grants,
        before: nothing,
        change: |organization, truth| {
            let groups: BTreeSet<&String> = truth.grants.iter().map(|grant| &grant.group).collect();
            let some: Vec<String> = groups.into_iter().take(6).cloned().collect();
            for grant in truth.grants.iter().filter(|grant| some.contains(&grant.group)) {
                let role = [Role::User, Role::Admin, Role::Guest, Role::Customer, Role::Contributor, Role::Basic];
                let role = role.into_iter().find(|role| role.id() == grant.role);
                role.map(|role| organization.revoke(&grant.group, &grant.resource, role).unwrap());
            }
            let left: BTreeSet<String> = organization.truth().grants.into_iter().map(|grant| grant.group).collect();
            some.into_iter().filter(|group| !left.contains(group)).collect()
        },
    },
    TooMuch {
        rule: Rule::DirectRolesMissing,
        noun: Noun::DirectAccess,
        before: |organization, truth| {
            let given = without_app(truth, 12);
            assert!(given.len() >= 8);
            for (id, app) in given {
                organization.set_direct_role(&id, &app, Role::User).unwrap();
            }
        },
        change: |organization, truth| {
            let mut taken = BTreeSet::new();
            let people: BTreeSet<&String> = truth.direct_roles.iter().map(|(account, ..)| account).collect();
            for (account, app, role) in &truth.direct_roles {
                if *role == Role::User.id() && organization.clear_direct_role(account, app, Role::User).unwrap() {
                    taken.insert(account.clone());
                }
            }
            assert!(taken.len() >= 5 && people.len() >= taken.len());
            taken.into_iter().collect()
        },
    },
    TooMuch {
        rule: Rule::PlatformRolesMissing,
        noun: Noun::PlatformRoles,
        before: |organization, truth| {
            for id in somebody(truth, 12) {
                organization.set_platform_role(&id, Role::SiteAdmin).unwrap();
            }
        },
        change: |organization, _| {
            let holders = organization.holders_of(Role::SiteAdmin);
            holders.iter().for_each(|id| assert!(organization.clear_platform_role(id, Role::SiteAdmin).unwrap()));
            holders
        },
    },
    TooMuch {
        rule: Rule::GroupsMissing,
        noun: Noun::Groups,
        before: nothing,
        change: |organization, truth| {
            let ids: Vec<String> = truth.groups.iter().take(6).map(|group| group.id.clone()).collect();
            ids.iter().for_each(|id| organization.delete_group(id).unwrap());
            ids
        },
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_withholds_its_rows_and_approving_them_settles_them() {
    for (seed, case) in (510..).zip(TOO_MUCH) {
        let rule = case.rule;
        let app = mirrored(Engine::Sqlite, &Population { groups: Some(30), ..population(200, seed) }).await;
        let truth = app.truth();
        app.simulator.change(|organization| (case.before)(organization, &truth));
        app.sync().await.unwrap();
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{rule:?}");
        let (before, truth) = (app.now(), app.truth());
        let ids = app.simulator.change(|organization| (case.change)(organization, &truth));
        app.sync().await.unwrap();
        let rows = if rule.rows_are_groups() { group_ordinals(&before, &ids) } else { ordinals(&before, &ids) };
        let kept = assert_withheld(&app, (rule, case.noun), &rows).await;
        assert_ne!(app.differences(), Vec::<String>::new(), "{rule:?}: the rows stay as they were");

        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{rule:?}");
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{rule:?}: and a quiet pass agrees");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dismissed_rows_stay_with_their_reason_until_the_next_pass_withholds_them_anew() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 521)).await;
        let leaving = somebody(&app.truth(), 30);
        app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
        app.sync().await.unwrap();
        let kept = open_by(&app, Rule::PeopleMissing).await;
        let (some, others) = leaving.split_at(10);
        let decided = dismiss(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some)), "On leave.").await;
        assert_eq!(decided, Decided::Dismissed);
        let kept = find(&app, &kept.id).await;
        assert_eq!((kept.state, &kept.open), (WithheldState::Open, &ordinals(&app.now(), others)));
        assert_eq!(dismiss(&app, &kept.id, Chosen::All, "A test organization.").await, Decided::Dismissed);
        let kept = find(&app, &kept.id).await;
        let closed = kept.closed.unwrap();
        assert_eq!((kept.state, kept.open.len()), (WithheldState::Dismissed, 0));
        assert_eq!((closed.reason.as_str(), closed.by), ("A test organization.", Actor::CommandLine.as_text()));
        assert_eq!((open(&app).await, present(&app, &leaving)), (vec![], 30), "{engine:?}");
        assert_eq!(events_of(&app, "withheld.dismissed").await, 2);

        app.sync().await.unwrap();
        let anew = open_by(&app, Rule::PeopleMissing).await;
        assert_eq!((anew.open.len(), find(&app, &kept.id).await.state), (30, WithheldState::Dismissed));
        app.sync().await.unwrap();
        let latest = open_by(&app, Rule::PeopleMissing).await;
        assert_eq!(
            find(&app, &anew.id).await.state,
            WithheldState::Replaced,
            "the next pass replaces what is withheld"
        );
        assert_ne!(latest.id, anew.id);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_thousand_approved_rows_take_a_new_pass() {
    let app = mirrored(Engine::Sqlite, &population(1_600, 531)).await;
    let leaving = somebody(&app.truth(), 1_100);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    assert_eq!(kept.open.len(), 1_100);
    let Asked::Queued(holder) = app.ask().await else { panic!("the place is free") };
    let decided = approve(&app, &kept.id, Chosen::All).await;
    assert!(matches!(&decided, Decided::Asked(Asked::Held(run)) if run.id == holder), "{decided:?}");
    assert!(request::cancel(&administrator(&app), &app.mirror, &holder, &app.surroundings.entropy).await.unwrap());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(app.run().await.scope, Scope::Everything);
    assert_eq!(present(&app, &leaving), 0);
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    assert_eq!(find(&app, &kept.id).await.state, WithheldState::Settled);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_rows_of_which_nothing_could_be_learned_wait_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 541)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let unlucky = app.now().account_id(kept.open.select(17).unwrap()).unwrap().to_string();
    app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&unlucky).always()]);
    approve_and_read(&app, &kept.id, Chosen::All).await;
    let waiting = find(&app, &kept.id).await;
    assert_eq!(waiting.state, WithheldState::Open);
    assert!(waiting.open.contains(app.now().account(&unlucky).unwrap()));
    assert_eq!(waiting.open.len(), 10, "those who were asked for together");
    assert_eq!(present(&app, &leaving), 10, "nobody of whom nothing was learned is taken out");
    app.simulator.set_faults(Vec::new());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.stop().await;
}

/// Whole read by whole read: a group of which nothing could be learned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_group_that_could_not_be_read_waits_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 542)).await;
    let (group, leaving) = large_group(&app.truth(), 40, 15);
    app.simulator.change(|organization| {
        leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
    });
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::MembersMissing).await;
    app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&group).always()]);
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(find(&app, &kept.id).await, kept);
    assert!(kept.open.is_subset(&members(&app, &group)));
    app.simulator.set_faults(Vec::new());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_is_one_approval() {
    let app = mirrored(Engine::Sqlite, &population(200, 551)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let runs = all_runs(&app).await;
    let first = approve_once(&app, &kept.id, Chosen::All, Some("click")).await;
    assert_eq!(approve_once(&app, &kept.id, Chosen::All, Some("click")).await, first);
    assert_eq!((all_runs(&app).await, events_of(&app, "withheld.approved").await), (runs + 1, 1));
    // Two approvals of the same rows are no harm either.
    approve(&app, &kept.id, Chosen::All).await;
    app.work().await.unwrap();
    app.work().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    assert_eq!(approve_once(&app, &kept.id, Chosen::All, Some("click")).await, first, "also when all is over");
    let idle = work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    assert!(matches!(idle, Worked::Idle), "{idle:?}");
    app.assert_sound().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thresholds_that_somebody_chose_hold_from_the_next_run_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 561)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving[..4].iter().for_each(|id| organization.delete_account(id).unwrap()));
    let choose = async |share, least, small| {
        let thresholds = guards::thresholds(share, least, small).unwrap();
        let context = administrator(&app);
        guards::choose(&context, &app.mirror, thresholds, &app.surroundings.entropy).await.unwrap();
    };
    choose(1, 2, 20).await;
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    assert_eq!(kept.withheld.thresholds, Thresholds { share_percent: 1, least: 2, ..kept.withheld.thresholds });
    assert_eq!(present(&app, &leaving), 30);
    let reason = app.claim(Noun::Presence, &app.directory()).await.reason.unwrap();
    assert!(reason.contains("more than 1 %"), "{reason}");
    choose(60, 2, 20).await;
    app.simulator.change(|organization| leaving[4..].iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "thirty are less than sixty percent");
    let chosen = app.mirror.store().read(guards::read).await.unwrap().chosen.unwrap().0;
    assert_eq!(chosen, Actor::CommandLine.as_text());
    assert_eq!(events_of(&app, "setting.changed").await, 2);
    for (share, least, small) in [(0, 5, 20), (100, 5, 20), (10, 0, 20), (10, 1_000_001, 20), (10, 5, 1_001)] {
        assert!(guards::thresholds(share, least, small).is_err(), "{share} {least} {small}");
    }
    app.stop().await;
}

/// A run that seals beside open rows, and one approval after the other beside a pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_taken_out_beside_a_pass_that_saw_them_do_not_come_back() {
    let app = mirrored(Engine::Sqlite, &population(200, 571)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    app.ask().await;
    let decided = approve(&app, &kept.id, Chosen::All).await;
    assert!(matches!(decided, Decided::Asked(Asked::Queued(_))), "it needs no place: {decided:?}");
    // The targeted read comes first, then the pass from its generation on.
    app.work().await.unwrap();
    let sealed = app.work().await.unwrap();
    assert!(matches!(sealed, Sealed::Done { .. }), "{sealed:?}");
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.assert_sound().await;
    app.stop().await;
}
