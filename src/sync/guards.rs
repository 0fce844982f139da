//! The guards' thresholds as a setting: from how many rows on a change waits for a person.

use directory::Thresholds;
use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::setting;

const NAME: &str = "mirror_guards";

/// The thresholds in force, and who chose them; nobody has when they are the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// Who chose them, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// Why thresholds cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotThresholds {
    /// A share that is none, or that would switch the guard off.
    #[error("a share is a whole number of percent from 1 to 99")]
    Share,
    /// A number of rows that would switch the guard off.
    #[error("the least number of rows is from 1 to 1,000,000")]
    Least,
    /// A size of groups that would switch the guard off.
    #[error("the size of small groups is from 0 to 1,000")]
    SmallGroup,
}

/// Thresholds as somebody typed them.
///
/// # Errors
/// Which of the numbers is out of its bounds.
pub fn thresholds(share_percent: u64, least: u64, small_group: u64) -> Result<Thresholds, NotThresholds> {
    if !(1..=99).contains(&share_percent) {
        return Err(NotThresholds::Share);
    }
    if !(1..=1_000_000).contains(&least) {
        return Err(NotThresholds::Least);
    }
    if small_group > 1_000 {
        return Err(NotThresholds::SmallGroup);
    }
    Ok(Thresholds { share_percent, least, small_group })
}

/// Reads the thresholds.
pub fn read(tx: &mut Tx) -> Result<Guards, StoreError> {
    Ok(match settings::find(tx, NAME)? {
        None => Guards { thresholds: Thresholds::default(), chosen: None },
        Some(setting) => Guards {
            thresholds: parse(&setting.value).unwrap_or_default(),
            chosen: Some((setting.changed_by, setting.changed_at)),
        },
    })
}

/// Chooses the thresholds, from the next run on.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    thresholds: Thresholds,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let value = serde_json::json!({
        "share_percent": thresholds.share_percent,
        "least": thresholds.least,
        "small_group": thresholds.small_group,
    });
    setting::choose(context, mirror, (NAME, value.to_string()), entropy).await
}

fn parse(text: &str) -> Option<Thresholds> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let number = |name: &str| value[name].as_u64();
    thresholds(number("share_percent")?, number("least")?, number("small_group")?).ok()
}
