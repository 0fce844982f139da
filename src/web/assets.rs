//! What the browser keeps: the style sheet, the scripts and the icon, compiled in, each under an address that holds its
//! content's hash, so that it may be kept for ever and is never out of date.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::web::failure::Failure;

const STYLE: &str = include_str!("../../assets/app.css");
const ICON: &str = include_str!("../../assets/icon.svg");

const SCRIPT: &str = include_str!("../../assets/live.js");
const FINDER: &str = include_str!("../../assets/find.js");
const SELECTOR: &str = include_str!("../../assets/select.js");

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| name("app", STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| name("live", SCRIPT, "js"));
static FINDER_NAME: LazyLock<String> = LazyLock::new(|| name("find", FINDER, "js"));
static SELECTOR_NAME: LazyLock<String> = LazyLock::new(|| name("select", SELECTOR, "js"));
static ICON_NAME: LazyLock<String> = LazyLock::new(|| name("icon", ICON, "svg"));

/// Where the style sheet is.
pub(crate) fn style_address() -> String {
    format!("/assets/{}", *STYLE_NAME)
}

/// Where the script of live pages is.
pub(crate) fn script_address() -> String {
    format!("/assets/{}", *SCRIPT_NAME)
}

/// Where the script of the filter box is.
pub(crate) fn finder_address() -> String {
    format!("/assets/{}", *FINDER_NAME)
}

/// Where the script of selections is.
pub(crate) fn selector_address() -> String {
    format!("/assets/{}", *SELECTOR_NAME)
}

/// Where the icon is.
pub(crate) fn icon_address() -> String {
    format!("/assets/{}", *ICON_NAME)
}

/// GET /assets/{name}
pub(crate) async fn show(Path(name): Path<String>) -> Result<Response, Failure> {
    let (content, content_type) = match name {
        name if name == *STYLE_NAME => (STYLE, "text/css; charset=utf-8"),
        name if name == *SCRIPT_NAME => (SCRIPT, "text/javascript; charset=utf-8"),
        name if name == *FINDER_NAME => (FINDER, "text/javascript; charset=utf-8"),
        name if name == *SELECTOR_NAME => (SELECTOR, "text/javascript; charset=utf-8"),
        name if name == *ICON_NAME => (ICON, "image/svg+xml"),
        _ => return Err(Failure::NotFound("There is no such file.")),
    };
    let kept = "public, max-age=31536000, immutable";
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, kept)], content).into_response())
}

fn name(stem: &str, content: &str, extension: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{stem}-{hash}.{extension}")
}
