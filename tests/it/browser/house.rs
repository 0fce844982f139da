//! The pages in this process, over a simulated organization in virtual time: a day is over when a test says so. Nobody works
//! beside the test; what a server would do by itself is done where a moment or a day passes.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clock::Busy;
use rollcall::auth::setup;
use rollcall::sync::schedule;
use rollcall::web::live::Live;
use rollcall::web::{self, Web};
use simulator::{Options, Organization};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::PASSWORD;
use crate::notices::notifier;
use crate::support::app::{Engine, TestApp, population};
use crate::support::driver::Driver;

const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) struct House {
    pub(super) app: TestApp,
    pub(super) driver: Driver,
    origin: String,
    serving: JoinHandle<()>,
    /// Open pages wait for hints; without this, time would run while nothing happens.
    still: Option<Busy>,
}

impl House {
    /// An organization that was read once, and an administrator who has just signed in.
    pub(super) async fn open(
        engine: Engine,
        (users, seed): (u32, u64),
        prepare: impl FnOnce(&mut Organization),
    ) -> House {
        let options = Options { own_site_addresses: true, ..Options::default() };
        let app = TestApp::start_with(engine, &population(users, seed), options).await;
        app.simulator.change(prepare);
        app.work_through().await;
        let (control, entropy) = (app.mirrors.control(), &app.surroundings.entropy);
        let link = setup::create_link(control, entropy, app.clock.now()).await.unwrap().unwrap();
        let pages = Web {
            control: control.clone(),
            clock: app.clock.clone(),
            entropy: entropy.clone(),
            connector: app.connector.clone(),
            mirrors: app.mirrors.clone(),
            notifier: notifier(&app),
            live: Live::new(app.clock.clone()),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let service = web::router(pages).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let still = Some(app.clock.busy());
        let house = House { app, driver: Driver::start().await, origin, serving, still };
        house.driver.open(&format!("{}{link}", house.origin)).await;
        house.driver.fill("input[name=username]", "mika").await;
        house.driver.fill("input[name=password]", PASSWORD).await;
        house.driver.fill("input[name=again]", PASSWORD).await;
        house.driver.submit("main form").await;
        house
    }

    pub(super) async fn go(&self, path: &str) {
        self.driver.open(&format!("{}{path}", self.origin)).await;
    }

    /// What a reader sees at an address.
    pub(super) async fn read(&self, path: &str) -> String {
        self.go(path).await;
        self.driver.text().await
    }

    /// Lets the worker of contacts work until nothing is left to do.
    pub(super) async fn a_moment(&mut self) {
        self.still = None;
        crate::contacts::settle(&self.app).await;
        self.still = Some(self.app.clock.busy());
    }

    /// The next morning: the daily sync has read the organization and its sites, contacts have followed, and the administrator
    /// signs in again.
    pub(super) async fn the_next_day(&mut self) {
        self.driver.open("about:blank").await;
        self.still = None;
        self.app.clock.advance(DAY);
        let (now, entropy) = (self.app.clock.now(), &self.app.surroundings.entropy);
        let asked = schedule::start_when_due(&self.app.mirror, now, entropy).await.unwrap();
        assert!(asked.is_some(), "the slot of the day has begun");
        self.app.work_through().await;
        self.a_moment().await;
        self.go("/contacts").await;
        self.driver.wait_for_address("/sign-in").await;
        self.driver.fill("input[name=username]", "mika").await;
        self.driver.fill("input[name=password]", PASSWORD).await;
        self.driver.submit("main form").await;
    }

    pub(super) async fn close(self) {
        self.driver.stop().await;
        self.serving.abort();
        drop(self.still);
        self.app.assert_sound().await;
        self.app.stop().await;
    }
}
