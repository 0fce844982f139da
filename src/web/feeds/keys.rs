//! API keys of a feed: made, shown once with the lines that a script needs, replaced with an overlap, revoked. A key can
//! upload to this feed and read its status, and nothing else.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::feed_keys::{self, FeedSecret, KeyNotMade, WantedKey};
use crate::feeds::control;
use crate::id::FeedKeyId;
use crate::notify::mail::public_address;
use crate::nouns::access_token::{LONGEST_LIFE, LONGEST_NAME, Standing};
use crate::nouns::feed::Feed;
use crate::nouns::feed_key::FeedKey;
use crate::nouns::refusal::Refusal;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{address, existing, trail};
use crate::web::guard::{is_secure, see};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, empty, notice};
use crate::web::visit::Visit;

/// The part of the address below a feed.
const PART: &str = "keys";
/// How many days a key holds where nobody chooses otherwise.
const USUAL_LIFE: &str = "365";
/// How long a replaced key still holds where nobody chooses otherwise, in days.
const USUAL_OVERLAP: i64 = 7;

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// `create`, `replace` or `revoke`.
    #[serde(rename = "do")]
    verb: String,
    label: String,
    days: String,
    /// Which key.
    key: String,
}

/// GET /feeds/{code}/keys
pub(crate) async fn show(visit: Visit, Path(code): Path<String>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    let entry = Entry { days: USUAL_LIFE.to_owned(), ..Entry::default() };
    page(&visit, &feed, &entry, html! {}).await
}

/// POST /feeds/{code}/keys
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    headers: HeaderMap,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let id = FeedKeyId::parse(&entry.key).ok_or(KeyNotMade::Unknown);
    let made = match (entry.verb.as_str(), id) {
        ("revoke", Ok(id)) => {
            let revoked = feed_keys::revoke(context, mirror, (&feed, &id, SignedDuration::ZERO), entropy).await;
            match revoked {
                Ok(()) => return Ok(see(address(&feed).below(PART).as_str())),
                Err(why) => Err(why),
            }
        }
        ("replace", Ok(id)) => {
            let overlap = SignedDuration::from_hours(24 * USUAL_OVERLAP);
            feed_keys::rotate(context, mirror, (&feed, &id, overlap), entropy).await
        }
        ("revoke" | "replace", Err(why)) => Err(why),
        _ => match days(&entry.days) {
            Ok(days) => {
                let wanted = WantedKey { label: entry.label.clone(), days };
                feed_keys::create(context, mirror, (&feed, wanted), entropy).await
            }
            Err(why) => Err(why),
        },
    };
    let fresh = Entry { days: USUAL_LIFE.to_owned(), ..Entry::default() };
    match made {
        Ok((key, secret)) => {
            let told = once(&visit, &feed, (&key, &secret), &headers).await?;
            Ok(page(&visit, &feed, &fresh, told).await?.into_response())
        }
        Err(KeyNotMade::Store(error)) => Err(error.into()),
        Err(why) => {
            let refusal =
                Refusal::new("No API key was made or revoked.", format!("It was refused: {why}."), "Correct it below.");
            let page = page(&visit, &feed, &entry, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

fn days(text: &str) -> Result<Option<u32>, KeyNotMade> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| KeyNotMade::Days),
    }
}

/// Where scripts find this server: as Settings have it, else as the browser does.
async fn server(visit: &Visit, headers: &HeaderMap) -> Result<String, Failure> {
    if let Some(public) = visit.mirror.store().read(public_address).await? {
        return Ok(public.value.trim_end_matches('/').to_owned());
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    Ok(format!("{}://{host}", if is_secure(headers) { "https" } else { "http" }))
}

/// The names of the files that the feed expects; `users` before the first control file.
async fn expected(visit: &Visit, feed: &Feed) -> Result<Vec<(String, &'static str)>, Failure> {
    let text = match feed.control {
        Some(version) => control::text_of(&visit.mirror, feed.number, version).await?.unwrap_or_default(),
        None => String::new(),
    };
    let files = ::feed::control::check(&text).control.map(|control| control.files).unwrap_or_default();
    if files.is_empty() {
        return Ok(vec![("users".to_owned(), "json")]);
    }
    let ending = |format: &str| match format {
        "json" => "json",
        "ndjson" => "ndjson",
        "tsv-with-name-row" => "tsv",
        "csv" => "csv",
        "xlsx" => "xlsx",
        _ => "xml",
    };
    Ok(files.into_iter().map(|file| (file.name, ending(file.read.word()))).collect())
}

/// The secret and the lines of a script, for the one who made it.
async fn once(
    visit: &Visit,
    feed: &Feed,
    (key, secret): (&FeedKey, &FeedSecret),
    headers: &HeaderMap,
) -> Result<Markup, Failure> {
    let (server, files, secret) = (server(visit, headers).await?, expected(visit, feed).await?, secret.expose());
    Ok(notice(
        Weight::Info,
        "The API key is made.",
        html! {
            p { bdi { (key.label) } ": " code.secret { (secret) } }
            p { "It is shown this once. Store it where only the script that uploads can read it. It is revoked on this page, at any time and at once." }
            p { "With curl:" }
            pre.recipe.lines tabindex="0" { (curl(&server, &secret, &files)) }
            p { "With PowerShell 7:" }
            pre.recipe.lines tabindex="0" { (power_shell(&server, &secret, &files)) }
        },
    ))
}

/// What a script does with curl: every file, then the start.
pub(super) fn curl(server: &str, secret: &str, files: &[(String, &str)]) -> String {
    let mut lines = String::new();
    for (name, ending) in files {
        lines += &format!(
            "curl --fail-with-body --user haplo:{secret} -F name={name} -F file=@{name}.{ending} \\\n    {server}/api/haplo-user-sync/upload-file\n"
        );
    }
    lines
        + &format!(
            "curl --fail-with-body --user haplo:{secret} -X POST \\\n    {server}/api/haplo-user-sync/start-sync\n"
        )
}

fn power_shell(server: &str, secret: &str, files: &[(String, &str)]) -> String {
    let mut lines = format!(
        "$pair = [Text.Encoding]::ASCII.GetBytes('haplo:{secret}')\n\
         $headers = @{{ Authorization = 'Basic ' + [Convert]::ToBase64String($pair) }}\n"
    );
    for (name, ending) in files {
        lines += &format!(
            "Invoke-RestMethod -Method Post -Headers $headers -Uri '{server}/api/haplo-user-sync/upload-file' `\n    \
             -Form @{{ name = '{name}'; file = Get-Item '{name}.{ending}' }}\n"
        );
    }
    lines
        + &format!("Invoke-RestMethod -Method Post -Headers $headers -Uri '{server}/api/haplo-user-sync/start-sync'\n")
}

async fn page(visit: &Visit, feed: &Feed, entry: &Entry, said: Markup) -> Result<Page, Failure> {
    let keys = feed_keys::list(&visit.mirror, feed.number).await?;
    let now = visit.reader.now;
    let (good, over): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.standing(now) == Standing::Good);
    let content = html! {
        (trail(feed))
        div.headline { h1 { "API keys" } span.sub { bdi { (feed.name) } } }
        p.lead { "A script that uploads to this feed has a key of its own. It can upload and read how its runs stand; it sees no person, no preview and no other feed." }
        (said)
        @if good.is_empty() {
            (empty("No key opens this feed.", html! { p { "Create one below and give it to the script of the originating system." } }))
        } @else { (table(&good, feed, visit)) }
        h2 { "Create API key" }
        form.fields method="post" action=(address(feed).below(PART)) {
            label { "Name"
                span.hint id="label-hint" { "What it is for, such as the machine on which the script runs." }
                input type="text" name="label" value=(entry.label) required maxlength=(LONGEST_NAME) autocomplete="off" aria-describedby="label-hint";
            }
            label { "Days it holds"
                span.hint id="days-hint" { "Empty for one that holds until it is revoked." }
                input type="number" name="days" value=(entry.days) min="1" max=(LONGEST_LIFE) aria-describedby="days-hint";
            }
            button.primary type="submit" name="do" value="create" { "Create API key" }
        }
        @if !over.is_empty() { details { summary { "Expired and revoked" } (table(&over, feed, visit)) } }
    };
    Ok(Page::framed(&visit.frame("API keys of a feed", Place::Feeds), content))
}

fn table(keys: &[&FeedKey], feed: &Feed, visit: &Visit) -> Markup {
    let reader = &visit.reader;
    let or_never = |at: Option<jiff::Timestamp>| {
        html! { @match at { Some(at) => (reader.relative(at)), None => { span.sub { "never" } } } }
    };
    html! {
        div.scroll.roomy tabindex="0" role="region" aria-label="API keys" {
            table {
                thead { tr { th scope="col" { "Name" } th.hide-s scope="col" { "Made" } th scope="col" { "Last used" } th scope="col" { "Ends" } th scope="col" { "State" } } }
                tbody { @for key in keys { tr {
                    td.long { bdi { (key.label) } " " span.sub { (key.id) } }
                    td.hide-s { (reader.relative(key.created_at)) " " span.sub { bdi { (key.created_by) } } }
                    td { (or_never(key.last_used_at)) }
                    td { (or_never(key.revoked_at.or(key.expires_at))) @if key.revoked_at.is_some_and(|at| at > reader.now) { " " span.tag.warn { "replaced" } } }
                    td {
                        @match key.standing(reader.now) {
                            Standing::Good => {
                                form.row method="post" action=(address(feed).below(PART)) {
                                    input type="hidden" name="key" value=(key.id);
                                    @if key.revoked_at.is_none() {
                                        button.quiet type="submit" name="do" value="replace" title={ "A new key; this one holds " (USUAL_OVERLAP) " days more" } aria-label={ "Replace " (key.label) } { "Replace" }
                                    }
                                    button.quiet type="submit" name="do" value="revoke" aria-label={ "Revoke " (key.label) } { "Revoke" }
                                }
                            }
                            over => { span.tag { (over.as_str()) } }
                        }
                    }
                } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_upload_every_file_before_they_start() {
        let files = [("users".to_owned(), "json"), ("cards".to_owned(), "tsv")];
        let lines = curl("https://people.example", "rcf_x", &files);
        let at = |text: &str| lines.find(text).unwrap();
        assert!(at("-F name=users -F file=@users.json") < at("-F name=cards -F file=@cards.tsv"));
        assert!(at("cards.tsv") < at("start-sync"));
        assert!(power_shell("https://people.example", "rcf_x", &files).contains("Get-Item 'cards.tsv'"));
    }
}
