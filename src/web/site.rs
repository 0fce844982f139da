//! The site that the pages show: one, or all. An address says it itself; the bare addresses of the navigation show the one
//! that was chosen last, which the browser keeps. In the user browser it is the filter's own `site = …`, in both ways.

use axum::Form;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use directory::Snapshot;
use directory::tiles;
use maud::{Markup, html};
use serde::Deserialize;

use crate::web::failure::Failure;
use crate::web::guard::{is_secure, see};
use crate::web::people::question;
use crate::web::ui::address::{Address, decode, encode};
use crate::web::visit::Visit;
use crate::web::{dashboard, people};

/// Where a choice is sent.
pub(crate) const CHOOSE: &str = "/site";

const COOKIE: &str = "rollcall_site";
/// As long as a browser keeps the choice: a year, in seconds.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// The form of the selector.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The site; empty for all.
    site: String,
    /// The address that it is chosen for.
    here: String,
}

/// The site that a browser keeps, if the organization has it.
pub(crate) fn kept(headers: &HeaderMap, snapshot: &Snapshot) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let value = pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| decode(value))?;
    tiles::sites(snapshot).contains(&value.as_str()).then_some(value)
}

/// Lets the browser keep the site that a page shows, where it keeps another.
pub(crate) fn remembered(response: Response, visit: &Visit, site: Option<&str>, request: &HeaderMap) -> Response {
    let known = site.is_none_or(|site| tiles::sites(&visit.snapshot).contains(&site));
    if !known || site == visit.site.as_deref() { response } else { with_cookie(response, site, request) }
}

/// POST /site
pub(crate) async fn choose(visit: Visit, request: HeaderMap, Form(entry): Form<Entry>) -> Result<Response, Failure> {
    let site = Some(entry.site.as_str()).filter(|site| tiles::sites(&visit.snapshot).contains(site));
    Ok(with_cookie(see(&led(&entry.here, site)), site, &request))
}

/// The address that shows the same for a site.
fn led(here: &str, site: Option<&str>) -> String {
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let pairs: Vec<(&str, String)> =
        pairs.filter_map(|(name, value)| Some((name, decode(&value.replace('+', " "))?))).collect();
    match path {
        dashboard::HERE => match site {
            Some(site) => Address::new(dashboard::HERE).with("site", site).to_string(),
            None => format!("{}?site=", dashboard::HERE),
        },
        people::HERE => {
            let q = pairs.iter().find(|(name, _)| *name == "q").map_or("", |(_, q)| q.as_str());
            let mut address = Address::new(people::HERE).with("q", &question::with_site(q, site));
            for (name, value) in pairs.iter().filter(|(name, _)| !matches!(*name, "q" | "after" | "before")) {
                address = address.with(name, value);
            }
            if address.as_str() == people::HERE { format!("{}?q=", people::HERE) } else { address.to_string() }
        }
        path if is_own(path) => here.to_owned(),
        _ => dashboard::HERE.to_owned(),
    }
}

/// Whether a path is one of ours, whatever a browser makes of it.
fn is_own(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

fn with_cookie(mut response: Response, site: Option<&str>, request: &HeaderMap) -> Response {
    let (mut value, age) = (String::new(), if site.is_some() { KEPT } else { 0 });
    encode(site.unwrap_or(""), &mut value);
    let secure = if is_secure(request) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The selector in the frame of a page; nothing where there is only one site.
pub(crate) fn selector(snapshot: &Snapshot, site: Option<&str>, here: &str) -> Markup {
    let sites = tiles::sites(snapshot);
    html! {
        @if sites.len() > 1 {
            details.sites id="site" {
                summary { span.hidden { "Site: " } bdi { (site.unwrap_or("All sites")) } }
                form method="post" action=(CHOOSE) {
                    input type="hidden" name="here" value=(here);
                    button type="submit" name="site" value="" aria-current=[site.is_none().then_some("true")] { "All sites" }
                    @for one in sites {
                        button type="submit" name="site" value=(one) aria-current=[(site == Some(one)).then_some("true")] { bdi { (one) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::acme;

    #[test]
    fn a_choice_leads_to_the_same_page_for_that_site() {
        assert_eq!(led("/dashboard?site=emea", Some("acme")), "/dashboard?site=acme");
        assert_eq!(led("/dashboard?site=emea", None), "/dashboard?site=", "all, though the browser kept one");
        assert_eq!(
            led("/people?q=app+%3D%20jira&sort=email&after=5t5&columns=name", Some("acme")),
            "/people?q=app%20%3D%20jira%20AND%20site%20%3D%20acme&sort=email&columns=name"
        );
        assert_eq!(led("/people?q=site%20%3D%20acme", None), "/people?q=");
        assert_eq!(led("/people/acc-ines?on=x", Some("acme")), "/people/acc-ines?on=x");
        for elsewhere in ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:x", ""] {
            assert_eq!(led(elsewhere, None), "/dashboard", "{elsewhere}");
        }
    }

    #[test]
    fn a_browser_keeps_a_site_that_is_there_and_no_other() {
        let kept = |cookie: &str| {
            kept(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]), &acme())
        };
        assert_eq!(kept("a=b; rollcall_site=acme%2Demea").as_deref(), Some("acme-emea"));
        assert_eq!(kept("rollcall_site=elsewhere"), None);
        assert_eq!(kept("rollcall_site=%ff%"), None);
    }
}
