//! What is found by a key: sealed organization keys, request keys, learned limits.

use rollcall::id::{Entropy, KeyId, OrganizationId};
use rollcall::nouns::organization_key::OrganizationKey;
use rollcall::store::db::Store;
use rollcall::store::organization_keys::{self, CannotOpen, SealingKey};
use rollcall::store::quota::{self, StoredLimit};
use rollcall::store::request_keys;
use rollcall::store::settings::{self, Setting};
use rollcall::store::value::Value;

use super::{at, on_both, rehearse, write};

const SECRET: &str = "ATCTT3xFfGN0-first-secret";

fn organization(seed: u64) -> OrganizationId {
    OrganizationId::new(&Entropy::seeded(seed), at(0))
}

fn key(number: i64) -> OrganizationKey {
    OrganizationKey {
        id: KeyId::new(&Entropy::seeded(number.unsigned_abs()), at(number)),
        label: "Rollcall – Zoë".to_owned(),
        last_four: format!("000{number}"),
        entered_by: "administrator zoë".to_owned(),
        entered_at: at(number),
        expires_at: (number == 2).then(|| at(90 * 86_400)),
    }
}

fn sealing() -> SealingKey {
    SealingKey::new([7; 32])
}

fn save(store: &Store, number: i64, secret: &'static str) {
    write(store, move |tx| {
        let entropy = Entropy::seeded(number.unsigned_abs());
        organization_keys::replace(tx, &organization(1), &key(number), secret, (&sealing(), &entropy))
    });
}

type Held = Option<(OrganizationKey, Result<String, CannotOpen>)>;

fn held(store: &Store) -> Held {
    store.read_blocking(|tx| organization_keys::current(tx, &organization(1), &sealing())).unwrap()
}

#[test]
fn the_newest_key_is_in_use_and_the_one_before_is_replaced() {
    on_both(|store| {
        assert_eq!(held(store), None);
        assert_eq!(store.read_blocking(organization_keys::shown).unwrap(), None);
        save(store, 1, SECRET);
        assert_eq!(store.read_blocking(organization_keys::shown).unwrap(), Some(key(1)), "shown without the secret");
        assert_eq!(held(store), Some((key(1), Ok(SECRET.to_owned()))));
        save(store, 2, "ATCTT3xFfGN0-second");
        assert_eq!(held(store), Some((key(2), Ok("ATCTT3xFfGN0-second".to_owned()))));
        let replaced = store.read_blocking(|tx| {
            tx.list("SELECT replaced_at FROM organization_keys ORDER BY entered_at", &[], |row| row.optional_integer(0))
        });
        assert_eq!(replaced.unwrap(), [Some(at(2).as_microsecond()), None]);
    });
}

#[test]
fn the_secret_is_nowhere_in_the_row() {
    const WHOLE: &str = "SELECT id, label, last_four, key_fingerprint, entered_by, sealed FROM organization_keys";
    on_both(|store| {
        save(store, 1, SECRET);
        let (texts, sealed) = store
            .read_blocking(|tx| {
                tx.one(WHOLE, &[], |row| {
                    let texts = (0..5).map(|column| Ok(row.text(column)?.to_owned()));
                    Ok((texts.collect::<Result<Vec<_>, rollcall::store::error::StoreError>>()?, row.blob(5)?.to_vec()))
                })
            })
            .unwrap();
        assert_eq!(texts[3], sealing().fingerprint());
        for part in ["ATCTT3", "first", "secret"] {
            assert!(!texts.iter().any(|text| text.contains(part)), "{part} in {texts:?}");
            assert!(!sealed.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
        }
        assert!(sealed.len() >= 24 + SECRET.len() + 16, "a nonce and a tag of its own");
    });
}

#[test]
fn another_sealing_key_is_told_by_its_fingerprint() {
    on_both(|store| {
        save(store, 1, SECRET);
        let other = SealingKey::new([8; 32]);
        let at_hand = other.fingerprint();
        assert_ne!(at_hand, sealing().fingerprint());
        let found = store.read_blocking(move |tx| organization_keys::current(tx, &organization(1), &other)).unwrap();
        let expected = CannotOpen::OtherKey { sealed_with: sealing().fingerprint(), at_hand };
        assert_eq!(found, Some((key(1), Err(expected))));
    });
}

#[test]
fn a_key_that_was_moved_or_changed_does_not_open() {
    const MOVE: &str = "UPDATE organization_keys SET id = $1 WHERE replaced_at IS NULL";
    const SWAP: &str = "
        UPDATE organization_keys SET sealed = (SELECT o.sealed FROM organization_keys o WHERE o.replaced_at IS NOT NULL)
        WHERE replaced_at IS NULL";
    const CHANGE: &str = "UPDATE organization_keys SET sealed = $1 WHERE replaced_at IS NULL";
    const SEALED: &str = "SELECT sealed FROM organization_keys WHERE replaced_at IS NULL";
    on_both(|store| {
        save(store, 1, SECRET);
        save(store, 2, SECRET);
        let damaged = |tampering: &'static str, argument: Option<Value<'static>>| {
            rehearse(store, move |tx| {
                assert_eq!(tx.execute(tampering, argument.as_slice())?, 1);
                let found = organization_keys::current(tx, &organization(1), &sealing())?;
                assert_eq!(found.unwrap().1, Err(CannotOpen::Damaged), "{tampering}");
                Ok(())
            });
        };
        damaged(MOVE, Some(key(3).id.to_string().into()));
        damaged(SWAP, None);
        let sealed = store.read_blocking(|tx| tx.one(SEALED, &[], |row| Ok(row.blob(0)?.to_vec()))).unwrap();
        for place in [0, 23, 24, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            damaged(CHANGE, Some(changed.into()));
        }
        damaged(CHANGE, Some(sealed[..20].to_vec().into()));
        damaged(CHANGE, Some(Vec::new().into()));
        let elsewhere = store.read_blocking(|tx| organization_keys::current(tx, &organization(2), &sealing()));
        assert_eq!(elsewhere.unwrap().unwrap().1, Err(CannotOpen::Damaged), "in another organization");
        assert_eq!(held(store).unwrap().1, Ok(SECRET.to_owned()), "where it belongs it still opens");
    });
}

#[test]
fn a_setting_is_what_was_put_last_and_says_by_whom() {
    on_both(|store| {
        let found = |name: &'static str| store.read_blocking(move |tx| settings::find(tx, name)).unwrap();
        assert_eq!(found("daily_sync_slot"), None);
        let setting = |value: &str, second| Setting {
            value: value.to_owned(),
            changed_by: "administrator zoë".to_owned(),
            changed_at: at(second),
        };
        for made in [setting("5", 1), setting("off", 2)] {
            let put = made.clone();
            write(store, move |tx| settings::put(tx, "daily_sync_slot", &put));
            assert_eq!(found("daily_sync_slot"), Some(made));
        }
        assert_eq!(found("another"), None);
    });
}

#[test]
fn a_request_key_gives_the_first_answer_for_a_day() {
    const DAY: i64 = 86_400;
    on_both(|store| {
        write(store, |tx| {
            assert_eq!(request_keys::find(tx, "form-1", at(0))?, None);
            request_keys::remember(tx, "form-1", "run_1", at(0))?;
            request_keys::remember(tx, "form-2", "run_2", at(10))?;
            assert_eq!(request_keys::find(tx, "form-1", at(DAY - 1))?.as_deref(), Some("run_1"));
            assert_eq!(request_keys::find(tx, "form-1", at(DAY))?, None, "a day later it is a new request");
            // Remembering forgets what is older than a day, and the same key may come again.
            request_keys::remember(tx, "form-1", "run_3", at(DAY))?;
            assert_eq!(request_keys::find(tx, "form-1", at(DAY))?.as_deref(), Some("run_3"));
            assert_eq!(request_keys::find(tx, "form-2", at(DAY))?.as_deref(), Some("run_2"));
            request_keys::remember(tx, "form-3", "run_4", at(DAY + 10))?;
            assert_eq!(tx.one("SELECT count(*) FROM request_keys", &[], |row| row.integer(0))?, 2);
            Ok(())
        });
    });
}

#[test]
fn learned_limits_are_kept_one_per_endpoint() {
    let limit = |endpoint: &str, limit, second| StoredLimit {
        endpoint: endpoint.to_owned(),
        limit,
        window_microseconds: 60_000_000,
        learned_at: at(second),
    };
    on_both(|store| {
        write(store, move |tx| {
            assert_eq!(quota::all(tx)?, []);
            quota::write(tx, &[limit("/v2/users", 100, 1), limit("/v2/groups", u32::MAX, 1)])?;
            quota::write(tx, &[limit("/v2/users", 60, 2), limit("/v1/Zoë", 1, 2)])?;
            quota::write(tx, &[])?;
            let all = [limit("/v1/Zoë", 1, 2), limit("/v2/groups", u32::MAX, 1), limit("/v2/users", 60, 2)];
            assert_eq!(quota::all(tx)?, all);
            Ok(())
        });
    });
}
