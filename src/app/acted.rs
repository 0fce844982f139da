//! The operations of the demo's past: access to Confluence taken from a few people who never used it, and given back, by
//! the same verbs as any other, so that results are there to look at. Whom they are about comes from the syncs. A kept
//! demo makes its organization again at each start, so it is left as it was.

use directory::act::{Action, Apps};
use directory::{Ordinal, Snapshot};

use crate::id::{AdministratorId, OperationId};
use crate::mirror::Mirror;
use crate::mirror::answer::answer;
use crate::nouns::context::{Actor, Context};
use crate::nouns::operation::Selection;
use crate::nouns::refusal::Refusal;
use crate::operations::approve::{self, Approving};
use crate::operations::plan::{self, NotPlanned, Wanted};
use crate::operations::{report, undo, worker};
use crate::store::error::StoreError;
use crate::sync::connect::Connector;
use crate::sync::pass::Surroundings;

/// Who never used it.
const WHOM: &str = "status = active AND seat = confluence AND neverActive(confluence) = yes";
/// So few that they are over at once.
const PEOPLE: usize = 12;
/// How often one is taken up before the demo begins without its end.
const MOST_STEPS: u32 = 50;

/// Plans, approves and carries them out; an organization without such people has none.
pub(super) async fn act(mirror: &Mirror, connector: &Connector, surroundings: &Surroundings) -> Result<(), Refusal> {
    let (now, entropy) = (surroundings.clock.now(), &surroundings.entropy);
    let actor =
        Actor::Administrator { id: AdministratorId::new(entropy, now), username: "demo".to_owned(), source: None };
    let context = Context { actor, now };
    let snapshot = mirror.current();
    let found = answer(&snapshot, WHOM, (now, &mirror.zone())).found.matching;
    let people = found.iter().take(PEOPLE).filter_map(|account| snapshot.account_id(account)).collect();
    let apps = Apps::Chosen(confluence(&snapshot));
    let actions = vec![Action::RemoveAppAccess { apps, also_lose: Vec::new() }];
    let wanted = Wanted { selection: Selection::People(people), actions, own: None };
    let id = match plan::plan(&context, mirror, wanted, (None, entropy)).await {
        Ok(id) => id,
        Err(NotPlanned::Nobody | NotPlanned::NoAction) => return Ok(()),
        Err(why) => return Err(why.refusal()),
    };
    carry_out(mirror, connector, (surroundings, &id, "Seats that nobody uses")).await?;
    let context = Context { now: surroundings.clock.now(), ..context };
    match undo::undo(&context, mirror, (&id, None), (None, entropy)).await {
        Ok(back) => carry_out(mirror, connector, (surroundings, &back, "Their team needs it after all")).await,
        Err(NotPlanned::Nothing) => Ok(()),
        Err(why) => Err(why.refusal()),
    }
}

/// Approves a plan and carries it out to its end.
async fn carry_out(
    mirror: &Mirror,
    connector: &Connector,
    (surroundings, id, reason): (&Surroundings, &OperationId, &str),
) -> Result<(), Refusal> {
    let database = |error: StoreError| NotPlanned::from(error).refusal();
    let Some(planned) = report::report(mirror, id).await.map_err(database)? else { return Ok(()) };
    let figures = &planned.operation.plan;
    if figures.rows == 0 {
        return Ok(());
    }
    // Who approves is the command line: the administrator of the past is none of the installation's.
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let approving = Approving { hash: figures.hash, typed: Some(figures.rows), reason: reason.to_owned() };
    let approved = approve::approve(&context, mirror, (id, approving), &surroundings.entropy).await;
    approved.map_err(|why| why.refusal())?;
    for _ in 0..MOST_STEPS {
        if !worker::work_once(mirror, connector, surroundings).await.map_err(database)? {
            break;
        }
    }
    Ok(())
}

fn confluence(snapshot: &Snapshot) -> Vec<Ordinal> {
    let apps = (0..).zip(snapshot.resources());
    apps.filter(|(_, resource)| resource.id.owner() == "confluence").map(|(app, _)| app).collect()
}
