//! The control database under two processes: what may happen once happens once, whoever asks first.

use std::thread;

use rollcall::id::{AdministratorId, Entropy, OrganizationId};
use rollcall::nouns::organization::Organization;
use rollcall::store::control::administrators::{self, Administrator};
use rollcall::store::control::{organizations, sessions, setup_links};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::schema;
use rollcall::store::tx::Tx;

use super::{Place, at, write};

fn administrator(number: u64) -> Administrator {
    Administrator {
        id: AdministratorId::new(&Entropy::seeded(number), at(0)),
        username: format!("Zoë {number}"),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned(),
        last_sign_in_at: None,
    }
}

/// Does the same four times at once, in two processes' stores, and returns what came of each.
fn four_at_once<T: Send + 'static>(
    place: &Place,
    work: impl Fn(u64, &mut Tx) -> Result<T, StoreError> + Clone + Send + 'static,
) -> Vec<Result<T, StoreError>> {
    let stores = [place.open(schema::CONTROL), place.open(schema::CONTROL)];
    thread::scope(|scope| {
        let begin = |(number, store): (u64, Store)| {
            let work = work.clone();
            scope.spawn(move || store.write_blocking(move |tx| work(number, tx)))
        };
        let threads: Vec<_> = (1..=4).zip(stores.iter().cycle().cloned()).map(begin).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_set_up_link_makes_one_administrator_however_many_use_it_at_once() {
    for place in Place::both() {
        let store = place.open(schema::CONTROL);
        write(&store, |tx| setup_links::insert(tx, &[1; 32], at(0), at(60)));
        let outcomes = four_at_once(&place, |number, tx| {
            let taken = setup_links::take(tx, &[1; 32], at(number as i64))?;
            if taken {
                administrators::insert(tx, &administrator(number), &format!("zoë {number}"), at(1))?;
            }
            Ok(taken)
        });
        let taken = outcomes.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count();
        assert_eq!(taken, 1);
        assert_eq!(store.read_blocking(administrators::count).unwrap(), 1);
    }
}

#[test]
fn a_set_up_link_is_not_used_up_by_an_attempt_that_fails() {
    for place in Place::both() {
        let store = place.open(schema::CONTROL);
        write(&store, |tx| {
            administrators::insert(tx, &administrator(1), "zoë", at(0))?;
            setup_links::insert(tx, &[1; 32], at(0), at(60))
        });
        let refused = store.write_blocking(|tx| {
            assert!(setup_links::take(tx, &[1; 32], at(1))?);
            administrators::insert(tx, &administrator(2), "zoë", at(1))
        });
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
        assert!(write(&store, |tx| setup_links::take(tx, &[1; 32], at(2))));
    }
}

#[test]
fn a_username_and_an_organization_are_there_once_whoever_adds_them() {
    for place in Place::both() {
        let outcomes =
            four_at_once(&place, |number, tx| administrators::insert(tx, &administrator(number), "zoë", at(0)));
        let conflicts = outcomes.iter().filter(|outcome| matches!(outcome, Err(StoreError::Conflict { .. }))).count();
        assert_eq!((outcomes.iter().filter(|outcome| outcome.is_ok()).count(), conflicts), (1, 3), "{outcomes:?}");

        let outcomes = four_at_once(&place, |number, tx| {
            let organization = Organization {
                id: OrganizationId::new(&Entropy::seeded(number), at(0)),
                atlassian_id: "a1b2".to_owned(),
                name: "Ørsund".to_owned(),
                base_url: "https://api.atlassian.com".to_owned(),
                time_zone: "Europe/Vilnius".to_owned(),
                created_at: at(number as i64),
            };
            organizations::insert(tx, &organization)
        });
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        let store = place.open(schema::CONTROL);
        assert_eq!(store.read_blocking(organizations::list).unwrap().len(), 1);
    }
}

#[test]
fn a_session_ends_in_every_process_at_once() {
    for place in Place::both() {
        let [one, other] = [place.open(schema::CONTROL), place.open(schema::CONTROL)];
        write(&one, |tx| {
            administrators::insert(tx, &administrator(1), "zoë", at(0))?;
            sessions::insert(tx, &[1; 32], &administrator(1).id, at(0), at(60))
        });
        let found = |store: &Store| store.read_blocking(|tx| sessions::find(tx, &[1; 32])).unwrap();
        assert_eq!(found(&other).unwrap().administrator, administrator(1).id);
        write(&other, |tx| sessions::delete(tx, &[1; 32]));
        assert_eq!(found(&one), None);
        write(&one, |tx| sessions::delete(tx, &[1; 32]));
    }
}
