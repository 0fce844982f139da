//! What one page of a site says, in our own words: accounts, former users, service desks, organizations.

use atlassian::object::Records;
use atlassian::offset_page::OffsetPage;
use atlassian::service_desks::Customer;
use atlassian::site_users::{SiteAccountType, SiteUser};

use crate::nouns::site_account::SiteAccountKind;
use crate::store::site_accounts::SeenAccount;

/// Longer texts of a site are cut: nobody is called like that.
const LONGEST: usize = 500;

/// A page of any list.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Accounts.
    pub(super) accounts: Vec<SeenAccount>,
    /// Accounts that were deleted.
    pub(super) former: Vec<SeenAccount>,
    /// Ids of service desks, or of organizations of customers with their names.
    pub(super) named: Vec<(String, String)>,
    /// Records that it had.
    pub(super) records: u32,
    /// Those of them that could not be read.
    pub(super) unreadable: u32,
    /// Where the next page begins; none after the last.
    pub(super) next: Option<u32>,
}

/// Accounts by whether they are there.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) accounts: Vec<SeenAccount>,
    pub(super) former: Vec<SeenAccount>,
}

/// Users by whether they are there.
pub(super) fn sorted(users: impl Iterator<Item = SiteUser>) -> Sorted {
    let mut sorted = Sorted::default();
    for user in users.filter(|user| !user.account_id.is_empty()) {
        let is_former = user.is_former();
        let kind = match &user.account_type {
            Some(SiteAccountType::Atlassian) => SiteAccountKind::Atlassian,
            Some(SiteAccountType::App) => SiteAccountKind::App,
            Some(SiteAccountType::Customer) => SiteAccountKind::Customer,
            _ => SiteAccountKind::of_id(&user.account_id),
        };
        let seen = account(user.account_id, kind, (user.display_name, user.email_address, user.active));
        if is_former { sorted.former.push(seen) } else { sorted.accounts.push(seen) }
    }
    sorted
}

impl Page {
    /// A page of Jira's users that began at `start`. The list has no total: an empty page is its end.
    pub(super) fn of_users(users: Records<SiteUser>, start: u32) -> Page {
        let records = users.len();
        let Sorted { accounts, former } = sorted(users.records.into_iter());
        let next = (records > 0).then(|| start.saturating_add(records));
        Page { accounts, former, records, unreadable: users.unreadable, next, ..Page::default() }
    }

    /// A page of customers that began at `start`. Who is at a desk is at times an employee; what a list does not say of
    /// them is taken from their id.
    pub(super) fn of_customers(page: OffsetPage<Customer>, start: u32) -> Page {
        let next = page.next(start);
        let (records, unreadable) = (page.values.len(), page.values.unreadable);
        let (mut accounts, mut former) = (Vec::new(), Vec::new());
        for customer in page.values.records.into_iter().filter(|customer| !customer.account_id.is_empty()) {
            let is_former = customer.is_former();
            let kind = SiteAccountKind::of_id(&customer.account_id);
            let seen =
                account(customer.account_id, kind, (customer.display_name, customer.email_address, customer.active));
            if is_former { former.push(seen) } else { accounts.push(seen) }
        }
        Page { accounts, former, records, unreadable, next, ..Page::default() }
    }

    /// A page of service desks or organizations that began at `start`, each with its id and its name.
    pub(super) fn of_named<T>(page: OffsetPage<T>, start: u32, read: impl Fn(T) -> (String, Option<String>)) -> Page {
        let next = page.next(start);
        let (records, unreadable) = (page.values.len(), page.values.unreadable);
        let named = page.values.records.into_iter().map(read).filter(|(id, _)| !id.is_empty());
        let named = named.map(|(id, name)| {
            let name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| id.clone());
            (id, cut(name))
        });
        Page { named: named.collect(), records, unreadable, next, ..Page::default() }
    }
}

fn account(
    account_id: String,
    kind: SiteAccountKind,
    (name, email, active): (Option<String>, Option<String>, Option<bool>),
) -> SeenAccount {
    let name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| account_id.clone());
    let email = email.map(|email| email.trim().to_owned()).filter(|email| !email.is_empty());
    SeenAccount { account_id, kind, name: cut(name), email: email.map(cut), active: active.unwrap_or(true) }
}

fn cut(text: String) -> String {
    // A text with a zero byte is refused by one of the engines.
    let text = if text.contains('\0') { text.replace('\0', "") } else { text };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}
