//! Who last changed a setting, and when; or that nobody has.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::web::ui::moment::Reader;

/// The line below a form of Settings; `otherwise` is said while nobody has changed it.
pub(crate) fn chosen(by: Option<&(String, Timestamp)>, otherwise: &str, reader: &Reader) -> Markup {
    html! {
        @match by {
            Some((who, at)) => { "Chosen by " bdi { (who) } ", " (reader.relative(*at)) "." }
            None => { (otherwise) }
        }
    }
}
