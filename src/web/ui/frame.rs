//! The frame of every page: navigation on the left (a strip on top when narrow), the age of the data on top, one heading.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::web::{assets, contacts, feeds, help, operations, settings_yours};

/// The places of the navigation. Only what exists is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Seats by app.
    Dashboard,
    /// People.
    UserBrowser,
    /// Groups.
    Groups,
    /// Operations.
    Operations,
    /// Automated tasks.
    AutomatedTasks,
    /// People from originating systems.
    Feeds,
    /// Contacts and companies.
    Contacts,
    /// Sync runs.
    SyncRuns,
    /// What waits for a person.
    NeedsAttention,
    /// What happened.
    Audit,
    /// Settings.
    Settings,
    /// Help.
    Help,
}

const PLACES: [(Place, &str, &str); 12] = [
    (Place::Dashboard, "Dashboard", "/dashboard"),
    (Place::UserBrowser, "User Browser", "/people"),
    (Place::Groups, "Groups", "/groups"),
    (Place::Operations, "Operations", operations::HERE),
    (Place::AutomatedTasks, "Automated Tasks", "/tasks"),
    (Place::Feeds, "Feeds", feeds::HERE),
    (Place::Contacts, "Contacts", contacts::HERE),
    (Place::SyncRuns, "Sync Runs", "/runs"),
    (Place::NeedsAttention, "Needs attention", "/attention"),
    (Place::Audit, "Audit", "/audit"),
    (Place::Settings, "Settings", "/settings"),
    (Place::Help, "Help", help::HERE),
];

/// What every page ends with: the main part is its last one.
const END: &str = "</main></body></html>";

/// What stands around a page of a signed-in administrator.
#[derive(Clone, Debug)]
pub(crate) struct Frame<'a> {
    /// Title of the window.
    pub(crate) title: &'a str,
    /// Which entry of the navigation is current.
    pub(crate) place: Place,
    /// Name of the organization.
    pub(crate) organization: &'a str,
    /// How many sites it has.
    pub(crate) sites: usize,
    /// Who is signed in.
    pub(crate) username: &'a str,
    /// The age of the data, as words in a `time`.
    pub(crate) age: Option<Markup>,
    /// Whether that age is too great to rely on.
    pub(crate) stale: bool,
    /// How many things wait for a person.
    pub(crate) waiting: u64,
    /// What is said while everything is stopped.
    pub(crate) stopped: Option<Markup>,
    /// Whether something on the page moves.
    pub(crate) motion: Motion,
    /// The choice of a site, on pages that follow it.
    pub(crate) site: Option<Markup>,
}

/// Whether something on a page moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    /// Nothing does.
    Still,
    /// Something may begin to: a browser with script is told, any other shows what was when it asked.
    Watched,
    /// Something does: a browser without script loads the page again every second.
    Moving,
}

/// A page.
#[derive(Clone, Debug)]
pub(crate) struct Page(StatusCode, Markup);

impl Page {
    /// A page of the navigation.
    pub(crate) fn framed(frame: &Frame<'_>, content: Markup) -> Page {
        Page(
            StatusCode::OK,
            html! {
                (DOCTYPE)
                html lang="en" {
                    (head(frame.title, frame.motion))
                    body.shell {
                        a.skip href="#content" { "Skip to content" }
                        nav.side aria-label="Main" {
                            div.brand { (mark()) "Rollcall" }
                            div.org {
                                bdi { (frame.organization) }
                                @if frame.sites > 0 {
                                    " · " (frame.sites) (if frame.sites == 1 { " site" } else { " sites" })
                                }
                            }
                            @for (place, name, address) in PLACES {
                                a href=(address) aria-current=[(place == frame.place).then_some("page")] {
                                    (name)
                                    @if place == Place::NeedsAttention { (waiting(frame)) }
                                }
                            }
                        }
                        main id="content" {
                            header.top {
                                @if let Some(site) = &frame.site { (site) }
                                @let live = (frame.motion != Motion::Still).then_some("generation");
                                @if let Some(age) = &frame.age {
                                    span.age.stale[frame.stale] id="age" data-live=[live] { "As of " (age) }
                                }
                                span.grow {}
                                @if frame.place != Place::Help { a.help href=(help::of_place(frame.place)) { "Help" span.hide-s { " on this page" } } }
                                a.user href=(settings_yours::HERE) title="Your settings" { "Signed in as " bdi { (frame.username) } }
                                form method="post" action="/sign-out" { button.quiet type="submit" { "Sign out" } }
                            }
                            @if let Some(told) = &frame.stopped { (told) }
                            (content)
                        }
                    }
                }
            },
        )
    }

    /// A page on its own, outside the navigation: set-up, sign-in, errors.
    pub(crate) fn sheet(title: &str, content: Markup) -> Page {
        Page::moving_sheet(title, Motion::Still, content)
    }

    /// Such a page with something on it that may move.
    pub(crate) fn moving_sheet(title: &str, motion: Motion, content: Markup) -> Page {
        Page(
            StatusCode::OK,
            html! {
                (DOCTYPE)
                html lang="en" {
                    (head(title, motion))
                    body.sheet {
                        header.brand { (mark()) "Rollcall" }
                        main id="content" { (content) }
                    }
                }
            },
        )
    }

    /// The same page with the id under which the server's log has this request, for somebody to quote.
    pub(crate) fn with_id(self, id: &str) -> Page {
        let Page(status, text) = self;
        let told = html! { p.hint { "If you ask for help with this, say the id of this answer: " code { (id) } } };
        let text = match text.0.strip_suffix(END) {
            Some(open) => PreEscaped(format!("{open}{}{END}", told.0)),
            None => text,
        };
        Page(status, text)
    }

    /// The same page with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Page {
        Page(status, self.1)
    }

    /// The page's text.
    #[cfg(test)]
    pub(crate) fn text(&self) -> &str {
        &self.1.0
    }
}

/// A page that refuses something is sent by the router, with an id.
impl IntoResponse for Page {
    fn into_response(self) -> Response {
        if self.0.is_client_error() || self.0.is_server_error() {
            let mut response = self.0.into_response();
            response.extensions_mut().insert(self);
            return response;
        }
        self.send()
    }
}

impl Page {
    /// The page as it stands.
    pub(crate) fn send(self) -> Response {
        (self.0, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], self.1.into_string()).into_response()
    }
}

fn head(title: &str, motion: Motion) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            @if motion == Motion::Moving { noscript { meta http-equiv="refresh" content="1"; } }
            title { (one_direction(title)) " · Rollcall" }
            link rel="icon" type="image/svg+xml" href=(assets::icon_address());
            link rel="stylesheet" href=(assets::style_address());
            @if motion != Motion::Still { script src=(assets::script_address()) defer {} }
        }
    }
}

/// How many things wait for a person, beside the name of their page; it follows where the page itself is live.
fn waiting(frame: &Frame<'_>) -> Markup {
    let live = (frame.motion != Motion::Still).then_some("run generation operation");
    html! { span id="waiting" data-live=[live] { @if frame.waiting > 0 { " " span.count { (frame.waiting) } } } }
}

/// The mark of the product.
fn mark() -> Markup {
    html! { span.mark aria-hidden="true" {} }
}

/// A title cannot isolate a name's direction by markup, so characters that would change it are left out.
fn one_direction(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !turns(*c) && !c.is_control()).collect()
}
