//! People in a group, as a sorted, paged table: fewer columns than the user browser, the same order and cursors.

use directory::Snapshot;
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::web::people::sort::{Sort, heading, name_and_email, slice};
use crate::web::people::{self, Ask};
use crate::web::settings_protected;
use crate::web::ui::address::Address;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::person;

/// The members, at the address of their group.
pub(crate) fn table(
    ask: &Ask,
    members: &RoaringBitmap,
    here: &Address,
    (snapshot, reader): (&Snapshot, &Reader),
) -> Markup {
    // Search and status belong to the user browser.
    let ask = Ask { q: String::new(), status: String::new(), ..ask.clone() };
    let slice = slice(&ask, snapshot, members);
    if slice.rows.is_empty() {
        return empty("Nobody is in this group.", html! { p { "Or none of its members is shown to this key." } });
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Members" {
            table {
                thead { tr {
                    (name_and_email(&ask, here))
                    (heading(&ask, Sort::Added, here, "num hide-s"))
                    (heading(&ask, Sort::LastActive, here, "num"))
                    th scope="col" { "Status" }
                } }
                tbody { @for row in slice.rows.iter().filter_map(|account| snapshot.account_row(*account)) {
                    tr {
                        td { (person::who(&row)) }
                        td.num.hide-s { @match row.added_at { Some(at) => { (reader.day(at)) } None => { span.sub { "unknown" } } } }
                        td.num { (person::last_active(snapshot, row.ordinal, reader)) }
                        td { (person::status_tag(&row)) @if snapshot.is_protected(row.ordinal) { " " (settings_protected::mark()) } }
                    }
                } }
            }
        }
        (people::turns(&ask, here, &slice))
    }
}
