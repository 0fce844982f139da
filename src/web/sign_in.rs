//! Signing in and out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::sessions::{self, Credentials, SignInError};
use crate::auth::setup;
use crate::http;
use crate::web::Served;
use crate::web::entry::{self, Source};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::frame::Page;
use crate::web::ui::notice::{Weight, notice};

/// Where to go afterwards.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    next: String,
}

/// The form.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    username: String,
    password: String,
    next: String,
}

/// GET /sign-in
pub(crate) async fn show(
    State(served): State<Served>,
    Query(ask): Query<Ask>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let now = served.clock.now();
    if let Some(token) = http::session(&headers)
        && sessions::find(&served.control, &token, now).await?.is_some()
    {
        return Ok(see(way(&ask.next)));
    }
    if !setup::has_administrator(&served.control).await? {
        return Ok(first_use().into_response());
    }
    Ok(form(way(&ask.next), "", html! {}).into_response())
}

/// POST /sign-in
pub(crate) async fn submit(
    State(served): State<Served>,
    Source(source): Source,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let now = served.clock.now();
    let credentials = Credentials { username: entry.username.clone(), password: entry.password, source };
    let before = http::session(&headers);
    let verbs = (served.passwords(), &served.entropy);
    let problem = match sessions::start(&served.control, verbs, credentials, before.as_ref(), now).await {
        Ok(token) => return Ok(entry::with_session(see(way(&entry.next)), &token, &headers)),
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(SignInError::Wrong) => notice(
            Weight::Failure,
            "Username and password do not match.",
            html! { p { "Nobody was signed in. Check both and try again." } },
        ),
        Err(SignInError::Blocked { until }) => {
            let seconds = until.duration_since(now).as_secs() + 1;
            notice(
                Weight::Failure,
                "Too many tries.",
                html! { p { "To keep others from guessing, the next try is possible in " (seconds) " s." } },
            )
        }
    };
    Ok(form(way(&entry.next), &entry.username, problem).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// POST /sign-out
pub(crate) async fn end(
    State(served): State<Served>,
    Source(source): Source,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(token) = http::session(&headers) {
        sessions::end(&served.control, &served.entropy, &token, (served.clock.now(), source)).await?;
    }
    Ok(entry::without_session(see("/sign-in")))
}

/// A path of our own to go to; anything else leads home.
fn way(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic());
    if own { next } else { "/" }
}

fn form(next: &str, username: &str, problem: Markup) -> Page {
    Page::sheet(
        "Sign in",
        html! {
            h1 { "Sign in" }
            (problem)
            form.fields method="post" action="/sign-in" {
                input type="hidden" name="next" value=(next);
                label { "Username"
                    input type="text" name="username" value=(username) autocomplete="username" required autofocus
                        autocapitalize="none" spellcheck="false" maxlength="64";
                }
                label { "Password"
                    input type="password" name="password" autocomplete="current-password" required maxlength="1024";
                }
                button.primary type="submit" { "Sign in" }
            }
        },
    )
}

fn first_use() -> Page {
    Page::sheet(
        "First use",
        html! {
            h1 { "Nobody can sign in yet" }
            p { "When Rollcall starts for the first time it prints a one-time link that creates the administrator. \
                 Open that link; it stands in the server's output." }
            p { "The link is good for 24 hours. Restarting the server prints a new one." }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_away() {
        assert_eq!(way("/people?q=a"), "/people?q=a");
        for next in ["", "people", "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "/\u{202e}x"] {
            assert_eq!(way(next), "/", "{next}");
        }
    }

    #[test]
    fn what_was_typed_comes_back_escaped_and_never_the_password() {
        let page = form("/people", "\"><script>", html! {});
        assert!(page.text().contains("&quot;&gt;&lt;script&gt;"));
        assert!(!page.text().contains("<script"));
    }
}
