//! The form *Manual Sync (One-Time Action)* of the section *User Data Synchronization*: boxes, a searchable choice of
//! groups, *Run Sync*. It works without script: *Find groups* asks for the same page with what was filled in.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{GroupId, Ordinal, Snapshot};
use maud::{Markup, html};

use crate::auth::token::Token;
use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::nouns::scope::Ticks;
use crate::sync::manual;
use crate::sync::request::{self, Ask, Asked};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::group_choice::choice;
use crate::web::guard::see;
use crate::web::settings_sync;
use crate::web::ui::address::Address;
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// Where the form is sent.
pub(crate) const HERE: &str = "/settings/user-data-synchronization/manual";

/// The form as it was filled in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filled {
    ticks: Ticks,
    /// What is looked for among the groups.
    find: String,
    request_key: String,
}

impl Filled {
    /// Reads a form or an address; what it does not know is left out.
    pub(crate) fn of(pairs: &[(String, String)]) -> Filled {
        let value = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.trim());
        let is_on = |name: &str| value(name).is_some_and(|value| !value.is_empty());
        let groups = pairs.iter().filter(|(name, _)| name == "group").filter_map(|(_, id)| GroupId::new(id).ok());
        let mut groups: Vec<GroupId> = groups.collect();
        groups.sort();
        groups.dedup();
        Filled {
            ticks: Ticks {
                all_users: is_on("users"),
                only_with_activity: value("which") == Some("with_activity"),
                last_active: is_on("last_active"),
                all_groups: is_on("groups"),
                members_of: is_on("memberships").then_some(groups),
            },
            find: value("find").unwrap_or("").chars().take(256).collect(),
            request_key: value("request_key").unwrap_or("").to_owned(),
        }
    }
}

/// POST /settings/user-data-synchronization/manual: *Run Sync*
pub(crate) async fn start(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let filled = Filled::of(&pairs);
    let scope = if visit.snapshot.generation() == 0 {
        Err(Refusal::new(
            "No sync was started.",
            "The first sync has not ended yet, and it reads everything.",
            "Wait for it, or start it again under Sync Runs.",
        ))
    } else {
        manual::scope(filled.ticks.clone())
    };
    let scope = match scope {
        Ok(scope) => scope,
        Err(refusal) => {
            let problem = notice::refusal(&refusal);
            let page = settings_sync::section(&served, &visit, &filled, problem).await?;
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
    };
    let key = Token::parse(&filled.request_key).map(|key| format!("form:{}", key.expose()));
    let ask = Ask::scoped(RunKind::Manual, scope);
    match request::start(&visit.entered.context, &visit.mirror, ask, (key, &served.entropy)).await? {
        Asked::Queued(id) => Ok(see(Address::new("/runs").below(id.as_str()).as_str())),
        Asked::Held(run) => {
            let problem = settings_sync::held(&run);
            let page = settings_sync::section(&served, &visit, &filled, problem).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// The form.
pub(crate) fn form(filled: &Filled, request_key: &str, snapshot: &Snapshot) -> Markup {
    let ticks = &filled.ticks;
    let which = if ticks.only_with_activity { "with_activity" } else { "all" };
    html! {
        form.fields.manual method="post" action=(HERE) id="manual" {
            input type="hidden" name="request_key" value=(request_key);
            fieldset {
                legend { "What to read" }
                label.choice {
                    input type="checkbox" name="users" value="on" checked[ticks.all_users];
                    span { "All Users" span.sub { "Name, e-mail, account status. Only this may find that people are gone." } }
                }
                div.under {
                    @for (value, words) in [("all", "all users"), ("with_activity", "only users with a last active date")] {
                        label.choice {
                            input type="radio" name="which" value=(value) checked[which == value];
                            span { (words) }
                        }
                    }
                }
                label.choice {
                    input type="checkbox" name="last_active" value="on" checked[ticks.last_active];
                    span { "User Last Active Dates" span.sub { "All apps. Nothing else of anybody is changed." } }
                }
                label.choice {
                    input type="checkbox" name="groups" value="on" checked[ticks.all_groups];
                    span { "All Groups" span.sub { "Definitions, what they grant, and memberships. Only this may find that groups are gone." } }
                }
                label.choice {
                    input type="checkbox" name="memberships" value="on" checked[ticks.members_of.is_some()];
                    span { "Group Memberships" span.sub { "Of the groups chosen below, and of no others." } }
                }
                p.included { "Included via All Groups" }
                div.under.groups { (chooser(filled, snapshot)) }
            }
            div.row {
                button.primary type="submit" { "Run Sync" }
                p.hint { "Applies to this single run. It does not change, reset or replace the daily schedule." }
            }
        }
    }
}

/// Chosen groups, then those that are found.
fn chooser(filled: &Filled, snapshot: &Snapshot) -> Markup {
    let chosen: Vec<Ordinal> =
        (filled.ticks.members_of.iter().flatten()).filter_map(|id| snapshot.group(id.as_str())).collect();
    let button = html! {
        button type="submit" formmethod="get" formaction=(settings_sync::HERE) formnovalidate { "Find groups" }
    };
    choice(&chosen, &filled.find, button, snapshot)
}

/// What stands beside a control that starts syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct About {
    reads: &'static str,
    leaves: &'static str,
    when: &'static str,
}

/// *Daily Sync Schedule*
pub(crate) const DAILY: About = About {
    reads: "Reads all users with memberships, activity and roles, and all groups",
    leaves: "changes nothing at Atlassian",
    when: "for regular background updates",
};
/// *Manual Sync*
pub(crate) const MANUAL: About = About {
    reads: "Reads what you tick, once",
    leaves: "leaves everything else as it is, and the schedule too",
    when: "for an immediate refresh with chosen data, for instance after bulk changes to groups or access",
};
/// *Sync Users*
pub(crate) const BROWSER: About = About {
    reads: "Sync Users reads all users and all groups, as the daily sync does, whatever the filter",
    leaves: "changes no setting",
    when: "for the view in front of you",
};

/// The one line, with the way to the comparison.
pub(crate) fn about(control: &About) -> Markup {
    html! {
        p.hint { (control.reads) "; " (control.leaves) "; " (control.when) ". " a href="/help/which-sync" { "Which sync should I use?" } }
    }
}
