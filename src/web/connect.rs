//! Set-up's second page: the steps to make an organization API key, its check, and its saving.
//!
//! The key travels from the browser to this process once. Between check and saving it waits in memory under a token; it
//! is never written into a page.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::sync::connect::{EnteredKey, KnownKey};
use crate::sync::stream;
use crate::web::Served;
use crate::web::entry::Entered;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::pending::PendingKey;
use crate::web::ui::address::Address;
use crate::web::ui::frame::Page;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};

const ATLASSIAN: &str = "https://api.atlassian.com";
const WHERE: &str = "https://admin.atlassian.com";

/// Which key is being connected.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// The token of a checked key.
    pub(crate) checked: String,
}

/// The form of a key.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct KeyEntry {
    pub(crate) key: String,
    base_url: String,
}

/// The form of what is known about a checked key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct LabelEntry {
    pub(crate) checked: String,
    /// The id of a listed key, or empty for another one.
    listed: String,
    label: String,
    expires_on: String,
}

impl LabelEntry {
    /// An empty form for a checked key.
    pub(crate) fn of(checked: String) -> LabelEntry {
        LabelEntry { checked, ..LabelEntry::default() }
    }
}

/// GET /setup/organization
pub(crate) async fn show(
    State(served): State<Served>,
    entered: Entered,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    if served.mirrors.only().is_some() {
        return Ok(see("/setup/progress"));
    }
    let now = entered.context.now;
    if ask.checked.is_empty() {
        return Ok(key_form(ATLASSIAN, html! {}).into_response());
    }
    Ok(match served.pending().find(&ask.checked, &entered.who.administrator, now) {
        Some(pending) => label_form(&ask.checked, &pending, &LabelEntry::default(), None, now).into_response(),
        None => key_form(ATLASSIAN, waited_too_long()).into_response(),
    })
}

/// POST /setup/organization: *Check API Key*
pub(crate) async fn check(
    State(served): State<Served>,
    entered: Entered,
    Form(entry): Form<KeyEntry>,
) -> Result<Response, Failure> {
    let base_url = match address_of(&entry.base_url) {
        Ok(address) => address,
        Err(refusal) => return Ok(refused(entry.base_url.trim(), &refusal)),
    };
    let key = entry.key.trim();
    if key.is_empty() {
        return Ok(refused(&base_url, &no_key()));
    }
    match served.connector.check(&base_url, key).await {
        Ok(found) => {
            let pending = PendingKey { base_url, key: key.to_owned(), found };
            let kept = (&entered.who.administrator, pending);
            let token = served.pending().keep(&served.entropy, kept, entered.context.now);
            Ok(see(Address::new("/setup/organization").with("checked", token.expose()).as_str()))
        }
        Err(refusal) => Ok(refused(&base_url, &refusal)),
    }
}

/// POST /setup/organization/key: *Save Key*
pub(crate) async fn save(
    State(served): State<Served>,
    entered: Entered,
    Form(entry): Form<LabelEntry>,
) -> Result<Response, Failure> {
    let now = entered.context.now;
    let Some(pending) = served.pending().find(&entry.checked, &entered.who.administrator, now) else {
        return Ok(key_form(ATLASSIAN, waited_too_long()).with_status(StatusCode::GONE).into_response());
    };
    let again = |refusal: &Refusal| {
        let page = label_form(&entry.checked, &pending, &entry, Some(refusal), now);
        page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
    };
    let (label, expires_at) = match named(&entry, &pending, now) {
        Ok(named) => named,
        Err(refusal) => return Ok(again(&refusal)),
    };
    let key = EnteredKey { base_url: pending.base_url.clone(), secret: pending.key.clone(), label, expires_at };
    match served.connector.save(&entered.context, key).await {
        Ok(mirror) => {
            served.pending().forget(&entry.checked, now);
            // Whether there is an audit stream is good to know early and stops nothing; a server asks again by itself.
            if let Ok(client) = served.connector.client_of(&mirror).await
                && let Err(error) = stream::probe(&mirror, &client, now).await
            {
                tracing::debug!(%error, "stream.probe");
            }
            Ok(see("/setup/progress"))
        }
        Err(refusal) => Ok(again(&refusal)),
    }
}

/// The address of the APIs as it was entered: HTTPS, or anything on this machine.
fn address_of(entered: &str) -> Result<String, Refusal> {
    let entered = entered.trim().trim_end_matches('/');
    if entered.is_empty() {
        return Ok(ATLASSIAN.to_owned());
    }
    let refused = |why: &str| {
        Refusal::new(
            "No key was checked.",
            why,
            "Leave the API address as it is, or enter one such as https://proxy.example or http://127.0.0.1:8100.",
        )
    };
    let Some((scheme, rest)) = entered.split_once("://") else {
        return Err(refused("The API address has no https:// before it."));
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'?' | b'#' | b'\\');
    if host.is_empty() || !authority.bytes().all(plain) || !path.bytes().all(plain) {
        return Err(refused("The API address is not one: it may hold a host, a port and a path only."));
    }
    match scheme {
        "https" => Ok(entered.to_owned()),
        "http" if matches!(host, "127.0.0.1" | "localhost" | "[::1]") => Ok(entered.to_owned()),
        "http" => Err(refused("Plain HTTP would show the key to everybody on the way; only this machine may use it.")),
        _ => Err(refused("The API address begins with neither https:// nor http://.")),
    }
}

/// What is said to an empty form.
pub(crate) fn no_key() -> Refusal {
    Refusal::new("No key was checked.", "The field for the key was empty.", "Paste the key and check it again.")
}

/// Label and expiry of a key: of the listed one that was chosen, else as typed.
pub(crate) fn named(
    entry: &LabelEntry,
    pending: &PendingKey,
    now: Timestamp,
) -> Result<(String, Option<Timestamp>), Refusal> {
    let listed = pending.found.keys.iter().flatten().find(|known| known.id == entry.listed);
    if let Some(known) = listed.filter(|_| !entry.listed.is_empty()) {
        return Ok((known.label.clone(), known.expires_at));
    }
    let refused = |why: &str, next: &str| Refusal::new("The key was not saved.", why, next);
    let label = entry.label.trim();
    if label.is_empty() || label.chars().count() > 128 || label.chars().any(char::is_control) {
        return Err(refused(
            "A label of 1 to 128 characters is needed to tell keys apart.",
            "Enter the label that the key has at Atlassian.",
        ));
    }
    let expires_on = entry.expires_on.trim();
    if expires_on.is_empty() {
        return Ok((label.to_owned(), None));
    }
    let expires_at = day_of_expiry(expires_on, now).map_err(|(why, next)| refused(why, next))?;
    Ok((label.to_owned(), Some(expires_at)))
}

/// A day of expiry as it was typed, or why it is none and what to do. The beginning of the day is when a key that
/// expires on it may first be refused.
pub(crate) fn day_of_expiry(typed: &str, now: Timestamp) -> Result<Timestamp, (&'static str, &'static str)> {
    let day = typed.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    let expires_at = day
        .map(|day| day.timestamp())
        .ok_or(("The date of expiry is not one.", "Enter it as year-month-day, such as 2027-03-31."))?;
    if expires_at <= now {
        return Err(("The date of expiry is past.", "Enter the date that Atlassian shows, or make a new one."));
    }
    Ok(expires_at)
}

fn refused(base_url: &str, refusal: &Refusal) -> Response {
    key_form(base_url, notice::refusal(refusal)).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

pub(crate) fn waited_too_long() -> Markup {
    notice::notice(
        Weight::Warning,
        "The checked key is no longer held.",
        html! { p { "A key waits 15 minutes between its check and its saving, and is never stored in between. Enter it again." } },
    )
}

/// The steps to make a key at Atlassian.
pub(crate) fn steps() -> Markup {
    html! {
        ol.steps {
            li { "Open " a href=(WHERE) rel="noreferrer" target="_blank" { "admin.atlassian.com" } " and choose the organization." }
            li { "Go to " strong { "Settings" } ", then " strong { "API keys" } "." }
            li { "Choose " strong { "Create API key" } ", " strong { "without scopes" } "." }
            li { "Copy the key. Atlassian shows it once." }
            li { "Note when it expires." }
        }
    }
}

/// The field for a key; it is never filled in by a page.
pub(crate) fn key_field() -> Markup {
    html! {
        label { "Organization API key"
            input type="password" name="key" autocomplete="off" required autofocus maxlength="4096" spellcheck="false";
        }
    }
}

fn key_form(base_url: &str, problem: Markup) -> Page {
    Page::sheet(
        "Connect the organization",
        html! {
            p.step { "Step 2 of 4" }
            h1 { "Connect the organization" }
            p { "Rollcall reads the organization with an organization API key. Only an organization admin can make one:" }
            (steps())
            (problem)
            form.fields method="post" action="/setup/organization" {
                (key_field())
                details open[base_url != ATLASSIAN] {
                    summary { "Advanced" }
                    label { "API address"
                        span.hint id="where" { "Another one only for a proxy or a simulator." }
                        input type="url" name="base_url" value=(base_url) aria-describedby="where" maxlength="512";
                    }
                }
                button.primary type="submit" { "Check API Key" }
                p.hint { "The check reads the organization's name. Nothing is stored before you save the key." }
            }
        },
    )
}

fn label_form(
    token: &str,
    pending: &PendingKey,
    entry: &LabelEntry,
    refusal: Option<&Refusal>,
    now: Timestamp,
) -> Page {
    Page::sheet(
        "Save the key",
        html! {
            p.step { "Step 2 of 4" }
            h1 { "The key opens " bdi { (pending.found.name) } }
            p { "Organization " code { bdi { (pending.found.atlassian_id) } } }
            @if let Some(refusal) = refusal { (notice::refusal(refusal)) }
            form.fields method="post" action="/setup/organization/key" {
                (label_fields(token, pending, entry, now))
                div.row {
                    button.primary type="submit" { "Save Key" }
                    a.button href="/setup/organization" { "Use another key" }
                }
                p.hint { "The key is stored encrypted, and the first sync starts by itself." }
            }
        },
    )
}

/// What has to be known about a checked key: which of the listed ones it is, or its label and expiry.
pub(crate) fn label_fields(token: &str, pending: &PendingKey, entry: &LabelEntry, now: Timestamp) -> Markup {
    let reader = Reader::new("UTC", now);
    // An expired key cannot be the one that has just been accepted.
    let good = |known: &&KnownKey| known.expires_at.is_none_or(|at| at > now);
    let listed: Vec<&KnownKey> = pending.found.keys.iter().flatten().filter(good).collect();
    // Nothing marks the key that was entered; where there is only one, it is that one.
    let chosen = listed.iter().find(|known| known.id == entry.listed).or(listed.first().filter(|_| listed.len() == 1));
    let chosen = chosen.map(|known| known.id.as_str());
    let earliest = (now + 24.hours()).strftime("%Y-%m-%d").to_string();
    html! {
        input type="hidden" name="checked" value=(token);
        @if !listed.is_empty() {
            fieldset {
                legend { "Which of the organization's keys is it?" }
                @for known in &listed {
                    label.choice {
                        input type="radio" name="listed" value=(known.id) checked[chosen == Some(known.id.as_str())];
                        span {
                            bdi { (known.label) }
                            span.sub {
                                @match known.expires_at {
                                    Some(at) => { "expires " (reader.day(at)) ", " (reader.ago(at)) }
                                    None => "does not say when it expires"
                                }
                            }
                        }
                    }
                }
                label.choice {
                    input type="radio" name="listed" value="" checked[chosen.is_none()];
                    span { "Another one" span.sub { "enter label and expiry below" } }
                }
            }
        } @else if pending.found.keys.is_none() {
            p.hint { "This key may not read the list of keys, so label and expiry have to be entered." }
        }
        label { "Label"
            input type="text" name="label" value=(entry.label) maxlength="128" required[listed.is_empty()];
        }
        label { "Expires on"
            span.hint id="why" { "Without it Rollcall cannot tell you before the key expires." }
            input type="date" name="expires_on" value=(entry.expires_on) min=(earliest) aria-describedby="why";
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::connect::FoundOrganization;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn pending(keys: Option<Vec<KnownKey>>) -> PendingKey {
        PendingKey {
            base_url: ATLASSIAN.to_owned(),
            key: "ATCTT3xFfGN0secretABCD".to_owned(),
            found: FoundOrganization { atlassian_id: "o-1".to_owned(), name: "Acme <script>\u{202e}".to_owned(), keys },
        }
    }

    fn known(id: &str) -> KnownKey {
        KnownKey {
            id: id.to_owned(),
            label: format!("label {id}"),
            expires_at: Some(NOW + 48.hours()),
            made_by: None,
            scopes: Vec::new(),
        }
    }

    #[test]
    fn the_key_is_never_in_a_page_and_names_are_escaped() {
        for keys in [None, Some(Vec::new()), Some(vec![known("k1"), known("k2")])] {
            let pending = pending(keys);
            let page = label_form("token", &pending, &LabelEntry::default(), None, NOW);
            assert!(!page.text().contains("secret"));
            assert!(page.text().contains("<bdi>Acme &lt;script&gt;"));
        }
    }

    #[test]
    fn a_listed_key_is_chosen_by_its_label_and_the_only_one_is_chosen_already() {
        let only = label_form("token", &pending(Some(vec![known("k1")])), &LabelEntry::default(), None, NOW);
        assert!(only.text().contains("value=\"k1\" checked"));
        let pending = pending(Some(vec![known("k1"), known("k2")]));
        let open = label_form("token", &pending, &LabelEntry::default(), None, NOW);
        assert!(open.text().contains("value=\"\" checked"));
        let later = label_form("token", &pending, &LabelEntry::default(), None, NOW + 48.hours());
        assert!(!later.text().contains("label k1"), "expired keys are not offered");
        let entry = LabelEntry { listed: "k2".to_owned(), ..LabelEntry::default() };
        assert_eq!(named(&entry, &pending, NOW), Ok(("label k2".to_owned(), Some(NOW + 48.hours()))));
    }

    #[test]
    fn label_and_expiry_may_be_typed_and_a_past_day_is_refused() {
        let pending = pending(None);
        let entry = |label: &str, day: &str| LabelEntry {
            label: label.to_owned(),
            expires_on: day.to_owned(),
            ..LabelEntry::default()
        };
        let typed = named(&entry(" Rollcall ", "1970-01-03"), &pending, NOW).unwrap();
        assert_eq!(typed, ("Rollcall".to_owned(), Some(NOW + 48.hours())));
        assert_eq!(named(&entry("Rollcall", ""), &pending, NOW).unwrap().1, None);
        assert!(named(&entry("Rollcall", "1969-12-31"), &pending, NOW).unwrap_err().why.contains("past"));
        assert!(named(&entry("Rollcall", "soon"), &pending, NOW).is_err());
        assert!(named(&entry(" ", ""), &pending, NOW).is_err());
    }

    #[test]
    fn a_key_goes_over_https_or_stays_on_this_machine() {
        assert_eq!(address_of("").unwrap(), ATLASSIAN);
        assert_eq!(
            address_of(" https://proxy.example:8443/atlassian/ ").unwrap(),
            "https://proxy.example:8443/atlassian"
        );
        assert_eq!(address_of("http://127.0.0.1:8100").unwrap(), "http://127.0.0.1:8100");
        for text in [
            "http://proxy.example",
            "http://localhost.evil.example",
            "https://a@evil.example",
            "ftp://x",
            "x",
            "https://",
        ] {
            assert!(address_of(text).is_err(), "{text}");
        }
    }
}
