//! The first page of all: the one-time link that creates the administrator. Showing it uses nothing up.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::passwords::{InvalidPassword, NewPassword, SHORTEST};
use crate::auth::setup::{self, LinkState, UseLinkError};
use crate::auth::token::Token;
use crate::auth::username::{InvalidUsername, Username};
use crate::web::Served;
use crate::web::entry::{self, Source};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::Page;
use crate::web::ui::notice::{Weight, notice};

/// The form.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) again: String,
}

/// GET /setup/{token}
pub(crate) async fn show(State(served): State<Served>, Path(link): Path<String>) -> Result<Response, Failure> {
    let state = match Token::parse(&link) {
        Some(token) => setup::link_state(&served.control, &token, served.clock.now()).await?,
        None => LinkState::Unknown,
    };
    Ok(match state {
        LinkState::Good => form(&link, "", html! {}).into_response(),
        state => useless(state).into_response(),
    })
}

/// POST /setup/{token}
pub(crate) async fn submit(
    State(served): State<Served>,
    Path(link): Path<String>,
    Source(source): Source,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let Some(token) = Token::parse(&link) else { return Ok(useless(LinkState::Unknown).into_response()) };
    let entered = (Username::parse(&entry.username), NewPassword::parse(&entry.password, &entry.again));
    let (username, password) = match entered {
        (Ok(username), Ok(password)) => (username, password),
        (Err(problem), _) => return Ok(refused(&link, &entry.username, username_problem(problem))),
        (_, Err(problem)) => return Ok(refused(&link, &entry.username, password_problem(problem))),
    };
    let verbs = (served.passwords(), &served.entropy);
    let now = served.clock.now();
    match setup::use_link(&served.control, verbs, &token, (username, password), (now, source)).await {
        Ok(session) => Ok(entry::with_session(see("/setup/organization"), &session, &headers)),
        Err(UseLinkError::Link(state)) => Ok(useless(state).into_response()),
        Err(UseLinkError::Store(error)) => Err(error.into()),
        Err(UseLinkError::Hash(error)) => Err(Failure::fault(error)),
    }
}

fn refused(link: &str, username: &str, problem: &'static str) -> Response {
    let problem =
        notice(Weight::Failure, problem, html! { p { "Nothing was created yet. Enter the password again." } });
    form(link, username, problem).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

/// What is wrong with a username.
pub(crate) fn username_problem(problem: InvalidUsername) -> &'static str {
    match problem {
        InvalidUsername::Empty => "A username is needed.",
        InvalidUsername::TooLong => "The username has more than 64 characters.",
        InvalidUsername::Unprintable => "The username holds characters that cannot be seen.",
    }
}

/// What is wrong with a password.
pub(crate) fn password_problem(problem: InvalidPassword) -> &'static str {
    match problem {
        InvalidPassword::TooShort => "The password has fewer than 12 characters.",
        InvalidPassword::TooLong => "The password has more than 1,024 bytes.",
        InvalidPassword::Different => "The two entries of the password differ.",
    }
}

fn form(link: &str, username: &str, problem: Markup) -> Page {
    Page::sheet(
        "Set up",
        html! {
            p.step { "Step 1 of 4" }
            h1 { "Create the administrator" }
            p { "This is who signs in to Rollcall first and connects the organization. The link works once." }
            (problem)
            form.fields method="post" action=(Address::new("/setup").below(link)) {
                (credentials(username))
                button.primary type="submit" { "Create administrator" }
            }
        },
    )
}

/// The fields in which somebody chooses a username and a password.
pub(crate) fn credentials(username: &str) -> Markup {
    html! {
        label { "Username"
            input type="text" name="username" value=(username) autocomplete="username" required autofocus
                autocapitalize="none" spellcheck="false" maxlength="64";
        }
        label { "Password"
            span.hint id="rule" { "At least " (SHORTEST) " characters; any characters, several words are good." }
            input type="password" name="password" autocomplete="new-password" required minlength=(SHORTEST)
                maxlength="1024" aria-describedby="rule";
        }
        label { "The same password again"
            input type="password" name="again" autocomplete="new-password" required minlength=(SHORTEST)
                maxlength="1024";
        }
    }
}

fn useless(state: LinkState) -> Page {
    let (title, why, next) = match state {
        LinkState::Used => (
            "This link was used",
            "The administrator has been created, and a link works once.",
            "Sign in with the username and password that were chosen then.",
        ),
        LinkState::Expired => (
            "This link has expired",
            "A set-up link is good for 24 hours.",
            "Restart the server: it prints a new one as long as there is no administrator.",
        ),
        LinkState::Good | LinkState::Unknown => (
            "This link is not known",
            "It may not be complete, or belong to another installation.",
            "Copy the whole link from the server's output. Restarting the server prints a new one as long as there is no \
             administrator.",
        ),
    };
    let content = html! {
        h1 { (title) }
        p { (why) }
        p { (next) }
        @if state == LinkState::Used { p { a.button href="/sign-in" { "Sign in" } } }
    };
    Page::sheet(title, content).with_status(StatusCode::GONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_goes_to_its_link_and_each_useless_link_says_what_to_do() {
        let page = form("abc", "<b>", html! {});
        assert!(page.text().contains("action=\"/setup/abc\"") && page.text().contains("&lt;b&gt;"));
        assert!(useless(LinkState::Used).text().contains("href=\"/sign-in\""));
        assert!(useless(LinkState::Expired).text().contains("Restart the server"));
        assert!(useless(LinkState::Unknown).text().contains("Copy the whole link"));
    }
}
