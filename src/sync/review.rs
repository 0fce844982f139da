//! What a person decides about withheld rows: approve them, which starts a read that may take out exactly these, or
//! dismiss them with a reason. Neither seals anything by itself: old evidence is never used.

use directory::{AccountId, GroupId, Part, Rule, Snapshot};
use roaring::RoaringBitmap;

use crate::id::{Entropy, WithheldId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::run::RunKind;
use crate::nouns::scope::{Scope, Targets};
use crate::nouns::withheld::{Closed, Permit, WithheldRows, WithheldState};
use crate::store::error::StoreError;
use crate::store::{events, withheld};
use crate::sync::request::{Ask, Asked, first_answer, start_within};

/// Rows that a targeted read asks for; above, a whole new pass does.
const TARGETED_ROWS: u64 = 1_000;
/// The longest reason that is kept, in characters.
pub const LONGEST_REASON: usize = 1_000;

/// Which of the withheld rows somebody means.
#[derive(Clone, Debug, PartialEq)]
pub enum Chosen {
    /// All that still wait.
    All,
    /// These.
    Rows(RoaringBitmap),
}

/// What came of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Decided {
    /// A read was asked for, or cannot be because another run holds the place.
    Asked(Asked),
    /// The rows stay as they are.
    Dismissed,
    /// Nothing of it waits any more: settled, dismissed or replaced meanwhile.
    NotOpen,
    /// None of the rows named still waits.
    NoRows,
}

/// Approves rows: they are read again, and may be taken out whatever their number.
pub async fn approve(
    context: &Context,
    mirror: &Mirror,
    (id, chosen): (&WithheldId, Chosen),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<Decided, StoreError> {
    let snapshot = mirror.newest().await?;
    let (context, id, entropy) = (context.clone(), id.clone(), entropy.clone());
    mirror
        .store()
        .write(move |tx| {
            // The same click twice is one approval, whatever has become of the rows since.
            if let Some(run) = first_answer(tx, request_key.as_deref(), context.now)? {
                return Ok(Decided::Asked(Asked::Queued(run)));
            }
            let Some(kept) = withheld::find(tx, &id)?.filter(|kept| kept.state == WithheldState::Open) else {
                return Ok(Decided::NotOpen);
            };
            let rows = meant(&kept, chosen);
            if rows.is_empty() {
                return Ok(Decided::NoRows);
            }
            let count = rows.len();
            let scope = scope(&snapshot, &kept, &rows);
            let permits = vec![Permit { withheld: id.clone(), rows }];
            let ask = Ask { kind: RunKind::Approval, scope, permits };
            let asked = start_within(tx, &context, ask, (request_key.as_deref(), &entropy))?;
            if matches!(asked, Asked::Queued(_)) {
                let detail = format!(r#"{{"rule":"{}","rows":{count}}}"#, kept.withheld.rule.as_str());
                events::append(tx, &event(&context, "withheld.approved", &id, (detail, "")), &entropy.bytes())?;
            }
            Ok(Decided::Asked(asked))
        })
        .await
}

/// Dismisses rows: they stay as they are, and nobody has to look at them until a later run withholds them anew.
pub async fn dismiss(
    context: &Context,
    mirror: &Mirror,
    (id, chosen): (&WithheldId, Chosen),
    (reason, entropy): (String, &Entropy),
) -> Result<Decided, StoreError> {
    let (context, id, salt) = (context.clone(), id.clone(), entropy.bytes());
    mirror
        .store()
        .write(move |tx| {
            let Some(kept) = withheld::find(tx, &id)?.filter(|kept| kept.state == WithheldState::Open) else {
                return Ok(Decided::NotOpen);
            };
            let rows = meant(&kept, chosen);
            if rows.is_empty() {
                return Ok(Decided::NoRows);
            }
            let open = &kept.open - &rows;
            withheld::set_open(tx, &id, &open)?;
            if open.is_empty() {
                let closed = Closed { by: context.actor.as_text(), at: context.now, reason: reason.clone() };
                withheld::close(tx, &id, WithheldState::Dismissed, &closed)?;
            }
            let detail = format!(r#"{{"rule":"{}","rows":{}}}"#, kept.withheld.rule.as_str(), rows.len());
            events::append(tx, &event(&context, "withheld.dismissed", &id, (detail, &reason)), &salt)?;
            Ok(Decided::Dismissed)
        })
        .await
}

fn meant(kept: &WithheldRows, chosen: Chosen) -> RoaringBitmap {
    match chosen {
        Chosen::All => kept.open.clone(),
        Chosen::Rows(rows) => rows & &kept.open,
    }
}

/// What has to be read to settle rows.
fn scope(snapshot: &Snapshot, kept: &WithheldRows, rows: &RoaringBitmap) -> Scope {
    let groups = |rows: &RoaringBitmap| -> Vec<GroupId> {
        rows.iter().filter_map(|group| snapshot.group_row(group).map(|row| row.id.clone())).collect()
    };
    match (kept.withheld.rule, &kept.withheld.part) {
        (Rule::MembersMissing, Part::Group(group)) => {
            Scope::Targeted(Targets { people: Vec::new(), groups: vec![group.clone()] })
        }
        _ if rows.len() > TARGETED_ROWS => Scope::Everything,
        (rule, _) if rule.rows_are_groups() => Scope::Targeted(Targets { people: Vec::new(), groups: groups(rows) }),
        _ => {
            let people: Vec<AccountId> = rows.iter().filter_map(|account| snapshot.account_id(account)).collect();
            Scope::Targeted(Targets { people, groups: Vec::new() })
        }
    }
}

fn event(context: &Context, kind: &'static str, id: &WithheldId, (detail, personal): (String, &str)) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: id.to_string(),
        detail,
        personal: personal.to_owned(),
    }
}
