//! Rows that are withheld: the run says which and why, seals all else and holds no place; a person approves or dismisses
//! them, and what is taken out is exactly what was approved and is still gone.

mod approved;
mod rules;
mod waiting;

use directory::{ClaimState, Noun, Part, Rule, Snapshot};
use roaring::RoaringBitmap;
use rollcall::id::WithheldId;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::withheld::{WithheldRows, WithheldState};
use rollcall::store::{events, runs, withheld};
use rollcall::sync::request::{self, Asked};
use rollcall::sync::review::{self, Chosen, Decided};
use simulator::{Population, Truth};

use crate::support::app::{Engine, TestApp};

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
