//! *Scheduled reports* in *Notifications*: the list, and of each report its form, when it was sent and comes next, *Send now*
//! and the way to delete it. It decides nothing about a report.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::{FilterId, ReportId};
use crate::notify::mail::public_address;
use crate::nouns::refusal::Refusal;
use crate::nouns::report::{About, MOST_RECIPIENTS, Report, ReportDraft, Rhythm};
use crate::nouns::saved_filter::{LONGEST_NAME, Name, SavedFilter};
use crate::nouns::task_schedule::clock;
use crate::reports::keep::{self, NotKept, addresses};
use crate::reports::send::{self, NotSent};
use crate::store::{mail_server, reports};
use crate::web::Served;
use crate::web::dashboard;
use crate::web::failure::Failure;
use crate::web::filters;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::settings_notifications as notifications;
use crate::web::settings_notifications::deliveries;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, empty, notice};
use crate::web::visit::Visit;

/// Where reports are.
pub(crate) const HERE: &str = "/settings/notifications/reports";
/// Where one is made.
pub(crate) const NEW: &str = "/settings/notifications/reports/new";

const UNKNOWN: Failure = Failure::NotFound("There is no such report.");
/// What stands for the dashboard in the form.
const DASHBOARD: &str = "dashboard";

const WEEK: [(&str, &str); 7] = [
    ("weekly mon", "Every Monday"),
    ("weekly tue", "Every Tuesday"),
    ("weekly wed", "Every Wednesday"),
    ("weekly thu", "Every Thursday"),
    ("weekly fri", "Every Friday"),
    ("weekly sat", "Every Saturday"),
    ("weekly sun", "Every Sunday"),
];

/// What the address of the form brings: a filter's id, or `dashboard`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    about: String,
}

/// The form as it was filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    about: String,
    recipients: String,
    rhythm: String,
    time: String,
    zone: String,
    active: String,
}

/// What the pages show besides reports.
struct Around {
    filters: Vec<SavedFilter>,
    has_server: bool,
    has_address: bool,
}

/// The address of a report.
pub(crate) fn address(id: &ReportId) -> Address {
    Address::new(HERE).below(id.as_str())
}

/// The link that makes a report of a saved filter.
pub(crate) fn of_filter(filter: &SavedFilter) -> Markup {
    let name = filter.kept.name.as_str();
    html! {
        a href=(Address::new(NEW).with("about", filter.id.as_str())) aria-label={ "Report by mail: " (name) } { "Report by mail…" }
    }
}

/// The link that makes a report of the dashboard.
pub(crate) fn of_dashboard() -> Markup {
    html! { a.figure href=(Address::new(NEW).with("about", DASHBOARD)) { "Report by mail…" } }
}

/// GET /settings/notifications/reports
pub(crate) async fn list(visit: Visit) -> Result<Page, Failure> {
    let around = around(&visit).await?;
    let listed = visit.mirror.store().read(reports::list).await?;
    Ok(page(
        &visit,
        "Scheduled reports",
        html! {
            div.headline { h1 { "Scheduled reports" } a.button.primary href=(NEW) { "New report" } }
            p.lead { "A saved filter or the dashboard as a summary by mail, weekly or monthly, with a table." }
            (no_server(&around, listed.iter().any(|report| report.draft.active)))
            @if listed.is_empty() {
                (empty("There is no report yet.", html! {
                    p { "Make one of a saved filter or of the dashboard. It says how many people there are, how many came and went since the last one, and how old the data is." }
                    p { a.button href=(NEW) { "New report" } }
                }))
            } @else {
                (table(&listed, &around, &visit))
            }
        },
    ))
}

/// GET /settings/notifications/reports/new
pub(crate) async fn new(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let around = around(&visit).await?;
    let of = around.filters.iter().find(|filter| filter.id.as_str() == ask.about);
    let name = match of {
        Some(filter) => filter.kept.name.as_str().to_owned(),
        None if ask.about == DASHBOARD => "Dashboard".to_owned(),
        None => String::new(),
    };
    let entry = Entry {
        name,
        about: ask.about,
        recipients: String::new(),
        rhythm: "weekly mon".to_owned(),
        time: "07:00".to_owned(),
        zone: visit.mirror.organization().time_zone.clone(),
        active: "on".to_owned(),
    };
    Ok(making(&visit, (&entry, &around), html! {}))
}

/// POST /settings/notifications/reports/new
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let made = match entry.draft() {
        Ok(draft) => keep::create(&visit.entered.context, &visit.mirror, draft, &served.entropy).await,
        Err(refusal) => return refused(&visit, (&entry, None), notice::refusal(&refusal)).await,
    };
    match made {
        Ok(id) => Ok(see(address(&id).as_str())),
        Err(NotKept::Store(error)) => Err(error.into()),
        Err(why) => refused(&visit, (&entry, None), notice::refusal(&why.refusal("The report was not saved."))).await,
    }
}

/// GET /settings/notifications/reports/{id}
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    let (report, around) = (find(&visit, &id).await?, around(&visit).await?);
    Ok(one(&visit, &report, (&Entry::of(&report), &around), html! {}))
}

/// POST /settings/notifications/reports/{id}
pub(crate) async fn change(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let report = find(&visit, &id).await?;
    let changed = match entry.draft() {
        Ok(draft) => keep::change(&visit.entered.context, &visit.mirror, (&report.id, draft), &served.entropy).await,
        Err(refusal) => return refused(&visit, (&entry, Some(&report)), notice::refusal(&refusal)).await,
    };
    match changed {
        Ok(()) => Ok(see(address(&report.id).as_str())),
        Err(NotKept::Store(error)) => Err(error.into()),
        Err(why) => {
            let said = notice::refusal(&why.refusal("The report was not changed."));
            refused(&visit, (&entry, Some(&report)), said).await
        }
    }
}

/// POST /settings/notifications/reports/{id}/send: *Send now*
pub(crate) async fn send(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = ReportId::parse(&id).ok_or(UNKNOWN)?;
    match send::send_now(&visit.entered.context, &visit.mirror, &id, &served.entropy).await {
        Ok(()) => Ok(see(deliveries::HERE)),
        Err(NotSent::Store(error)) => Err(error.into()),
        Err(NotSent::Unknown) => Err(UNKNOWN),
        Err(why) => Err(why.refusal().into()),
    }
}

/// POST /settings/notifications/reports/{id}/delete
pub(crate) async fn delete(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = ReportId::parse(&id).ok_or(UNKNOWN)?;
    match keep::delete(&visit.entered.context, &visit.mirror, &id, &served.entropy).await {
        Ok(()) => Ok(see(HERE)),
        Err(NotKept::Store(error)) => Err(error.into()),
        Err(_) => Err(UNKNOWN),
    }
}

impl Entry {
    fn of(report: &Report) -> Entry {
        let draft = &report.draft;
        Entry {
            name: draft.name.as_str().to_owned(),
            about: match &draft.about {
                About::Filter(id) => id.to_string(),
                About::Dashboard => DASHBOARD.to_owned(),
            },
            recipients: draft.recipients.join(", "),
            rhythm: draft.rhythm.to_text(),
            time: draft.time.strftime("%H:%M").to_string(),
            zone: draft.zone.clone(),
            active: if draft.active { "on" } else { "" }.to_owned(),
        }
    }

    fn draft(&self) -> Result<ReportDraft, Refusal> {
        let refused = |why: &str| Refusal::new("The report was not saved.", why, "Correct it below.");
        let about = match self.about.as_str() {
            DASHBOARD => About::Dashboard,
            id => About::Filter(FilterId::parse(id).ok_or_else(|| refused("It is not chosen what it is about."))?),
        };
        Ok(ReportDraft {
            name: Name::parse(&self.name).map_err(|why| refused(&format!("It was not taken: {why}.")))?,
            about,
            recipients: addresses(&self.recipients),
            rhythm: Rhythm::parse(&self.rhythm).ok_or_else(|| refused("It is not chosen how often it is sent."))?,
            time: clock(&self.time).ok_or_else(|| refused("A time is written like 07:00."))?,
            zone: self.zone.trim().to_owned(),
            active: self.active == "on",
        })
    }
}

async fn find(visit: &Visit, id: &str) -> Result<Report, Failure> {
    let id = ReportId::parse(id).ok_or(UNKNOWN)?;
    visit.mirror.store().read(move |tx| reports::find(tx, &id)).await?.ok_or(UNKNOWN)
}

async fn around(visit: &Visit) -> Result<Around, Failure> {
    let read = |tx: &mut crate::store::tx::Tx| Ok((mail_server::find(tx)?.is_some(), public_address(tx)?.is_some()));
    let (has_server, has_address) = visit.mirror.store().read(read).await?;
    Ok(Around { filters: filters::visible(visit).await?, has_server, has_address })
}

async fn refused(visit: &Visit, (entry, report): (&Entry, Option<&Report>), said: Markup) -> Result<Response, Failure> {
    let around = around(visit).await?;
    let page = match report {
        None => making(visit, (entry, &around), said),
        Some(report) => one(visit, report, (entry, &around), said),
    };
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

fn page(visit: &Visit, title: &str, content: Markup) -> Page {
    Page::framed(&visit.frame(title, Place::Settings), html! { (sections(notifications::HERE)) (content) })
}

fn trail() -> Markup {
    html! {
        nav.trail aria-label="Breadcrumb" {
            a href=(HERE) { "Scheduled reports" }
        }
    }
}

fn making(visit: &Visit, (entry, around): (&Entry, &Around), said: Markup) -> Page {
    page(
        visit,
        "New report",
        html! {
            (trail())
            div.headline { h1 { "New report" } }
            (said)
            (no_server(around, true))
            (form(NEW, entry, around))
        },
    )
}

fn one(visit: &Visit, report: &Report, (entry, around): (&Entry, &Around), said: Markup) -> Page {
    let here = address(&report.id);
    page(
        visit,
        report.draft.name.as_str(),
        html! {
            (trail())
            div.headline { h1 { bdi { (report.draft.name.as_str()) } } }
            (said)
            (no_server(around, report.draft.active))
            dl.facts {
                dt { "About" } dd { (about(report, around)) }
                dt { "Goes to" } dd { bdi { (report.draft.recipients.join(", ")) } }
                dt { "When" } dd { (report.draft.when()) }
                dt { "Sent last" } dd { (last(report, visit)) }
                dt { "Comes next" } dd { (next(report, visit, around)) }
                dt { "Last changed" } dd { (visit.reader.relative(report.changed_at)) " by " bdi { (report.changed_by) } }
            }
            div.row {
                form method="post" action=(here.clone().below("send")) { button type="submit" disabled[!around.has_server] { "Send now" } }
                a.button href=(deliveries::HERE) { "Delivery log" }
            }
            h2 { "Edit" }
            (form(here.as_str(), entry, around))
            form.fields method="post" action=(here.below("delete")) {
                details {
                    summary { "Delete this report" }
                    p.hint { "Nobody gets it any more. What is on its way arrives." }
                    button type="submit" { "Delete" }
                }
            }
        },
    )
}

/// That nothing is sent, where no mail server is stored.
fn no_server(around: &Around, matters: bool) -> Markup {
    html! {
        @if matters && !around.has_server {
            (notice(Weight::Warning, "No report is sent: no mail server is stored.", html! {
                p { "What comes due waits, and is sent once, as soon as there is one." }
                p { a.button href={ (notifications::HERE) "#mail" } { "Enter a mail server" } }
            }))
        } @else if !around.has_address {
            p.hint { "Mails hold no links: nobody has said at which address people reach Rollcall. " a href={ (notifications::HERE) "#mail" } { "Say it" } }
        }
    }
}

fn table(listed: &[Report], around: &Around, visit: &Visit) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Scheduled reports" {
            table {
                thead { tr {
                    th scope="col" { "Name" }
                    th scope="col" { "About" }
                    th.hide-m scope="col" { "Goes to" }
                    th scope="col" { "When" }
                    th.num.hide-s scope="col" { "Sent last" }
                    th.num scope="col" { "Comes next" }
                } }
                tbody { @for report in listed {
                    tr {
                        th.long scope="row" { a.name href=(address(&report.id)) { bdi { (report.draft.name.as_str()) } } }
                        td { (about(report, around)) }
                        td.long.hide-m { bdi { (report.draft.recipients.join(", ")) } }
                        td.long { (report.draft.when()) }
                        td.num.hide-s { (last(report, visit)) }
                        td.num { (next(report, visit, around)) }
                    }
                } }
            }
        }
    }
}

fn about(report: &Report, around: &Around) -> Markup {
    match &report.draft.about {
        About::Dashboard => html! { a href=(dashboard::HERE) { "Dashboard" } },
        About::Filter(id) => {
            let filter = around.filters.iter().find(|filter| filter.id == *id);
            let name = filter.map_or("Saved filter", |filter| filter.kept.name.as_str());
            html! { a href=(Address::new(filters::HERE).below(id.as_str())) { bdi { (name) } } }
        }
    }
}

fn last(report: &Report, visit: &Visit) -> Markup {
    html! {
        @match &report.last {
            None => span.sub { "never" },
            Some(last) => {
                (visit.reader.relative(last.at))
                @if let Some(found) = &last.found { " " span.sub { (number(found.len())) " people" } }
            }
        }
    }
}

fn next(report: &Report, visit: &Visit, around: &Around) -> Markup {
    html! {
        @match report.next() {
            None if !report.draft.active => span.tag { "not active" },
            None => span.tag.warn { "unknown time zone" },
            Some(at) if at <= visit.reader.now && !around.has_server => span.tag.warn { "waits for a mail server" },
            Some(at) if at <= visit.reader.now => "now",
            Some(at) => (visit.reader.moment(at)),
        }
    }
}

fn form(action: &str, entry: &Entry, around: &Around) -> Markup {
    let known = entry.about == DASHBOARD || around.filters.iter().any(|filter| filter.id.as_str() == entry.about);
    html! {
        form.fields method="post" action=(action) {
            label { "Name" input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off"; }
            label { "About"
                span.hint id="about" { "A filter of your own becomes one that everybody finds. While a report uses it, it is not deleted." }
                select name="about" required aria-describedby="about" {
                    @if !known { option value="" selected { "Choose …" } }
                    option value=(DASHBOARD) selected[entry.about == DASHBOARD] { "The dashboard" }
                    @for filter in &around.filters {
                        option value=(filter.id.as_str()) selected[entry.about == filter.id.as_str()] { (filter.kept.name.as_str()) }
                    }
                }
            }
            label { "Goes to"
                span.hint id="recipients" { "Addresses, with commas between them, at most " (MOST_RECIPIENTS) ". The list of people comes as an attachment: think of who may see it." }
                textarea name="recipients" rows="2" required autocomplete="off" aria-describedby="recipients" { (entry.recipients) }
            }
            label { "How often"
                select name="rhythm" {
                    optgroup label="Weekly" { @for (value, words) in WEEK { option value=(value) selected[entry.rhythm == value] { (words) } } }
                    optgroup label="Monthly; the last day where a month is shorter" { @for day in 1..=31 {
                        @let value = format!("monthly {day}");
                        option value=(value) selected[entry.rhythm == value] { "Day " (day) " of every month" }
                    } }
                }
            }
            label { "At" input type="time" name="time" value=(entry.time) required; }
            label { "Time zone" input type="text" name="zone" value=(entry.zone) required maxlength="64" autocomplete="off"; }
            label.choice { input type="checkbox" name="active" value="on" checked[entry.active == "on"]; span { "Active" span.hint { " It is sent when it is due. One that was missed is sent once." } } }
            button.primary type="submit" { "Save" }
        }
    }
}
