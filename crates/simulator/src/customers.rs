//! Help desks: service desks of a site, the customers that know only its portal, and the organizations they belong to.
//! None of them is in the organization's directories or lists; only the site shows them.

use std::fmt;

use jiff::Timestamp;

use crate::key::uuid;
use crate::names::{CULTURES, OUTSIDE_DOMAINS};
use crate::organization::{Organization, hash_of};
use crate::person::AccountType;
use crate::resource::App;

/// The most portal-only customers that a site begins with.
const MOST_A_SITE: usize = 5_000;

/// Of so many customers of a site one has become a user as well.
const FORMERLY_PORTAL: usize = 40;

const DESKS: [(&str, &str); 2] = [("IT help", "IT"), ("Facilities", "FAC")];
const FIRMS: [&str; 6] = ["Northwind", "Contoso", "Fabrikam", "Initech", "Umbra Freight", "Blue Yonder"];

/// A portal-only customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// `qm:` and two UUIDs.
    pub account_id: String,
    /// The full name.
    pub name: String,
    /// The address.
    pub email: String,
    /// False when the access to the portal was taken.
    pub active: bool,
    /// Whether sites keep the address to themselves.
    pub hidden: bool,
    /// The number of the site, from 0 on.
    pub site: usize,
}

/// One service desk.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) id: u32,
    pub(crate) site: usize,
    pub(crate) name: String,
    pub(crate) key: String,
    /// Account ids of its customers, in the order of their coming.
    pub(crate) customers: Vec<String>,
    /// Ids of the organizations of customers that it serves.
    pub(crate) firms: Vec<u32>,
}

/// An organization of customers, as service desks know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Firm {
    pub(crate) id: u32,
    pub(crate) site: usize,
    pub(crate) name: String,
    /// Account ids of its members, in the order of their coming.
    pub(crate) members: Vec<String>,
}

/// One change to customers and where they belong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Create(Customer),
    Deactivate {
        account: String,
    },
    /// What sites show of the account from now on.
    Rewrite(Customer),
    Delete {
        account: String,
    },
    JoinDesk {
        desk: u32,
        account: String,
    },
    LeaveDesk {
        desk: u32,
        account: String,
    },
    JoinFirm {
        firm: u32,
        account: String,
    },
    LeaveFirm {
        firm: u32,
        account: String,
    },
    CreateFirm(Firm),
    DeleteFirm {
        firm: u32,
    },
    LinkFirm {
        desk: u32,
        firm: u32,
    },
    UnlinkFirm {
        desk: u32,
        firm: u32,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Create(customer) => write!(formatter, "create customer {}", customer.account_id),
            Change::Deactivate { account } => write!(formatter, "revoke portal access of {account}"),
            Change::Rewrite(customer) => write!(formatter, "rewrite customer {}", customer.account_id),
            Change::Delete { account } => write!(formatter, "delete customer {account}"),
            Change::JoinDesk { desk, account } => write!(formatter, "add {account} to service desk {desk}"),
            Change::LeaveDesk { desk, account } => write!(formatter, "take {account} out of service desk {desk}"),
            Change::JoinFirm { firm, account } => write!(formatter, "add {account} to organization {firm}"),
            Change::LeaveFirm { firm, account } => write!(formatter, "take {account} out of organization {firm}"),
            Change::CreateFirm(firm) => write!(formatter, "create organization {} {:?}", firm.id, firm.name),
            Change::DeleteFirm { firm } => write!(formatter, "delete organization {firm}"),
            Change::LinkFirm { desk, firm } => write!(formatter, "put organization {firm} on service desk {desk}"),
            Change::UnlinkFirm { desk, firm } => write!(formatter, "take organization {firm} off service desk {desk}"),
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Customers {
    pub(crate) people: Vec<Customer>,
    pub(crate) desks: Vec<Desk>,
    pub(crate) firms: Vec<Firm>,
}

impl Customers {
    /// Customers for every site that has service desks: one for each 25 people, and at least four.
    pub(crate) fn made_for(organization: &Organization, seed: u64) -> Customers {
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x6375_7374_6f6d_6572);
        let mut customers = Customers::default();
        let mut next_id = 1;
        for resource in organization.resources.iter().filter(|resource| resource.app == App::ServiceManagement) {
            let site = resource.site;
            let count = (organization.people.len() / 25).clamp(4, MOST_A_SITE);
            let ids: Vec<String> = (0..count).map(|number| customers.add_made_up(site, number, &mut rng)).collect();
            customers.let_some_be_users(organization, site);
            for (name, key) in DESKS {
                let customers_of_desk = ids.iter().filter(|_| rng.u32(0..100) < 60).cloned().collect();
                let (name, key) = (name.to_owned(), key.to_owned());
                customers.desks.push(Desk {
                    id: next_id,
                    site,
                    name,
                    key,
                    customers: customers_of_desk,
                    firms: Vec::new(),
                });
                next_id += 1;
            }
            for name in FIRMS.iter().take(2 + site % 4) {
                let members = ids.iter().filter(|_| rng.u32(0..100) < 30).cloned().collect();
                customers.firms.push(Firm { id: next_id, site, name: (*name).to_owned(), members });
                // The first desk of the site serves all that the site begins with, the others none.
                if let Some(desk) = customers.desks.iter_mut().find(|desk| desk.site == site) {
                    desk.firms.push(next_id);
                }
                next_id += 1;
            }
        }
        customers
    }

    /// Every so often somebody who was a customer of the portal was invited later: one person, two accounts.
    fn let_some_be_users(&mut self, organization: &Organization, site: usize) {
        let directory = 1 << (site % organization.directories.len().max(1));
        let mut users = organization.people.iter().flatten().filter(|person| {
            person.account_type == AccountType::Atlassian && person.present & directory != 0 && !person.managed
        });
        let customers = self.people.iter_mut().filter(|customer| customer.site == site);
        for customer in customers.skip(2).step_by(FORMERLY_PORTAL) {
            let Some(user) = users.nth(1) else { return };
            customer.name = user.texts.name().to_owned();
            customer.email = user.texts.email().to_owned();
        }
    }

    pub(crate) fn add_made_up(&mut self, site: usize, number: usize, rng: &mut fastrand::Rng) -> String {
        let culture = rng.choice(CULTURES);
        let given = culture.and_then(|culture| rng.choice(culture.given)).copied().unwrap_or(("Alex", "alex"));
        let family = culture.and_then(|culture| rng.choice(culture.family)).copied().unwrap_or(("Doe", "doe"));
        let domain = rng.choice(OUTSIDE_DOMAINS).copied().unwrap_or("mail.test");
        let account_id = format!("qm:{}:{}", uuid(rng), uuid(rng));
        let hidden = hash_of(&account_id).is_multiple_of(17);
        self.people.push(Customer {
            account_id: account_id.clone(),
            hidden,
            name: format!("{} {}", given.0, family.0),
            email: format!("{}.{}.{site}.{number}@{domain}", given.1, family.1),
            active: rng.u32(0..100) < 95,
            site,
        });
        account_id
    }

    fn apply(&mut self, change: &Change) {
        let lists = |id: u32, desks: &mut Vec<Desk>, firms: &mut Vec<Firm>, edit: &dyn Fn(&mut Vec<String>)| {
            for desk in desks.iter_mut().filter(|desk| desk.id == id) {
                edit(&mut desk.customers);
            }
            for firm in firms.iter_mut().filter(|firm| firm.id == id) {
                edit(&mut firm.members);
            }
        };
        match change {
            Change::Create(customer) => self.people.push(customer.clone()),
            Change::Deactivate { account } => {
                for customer in self.people.iter_mut().filter(|customer| customer.account_id == *account) {
                    customer.active = false;
                }
            }
            Change::Rewrite(customer) => {
                for known in self.people.iter_mut().filter(|known| known.account_id == customer.account_id) {
                    known.clone_from(customer);
                }
            }
            Change::Delete { account } => {
                self.people.retain(|customer| customer.account_id != *account);
                self.desks.iter_mut().for_each(|desk| desk.customers.retain(|member| member != account));
                self.firms.iter_mut().for_each(|firm| firm.members.retain(|member| member != account));
            }
            // Desks and organizations are numbered together, so that one number names one of them.
            Change::JoinDesk { desk: id, account } | Change::JoinFirm { firm: id, account } => {
                lists(*id, &mut self.desks, &mut self.firms, &|members| members.push(account.clone()));
            }
            Change::LeaveDesk { desk: id, account } | Change::LeaveFirm { firm: id, account } => {
                lists(*id, &mut self.desks, &mut self.firms, &|members| members.retain(|member| member != account));
            }
            Change::CreateFirm(firm) => self.firms.push(firm.clone()),
            Change::DeleteFirm { firm: id } => {
                self.firms.retain(|firm| firm.id != *id);
                for desk in &mut self.desks {
                    desk.firms.retain(|firm| firm != id);
                }
            }
            Change::LinkFirm { desk: id, firm } => {
                for desk in self.desks.iter_mut().filter(|desk| desk.id == *id) {
                    desk.firms.push(*firm);
                }
            }
            Change::UnlinkFirm { desk: id, firm } => {
                for desk in self.desks.iter_mut().filter(|desk| desk.id == *id) {
                    desk.firms.retain(|known| known != firm);
                }
            }
        }
    }

    /// The number of the desk or organization that is made next.
    pub(crate) fn next_id(&self) -> u32 {
        let numbers = self.desks.iter().map(|desk| desk.id).chain(self.firms.iter().map(|firm| firm.id));
        numbers.max().unwrap_or(0) + 1
    }

    pub(crate) fn find(&self, site: usize, account_id: &str) -> Option<&Customer> {
        self.on_site(site).find(|customer| customer.account_id == account_id)
    }

    pub(crate) fn find_email(&self, site: usize, email: &str) -> Option<&Customer> {
        self.on_site(site).find(|customer| customer.email.eq_ignore_ascii_case(email))
    }

    pub(crate) fn on_site(&self, site: usize) -> impl Iterator<Item = &Customer> {
        self.people.iter().filter(move |customer| customer.site == site)
    }
}

impl Organization {
    /// The portal-only customers of every site.
    pub fn customers(&self) -> &[Customer] {
        &self.customers.people
    }

    /// Changes customers; a new one is written into the audit log.
    pub(crate) fn change_customers(&mut self, change: &Change) {
        self.customers.apply(change);
        if let Change::Create(customer) = change {
            self.note("customer_created", &[("users", &customer.account_id)]);
        }
    }

    /// The id of a customer that is about to be made.
    pub(crate) fn new_customer_id(&self, email: &str, now: Timestamp) -> String {
        let seed = self.seal ^ hash_of(email) ^ now.as_millisecond().unsigned_abs();
        let mut rng = fastrand::Rng::with_seed(seed);
        format!("qm:{}:{}", uuid(&mut rng), uuid(&mut rng))
    }
}
