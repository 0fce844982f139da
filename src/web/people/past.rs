//! The user browser as of a past day: which day, the picker, and what has to be said above the list. Everything on such
//! a page is of that day; the way to a person leads to the present, and nothing can be started from the past.

use axum::http::StatusCode;
use directory::Snapshot;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::mirror::past::{AsOf, NotAnswered, parse_day};
use crate::nouns::refusal::Refusal;
use crate::web::failure::Failure;
use crate::web::notices::gaps;
use crate::web::people::Ask;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// Of when a list is.
#[derive(Clone, Debug)]
pub(super) struct When {
    pub(super) today: Date,
    pub(super) past: Option<AsOf>,
}

impl When {
    /// Of the day that an address asks for; of the present when it asks for none or for today.
    pub(super) async fn of(visit: &Visit, ask: &Ask) -> Result<When, NotAnswered> {
        let (now, zone) = (visit.reader.now, &visit.reader.zone);
        let past = match ask.as_of.trim() {
            "" => None,
            day => visit.mirror.as_of(day, (now, zone)).await?,
        };
        Ok(When { today: now.to_zoned(zone.clone()).date(), past })
    }

    pub(super) fn is_past(&self) -> bool {
        self.past.is_some()
    }

    /// What is asked, without a day that is today.
    pub(super) fn ask(&self, ask: &Ask) -> Ask {
        Ask { as_of: self.past.as_ref().map(|past| past.day.to_string()).unwrap_or_default(), ..ask.clone() }
    }

    /// What the list is answered from, and from when it is read: "90 days ago" is 90 days before the end of the day.
    pub(super) fn shown<'v>(&'v self, visit: &'v Visit) -> (&'v Snapshot, Reader) {
        match &self.past {
            Some(past) => (&past.snapshot, visit.reader.clone().at(past.at)),
            None => (&visit.snapshot, visit.reader.clone()),
        }
    }

    /// What has to be said about a past day: which one, by which sync, and what that sync could not know.
    pub(super) fn notice(&self, ask: &Ask, reader: &Reader) -> Option<Markup> {
        let past = self.past.as_ref()?;
        let sealed_at = past.snapshot.sealed_at();
        let that_day = sealed_at.to_zoned(reader.zone.clone()).date() == past.day;
        let headline = format!("As of {}.", reader.date(past.day));
        let about = notice::notice(
            Weight::Info,
            &headline,
            html! {
                p {
                    "Generation " span.num { (past.snapshot.generation()) } ", sealed " (reader.moment(sealed_at)) "."
                    @if !that_day { " No sync was sealed on that day; this is the last one before." }
                    " Days in the filter such as " code { "-90d" } " count from the end of that day. People's pages show the present."
                }
                p { a.button href=(back(ask)) { "Back to today" } }
            },
        );
        Some(html! {
            (about)
            @if !past.gaps.is_empty() {
                (notice::notice(Weight::Warning, "Not everything could be read in that sync.", html! {
                    p { "What it did not read is shown as it was known before." }
                    (gaps(&past.gaps, &past.snapshot))
                }))
            }
        })
    }

    /// The choice of a day. Where another was asked for that cannot be shown, it is chosen still.
    pub(super) fn picker(&self, ask: &Ask) -> Markup {
        picker(ask, self.today)
    }
}

/// Why the day that was asked for is not shown.
pub(super) fn refused(visit: &Visit, ask: &Ask, why: NotAnswered) -> Result<Page, Failure> {
    if let NotAnswered::Store(error) = why {
        return Err(error.into());
    }
    let today = visit.reader.now.to_zoned(visit.reader.zone.clone()).date();
    let content = html! {
        div.headline { h1 { "User Browser" } }
        (notice::refusal(&Refusal::from(why)))
        (picker(ask, today))
        p { a.button href=(back(ask)) { "Back to today" } }
    };
    let page = Page::framed(&visit.frame("User Browser", Place::UserBrowser), content);
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY))
}

/// The same visit on the day that an address asks for, for what only reads and answers.
pub(crate) async fn at(mut visit: Visit, day: &str) -> Result<Visit, Failure> {
    if day.trim().is_empty() {
        return Ok(visit);
    }
    match visit.mirror.as_of(day, (visit.reader.now, &visit.reader.zone)).await {
        Ok(None) => {}
        Ok(Some(past)) => (visit.snapshot, visit.reader.now) = (past.snapshot, past.at),
        Err(NotAnswered::Store(error)) => return Err(error.into()),
        Err(why) => return Err(Refusal::from(why).into()),
    }
    Ok(visit)
}

fn picker(ask: &Ask, today: Date) -> Markup {
    html! {
        details.day open[!ask.as_of.is_empty()] {
            summary { "As of a past day" }
            form.row method="get" action="/people" {
                (Ask { as_of: String::new(), ..ask.clone() }.hidden())
                label { "Day " input type="date" name="as_of" value=[parse_day(&ask.as_of)] max=(today) required; }
                button type="submit" { "Show that day" }
            }
        }
    }
}

fn back(ask: &Ask) -> Address {
    Ask { as_of: String::new(), ..ask.clone() }.address(&Address::new("/people"))
}
