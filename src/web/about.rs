//! *About*: the version, what changed, and where to report.

use std::sync::LazyLock;

use maud::{Markup, PreEscaped, html};

use crate::web::help;
use crate::web::ui::frame::{Page, Place};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/about";
/// Where the support bundle is made.
const BUNDLE: &str = crate::web::bundle::HERE;

static CHANGES: LazyLock<String> = LazyLock::new(|| help::rendered("changes", include_str!("../../CHANGELOG.md")));

/// GET /about
pub(crate) async fn show(visit: Visit) -> Page {
    Page::framed(&visit.frame("About", Place::Help), content())
}

fn content() -> Markup {
    html! {
        div.headline { h1 { "About Rollcall" } }
        dl.facts {
            div { dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) } }
            div { dt { "License" } dd { (env!("CARGO_PKG_LICENSE")) } }
            div { dt { "System" } dd { (std::env::consts::OS) ", " (std::env::consts::ARCH) } }
        }
        section aria-labelledby="report" {
            h2 id="report" { "Where to report" }
            p { "Report to whoever gave you this installation, or to the place where its source is kept. Say the version, what you did, what you saw, and the id that an error page shows." }
            p { "A " a href=(BUNDLE) { "support bundle" } " says the rest. Names, addresses and account ids are left out of it." }
            p { "Something that concerns security: report it to them in confidence, and not in public." }
        }
        section aria-labelledby="source" {
            h2 id="source" { "For whoever changes Rollcall" }
            p { "ARCHITECTURE.md, STYLE.md and docs/decisions in the source say how and why it is built so." }
        }
        section aria-labelledby="changes" {
            h2 id="changes" { "What changed" }
            article.help { (PreEscaped(&*CHANGES)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_the_version_what_changed_and_where_to_report() {
        let page = content().0;
        for text in [env!("CARGO_PKG_VERSION"), "Unreleased", "Where to report", "/settings/support-bundle"] {
            assert!(page.contains(text), "{text}");
        }
        assert_eq!(page.matches("<h1").count(), 1, "the change log's own title is none of the page's");
        assert_eq!(page.matches("id=\"changes\"").count(), 1);
    }
}
