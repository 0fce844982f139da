//! The configuration of a feed: the reference's three settings under their names, and beside them the thresholds, the time
//! by which a delivery is expected, how long runs are kept. Each says when it is useful.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Time;
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::keep;
use crate::feeds::trouble::NotDone;
use crate::nouns::feed::{
    Feed, FeedSettings, Force, LONGEST_GRACE, LONGEST_NAME, LONGEST_RETENTION, Threshold, Thresholds,
};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::feeds::{address, existing, told, trail, words};
use crate::web::guard::see;
use crate::web::ui::amount::counted;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The part of the address below a feed.
pub(super) const PART: &str = "configuration";

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    auto_apply: String,
    force: String,
    emails: String,
    mail_personal: String,
    leavers_people: String,
    leavers_percent: String,
    email_people: String,
    email_percent: String,
    group_people: String,
    group_percent: String,
    expected_by: String,
    retention_days: String,
    replace_waiting: String,
    grace_days: String,
}

/// GET /feeds/{code}/configuration
pub(crate) async fn show(visit: Visit, Path(code): Path<String>) -> Result<Page, Failure> {
    let feed = existing(&visit, &code).await?;
    let entry = Entry::of(&feed);
    Ok(page(&visit, &feed, &entry, html! {}))
}

/// POST /feeds/{code}/configuration
pub(crate) async fn save(
    State(served): State<Served>,
    visit: Visit,
    Path(code): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let saved = match entry.settings() {
        Ok(settings) => keep::configure(context, mirror, (&feed, &entry.name, settings), &served.entropy).await,
        Err(why) => Err(why),
    };
    match saved {
        Ok(()) => Ok(see(&format!("{}#configuration", address(&feed)))),
        Err(why) => {
            let refusal = told("The configuration was not saved.", why)?;
            let page = page(&visit, &feed, &entry, notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

impl Entry {
    fn of(feed: &Feed) -> Entry {
        let settings = &feed.settings;
        let yes = |yes: bool| words::yes_no(yes).to_lowercase();
        let of = |threshold: Threshold| (threshold.people.to_string(), threshold.percent.to_string());
        let Thresholds { leavers, email_changes, group_leavers } = settings.thresholds;
        let ((leavers_people, leavers_percent), (email_people, email_percent)) = (of(leavers), of(email_changes));
        let (group_people, group_percent) = of(group_leavers);
        Entry {
            name: feed.name.clone(),
            auto_apply: yes(settings.auto_apply),
            force: settings.force.as_str().to_owned(),
            emails: settings.emails.join(", "),
            mail_personal: yes(settings.mail_personal),
            leavers_people,
            leavers_percent,
            email_people,
            email_percent,
            group_people,
            group_percent,
            expected_by: settings.expected_by.map(|time| time.strftime("%H:%M").to_string()).unwrap_or_default(),
            retention_days: settings.retention_days.map(|days| days.to_string()).unwrap_or_default(),
            replace_waiting: yes(settings.replace_waiting),
            grace_days: settings.grace_days.to_string(),
        }
    }

    fn settings(&self) -> Result<FeedSettings, NotDone> {
        let threshold = |what: &str, people: &str, percent: &str| {
            Ok::<_, NotDone>(Threshold { people: whole(what, people)?, percent: whole(what, percent)? })
        };
        let expected_by = match self.expected_by.trim() {
            "" => None,
            text => Some(
                Time::strptime("%H:%M", text)
                    .map_err(|_| NotDone::Invalid(format!("“{text}” is no time of day such as 06:30")))?,
            ),
        };
        let retention_days = match self.retention_days.trim() {
            "" => None,
            text => Some(whole("The retention", text)?),
        };
        Ok(FeedSettings {
            auto_apply: self.auto_apply != "no",
            force: Force::parse(&self.force).unwrap_or(Force::Never),
            emails: keep::addresses(&self.emails)?,
            mail_personal: self.mail_personal == "yes",
            thresholds: Thresholds {
                leavers: threshold("The threshold of leavers", &self.leavers_people, &self.leavers_percent)?,
                email_changes: threshold("The threshold of e-mail changes", &self.email_people, &self.email_percent)?,
                group_leavers: threshold("The threshold of groups", &self.group_people, &self.group_percent)?,
            },
            expected_by,
            retention_days,
            replace_waiting: self.replace_waiting == "yes",
            grace_days: whole("The grace", if self.grace_days.trim().is_empty() { "0" } else { &self.grace_days })?,
        })
    }
}

fn whole<N: std::str::FromStr>(what: &str, text: &str) -> Result<N, NotDone> {
    text.trim().parse().map_err(|_| NotDone::Invalid(format!("{what} is no whole number")))
}

/// What is chosen, for the page of the feed.
pub(super) fn facts(feed: &Feed, visit: &Visit) -> Markup {
    let settings = &feed.settings;
    let Thresholds { leavers, email_changes, group_leavers } = settings.thresholds;
    html! {
        dl.facts {
            div.whole { dt { "Automatically apply uploaded sync files" } dd { (words::yes_no(settings.auto_apply)) @if settings.auto_apply { span.sub { " but never the first run" } } } }
            div.whole { dt { "Force update of all records" } dd { (force(settings.force)) } }
            div.whole { dt { "Emails to receive sync reports" } dd {
                @if settings.emails.is_empty() { "None: no reports will be sent." } @else { bdi { (settings.emails.join(", ")) } }
            } }
            div { dt { "Held above" } dd { (limit(leavers)) " leaving; " (limit(email_changes)) " with another e-mail; " (limit(group_leavers)) " of one group leaving" } }
            div { dt { "Expected by" } dd { @match settings.expected_by { Some(time) => { (time.strftime("%H:%M").to_string()) " each day, " (visit.mirror.organization().time_zone) } None => "not watched" } } }
            div { dt { "Leavers are blocked" } dd { @if settings.grace_days == 0 { "at once" } @else { "after " (counted(settings.grace_days.into(), "day", "days")) } } }
            div { dt { "Runs are kept" } dd { @match settings.retention_days { Some(days) => (counted(days.into(), "day", "days")), None => { "without limit" } } } }
            div { dt { "A newer delivery replaces a waiting run" } dd { (words::yes_no(settings.replace_waiting)) } }
            div { dt { "Chosen by" } dd { bdi { (feed.changed_by) } ", " (visit.reader.relative(feed.changed_at)) } }
        }
    }
}

fn limit(threshold: Threshold) -> String {
    format!("{} and {} %", counted(threshold.people, "person", "people"), threshold.percent)
}

fn force(force: Force) -> &'static str {
    match force {
        Force::Never => "No",
        Force::Once => "Yes, for the next run only",
        Force::Always => "Yes",
    }
}

fn page(visit: &Visit, feed: &Feed, entry: &Entry, said: Markup) -> Page {
    let content = html! {
        (trail(feed))
        div.headline { h1 { "Configuration" } span.sub { bdi { (feed.name) } } }
        (said)
        form.fields method="post" action=(address(feed).below(PART)) {
            label { "Name" input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off"; }
            (either("auto_apply", "Automatically apply uploaded sync files", &entry.auto_apply, "Useful once the feed runs well. A run that a guard holds, and the first one, wait for a person all the same."))
            label { "Force update of all records"
                span.hint id="force" { "Useful after an error in earlier runs was mended. It slows the sync: no unchanged record is skipped." }
                select name="force" aria-describedby="force" {
                    @for one in [Force::Never, Force::Once, Force::Always] {
                        option value=(one.as_str()) selected[entry.force == one.as_str()] { (self::force(one)) }
                    }
                }
            }
            label { "Emails to receive sync reports"
                span.hint id="emails" { "Separated by commas. Useful for whoever runs the originating system; while it is empty no reports will be sent." }
                input type="text" name="emails" value=(entry.emails) autocomplete="off" aria-describedby="emails";
            }
            (either("mail_personal", "Reports may hold names, addresses and raw values", &entry.mail_personal, "Otherwise they hold usernames and counts alone."))
            fieldset {
                legend { "A person looks first when a run exceeds both numbers" }
                (threshold("leavers", "Leaving", (&entry.leavers_people, &entry.leavers_percent)))
                (threshold("email", "With another e-mail", (&entry.email_people, &entry.email_percent)))
                (threshold("group", "Leaving of any one group", (&entry.group_people, &entry.group_percent)))
            }
            label { "A delivery is expected by"
                span.hint id="expected" { "Time of day in " (visit.mirror.organization().time_zone) ". When it has not come by then, Needs attention and the reports say so. Empty: not watched." }
                input type="time" name="expected_by" value=(entry.expected_by) aria-describedby="expected";
            }
            label { "Days of grace before leavers are blocked"
                span.hint id="grace" { "Useful where a source drops people for a night. 0: blocked by the run in which they are missing." }
                input type="number" name="grace_days" value=(entry.grace_days) min="0" max=(LONGEST_GRACE) aria-describedby="grace";
            }
            (either("replace_waiting", "A newer delivery replaces a waiting run", &entry.replace_waiting, "No: a delivery is refused while a run waits, and that is reported. Yes: the waiting run is cancelled, and named in the newer one."))
            label { "Days for which runs are kept"
                span.hint id="kept" { "With their files, preview and log. Empty: without limit. The run applied last always stays." }
                input type="number" name="retention_days" value=(entry.retention_days) min="1" max=(LONGEST_RETENTION) aria-describedby="kept";
            }
            div.row { button.primary type="submit" { "Save configuration" } a.button.quiet href=(address(feed)) { "Leave it as it is" } }
        }
    };
    Page::framed(&visit.frame("Configuration", Place::Feeds), content)
}

fn either(name: &str, label: &str, chosen: &str, useful: &str) -> Markup {
    html! {
        label { (label)
            span.hint id=(name) { (useful) }
            select name=(name) aria-describedby=(name) {
                @for (value, word) in [("yes", "Yes"), ("no", "No")] { option value=(value) selected[chosen == value] { (word) } }
            }
        }
    }
}

fn threshold(name: &str, label: &str, (people, percent): (&str, &str)) -> Markup {
    html! {
        div.row role="group" aria-label=(label) {
            span { (label) ":" }
            label.inline { span.hidden { (label) ", people" } input type="number" name={ (name) "_people" } value=(people) min="1" required; } span { "people and" }
            label.inline { span.hidden { (label) ", percent" } input type="number" name={ (name) "_percent" } value=(percent) min="0" max="100" required; } span { "%" }
        }
    }
}
