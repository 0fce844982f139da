//! Settings, protected people and groups: who they are, since when and why; adding one by search, and taking a protection
//! away with a reason.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{Ordinal, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::answer::{answer, answer_groups};
use crate::mirror::marks::{self, Protected};
use crate::nouns::protection::{LONGEST_REASON, Protectee, Protection, Protections, Reason};
use crate::nouns::refusal::Refusal;
use crate::store::protected;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::groups::name;
use crate::web::guard::see;
use crate::web::settings_guards;
use crate::web::settings_key::sections;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight, empty};
use crate::web::ui::person;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/protected";
/// Where a protection is taken away.
pub(crate) const RELEASE: &str = "/settings/protected/release";
/// People, and groups, that a search shows.
const SHOWN: usize = 10;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    find: String,
}

/// Whom a form is about, and why.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    subject: String,
    id: String,
    reason: String,
    /// What was searched for, to come back to.
    find: String,
}

/// GET /settings/protected
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    section(&visit, &ask.find, html! {}).await
}

/// POST /settings/protected
pub(crate) async fn add(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let taken = match read(&entry, &visit.snapshot) {
        Ok(taken) => taken,
        Err(why) => return refused(&visit, &entry, "Nobody was protected.", why).await,
    };
    match marks::protect(&visit.entered.context, &visit.mirror, taken, &served.entropy).await? {
        Protected::Added | Protected::Already => Ok(see(HERE)),
        Protected::TooMany => {
            let why = format!("There are {} protections, as many as can be.", number(protected::MOST));
            refused(&visit, &entry, "Nobody was protected.", why).await
        }
    }
}

/// POST /settings/protected/release
pub(crate) async fn release(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let parsed = Protectee::parse(&entry.subject, &entry.id).ok_or_else(|| "It names nobody.".to_owned());
    let parsed = parsed.and_then(|of| Ok((of, reason(&entry)?)));
    match parsed {
        Ok(taken) => {
            marks::release(&visit.entered.context, &visit.mirror, taken, &served.entropy).await?;
            Ok(see(HERE))
        }
        Err(why) => refused(&visit, &entry, "The protection stays.", why).await,
    }
}

fn reason(entry: &Entry) -> Result<Reason, String> {
    Reason::parse(&entry.reason).map_err(|why| format!("It was not taken: {why}."))
}

/// Somebody or something that was ever seen, and why they are protected.
fn read(entry: &Entry, snapshot: &Snapshot) -> Result<(Protectee, Reason), String> {
    let of = Protectee::parse(&entry.subject, &entry.id).filter(|of| match of {
        Protectee::Person(id) => snapshot.account(id.as_str()).is_some(),
        Protectee::Group(id) => snapshot.group(id.as_str()).is_some(),
    });
    Ok((of.ok_or("Rollcall has not seen a person or group with this id.")?, reason(entry)?))
}

async fn refused(visit: &Visit, entry: &Entry, what: &str, why: String) -> Result<Response, Failure> {
    let refusal = Refusal::new(what, why, "Choose a person or group, and say why.");
    let page = section(visit, &entry.find, notice::refusal(&refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn section(visit: &Visit, find: &str, problem: Markup) -> Result<Page, Failure> {
    let protections = visit.mirror.store().read(protected::all).await?;
    Ok(Page::framed(
        &visit.frame("Protected people and groups", Place::Settings),
        html! {
            (sections(settings_guards::HERE))
            div.headline { h1 { "Protected people and groups" } }
            p.lead { "Nothing that Rollcall does may touch them: a protected person keeps status, groups and roles; a protected group keeps members and grants. Members of a protected group are not protected by it. What somebody changes at Atlassian itself is still read." }
            p { a href=(settings_guards::HERE) { "Guards" } " withhold what a sync finds too much at once." }
            (problem)
            (list(&protections, (&visit.snapshot, &visit.reader)))
            h2 { "Protect a person or group" }
            (search(find.trim(), &protections, (&visit.snapshot, &visit.reader)))
        },
    ))
}

fn list(protections: &Protections, (snapshot, reader): (&Snapshot, &Reader)) -> Markup {
    if protections.0.is_empty() {
        return empty(
            "Nobody is protected.",
            html! { p { "Protect administrators of last resort, accounts of integrations, and the groups that hold them: find them below." } },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="Protected people and groups" {
            table {
                thead { tr {
                    th scope="col" { "Who" } th scope="col" { "Why" } th.hide-s scope="col" { "Added" } th scope="col" { "Take the protection away" }
                } }
                tbody { @for protection in &protections.0 { tr {
                    th scope="row" { (who(&protection.of, snapshot)) " " span.tag { (protection.of.subject()) } }
                    td.long { bdi { (protection.reason.as_str()) } }
                    td.hide-s { "by " bdi { (protection.added_by) } " " span.sub { (reader.relative(protection.added_at)) } }
                    td { (decision(protection)) }
                } } }
            }
        }
    }
}

fn decision(protection: &Protection) -> Markup {
    html! {
        form.row method="post" action=(RELEASE) {
            input type="hidden" name="subject" value=(protection.of.subject());
            input type="hidden" name="id" value=(protection.of.id());
            input type="text" name="reason" required maxlength=(LONGEST_REASON) placeholder="Reason" aria-label="Reason to take the protection away";
            button type="submit" { "Take away" }
        }
    }
}

/// The name as a link, where it was ever seen.
fn who(of: &Protectee, snapshot: &Snapshot) -> Markup {
    match of {
        Protectee::Person(id) => {
            let row = snapshot.account(id.as_str()).and_then(|account| snapshot.account_row(account));
            html! { a.name href=(Address::person(id.as_str())) {
                bdi { (row.as_ref().map_or(id.as_str(), person::display_name)) }
            } }
        }
        Protectee::Group(id) => {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            html! { a.name href=(Address::group(id.as_str())) { bdi { (row.map_or(id.as_str(), name)) } } }
        }
    }
}

fn search(find: &str, protections: &Protections, (snapshot, reader): (&Snapshot, &Reader)) -> Markup {
    let at = (reader.now, &reader.zone);
    let quoted = filter::quote(find);
    let people = if find.is_empty() { Vec::new() } else { first(&answer(snapshot, &quoted, at).found.matching) };
    let groups = if find.is_empty() { Vec::new() } else { first(&answer_groups(snapshot, &quoted, at).found.matching) };
    let people = people.into_iter().filter_map(|account| {
        let row = snapshot.account_row(account)?;
        let of = Protectee::parse("person", row.id)?;
        Some((of, person::display_name(&row).to_owned(), row.email.unwrap_or_default().to_owned()))
    });
    let groups = groups.into_iter().filter_map(|group| {
        let row = snapshot.group_row(group)?;
        Some((Protectee::Group(row.id.clone()), name(row).to_owned(), String::new()))
    });
    let found: Vec<_> = groups.chain(people).filter(|(of, _, _)| protections.of(of).is_none()).collect();
    html! {
        form.filter method="get" action=(HERE) role="search" {
            input type="search" name="find" value=(find) placeholder="Name, e-mail or group" aria-label="Name, e-mail or group"
                maxlength="256" autocomplete="off" spellcheck="false";
            button type="submit" { "Find" }
        }
        @if !find.is_empty() && found.is_empty() {
            p.hint { "Nobody and no group that is not protected already is found by “" bdi { (find) } "”." }
        }
        @if !found.is_empty() {
            div.scroll tabindex="0" role="region" aria-label="Found" {
                table {
                    thead { tr { th scope="col" { "Who" } th scope="col" { "Protect, and why" } } }
                    tbody { @for (of, named, email) in &found { tr {
                        th scope="row" { bdi { (named) } " " span.tag { (of.subject()) } " " span.sub { bdi { (email) } } }
                        td { form.row method="post" action=(HERE) {
                            input type="hidden" name="subject" value=(of.subject());
                            input type="hidden" name="id" value=(of.id());
                            input type="hidden" name="find" value=(find);
                            input type="text" name="reason" required maxlength=(LONGEST_REASON) placeholder="Reason"
                                aria-label=(format!("Why {named} is protected"));
                            button type="submit" { "Protect" }
                        } }
                    } } }
                }
            }
            p.hint { "At most " (SHOWN) " people and " (SHOWN) " groups are shown; more letters find fewer." }
        }
    }
}

fn first(found: &roaring::RoaringBitmap) -> Vec<Ordinal> {
    found.iter().take(SHOWN).collect()
}

/// That somebody or something is protected, with who, when and why.
pub(crate) fn told(protection: &Protection, reader: &Reader) -> Markup {
    notice::notice(
        Weight::Info,
        "Protected: nothing that Rollcall does may touch this.",
        html! {
            p { bdi { (protection.added_by) } ", " (reader.relative(protection.added_at)) ": " bdi { (protection.reason.as_str()) } " "
                a href=(HERE) { "Protected people and groups" } }
        },
    )
}

/// The mark of a protected person or group, which leads to the reason.
pub(crate) fn mark() -> Markup {
    html! { a.tag.key href=(HERE) title="Nothing that Rollcall does may touch this" { "Protected" } }
}
