//! The document that describes the API (OpenAPI 3.1), made from the same registrations as its routes.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    Required, ResponseBuilder, Type,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::api::problem::{MEDIA_TYPE, Shown};
use crate::api::{Api, ROOT};

/// What the API is, for whoever reads the document alone.
const ABOUT: &str = "Ask who is in an Atlassian organization, as Rollcall has last read it, and start its syncs. \
    Every answer names the generation it was made from in the header Rollcall-Generation. Lists are paged: take `next` \
    as `cursor` until it is null. A problem (application/problem+json) says what is wrong and what to do.";

/// This document
///
/// Everybody may read it.
#[utoipa::path(get, path = "/openapi.json", tag = "about", operation_id = "document",
    responses((status = 200, description = "The document that you are reading", content_type = "application/json")))]
pub(crate) async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document()).into_response()
}

/// The document, as indented JSON.
pub fn document() -> String {
    let described = super::routes().into_openapi();
    let mut described = finish(described, true);
    described.merge(finish(super::open_routes().into_openapi(), false));
    described.merge(finish(super::acting_routes().into_openapi(), true));
    described.merge(finish(super::feed_routes().into_openapi(), true));
    described.merge(finish(super::contact_routes().into_openapi(), true));
    described.merge(finish(super::contact_upkeep_routes().into_openapi(), true));
    described.merge(finish(super::personal_routes().into_openapi(), true));
    let mut keyed = finish(super::keyed_routes().into_openapi(), true);
    for item in keyed.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.put, &mut item.post].into_iter().flatten() {
            let nothing: [&str; 0] = [];
            operation.security.get_or_insert_default().push(SecurityRequirement::new("feed_key", nothing));
        }
    }
    described.merge(keyed);
    let nested = OpenApiRouter::<Api>::with_openapi(empty());
    let mut nested = nested.nest(ROOT, OpenApiRouter::with_openapi(described));
    let mut text = nested.to_openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn empty() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Rollcall")
        .version("1")
        .description(Some(ABOUT))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token: rct_... as `rollcall token create` prints it."))
        .build();
    let session = ApiKeyValue::with_description(
        crate::http::COOKIE,
        "The session of somebody who is signed in on the pages; it changes something only from a page of this server.",
    );
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("A feed key: the user name haplo, and rcf_... as password. It opens its own feed alone."))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("feed_key", SecurityScheme::Http(key))
        .security_scheme("access_token", SecurityScheme::Http(token))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)))
        .schema(Shown::name(), Shown::schema())
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// What holds for every operation, so that no handler has to say it.
fn finish(mut described: OpenApi, guarded: bool) -> OpenApi {
    for item in described.paths.paths.values_mut() {
        let reading = [&mut item.get];
        for operation in reading.into_iter().flatten() {
            complete(operation, guarded, false);
        }
        for operation in [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten() {
            complete(operation, guarded, true);
        }
    }
    described
}

fn complete(operation: &mut Operation, guarded: bool, changes: bool) {
    let problem = Content::new(Some(RefOr::Ref(Ref::from_schema_name(Shown::name()))));
    let problem = ResponseBuilder::new().description("What is wrong, and what to do").content(MEDIA_TYPE, problem);
    operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.build()));
    if guarded {
        let nothing: [&str; 0] = [];
        operation.security =
            Some(vec![SecurityRequirement::new("access_token", nothing), SecurityRequirement::new("session", nothing)]);
    }
    if changes {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("The same key with the same request within 24 hours gives the first answer again."))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(128)).build()))
            .build();
        operation.parameters.get_or_insert_default().push(RefOr::T(key));
    }
}
