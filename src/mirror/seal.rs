//! Seals a generation: the delta, its history, its claims, the run's end and one event, in one transaction; then the
//! next snapshot is in force. Either all of it happens or none.

use directory::{Counts, Seen, diff};
use jiff::Timestamp;

use crate::mirror::Mirror;
use crate::nouns::change_list::ChangeList;
use crate::nouns::context::Actor;
use crate::nouns::event::NewEvent;
use crate::nouns::job::Lease;
use crate::nouns::run::Totals;
use crate::store::error::StoreError;
use crate::store::{accounts, changes, coverage, events, groups, head, jobs, runs};

/// What is sealed with what a pass has seen.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The lease of the run's job.
    pub lease: Lease,
    /// Differences of groups' counts that a reading of the group has explained, by group id.
    pub offsets: Vec<(directory::GroupId, i64)>,
    /// Chance for the event.
    pub salt: [u8; 16],
    /// The moment.
    pub now: Timestamp,
}

/// How a seal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// The generation is in force.
    Done {
        /// Its number.
        generation: u64,
        /// What changed.
        counts: Counts,
    },
    /// The lease was lost: nothing was written.
    LeaseLost,
}

impl Mirror {
    /// Seals what a pass has seen, as the next generation.
    pub async fn seal(&self, seen: Seen, sealing: Sealing) -> Result<Sealed, StoreError> {
        let newest = self.newest().await?;
        let _moving = self.0.moving.lock().await;
        let (sealed, next) = self
            .store()
            .write(move |tx| {
                if !jobs::is_held(tx, &sealing.lease)? {
                    return Ok((Sealed::LeaseLost, None));
                }
                let head = head::read(tx)?;
                if head.generation != newest.generation() {
                    // Only the holder of the organization's one place seals; a newer generation means another holder.
                    return Ok((Sealed::LeaseLost, None));
                }
                let gaps = seen.claims.gaps().count();
                let delta = diff(&newest, seen, sealing.now);
                let counts = delta.counts();
                let text = runs::counts_text(&counts);
                let run = &sealing.lease.run;
                accounts::write(tx, &delta, |account| newest.activity().of(account))?;
                groups::write(tx, &delta, newest.directories().len(), newest.resources().len())?;
                changes::insert(tx, &ChangeList::of(&delta))?;
                coverage::seal(tx, delta.generation, sealing.now, run, (&delta.claims, &text))?;
                let next = newest.apply(&delta);
                let outcome = runs::Outcome {
                    generation: delta.generation,
                    counts,
                    totals: Totals { before: newest.amounts(), after: next.amounts() },
                    withheld_rows: 0,
                };
                runs::seal(tx, run, sealing.now, &outcome)?;
                let event = NewEvent {
                    at: sealing.now,
                    actor: Actor::System.as_subject(),
                    kind: "sync.sealed",
                    subject: run.to_string(),
                    detail: format!(r#"{{"generation":{},"gaps":{gaps},"changed":{text}}}"#, delta.generation),
                    personal: String::new(),
                };
                events::append(tx, &event, &sealing.salt)?;
                jobs::finish(tx, &sealing.lease)?;
                head::advance(tx, delta.generation)?;
                let offsets: Vec<_> = sealing
                    .offsets
                    .iter()
                    .filter_map(|(id, offset)| Some((next.group(id.as_str())?, *offset)))
                    .collect();
                groups::write_known_offsets(tx, &offsets)?;
                Ok((Sealed::Done { generation: delta.generation, counts }, Some(next)))
            })
            .await?;
        if let Some(next) = next {
            self.put(next);
        }
        Ok(sealed)
    }
}
