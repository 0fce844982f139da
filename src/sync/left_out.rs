//! Sites to leave out as a setting: access, seats and activity there are neither counted nor shown. What a sync reads and
//! keeps stays whole, so that a site that is taken in again has its past.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::{Mirror, marks};
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::setting;

/// The sites that are left out, and who chose them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Their cloud ids.
    pub sites: BTreeSet<Box<str>>,
    /// Who chose them, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// Reads the choice.
pub fn read(tx: &mut Tx) -> Result<LeftOut, StoreError> {
    Ok(match settings::find(tx, marks::LEFT_OUT)? {
        None => LeftOut::default(),
        Some(setting) => {
            LeftOut { sites: marks::parse(&setting.value), chosen: Some((setting.changed_by, setting.changed_at)) }
        }
    })
}

/// Leaves these sites out, and no others. Ids that no site of the organization has are not taken.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    sites: &BTreeSet<String>,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let snapshot = mirror.current();
    let known: BTreeSet<&str> = snapshot.resources().iter().map(|resource| resource.id.site()).collect();
    let sites: Vec<&str> = sites.iter().map(String::as_str).filter(|site| known.contains(site)).collect();
    let value = serde_json::json!(sites).to_string();
    setting::choose(context, mirror, (marks::LEFT_OUT, value), entropy).await?;
    mirror.remark().await
}
