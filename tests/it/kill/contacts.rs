//! The process is ended at every commit of user syncing, and of reading a site before it: taken up again, everybody has one
//! contact, and what was done is not done again.

use std::collections::BTreeMap;

use clock::Clock;
use contact::sync::{Identity, LinkState};
use rollcall::contacts::{runs, syncing, worker};
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
use rollcall::nouns::contact::Record;
use rollcall::nouns::contact_run::{ContactRun, ContactRunKind, ContactRunState};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::site_account::SiteAccount;
use rollcall::nouns::site_reading::{ReadingState, SiteReading};
use rollcall::store::{contact_identities, contact_records, events, head, site_accounts, site_readings};
use rollcall::sync::pass::Surroundings;
use rollcall::sync::sites::{self, EnteredToken};
use simulator::{Organization, Simulator};

use super::{Installation, connector, cut};
use crate::support::app::{ENGINES, population};

/// No process has so many commits.
const NEVER: &str = "1000000";

async fn simulate(users: u32, seed: u64) -> Simulator {
    let organization = Organization::populate(&population(users, seed), Clock::system().now());
    let options = simulator::Options { own_site_addresses: true, ..simulator::Options::default() };
    simulator::start(organization, options).await.unwrap()
}

fn surroundings() -> Surroundings {
    Surroundings { clock: Clock::system(), entropy: Entropy::machine() }
}

/// Everything that user syncing keeps.
struct Kept {
    contacts: Vec<Record>,
    identities: Vec<Identity>,
    runs: Vec<ContactRun>,
    listed: Vec<SiteAccount>,
    readings: Vec<SiteReading>,
}

/// Looks at what a process has left; where `resume` says so, once somebody else has taken up what is to be done.
async fn look(installation: &Installation, resume: bool) -> Kept {
    let mirrors = installation.open().await;
    let mirror = mirrors.only().unwrap();
    if resume {
        // The process that held the lease is gone.
        mirror.store().write(head::raise_epoch).await.unwrap();
        let (connector, surroundings) = (connector(&mirrors), surroundings());
        while worker::work_once(&mirror, &connector, &surroundings).await.unwrap() {}
    }
    let kept = kept(&mirror).await;
    mirrors.close().await;
    kept
}

async fn kept(mirror: &Mirror) -> Kept {
    let read = mirror.store().read(|tx| {
        let mut contacts = Vec::new();
        contact_records::since(tx, 0, |record| {
            contacts.push(record);
            Ok(())
        })?;
        contacts.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
        Ok(Kept {
            contacts,
            identities: contact_identities::all(tx)?,
            runs: Vec::new(),
            listed: site_accounts::all(tx)?,
            readings: site_readings::latest(tx)?,
        })
    });
    let kept = read.await.unwrap();
    mirror.store().read(events::verify).await.unwrap().unwrap();
    Kept { runs: runs::list(mirror, i64::MAX, 10).await.unwrap(), ..kept }
}

/// Site, account, name, address, whether they are gone, and their organizations.
type Listed<'k> = (&'k str, &'k str, &'k str, Option<&'k str>, bool, &'k [String]);

impl Kept {
    /// Each account that keeps a contact, with the contact's name and address.
    fn who(&self) -> BTreeMap<&str, (&str, Option<&str>)> {
        let of = |identity: &Identity| {
            self.contacts.iter().find(|record| record.number == identity.contact && record.is_live())
        };
        let linked = self.identities.iter().filter(|identity| identity.state == LinkState::Linked);
        linked
            .map(|identity| {
                let record = of(identity).unwrap();
                (identity.account.as_str(), (record.name.as_str(), record.email.as_deref()))
            })
            .collect()
    }

    /// Whom the sites list, without when.
    fn listed(&self) -> Vec<Listed<'_>> {
        let mut listed: Vec<_> = (self.listed.iter())
            .map(|on| {
                let email = on.email.as_deref();
                (&*on.site, &*on.account_id, &*on.name, email, on.gone_at.is_some(), &*on.organizations)
            })
            .collect();
        listed.sort();
        listed
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e6_the_first_linking_cut_at_any_commit_goes_on_where_it_stood() {
    let simulator = simulate(4_600, 16).await;
    for engine in ENGINES {
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        prepared.sync_here().await;
        let undisturbed = prepared.copy();
        let (ended, said) = undisturbed.run(&["contacts", "sync", "--on"], NEVER).await;
        assert!(ended.success(), "{said}");
        let undisturbed = look(&undisturbed, false).await;
        assert!(undisturbed.contacts.len() > 4_000, "more than two batches: {}", undisturbed.contacts.len());
        let (mut commit, mut in_the_middle) = (1, 0);
        loop {
            let cut = cut(engine, commit);
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            let (ended, said) = installation.run(&["contacts", "sync", "--on"], &cut).await;
            let left = look(&installation, false).await;
            let resumed = look(&installation, true).await;
            if let [run] = &resumed.runs[..] {
                assert_eq!(
                    (run.kind, run.state),
                    (ContactRunKind::Follow, ContactRunState::Complete),
                    "{what}\n{said}"
                );
                assert_eq!(run.counts, undisturbed.runs[0].counts, "{what}: nothing is counted twice");
                assert_eq!(resumed.who(), undisturbed.who(), "{what}");
                assert_eq!(resumed.contacts.len(), undisturbed.contacts.len(), "{what}: nobody twice");
                let stays = left.contacts.iter().all(|record| resumed.contacts.contains(record));
                assert!(stays, "{what}: who was there is not made anew");
                in_the_middle += u32::from(!left.contacts.is_empty() && left.contacts.len() < resumed.contacts.len());
            } else {
                // Cut before it was switched on.
                assert!(resumed.runs.is_empty() && resumed.contacts.is_empty(), "{what}: {:?}", resumed.runs);
            }
            if ended.success() {
                break;
            }
            commit += 1;
        }
        assert!(in_the_middle > 1, "{engine:?}: cut between two batches only {in_the_middle} times, {commit} commits");
    }
    simulator.stop().await;
}

/// Enters the token of the first site and lets a run read it, with syncing on.
async fn read_once(installation: &Installation, simulator: &Simulator) {
    let mirrors = installation.open().await;
    let (mirror, connector, surroundings) = (mirrors.only().unwrap(), connector(&mirrors), surroundings());
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let site = simulator.sites().remove(0);
    let entered = EnteredToken { cloud_id: site.cloud_id, email: site.user, token: site.token, expires_at: None };
    let checked = sites::check(&connector, &mirror, &entered).await.unwrap();
    sites::save(&connector, &context, &mirror, (&entered, &checked)).await.unwrap();
    syncing::switch_on(&context, &mirror, &surroundings.entropy).await.unwrap();
    syncing::run_now(&context, &mirror, &surroundings.entropy).await.unwrap();
    while worker::work_once(&mirror, &connector, &surroundings).await.unwrap() {}
    mirrors.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_reads_a_sites_customers_cut_at_any_commit_ends_like_an_undisturbed_one() {
    for engine in ENGINES {
        let simulator = simulate(60, 17).await;
        let firm = simulator.change(|organization| {
            let firm = organization.add_customer_organization(0, "Large & Co");
            for number in 0..60 {
                let email = format!("c{number}@mail.test");
                let account = organization.add_customer(0, &format!("Customer {number}"), &email).unwrap();
                organization.join_customer_organization(firm, &account);
            }
            firm
        });
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        prepared.sync_here().await;
        read_once(&prepared, &simulator).await;
        simulator.change(|organization| {
            let members = organization.customers_of_organization(firm);
            organization.rename_customer(&members[0], "Ada Renamed").unwrap();
            organization.change_customer_email(&members[1], "moved@mail.test").unwrap();
            organization.delete_customer(&members[2]).unwrap();
            organization.anonymize_customer(&members[3]).unwrap();
            organization.leave_customer_organization(firm, &members[4]);
            organization.add_customer(0, "Newcomer", "new@mail.test").unwrap();
        });
        let before = look(&prepared, false).await;
        let undisturbed = prepared.copy();
        let (ended, said) = undisturbed.run(&["contacts", "sync", "--run"], NEVER).await;
        assert!(ended.success(), "{said}");
        let undisturbed = look(&undisturbed, false).await;
        assert_ne!(undisturbed.listed(), before.listed());
        let (mut commit, mut in_the_middle) = (1, 0);
        loop {
            let cut = cut(engine, commit);
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            let (ended, said) = installation.run(&["contacts", "sync", "--run"], &cut).await;
            let left = look(&installation, false).await;
            in_the_middle += u32::from(left.readings.iter().any(|reading| reading.state == ReadingState::Reading));
            let resumed = look(&installation, true).await;
            let asked = resumed.runs.len() > before.runs.len();
            let like = if asked { &undisturbed } else { &before };
            assert_eq!(resumed.runs[0].state, ContactRunState::Complete, "{what}\n{said}");
            assert_eq!(resumed.listed(), like.listed(), "{what}\n{said}");
            assert_eq!(resumed.who(), like.who(), "{what}");
            assert_eq!(resumed.contacts.len(), like.contacts.len(), "{what}");
            if asked {
                assert!(resumed.readings.iter().all(|reading| reading.state == ReadingState::Complete), "{what}");
            }
            if ended.success() {
                break;
            }
            commit += 1;
        }
        assert!(in_the_middle > 4, "{engine:?}: a reading has more commits than {in_the_middle}, of {commit}");
        simulator.stop().await;
    }
}
