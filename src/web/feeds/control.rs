//! The control file of a feed: the one in force, every version, the differences between two, and a new one with its reason.
//! One that is refused changes nothing, and everything wrong with it is told at once.

use ::feed::control::{Diagnostic, Severity};
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::control::{self, Refused};
use crate::nouns::feed::{ControlVersion, Feed, Origin};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::differences::{self, Line};
use crate::web::feeds::{address, author, existing, told, trail};
use crate::web::guard::see;
use crate::web::ui::amount::counted;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, empty, notice};
use crate::web::visit::Visit;

/// The part of the address below a feed.
pub(super) const PART: &str = "control";
/// The largest form, in bytes: the longest control file and its reason.
pub(crate) const LARGEST_FORM: usize = 5 << 20;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// The version that is shown; the one in force when none is named.
    version: String,
    /// The version that it is compared with.
    from: String,
}

/// GET /feeds/{code}/control
pub(crate) async fn show(visit: Visit, Path(code): Path<String>, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    page(&visit, &feed, &ask, html! {}).await
}

/// POST /feeds/{code}/control
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (text, reason) = entry(request).await?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let said = match control::change(context, mirror, (&feed, &text, &reason), &served.entropy).await {
        Ok(Ok(_)) => return Ok(see(address(&feed).below(PART).as_str())),
        Ok(Err(why)) => refused(&why),
        Err(why) => notice::refusal(&told("The control file was not put in force.", why)?),
    };
    let page = page(&visit, &feed, &Ask::default(), said).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// The text of the file, or of the box when no file was chosen, and the reason.
async fn entry(request: Request) -> Result<(String, String), Failure> {
    let unreadable = || Failure::Unreadable(StatusCode::BAD_REQUEST);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let (mut text, mut reason) = (String::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(|error| Failure::Unreadable(error.status()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|error| Failure::Unreadable(error.status()))?;
        match name.as_str() {
            "file" | "text" if !bytes.is_empty() => text = String::from_utf8_lossy(&bytes).into_owned(),
            "reason" => reason = String::from_utf8_lossy(&bytes).into_owned(),
            _ => {}
        }
    }
    Ok((text, reason))
}

/// Why a control file is refused: every finding with its place and what to do.
pub(super) fn refused(why: &Refused) -> Markup {
    notice(
        Weight::Failure,
        "The control file was refused, and the one in force stays.",
        html! { @if why.diagnostics.is_empty() { p { (why.answer) } } @else { (findings(&why.diagnostics)) } },
    )
}

/// Findings of a control file, in the order of the text.
pub(super) fn findings(diagnostics: &[Diagnostic]) -> Markup {
    html! {
        ul.reasons { @for one in diagnostics { li {
            span.sub.inline { "line " (one.line) ", column " (one.column) ": " }
            @if one.severity == Severity::Warning { span.tag.warn { "warning" } " " }
            (one.message)
            @if let Some(hint) = &one.hint { " " span.sub.inline { (hint) } }
        } } }
    }
}

async fn page(visit: &Visit, feed: &Feed, ask: &Ask, said: Markup) -> Result<Page, Failure> {
    let versions = control::history(&visit.mirror, feed.number).await?;
    let wanted = ask.version.parse().ok().or(feed.control);
    let shown = versions.iter().find(|version| Some(version.version) == wanted);
    if shown.is_none() && !ask.version.is_empty() {
        return Err(Failure::NotFound("The feed has no such version of its control file."));
    }
    let from: Option<u64> = ask.from.parse().ok();
    let text = |version: u64| control::text_of(&visit.mirror, feed.number, version);
    let mut body = html! {};
    if let Some(version) = shown {
        let new = text(version.version).await?.unwrap_or_default();
        body = match from {
            Some(from) => compared(from, version, (&text(from).await?.unwrap_or_default(), &new)),
            None => whole(feed, version, (&new, visit)),
        };
    }
    let content = html! {
        (trail(feed))
        div.headline { h1 { "Control file" } span.sub { bdi { (feed.name) } } span.grow {} a.button href=(author::HERE) { "How to write one" } }
        (said)
        @if shown.is_none() {
            (empty("There is no control file yet.", html! {
                p { "It says which files come, how they are read, and which of their fields is somebody's username, name, e-mail address and groups." }
            }))
        }
        (body)
        @if !versions.is_empty() { section aria-labelledby="history" { h2 id="history" { "History" } (history(feed, &versions, visit)) } }
        section aria-labelledby="upload" { h2 id="upload" { "Upload new control file" } (form(feed)) }
    };
    Ok(Page::framed(&visit.frame("Control file", Place::Feeds), content))
}

fn whole(feed: &Feed, version: &ControlVersion, (text, visit): (&str, &Visit)) -> Markup {
    let checked = ::feed::control::check(text);
    let files = checked.control.as_ref().map(|control| control.files.as_slice()).unwrap_or_default();
    html! {
        p { "Version " (version.version) @if Some(version.version) == feed.control { " " span.tag.good { "in force" } }
            " by " bdi { (version.author) } ", " (visit.reader.moment(version.at)) @if let Some(reason) = &version.reason { ": " bdi { (reason) } } }
        @if !files.is_empty() {
            dl.facts {
                @for file in files { div { dt { code { (file.name) } } dd { "read as " (file.read.word()) @if let Some(charset) = file.charset { ", " (charset) } } } }
                div { dt { "Can put people into" } dd { @if checked.groups.is_empty() { span.sub { "groups that records name, or none" } }
                    @for (place, (group, ..)) in checked.groups.iter().enumerate() { @if place > 0 { ", " } code { bdi { (group) } } } } }
            }
        }
        @if !checked.diagnostics.is_empty() { (findings(&checked.diagnostics)) }
        div.scroll.tall tabindex="0" role="region" aria-label="Control file" { pre.drawn { (drawn(text)) } }
    }
}

/// The text as it is, so that lines are those of findings; one without lines is laid out.
fn drawn(text: &str) -> String {
    let written = text.trim_start_matches('\u{feff}');
    if written.trim().contains('\n') { written.to_owned() } else { super::person::laid_out(written) }
}

fn compared(from: u64, version: &ControlVersion, (old, new): (&str, &str)) -> Markup {
    let (old, new) = (drawn(old), drawn(new));
    let lines = differences::between(&old, &new);
    let changed = lines.iter().filter(|line| !matches!(line, Line::Same(_))).count() as u64;
    html! {
        p { "From version " (from) " to version " (version.version) ": " (counted(changed, "line differs", "lines differ")) "." }
        div.scroll.tall tabindex="0" role="region" aria-label="Differences" {
            pre.drawn { @for line in &lines {
                @match line {
                    Line::Same(text) => { "  " (text) "\n" }
                    Line::Gone(text) => { del { "- " (text) } "\n" }
                    Line::Come(text) => { ins { "+ " (text) } "\n" }
                }
            } }
        }
    }
}

fn history(feed: &Feed, versions: &[ControlVersion], visit: &Visit) -> Markup {
    let here = || address(feed).below(PART);
    let came = |origin: Origin| match origin {
        Origin::Upload => "by the upload API or page",
        Origin::Page => "by this page or a command",
        Origin::Reapply => "with a run applied again",
    };
    html! {
        div.scroll.roomy tabindex="0" role="region" aria-label="Control files history" {
            table {
                thead { tr { th.num scope="col" { "Version" } th scope="col" { "Digest" } th scope="col" { "When" } th scope="col" { "By" } th scope="col" { "Reason" } th scope="col" { "Differences" } } }
                tbody { @for one in versions { tr {
                    td.num { a.name href=(here().with("version", &one.version.to_string())) aria-label={ "Version " (one.version) } { (one.version) } }
                    td { code title=(one.digest) { (one.digest.get(..10).unwrap_or_default()) } @if Some(one.version) == feed.control { " " span.tag.good { "in force" } } }
                    td { (visit.reader.moment(one.at)) }
                    td.long { bdi { (one.author) } " " span.sub { (came(one.origin)) } }
                    td.long { @if let Some(reason) = &one.reason { bdi { (reason) } } }
                    td { @if one.version > 1 {
                        a.name href=(here().with("version", &one.version.to_string()).with("from", &(one.version - 1).to_string()))
                            aria-label={ "Differences of version " (one.version) } { "to version " (one.version - 1) }
                    } }
                } } }
            }
        }
    }
}

fn form(feed: &Feed) -> Markup {
    html! {
        form.fields method="post" action=(address(feed).below(PART)) enctype="multipart/form-data" {
            label { "File" input type="file" name="file" accept=".json,application/json"; }
            details { summary { "Or paste its text" } label { "Text" textarea.code name="text" rows="12" spellcheck="false" autocomplete="off" {} } }
            label { "Reason for a change" span.hint id="why-hint" { "Kept in the history." }
                input type="text" name="reason" required maxlength="2000" autocomplete="off" aria-describedby="why-hint"; }
            button.primary type="submit" { "Upload control file" }
            p.hint { "It is checked as a whole first. An open run that waits for files takes it; a run that is compared keeps the one it was compared with." }
        }
    }
}
