//! That the organization API key expires, told once per receiver, key and number of days ahead, however often Rollcall
//! was started in between.

use jiff::{SignedDuration, Timestamp};

use crate::id::Entropy;
use crate::nouns::mail::AS_RECEIVER;
use crate::nouns::notice::{EventKind, Notice, What};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Receiver};
use crate::store::tx::Tx;
use crate::store::{endpoints, key_notices, organization_keys};

/// How many days ahead mail tells of it (rulings, Act).
const BY_MAIL: [u16; 3] = [7, 14, 30];

/// Puts out what is to be told now. A receiver is told of the nearest mark that the key has passed, and of none that
/// lies further ahead than one it was told of.
pub fn tell(tx: &mut Tx, now: Timestamp, entropy: &Entropy) -> Result<(), StoreError> {
    let Some((key, expires_at)) = organization_keys::shown(tx)?.and_then(|key| key.expires_at.map(|at| (key, at)))
    else {
        return Ok(());
    };
    for receiver in outbox::wanting(tx, EventKind::KeyExpiring)? {
        let (name, marks) = match &receiver {
            Receiver::Endpoint(id) => {
                let days = endpoints::find(tx, id)?.map(|endpoint| endpoint.draft.key_days);
                (id.to_string(), days.unwrap_or_default())
            }
            Receiver::Mail(address) => (format!("{AS_RECEIVER} {address}"), BY_MAIL.to_vec()),
        };
        let Some(days) = passed(&marks, expires_at, now) else { continue };
        if key_notices::nearest(tx, &name, &key.id)?.is_some_and(|told| told <= i64::from(days)) {
            continue;
        }
        key_notices::insert(tx, &name, (&key.id, days), now)?;
        let what = What::KeyExpiring { key: key.id.clone(), name: key.label.clone(), expires_at, days };
        outbox::put_for(tx, &Notice { at: now, what }, &[receiver], entropy)?;
    }
    Ok(())
}

/// The nearest of the marks that an expiry has passed; none before the first and after the expiry itself.
fn passed(marks: &[u16], expires_at: Timestamp, now: Timestamp) -> Option<u16> {
    let left = expires_at.duration_since(now);
    if left <= SignedDuration::ZERO {
        return None;
    }
    marks.iter().copied().filter(|days| left <= SignedDuration::from_hours(24 * i64::from(*days))).min()
}
