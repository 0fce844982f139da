//! User look-up: the box, and whom a text finds: by username, by e-mail address, or by a part of either or of a name.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::look_up;
use crate::web::failure::Failure;
use crate::web::feeds::{self, lists};
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/feed-people";
/// So many are found at a time.
const FOUND: usize = 50;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
    /// Behind this username.
    after: String,
}

/// Where everything about a person of the feeds is.
pub(super) fn address(account: i64) -> Address {
    Address::new(HERE).below(&account.to_string())
}

/// Where somebody is found by their username.
pub(super) fn found(username: &str) -> Address {
    Address::new(HERE).with("q", username)
}

/// The box that looks somebody up.
pub(super) fn search_box(q: &str) -> Markup {
    html! {
        form.filter role="search" method="get" action=(HERE) aria-label="User look-up" {
            input type="search" name="q" value=(q) maxlength="255" placeholder="Username, email address or part of a name" aria-label="Username, email address or part of a name";
            button type="submit" { "Find user" }
        }
    }
}

/// GET /feed-people
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let found = look_up::search(&visit.mirror, &ask.q, &ask.after).await?;
    if let ([one], true) = (found.as_slice(), ask.after.is_empty()) {
        return Ok(see(address(one.account).as_str()));
    }
    let here = Address::new(HERE).with("q", &ask.q);
    let next = found.last().filter(|_| found.len() >= FOUND).map(|last| here.clone().with("after", &last.username_key));
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } }
        div.headline { h1 { "User look-up" } }
        p.lead { "Why can somebody sign in, or not? What did the feeds last say of them?" }
        (search_box(&ask.q))
        @if !found.is_empty() { (lists::table(&found, &visit)) }
        @else if !ask.q.trim().is_empty() {
            (empty(&format!("No user found for “{}”.", ask.q.trim()), html! {
                p { "No applied run of a feed has had such a username, e-mail address or name. A person whose first record failed or waits in a held run is not there yet: look at that run." }
                p { a.button href=(feeds::HERE) { "Look at the feeds" } }
            }))
        }
        (paging("Pages of people", (!ask.after.is_empty()).then_some(here), next))
    };
    Ok(Page::framed(&visit.frame("User look-up", Place::Feeds), content).into_response())
}
