//! A control file made of a sample file, and a control file tried on a sample: nothing of either is stored.

use ::feed::control::FileSpec;
use ::feed::control::model::Format;
use ::feed::finding::Level;
use ::feed::read::charset_name;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::feeds::deliver;
use crate::feeds::sample::{self, Tried, TriedPerson};
use crate::nouns::refusal::Refusal;
use crate::web::failure::Failure;
use crate::web::feeds::author;
use crate::web::feeds::control::findings;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, notice};
use crate::web::visit::Visit;

/// Where a control file is made of a sample.
pub(crate) const GENERATE: &str = "/feed-control/generate";
/// Where a control file is tried on a sample.
pub(crate) const TRY: &str = "/feed-control/try";
/// The largest form, in bytes: a sample is a part of a file.
pub(crate) const LARGEST_FORM: usize = 8 << 20;

/// What a form says.
#[derive(Default)]
struct Entry {
    control: String,
    name: String,
    read: String,
    charset: String,
    sample: Vec<u8>,
}

/// GET /feed-control/generate
pub(crate) async fn ask(visit: Visit) -> Page {
    generator(&visit, &Entry { name: "users".to_owned(), ..Entry::default() }, html! {})
}

/// POST /feed-control/generate
pub(crate) async fn generate(visit: Visit, request: Request) -> Result<Response, Failure> {
    let entry = entry(request).await?;
    let refuse = |why: String| {
        let refusal = Refusal::new("No control file was made.", why, "Correct it below.");
        let page = generator(&visit, &entry, notice::refusal(&refusal));
        Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
    };
    if !deliver::is_name(&entry.name) {
        return refuse("A file's name has letters, digits, hyphens and underscores alone.".to_owned());
    }
    let charset = match entry.charset.trim() {
        "" => None,
        text => match charset_name(text) {
            Some(charset) => Some(charset),
            None => return refuse(format!("“{text}” is no charset that is known.")),
        },
    };
    let spec = FileSpec {
        name: entry.name.clone(),
        read: Format::of(&entry.read).unwrap_or(Format::Csv),
        single_record: false,
        charset,
        separator: None,
        quote: None,
        sheet: None,
    };
    let sample = entry.sample.clone();
    let made = tokio::task::spawn_blocking(move || sample::draft(&spec, &sample)).await.map_err(Failure::fault)?;
    match made {
        Ok(made) => {
            let text = made.text.clone();
            let said = notice(
                Weight::Info,
                "A control file to begin with.",
                html! { ul { @for remark in &made.remarks { li { (remark) } } } },
            );
            let tried = Entry { control: text, name: entry.name, ..Entry::default() };
            Ok(trying(&visit, &tried, said).into_response())
        }
        Err(error) => refuse(format!("The sample cannot be read: {error}.")),
    }
}

/// GET /feed-control/try
pub(crate) async fn show(visit: Visit) -> Page {
    trying(&visit, &Entry::default(), html! {})
}

/// POST /feed-control/try
pub(crate) async fn try_out(visit: Visit, request: Request) -> Result<Page, Failure> {
    let entry = entry(request).await?;
    let (control, name, sample) = (entry.control.clone(), entry.name.clone(), entry.sample.clone());
    let tried = tokio::task::spawn_blocking(move || sample::try_out(&control, (&name, &sample))).await;
    let said = outcome(&tried.map_err(Failure::fault)?);
    Ok(trying(&visit, &entry, said))
}

async fn entry(request: Request) -> Result<Entry, Failure> {
    let unreadable = || Failure::Unreadable(StatusCode::BAD_REQUEST);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let mut entry = Entry::default();
    while let Some(part) = parts.next_field().await.map_err(|error| Failure::Unreadable(error.status()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|error| Failure::Unreadable(error.status()))?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "control" | "control_file" if !bytes.is_empty() => entry.control = text(),
            "name" => entry.name = text(),
            "read" => entry.read = text(),
            "charset" => entry.charset = text(),
            "sample" => entry.sample = bytes.to_vec(),
            _ => {}
        }
    }
    Ok(entry)
}

fn framed(visit: &Visit, title: &str, content: Markup) -> Page {
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(author::HERE) { "Control files" } }
        div.headline { h1 { (title) } }
        (content)
    };
    Page::framed(&visit.frame(title, Place::Feeds), content)
}

fn generator(visit: &Visit, entry: &Entry, said: Markup) -> Page {
    let content = html! {
        p.lead { "Columns that are plainly a username, a name or an e-mail address are filled in; what cannot be guessed is marked TODO and refused until you fill it in. The sample is read and forgotten." }
        (said)
        form.fields method="post" action=(GENERATE) enctype="multipart/form-data" {
            label { "Name of the file in uploads" input type="text" name="name" value=(entry.name) required maxlength="200" pattern="[A-Za-z0-9_\\-]+" autocomplete="off"; }
            label { "How it is read"
                select name="read" { @for format in Format::ALL { option value=(format.word()) selected[entry.read == format.word()] { (format.word()) } } }
            }
            label { "Charset" span.hint id="charset-hint" { "Such as windows-1252; empty for UTF-8, or what the file itself says." }
                input type="text" name="charset" value=(entry.charset) maxlength="60" autocomplete="off" aria-describedby="charset-hint"; }
            label { "Sample" span.hint id="sample-hint" { "The first thousand records are looked at; 8 MB at the most." }
                input type="file" name="sample" required aria-describedby="sample-hint"; }
            button.primary type="submit" { "Make a control file" }
        }
    };
    framed(visit, "A control file from a sample", content)
}

fn trying(visit: &Visit, entry: &Entry, said: Markup) -> Page {
    let content = html! {
        p.lead { "A dry run: the records become people as they would in a feed, and nothing is stored." }
        (said)
        form.fields method="post" action=(TRY) enctype="multipart/form-data" {
            label { "Control file" textarea.code name="control" rows="16" spellcheck="false" autocomplete="off" { (entry.control) } }
            label { "Or a file" input type="file" name="control_file" accept=".json,application/json"; }
            label { "Name of the sample in the control file" span.hint id="name-hint" { "May be left empty when it lists one file." }
                input type="text" name="name" value=(entry.name) maxlength="200" autocomplete="off" aria-describedby="name-hint"; }
            label { "Sample" input type="file" name="sample" required; }
            button.primary type="submit" { "Try it" }
        }
    };
    framed(visit, "Try a control file on a sample", content)
}

fn outcome(tried: &Tried) -> Markup {
    let summary = match (&tried.refused, &tried.broken) {
        (Some(why), _) => notice(Weight::Failure, why, findings(&tried.diagnostics)),
        (None, Some(why)) => notice(Weight::Failure, "The sample cannot be read to its end.", html! { p { (why) } }),
        (None, None) => {
            let weight = if tried.failing > 0 { Weight::Warning } else { Weight::Info };
            let said =
                format!("{}, {} of them fail.", counted(tried.records, "record", "records"), number(tried.failing));
            notice(weight, &said, html! { @if !tried.diagnostics.is_empty() { (findings(&tried.diagnostics)) } })
        }
    };
    html! {
        (summary)
        @if !tried.problems.is_empty() {
            h2 { "Problems" }
            div.scroll.tall.roomy tabindex="0" role="region" aria-label="Problems" {
                table {
                    thead { tr { th.num scope="col" { "Line" } th scope="col" { "Severity" } th scope="col" { "What is wrong" } } }
                    tbody { @for (line, level, what, advice) in &tried.problems { tr {
                        td.num { (number(*line)) }
                        td { span class=(if *level == Level::Error { "tag bad" } else { "tag warn" }) { (level.word()) } }
                        td.long { bdi { (what) } " " span.sub { (advice) } }
                    } } }
                }
            }
        }
        @if !tried.people.is_empty() {
            @let shown = tried.people.len() as u64;
            h2 { "People" @if shown < tried.records.saturating_sub(tried.failing) { " " span.sub { "the first " (number(shown)) } } }
            div.scroll.tall tabindex="0" role="region" aria-label="People" {
                table {
                    thead { tr { th scope="col" { "Username" } th scope="col" { "Groups" } th scope="col" { "Fields" } } }
                    tbody { @for TriedPerson { username, groups, fields } in &tried.people { tr {
                        th scope="row" { bdi { (username) } }
                        td.long { (groups.join(", ")) }
                        td.long.ways { @for (field, values) in fields { div { span.sub.field { (field) } " " bdi { (values.join("; ")) } } } }
                    } } }
                }
            }
        }
    }
}
