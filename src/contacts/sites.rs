//! What *Run now* does before it follows: it reads the users and customers of each site that has a token. A site that refuses
//! costs a line of the log and never the run, and nothing is concluded from what was not read.

use std::pin::pin;

use crate::contacts::follow::turn_of;
use crate::contacts::worker::{Halt, Turn};
use crate::nouns::context::Context;
use crate::nouns::job::LEASE;
use crate::nouns::site::Site;
use crate::nouns::site_reading::{ReadingState, SiteReading};
use crate::store::contact_runs::NewLine;
use crate::store::error::StoreError;
use crate::store::{contact_runs, jobs, site_credentials, site_readings};
use crate::sync::customers::{CustomersRead, read_customers};

/// Reads every site that has a token, one after the other.
pub(super) async fn read(turn: &Turn<'_>) -> Result<(), Halt> {
    let known = turn.mirror.store().read(|tx| Ok((site_credentials::in_use(tx)?, site_readings::latest(tx)?)));
    let (credentials, readings) = known.await?;
    for credential in credentials {
        // A run that was cut off after it had read a site does not read it once more.
        let is_done = |reading: &SiteReading| {
            reading.site == credential.cloud_id
                && reading.begun_at > turn.run.created_at
                && matches!(reading.state, ReadingState::Complete | ReadingState::Partial)
        };
        if readings.iter().any(is_done) {
            continue;
        }
        let context = Context { now: turn.surroundings.clock.now(), ..turn.doing.context.clone() };
        let reading = Box::pin(read_customers(&context, turn.connector, turn.mirror, &credential.cloud_id));
        let came = while_held(turn, reading).await?;
        note(turn, line(&site_name(turn, &credential.cloud_id), came)).await?;
    }
    Ok(())
}

/// Waits for something that may take longer than a lease, and keeps the lease meanwhile.
async fn while_held<T>(turn: &Turn<'_>, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Halt> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done?),
            () = turn.surroundings.clock.sleep(LEASE / 3) => note(turn, None).await?,
        }
    }
}

/// A sign of life, with a line of the log if there is one.
async fn note(turn: &Turn<'_>, line: Option<NewLine>) -> Result<(), Halt> {
    let (lease, now) = (turn.lease.clone(), turn.surroundings.clock.now());
    let noted = turn.mirror.store().write(move |tx| {
        let Some(mut run) = turn_of(tx, &lease)? else { return Ok(false) };
        run.heartbeat_at = Some(now);
        contact_runs::update(tx, &run)?;
        contact_runs::append(tx, run.number, line.as_slice(), now)?;
        jobs::extend_operation(tx, &lease.fence, now)?;
        Ok(true)
    });
    if noted.await? { Ok(()) } else { Err(Halt::LeaseLost) }
}

fn line(site: &str, came: CustomersRead) -> Option<NewLine> {
    let (kind, text) = match came {
        CustomersRead::Read(reading) => match reading.reason {
            Some(reason) => ("unread", format!("{site} was read in parts. {reason}")),
            None => {
                let (users, customers) = (reading.counts.users, reading.counts.customers);
                ("read", format!("{site} was read: {users} in the list of its users, {customers} customers."))
            }
        },
        CustomersRead::NotRead(refusal) => ("unread", format!("{site} was not read. {} {}", refusal.why, refusal.next)),
        CustomersRead::TakenOver => {
            ("unread", format!("{site} is being read by a sync, which is followed afterwards."))
        }
    };
    Some(NewLine { kind, contact: None, account: None, text })
}

fn site_name(turn: &Turn<'_>, cloud_id: &str) -> String {
    let named = Site::all(&turn.mirror.current()).into_iter().find(|site| site.cloud_id == cloud_id);
    named.map_or_else(|| cloud_id.to_owned(), |site| site.name)
}
