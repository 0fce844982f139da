//! What a plan has to know besides the snapshot: who is protected, and whose key it is. Unknown counts as protected.

use directory::act::{Circumstances, KeyOwner};
use directory::{AccountId, Snapshot};
use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::{Mirror, marks};
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::connect::KEY_OWNER;
use crate::sync::setting;

/// Whose the organization API key is, as somebody said or Atlassian's list of keys tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This account.
    Account(AccountId),
    /// Nobody who is in the mirror, such as an account of another organization.
    Elsewhere,
}

/// What is known of the key's owner, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOwner {
    /// Who it is; nobody has said when there is none.
    pub owner: Option<Owner>,
    /// Who said so, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// Reads who owns the key.
pub fn key_owner(tx: &mut Tx) -> Result<KnownOwner, StoreError> {
    Ok(match settings::find(tx, KEY_OWNER)? {
        None => KnownOwner { owner: None, chosen: None },
        Some(setting) => KnownOwner {
            owner: match setting.value.as_str() {
                "" => None,
                "elsewhere" => Some(Owner::Elsewhere),
                id => AccountId::new(id).ok().map(Owner::Account),
            },
            chosen: Some((setting.changed_by, setting.changed_at)),
        },
    })
}

/// Says who owns the key.
pub async fn choose_key_owner(
    context: &Context,
    mirror: &Mirror,
    owner: &Owner,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    match owner {
        Owner::Account(id) => setting::choose_person(context, mirror, (KEY_OWNER, id.to_string()), entropy).await,
        Owner::Elsewhere => setting::choose(context, mirror, (KEY_OWNER, "elsewhere".to_owned()), entropy).await,
    }
}

/// Who must not be touched, in the ordinals of a snapshot; `own` is the account of whoever asks.
pub fn circumstances(tx: &mut Tx, snapshot: &Snapshot, own: Option<&AccountId>) -> Result<Circumstances, StoreError> {
    let marks = marks::read(tx)?;
    let key_owner = match key_owner(tx)?.owner {
        None => KeyOwner::Unknown,
        Some(Owner::Elsewhere) => KeyOwner::Elsewhere,
        Some(Owner::Account(id)) => snapshot.account(id.as_str()).map_or(KeyOwner::Elsewhere, KeyOwner::Account),
    };
    Ok(Circumstances {
        protected_people: marks.protected_people.iter().filter_map(|id| snapshot.account(id.as_str())).collect(),
        protected_groups: marks.protected_groups.iter().filter_map(|id| snapshot.group(id.as_str())).collect(),
        own: own.and_then(|own| snapshot.account(own.as_str())),
        key_owner,
    })
}
