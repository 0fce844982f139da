//! Targeted reads beside a pass: whichever of the two has asked later is believed, fact by fact, however they meet and
//! wherever the pass is killed.

mod meetings;
mod stories;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Busy;
use directory::{AccountId, GroupId};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::RunKind;
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::sync::ended::Ended;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Change, Fault, FaultKind, Organization, ScheduledChange};
use tokio::task::JoinHandle;

use crate::support::app::TestApp;

const USERS_COUNT: &str = "/admin/v2/orgs/{o}/directories/{d}/users/count";
/// The pass has read nothing yet but the names of the directories.
const BEFORE_PAGES: u32 = 1;
/// The pass has read and kept every page, and asks for the counts again.
const AFTER_PAGES: u32 = 3;

type Pass = JoinHandle<Result<Worked, rollcall::store::error::StoreError>>;

/// A pass that waits at a request. Time stands still, and upstream has refused it for a minute.
struct Held {
    pass: Pass,
    busy: Busy,
}

/// Makes whoever asks for the n-th count of people wait; the guard is in the slot from then on.
fn hold_at(app: &TestApp, request: u32) -> Arc<Mutex<Option<Busy>>> {
    let slot = Arc::new(Mutex::new(None));
    let (clock, held) = (app.clock.clone(), slot.clone());
    let later = FaultKind::RateLimited { retry_after: Some("60".to_owned()), reset: None };
    app.simulator.set_faults(vec![Fault::on(USERS_COUNT, later).attempts(request..=request)]);
    let change = Change::custom(move |_| *held.lock().unwrap() = Some(clock.busy()));
    app.simulator.set_changes(vec![ScheduledChange { path: USERS_COUNT.to_owned(), request, change }]);
    slot
}

async fn until_held(slot: &Mutex<Option<Busy>>, pass: &Pass) -> Busy {
    loop {
        if let Some(busy) = slot.lock().unwrap().take() {
            return busy;
        }
        assert!(!pass.is_finished(), "the pass was to wait on its way");
        tokio::task::yield_now().await;
    }
}

/// Begins a pass and holds it.
async fn held(app: &TestApp, request: u32) -> Held {
    let slot = hold_at(app, request);
    app.ask().await;
    let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
    let pass = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    let busy = until_held(&slot, &pass).await;
    Held { pass, busy }
}

impl Held {
    /// Lets it go on, to where it is held again.
    async fn on_to(self, app: &TestApp, request: u32) -> Held {
        let slot = hold_at(app, request);
        drop(self.busy);
        let busy = until_held(&slot, &self.pass).await;
        Held { pass: self.pass, busy }
    }

    /// Lets it go on to its end.
    async fn finished(self) -> Result<Sealed, Ended> {
        drop(self.busy);
        match self.pass.await.unwrap().unwrap() {
            Worked::Carried { ended, .. } => ended,
            Worked::Idle => panic!("there was work"),
        }
    }

    /// Kills it, and the process around it; the next process takes it up.
    async fn killed(self, app: &mut TestApp) {
        self.pass.abort();
        drop(self.pass.await);
        drop(self.busy);
        app.simulator.set_faults(Vec::new());
        app.restart().await;
        app.clock.advance(Duration::from_secs(1));
        app.work_through().await;
    }
}

fn people(ids: &[&str]) -> Targets {
    Targets { people: ids.iter().map(|id| AccountId::new(id).unwrap()).collect(), groups: Vec::new() }
}

fn groups(ids: &[&str]) -> Targets {
    Targets { people: Vec::new(), groups: ids.iter().map(|id| GroupId::new(id).unwrap()).collect() }
}

async fn ask_for(app: &TestApp, targets: Targets) {
    let context = Context { actor: Actor::System, now: app.clock.now() };
    let ask = Ask::scoped(RunKind::Operation, Scope::Targeted(targets));
    let asked = request::start(&context, &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
    assert!(matches!(asked, Asked::Queued(_)), "a targeted read needs no place: {asked:?}");
}

/// Reads people or groups at once, beside whatever is under way.
async fn read(app: &TestApp, targets: Targets) {
    ask_for(app, targets).await;
    let worked = work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    let Worked::Carried { ended: Ok(Sealed::Done { .. }), .. } = worked else {
        panic!("it was not sealed: {worked:?}")
    };
}

/// Whom and what the stories are about.
#[derive(Clone, Debug)]
struct Cast {
    person: String,
    /// A group they are in,
    group: String,
    /// one they are not in,
    other: String,
    /// and an app that no group of theirs opens.
    app: String,
}

fn cast(app: &TestApp) -> Cast {
    let truth = app.truth();
    let in_group = |group: &str, person: &str| truth.memberships.contains(&(group.to_owned(), person.to_owned()));
    let granted = |group: &str, app: &str| truth.grants.iter().any(|g| g.group == group && g.resource == app);
    for user in truth.users.iter().filter(|user| user.account_type == "atlassian" && user.status == "active") {
        let person = &user.account_id;
        let mine: Vec<&str> =
            truth.groups.iter().map(|group| group.id.as_str()).filter(|group| in_group(group, person)).collect();
        let home = |group: &&simulator::TrueGroup| user.directories.iter().any(|(id, _)| *id == group.directory_id);
        let other = truth.groups.iter().filter(home).find(|group| group.members > 2 && !in_group(&group.id, person));
        let known =
            |resource: &&str| truth.direct_roles.iter().all(|(who, what, _)| !(who == person && what == resource));
        let resource = (truth.grants.iter().map(|grant| grant.resource.as_str()).filter(known))
            .find(|resource| mine.iter().all(|group| !granted(group, resource)));
        if let (Some(group), Some(other), Some(resource)) = (mine.first(), other, resource) {
            return Cast {
                person: person.clone(),
                group: (*group).to_owned(),
                other: other.id.clone(),
                app: resource.to_owned(),
            };
        }
    }
    panic!("nobody fits");
}

fn leave(organization: &mut Organization, cast: &Cast) {
    assert!(organization.remove_member(&cast.group, &cast.person).unwrap());
}

fn rejoin(organization: &mut Organization, cast: &Cast) {
    assert!(organization.add_member(&cast.group, &cast.person).unwrap());
}
