//! Credentials of sites: one in use per site, sealed in its place, and gone for good when it is replaced or removed.

use rollcall::id::{CredentialId, Entropy, OrganizationId};
use rollcall::nouns::site_credential::{Door, Granted, Right, SiteCredential, Standing};
use rollcall::store::db::Store;
use rollcall::store::organization_keys::{CannotOpen, SealingKey};
use rollcall::store::site_credentials;

use super::{at, on_both, rehearse, write};

const TOKEN: &str = "ATATT3xFfGF0-first-secret";

fn organization(seed: u64) -> OrganizationId {
    OrganizationId::new(&Entropy::seeded(seed), at(0))
}

fn sealing() -> SealingKey {
    SealingKey::new([7; 32])
}

fn credential(number: i64, cloud_id: &str) -> SiteCredential {
    let rights = Right::ALL.into_iter().zip(Granted::ALL).collect();
    SiteCredential {
        id: CredentialId::new(&Entropy::seeded(number.unsigned_abs()), at(number)),
        site: format!("https://{cloud_id}.atlassian.net"),
        cloud_id: cloud_id.to_owned(),
        email: "zoë@north.example".to_owned(),
        last_four: format!("000{number}"),
        standing: Standing { checked_at: at(number), door: Door::Gateway, rights, refused: None },
        entered_by: "administrator zoë".to_owned(),
        entered_at: at(number),
        expires_at: (number == 2).then(|| at(90 * 86_400)),
    }
}

fn save(store: &Store, number: i64, cloud_id: &'static str, token: &'static str) {
    write(store, move |tx| {
        let entropy = Entropy::seeded(number.unsigned_abs());
        let credential = credential(number, cloud_id);
        site_credentials::replace(tx, &organization(1), &credential, token, (&sealing(), &entropy))
    });
}

fn in_use(store: &Store) -> Vec<SiteCredential> {
    store.read_blocking(site_credentials::in_use).unwrap()
}

fn held(store: &Store, cloud_id: &'static str) -> Option<(SiteCredential, Result<String, CannotOpen>)> {
    store.read_blocking(move |tx| site_credentials::current(tx, &organization(1), cloud_id, &sealing())).unwrap()
}

#[test]
fn each_site_has_one_credential_and_a_new_one_takes_its_place() {
    on_both(|store| {
        assert_eq!(in_use(store), []);
        assert_eq!(held(store, "north"), None);
        save(store, 1, "north", TOKEN);
        save(store, 2, "south", "ATATT3xFfGF0-south");
        assert_eq!(in_use(store), [credential(1, "north"), credential(2, "south")]);
        assert_eq!(held(store, "north"), Some((credential(1, "north"), Ok(TOKEN.to_owned()))));
        save(store, 3, "north", "ATATT3xFfGF0-second");
        assert_eq!(in_use(store), [credential(3, "north"), credential(2, "south")]);
        assert_eq!(held(store, "north").unwrap().1, Ok("ATATT3xFfGF0-second".to_owned()));
    });
}

#[test]
fn a_token_that_is_no_longer_used_is_not_kept() {
    const KEPT: &str = "SELECT sealed, replaced_at FROM site_credentials ORDER BY entered_at";
    on_both(|store| {
        save(store, 1, "north", TOKEN);
        save(store, 2, "north", "ATATT3xFfGF0-second");
        write(store, |tx| {
            assert!(site_credentials::remove(tx, "north", at(3))?);
            assert!(!site_credentials::remove(tx, "north", at(4))?, "there is none any more");
            assert!(!site_credentials::remove(tx, "nowhere", at(4))?);
            Ok(())
        });
        assert_eq!((in_use(store), held(store, "north")), (Vec::new(), None));
        let kept = store.read_blocking(|tx| tx.list(KEPT, &[], |row| Ok((row.blob(0)?.len(), row.integer(1)?))));
        assert_eq!(kept.unwrap(), [(0, at(2).as_microsecond()), (0, at(3).as_microsecond())]);
    });
}

#[test]
fn what_the_site_said_is_kept_for_the_credential_that_it_was_said_to() {
    on_both(|store| {
        save(store, 1, "north", TOKEN);
        let standing = Standing {
            checked_at: at(50),
            door: Door::Address,
            rights: vec![(Right::Users, Granted::Unknown)],
            refused: Some("It was “revoked”.".to_owned()),
        };
        let kept = standing.clone();
        write(store, move |tx| site_credentials::set_standing(tx, &credential(1, "north").id, &kept));
        assert_eq!(in_use(store)[0].standing, standing);
        save(store, 2, "north", "ATATT3xFfGF0-second");
        write(store, move |tx| site_credentials::set_standing(tx, &credential(1, "north").id, &standing));
        assert_eq!(in_use(store), [credential(2, "north")], "it says nothing about the next one");
    });
}

#[test]
fn a_token_opens_with_its_key_in_its_place_alone_and_is_nowhere_in_the_row() {
    const WHOLE: &str = "
        SELECT id, site, cloud_id, email, last_four, key_fingerprint, rights, entered_by, sealed FROM site_credentials";
    const SWAP: &str = "
        UPDATE site_credentials SET sealed = (SELECT o.sealed FROM site_credentials o WHERE o.cloud_id = 'south')
        WHERE cloud_id = 'north'";
    on_both(|store| {
        save(store, 1, "north", TOKEN);
        save(store, 2, "south", TOKEN);
        let rows = store.read_blocking(|tx| {
            tx.list(WHOLE, &[], |row| {
                let texts: Result<Vec<_>, _> = (0..8).map(|column| row.text(column).map(str::to_owned)).collect();
                Ok((texts?.join(" "), row.blob(8)?.to_vec()))
            })
        });
        for (texts, sealed) in rows.unwrap() {
            assert!(!texts.contains("secret") && !texts.contains("ATATT3"), "{texts}");
            assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        }
        let with = |organization: OrganizationId, sealing: SealingKey| {
            let found = store.read_blocking(move |tx| site_credentials::current(tx, &organization, "north", &sealing));
            found.unwrap().unwrap().1
        };
        assert_eq!(with(organization(2), sealing()), Err(CannotOpen::Damaged), "in another organization");
        let other = SealingKey::new([8; 32]);
        let at_hand = other.fingerprint();
        let expected = CannotOpen::OtherKey { sealed_with: sealing().fingerprint(), at_hand };
        assert_eq!(with(organization(1), other), Err(expected));
        rehearse(store, |tx| {
            assert_eq!(tx.execute(SWAP, &[])?, 1);
            let found = site_credentials::current(tx, &organization(1), "north", &sealing())?;
            assert_eq!(found.unwrap().1, Err(CannotOpen::Damaged), "the token of another site");
            Ok(())
        });
    });
}
