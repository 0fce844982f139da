//! The rows behind a run's figures: who and what it changed, one kind at a time, searched, sorted by name, paged by key.

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use columns::Ordinal;
use directory::{Snapshot, fold_text};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::id::RunId;
use crate::nouns::change_list::{ChangeKind, ChangeList, ChangeRow, Changes, MOST_ROWS};
use crate::nouns::run::Run;
use crate::store::{changes, runs};
use crate::web::failure::Failure;
use crate::web::run::change_rows::{self, Around, DIRECTORY, Subject, columns, row};
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::words;
use crate::web::visit::{Visit, run_address};

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    kind: String,
    q: String,
    after: String,
    before: String,
}

/// The rows of one page, and the way to those before and after.
#[derive(Debug, Default, PartialEq, Eq)]
struct Slice {
    rows: Vec<ChangeRow>,
    previous: Option<ChangeRow>,
    next: Option<ChangeRow>,
}

const LIMIT: usize = 50;

/// GET /runs/{id}/changes
pub(crate) async fn list(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let unknown = Failure::NotFound("There is no sync run with this id.");
    let Some(id) = RunId::parse(&id) else { return Err(unknown) };
    let store = visit.mirror.store();
    let found = store
        .read(move |tx| {
            let Some(run) = runs::find(tx, &id)? else { return Ok(None) };
            let list = match run.generation {
                Some(generation) => changes::of_generation(tx, generation)?,
                None => None,
            };
            Ok(Some((run, list)))
        })
        .await?;
    let Some((run, list)) = found else { return Err(unknown) };
    let kind = chosen(&ask, list.as_ref());
    let shown = kind.zip(list.as_ref()).and_then(|(kind, list)| list.get(kind));
    let slice = match (kind, shown) {
        (Some(kind), Some(changes)) => slice(&ask, kind, changes, &visit.snapshot),
        _ => Slice::default(),
    };
    let around = match (kind, run.generation) {
        (Some(kind), Some(generation)) => {
            let rows = slice.rows.clone();
            store
                .read(move |tx| rows.iter().map(|row| change_rows::read(tx, (kind, generation), *row)).collect())
                .await?
        }
        _ => Vec::new(),
    };
    let title = format!("Changes of {} {}", words::run_kind(run.kind).to_lowercase(), run.number);
    let content = content(&run, (list.as_ref(), kind), &ask, (&slice, &around), (&visit.snapshot, &visit.reader));
    Ok(Page::framed(&visit.frame(&title, Place::SyncRuns), content).into_response())
}

/// The address of the rows of a kind.
pub(super) fn address(run: &Run, kind: ChangeKind) -> Address {
    run_address(run).below("changes").with("kind", kind.as_str())
}

/// The kind that is asked for, else the first that has rows.
fn chosen(ask: &Ask, list: Option<&ChangeList>) -> Option<ChangeKind> {
    ChangeKind::parse(&ask.kind)
        .filter(|kind| kind.has_rows())
        .or_else(|| list.and_then(|list| list.kinds.iter().map(|(kind, _)| *kind).find(|kind| kind.has_rows())))
}

/// A row's place in the list: by the names of subject and object, then by themselves.
type SortKey<'s> = (&'s str, &'s str, ChangeRow);

fn sort_key(kind: ChangeKind, row: ChangeRow, snapshot: &Snapshot) -> SortKey<'_> {
    let (subject, object) = change_rows::subjects(kind, row);
    (folded(subject, snapshot), object.map_or("", |object| folded(object, snapshot)), row)
}

fn folded(subject: Subject, snapshot: &Snapshot) -> &str {
    match subject {
        Subject::Person(account) => snapshot.folded_name(account),
        Subject::Group(group) => snapshot.group_row(group).map_or("", |row| &row.folded_name),
        Subject::Directory(place) => snapshot.directories().get(place as usize).map_or("", |named| &named.name),
        Subject::Resource(place) => snapshot.resources().get(place as usize).map_or("", |named| named.site_name()),
    }
}

/// Whom and what a search finds.
struct Found<'s> {
    text: String,
    people: RoaringBitmap,
    snapshot: &'s Snapshot,
}

impl Found<'_> {
    fn holds(&self, subject: Subject) -> bool {
        let named = |name: &str| fold_text(name).contains(&self.text);
        match subject {
            Subject::Person(account) => self.people.contains(account),
            Subject::Group(group) => self
                .snapshot
                .group_row(group)
                .is_some_and(|row| row.folded_name.contains(&self.text) || named(row.id.as_str())),
            Subject::Directory(place) => {
                self.snapshot.directories().get(place as usize).is_some_and(|directory| named(&directory.name))
            }
            Subject::Resource(place) => (self.snapshot.resources().get(place as usize))
                .is_some_and(|resource| named(resource.site_name()) || named(resource.id.app_name())),
        }
    }
}

fn slice(ask: &Ask, kind: ChangeKind, changes: &Changes, snapshot: &Snapshot) -> Slice {
    let mut sorted: Vec<SortKey<'_>> =
        found(&ask.q, kind, changes, snapshot).into_iter().map(|row| sort_key(kind, row, snapshot)).collect();
    sorted.sort_unstable();
    let key = |cursor: &str| parse_cursor(cursor).map(|row| sort_key(kind, row, snapshot));
    let (first, last) = match (key(&ask.after), key(&ask.before)) {
        (Some(place), _) => {
            let first = sorted.partition_point(|row| *row <= place);
            (first, (first + LIMIT).min(sorted.len()))
        }
        (None, Some(place)) => {
            let last = sorted.partition_point(|row| *row < place);
            // Too near the beginning for a full page is the first page.
            if last < LIMIT { (0, LIMIT.min(sorted.len())) } else { (last - LIMIT, last) }
        }
        (None, None) => (0, LIMIT.min(sorted.len())),
    };
    let rows: Vec<ChangeRow> = sorted[first..last].iter().map(|(_, _, row)| *row).collect();
    let previous = rows.first().filter(|_| first > 0).copied();
    let next = rows.last().filter(|_| last < sorted.len()).copied();
    Slice { rows, previous, next }
}

fn found(q: &str, kind: ChangeKind, changes: &Changes, snapshot: &Snapshot) -> Vec<ChangeRow> {
    let text = fold_text(q);
    if text.is_empty() {
        return changes.rows.clone();
    }
    let found = Found { people: snapshot.search(q), text, snapshot };
    let holds = |row: &&ChangeRow| {
        let (subject, object) = change_rows::subjects(kind, **row);
        found.holds(subject) || object.is_some_and(|object| found.holds(object))
    };
    changes.rows.iter().filter(holds).copied().collect()
}

/// A cursor: subject and object.
fn cursor((subject, object): ChangeRow) -> String {
    format!("{subject}.{object}")
}

fn parse_cursor(text: &str) -> Option<ChangeRow> {
    let (subject, object) = text.split_once('.')?;
    Some((subject.parse::<Ordinal>().ok()?, object.parse::<Ordinal>().ok()?))
}

fn content(
    run: &Run,
    (list, kind): (Option<&ChangeList>, Option<ChangeKind>),
    ask: &Ask,
    (slice, around): (&Slice, &[Around]),
    (snapshot, reader): (&Snapshot, &Reader),
) -> Markup {
    let shown = kind.zip(list).and_then(|(kind, list)| list.get(kind));
    html! {
        nav.trail aria-label="Breadcrumb" {
            a href=(run_address(run)) { (words::run_kind(run.kind)) " " (run.number) }
        }
        div.headline {
            h1 { @match kind { Some(kind) => { (words::change_kind(kind)) } None => "Changes" } }
            @if let Some(changes) = shown { span.sub.num { (number(changes.count)) } }
            @if let Some(at) = run.ended_at { span.sub { "sealed " (reader.relative(at)) } }
        }
        @if let Some(list) = list {
            nav.chips aria-label="Kind of change" {
                @for (other, changes) in list.kinds.iter().filter(|(kind, _)| kind.has_rows()) {
                    a href=(address(run, *other)) aria-current=[(Some(*other) == kind).then_some("true")] {
                        (words::change_kind(*other)) " " span.num { (number(changes.count)) }
                    }
                }
            }
        }
        @match (kind, shown) {
            (Some(kind), Some(changes)) => {
                (search(run, kind, ask))
                @if slice.rows.is_empty() {
                    (empty(&format!("Nothing is found by “{}”.", ask.q.trim()), html! {
                        p { "Names, addresses and apps are searched, as they are known now." }
                        p { a.button href=(address(run, kind)) { "Show all " (number(changes.rows.len() as u64)) } }
                    }))
                } @else {
                    (table(kind, (slice, around), snapshot))
                    @let here = address(run, kind).with("q", ask.q.trim());
                    (paging(
                        "Pages",
                        slice.previous.map(|row| here.clone().with("before", &cursor(row))),
                        slice.next.map(|row| here.clone().with("after", &cursor(row))),
                    ))
                }
                @if changes.is_cut() {
                    p.hint { "Only " (number(MOST_ROWS as u64)) " rows are kept for this list. All of them are in the history \
                        of each person and group." }
                }
            }
            _ => { (nothing(run, kind)) }
        }
    }
}

/// Why there are no rows.
fn nothing(run: &Run, kind: Option<ChangeKind>) -> Markup {
    let back = html! { p { a.button href=(run_address(run)) { "Back to the run" } } };
    match (run.generation, kind) {
        (None, _) => empty(
            "This run changed nothing.",
            html! { p { "Only a run that is sealed changes what is shown." } (back) },
        ),
        (Some(1), _) => empty(
            "Everything was new.",
            html! { p { "This is the first generation: there was nothing before it to compare with." } (back) },
        ),
        (Some(_), None) => empty(
            "There are no rows to show.",
            html! { p { "The run changed nothing that is listed, or was sealed before rows were kept." } (back) },
        ),
        (Some(_), Some(kind)) => empty(
            &format!("{}: none.", words::change_kind(kind)),
            html! { p { "This run has no change of this kind." } (back) },
        ),
    }
}

fn search(run: &Run, kind: ChangeKind, ask: &Ask) -> Markup {
    let here = run_address(run).below("changes");
    html! {
        form.filter method="get" action=(here) role="search" {
            input type="hidden" name="kind" value=(kind.as_str());
            input type="search" name="q" value=(ask.q) placeholder="Name, e-mail, group or app"
                aria-label="Name, e-mail, group or app" maxlength="256" autocomplete="off" spellcheck="false";
            button.primary type="submit" { "Search" }
            @if !ask.q.trim().is_empty() { a.button.quiet href=(address(run, kind)) { "Clear" } }
        }
    }
}

fn table(kind: ChangeKind, (slice, around): (&Slice, &[Around]), snapshot: &Snapshot) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(words::change_kind(kind)) {
            table {
                thead { tr { @for column in columns(kind) {
                    th scope="col" class=[(*column == DIRECTORY).then_some("hide-s")] { (column) }
                } } }
                tbody { @for (place, around) in slice.rows.iter().zip(around) {
                    tr { (row(kind, *place, around, snapshot)) }
                } }
            }
        }
    }
}

#[cfg(test)]
mod tests;
