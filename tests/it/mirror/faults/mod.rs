//! What a mirror makes of an upstream that fails, lies and stalls (docs: faults, part A). Whatever happens, people who
//! are there stay there, and the run says what it could not read.

mod bounds;
mod pages;
mod parts;
mod records;
mod stalls;
mod unreachable;

use std::sync::Arc;

use directory::{ClaimState, Noun, Snapshot};
use rollcall::nouns::run::{NoteKind, RunState};
use simulator::{Fault, Population, Truth};

use crate::support::app::{Engine, TestApp, population};
use crate::support::truth::wrongly_left;

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";
const USERS_COUNT: &str = "/admin/v2/orgs/{o}/directories/{d}/users/count";
const GROUPS: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/search";
const GROUP_ROLES: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/{g}/role-assignments";

/// An organization of four pages of people, mirrored once, with a changed title on each page, so that a page that was
/// read can be told from one that was not. Somebody has left besides.
struct Disturbed {
    app: TestApp,
    before: Arc<Snapshot>,
    leaver: String,
}

async fn disturbed(seed: u64, faults: Vec<Fault>) -> Disturbed {
    disturbed_in(&population(320, seed), faults).await
}

async fn disturbed_in(population: &Population, faults: Vec<Fault>) -> Disturbed {
    let app = TestApp::start(Engine::Sqlite, population).await;
    app.work().await.unwrap();
    assert_eq!((app.gaps().await, app.notes().await), (vec![], vec![]));
    assert_eq!(app.differences(), Vec::<String>::new());
    let leaver = unmanaged(&app.truth(), &app.directory()).remove(0);
    app.simulator.change(|organization| {
        organization.remove_user(&leaver).unwrap();
        for nth in (0..population.users).step_by(10) {
            if let Some(id) = organization.account_id(nth).map(str::to_owned) {
                organization.set_job_title(&id, "Keeper of the Lighthouse").unwrap();
            }
        }
    });
    app.simulator.clear_ledger();
    app.simulator.set_faults(faults);
    let before = app.now();
    Disturbed { app, before, leaver }
}

/// People of a directory who are gone for good when they leave it.
fn unmanaged(truth: &Truth, directory: &str) -> Vec<String> {
    (truth.users.iter())
        .filter(|user| !user.managed && user.account_type == "atlassian" && user.directories.len() == 1)
        .filter(|user| user.directories[0].0 == directory)
        .map(|user| user.account_id.clone())
        .collect()
}

impl Disturbed {
    fn is_present(&self, id: &str) -> bool {
        let now = self.app.now();
        now.account(id).is_some_and(|account| now.present().contains(account))
    }

    /// Nobody and nothing that is there was lost.
    fn assert_nothing_lost(&self) {
        assert_eq!(self.app.wrongly_gone(&self.before), Vec::<String>::new());
        let left = wrongly_left(&self.before, &self.app.now(), &self.app.truth());
        assert_eq!(left, Vec::<(String, String)>::new());
    }

    /// The fault was overcome within the pass: it is as if nothing had happened.
    async fn assert_overcome(self) {
        assert_eq!(self.app.run().await.state, RunState::Sealed);
        self.assert_nothing_lost();
        assert_eq!(self.app.differences(), Vec::<String>::new());
        assert_eq!(self.app.gaps().await, Vec::<String>::new());
        self.app.stop().await;
    }

    /// The fault is over: the next pass makes up for everything.
    async fn assert_heals(self) {
        self.assert_nothing_lost();
        self.app.simulator.set_faults(Vec::new());
        self.app.ask().await;
        self.app.work_through().await;
        assert_eq!(self.app.differences(), Vec::<String>::new());
        assert_eq!(self.app.gaps().await, Vec::<String>::new());
        assert!(!self.is_present(&self.leaver), "who has left is gone, now that it can be told");
        self.app.assert_sound().await;
        self.app.stop().await;
    }

    /// How often the ledger has each page of the first directory's people.
    fn user_pages(&self) -> Vec<(u32, Option<u16>)> {
        let directory = format!("/directories/{}/", self.app.directory());
        (self.app.simulator.ledger().iter())
            .filter(|exchange| exchange.template == USERS && exchange.path.contains(&directory))
            .map(|exchange| (exchange.page.unwrap_or_default(), exchange.status))
            .collect()
    }

    /// The first directory's claim on a noun: its state, and its reason.
    async fn claim(&self, noun: Noun) -> (ClaimState, String) {
        let claim = self.app.claim(noun, &self.app.directory()).await;
        (claim.state, claim.reason.as_deref().unwrap_or_default().to_owned())
    }

    async fn notes(&self, kind: NoteKind) -> Vec<(String, String)> {
        let notes = self.app.notes().await.into_iter().filter(|note| note.kind == kind);
        notes.map(|note| (note.subject, note.detail)).collect()
    }
}
