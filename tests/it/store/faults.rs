//! A process that ends at a commit: before it, nothing of it is there; after it, all of it is.
//!
//! The process that ends is this test binary, started again for one ignored test.

use std::process::Command;

use rollcall::store::db::{Location, Options, Store};
use rollcall::store::faults::FaultPlan;

use super::{count, insert, on_both};

const PLAN: &str = "ROLLCALL_FAULT_COMMIT";
const WHERE: &str = "ROLLCALL_TEST_LOCATION";

#[test]
fn plans_are_numbers_from_one() {
    assert!("3".parse::<FaultPlan>().is_ok() && "3:after".parse::<FaultPlan>().is_ok());
    for text in ["", "0", "-1", "x", "3:before", "3:"] {
        assert!(text.parse::<FaultPlan>().is_err(), "{text}");
    }
}

#[test]
fn a_process_that_ends_at_a_commit_stores_all_of_it_or_nothing() {
    for (plan, expected) in [("3", 2), ("3:after", 3), ("9", 5)] {
        on_both(|place| {
            place.migrated().close_blocking();
            let location = match &place.location {
                Location::Sqlite { path } => format!("sqlite|{}", path.display()),
                Location::Postgres { url, schema } => format!("{url}|{schema}"),
            };
            let ended = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::faults::writes_five_and_may_be_ended", "--ignored"])
                .env(PLAN, plan)
                .env(WHERE, location)
                .output()
                .unwrap();
            assert_eq!(ended.status.success(), expected == 5, "{}", String::from_utf8_lossy(&ended.stdout));
            assert_eq!(count(&place.open()), expected, "{plan} on {:?}", place.engine);
        });
    }
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
#[expect(clippy::disallowed_methods, reason = "how the test above tells this process what to do")]
fn writes_five_and_may_be_ended() {
    let location = std::env::var(WHERE).unwrap();
    let location = match location.split_once('|').unwrap() {
        ("sqlite", path) => Location::Sqlite { path: path.into() },
        (url, schema) => Location::Postgres { url: url.to_owned(), schema: schema.to_owned() },
    };
    let mut options = Options::new(clock::Clock::system());
    options.faults = Some(std::env::var(PLAN).unwrap().parse().unwrap());
    let store = Store::open(&location, options).unwrap();
    for (id, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")] {
        insert(&store, id, name);
    }
}
