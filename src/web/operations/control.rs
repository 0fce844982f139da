//! What a person wants of an operation: approve, reject, plan again; pause, resume, cancel; retry, undo.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::Ordinal;
use directory::act::Action;
use serde::Deserialize;

use crate::auth::token::Token;
use crate::id::OperationId;
use crate::nouns::refusal::Refusal;
use crate::operations::approve::{self, Approving, NotApproved};
use crate::operations::control::{self, Wished};
use crate::operations::plan::{self, NotPlanned, Wanted};
use crate::operations::undo;
use crate::store::operation_terms;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations::page::{existing, page};
use crate::web::operations::rows::Ask;
use crate::web::operations::{address, own, words};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// The longest reason, in characters.
const LONGEST: usize = 500;

/// The form of a decision.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    /// The plan that was looked at.
    hash: String,
    /// The number of changes, as it was typed.
    typed: String,
    reason: String,
    /// On how many rows it is tried first, and the button that asks for it.
    first: String,
    #[serde(rename = "do")]
    verb: String,
}

/// A button that must start one thing only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Once {
    request_key: String,
}

/// POST /operations/{id}/approve
pub(crate) async fn approve(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let operation = known(&id)?;
    let Some(hash) = plan::read_hash(&entry.hash) else { return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)) };
    let digits: String = entry.typed.chars().filter(|c| !matches!(c, ',' | '.' | ' ')).collect();
    let approving = Approving { hash, typed: digits.parse().ok(), reason: reason(&entry.reason) };
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let approved = match (entry.verb.as_str(), entry.first.trim().parse()) {
        ("try", Ok(first)) => approve::try_on(context, mirror, (&operation, approving, first), &served.entropy).await,
        ("try", Err(_)) => {
            let why = "A number of rows from 1 is needed.";
            let refusal = Refusal::new("The plan was not approved.", why, "Say on how many rows it is tried.");
            return refused(&served, &visit, &operation, refusal).await;
        }
        _ => approve::approve(context, mirror, (&operation, approving), &served.entropy).await,
    };
    decided(&served, &visit, &operation, approved).await
}

/// POST /operations/{id}/reject
pub(crate) async fn reject(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let operation = known(&id)?;
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let rejected = approve::reject(context, mirror, (&operation, reason(&entry.reason)), &served.entropy).await;
    decided(&served, &visit, &operation, rejected).await
}

/// POST /operations/{id}/again: the same plan with what may be lost as well, in the place of this one.
pub(crate) async fn again(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let before = existing(&visit, &id).await?.operation;
    if !before.state.awaits_approval() {
        return refused(&served, &visit, &before.id, NotApproved::NotWaiting(before.state).refusal()).await;
    }
    let all = |name: &'static str| pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value);
    let known = |app: &Ordinal| (*app as usize) < visit.snapshot.resources().len();
    let also: Vec<Ordinal> = all("also").filter_map(|app| app.parse().ok()).filter(known).collect();
    let with = |action: Action| match action {
        Action::RemoveAppAccess { apps, .. } => Action::RemoveAppAccess { apps, also_lose: also.clone() },
        other => other,
    };
    let actions = before.actions.into_iter().map(with).collect();
    let wanted = Wanted { selection: before.selection, actions, own: own(&served, &visit).await? };
    let number = before.number;
    let until = visit.mirror.store().read(move |tx| operation_terms::find(tx, number)).await?.until;
    let wanted = (wanted, until.map(|until| until.at));
    let key = key(all("request_key").next().map_or("", String::as_str));
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    match plan::plan_lent(context, mirror, wanted, (key, &served.entropy)).await {
        Ok(next) => {
            let why = "Planned again with other choices.".to_owned();
            // Whoever decided about the old one meanwhile has decided; the new one stands beside it.
            let rejected = approve::reject(context, mirror, (&before.id, why), &served.entropy).await;
            if let Err(NotApproved::Store(error)) = rejected {
                return Err(error.into());
            }
            Ok(see(address(&next).as_str()))
        }
        Err(why) => unplanned(&served, &visit, &before.id, why).await,
    }
}

/// POST /operations/{id}/undo
pub(crate) async fn undo(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(once): Form<Once>,
) -> Result<Response, Failure> {
    let operation = known(&id)?;
    let (with, own) = ((key(&once.request_key), &served.entropy), own(&served, &visit).await?);
    let planned = undo::undo(&visit.entered.context, &visit.mirror, (&operation, own), with).await;
    follow_up(&served, &visit, &operation, planned).await
}

/// POST /operations/{id}/retry
pub(crate) async fn retry(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(once): Form<Once>,
) -> Result<Response, Failure> {
    let operation = known(&id)?;
    let (with, own) = ((key(&once.request_key), &served.entropy), own(&served, &visit).await?);
    let planned = undo::retry(&visit.entered.context, &visit.mirror, (&operation, own), with).await;
    follow_up(&served, &visit, &operation, planned).await
}

/// To the plan that follows an operation, or why there is none.
async fn follow_up(
    served: &Served,
    visit: &Visit,
    operation: &OperationId,
    planned: Result<OperationId, NotPlanned>,
) -> Result<Response, Failure> {
    match planned {
        Ok(next) => Ok(see(address(&next).as_str())),
        Err(why) => unplanned(served, visit, operation, why).await,
    }
}

/// POST /operations/{id}/pause, /resume and /cancel
pub(crate) async fn want(
    State(served): State<Served>,
    visit: Visit,
    Path((id, want)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let operation = known(&id)?;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let wished = match want.as_str() {
        "pause" => control::pause(context, mirror, &operation, entropy).await?,
        "resume" => control::resume(context, mirror, &operation, entropy).await?,
        "cancel" => control::cancel(context, mirror, &operation, entropy).await?,
        _ => return Err(Failure::NotFound("There is no page at this address.")),
    };
    match wished {
        Wished::Taken => Ok(see(address(&operation).as_str())),
        Wished::Unknown => Err(Failure::NotFound("There is no operation with this id.")),
        Wished::Not(state) => {
            let why = format!("The operation is in the state “{}”.", words::state(state));
            let refusal = Refusal::new("Nothing was changed.", why, "Look at how far it is.");
            refused(&served, &visit, &operation, refusal).await
        }
    }
}

fn known(id: &str) -> Result<OperationId, Failure> {
    OperationId::parse(id).ok_or(Failure::NotFound("There is no operation with this id."))
}

fn key(text: &str) -> Option<String> {
    Token::parse(text).map(|key| format!("form:{}", key.expose()))
}

fn reason(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}

async fn decided(
    served: &Served,
    visit: &Visit,
    id: &OperationId,
    decided: Result<(), NotApproved>,
) -> Result<Response, Failure> {
    match decided {
        Ok(()) => Ok(see(address(id).as_str())),
        Err(NotApproved::Store(error) | NotApproved::NotPlanned(NotPlanned::Store(error))) => Err(error.into()),
        Err(NotApproved::Unknown) => Err(Failure::NotFound("There is no operation with this id.")),
        Err(why) => refused(served, visit, id, why.refusal()).await,
    }
}

async fn unplanned(served: &Served, visit: &Visit, id: &OperationId, why: NotPlanned) -> Result<Response, Failure> {
    match why {
        NotPlanned::Store(error) => Err(error.into()),
        NotPlanned::Unknown => Err(Failure::NotFound("There is no operation with this id.")),
        why => refused(served, visit, id, why.refusal()).await,
    }
}

/// The operation's page with a refusal on top.
async fn refused(served: &Served, visit: &Visit, id: &OperationId, why: Refusal) -> Result<Response, Failure> {
    let page = page(served, visit, (id.as_str(), &Ask::default()), notice::refusal(&why)).await?;
    Ok(page.with_status(StatusCode::CONFLICT).into_response())
}
