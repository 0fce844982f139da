//! Settings, *Access tokens*: the secrets that open Rollcall's API, made, listed and revoked. A secret is in one answer,
//! the one that made it, and nowhere else.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::access_tokens::{self, NotDone, Secret, Wanted};
use crate::nouns::access_token::{AccessToken, LONGEST_LIFE, LONGEST_NAME, Reach, Standing};
use crate::nouns::refusal::Refusal;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight, empty};
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/access-tokens";
/// Where a token is revoked.
pub(crate) const REVOKE: &str = "/settings/access-tokens/revoke";

/// How many days a token holds where nobody chooses otherwise.
const USUAL_LIFE: &str = "90";

/// The form of a new token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    days: String,
    may: String,
}

/// Which token.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    token: String,
}

/// GET /settings/access-tokens
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Result<Page, Failure> {
    let entry = Entry { days: USUAL_LIFE.to_owned(), ..Entry::default() };
    section(&served, &visit, &entry, html! {}).await
}

/// POST /settings/access-tokens
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let days = match entry.days.trim() {
        "" => Ok(None),
        // What is no number of days is none that a token may hold.
        days => days.parse().map(Some).map_err(|_| NotDone::Days),
    };
    let made = match days {
        Ok(days) => {
            let username = Some(visit.entered.who.username.clone());
            let reach = Reach::parse(&entry.may).unwrap_or_default();
            let wanted = Wanted { name: entry.name.clone(), days, username, reach };
            access_tokens::create(&visit.entered.context, &served.control, wanted, &served.entropy).await
        }
        Err(why) => Err(why),
    };
    match made {
        Ok((token, secret)) => {
            let entry = Entry { days: USUAL_LIFE.to_owned(), ..Entry::default() };
            Ok(section(&served, &visit, &entry, once(&token, &secret)).await?.into_response())
        }
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(why) => {
            let next = "Correct it below.";
            let refusal = Refusal::new("No access token was made.", format!("It was refused: {why}."), next);
            let page = section(&served, &visit, &entry, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/access-tokens/revoke
pub(crate) async fn revoke(
    State(served): State<Served>,
    visit: Visit,
    Form(which): Form<Which>,
) -> Result<Response, Failure> {
    match access_tokens::revoke(&visit.entered.context, &served.control, &which.token, &served.entropy).await {
        Ok(_) => Ok(see(HERE)),
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(_) => Err(Failure::NotFound("There is no such access token, or it was revoked before.")),
    }
}

/// The secret, for the one who made it.
fn once(token: &AccessToken, secret: &Secret) -> Markup {
    notice::notice(
        Weight::Info,
        "The access token is made.",
        html! {
            p { bdi { (token.name.as_str()) } ": " code.secret { (secret.expose()) } }
            p { "It is shown this once. Copy it into the secret store of the program that will use it, and send it as "
                code { "Authorization: Bearer …" } " to " code { "/api/v1" } "." }
        },
    )
}

async fn section(served: &Served, visit: &Visit, entry: &Entry, said: Markup) -> Result<Page, Failure> {
    let tokens = access_tokens::list(&served.control).await?;
    let (good, over): (Vec<_>, Vec<_>) =
        tokens.iter().partition(|token| token.standing(visit.reader.now) == Standing::Good);
    Ok(Page::framed(
        &visit.frame("Access tokens", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Access tokens" } }
            p.lead { "With an access token a program asks Rollcall's API, " a href="/api/v1/openapi.json" { "described here" } ", and does there what its administrator may." }
            (said)
            @if good.is_empty() {
                (empty("No access token opens the API.", html! {
                    p { "Make one below, or by " code { "rollcall token create" } "." }
                }))
            } @else {
                (table(&good, &visit.reader))
            }
            h2 { "Make an access token" }
            form.fields method="post" action=(HERE) {
                label { "Name"
                    span.hint id="name" { "What it is for, such as the program that will hold it." }
                    input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off" aria-describedby="name";
                }
                label { "Days it holds"
                    span.hint id="days" { "Empty for one that holds until it is revoked." }
                    input type="number" name="days" value=(entry.days) min="1" max=(LONGEST_LIFE) aria-describedby="days";
                }
                fieldset {
                    legend { "What it may do" }
                    @let chosen = Reach::parse(&entry.may).unwrap_or_default();
                    @for reach in Reach::ALL {
                        label.choice {
                            input type="radio" name="may" value=(reach.as_str()) checked[reach == chosen];
                            span { (reach.in_words()) }
                        }
                    }
                }
                button.primary type="submit" { "Create access token" }
            }
            @if !over.is_empty() {
                details { summary { "Expired and revoked" } (table(&over, &visit.reader)) }
            }
        },
    ))
}

fn table(tokens: &[&AccessToken], reader: &Reader) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Access tokens" {
            table {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "May" }
                    th scope="col" { "Acts for" }
                    th.num.hide-m scope="col" { "Made" }
                    th.num scope="col" { "Last used" }
                    th.num scope="col" { "Expires" }
                    th scope="col" { "State" }
                } }
                tbody { @for token in tokens { (row(token, reader)) } }
            }
        }
    }
}

fn row(token: &AccessToken, reader: &Reader) -> Markup {
    let standing = token.standing(reader.now);
    let or_never = |at: Option<jiff::Timestamp>| {
        html! {
            @match at { Some(at) => (reader.relative(at)), None => { span.sub { "never" } } }
        }
    };
    html! {
        tr {
            td.long { bdi { (token.name.as_str()) } " " span.sub { (token.id) } }
            td { (token.reach.as_str()) }
            td { bdi { (token.username) } }
            td.num.hide-m title=(token.created_by) { (reader.relative(token.created_at)) }
            td.num { (or_never(token.last_used_at)) }
            td.num { (or_never(token.expires_at)) }
            td {
                @match standing {
                    Standing::Good => {
                        form method="post" action=(REVOKE) {
                            input type="hidden" name="token" value=(token.id);
                            button.quiet type="submit" aria-label={ "Revoke " (token.name.as_str()) } { "Revoke" }
                        }
                    }
                    over => { span.tag { (over.as_str()) } }
                }
            }
        }
    }
}
