//! Readings of sites: Jira's users, the customers of the service desks, the organizations of customers, asked of each site
//! with its own token.
//!
//! What a page says is kept with the place of the next one, so that a reading that was cut off goes on there. Nobody is
//! gone but whom no list names that was read to its end, and whom the site, asked by id, does not know.

mod confirm;
mod list;
mod page;
mod walk;

use atlassian::call::Class;
use atlassian::config::Limits;
use atlassian::{myself, site_users};
use jiff::SignedDuration;

use crate::id::RunId;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::refusal::Refusal;
use crate::nouns::run::{NoteKind, RunKind};
use crate::nouns::scope::Scope;
use crate::nouns::site::Site;
use crate::nouns::site_reading::{ReadingState, SiteReading};
use crate::store::error::StoreError;
use crate::store::site_accounts::{self, OfReading};
use crate::store::{contact_head, site_credentials, site_readings};
use crate::sync::connect::Connector;
use crate::sync::customers::page::{Sorted, sorted};
use crate::sync::customers::walk::{Reading, Stop};
use crate::sync::pass::Pass;
use crate::sync::{explain, sites};

/// A reading that was cut off goes on when it began less than this ago; what an older one has found is too old to say
/// who is there.
const GOES_ON: SignedDuration = SignedDuration::from_hours(6);

/// What came of reading a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomersRead {
    /// It was read, to its end or in parts.
    Read(SiteReading),
    /// It could not even be begun.
    NotRead(Refusal),
    /// Somebody else has taken the reading up and goes on with it.
    TakenOver,
}

/// What came of asking a site for accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountsRead {
    /// What it said is kept.
    Read {
        /// Accounts that it knows.
        known: u64,
        /// Accounts that it does not know, or shows as deleted: they are gone there.
        gone: u64,
    },
    /// The site could not be asked, or not about all of them.
    NotRead(Refusal),
}

/// Whom a reading is for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The sync run that it belongs to.
    pub(super) run: Option<RunId>,
    /// Who asked for it.
    pub(super) by: String,
}

/// Reads a site now, or goes on with a reading of it that was cut off. It may take minutes.
///
/// # Errors
/// The database failed; what the site says or refuses is in the answer.
pub async fn read_customers(
    context: &Context,
    connector: &Connector,
    mirror: &Mirror,
    cloud_id: &str,
) -> Result<CustomersRead, StoreError> {
    read(connector, mirror, cloud_id, &Wanted { run: None, by: context.actor.as_text() }).await
}

/// Reads every site that has a token, one after the other; each with its cloud id.
///
/// # Errors
/// As for [`read_customers`].
pub async fn read_all_customers(
    context: &Context,
    connector: &Connector,
    mirror: &Mirror,
) -> Result<Vec<(String, CustomersRead)>, StoreError> {
    let mut read = Vec::new();
    for credential in mirror.store().read(site_credentials::in_use).await? {
        let came = read_customers(context, connector, mirror, &credential.cloud_id).await?;
        read.push((credential.cloud_id, came));
    }
    Ok(read)
}

/// Asks a site for accounts by id and keeps what it says.
///
/// # Errors
/// The database failed.
pub async fn read_accounts(
    connector: &Connector,
    mirror: &Mirror,
    (cloud_id, account_ids): (&str, &[String]),
    limits: Limits,
) -> Result<AccountsRead, StoreError> {
    let site = match sites::open(connector, mirror, cloud_id, limits).await? {
        Ok(site) => site,
        Err(refusal) => return Ok(AccountsRead::NotRead(refusal)),
    };
    let not_read = |why: String| {
        let next = "The next reading of the site asks again.";
        Ok(AccountsRead::NotRead(Refusal::new("The accounts were not read.", why, next)))
    };
    let me = match myself::read(&site, Class::PreOperation).await {
        Ok(me) => me.value.account_id,
        Err(error) => return not_read(explain::site_sentence(&error)),
    };
    let (mut known, mut gone) = (0, 0);
    for asked in account_ids.chunks(site_users::MOST_IDS - 1) {
        let ids: Vec<&str> = asked.iter().map(String::as_str).chain([me.as_str()]).collect();
        let found = match site_users::by_ids(&site, Class::PreOperation, &ids).await {
            Ok(found) => found.value,
            Err(error) => return not_read(explain::site_sentence(&error)),
        };
        // A site that does not even know whoever asks is not believed about others.
        if found.unreadable > 0 || !found.records.iter().any(|user| user.account_id == me) {
            return not_read(
                "The site's answer could not be read, or left out even the owner of the token.".to_owned(),
            );
        }
        let Sorted { accounts, former } =
            sorted(found.records.into_iter().filter(|user| asked.contains(&user.account_id)));
        let missing: Vec<String> =
            (asked.iter()).filter(|id| !accounts.iter().any(|account| account.account_id == **id)).cloned().collect();
        (known, gone) = (known + accounts.len() as u64, gone + missing.len() as u64);
        let (site, at) = (cloud_id.to_owned(), connector.now());
        let kept = mirror.store().write(move |tx| {
            let number = site_readings::last_number(tx, &site)?.max(1);
            let of = OfReading { site, number, at };
            site_accounts::put_users(tx, &of, &accounts)?;
            site_accounts::put_former(tx, &of, &former)?;
            missing.iter().try_for_each(|id| site_accounts::put_gone(tx, &of, id).map(drop))?;
            // No reading ends by this: without a version of their own contacts would follow with the next one.
            contact_head::next(tx).map(drop)
        });
        kept.await?;
    }
    Ok(AccountsRead::Read { known, gone })
}

/// Whether a run reads the sites too: the daily and the first one do.
pub(super) fn belong_to(kind: RunKind, scope: &Scope) -> bool {
    matches!(kind, RunKind::Daily | RunKind::Initial) && *scope == Scope::Everything
}

/// Reads, beside a pass, every site that has a token, and tells the run what could not be read. Nothing of it ends the pass.
pub(super) async fn read_beside(pass: &Pass, connector: &Connector) {
    if let Err(error) = read_for_run(pass, connector).await {
        tracing::error!(%error, run = %pass.run(), "customers.store");
        pass.note(NoteKind::Warning, "customers", "The customers of the sites were not read: the database failed.")
            .await;
    }
}

async fn read_for_run(pass: &Pass, connector: &Connector) -> Result<(), StoreError> {
    let (mirror, run) = (pass.mirror(), pass.run().clone());
    let known = {
        let run = run.clone();
        move |tx: &mut crate::store::tx::Tx| Ok((site_credentials::in_use(tx)?, site_readings::of_run(tx, &run)?))
    };
    let (credentials, readings) = mirror.store().read(known).await?;
    let wanted = Wanted { run: Some(run), by: crate::nouns::context::Actor::System.as_text() };
    for credential in credentials {
        let is_done = |reading: &SiteReading| {
            reading.site == credential.cloud_id
                && matches!(reading.state, ReadingState::Complete | ReadingState::Partial)
        };
        // A pass that was cut off after it had read a site does not read it once more.
        if readings.iter().any(is_done) {
            continue;
        }
        let name = site_name(mirror, &credential.cloud_id);
        match read(connector, mirror, &credential.cloud_id, &wanted).await? {
            CustomersRead::Read(reading) => {
                if let Some(reason) = reading.reason {
                    pass.note(NoteKind::Gap, format!("customers of {name}"), reason).await;
                }
            }
            CustomersRead::NotRead(refusal) => {
                pass.note(NoteKind::Gap, format!("customers of {name}"), format!("{} {}", refusal.why, refusal.next))
                    .await;
            }
            CustomersRead::TakenOver => {}
        }
    }
    Ok(())
}

/// Reads a site, from wherever its reading stands.
async fn read(
    connector: &Connector,
    mirror: &Mirror,
    cloud_id: &str,
    wanted: &Wanted,
) -> Result<CustomersRead, StoreError> {
    let client = match sites::open(connector, mirror, cloud_id, Limits::default()).await? {
        Ok(client) => client,
        Err(refusal) => return Ok(CustomersRead::NotRead(refusal)),
    };
    let snapshot = mirror.current();
    let has_desks = Site::all(&snapshot).iter().any(|site| site.cloud_id == cloud_id && site.has_service_desks);
    let now = connector.now();
    let (site, taken_by) = (cloud_id.to_owned(), wanted.clone());
    let taken = mirror.store().write(move |tx| {
        let since = now.saturating_sub(GOES_ON).unwrap_or(now);
        let held = site_readings::take_up(tx, &site, (taken_by.run.as_ref(), &taken_by.by), (now, since))?;
        Ok((held, site_readings::lists(tx, &site)?))
    });
    let mut reading = Reading::new(connector, mirror, (client, has_desks), taken.await?);
    match reading.carry_out().await {
        Ok(()) => {}
        Err(Stop::TakenOver) => return Ok(CustomersRead::TakenOver),
        Err(Stop::Store(error)) => return Err(error),
    }
    if reading.was_refused() {
        // The page of the sites says so too, and whoever waits for the token is told.
        sites::check_again(connector, mirror, cloud_id).await?;
    }
    let site = cloud_id.to_owned();
    let newest = mirror.store().read(move |tx| site_readings::of_site(tx, &site, 1)).await?;
    Ok(newest.into_iter().next().map_or(CustomersRead::TakenOver, CustomersRead::Read))
}

fn site_name(mirror: &Mirror, cloud_id: &str) -> String {
    let named = Site::all(&mirror.current()).into_iter().find(|site| site.cloud_id == cloud_id);
    named.map_or_else(|| cloud_id.to_owned(), |site| site.name)
}
