//! What a request brings: parameters of its address and a JSON body, each read once, strictly. A name that is not known
//! is refused with those that are: a filter that is left out by a typing error would answer another question.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::guard::{not_json, too_large};
use crate::api::problem::{Kind, Problem};

/// The parameters of an address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Parameters<T>(pub(crate) T);

/// A JSON body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent<T>(pub(crate) T);

/// The id in an address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Id(pub(crate) String);

/// An address without parameters.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, IntoParams)]
pub(crate) struct None {}

impl<T: DeserializeOwned + IntoParams> FromRequestParts<Api> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Parameters<T>, Problem> {
        let names: Vec<String> = T::into_params(|| Option::None).into_iter().map(|parameter| parameter.name).collect();
        let unreadable = |why: String| {
            Problem::new(Kind::Parameter, why, "The names that this address takes are in `names`.")
                .with_names(names.clone())
        };
        let given = Query::<Vec<(String, String)>>::from_request_parts(parts, api).await;
        let Query(given) = given.map_err(|error| unreadable(format!("{}.", error.body_text())))?;
        for (place, (name, _)) in given.iter().enumerate() {
            if !names.contains(name) {
                return Err(unreadable(format!("There is no parameter “{name}” here.")));
            }
            if given[..place].iter().any(|(other, _)| other == name) {
                return Err(unreadable(format!("The parameter “{name}” is there twice.")));
            }
        }
        let read = Query::<T>::from_request_parts(parts, api).await;
        let Query(read) = read.map_err(|error| unreadable(format!("{}.", error.body_text())))?;
        Ok(Parameters(read))
    }
}

impl<T: DeserializeOwned> FromRequest<Api> for Sent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Sent<T>, Problem> {
        match axum::Json::<T>::from_request(request, api).await {
            Ok(axum::Json(sent)) => Ok(Sent(sent)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(not_json()),
            Err(JsonRejection::JsonDataError(error)) => {
                let detail = format!("{}.", error.body_text());
                Err(Problem::new(Kind::Invalid, detail, "See /api/v1/openapi.json for the body's schema."))
            }
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
            Err(error) => {
                let detail = format!("{}.", error.body_text());
                Err(Problem::new(Kind::Unreadable, detail, "Send one JSON value as the body."))
            }
        }
    }
}

impl FromRequestParts<Api> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Id, Problem> {
        let read = Path::<String>::from_request_parts(parts, api).await;
        let unreadable = |_| Problem::new(Kind::Unreadable, "The id is not text.", "Encode ids as UTF-8 in percent.");
        read.map(|Path(id)| Id(id)).map_err(unreadable)
    }
}
