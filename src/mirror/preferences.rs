//! How administrators like their pages. It changes nothing about an organization, so it is on no audit chain.

use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::store::error::StoreError;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;

/// The columns that somebody has chosen for the user browser, as its page writes them; `None` for the usual ones.
pub fn columns(tx: &mut Tx, administrator: &AdministratorId) -> Result<Option<String>, StoreError> {
    let found = settings::find(tx, &columns_of(administrator))?;
    Ok(found.map(|setting| setting.value).filter(|value| !value.is_empty()))
}

/// Chooses columns for whoever asks; `None` goes back to the usual ones. Nobody but an administrator has a choice to keep.
pub async fn choose_columns(context: &Context, mirror: &Mirror, columns: Option<String>) -> Result<(), StoreError> {
    let Actor::Administrator { id, username, .. } = context.actor.clone() else { return Ok(()) };
    let (value, changed_at) = (columns.unwrap_or_default(), context.now);
    let setting = Setting { value, changed_by: username, changed_at };
    mirror.store().write(move |tx| settings::put(tx, &columns_of(&id), &setting)).await
}

/// How somebody likes moments to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    /// A time zone by its IANA name; `None` for the organization's.
    pub zone: Option<String>,
    /// In which order a date is written.
    pub dates: Dates,
}

/// The order of a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// `14 Aug 2026`
    #[default]
    DayFirst,
    /// `Aug 14, 2026`
    MonthFirst,
    /// `2026-08-14`
    YearFirst,
}

impl Dates {
    /// All of them.
    pub const ALL: [Dates; 3] = [Dates::DayFirst, Dates::MonthFirst, Dates::YearFirst];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Dates::DayFirst => "day-first",
            Dates::MonthFirst => "month-first",
            Dates::YearFirst => "year-first",
        }
    }

    /// The order of a word.
    pub fn parse(word: &str) -> Option<Dates> {
        Dates::ALL.into_iter().find(|dates| dates.as_str() == word)
    }
}

impl Moments {
    fn parse(text: &str) -> Moments {
        let (dates, zone) = text.split_once(' ').unwrap_or((text, ""));
        let zone = Some(zone).filter(|zone| !zone.is_empty()).map(str::to_owned);
        Moments { zone, dates: Dates::parse(dates).unwrap_or_default() }
    }

    fn to_text(&self) -> String {
        format!("{} {}", self.dates.as_str(), self.zone.as_deref().unwrap_or_default())
    }
}

/// How an administrator likes moments to be written.
pub fn moments(tx: &mut Tx, administrator: &AdministratorId) -> Result<Moments, StoreError> {
    let found = settings::find(tx, &moments_of(administrator))?;
    Ok(found.map(|setting| Moments::parse(&setting.value)).unwrap_or_default())
}

/// Chooses how moments are written for whoever asks.
pub async fn choose_moments(context: &Context, mirror: &Mirror, moments: &Moments) -> Result<(), StoreError> {
    let Actor::Administrator { id, username, .. } = context.actor.clone() else { return Ok(()) };
    let setting = Setting { value: moments.to_text(), changed_by: username, changed_at: context.now };
    mirror.store().write(move |tx| settings::put(tx, &moments_of(&id), &setting)).await
}

fn moments_of(administrator: &AdministratorId) -> String {
    format!("moments.{administrator}")
}

fn columns_of(administrator: &AdministratorId) -> String {
    format!("user_browser_columns.{administrator}")
}
