//! The control database on both engines: administrators, sessions, set-up links, counted tries, organizations.

use jiff::{SignedDuration, Timestamp};
use rollcall::id::{AdministratorId, Entropy, OrganizationId};
use rollcall::nouns::organization::Organization;
use rollcall::store::control::administrators::{self, Administrator};
use rollcall::store::control::sign_in_attempts::{self, Attempts};
use rollcall::store::control::{self, organizations, sessions, setup_links};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::schema;
use rollcall::store::tx::Tx;

use super::portable::differences;
use super::{Place, on_both};

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

fn opened(place: &Place) -> Store {
    let store = place.open();
    store.migrate_blocking(schema::CONTROL).unwrap();
    store
}

fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    store.write_blocking(work)
}

fn mira() -> Administrator {
    Administrator {
        id: AdministratorId::new(&Entropy::seeded(1), at(0)),
        username: "Mira".to_owned(),
        password_hash: "$argon2id$".to_owned(),
        last_sign_in_at: None,
    }
}

#[test]
fn every_statement_means_the_same_on_both_engines() {
    assert_eq!(differences(schema::CONTROL, control::STATEMENTS), Vec::<String>::new());
}

#[test]
fn an_administrator_is_found_by_the_key_and_there_is_one_per_key() {
    on_both(|place| {
        let store = opened(place);
        let found = write(&store, |tx| {
            assert_eq!(administrators::count(tx)?, 0);
            administrators::insert(tx, &mira(), "mira", at(0))?;
            administrators::note_sign_in(tx, &mira().id, at(5))?;
            assert_eq!(administrators::find_by_key(tx, "Mira")?, None);
            administrators::find_by_key(tx, "mira")
        });
        assert_eq!(found.unwrap(), Some(Administrator { last_sign_in_at: Some(at(5)), ..mira() }));
        let noor = Administrator { id: AdministratorId::new(&Entropy::seeded(2), at(0)), ..mira() };
        let twice = write(&store, move |tx| administrators::insert(tx, &noor, "mira", at(1)));
        assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    });
}

#[test]
fn a_session_is_found_by_its_hash_until_it_is_ended_or_over() {
    on_both(|place| {
        let store = opened(place);
        write(&store, |tx| {
            administrators::insert(tx, &mira(), "mira", at(0))?;
            for (hash, ends) in [([1; 32], 100), ([2; 32], 20), ([3; 32], 100), ([4; 32], 100)] {
                sessions::insert(tx, &hash, &mira().id, at(0), at(ends))?;
            }
            sessions::touch(tx, &[1; 32], at(30))?;
            sessions::touch(tx, &[4; 32], at(30))?;
            let session = sessions::find(tx, &[1; 32])?.unwrap();
            assert_eq!(
                (session.username.as_str(), session.last_seen_at, session.expires_at),
                ("Mira", at(30), at(100))
            );
            // The second is past its end, the third was not used since minute 10.
            assert_eq!(sessions::delete_over(tx, at(40), at(10))?, 2);
            sessions::delete(tx, &[4; 32])?;
            for (hash, there) in [([1; 32], true), ([2; 32], false), ([3; 32], false), ([4; 32], false)] {
                assert_eq!(sessions::find(tx, &hash)?.is_some(), there, "{}", hash[0]);
            }
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn a_link_is_taken_once_and_in_time_and_the_others_end_with_it() {
    on_both(|place| {
        let store = opened(place);
        write(&store, |tx| {
            for hash in [[1; 32], [2; 32], [3; 32]] {
                setup_links::insert(tx, &hash, at(0), at(60))?;
            }
            assert!(!setup_links::take(tx, &[1; 32], at(60))?, "expired");
            assert!(!setup_links::take(tx, &[9; 32], at(1))?, "unknown");
            assert!(setup_links::take(tx, &[1; 32], at(1))?);
            assert!(!setup_links::take(tx, &[1; 32], at(2))?, "used");
            assert_eq!(setup_links::find(tx, &[1; 32])?.unwrap().used_at, Some(at(1)));
            assert_eq!(setup_links::expire_others(tx, at(3))?, 2);
            assert!(!setup_links::take(tx, &[2; 32], at(4))?);
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn tries_are_kept_per_subject_and_forgotten_when_long_past() {
    on_both(|place| {
        let store = opened(place);
        write(&store, |tx| {
            let tries = |failures, minute| Attempts { failures, blocked_until: at(minute) };
            sign_in_attempts::record(tx, "source:192.0.2.1", tries(1, 1))?;
            sign_in_attempts::record(tx, "source:192.0.2.1", tries(2, 50))?;
            sign_in_attempts::record(tx, "username:ab", tries(1, 10))?;
            sign_in_attempts::record(tx, "username:cd", tries(1, 60))?;
            assert_eq!(sign_in_attempts::find(tx, "source:192.0.2.1")?, Some(tries(2, 50)));
            assert_eq!(sign_in_attempts::forget(tx, at(10))?, 1);
            sign_in_attempts::clear(tx, "username:cd")?;
            assert_eq!(sign_in_attempts::find(tx, "username:ab")?, None);
            assert_eq!(sign_in_attempts::find(tx, "username:cd")?, None);
            assert!(sign_in_attempts::find(tx, "source:192.0.2.1")?.is_some());
            Ok(())
        })
        .unwrap();
    });
}

#[test]
fn organizations_are_listed_in_the_order_they_came_and_once_each() {
    on_both(|place| {
        let store = opened(place);
        let organization = |seed: u64, name: &str| Organization {
            id: OrganizationId::new(&Entropy::seeded(seed), at(0)),
            atlassian_id: format!("org-{seed}"),
            name: name.to_owned(),
            base_url: "https://api.atlassian.com".to_owned(),
            time_zone: "Europe/Vilnius".to_owned(),
            created_at: at(seed as i64),
        };
        let (first, second) = (organization(1, "Ørsund"), organization(2, "Acme"));
        let (later, earlier) = (second.clone(), first.clone());
        write(&store, move |tx| {
            organizations::insert(tx, &later)?;
            organizations::insert(tx, &earlier)?;
            assert_eq!(organizations::list(tx)?, [earlier.clone(), later.clone()]);
            assert_eq!(organizations::find(tx, &later.id)?, Some(later.clone()));
            assert_eq!(organizations::find_by_atlassian_id(tx, "org-1")?, Some(earlier.clone()));
            organizations::rename(tx, &earlier.id, "Ørsund Group", "https://proxy.example")?;
            let renamed = organizations::find(tx, &earlier.id)?.unwrap();
            assert_eq!((renamed.name.as_str(), renamed.base_url.as_str()), ("Ørsund Group", "https://proxy.example"));
            Ok(())
        })
        .unwrap();
        let again = Organization { id: second.id, ..first };
        let twice = write(&store, move |tx| organizations::insert(tx, &again));
        assert!(matches!(twice, Err(StoreError::Conflict { .. })), "{twice:?}");
    });
}

/// A file that is not in its list would be a table that no database has.
#[test]
fn every_file_of_the_migrations_is_in_its_list_in_order() {
    for (folder, listed) in [("organization", schema::ORGANIZATION), ("control", schema::CONTROL)] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<String> = entries.filter(|name| name.ends_with(".sql")).collect();
        files.sort();
        let listed: Vec<String> = listed.iter().map(|one| format!("{:04}_{}.sql", one.number, one.name)).collect();
        assert_eq!(listed, files);
    }
}
