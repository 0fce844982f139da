//! What pages, commands and the API read of feeds and their runs.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::feeds::person;
use crate::feeds::trouble::NotDone;
use crate::id::{FeedBodyId, FeedRunId};
use crate::mirror::Mirror;
use crate::nouns::feed::Feed;
use crate::nouns::feed_person::{FeedPerson, FeedRecord, PersonState};
use crate::nouns::feed_row::{FeedRow, FieldChange};
use crate::nouns::feed_run::{FeedRun, LogLine, RunFile};
use crate::store::error::StoreError;
use crate::store::feed_log::LinesWanted;
use crate::store::feed_people::PeopleWanted;
use crate::store::feed_rows::RowsWanted;
use crate::store::{feed_bodies, feed_log, feed_people, feed_records, feed_rows, feed_runs, feeds};

/// A feed as lists show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The feed.
    pub feed: Feed,
    /// Its newest run.
    pub newest: Option<FeedRun>,
    /// The run applied last.
    pub applied: Option<FeedRun>,
    /// How many people it holds, by how they stand.
    pub people: Vec<(PersonState, u64)>,
    /// How many people's last record was not applied in whole.
    pub failing: u64,
}

/// A run with its feed and files.
#[derive(Clone, Debug, PartialEq)]
pub struct OneRun {
    /// Its feed.
    pub feed: Feed,
    /// The run.
    pub run: FeedRun,
    /// Its files in the order in which they came.
    pub files: Vec<RunFile>,
    /// The newest other run of the feed that was applied, for the change in the number of errors.
    pub before: Option<FeedRun>,
}

/// Every feed, by code.
pub async fn list(mirror: &Mirror) -> Result<Vec<Listed>, StoreError> {
    let read = mirror.store().read(|tx| {
        let mut listed = Vec::new();
        for feed in feeds::list(tx)? {
            let newest = feed_runs::newest_of(tx, feed.number)?;
            let applied = match &feed.applied_run {
                Some(run) => feed_runs::find(tx, run)?,
                None => None,
            };
            listed.push(Listed { feed, newest, applied, people: Vec::new(), failing: 0 });
        }
        Ok(listed)
    });
    let mut listed = read.await?;
    for one in &mut listed {
        let figures = mirror.feed_figures(one.feed.number).await?;
        (one.people, one.failing) = (figures.people, figures.failing);
    }
    Ok(listed)
}

/// The runs of a feed before a number, the newest first; of all feeds when none is named.
pub async fn runs(mirror: &Mirror, feed: Option<i64>, (before, limit): (i64, u32)) -> Result<Vec<FeedRun>, StoreError> {
    let read = move |tx: &mut crate::store::tx::Tx| match feed {
        Some(feed) => feed_runs::of_feed(tx, feed, before, limit),
        None => feed_runs::newest(tx, before, limit),
    };
    mirror.store().read(read).await
}

/// A run.
pub async fn run(mirror: &Mirror, id: &FeedRunId) -> Result<OneRun, NotDone> {
    let id = id.clone();
    let read = mirror.store().read(move |tx| {
        let Some(run) = feed_runs::find(tx, &id)? else { return Ok(None) };
        let Some(feed) = feeds::find(tx, run.feed)? else { return Ok(None) };
        let files = feed_runs::files(tx, run.number)?;
        let applied = |other: &FeedRun| other.state == crate::nouns::feed_run::FeedRunState::Complete;
        let before = feed_runs::of_feed(tx, run.feed, run.number, 100)?.into_iter().find(applied);
        Ok(Some(OneRun { feed, run, files, before }))
    });
    read.await?.ok_or(NotDone::NoRun)
}

/// The first rows of a run's preview that are wanted, in order. The place of the last is the cursor of the next page.
pub async fn preview_rows(
    mirror: &Mirror,
    run: i64,
    (wanted, limit): (RowsWanted, u32),
) -> Result<Vec<FeedRow>, StoreError> {
    mirror.store().read(move |tx| feed_rows::matching(tx, run, &wanted, limit)).await
}

/// The names of people, by number.
pub async fn names(mirror: &Mirror, accounts: Vec<i64>) -> Result<BTreeMap<i64, String>, StoreError> {
    let read = mirror.store().read(move |tx| {
        let mut names = BTreeMap::new();
        for account in accounts {
            names.extend(feed_people::find(tx, account)?.map(|person| (account, person.name)));
        }
        Ok(names)
    });
    read.await
}

/// What a row's person will have, field by field: for somebody new, of whom nothing changes.
pub fn fields_of(row: &FeedRow) -> Vec<FieldChange> {
    let Some(told) = row.person.as_deref().and_then(person::of_text) else { return Vec::new() };
    let field = |field: String, after| FieldChange { field, before: Vec::new(), after, by_control: false };
    let mut fields: Vec<FieldChange> =
        told.fields.iter().map(|(key, entries)| field(key.to_string(), person::shown(entries))).collect();
    if !told.groups.is_empty() {
        fields.push(field("user: groups".to_owned(), told.groups.into_iter().collect()));
    }
    fields
}

/// The first lines of a run's log that are wanted, in order. The number of the last is the cursor of the next page.
pub async fn log(mirror: &Mirror, run: i64, (wanted, limit): (LinesWanted, u32)) -> Result<Vec<LogLine>, StoreError> {
    mirror.store().read(move |tx| feed_log::matching(tx, run, &wanted, limit)).await
}

/// People of a feed, by username.
pub async fn people(
    mirror: &Mirror,
    feed: i64,
    (wanted, limit): (PeopleWanted, u32),
) -> Result<Vec<FeedPerson>, StoreError> {
    mirror.store().read(move |tx| feed_people::of_feed(tx, feed, &wanted, limit)).await
}

/// People of a feed whose last record was not applied in whole, after a number.
pub async fn errors(
    mirror: &Mirror,
    feed: i64,
    (after, limit): (i64, u32),
) -> Result<Vec<(FeedPerson, FeedRecord)>, StoreError> {
    let read = mirror.store().read(move |tx| {
        let mut found = Vec::new();
        for record in feed_records::failing(tx, feed, after, limit)? {
            if let Some(person) = feed_people::find(tx, record.account)? {
                found.push((person, record));
            }
        }
        Ok(found)
    });
    read.await
}

/// How many bytes the files of all feeds have, as they were sent.
pub async fn kept_bytes(mirror: &Mirror) -> Result<u64, StoreError> {
    mirror.store().read(feed_bodies::kept_bytes).await
}

/// Whether a file came compressed by gzip, and is kept like that.
pub async fn is_gzip(mirror: &Mirror, body: &FeedBodyId) -> Result<bool, StoreError> {
    let body = body.clone();
    Ok(mirror.store().read(move |tx| feed_bodies::find(tx, &body)).await?.is_some_and(|body| body.gzip))
}

/// What has changed a person's fields since the run that is applied again: what re-applying takes back.
#[derive(Clone, Debug, PartialEq)]
pub struct Since {
    /// The run.
    pub run: i64,
    /// When it was applied.
    pub at: Option<Timestamp>,
    /// What it changed.
    pub changes: Vec<FieldChange>,
}

/// The third side of a re-applied run: what later runs did with a username since the run it is a copy of.
pub async fn since(mirror: &Mirror, run: &FeedRun, username_key: &str) -> Result<Vec<Since>, StoreError> {
    let Some(original) = run.copy_of.clone() else { return Ok(Vec::new()) };
    let (key, before) = (username_key.to_owned(), run.number);
    let read = mirror.store().read(move |tx| {
        let Some(original) = feed_runs::find(tx, &original)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for (number, row) in feed_rows::of_username(tx, &key, before, 100)? {
            if number > original.number {
                let at = feed_runs::by_number(tx, number)?.and_then(|run| run.ended_at);
                found.push(Since { run: number, at, changes: row.changes });
            }
        }
        Ok(found)
    });
    read.await
}
