//! The daily sync: its slot as a setting, and starting it once when its slot has begun.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::run::RunKind;
use crate::nouns::schedule::DailySlot;
use crate::store::error::StoreError;
use crate::store::runs;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::request::{self, Ask, Asked};
use crate::sync::setting;

const NAME: &str = "daily_sync_slot";

/// The slot in force, and who chose it; nobody has when it is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailySchedule {
    /// The slot.
    pub slot: DailySlot,
    /// Who chose it, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// The time zone of an organization's days and schedules.
pub fn zone(mirror: &Mirror) -> TimeZone {
    mirror.zone()
}

/// Reads the schedule.
pub fn read(tx: &mut Tx) -> Result<DailySchedule, StoreError> {
    Ok(match settings::find(tx, NAME)? {
        None => DailySchedule { slot: DailySlot::DEFAULT, chosen: None },
        Some(setting) => DailySchedule {
            slot: DailySlot::parse(&setting.value).unwrap_or(DailySlot::DEFAULT),
            chosen: Some((setting.changed_by, setting.changed_at)),
        },
    })
}

/// Chooses the slot.
pub async fn choose(context: &Context, mirror: &Mirror, slot: DailySlot, entropy: &Entropy) -> Result<(), StoreError> {
    setting::choose(context, mirror, (NAME, slot.to_text()), entropy).await
}

/// Starts the daily sync when its slot has begun since the last one, since the organization was connected, and since the
/// slot was chosen. A slot that was missed is caught up once. While another run holds the place it is asked again later.
pub async fn start_when_due(mirror: &Mirror, now: Timestamp, entropy: &Entropy) -> Result<Option<Asked>, StoreError> {
    let (schedule, last) = mirror.store().read(|tx| Ok((read(tx)?, runs::last_daily(tx)?))).await?;
    let Some(began) = schedule.slot.began(&zone(mirror), now) else { return Ok(None) };
    let settled = [last, Some(mirror.organization().created_at), schedule.chosen.map(|(_, at)| at)];
    if settled.into_iter().flatten().any(|at| at >= began) {
        return Ok(None);
    }
    let context = Context { actor: Actor::System, now };
    // The slot is the natural key: two nodes that see it begin start one run.
    let key = format!("daily sync of {began}");
    request::start(&context, mirror, Ask::everything(RunKind::Daily), (Some(key), entropy)).await.map(Some)
}
