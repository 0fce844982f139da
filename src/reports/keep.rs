//! Keeping reports: made, changed and deleted. A filter that a report uses is one that everybody finds, because its report
//! goes to whom its addresses say.

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::id::{Entropy, ReportId};
use crate::mirror::Mirror;
use crate::mirror::filters::{NotKept as FilterNotKept, share};
use crate::nouns::context::Context;
use crate::nouns::refusal::Refusal;
use crate::nouns::report::{About, MOST_RECIPIENTS, Report, ReportDraft};
use crate::nouns::warning::is_address;
use crate::reports::send::record;
use crate::store::error::StoreError;
use crate::store::reports;
use crate::store::tx::Tx;

/// Why a report was not kept.
#[derive(Debug, Error)]
pub enum NotKept {
    /// There is no such report.
    #[error("there is no such report")]
    Unknown,
    /// There is one of this name already.
    #[error("there is a report of this name already")]
    NameTaken,
    /// There are as many as can be listed.
    #[error("there are {} reports already", reports::MOST)]
    TooMany,
    /// Nobody gets it.
    #[error("it goes to nobody; enter at least one address")]
    Nobody,
    /// More addresses than a report has.
    #[error("it has more than {MOST_RECIPIENTS} addresses; use the address of a mailing list")]
    TooManyRecipients,
    /// This is no address.
    #[error("“{0}” is no e-mail address")]
    Address(String),
    /// Nothing is known of its time zone.
    #[error("there is no time zone of that name")]
    Zone,
    /// Its filter is not there, or is somebody else's own.
    #[error("the filter is not there, or belongs to somebody else alone")]
    NoFilter,
    /// Its filter cannot be shared: everybody finds another one of that name.
    #[error("the filter would be shared, and everybody finds another one of that name")]
    FilterName,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotKept {
    /// What a person is told.
    pub fn refusal(&self, what: &str) -> Refusal {
        match self {
            NotKept::Unknown => Refusal::new(what, "There is no such report.", "Look at the list of reports."),
            NotKept::Store(error) => Refusal::new(what, format!("The database failed: {error}."), "Try again."),
            why => Refusal::new(what, format!("It was not taken: {why}."), "Correct it below."),
        }
    }
}

/// Reads addresses with commas, semicolons or line breaks between them; each once.
pub fn addresses(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for address in text.split([',', ';', '\n']).map(str::trim).filter(|address| !address.is_empty()) {
        if !found.iter().any(|known| known.eq_ignore_ascii_case(address)) {
            found.push(address.to_owned());
        }
    }
    found
}

/// Makes a report. Nothing before this moment counts as missed.
///
/// # Errors
/// Something of it cannot be, or the database failed.
pub async fn create(
    context: &Context,
    mirror: &Mirror,
    draft: ReportDraft,
    entropy: &Entropy,
) -> Result<ReportId, NotKept> {
    let report = Report {
        id: ReportId::new(entropy, context.now),
        draft: sound(draft)?,
        changed_by: context.actor.as_text(),
        changed_at: context.now,
        settled_at: context.now,
        last: None,
    };
    let (context, id, entropy) = (context.clone(), report.id.clone(), entropy.clone());
    let kept = mirror.store().write(move |tx| {
        if reports::count(tx)? >= reports::MOST {
            return Ok(Err(NotKept::TooMany));
        }
        if let Err(why) = fits(tx, &context, &report)? {
            return Ok(Err(why));
        }
        reports::insert(tx, &report)?;
        record(tx, (&context, "report.created"), (&report, detail(&report)), &entropy)?;
        Ok(Ok(()))
    });
    kept.await??;
    Ok(id)
}

/// Changes a report. What was due before under what it said then is not caught up, and a report about something else
/// compares with nothing.
///
/// # Errors
/// Something of it cannot be, or the database failed.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (id, draft): (&ReportId, ReportDraft),
    entropy: &Entropy,
) -> Result<(), NotKept> {
    let draft = sound(draft)?;
    let (context, id, entropy) = (context.clone(), id.clone(), entropy.clone());
    let changed = mirror.store().write(move |tx| {
        let Some(found) = reports::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        let is_about_the_same = found.draft.about == draft.about;
        let report = Report {
            draft,
            changed_by: context.actor.as_text(),
            changed_at: context.now,
            settled_at: found.settled_at.max(context.now),
            ..found
        };
        if let Err(why) = fits(tx, &context, &report)? {
            return Ok(Err(why));
        }
        reports::update(tx, &report)?;
        if !is_about_the_same {
            reports::forget(tx, &id)?;
        }
        record(tx, (&context, "report.changed"), (&report, detail(&report)), &entropy)?;
        Ok(Ok(()))
    });
    changed.await?
}

/// Deletes a report. What of it is on its way arrives.
///
/// # Errors
/// There is no such report, or the database failed.
pub async fn delete(context: &Context, mirror: &Mirror, id: &ReportId, entropy: &Entropy) -> Result<(), NotKept> {
    let (context, id, entropy) = (context.clone(), id.clone(), entropy.clone());
    let deleted = mirror.store().write(move |tx| {
        let Some(report) = reports::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        reports::delete(tx, &id)?;
        record(tx, (&context, "report.deleted"), (&report, detail(&report)), &entropy)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// What can be seen of a report by itself.
fn sound(draft: ReportDraft) -> Result<ReportDraft, NotKept> {
    if draft.recipients.is_empty() {
        return Err(NotKept::Nobody);
    }
    if draft.recipients.len() > MOST_RECIPIENTS {
        return Err(NotKept::TooManyRecipients);
    }
    if let Some(address) = draft.recipients.iter().find(|address| !is_address(address)) {
        return Err(NotKept::Address(address.chars().filter(|letter| !letter.is_control()).take(100).collect()));
    }
    if TimeZone::get(&draft.zone).is_err() {
        return Err(NotKept::Zone);
    }
    Ok(draft)
}

/// What only shows beside other reports and the filters.
fn fits(tx: &mut Tx, context: &Context, report: &Report) -> Result<Result<(), NotKept>, StoreError> {
    let named = reports::named(tx, &report.draft.name.key())?;
    if named.is_some_and(|other| other != report.id) {
        return Ok(Err(NotKept::NameTaken));
    }
    let About::Filter(filter) = &report.draft.about else { return Ok(Ok(())) };
    Ok(share(tx, context, filter)?.map_err(|why| match why {
        FilterNotKept::NameTaken => NotKept::FilterName,
        _ => NotKept::NoFilter,
    }))
}

fn detail(report: &Report) -> serde_json::Value {
    let draft = &report.draft;
    let about = match &draft.about {
        About::Filter(id) => id.as_str(),
        About::Dashboard => "dashboard",
    };
    serde_json::json!({
        "about": about,
        "rhythm": draft.rhythm.to_text(),
        "time": draft.time.strftime("%H:%M").to_string(),
        "zone": draft.zone,
        "active": draft.active,
        "recipients": draft.recipients.len(),
    })
}
