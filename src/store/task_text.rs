//! The text in which a version of a task keeps what it says: JSON, never queried into.

use directory::{GroupId, ResourceId};
use serde_json::{Value, json};

use crate::id::FilterId;
use crate::nouns::saved_filter::Name;
use crate::nouns::task::{AtEnd, Definition, Missed, Stage, TaskAction, TaskGuards};
use crate::nouns::task_schedule::{Repeat, TaskSchedule, Window};
use crate::nouns::warning::Warning;

pub(super) fn definition_text(definition: &Definition) -> String {
    let schedule = &definition.schedule;
    json!({
        "name": definition.name.as_str(),
        "filter": definition.filter.as_str(),
        "stages": definition.stages.iter().map(stage_value).collect::<Vec<_>>(),
        "repeat": schedule.repeat.to_text(),
        "starts": schedule.starts.to_string(),
        "window": schedule.window.to_text(),
        "zone": schedule.zone,
        "missed": definition.missed.as_str(),
        "at_end": definition.at_end.as_str(),
        "most_people": definition.guards.people,
        "most_percent": definition.guards.percent,
    })
    .to_string()
}

pub(super) fn read_definition(text: &str) -> Option<Definition> {
    let value: Value = serde_json::from_str(text).ok()?;
    let text = |name: &str| value[name].as_str();
    Some(Definition {
        name: Name::parse(text("name")?).ok()?,
        filter: FilterId::parse(text("filter")?)?,
        stages: value["stages"].as_array()?.iter().map(read_stage).collect::<Option<_>>()?,
        schedule: TaskSchedule {
            repeat: Repeat::parse(text("repeat")?)?,
            starts: text("starts")?.parse().ok()?,
            window: Window::parse(text("window")?)?,
            zone: text("zone")?.to_owned(),
        },
        missed: Missed::parse(text("missed")?)?,
        at_end: AtEnd::parse(text("at_end")?)?,
        guards: TaskGuards { people: value["most_people"].as_u64()?, percent: value["most_percent"].as_u64()? },
    })
}

fn stage_value(stage: &Stage) -> Value {
    json!({ "after_days": stage.after_days, "actions": stage.actions.iter().map(action_value).collect::<Vec<_>>() })
}

fn action_value(action: &TaskAction) -> Value {
    fn groups(named: &[GroupId]) -> Vec<&str> {
        named.iter().map(GroupId::as_str).collect()
    }
    match action {
        TaskAction::RemoveAppAccess(apps) => {
            json!({ "type": "removeAppAccess", "apps": apps.iter().map(ResourceId::as_str).collect::<Vec<_>>() })
        }
        TaskAction::Suspend => json!({ "type": "suspendUser" }),
        TaskAction::AddToGroups(named) => json!({ "type": "addToGroups", "groups": groups(named) }),
        TaskAction::RemoveFromGroups(named) => json!({ "type": "removeFromGroups", "groups": groups(named) }),
        TaskAction::Warn(Warning { subject, message }) => {
            json!({ "type": "warnByMail", "subject": subject, "message": message })
        }
    }
}

fn read_stage(value: &Value) -> Option<Stage> {
    Some(Stage {
        after_days: u16::try_from(value["after_days"].as_u64()?).ok()?,
        actions: value["actions"].as_array()?.iter().map(read_action).collect::<Option<_>>()?,
    })
}

fn read_action(value: &Value) -> Option<TaskAction> {
    let texts = |name: &str| -> Option<Vec<&str>> { value[name].as_array()?.iter().map(Value::as_str).collect() };
    let groups = || texts("groups")?.into_iter().map(|id| GroupId::new(id).ok()).collect::<Option<Vec<_>>>();
    Some(match value["type"].as_str()? {
        "removeAppAccess" => TaskAction::RemoveAppAccess(
            texts("apps")?.into_iter().map(|id| ResourceId::new(id).ok()).collect::<Option<_>>()?,
        ),
        "suspendUser" => TaskAction::Suspend,
        "addToGroups" => TaskAction::AddToGroups(groups()?),
        "removeFromGroups" => TaskAction::RemoveFromGroups(groups()?),
        "warnByMail" => TaskAction::Warn(Warning {
            subject: value["subject"].as_str()?.to_owned(),
            message: value["message"].as_str()?.to_owned(),
        }),
        _ => return None,
    })
}
