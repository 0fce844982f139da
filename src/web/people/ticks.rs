//! Ticking people in the user browser: one form around table, pages and bar. Whatever button sends it, the ticks of the
//! page are kept first, so that a selection goes with its owner from page to page, and from filter to filter.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::Ordinal;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::id::SelectionId;
use crate::mirror::selections::{self, NotSelected};
use crate::nouns::refusal::Refusal;
use crate::nouns::selection::{Picked, Selected, Selection};
use crate::store::selections as stored;
use crate::sync::manual;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::listing::{Cursor, Slice};
use crate::web::people::{self, Ask};
use crate::web::people_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::visit::Visit;

/// Where the form is sent.
pub(crate) const HERE: &str = "/people/select";

/// The selection that a list shows, and who is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) selection: Option<Selection>,
    pub(crate) people: RoaringBitmap,
}

impl Chosen {
    /// The selection that an address names; one that has ended is none.
    pub(crate) async fn of(visit: &Visit, ask: &Ask) -> Result<Chosen, Failure> {
        let selection = match SelectionId::parse(&ask.selection) {
            Some(id) => find(visit, id).await?,
            None => None,
        };
        let people = selection.as_ref().map(|selection| people_of(visit, &selection.selected)).unwrap_or_default();
        Ok(Chosen { selection, people })
    }
}

/// A selection by id, whoever made it.
pub(crate) async fn find(visit: &Visit, id: SelectionId) -> Result<Option<Selection>, Failure> {
    let now = visit.reader.now;
    Ok(visit.mirror.store().read(move |tx| stored::find(tx, &id, now)).await?)
}

/// Who is selected, in the snapshot that is visited.
pub(crate) fn people_of(visit: &Visit, selected: &Selected) -> RoaringBitmap {
    let zone: &TimeZone = &visit.reader.zone;
    selections::people(&visit.snapshot, selected, (visit.reader.now, zone))
}

/// What a verb of selections refused.
pub(crate) fn refused(why: NotSelected) -> Failure {
    match why {
        NotSelected::Store(error) => error.into(),
        NotSelected::Unknown => {
            Failure::NotFound("There is no such selection; those that nobody keeps end after a week.")
        }
        why => Refusal::new(
            "The selection was not changed.",
            format!("It was refused: {why}."),
            "Go back, and select again.",
        )
        .into(),
    }
}

/// Which rows the page has, so that a box without a tick is told from one that is not there; and where the page is.
pub(super) fn place(ask: &Ask, rows: &[Ordinal]) -> Markup {
    let shown: Vec<String> = rows.iter().map(Ordinal::to_string).collect();
    html! {
        input type="hidden" name="shown" value=(shown.join("."));
        @if !ask.after.is_empty() { input type="hidden" name="after" value=(ask.after); }
        @if !ask.before.is_empty() { input type="hidden" name="before" value=(ask.before); }
    }
}

/// The ways to the rows before and after. Links, until somebody has ticked a row or has a selection: then buttons, by
/// which ticks go along.
pub(super) fn turns(ask: &Ask, chosen: &Chosen, slice: &Slice) -> Markup {
    let turn = |name: &str, cursor: &Option<Cursor>, words: &str| {
        html! {
            @match cursor {
                Some(cursor) => button type="submit" name=(name) value=(cursor.to_text()) { (words) },
                None => button type="button" disabled { (words) },
            }
        }
    };
    html! {
        @if slice.previous.is_some() || slice.next.is_some() {
            @if chosen.people.is_empty() { div.links { (people::turns(ask, &Address::new(people::HERE), slice)) } }
            nav.paging.sends aria-label="Pages" {
                (turn("previous", &slice.previous, "Previous"))
                (turn("next", &slice.next, "Next"))
            }
        }
    }
}

/// That people are selected, above a list without rows.
pub(super) fn elsewhere(chosen: &Chosen) -> Markup {
    html! {
        @if let Some(selection) = chosen.selection.as_ref().filter(|_| !chosen.people.is_empty()) {
            p.hint {
                (counted(chosen.people.len(), "person is", "people are")) " selected, and nobody of them is in this list. "
                a href=(crate::web::selections::address(&selection.id)) { "See them" }
            }
        }
    }
}

/// How many are selected, and what can be done with them.
pub(super) fn bar(chosen: &Chosen, matching: &RoaringBitmap, rows: &[Ordinal], can_take_all: bool) -> Markup {
    let here = &chosen.people & matching;
    let on_page = rows.iter().filter(|row| here.contains(**row)).count() as u64;
    let outside = chosen.people.len() - here.len();
    let class = if chosen.people.is_empty() { "bar" } else { "bar some" };
    html! {
        div class=(class) id="bar" role="region" aria-label="Selection" {
            p {
                span role="status" {
                    b.num id="selected" data-elsewhere=(here.len() - on_page) { (number(here.len())) }
                    " of " span.num { (number(matching.len())) } " selected"
                }
                @if outside > 0 { " · " (counted(outside, "more is", "more are")) " not in this list" }
                @if let Some(selection) = &chosen.selection {
                    " · " a href=(Address::new(crate::web::selections::HERE).below(selection.id.as_str())) { "See them" }
                }
            }
            button.quiet type="submit" name="do" value="page" { "Select this page" }
            @if can_take_all && matching.len() > rows.len() as u64 {
                button.quiet type="submit" name="do" value="all" { "Select all " (number(matching.len())) }
            }
            button.quiet.act type="submit" name="do" value="none" { "Clear" }
            button.act type="submit" name="do" value="act" { "Bulk Operations" }
            button.act type="submit" name="do" value="sync" title=(format!("Reads at most {} people again, now", number(manual::ONLY_THESE))) { "Sync these" @if !chosen.people.is_empty() { " " span.num data-all { (number(chosen.people.len())) } } }
            button.act type="submit" name="do" value="export" { "Export" }
            button.act type="submit" name="do" value="keep" { "Keep as a list" }
            noscript { button type="submit" name="do" value="tick" { "Count ticks" } }
        }
    }
}

/// The form as it was sent.
struct Sent {
    ask: Ask,
    shown: RoaringBitmap,
    ticked: RoaringBitmap,
    verb: String,
    request_key: String,
}

impl Sent {
    fn of(pairs: &[(String, String)]) -> Sent {
        let value = |name: &str| {
            pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let (previous, next) = (value("previous"), value("next"));
        let turns = !(previous.is_empty() && next.is_empty());
        let ask = Ask {
            q: value("q"),
            status: value("status"),
            sort: value("sort"),
            order: value("order"),
            after: if turns { next } else { value("after") },
            before: if turns { previous } else { value("before") },
            limit: value("limit"),
            columns: value("columns"),
            selection: value("selection"),
            // Nobody is selected in the past.
            as_of: String::new(),
        };
        let shown: RoaringBitmap = value("shown").split('.').filter_map(|row| row.parse::<Ordinal>().ok()).collect();
        let ticked = pairs.iter().filter(|(name, _)| name == "row").filter_map(|(_, row)| row.parse::<Ordinal>().ok());
        Sent {
            ask,
            ticked: &ticked.collect::<RoaringBitmap>() & &shown,
            shown,
            verb: value("do"),
            request_key: value("request_key"),
        }
    }

    /// Who is selected once the ticks of this page are taken over.
    fn people(&self, before: &RoaringBitmap) -> RoaringBitmap {
        match self.verb.as_str() {
            "none" => RoaringBitmap::new(),
            "page" => before | &self.shown,
            _ => (before - &self.shown) | &self.ticked,
        }
    }
}

/// POST /people/select
pub(crate) async fn take(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let sent = Sent::of(&pairs);
    let before = Chosen::of(&visit, &sent.ask).await?;
    // Nobody is selected whom the snapshot does not know.
    let mut people = sent.people(&before.people);
    people.remove_range(u32::try_from(visit.snapshot.accounts_len()).unwrap_or(u32::MAX)..);
    let canonical = people::canonical_of(&sent.ask, &visit.snapshot, &visit.reader);
    let selection = match (sent.verb.as_str(), canonical) {
        ("all", Some(filter)) => {
            let selected = Selected::Matching(filter);
            let count = people_of(&visit, &selected).len();
            Some(put(&served, &visit, (before.selection, selected), count).await?)
        }
        _ if people == before.people => before.selection,
        _ if people.is_empty() => None,
        (_, canonical) => {
            let from = Picked::Rows(place_of(before.selection.as_ref(), canonical.unwrap_or_default()));
            let selected = Selected::Listed { people: people.clone(), from };
            Some(put(&served, &visit, (before.selection, selected), people.len()).await?)
        }
    };
    let id = selection.map(|selection| selection.id.to_string()).unwrap_or_default();
    let pages = Address::new(crate::web::selections::HERE);
    match sent.verb.as_str() {
        "act" | "sync" | "export" | "keep" if id.is_empty() => {
            let why = "Nobody is selected.";
            Err(Refusal::new("Nothing was done.", why, "Go back and tick somebody, or select all that match.").into())
        }
        "sync" => match people_sync::these(&served, &visit, &people, &sent.request_key).await? {
            Ok(started) => Ok(started),
            Err(held) => {
                let ask = Ask { selection: id, ..sent.ask };
                let page = people::page(&served, &visit, &ask, held).await?;
                Ok(page.with_status(StatusCode::CONFLICT).into_response())
            }
        },
        "act" => Ok(see(Address::new(crate::web::operations::picker::HERE).with("selection", &id).as_str())),
        "export" => Ok(see(pages.below(&id).below("people.csv").as_str())),
        "keep" => Ok(see(&format!("{}#keep", pages.below(&id)))),
        _ => {
            let ask = Ask { selection: id, ..sent.ask };
            let address = ask.address(&Address::new(people::HERE));
            Ok(see(address.with("after", &ask.after).with("before", &ask.before).as_str()))
        }
    }
}

/// The filter in whose list rows were ticked, as long as it is one.
fn place_of(before: Option<&Selection>, filter: String) -> String {
    match before.map(|selection| &selection.selected) {
        None => filter,
        Some(Selected::Matching(before) | Selected::Listed { from: Picked::Rows(before), .. }) if *before == filter => {
            filter
        }
        Some(_) => String::new(),
    }
}

/// Changes a selection of whoever visits; somebody else's stays as it is, and becomes the beginning of another, and so
/// does one that is kept under a name.
async fn put(
    served: &Served,
    visit: &Visit,
    (before, selected): (Option<Selection>, Selected),
    count: u64,
) -> Result<Selection, Failure> {
    let (context, mirror, seen) = (&visit.entered.context, &visit.mirror, (visit.snapshot.generation(), count));
    let own = before.filter(|before| before.owner == visit.entered.who.administrator && before.name.is_none());
    let put = match own {
        Some(own) => selections::change(context, mirror, (&own.id, selected), seen).await,
        None => selections::make(context, mirror, selected, seen, &served.entropy).await,
    };
    put.map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Sent {
        Sent::of(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
    }

    fn listed(sent: &Sent, before: impl IntoIterator<Item = u32>) -> Vec<u32> {
        sent.people(&before.into_iter().collect()).iter().collect()
    }

    #[test]
    fn boxes_of_this_page_decide_over_its_rows_and_no_others() {
        let ticked = sent(&[("shown", "1.2.3"), ("row", "2"), ("row", "9"), ("do", "tick")]);
        assert_eq!(listed(&ticked, [1, 7]), [2, 7], "1 was unticked, 7 is on another page, 9 was never shown");
        assert_eq!(listed(&sent(&[("shown", "1.2.3"), ("do", "page")]), [7]), [1, 2, 3, 7]);
        assert_eq!(listed(&sent(&[("shown", "1.2.3"), ("row", "1"), ("do", "none")]), [1, 7]), Vec::<u32>::new());
        assert_eq!(listed(&sent(&[("shown", "x..4"), ("row", "4"), ("row", "-1")]), []), [4]);
    }

    #[test]
    fn a_turn_leads_to_its_page_and_every_other_button_back_to_this_one() {
        let next = sent(&[("after", "1t1"), ("next", "5t5"), ("q", "app = jira")]);
        assert_eq!((next.ask.after.as_str(), next.ask.before.as_str(), next.ask.q.as_str()), ("5t5", "", "app = jira"));
        let previous = sent(&[("after", "1t1"), ("previous", "3t3")]);
        assert_eq!((previous.ask.after.as_str(), previous.ask.before.as_str()), ("", "3t3"));
        assert_eq!(sent(&[("after", "1t1"), ("do", "page")]).ask.after, "1t1");
    }
}
