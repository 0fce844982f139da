//! A world of accounts and contacts that changes at random, and the state that plans are applied to. It decides nothing
//! about who is linked to whom.

use contact::sync::{Identity, Known, LinkState, Person, Plan, Skip};
use proptest::prelude::*;

/// An account at Atlassian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) user: bool,
    pub(crate) customer: bool,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) gone: bool,
    pub(crate) read: bool,
    pub(crate) barred: Option<Skip>,
}

/// What is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) contacts: Vec<Known>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) last: u32,
    pub(crate) now: i64,
    pub(crate) on: bool,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Come { user: bool, customer: bool, email: usize },
    Rename(usize, u8),
    Readdress(usize, Option<usize>),
    Gone(usize),
    Suspend(usize),
    Unread(usize),
    Bar(usize, Option<Skip>),
    Make { email: Option<usize> },
    Edit { contact: usize, email: usize },
    Delete(usize),
    Merge { into: usize, other: usize },
    Switch(bool),
    Sync,
}

/// Few addresses, some of them the same in another form.
const ADDRESSES: [&str; 8] = [
    "ada@acme.test",
    "ADA@Acme.test ",
    "bo@acme.test",
    "info@b\u{fc}cher.test",
    "info@xn--bcher-kva.test",
    "cy+x@acme.test",
    "cy@acme.test",
    "di@acme.test",
];

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let email = 0..ADDRESSES.len();
    let some = prop::option::weighted(0.8, 0..ADDRESSES.len());
    let one = 0_usize..12;
    let skip = prop::option::of(prop::sample::select(Skip::ALL));
    prop_oneof![
        4 => (any::<(bool, bool)>(), email.clone()).prop_map(|((user, both), email)| {
            Step::Come { user, customer: !user || both, email }
        }),
        1 => (one.clone(), any::<u8>()).prop_map(|(who, name)| Step::Rename(who, name % 4)),
        3 => (one.clone(), some.clone()).prop_map(|(who, email)| Step::Readdress(who, email)),
        1 => one.clone().prop_map(Step::Gone),
        1 => one.clone().prop_map(Step::Suspend),
        1 => one.clone().prop_map(Step::Unread),
        1 => (one.clone(), skip).prop_map(|(who, why)| Step::Bar(who, why)),
        3 => some.prop_map(|email| Step::Make { email }),
        1 => (one.clone(), email).prop_map(|(contact, email)| Step::Edit { contact, email }),
        1 => one.clone().prop_map(Step::Delete),
        1 => (one.clone(), one).prop_map(|(into, other)| Step::Merge { into, other }),
        2 => any::<bool>().prop_map(Step::Switch),
        6 => Just(Step::Sync),
    ]
}

pub(crate) fn people(accounts: &[Account]) -> Vec<Person<'_>> {
    let read = accounts.iter().filter(|account| account.read);
    read.map(|account| Person {
        account: &account.id,
        user: account.user,
        customer: account.customer,
        name: &account.name,
        email: account.email.as_deref(),
        status: account.status,
        gone: account.gone,
        barred: account.barred,
    })
    .collect()
}

/// Changes the world by everything but a sync.
pub(crate) fn happen(step: &Step, accounts: &mut Vec<Account>, state: &mut State) {
    let known = accounts.len().max(1);
    let account = |place: usize| place % known;
    match step {
        Step::Come { user, customer, email } => accounts.push(Account {
            id: format!("acc-{:02}", (accounts.len() * 7) % 100),
            user: *user,
            customer: *customer,
            name: "N0".to_owned(),
            email: Some(ADDRESSES[*email].to_owned()),
            status: "active",
            gone: false,
            read: true,
            barred: None,
        }),
        Step::Make { email } => {
            state.last += 1;
            let email = email.map(|email| ADDRESSES[email].trim().to_owned());
            state.contacts.push(Known { number: state.last, name: "Hand".to_owned(), email, mark: None });
        }
        Step::Edit { contact, email } => {
            let regular: Vec<usize> = regular(state);
            if let Some(place) = regular.get(contact % regular.len().max(1)) {
                state.contacts[*place].email = Some(ADDRESSES[*email].trim().to_owned());
            }
        }
        Step::Delete(contact) => {
            let regular: Vec<usize> = regular(state);
            if let Some(place) = regular.get(contact % regular.len().max(1)) {
                let gone = state.contacts.remove(*place);
                state.identities.retain(|identity| identity.contact != gone.number);
            }
        }
        Step::Merge { into, other } => merge(state, *into, *other),
        Step::Switch(on) => {
            state.on = *on;
            if !on {
                for identity in &mut state.identities {
                    if identity.state == LinkState::Linked {
                        identity.state = LinkState::Former;
                    }
                }
                for contact in &mut state.contacts {
                    contact.mark = None;
                }
            }
        }
        Step::Sync => {}
        _ if accounts.is_empty() => {}
        Step::Rename(who, name) => accounts[account(*who)].name = format!("N{name}"),
        Step::Readdress(who, email) => {
            accounts[account(*who)].email = email.map(|email| ADDRESSES[email].to_owned());
        }
        Step::Gone(who) => accounts[account(*who)].gone ^= true,
        Step::Suspend(who) => accounts[account(*who)].status = "suspended",
        Step::Unread(who) => accounts[account(*who)].read ^= true,
        Step::Bar(who, why) => accounts[account(*who)].barred = *why,
    }
}

fn regular(state: &State) -> Vec<usize> {
    (0..state.contacts.len()).filter(|place| state.contacts[*place].mark.is_none()).collect()
}

fn merge(state: &mut State, into: usize, other: usize) {
    let count = state.contacts.len().max(1);
    let (into, other) = (into % count, other % count);
    if into == other || state.contacts.is_empty() {
        return;
    }
    let (kept, gone) = (state.contacts[into].number, state.contacts[other].number);
    for identity in state.identities.iter_mut().filter(|identity| identity.contact == gone) {
        identity.contact = kept;
    }
    if let Some(mark) = state.contacts[other].mark.clone() {
        state.contacts[into].mark.get_or_insert(mark);
    }
    state.contacts.remove(other);
}

/// Writes what a plan says.
pub(crate) fn apply(state: &mut State, people: &[Person<'_>], plan: &Plan) {
    state.now += 1;
    let now = state.now;
    let identity = |person: &Person<'_>, contact: u32, since: i64| Identity {
        account: person.account.to_owned(),
        contact,
        state: LinkState::Linked,
        user: person.user,
        customer: person.customer,
        name: person.name.to_owned(),
        email: person.email.map(str::to_owned),
        status: person.status.to_owned(),
        since,
    };
    for unlink in &plan.unlinks {
        let of = state.identities.iter_mut().find(|identity| identity.account == unlink.account).unwrap();
        of.state = match unlink.why {
            contact::sync::Ended::Gone => LinkState::Gone,
            contact::sync::Ended::LeftOut => LinkState::Former,
        };
    }
    let put = |state: &mut State, person: &Person<'_>, contact: u32| {
        let known = state.identities.iter().position(|known| known.account == person.account);
        match known {
            Some(place) => {
                let since = match state.identities[place].contact == contact {
                    true => state.identities[place].since,
                    false => now,
                };
                state.identities[place] = identity(person, contact, since);
            }
            None => state.identities.push(identity(person, contact, now)),
        }
    };
    for place in &plan.refreshed {
        let person = &people[*place];
        let contact = state.identities.iter().find(|known| known.account == person.account).unwrap().contact;
        put(state, person, contact);
    }
    for link in &plan.links {
        put(state, &people[link.person], link.contact);
    }
    for create in &plan.creates {
        state.last += 1;
        let number = state.last;
        let leader = &people[create.people[0]];
        state.contacts.push(Known {
            number,
            name: leader.name.to_owned(),
            email: leader.email.map(str::to_owned),
            mark: Some(create.mark.clone()),
        });
        for place in &create.people {
            put(state, &people[*place], number);
        }
    }
    for change in &plan.changes {
        let of = state.contacts.iter_mut().find(|known| known.number == change.contact).unwrap();
        (of.name, of.email, of.mark) = (change.name.clone(), change.email.clone(), change.mark.clone());
    }
}
