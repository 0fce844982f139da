//! What happens to customers of service desks beside what the APIs of sites can do: they come through the portal, change
//! their names and addresses, hide them, and go.

use crate::customers::{Change, Customer, Firm};
use crate::key::uuid;
use crate::organization::{Organization, hash_of};
use crate::resource::App;
use crate::verbs::ChangeError;

/// What sites show of somebody whose account was deleted.
const FORMER_USER: &str = "Former user";

impl Organization {
    /// The numbers of the sites that have service desks.
    pub fn sites_with_desks(&self) -> Vec<usize> {
        let mut sites: Vec<usize> = self.customers.desks.iter().map(|desk| desk.site).collect();
        sites.dedup();
        sites
    }

    /// Somebody writes to the first service desk of a site for the first time. Gives the account id; none when the site
    /// has no service desk.
    pub fn add_customer(&mut self, site: usize, name: &str, email: &str) -> Option<String> {
        let desk = self.customers.desks.iter().find(|desk| desk.site == site)?.id;
        let mut rng = fastrand::Rng::with_seed(hash_of(email) ^ hash_of(name) ^ self.customers.people.len() as u64);
        let account_id = format!("qm:{}:{}", uuid(&mut rng), uuid(&mut rng));
        self.change_customers(&Change::Create(Customer {
            account_id: account_id.clone(),
            name: name.to_owned(),
            email: email.to_owned(),
            active: true,
            hidden: false,
            site,
        }));
        self.change_customers(&Change::JoinDesk { desk, account: account_id.clone() });
        Some(account_id)
    }

    /// Changes a customer's name.
    pub fn rename_customer(&mut self, account_id: &str, name: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |customer| name.clone_into(&mut customer.name))
    }

    /// Changes a customer's address.
    pub fn change_customer_email(&mut self, account_id: &str, email: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |customer| email.clone_into(&mut customer.email))
    }

    /// Lets sites keep a customer's address to themselves.
    pub fn hide_customer_email(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |customer| customer.hidden = true)
    }

    /// Takes a customer's access to the portal.
    pub fn deactivate_customer(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |customer| customer.active = false)
    }

    /// Deletes a customer's account: sites show a former user, without an address.
    pub fn anonymize_customer(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |customer| {
            FORMER_USER.clone_into(&mut customer.name);
            customer.email.clear();
            customer.active = false;
        })
    }

    /// Deletes a customer's account: sites know nobody of its id any more.
    pub fn delete_customer(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.rewrite(account_id, |_| ())?;
        self.change_customers(&Change::Delete { account: account_id.to_owned() });
        Ok(())
    }

    /// Makes an organization of customers on a site. Gives its number.
    pub fn add_customer_organization(&mut self, site: usize, name: &str) -> u32 {
        let id = self.customers.next_id();
        self.change_customers(&Change::CreateFirm(Firm { id, site, name: name.to_owned(), members: Vec::new() }));
        id
    }

    /// The organizations of customers: number, site, name.
    pub fn customer_organizations(&self) -> Vec<(u32, usize, String)> {
        self.customers.firms.iter().map(|firm| (firm.id, firm.site, firm.name.clone())).collect()
    }

    /// The account ids of an organization's customers.
    pub fn customers_of_organization(&self, number: u32) -> Vec<String> {
        let found = self.customers.firms.iter().find(|firm| firm.id == number);
        found.map(|firm| firm.members.clone()).unwrap_or_default()
    }

    /// Puts a customer into an organization.
    pub fn join_customer_organization(&mut self, number: u32, account_id: &str) {
        self.change_customers(&Change::JoinFirm { firm: number, account: account_id.to_owned() });
    }

    /// Takes a customer out of an organization.
    pub fn leave_customer_organization(&mut self, number: u32, account_id: &str) {
        self.change_customers(&Change::LeaveFirm { firm: number, account: account_id.to_owned() });
    }

    /// Deletes an organization of customers; its customers stay.
    pub fn delete_customer_organization(&mut self, number: u32) {
        self.change_customers(&Change::DeleteFirm { firm: number });
    }

    /// A day of the customers: some come, and now and then one changes or goes.
    pub(crate) fn live_with_customers(&mut self, rng: &mut fastrand::Rng) {
        let sites: Vec<usize> = (self.resources.iter())
            .filter(|resource| resource.app == App::ServiceManagement)
            .map(|resource| resource.site)
            .collect();
        for site in sites {
            let count = self.customers.on_site(site).count();
            // About a quarter more in a year.
            if rng.usize(0..1_000) < count.min(1_000) {
                let account = self.customers.add_made_up(site, count + self.customers.people.len(), rng);
                let desk = self.customers.desks.iter().find(|desk| desk.site == site).map(|desk| desk.id);
                if let Some(desk) = desk {
                    self.change_customers(&Change::JoinDesk { desk, account: account.clone() });
                }
                let firms: Vec<u32> =
                    self.customers.firms.iter().filter(|firm| firm.site == site).map(|firm| firm.id).collect();
                if let Some(firm) = rng.choice(&firms).filter(|_| rng.bool()) {
                    self.change_customers(&Change::JoinFirm { firm: *firm, account });
                }
            }
            let Some(somebody) = self.customers.on_site(site).nth(rng.usize(0..count.max(1))).cloned() else {
                continue;
            };
            let account = somebody.account_id;
            // Whoever was chosen is there.
            let _ = match rng.u32(0..100) {
                0..4 => self.rename_customer(&account, &format!("{} ({site})", somebody.name)),
                4..7 => self.change_customer_email(&account, &format!("new.{}", somebody.email)),
                7..9 => self.deactivate_customer(&account),
                9 => self.anonymize_customer(&account),
                10 => self.delete_customer(&account),
                _ => Ok(()),
            };
        }
    }

    fn rewrite(&mut self, account_id: &str, change: impl FnOnce(&mut Customer)) -> Result<(), ChangeError> {
        let known = self.customers.people.iter().find(|customer| customer.account_id == account_id);
        let mut customer = known.cloned().ok_or_else(|| ChangeError::UnknownAccount(account_id.to_owned()))?;
        change(&mut customer);
        self.change_customers(&Change::Rewrite(customer));
        Ok(())
    }
}
