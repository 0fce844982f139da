//! The sentences that say why a task has no next start, why one was missed, and what it does: one text for pages and
//! commands.

use directory::{GroupId, Snapshot};
use jiff::tz::TimeZone;

use crate::nouns::task::{Stage, TaskAction};
use crate::nouns::task_schedule::{Repeat, TaskSchedule, Unit};
use crate::nouns::warning::{Warned, WarningState};
use crate::tasks::due::Why;

/// Why a task does not start, in one sentence; moments are told in a zone.
pub fn why(why: &Why, zone: &TimeZone) -> String {
    match why {
        Why::Manual => "It is started by hand only.".to_owned(),
        Why::Off => "Schedule Active is off.".to_owned(),
        Why::StartsOn(day) => format!("The start date {day} has not come."),
        Why::NeverMeets => "The time window never meets the chosen days.".to_owned(),
        Why::WindowOver => "The time window was over.".to_owned(),
        Why::Missed => "It was due while Rollcall did not run, and missed runs are skipped.".to_owned(),
        Why::HeldBack(held) => format!(
            "Held back by the daily slot or sync until {}.",
            held.until.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M")
        ),
        Why::KeyExpired => "The organization API key has expired.".to_owned(),
        Why::GraceOver => "The grace period is over.".to_owned(),
        Why::RunHeld(why) => format!("An earlier run waits for an approval. {why}"),
        Why::UnderWay => "An earlier run was not over.".to_owned(),
        Why::OwnerGone => "Whoever wrote it may act no longer: somebody else has to save it.".to_owned(),
        Why::UnknownZone(zone) => format!("Nothing is known of the time zone {zone}; choose another."),
    }
}

/// When a task starts, in words.
pub fn schedule(schedule: &TaskSchedule) -> String {
    let window = format!(
        "{} to {} {}",
        schedule.window.from.strftime("%H:%M"),
        schedule.window.until.strftime("%H:%M"),
        schedule.zone
    );
    match schedule.repeat {
        Repeat::Manual => "Manual".to_owned(),
        Repeat::Weekdays(days) => {
            let days: Vec<String> = days.words().map(|(day, _)| format!("{day:?}")).collect();
            let days = if days.len() == 7 { "Every day".to_owned() } else { days.join(", ") };
            format!("{days}, {window}")
        }
        Repeat::Every(1, unit) => format!("Every {}, {window}", of_unit(unit).trim_end_matches('s')),
        Repeat::Every(count, unit) => format!("Every {count} {}, {window}", of_unit(unit)),
    }
}

fn of_unit(unit: Unit) -> &'static str {
    unit.as_str()
}

/// What a task does, by the names of the last sync.
pub fn stages(stages: &[Stage], snapshot: &Snapshot) -> String {
    let told = stages.iter().map(|stage| {
        let actions: Vec<String> = stage.actions.iter().map(|named| action(named, snapshot)).collect();
        match stage.after_days {
            0 => actions.join(", "),
            days => format!("after {days} days: {}", actions.join(", ")),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// What an action does.
pub fn action(action: &TaskAction, snapshot: &Snapshot) -> String {
    let groups = |groups: &[GroupId]| {
        let named = groups.iter().map(|id| {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            row.and_then(|row| row.group.as_ref()).map_or(id.as_str().to_owned(), |group| group.name.to_string())
        });
        named.collect::<Vec<_>>().join(", ")
    };
    match action {
        TaskAction::RemoveAppAccess(apps) if apps.is_empty() => "Remove App Access: all apps".to_owned(),
        TaskAction::RemoveAppAccess(apps) => {
            let named = apps.iter().map(|id| {
                let resource = snapshot.resources().iter().find(|resource| resource.id == *id);
                resource.map_or(id.as_str().to_owned(), |resource| {
                    format!("{} on {}", resource.id.app_name(), resource.site_name())
                })
            });
            format!("Remove App Access: {}", named.collect::<Vec<_>>().join(", "))
        }
        TaskAction::Suspend => "Suspend User".to_owned(),
        TaskAction::AddToGroups(named) => format!("Add to groups: {}", groups(named)),
        TaskAction::RemoveFromGroups(named) => format!("Remove from groups: {}", groups(named)),
        TaskAction::Warn(_) => "Warn by e-mail".to_owned(),
    }
}

/// What is said of a run that changed nobody.
pub fn nothing_to_change(warnings: &[Warned], held_out: u64) -> String {
    let without = warnings.iter().filter(|one| one.state == WarningState::NoAddress).count();
    let warned = warnings.len() - without;
    let mut said = Vec::new();
    match warned {
        0 => said.push("Nothing had to be done.".to_owned()),
        1 => said.push("1 person was warned by mail.".to_owned()),
        warned => said.push(format!("{warned} people were warned by mail.")),
    }
    match without as u64 + held_out {
        0 => {}
        1 => said.push("1 person is held out: no warning reaches them.".to_owned()),
        out => said.push(format!("{out} people are held out: no warning reaches them.")),
    }
    said.join(" ")
}

/// What a stage ends somebody's access to, for a warning before it.
pub fn apps(stage: &Stage, snapshot: &Snapshot) -> String {
    let mut named: Vec<String> = Vec::new();
    for action in &stage.actions {
        let TaskAction::RemoveAppAccess(apps) = action else { continue };
        named.extend(apps.iter().map(|id| {
            let resource = snapshot.resources().iter().find(|resource| resource.id == *id);
            resource.map_or(id.as_str().to_owned(), |resource| {
                format!("{} on {}", resource.id.app_name(), resource.site_name())
            })
        }));
    }
    if named.is_empty() { "Atlassian".to_owned() } else { named.join(", ") }
}
