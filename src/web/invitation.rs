//! The page behind an invitation: whoever opens it chooses a username and a password. Showing it uses nothing up, and it
//! names nobody to somebody who only has the link.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::auth::invitations::{self, NotAdmitted};
use crate::auth::passwords::NewPassword;
use crate::auth::token::Token;
use crate::auth::username::Username;
use crate::web::Served;
use crate::web::entry::{self, Source};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::setup::{self, Entry};
use crate::web::ui::address::Address;
use crate::web::ui::frame::Page;
use crate::web::ui::notice::{Weight, notice};

/// Where invitations are.
const HERE: &str = "/invitation";

/// GET /invitation/{token}
pub(crate) async fn show(State(served): State<Served>, Path(link): Path<String>) -> Result<Response, Failure> {
    let good = match Token::parse(&link) {
        Some(token) => invitations::good(&served.control, &token, served.clock.now()).await?.is_some(),
        None => false,
    };
    Ok(if good { form(&link, "", html! {}).into_response() } else { useless().into_response() })
}

/// POST /invitation/{token}
pub(crate) async fn submit(
    State(served): State<Served>,
    Path(link): Path<String>,
    Source(source): Source,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let Some(token) = Token::parse(&link) else { return Ok(useless().into_response()) };
    let (username, password) =
        match (Username::parse(&entry.username), NewPassword::parse(&entry.password, &entry.again)) {
            (Ok(username), Ok(password)) => (username, password),
            (Err(problem), _) => return Ok(refused(&link, &entry.username, setup::username_problem(problem))),
            (_, Err(problem)) => return Ok(refused(&link, &entry.username, setup::password_problem(problem))),
        };
    let verbs = (served.passwords(), &served.entropy);
    let now = served.clock.now();
    match invitations::accept(&served.mirrors, verbs, &token, (username, password), (now, source)).await {
        Ok(session) => Ok(entry::with_session(see("/"), &session, &headers)),
        Err(NotAdmitted::Link) => Ok(useless().into_response()),
        Err(NotAdmitted::Role) => Ok(no_role().into_response()),
        Err(NotAdmitted::UsernameTaken) => Ok(refused(&link, "", "Another administrator has this username.")),
        Err(NotAdmitted::Store(error)) => Err(error.into()),
        Err(NotAdmitted::Hash(error)) => Err(Failure::fault(error)),
    }
}

fn refused(link: &str, username: &str, problem: &'static str) -> Response {
    let problem =
        notice(Weight::Failure, problem, html! { p { "Nothing was created yet. Enter the password again." } });
    form(link, username, problem).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

fn form(link: &str, username: &str, problem: Markup) -> Page {
    Page::sheet(
        "Invitation",
        html! {
            h1 { "You are invited to Rollcall" }
            p { "Choose the username and password that you sign in with. The link works once." }
            (problem)
            form.fields method="post" action=(Address::new(HERE).below(link)) {
                (setup::credentials(username))
                button.primary type="submit" { "Enter" }
            }
        },
    )
}

fn useless() -> Page {
    Page::sheet(
        "This link cannot be used",
        html! {
            h1 { "This link cannot be used" }
            p { "An invitation works once and for 72 hours, and a newer one takes its place." }
            p { "Ask whoever invited you for another one. If you have entered with it before, sign in." }
            p { a.button href="/sign-in" { "Sign in" } }
        },
    )
    .with_status(StatusCode::GONE)
}

fn no_role() -> Page {
    Page::sheet(
        "No entry",
        html! {
            h1 { "Your role does not admit you" }
            p { "As of the last sync, your account has no role at Atlassian that admits you to Rollcall, or it is not active." }
            p { "Ask an organization admin to give you the role back and to run a sync; the link stays good until it expires." }
        },
    )
    .with_status(StatusCode::FORBIDDEN)
}
