//! Why somebody is not seen, as far as the mirror and its history know: where they are shown, which terms of a filter
//! hide them, and when they were seen to be gone. Reads only; what Atlassian says is `sync::why`.

use directory::find::{self, Ranking, Term, Verdict};
use directory::{Ordinal, Snapshot, Status, email_key, fold_text};
use filter::Query;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::mirror::answer::answer;
use crate::mirror::export::in_order;
use crate::store::error::StoreError;
use crate::store::timeline::{self, Sealed};
use crate::store::tx::Tx;

/// Who is looked for, and in which list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// An e-mail address or an account id; a name where it is one person's.
    pub who: String,
    /// The filter of the list, as it was written.
    pub filter: String,
    /// The status that the list is narrowed to; empty for all.
    pub status: String,
}

/// Somebody whom the mirror has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The list shows them.
    Shown {
        /// In which row, from 1, in the order of the filter.
        row: u64,
        /// Of how many.
        of: u64,
    },
    /// The list does not show them.
    Hidden(Vec<Hiding>),
    /// The filter would find them, but for what they have on sites that are left out.
    LeftOut {
        /// The short names of these sites.
        sites: Vec<String>,
    },
    /// They were there and are in no directory any more.
    Removed {
        /// The generation that saw it first, with its run.
        seen: Option<Sealed>,
    },
    /// Only their id is known, from a group that names them.
    OnlyNamed,
}

/// A term that hides somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hiding {
    /// The term in its canonical form.
    pub term: String,
    /// Whether it is not false, but cannot be told.
    pub is_unknown: bool,
    /// The list without this term.
    pub without: List,
}

/// A list of the user browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its filter.
    pub filter: String,
    /// Its status.
    pub status: String,
}

/// Whom a text names in the mirror: those who are there, or else former people. A full id or address is somebody's alone;
/// a name may be several people's.
pub fn named(snapshot: &Snapshot, who: &str) -> Vec<Ordinal> {
    let who = who.trim();
    if who.is_empty() {
        return Vec::new();
    }
    if let Some(account) = snapshot.account(who) {
        return vec![account];
    }
    let (key, folded) = (email_key(who), fold_text(who));
    let all = (0..snapshot.accounts_len() as Ordinal).filter(|account| {
        snapshot.email_key(*account).is_some_and(|known| known == key) || snapshot.folded_name(*account) == folded
    });
    let all: RoaringBitmap = all.collect();
    let present = &all & snapshot.present();
    (if present.is_empty() { all } else { present }).iter().collect()
}

/// How somebody whom the mirror knows stands to a list: one of what is shown of the whole mirror.
pub fn standing(
    tx: &mut Tx,
    (shown, whole): (&Snapshot, &Snapshot),
    account: Ordinal,
    (sought, now, zone): (&Sought, Timestamp, &TimeZone),
) -> Result<Standing, StoreError> {
    let snapshot = shown;
    let is_present = snapshot.account_row(account).is_some_and(|row| row.presence.is_some());
    if is_present {
        let standing = in_list(shown, account, (sought, now, zone));
        let is_hidden = matches!(standing, Standing::Hidden(_)) && !shown.left_out_sites().is_empty();
        return Ok(match is_hidden.then(|| in_list(whole, account, (sought, now, zone))) {
            Some(Standing::Shown { .. }) => Standing::LeftOut { sites: left_out_of(shown, whole, account) },
            _ => standing,
        });
    }
    let timeline = timeline::of(tx, account, snapshot.generation())?;
    if timeline.presence.is_empty() {
        return Ok(Standing::OnlyNamed);
    }
    let last = timeline.presence.iter().filter_map(|span| span.until).max();
    Ok(Standing::Removed { seen: last.and_then(|generation| timeline.generations.get(&generation).cloned()) })
}

/// The sites that are left out, of those somebody may enter; all of them where the filter asks for something else.
fn left_out_of(shown: &Snapshot, whole: &Snapshot, account: Ordinal) -> Vec<String> {
    let access = whole.access(account);
    let theirs = access.iter().map(|way| way.resource).filter(|resource| shown.is_left_out(*resource));
    let named = theirs.filter_map(|resource| whole.resources().get(resource as usize));
    let mut sites: Vec<&str> = named.map(|resource| resource.site_name()).collect();
    sites.sort_unstable();
    sites.dedup();
    let sites = if sites.is_empty() { shown.left_out_sites() } else { sites };
    sites.into_iter().map(str::to_owned).collect()
}

/// Whether a list shows somebody who is there.
fn in_list(snapshot: &Snapshot, account: Ordinal, (sought, now, zone): (&Sought, Timestamp, &TimeZone)) -> Standing {
    let answer = answer(snapshot, sought.filter.trim(), (now, zone));
    let status = sought.status.trim().to_lowercase();
    let mut shown = answer.found.matching.clone();
    if !status.is_empty() {
        shown &= of_status(snapshot, &status);
    }
    if shown.contains(account) {
        let listed = in_order(&shown, &Ranking::of(snapshot, &answer.query.order));
        let row = listed.iter().position(|row| *row == account).map_or(0, |at| at as u64 + 1);
        return Standing::Shown { row, of: shown.len() };
    }
    let show = |query: &Query| filter::show(query, find::catalogue());
    let terms = find::terms(snapshot, &answer.query, account, (now, zone));
    let mut hiding: Vec<Hiding> = (terms.iter().enumerate())
        .filter(|(_, term)| term.verdict != Verdict::Holds)
        .map(|(place, Term { term, verdict })| Hiding {
            term: show(term),
            is_unknown: *verdict == Verdict::Unknown,
            without: List {
                filter: show(&find::without(&answer.query, |left_out| left_out == place)),
                status: status.clone(),
            },
        })
        .collect();
    if !status.is_empty() && !of_status(snapshot, &status).contains(account) {
        hiding.push(Hiding {
            term: format!("Status: {status}"),
            is_unknown: false,
            without: List { filter: sought.filter.trim().to_owned(), status: String::new() },
        });
    }
    // A text of which nothing was understood finds nobody.
    if hiding.is_empty() {
        hiding.push(Hiding {
            term: sought.filter.trim().to_owned(),
            is_unknown: false,
            without: List { filter: String::new(), status },
        });
    }
    Standing::Hidden(hiding)
}

/// Those of a status as the browser's list of statuses has them.
fn of_status(snapshot: &Snapshot, word: &str) -> RoaringBitmap {
    match word {
        "former" => RoaringBitmap::new(),
        "other" => {
            let known = Status::KNOWN.iter().map(|status| snapshot.with_status(status));
            known.fold(snapshot.present(), |rest, people| rest - people)
        }
        word => snapshot.with_status(&Status::parse(word)) & snapshot.present(),
    }
}

/// The list without any of the terms that hide somebody.
pub fn without_all(
    snapshot: &Snapshot,
    account: Ordinal,
    (sought, now, zone): (&Sought, Timestamp, &TimeZone),
) -> List {
    let answer = answer(snapshot, sought.filter.trim(), (now, zone));
    let terms = find::terms(snapshot, &answer.query, account, (now, zone));
    let hides = |place: usize| terms.get(place).is_some_and(|term| term.verdict != Verdict::Holds);
    let status = sought.status.trim().to_lowercase();
    let keeps_status = status.is_empty() || of_status(snapshot, &status).contains(account);
    List {
        filter: filter::show(&find::without(&answer.query, hides), find::catalogue()),
        status: if keeps_status { status } else { String::new() },
    }
}
