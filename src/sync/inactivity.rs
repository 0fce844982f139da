//! The user inactivity threshold as a setting. It says what the dashboard counts as inactive, and must decide nothing
//! else: filters carry their own lengths of time.

use directory::tiles::Threshold;
use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::setting;

const NAME: &str = "user_inactivity_threshold";

/// The threshold in force, and who chose it; nobody has when it is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inactivity {
    /// The threshold.
    pub threshold: Threshold,
    /// Who chose it, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// Reads the threshold.
pub fn read(tx: &mut Tx) -> Result<Inactivity, StoreError> {
    Ok(match settings::find(tx, NAME)? {
        None => Inactivity { threshold: Threshold::DEFAULT, chosen: None },
        Some(setting) => Inactivity {
            threshold: Threshold::parse(&setting.value).unwrap_or(Threshold::DEFAULT),
            chosen: Some((setting.changed_by, setting.changed_at)),
        },
    })
}

/// Chooses the threshold.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    threshold: Threshold,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    setting::choose(context, mirror, (NAME, threshold.to_text()), entropy).await
}
