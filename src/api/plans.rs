//! Planning through the API: whom, what is to be done with them, and until when. It gives a plan to look at; nothing is
//! sent to Atlassian before that is approved.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::{Asked, RequestKey};
use crate::api::operations::Operation;
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::api::wishes::{not_planned, own, stands};
use crate::mirror::pasted;
use crate::nouns::operation::Selection;
use crate::operations::named::{self, Named};
use crate::operations::plan::{self, Wanted};
use crate::operations::until::end_of;

/// Names of people that a refusal repeats.
const REPEATED: usize = 20;

/// What is wanted of whom. Either `filter` or `people` says whom.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOperation {
    /// Whom a filter finds; an empty one finds everybody.
    #[serde(default)]
    filter: Option<String>,
    /// People by account id or e-mail address. Each has to be in the organization, and no address that of several.
    #[serde(default)]
    people: Option<Vec<String>>,
    /// What is to be done with each of them, in this order.
    actions: Vec<WantedAction>,
    /// The last day of access that the actions give, such as `2026-12-31`; it is taken back by itself.
    #[serde(default)]
    until: Option<String>,
}

/// An action. Apps are named `app@site` or by their ARI, groups by name or id.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "snake_case", deny_unknown_fields)]
pub(crate) enum WantedAction {
    /// Ends access to apps; everything else stays.
    RemoveAppAccess {
        /// Which apps; `all` alone for every one.
        apps: Vec<String>,
        /// Which others may be lost with them, where a group grants both.
        #[serde(default)]
        also_lose: Vec<String>,
    },
    /// Gives access to an app by way of a group that grants it.
    GrantAppAccess {
        /// The app.
        app: String,
        /// The group.
        group: String,
    },
    /// Puts people into groups.
    AddToGroups {
        /// The groups.
        groups: Vec<String>,
    },
    /// Takes people out of groups.
    RemoveFromGroups {
        /// The groups.
        groups: Vec<String>,
    },
    /// Takes all access away until restored.
    SuspendUser {},
    /// Gives it back.
    RestoreUser {},
    /// Takes people out of every directory.
    RemoveUser {},
    /// Deactivates managed accounts.
    DeactivateAccount {},
    /// Activates them.
    ActivateAccount {},
}

/// Plan an operation
///
/// Works out what the actions mean for each person, and sends nothing: look at its rows, then approve it by its hash. An
/// `Idempotency-Key` makes one plan of a request that is sent twice.
#[utoipa::path(post, path = "/operations", tag = "operations", operation_id = "plan_operation",
    request_body = NewOperation,
    responses((status = 201, description = "The plan, which waits for approval", body = Operation)))]
pub(crate) async fn create(
    State(api): State<Api>,
    asked: Asked,
    RequestKey(key): RequestKey,
    Parameters(_): Parameters<NoParameters>,
    Sent(new): Sent<NewOperation>,
) -> Result<(StatusCode, Json<Operation>), Problem> {
    let snapshot = asked.mirror.newest().await?;
    let selection = match (new.filter, new.people) {
        (Some(filter), None) => Selection::Filter(filter),
        (None, Some(people)) => Selection::People(accounts(&snapshot, &people)?),
        _ => {
            let hint = "Send one of `filter` and `people`.";
            return Err(Problem::new(Kind::Invalid, "It does not say whom it is about, or says so twice.", hint));
        }
    };
    let actions = new.actions.into_iter().map(|action| named::action(&snapshot, &action.named()));
    let actions = actions.collect::<Result<Vec<_>, _>>()?;
    let until = new.until.map(|last| {
        let end = last.parse().ok().and_then(|last| end_of(last, &asked.mirror.zone()));
        end.ok_or_else(|| Problem::new(Kind::Invalid, "`until` is no day.", "Send a day as YYYY-MM-DD."))
    });
    let wanted = Wanted { selection, actions, own: own(&api, &asked).await? };
    let request = (wanted, until.transpose()?);
    let planned = plan::plan_lent(&asked.context, &asked.mirror, request, (key, &api.entropy)).await;
    let id = planned.map_err(not_planned)?;
    Ok((StatusCode::CREATED, Json(stands(&asked, &id).await?)))
}

/// Everybody who is named, or why that is not clear.
fn accounts(snapshot: &directory::Snapshot, people: &[String]) -> Result<Vec<AccountId>, Problem> {
    let named = pasted::named(snapshot, people);
    let refuse = |what: &str, entries: Vec<&String>, hint: &str| {
        let listed: Vec<&str> = entries.iter().take(REPEATED).map(|entry| entry.as_str()).collect();
        let more = if entries.len() > REPEATED { ", and more" } else { "" };
        Problem::new(Kind::Invalid, format!("{what}: {}{more}.", listed.join(", ")), hint)
    };
    let strangers: Vec<&String> = named.nobody.iter().chain(named.left.iter().map(|(entry, _)| entry)).collect();
    if !strangers.is_empty() {
        let hint = "Leave them out, or sync first when they are new.";
        return Err(refuse("Nobody in the organization is named so", strangers, hint));
    }
    if !named.several.is_empty() {
        let several = named.several.iter().map(|(entry, _)| entry).collect();
        return Err(refuse("More than one account has the address", several, "Name the account by its id."));
    }
    Ok(named.found.iter().filter_map(|account| snapshot.account_id(account)).collect())
}

impl WantedAction {
    fn named(self) -> Named {
        match self {
            WantedAction::RemoveAppAccess { apps, also_lose } => Named::RemoveAppAccess { apps, also_lose },
            WantedAction::GrantAppAccess { app, group } => Named::GrantAppAccess { app, group },
            WantedAction::AddToGroups { groups } => Named::AddToGroups(groups),
            WantedAction::RemoveFromGroups { groups } => Named::RemoveFromGroups(groups),
            WantedAction::SuspendUser {} => Named::Suspend,
            WantedAction::RestoreUser {} => Named::Restore,
            WantedAction::RemoveUser {} => Named::RemoveFromDirectory,
            WantedAction::DeactivateAccount {} => Named::Deactivate,
            WantedAction::ActivateAccount {} => Named::Activate,
        }
    }
}
