//! Upload by page: a file into the run of a feed that waits for files, and what that run waits for still. A file is taken
//! in piece by piece, whatever its size.

use axum::extract::{FromRequest, Multipart, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::feeds::bodies::{Announced, NotReceived, Receiving};
use crate::feeds::control;
use crate::feeds::deliver::{self, NotTaken};
use crate::feeds::listing::{self, OneRun};
use crate::nouns::feed::Feed;
use crate::nouns::feed_run::{CONTROL, FeedRunState};
use crate::nouns::refusal::Refusal;
use crate::store::feed_bodies::Body;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::control::refused as control_refused;
use crate::web::feeds::{address, existing, run, run_address, trail, words};
use crate::web::guard::see;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, notice};
use crate::web::visit::Visit;

/// The part of the address below a feed.
pub(super) const PART: &str = "upload";
/// The longest name of a file, in bytes.
const LONGEST_NAME: usize = 256;

/// GET /feeds/{code}/upload
pub(crate) async fn show(visit: Visit, Path(code): Path<String>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    page(&visit, &feed, html! {}).await
}

/// POST /feeds/{code}/upload
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (name, body) = match received(&served, &visit, &feed, request).await? {
        Ok(received) => received,
        Err(refusal) => return refused(&visit, &feed, notice::refusal(&refusal)).await,
    };
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    match deliver::put(context, mirror, (&feed, &name, body), &served.entropy).await {
        Ok(taken) if taken.missing.is_empty() => Ok(see(run_address(&feed, &taken.run).as_str())),
        Ok(_) => Ok(see(address(&feed).below(PART).as_str())),
        Err(NotTaken::Store(error)) => Err(error.into()),
        Err(NotTaken::Control(why)) => refused(&visit, &feed, control_refused(&why)).await,
        Err(why) => refused(&visit, &feed, notice::refusal(&refusal(&why))).await,
    }
}

/// What is said when a file is not taken.
pub(super) fn refusal(why: &NotTaken) -> Refusal {
    let next = match why {
        NotTaken::State(_) => "Apply or cancel that run first.",
        NotTaken::Already(_) => "Cancel that run to begin anew.",
        NotTaken::NoControl => "Upload a control file first.",
        NotTaken::Name | NotTaken::NotListed { .. } => "Use a name that the control file lists.",
        NotTaken::Control(_) | NotTaken::Store(_) => "Correct it, and try again.",
        NotTaken::Gone => "Upload it again.",
    };
    Refusal::new("The file was not taken.", format!("It was refused: {why}."), next)
}

async fn refused(visit: &Visit, feed: &Feed, said: Markup) -> Result<Response, Failure> {
    let page = page(visit, feed, said).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// The name and the file of the form; the name stands before the file in it.
async fn received(
    served: &Served,
    visit: &Visit,
    feed: &Feed,
    request: Request,
) -> Result<Result<(String, Body), Refusal>, Failure> {
    let unreadable = || Failure::Unreadable(StatusCode::BAD_REQUEST);
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    let mut name = String::new();
    while let Some(mut part) = parts.next_field().await.map_err(|error| Failure::Unreadable(error.status()))? {
        match part.name() {
            Some("name") => {
                while let Some(bytes) = part.chunk().await.map_err(|error| Failure::Unreadable(error.status()))? {
                    name.push_str(&String::from_utf8_lossy(&bytes));
                    if name.len() > LONGEST_NAME {
                        return Err(unreadable());
                    }
                }
            }
            Some("file") => {
                let file_name = part.file_name().map(plain).unwrap_or_default();
                if file_name.is_empty() {
                    break;
                }
                if !deliver::is_name(name.trim()) {
                    return Ok(Err(refusal(&NotTaken::Name)));
                }
                let announced = Announced { feed: feed.number, name: name.trim().to_owned(), file_name, gzip: false };
                let with = (visit.reader.now, &served.entropy);
                let mut receiving = match Receiving::begin(visit.mirror.store(), announced, with).await {
                    Ok(receiving) => receiving,
                    Err(why) => return not_received(why).map(Err),
                };
                loop {
                    let taken = match part.chunk().await {
                        Ok(Some(bytes)) => receiving.take(&bytes).await,
                        Ok(None) => break,
                        Err(error) => {
                            receiving.discard().await.map_err(Failure::fault)?;
                            return Err(Failure::Unreadable(error.status()));
                        }
                    };
                    if let Err(why) = taken {
                        receiving.discard().await.map_err(Failure::fault)?;
                        return not_received(why).map(Err);
                    }
                }
                return match receiving.finish(None).await {
                    Ok(body) => Ok(Ok((name.trim().to_owned(), body))),
                    Err(why) => not_received(why).map(Err),
                };
            }
            _ => {}
        }
    }
    Ok(Err(Refusal::new("Nothing was uploaded.", "No file was chosen.", "Choose one.")))
}

fn not_received(why: NotReceived) -> Result<Refusal, Failure> {
    match why {
        NotReceived::Store(error) => Err(error.into()),
        why => Ok(Refusal::new("The file was not taken.", format!("It was refused: {why}."), "Send it again.")),
    }
}

/// A file's own name, without folders.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect()
}

async fn page(visit: &Visit, feed: &Feed, said: Markup) -> Result<Page, Failure> {
    let newest = listing::runs(&visit.mirror, Some(feed.number), (i64::MAX, 1)).await?.pop();
    let one = match newest.filter(|newest| !newest.is_over()) {
        Some(newest) => Some(run::existing(visit, feed.code.as_str(), newest.id.as_str()).await?),
        None => None,
    };
    let names = names(visit, feed, one.as_ref()).await?;
    let blocked = one.as_ref().filter(|one| one.run.state != FeedRunState::Uploading);
    let refuses = blocked.filter(|_| !feed.settings.replace_waiting);
    let missing = match &one {
        Some(one) if one.run.state == FeedRunState::Uploading => run::missing(visit, one).await?,
        _ => Vec::new(),
    };
    let content = html! {
        (trail(feed))
        div.headline { h1 { "Upload files" } span.sub { bdi { (feed.name) } } }
        p.lead { "By hand, what the script of the originating system does. When the set is complete the run is compared, and no person is changed before it is applied." }
        (said)
        @match (refuses, &one) {
            (Some(one), _) => { (notice(Weight::Warning, &format!("Run {} is {}, so no file is taken.", one.run.number, one.run.state.as_str()), html! {
                p { a.button href=(run_address(feed, &one.run)) { "Apply or cancel it first" } }
            })) }
            (None, Some(one)) if !missing.is_empty() => { (notice(Weight::Info, &format!("Run {} waits for {}.", one.run.number, missing.join(", ")), html! {
                p { "It has " (one.files.iter().map(|file| format!("{} ({})", file.name, words::size(file.size))).collect::<Vec<_>>().join(", ")) ". "
                    a href=(run_address(feed, &one.run)) { "Look at the run" } }
            })) }
            _ => {}
        }
        form.fields method="post" action=(address(feed).below(PART)) enctype="multipart/form-data" {
            label { "Name in the control file"
                span.hint id="name-hint" { code { (CONTROL) } " is the control file itself; it comes before the files it describes." }
                @if names.is_empty() { input type="text" name="name" value=(CONTROL) required pattern="[A-Za-z0-9_\\-]+" maxlength="200" autocomplete="off" aria-describedby="name-hint"; }
                @else {
                    select name="name" aria-describedby="name-hint" {
                        @for name in &names { option value=(name) selected[missing.first() == Some(name)] { (name) } }
                    }
                }
            }
            label { "File" input type="file" name="file" required; }
            button.primary type="submit" disabled[refuses.is_some()] { "Upload file" }
        }
    };
    Ok(Page::framed(&visit.frame("Upload files", Place::Feeds), content))
}

/// The names that are taken: the control file's, and its own.
async fn names(visit: &Visit, feed: &Feed, one: Option<&OneRun>) -> Result<Vec<String>, Failure> {
    let open = one.filter(|one| one.run.state == FeedRunState::Uploading).and_then(|one| one.run.control);
    let Some(version) = open.or(feed.control) else { return Ok(Vec::new()) };
    let text = control::text_of(&visit.mirror, feed.number, version).await?.unwrap_or_default();
    let listed = ::feed::control::check(&text).control.map(|control| control.files).unwrap_or_default();
    Ok(listed.into_iter().map(|file| file.name).chain([CONTROL.to_owned()]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_is_kept_without_its_folders() {
        assert_eq!(plain("C:\\exports\\users.csv"), "users.csv");
        assert_eq!(plain("../../etc/users\r\n.csv"), "users.csv");
    }
}
