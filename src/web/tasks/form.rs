//! The form of an automated task: added, copied and edited. It takes the words that were typed, says what is wrong with
//! them, and warns of starts that fall where they had better not; it decides nothing about the task.

use std::collections::BTreeSet;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{ResourceId, Snapshot};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::{FilterId, TaskId};
use crate::nouns::refusal::Refusal;
use crate::nouns::saved_filter::{LONGEST_NAME, Name, SavedFilter};
use crate::nouns::task::{AtEnd, Definition, Missed, Stage, Task, TaskAction, TaskGuards};
use crate::nouns::task_schedule::{LONGEST_EVERY, Repeat, TaskSchedule, Unit, Window, clock};
use crate::nouns::warning::{LONGEST_MESSAGE, LONGEST_SUBJECT, Warning};
use crate::store::tasks as stored;
use crate::sync::manual::groups_named;
use crate::tasks::clashes::{self, Clash};
use crate::tasks::{keep, outlook};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::filters;
use crate::web::guard::see;
use crate::web::tasks::{HERE, address, identify, unknown};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// Where a task is added.
pub(crate) const NEW: &str = "/tasks/new";

const WEEK: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// What the address of the form brings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    copy: String,
}

/// The form as it was filled in: every field by name, several of a name where several are ticked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry(Vec<(String, String)>);

impl Entry {
    fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.trim())
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(field, held)| field == name && held == value)
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn empty(visit: &Visit) -> Entry {
        let today = visit.reader.now.to_zoned(visit.mirror.zone()).date().to_string();
        let defaults = TaskGuards::default();
        let fields = [
            ("repeat", "manual".to_owned()),
            ("count", "1".to_owned()),
            ("unit", "weeks".to_owned()),
            ("starts", today),
            ("from", "06:00".to_owned()),
            ("until", "07:00".to_owned()),
            ("zone", visit.mirror.organization().time_zone.clone()),
            ("missed", Missed::CatchUp.as_str().to_owned()),
            ("people", defaults.people.to_string()),
            ("percent", defaults.percent.to_string()),
            ("active", "on".to_owned()),
        ];
        Entry(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn of(task: &Task, snapshot: &Snapshot) -> Entry {
        let (definition, schedule) = (&task.definition, &task.definition.schedule);
        let mut fields: Vec<(&str, String)> = vec![
            ("name", definition.name.as_str().to_owned()),
            ("filter", definition.filter.to_string()),
            ("starts", schedule.starts.to_string()),
            ("from", schedule.window.from.strftime("%H:%M").to_string()),
            ("until", schedule.window.until.strftime("%H:%M").to_string()),
            ("zone", schedule.zone.clone()),
            ("missed", definition.missed.as_str().to_owned()),
            ("people", definition.guards.people.to_string()),
            ("percent", definition.guards.percent.to_string()),
        ];
        match schedule.repeat {
            Repeat::Manual => fields.push(("repeat", "manual".to_owned())),
            Repeat::Weekdays(days) => {
                fields.push(("repeat", "weekdays".to_owned()));
                fields.extend(days.words().map(|(_, word)| ("day", word.to_owned())));
            }
            Repeat::Every(count, unit) => {
                fields.push(("repeat", "every".to_owned()));
                fields.push(("count", count.to_string()));
                fields.push(("unit", unit.as_str().to_owned()));
            }
        }
        if definition.at_end == AtEnd::Stop {
            fields.push(("stop", "on".to_owned()));
        }
        if task.active {
            fields.push(("active", "on".to_owned()));
        }
        for (stage, name) in definition.stages.iter().zip(["", "2", "3"]) {
            let field: &[&'static str; 8] = match name {
                "2" => &["days2", "action2", "app2", "to2", "from_groups2", "2", "subject2", "message2"],
                "3" => &["days3", "action3", "app3", "to3", "from_groups3", "3", "subject3", "message3"],
                _ => &["days", "action", "app", "to", "from_groups", "", "subject", "message"],
            };
            fields.push((field[0], stage.after_days.to_string()));
            for action in &stage.actions {
                let names = |groups: &[directory::GroupId]| {
                    let named = groups.iter().map(|id| {
                        let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
                        let group = row.and_then(|row| row.group.as_ref());
                        group.map_or(id.as_str().to_owned(), |group| group.name.to_string())
                    });
                    named.collect::<Vec<_>>().join("\n")
                };
                match action {
                    TaskAction::RemoveAppAccess(apps) => {
                        fields.push((field[1], "removeAppAccess".to_owned()));
                        fields.extend(apps.iter().map(|app| (field[2], app.as_str().to_owned())));
                    }
                    TaskAction::Suspend => fields.push((field[1], "suspendUser".to_owned())),
                    TaskAction::Warn(warning) => {
                        fields.push((field[1], "warnByMail".to_owned()));
                        fields.push((field[6], warning.subject.clone()));
                        fields.push((field[7], warning.message.clone()));
                    }
                    TaskAction::AddToGroups(groups) => fields.push((field[3], names(groups))),
                    TaskAction::RemoveFromGroups(groups) => fields.push((field[4], names(groups))),
                }
            }
        }
        Entry(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What was typed as a definition.
    fn definition(&self, snapshot: &Snapshot) -> Result<Definition, Refusal> {
        let refused = |why: String| Refusal::new("The task was not saved.", why, "Correct it below.");
        let number = |name: &str, what: &str| {
            self.one(name).parse::<u64>().map_err(|_| refused(format!("{what} is not a number.")))
        };
        let time = |name: &str| clock(self.one(name)).ok_or_else(|| refused("A time is written like 06:30.".into()));
        let repeat = match self.one("repeat") {
            "weekdays" => format!("weekdays {}", self.all("day").collect::<Vec<_>>().join(",")),
            "every" => format!("every {} {}", self.one("count"), self.one("unit")),
            _ => "manual".to_owned(),
        };
        let repeat = Repeat::parse(&repeat);
        let repeat = repeat.ok_or_else(|| refused(format!("An interval is a number from 1 to {LONGEST_EVERY}.")))?;
        let mut stages = Vec::new();
        for suffix in ["", "2", "3"] {
            stages.extend(self.stage(suffix, snapshot, &refused)?);
        }
        Ok(Definition {
            name: Name::parse(self.one("name")).map_err(|why| refused(format!("It was not taken: {why}.")))?,
            filter: FilterId::parse(self.one("filter")).ok_or_else(|| refused("No saved filter is chosen.".into()))?,
            stages,
            schedule: TaskSchedule {
                repeat,
                starts: self.one("starts").parse::<Date>().map_err(|_| refused("A start date is missing.".into()))?,
                window: Window { from: time("from")?, until: time("until")? },
                zone: self.one("zone").to_owned(),
            },
            missed: Missed::parse(self.one("missed")).unwrap_or(Missed::Skip),
            at_end: if self.one("stop").is_empty() { AtEnd::GoOn } else { AtEnd::Stop },
            guards: TaskGuards {
                people: number("people", "The most people")?,
                percent: number("percent", "The share")?,
            },
        })
    }

    fn stage(
        &self,
        suffix: &str,
        snapshot: &Snapshot,
        refused: &impl Fn(String) -> Refusal,
    ) -> Result<Option<Stage>, Refusal> {
        let field = |name: &str| format!("{name}{suffix}");
        let mut actions = Vec::new();
        if self.has(&field("action"), "removeAppAccess") {
            let apps = self.all(&field("app")).map(|id| ResourceId::new(id).ok()).collect::<Option<BTreeSet<_>>>();
            let apps = apps.ok_or_else(|| refused("An app is not known.".into()))?;
            actions.push(TaskAction::RemoveAppAccess(apps.into_iter().collect()));
        }
        for (name, of) in [("to", TaskAction::AddToGroups as fn(_) -> _), ("from_groups", TaskAction::RemoveFromGroups)]
        {
            let typed = self.one(&field(name));
            let names: Vec<String> =
                typed.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
            if !names.is_empty() {
                let groups = groups_named(snapshot, &names).map_err(|why| refused(why.why))?;
                actions.push(of(groups));
            }
        }
        if self.has(&field("action"), "suspendUser") {
            actions.push(TaskAction::Suspend);
        }
        if self.has(&field("action"), "warnByMail") {
            let warning = Warning::parse(self.one(&field("subject")), self.one(&field("message")));
            let why = "A warning's subject is one line of at most 200 characters, its message at most 4,000.";
            actions.push(TaskAction::Warn(warning.ok_or_else(|| refused(why.to_owned()))?));
        }
        if actions.is_empty() {
            return Ok(None);
        }
        let days = self.one(&field("days"));
        let after_days = if days.is_empty() { Ok(0) } else { days.parse() };
        let after_days = after_days.map_err(|_| refused("Days are a number from 0 to 65535.".into()))?;
        Ok(Some(Stage { after_days, actions }))
    }
}

/// GET /tasks/new
pub(crate) async fn add(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let mut entry = Entry::empty(&visit);
    if let Some(id) = TaskId::parse(&ask.copy) {
        let found = visit.mirror.store().read(move |tx| stored::find(tx, &id)).await?;
        if let Some(task) = found {
            entry = Entry::of(&task, &visit.snapshot);
            entry.0.retain(|(name, _)| name != "name" && name != "active");
            entry.0.push(("name".to_owned(), format!("Copy of {}", task.definition.name.as_str())));
        }
    }
    page(&visit, (NEW, "Add New Task"), &entry, html! {}).await
}

/// POST /tasks/new
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    save(&visit, &served, None, Entry(fields)).await
}

/// GET /tasks/{id}/edit
pub(crate) async fn edit(visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    let id = identify(&id)?;
    let wanted = id.clone();
    let found = visit.mirror.store().read(move |tx| stored::find(tx, &wanted)).await?;
    let task = found.ok_or_else(unknown)?;
    let here = address(&id).below("edit");
    page(&visit, (here.as_str(), "Edit a task"), &Entry::of(&task, &visit.snapshot), html! {}).await
}

/// POST /tasks/{id}/edit
pub(crate) async fn change(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let id = identify(&id)?;
    save(&visit, &served, Some(&id), Entry(fields)).await
}

async fn save(visit: &Visit, served: &Served, id: Option<&TaskId>, entry: Entry) -> Result<Response, Failure> {
    let (context, active) = (&visit.entered.context, entry.one("active") == "on");
    let what = "The task was not saved.";
    let mut entry = entry;
    let problem = match entry.definition(&visit.snapshot) {
        Err(refusal) => notice::refusal(&refusal),
        Ok(definition) => match warning(visit, (id, &definition), &entry).await? {
            Some(warning) => {
                entry.0.push(("warned".to_owned(), definition.schedule.window.to_text()));
                warning
            }
            None => {
                let wanted = (definition, active);
                let saved = match id {
                    None => keep::create(context, &visit.mirror, wanted, &served.entropy).await,
                    Some(id) => {
                        let changed = keep::edit(context, &visit.mirror, (id, wanted.0, active), &served.entropy);
                        changed.await.map(|()| id.clone())
                    }
                };
                match saved {
                    Ok(id) => return Ok(see(address(&id).as_str())),
                    Err(keep::NotKept::Store(error)) => return Err(error.into()),
                    Err(why) => notice::refusal(&why.refusal(what)),
                }
            }
        },
    };
    let (here, title) = match id {
        Some(id) => (address(id).below("edit").as_str().to_owned(), "Edit a task"),
        None => (NEW.to_owned(), "Add New Task"),
    };
    let page = page(visit, (&here, title), &entry, problem).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// What is said once before a task is saved whose starts clash with something.
async fn warning(
    visit: &Visit,
    (id, definition): (Option<&TaskId>, &Definition),
    entry: &Entry,
) -> Result<Option<Markup>, Failure> {
    if entry.one("anyway") == definition.schedule.window.to_text() {
        return Ok(None);
    }
    let (zone, now, filter) = (visit.mirror.zone(), visit.reader.now, definition.filter.clone());
    let read = visit
        .mirror
        .store()
        .read(move |tx| Ok((outlook::daily(tx, &zone)?, crate::store::filters::find(tx, &filter)?)));
    let (daily, filter) = read.await?;
    let Some(filter) = filter else { return Ok(None) };
    let others = outlook::over_the_same_people(&visit.mirror, (id, &filter.kept.text), now).await?;
    let found = clashes::clashes(&definition.schedule, &daily, &others, now);
    if found.is_empty() {
        return Ok(None);
    }
    let free = clashes::next_free(&definition.schedule, &daily, &others, now);
    Ok(Some(notice::notice(
        Weight::Warning,
        "Some of its next starts fall where they had better not. Save it again to keep them.",
        html! {
            @for clash in &found {
                p { @match clash {
                    Clash::Slot(start) => { (visit.reader.moment(start.at)) " falls in the daily slot; it would wait until the slot and the sync are over." }
                    Clash::Sync(start) => { (visit.reader.moment(start.at)) " falls in the usual length of the daily sync." }
                    Clash::Task(start, name) => { (visit.reader.moment(start.at)) " falls on the task " bdi { (name) } ", over some of the same people." }
                } }
            }
            @if let Some(free) = free { p { "The next free hour is " strong { (free.to_text()) } "." } }
        },
    )))
}

async fn page(visit: &Visit, (here, title): (&str, &str), entry: &Entry, problem: Markup) -> Result<Page, Failure> {
    let saved = filters::visible(visit).await?;
    Ok(Page::framed(
        &visit.frame(title, Place::AutomatedTasks),
        html! {
            nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Automated Tasks" } }
            div.headline { h1 { (title) } }
            p.lead { "The safe way: start as Manual, run it on a small group, look at its results, then give it a schedule." }
            (problem)
            form.fields method="post" action=(here) {
                label { "Job Name" input type="text" name="name" value=(entry.one("name")) required maxlength=(LONGEST_NAME) autocomplete="off"; }
                (choice_of_filter(&saved, entry))
                (stage("", "Actions", entry, visit))
                details open[!entry.one("days2").is_empty()] { summary { "Then, for those who still match" } (stage("2", "Second stage", entry, visit)) (stage("3", "Third stage", entry, visit)) }
                (schedule(entry))
                (guards(entry))
                input type="hidden" name="anyway" value=(entry.one("warned"));
                button.primary type="submit" { "Save" }
                p.hint { "Each edit is a version; runs name the version they used." }
            }
        },
    ))
}

fn choice_of_filter(saved: &[SavedFilter], entry: &Entry) -> Markup {
    html! {
        @if saved.is_empty() {
            p.hint { "There is no saved filter yet. " a href=(filters::HERE) { "Save one first." } }
        } @else {
            label { "Saved filter"
                span.hint { "One of your own becomes shared with everybody who signs in." }
                select name="filter" required {
                    option value="" { "Choose one" }
                    @for filter in saved {
                        option value=(filter.id) selected[entry.one("filter") == filter.id.as_str()] { (filter.kept.name.as_str()) }
                    }
                }
            }
        }
    }
}

fn stage(suffix: &str, title: &str, entry: &Entry, visit: &Visit) -> Markup {
    let field = |name: &str| format!("{name}{suffix}");
    let (action, apps, usual) = (field("action"), field("app"), Warning::default());
    let said = |name: &str, usual: &str| match entry.one(name) {
        "" => usual.to_owned(),
        typed => typed.to_owned(),
    };
    html! {
        fieldset {
            legend { (title) }
            label { "Days since somebody first matched"
                input type="number" name=(field("days")) min="0" max="3650" value=(entry.one(&field("days"))) placeholder=(if suffix.is_empty() { "0" } else { "" });
            }
            label.choice {
                input type="checkbox" name=(action) value="removeAppAccess" checked[entry.has(&action, "removeAppAccess")];
                span { "Remove App Access" span.hint { " Only the chosen apps, all of them when none is chosen; account and other access stay." } }
            }
            details open[entry.all(&apps).next().is_some()] {
                summary { "Which apps" }
                @for resource in visit.snapshot.resources() {
                    label.choice {
                        input type="checkbox" name=(apps) value=(resource.id.as_str()) checked[entry.has(&apps, resource.id.as_str())];
                        span { (resource.id.app_name()) " on " (resource.site_name()) }
                    }
                }
            }
            label.choice {
                input type="checkbox" name=(action) value="suspendUser" checked[entry.has(&action, "suspendUser")];
                span { "Suspend User" span.hint { " All Atlassian services, until restored." } }
            }
            label.choice {
                input type="checkbox" name=(action) value="warnByMail" checked[entry.has(&action, "warnByMail")];
                span { "Warn by e-mail" span.hint { " Changes nothing; the next stage says what ends. Alone in its stage." } }
            }
            details open[entry.has(&action, "warnByMail")] {
                summary { "What is written" }
                p.hint { "{apps} stands for what the next stage takes away, {date} for the first day on which it may. Who has no address, or whose mail is refused, is held out of later stages and listed." }
                label { "Subject" input type="text" name=(field("subject")) maxlength=(LONGEST_SUBJECT) value=(said(&field("subject"), &usual.subject)); }
                label { "Message" textarea name=(field("message")) rows="4" maxlength=(LONGEST_MESSAGE) { (said(&field("message"), &usual.message)) } }
            }
            label { "Add to groups" span.hint { "Names, one a line." } textarea name=(field("to")) rows="2" { (entry.one(&field("to"))) } }
            label { "Remove from groups" span.hint { "Names, one a line." } textarea name=(field("from_groups")) rows="2" { (entry.one(&field("from_groups"))) } }
        }
    }
}

fn schedule(entry: &Entry) -> Markup {
    let repeats = [
        ("manual", "Manual only"),
        ("weekdays", "On these days of the week"),
        ("every", "Every so often, counted from the start date"),
    ];
    html! {
        fieldset {
            legend { "Schedule" }
            @for (value, name) in repeats {
                label.choice { input type="radio" name="repeat" value=(value) checked[entry.one("repeat") == value]; span { (name) } }
                @if value == "weekdays" {
                    div.options role="group" aria-label="Days of the week" { @for (word, name) in WEEK {
                        label.choice { input type="checkbox" name="day" value=(word) checked[entry.has("day", word)]; span { (name) } }
                    } }
                }
            }
            label { "Every" input type="number" name="count" min="1" max=(LONGEST_EVERY) value=(entry.one("count")); }
            label { "Unit" select name="unit" { @for unit in [Unit::Days, Unit::Weeks, Unit::Months] {
                option value=(unit.as_str()) selected[entry.one("unit") == unit.as_str()] { (unit.as_str()) }
            } } }
            label { "Start date" input type="date" name="starts" value=(entry.one("starts")) required; }
            label { "Time window, from" span.hint { "A run starts at this time." } input type="time" name="from" value=(entry.one("from")) required; }
            label { "Until" span.hint { "One that was held back may still start until then." } input type="time" name="until" value=(entry.one("until")) required; }
            label { "Time zone" input type="text" name="zone" value=(entry.one("zone")) required maxlength="64" autocomplete="off"; }
            label { "Missed runs" select name="missed" {
                option value="catch_up" selected[entry.one("missed") == "catch_up"] { "are caught up once" }
                option value="skip" selected[entry.one("missed") == "skip"] { "are skipped" }
            } }
            label.choice { input type="checkbox" name="stop" value="on" checked[!entry.one("stop").is_empty()]; span { "Stop at end of window" span.hint { " A run under way then stops before its next change." } } }
            label.choice { input type="checkbox" name="active" value="on" checked[entry.one("active") == "on"]; span { "Schedule Active" } }
        }
    }
}

fn guards(entry: &Entry) -> Markup {
    html! {
        fieldset {
            legend { "Guard" }
            p.hint { "A run that would change more people is held for approval, and says why. The larger of the two counts." }
            label { "At most so many people" input type="number" name="people" min="1" max="1000000" value=(entry.one("people")) required; }
            label { "Or this share of the active people, in percent" input type="number" name="percent" min="0" max="100" value=(entry.one("percent")) required; }
        }
    }
}
