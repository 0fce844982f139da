//! People of a feed, and whose last record was not applied in whole, by page.

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::runs::{place, write};
use crate::api::page;
use crate::api::parameters::{Id, Parameters};
use crate::api::problem::{Kind, Problem};
use crate::feeds::listing;
use crate::nouns::feed_person::{FeedPerson, FeedRecord, PersonState};
use crate::store::feed_people::PeopleWanted;

/// Which people.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only `active`, `blocked` or `held`.
    state: Option<String>,
    /// Of those in the latest delivery, only who are linked to an Atlassian account, or are not.
    linked: Option<bool>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ErrorsWanted {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of people, by username.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedPeople {
    /// The people.
    people: Vec<FeedPersonBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A person of the feeds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedPersonBody {
    /// The username.
    username: String,
    /// First and last name.
    name: String,
    /// The e-mail address.
    email: String,
    /// `active`, `blocked` or `held`.
    state: String,
    /// When they are blocked, being in no feed any more.
    block_at: Option<String>,
    /// The Atlassian account they are linked to.
    account_id: Option<String>,
}

/// A page of people whose last record was not applied in whole.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedErrors {
    /// The people.
    errors: Vec<FeedError>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// What is wrong with somebody's last record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedError {
    /// The username.
    username: String,
    /// What is wrong.
    error: String,
}

/// List a feed's people
///
/// By username. The address never names a person: the next page is found by its cursor.
#[utoipa::path(get, path = "/feeds/{feed}/people", tag = "feeds", operation_id = "list_feed_people",
    params(("feed" = String, Path, description = "The feed's code or id"), Wanted),
    responses((status = 200, description = "A page of people", body = FeedPeople)))]
pub(crate) async fn list(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<FeedPeople>, Problem> {
    let feed = asked.feed(&feed).await?;
    let state = match wanted.state.as_deref() {
        Some(word) => {
            let wrong = || Problem::new(Kind::Parameter, "There is no such state.", "Ask for active, blocked or held.");
            Some(PersonState::parse(word).ok_or_else(wrong)?)
        }
        None => None,
    };
    let (question, limit) =
        (format!("people of {} {state:?} {:?}", feed.id, wanted.linked), page::limit(wanted.limit)?);
    let after = match wanted.cursor.as_deref() {
        Some(cursor) => page::read(&question, cursor)?,
        None => String::new(),
    };
    let people = listing::people(
        &asked.mirror,
        feed.number,
        (PeopleWanted { after, state, linked: wanted.linked }, limit as u32),
    )
    .await?;
    let last = (people.len() == limit).then(|| people.last()).flatten();
    let next = last.map(|person| page::write(&question, &person.username_key));
    Ok(Json(FeedPeople { people: people.iter().map(FeedPersonBody::of).collect(), next }))
}

/// List a feed's errors
///
/// People whose last record was not applied in whole; they stay as they were.
#[utoipa::path(get, path = "/feeds/{feed}/errors", tag = "feeds", operation_id = "list_feed_errors",
    params(("feed" = String, Path, description = "The feed's code or id"), ErrorsWanted),
    responses((status = 200, description = "A page of people", body = FeedErrors)))]
pub(crate) async fn errors(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(wanted): Parameters<ErrorsWanted>,
) -> Result<Json<FeedErrors>, Problem> {
    let feed = asked.feed(&feed).await?;
    let (question, limit) = (format!("errors of {}", feed.id), page::limit(wanted.limit)?);
    let after = place(&question, wanted.cursor.as_deref())?.unwrap_or(0);
    let found = listing::errors(&asked.mirror, feed.number, (after, limit as u32)).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|(person, _)| write(&question, person.account));
    Ok(Json(FeedErrors { errors: found.iter().map(FeedError::of).collect(), next }))
}

impl FeedPersonBody {
    fn of(person: &FeedPerson) -> FeedPersonBody {
        FeedPersonBody {
            username: person.username.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            state: person.state.as_str().to_owned(),
            block_at: person.block_at.map(|at| at.to_string()),
            account_id: person.linked.clone(),
        }
    }
}

impl FeedError {
    fn of((person, record): &(FeedPerson, FeedRecord)) -> FeedError {
        FeedError { username: person.username.clone(), error: record.failure.clone().unwrap_or_default() }
    }
}
