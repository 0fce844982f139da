//! Who could be a contact: the accounts of the mirror and those that sites list, each with why it is none. Pure over what
//! was read; it never takes "not read" for "gone".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contact::sync::{Person, Skip};
use directory::{AccountStatus, AccountType, Snapshot, Status, email_key, is_service_address};
use roaring::RoaringBitmap;

use crate::contacts::scope::Scope;
use crate::nouns::site::Site;
use crate::nouns::site_account::{SiteAccount, SiteAccountKind};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{site_accounts, site_readings};

/// What was read of accounts.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The mirror, without sites that are left out.
    pub snapshot: Arc<Snapshot>,
    /// What sites list, by site and account.
    pub listed: Vec<SiteAccount>,
    /// Sites whose users were read to their end: there the list says who is a Jira user, elsewhere a role does.
    pub users_read: BTreeSet<String>,
}

/// The sites on which somebody is a Jira user or a customer: those that the scope includes, and others.
#[derive(Clone, Copy, Debug, Default)]
struct On {
    jira: bool,
    customer: bool,
    elsewhere: bool,
}

impl Sources {
    /// Reads what sites list.
    pub fn read(tx: &mut Tx, snapshot: Arc<Snapshot>) -> Result<Sources, StoreError> {
        let coverage = site_readings::coverage(tx)?;
        let users_read = coverage.into_iter().filter(|site| site.users.is_some()).map(|site| site.site).collect();
        Ok(Sources { snapshot, listed: site_accounts::all(tx)?, users_read })
    }

    /// Everybody, each account once.
    pub fn people(&self, scope: &Scope) -> Vec<Person<'_>> {
        let snapshot = &*self.snapshot;
        let mut listed: BTreeMap<&str, Vec<&SiteAccount>> = BTreeMap::new();
        for account in &self.listed {
            listed.entry(&account.account_id).or_default().push(account);
        }
        let roles = self.roles(scope);
        let groups = Groups::of(snapshot, scope);
        let mut people = Vec::with_capacity(snapshot.accounts_len() + listed.len());
        for ordinal in 0..snapshot.accounts_len() as u32 {
            let Some(row) = snapshot.account_row(ordinal) else { continue };
            let sites = listed.remove(row.id).unwrap_or_default();
            let mut on = self.on(&sites, scope);
            on.jira |= roles.jira.contains(ordinal);
            on.customer |= roles.customer.contains(ordinal);
            on.elsewhere |= roles.elsewhere.contains(ordinal);
            let closed = row.account_status == Some(&AccountStatus::Closed)
                || row.presence.is_some_and(|presence| presence.status == Some(Status::Closed));
            let still_listed = sites.iter().any(|site| site.gone_at.is_none());
            let gone = closed || (row.presence.is_none() && !still_listed);
            let app = row.account_type == Some(&AccountType::App);
            let portal_only = row.account_type == Some(&AccountType::Customer);
            let customer = on.customer || portal_only;
            let user = !portal_only && (on.jira || !customer);
            let email = row.email.or_else(|| sites.iter().find_map(|site| site.email.as_deref()));
            let barred = match () {
                () if app => Some(Skip::App),
                () if email.is_some_and(is_service_address) => Some(Skip::Service),
                () if !on.jira && !customer => Some(if on.elsewhere { Skip::Site } else { Skip::NoJira }),
                () if user && groups.bars(ordinal) => Some(Skip::Group),
                () => barred_by_domain(email, scope),
            };
            let name = if row.name.trim().is_empty() { sites.first().map_or("", |site| &site.name) } else { row.name };
            let status = match row.presence.and_then(|presence| presence.status.as_ref()) {
                _ if gone => "former",
                Some(status) => status.as_str(),
                None if row.presence.is_some() => "unknown",
                None => standing(&sites),
            };
            people.push(Person { account: row.id, user, customer, name, email, status, gone, barred });
        }
        people.extend(listed.values().map(|sites| self.of_sites(sites, scope)));
        people
    }

    /// Somebody whom only sites list.
    fn of_sites<'s>(&self, sites: &[&'s SiteAccount], scope: &Scope) -> Person<'s> {
        let on = self.on(sites, scope);
        let first = sites.iter().find(|site| site.gone_at.is_none()).or(sites.first());
        let gone = sites.iter().all(|site| site.gone_at.is_some());
        let email = sites.iter().find_map(|site| site.email.as_deref());
        let app = sites.iter().any(|site| site.kind == SiteAccountKind::App);
        let barred = match () {
            () if app => Some(Skip::App),
            () if email.is_some_and(is_service_address) => Some(Skip::Service),
            () if !on.jira && !on.customer => Some(if on.elsewhere { Skip::Site } else { Skip::NoJira }),
            () if on.jira && !scope.groups_only.is_empty() => Some(Skip::Group),
            () => barred_by_domain(email, scope),
        };
        Person {
            account: first.map_or("", |site| &site.account_id),
            user: on.jira,
            customer: on.customer,
            name: first.map_or("", |site| &site.name),
            email,
            status: if gone { "former" } else { standing(sites) },
            gone,
            barred,
        }
    }

    /// On which sites an account is what, by the sites' own lists.
    fn on(&self, sites: &[&SiteAccount], scope: &Scope) -> On {
        let mut on = On::default();
        for site in sites.iter().filter(|site| site.gone_at.is_none()) {
            let user = site.is_jira_user() && self.users_read.contains(&site.site);
            let customer = site.is_customer();
            match scope.sites_without.contains(&site.site) || self.is_left_out(&site.site) {
                true => on.elsewhere |= user || customer,
                false => {
                    on.jira |= user;
                    on.customer |= customer;
                }
            }
        }
        on
    }

    fn is_left_out(&self, site: &str) -> bool {
        let resources = self.snapshot.resources().iter().zip(0..);
        let mut of = resources.filter(|(resource, _)| resource.id.site() == site);
        of.next().is_some_and(|(_, ordinal)| self.snapshot.is_left_out(ordinal))
    }

    /// Who has a role in Jira on a site whose users were not listed.
    fn roles(&self, scope: &Scope) -> Roles {
        let snapshot = &*self.snapshot;
        let jira: BTreeSet<String> =
            Site::all(snapshot).into_iter().filter(|site| site.has_jira).map(|site| site.cloud_id).collect();
        let mut roles = Roles::default();
        let kind = |resource: u32, role: &str| -> Option<Kind> {
            let resource = snapshot.resources().get(resource as usize)?;
            let site = resource.id.site();
            let on_jira = resource.id.owner().starts_with("jira-") && jira.contains(site);
            let customer = role.ends_with("customer");
            match (on_jira, scope.sites_without.contains(site)) {
                (false, _) => None,
                (true, true) => Some(Kind::Elsewhere),
                (true, false) if customer => Some(Kind::Customer),
                // The site's own list says who is a user there.
                (true, false) => (!self.users_read.contains(site)).then_some(Kind::Jira),
            }
        };
        for group in snapshot.groups_by_name().iter() {
            for grant in snapshot.grants(group) {
                if let Some(kind) = kind(grant.resource, grant.role.as_str()) {
                    *roles.of(kind) |= snapshot.memberships().members(group);
                }
            }
        }
        for account in 0..snapshot.accounts_len() as u32 {
            for direct in snapshot.direct_roles(account) {
                if let Some(kind) = kind(direct.resource, direct.role.as_str()) {
                    roles.of(kind).insert(account);
                }
            }
        }
        roles
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Jira,
    Customer,
    Elsewhere,
}

#[derive(Debug, Default)]
struct Roles {
    jira: RoaringBitmap,
    customer: RoaringBitmap,
    elsewhere: RoaringBitmap,
}

impl Roles {
    fn of(&mut self, kind: Kind) -> &mut RoaringBitmap {
        match kind {
            Kind::Jira => &mut self.jira,
            Kind::Customer => &mut self.customer,
            Kind::Elsewhere => &mut self.elsewhere,
        }
    }
}

/// Whom the scope's groups leave out.
#[derive(Debug)]
struct Groups {
    only: Option<RoaringBitmap>,
    without: RoaringBitmap,
}

impl Groups {
    fn of(snapshot: &Snapshot, scope: &Scope) -> Groups {
        let members = |groups: &BTreeSet<String>| {
            let known = groups.iter().filter_map(|group| snapshot.group(group));
            known.fold(RoaringBitmap::new(), |all, group| all | snapshot.memberships().members(group))
        };
        Groups {
            only: (!scope.groups_only.is_empty()).then(|| members(&scope.groups_only)),
            without: members(&scope.groups_without),
        }
    }

    fn bars(&self, account: u32) -> bool {
        self.without.contains(account) || self.only.as_ref().is_some_and(|only| !only.contains(account))
    }
}

fn barred_by_domain(email: Option<&str>, scope: &Scope) -> Option<Skip> {
    if scope.domains_only.is_empty() && scope.domains_without.is_empty() {
        return None;
    }
    let key = email_key(email?);
    let (_, domain) = key.rsplit_once('@')?;
    (!scope.takes_domain(domain)).then_some(Skip::Domain)
}

/// How somebody stands whom only sites list.
fn standing(sites: &[&SiteAccount]) -> &'static str {
    if sites.iter().any(|site| site.active && site.gone_at.is_none()) { "active" } else { "inactive" }
}
