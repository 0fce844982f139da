//! Everything about a person of the feeds: how they stand and why, what each feed says of them, the record received last
//! beside the one applied last, their groups, their history; and hold, release, *try again next run*, another username,
//! two who are one.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::accounts::link::{self, To};
use crate::feeds::look_up::{self, Looked, Told};
use crate::feeds::people;
use crate::nouns::feed_person::{FeedPerson, PersonState};
use crate::store::feed_people;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{self, failed, links, lookup, preview, run_address, told, words};
use crate::web::guard::see;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, notice};
use crate::web::visit::Visit;

/// The form of what is done by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    reason: String,
    username: String,
    /// The id or the address of an account.
    account: String,
}

/// GET /feed-people/{number}
pub(crate) async fn show(visit: Visit, Path(number): Path<String>) -> Result<Page, Failure> {
    page(&visit, &existing(&visit, &number).await?, html! {}).await
}

/// POST /feed-people/{number}
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Path(number): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let person = existing(&visit, &number).await?;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let (who, other) = (person.username.as_str(), entry.username.as_str());
    let done = match entry.verb.as_str() {
        "hold" => people::hold(context, mirror, (who, &entry.reason), entropy).await,
        "release" => people::release(context, mirror, who, entropy).await,
        "try_again" => people::try_again(context, mirror, who, entropy).await,
        "rename" => people::rename(context, mirror, (who, other), entropy).await,
        "link" => link::by_hand(context, mirror, (who, To::Account(entry.account.clone())), entropy).await,
        "unlink" => link::by_hand(context, mirror, (who, To::Nobody), entropy).await,
        "match" => link::by_hand(context, mirror, (who, To::Anew), entropy).await,
        "merge" => people::merge(context, mirror, (other, who), entropy).await,
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    match done {
        Ok(()) => Ok(see(lookup::address(person.account).as_str())),
        Err(why) => {
            let refusal = match why {
                crate::feeds::trouble::NotDone::NoPerson => why.refusal("Nothing was done."),
                why => told("Nothing was done.", why)?,
            };
            let page = page(&visit, &person, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn existing(visit: &Visit, number: &str) -> Result<FeedPerson, Failure> {
    let missing = || Failure::NotFound("The feeds know nobody like this.");
    let number = number.parse().map_err(|_| missing())?;
    visit.mirror.store().read(move |tx| feed_people::find(tx, number)).await?.ok_or_else(missing)
}

/// A kept record as JSON that people read; as it is when it is none.
pub(super) fn laid_out(text: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

async fn page(visit: &Visit, person: &FeedPerson, said: Markup) -> Result<Page, Failure> {
    let looked = look_up::look_up(&visit.mirror, &person.username, visit.reader.now).await;
    let looked = looked.map_err(|why| failed("The person was not found.", why))?;
    let person = &looked.person;
    let name = if person.name.is_empty() { &person.username } else { &person.name };
    let weight = if person.state == PersonState::Active { Weight::Info } else { Weight::Warning };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } " " a href=(lookup::HERE) { "User look-up" } }
        div.headline { h1 { bdi { (name) } } (words::person_tag(person.state)) span.sub { bdi { (person.username) } } }
        (said)
        (notice(weight, &looked.sentence, html! {}))
        section aria-labelledby="details" { h2 id="details" { "User details" } (details(&looked, visit)) }
        section aria-labelledby="account" { h2 id="account" { "Atlassian account" } (links::section(&looked, visit)) }
        @for told in &looked.told { (of_feed(told, visit)) }
        section aria-labelledby="do" { h2 id="do" { "What can be done" } (forms(&looked)) }
        section aria-labelledby="history" { h2 id="history" { "History" } (history(&looked, visit)) }
    };
    Ok(Page::framed(&visit.frame(name, Place::Feeds), content))
}

fn details(looked: &Looked, visit: &Visit) -> Markup {
    let person = &looked.person;
    html! {
        dl.facts {
            div { dt { "Username" } dd { bdi { (person.username) } } }
            div { dt { "E-mail" } dd { @if person.email.is_empty() { span.sub { "none" } } @else { bdi { (person.email) } } } }
            div { dt { "Known since" } dd { (visit.reader.moment(person.since)) } }
            @if let Some(at) = person.block_at { div { dt { "Blocked on" } dd { (visit.reader.moment(at)) " unless a delivery has them by then" } } }
            @if let Some((by, at, why)) = &person.held { div.whole { dt { "On hold" } dd { "by " bdi { (by) } ", " (visit.reader.moment(*at)) ": " bdi { (why) } } } }
            div.whole { dt { "Groups" } dd {
                @if looked.groups.is_empty() { span.sub { "none that a feed manages" } }
                @for (place, (code, feed)) in looked.groups.iter().enumerate() { @if place > 0 { ", " } code { bdi { (code) } } " " span.sub.inline { "by " (feed) } }
            } }
        }
    }
}

/// What one feed says: with the record received last beside the one applied last.
fn of_feed(told: &Told, visit: &Visit) -> Markup {
    let Told { feed, record, last_run, received_run } = told;
    let id = format!("feed-{}", feed.code.as_str());
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "Sync details: " a href=(feeds::address(feed)) { bdi { (feed.name) } } }
            @if let Some(why) = &record.failure {
                (notice(Weight::Failure, "The record received last was not applied in whole.", html! {
                    p { (why) }
                    @if let Some(run) = received_run { p { a.button href=(run_address(feed, run).with("who", &told_name(told))) { "Look at run " (run.number) } } }
                }))
            }
            dl.facts {
                div { dt { "In most recent feed?" } dd { (words::yes_no(record.in_feed)) } }
                div { dt { "Last sync" } dd { @match last_run {
                    Some(run) => { a.name href=(run_address(feed, run)) { "run " (run.number) } @if let Some(at) = run.ended_at { ", " (visit.reader.relative(at)) } }
                    None => { span.sub { "not kept any more" } }
                } } }
                div { dt { "Error?" } dd { (words::yes_no(record.failure.is_some())) @if record.try_again { span.sub { " looked at again in the next run" } } } }
                div { dt { "Control file" } dd { a.name href=(feeds::address(feed).below(super::control::PART).with("version", &record.control.to_string())) { "version " (record.control) } } }
                div { dt { "Data digest" } dd { code { (hex(&record.raw_digest)) } } }
                div { dt { "Digest of its meaning" } dd { code { (hex(&record.digest)) } } }
            }
            details open[record.received.is_some()] {
                summary { "Received details" }
                div.charts {
                    figure.chart { figcaption.sub { "Record applied last" } pre.raw tabindex="0" { (laid_out(&record.raw)) } }
                    figure.chart { figcaption.sub { "Record received last" @if record.received.is_none() { ": the same" } }
                        pre.raw tabindex="0" { (laid_out(record.received.as_deref().unwrap_or(&record.raw))) } }
                    figure.chart { figcaption.sub { "What it was taken for" } pre.raw tabindex="0" { (laid_out(&record.person)) } }
                }
            }
        }
    }
}

/// The username as the log of a run has it.
fn told_name(told: &Told) -> String {
    let person: Option<serde_json::Value> = serde_json::from_str(&told.record.person).ok();
    let name = person.as_ref().and_then(|person| person.get("username")).and_then(serde_json::Value::as_str);
    name.unwrap_or_default().to_owned()
}

fn hex(digest: &[u8; 16]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn forms(looked: &Looked) -> Markup {
    let person = &looked.person;
    let here = || lookup::address(person.account);
    let waiting = looked.told.iter().any(|told| told.record.try_again);
    html! {
        @if waiting { p { "The next run looks at them even if their record is unchanged." } }
        @else {
            form.row method="post" action=(here()) {
                button type="submit" name="do" value="try_again" { "Try again next run" }
                span.hint { "The next run does not skip them, even if their record is unchanged." }
            }
        }
        @if person.state == PersonState::Held {
            form.row method="post" action=(here()) {
                button type="submit" name="do" value="release" { "Release" }
                span.hint { "Active when a feed has them, else blocked." }
            }
        } @else {
            details {
                summary { "Hold" }
                form.fields method="post" action=(here()) {
                    p.hint { "Puts them on hold, whatever a feed says, until somebody releases them." }
                    label { "Reason" input type="text" name="reason" required maxlength="500" autocomplete="off"; }
                    button type="submit" name="do" value="hold" { "Hold" }
                }
            }
        }
        details {
            summary { "Another username" }
            form.fields method="post" action=(here()) {
                p.hint { "For somebody whom the source will send under another username: they stay one person, and the old name is not taken for a leaver." }
                label { "New username" input type="text" name="username" required maxlength="255" autocomplete="off"; }
                button type="submit" name="do" value="rename" { "Rename" }
            }
        }
        details {
            summary { "Two who are one" }
            form.fields method="post" action=(here()) {
                p.hint { "What the feeds said of the other username becomes this person’s, and the other is gone. It cannot be taken back." }
                label { "The other username" input type="text" name="username" required maxlength="255" autocomplete="off"; }
                button.danger type="submit" name="do" value="merge" { "Merge into this one" }
            }
        }
    }
}

fn history(looked: &Looked, visit: &Visit) -> Markup {
    let feed_of = |number: i64| looked.told.iter().map(|told| &told.feed).find(|feed| feed.number == number);
    let note = |kind: &str| match kind {
        "held" => "Put on hold".to_owned(),
        "released" => "Released".to_owned(),
        "try_again" => "To be tried again".to_owned(),
        "renamed" => "Renamed".to_owned(),
        "merged" => "Merged".to_owned(),
        "linked" => "Linked".to_owned(),
        "unlinked" => "Unlinked".to_owned(),
        other => other.to_owned(),
    };
    html! {
        @if looked.history.is_empty() && looked.notes.is_empty() { p { "Nothing that is still kept." } }
        @else {
            div.scroll.roomy tabindex="0" role="region" aria-label="History" {
                table {
                    thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "By" } th scope="col" { "Details" } } }
                    tbody {
                        @for one in &looked.notes { tr {
                            td { (visit.reader.moment(one.at)) } td { span.tag { (note(&one.kind)) } } td { bdi { (one.author) } }
                            td.long { @if let Some(text) = &one.text { bdi { (text) } } }
                        } }
                        @for (run, row) in &looked.history { tr {
                            td { @if let Some(at) = run.ended_at { (visit.reader.moment(at)) } }
                            td { (words::kind_tag(row.kind)) }
                            td { @match feed_of(run.feed) { Some(feed) => { a.name href=(run_address(feed, run)) { bdi { (feed.name) } ", run " (run.number) } } None => { "run " (run.number) } } }
                            td.long.ways { @if let Some(why) = &row.why { p { (why) } } @for change in &row.changes { (preview::change(change)) } }
                        } }
                    }
                }
            }
        }
    }
}
