//! What a person does with a run: *Apply*, *Re-apply*, *Cancel*, *Unsafe mark cancelled*, *Use this file*, a comment. Only
//! what its status allows is offered, each with what follows; the verbs check it again.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::decide::{self, Approval};
use crate::feeds::deliver::{self, NotTaken};
use crate::feeds::listing::OneRun;
use crate::nouns::feed_run::{FeedRunState, RunAct, Stage};
use crate::nouns::refusal::Refusal;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::run::{Ask, existing, page};
use crate::web::feeds::{run_address, told, upload, words};
use crate::web::guard::see;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The form of a decision.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    reason: String,
    /// The number of people it takes out, as it was typed.
    typed: String,
    comment: String,
    /// The name of a file.
    file: String,
}

/// POST /feeds/{code}/runs/{run}
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path((code, run)): Path<(String, String)>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let one = existing(&visit, &code, &run).await?;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let (id, reason) = (&one.run.id, entry.reason.as_str());
    let done = match entry.verb.as_str() {
        "apply" => {
            let digits: String = entry.typed.chars().filter(|c| !matches!(c, ',' | '.' | ' ')).collect();
            let approval = Approval { reason: reason.to_owned(), typed: digits.parse().ok() };
            decide::apply(context, mirror, (id, approval), entropy).await
        }
        "cancel" => decide::cancel(context, mirror, (id, reason), entropy).await,
        "unsafe_cancel" => decide::unsafe_cancel(context, mirror, (id, reason), entropy).await,
        "reapply" => decide::reapply(context, mirror, (id, reason), entropy).await,
        "comment" => decide::comment(context, mirror, (id, &entry.comment), entropy).await.map(|()| one.run.clone()),
        "use" => return again(&served, &visit, &one, &entry.file).await,
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    match done {
        Ok(run) => Ok(see(run_address(&one.feed, &run).as_str())),
        Err(why) => refused(&visit, &one, told("Nothing was done with the run.", why)?).await,
    }
}

/// The page of the run with what was refused on top.
async fn refused(visit: &Visit, one: &OneRun, refusal: Refusal) -> Result<Response, Failure> {
    let place = (one.feed.code.as_str(), one.run.id.as_str());
    let page = page(visit, place, &Ask::default(), notice::refusal(&refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// *Use this file*: into a new upload, whose run is shown.
async fn again(served: &Served, visit: &Visit, one: &OneRun, name: &str) -> Result<Response, Failure> {
    let Some(file) = one.files.iter().find(|file| file.name == name) else {
        return Err(Failure::NotFound("The run has no such file."));
    };
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    match deliver::use_again(context, mirror, (&one.feed, &one.run.id, file), &served.entropy).await {
        Ok(taken) => Ok(see(run_address(&one.feed, &taken.run).as_str())),
        Err(NotTaken::Store(error)) => Err(error.into()),
        Err(why) => refused(visit, one, upload::refusal(&why)).await,
    }
}

/// The forms of what the status allows.
pub(super) fn forms(one: &OneRun, now: Timestamp) -> Markup {
    let run = &one.run;
    let acts = run.acts(now);
    let comparing = run.state == FeedRunState::Ready && run.stage != Stage::Compared;
    html! {
        @if acts.is_empty() { p { "Nothing: a cancelled run stays cancelled. The next upload opens a new one." } }
        @for act in acts {
            @match act {
                RunAct::Apply if comparing => { p { "Apply is offered as soon as its preview is there." } }
                RunAct::Apply => (apply(one)),
                RunAct::Cancel => (cancel(one)),
                RunAct::UnsafeCancel => (mark(one, now)),
                RunAct::Reapply => (reapply(one)),
            }
        }
    }
}

fn reason(required: bool, hint: &str) -> Markup {
    html! {
        label { "Reason" span.hint { (hint) }
            input type="text" name="reason" maxlength="2000" required[required] autocomplete="off"; }
    }
}

fn apply(one: &OneRun) -> Markup {
    let (run, feed) = (&one.run, &one.feed);
    let counts = &run.counts;
    let held = run.state == FeedRunState::Held;
    html! {
        details open {
            summary { "Apply" }
            form.fields method="post" action=(run_address(feed, run)) {
                p.hint {
                    "What follows: " (words::came_of(counts)) ", written as a whole or not at all. "
                    @if counts.leaving > 0 {
                        @match feed.settings.grace_days {
                            0 => "Leavers are blocked, not deleted. ",
                            days => { "Leavers are blocked, not deleted, after " (counted(days.into(), "day", "days")) ". " }
                        }
                    }
                    @if counts.failing + counts.conflicts > 0 { "Whose record fails or is in conflict stays as they are. " }
                    "Nobody outside this feed is touched."
                }
                @if counts.removes_everybody() {
                    label { "It removes 100 % of the people of this feed. Type " (number(counts.leaving)) " to confirm"
                        input type="text" name="typed" inputmode="numeric" required autocomplete="off" pattern="[0-9,. ]+"; }
                }
                (reason(held, if held { "Why it is right although it was held. Kept with the run." } else { "Kept with the run; may be left empty." }))
                button type="submit" name="do" value="apply" class=(if counts.removes_everybody() { "danger" } else { "primary" }) { "Apply" }
            }
        }
    }
}

fn cancel(one: &OneRun) -> Markup {
    let run = &one.run;
    html! {
        details {
            summary { "Cancel" }
            form.fields method="post" action=(run_address(&one.feed, run)) {
                p.hint {
                    @if run.state == FeedRunState::Running { "What follows: it stops at once, and what it has written so far is rolled back. " }
                    @else { "What follows: nothing of it is applied, and everybody stays as they are. " }
                    "The next upload opens a new run. Its files stay, and can be used again."
                }
                (reason(false, "Kept with the run; may be left empty."))
                button type="submit" name="do" value="cancel" { "Cancel this run" }
            }
        }
    }
}

fn mark(one: &OneRun, now: Timestamp) -> Markup {
    let run = &one.run;
    let heard = run.heartbeat_at.unwrap_or(run.created_at);
    let silent = now.duration_since(heard).as_secs().unsigned_abs();
    html! {
        details open {
            summary { "Unsafe mark cancelled" }
            form.fields method="post" action=(run_address(&one.feed, run)) {
                p.hint {
                    "Its worker has given no sign of life for " (counted(silent, "second", "seconds")) "; it may have ended with its machine. "
                    "What follows: the run counts as cancelled and the next upload opens a new one. Should the worker wake up, what it writes late is refused, so nothing of this run is ever applied in part."
                }
                (reason(false, "Kept with the run; may be left empty."))
                button.danger type="submit" name="do" value="unsafe_cancel" { "Unsafe mark cancelled" }
            }
        }
    }
}

fn reapply(one: &OneRun) -> Markup {
    html! {
        details {
            summary { "Re-apply" }
            form.fields method="post" action=(run_address(&one.feed, &one.run)) {
                p.hint {
                    "What follows: a copy of this run, with the control file of that time, is compared with everybody as they are today. "
                    "It waits for you with its differences, and with what later runs have changed since. Applying it then restores the state of these files; the control file in force stays."
                }
                (reason(true, "Why the earlier state is wanted again. Kept with the copy."))
                button type="submit" name="do" value="reapply" { "Re-apply" }
            }
        }
    }
}

/// The comment on a run.
pub(super) fn comment(one: &OneRun) -> Markup {
    html! {
        details {
            summary { (if one.run.comment.is_some() { "Change the comment" } else { "Comment on it" }) }
            form.fields method="post" action=(run_address(&one.feed, &one.run)) {
                label { "Comment" textarea name="comment" rows="3" maxlength="2000" { (one.run.comment.as_deref().unwrap_or_default()) } }
                button type="submit" name="do" value="comment" { "Save comment" }
            }
        }
    }
}
