//! What sites list: nobody is gone but by the end of a reading, and only off lists that it read to their end.

use rollcall::nouns::site_account::{SiteAccount, SiteAccountKind};
use rollcall::nouns::site_reading::{PartState, Parts, ReadingCounts, ReadingState};
use rollcall::store::db::Store;
use rollcall::store::site_accounts::{self, CustomersOf, OfReading, SeenAccount};
use rollcall::store::site_readings::{self, Held, ListState, Outcome, SiteList};

use super::{at, on_both, write};

const COMPLETE: Parts =
    Parts { users: PartState::Complete, desks: PartState::Complete, organizations: PartState::Complete };

fn of(number: u64) -> OfReading {
    OfReading { site: "north".to_owned(), number, at: at(number as i64) }
}

fn seen(account_id: &str, email: Option<&str>) -> SeenAccount {
    let kind = match SiteAccountKind::of_id(account_id) {
        SiteAccountKind::Unknown => SiteAccountKind::Atlassian,
        kind => kind,
    };
    let name = format!("{account_id} Example");
    SeenAccount { account_id: account_id.to_owned(), kind, name, email: email.map(str::to_owned), active: true }
}

fn users(store: &Store, number: u64, users: Vec<SeenAccount>) {
    write(store, move |tx| site_accounts::put_users(tx, &of(number), &users));
}

fn customers(store: &Store, number: u64, list: CustomersOf, customers: Vec<SeenAccount>) {
    write(store, move |tx| site_accounts::put_customers(tx, &of(number), &list, &customers));
}

fn end(store: &Store, number: u64, parts: Parts) -> u64 {
    store.write_blocking(move |tx| site_accounts::end(tx, &of(number), &parts)).unwrap()
}

fn all(store: &Store) -> Vec<SiteAccount> {
    store.read_blocking(site_accounts::all).unwrap()
}

fn there(store: &Store) -> Vec<String> {
    all(store).into_iter().filter(|account| account.gone_at.is_none()).map(|account| account.account_id).collect()
}

fn missing(store: &Store, number: u64, parts: Parts) -> Vec<String> {
    store.read_blocking(move |tx| site_accounts::missing(tx, &of(number), &parts, ("", 1000))).unwrap()
}

#[test]
fn a_part_that_was_not_read_to_its_end_takes_nobody_away() {
    on_both(|store| {
        users(store, 1, vec![seen("a", Some("a@x.test")), seen("b", None)]);
        customers(store, 1, CustomersOf::ServiceDesk, vec![seen("qm:c", Some("c@y.test")), seen("b", None)]);
        assert_eq!(end(store, 1, COMPLETE), 0);
        // The second reading finds nobody. Nothing of it counts while it is under way, nor where it broke off.
        let partial = Parts { users: PartState::Partial, ..COMPLETE };
        assert_eq!(missing(store, 2, partial), ["qm:c"]);
        assert_eq!(end(store, 2, Parts::default()), 0);
        assert_eq!(there(store), ["a", "b", "qm:c"]);
        assert_eq!(end(store, 2, partial), 1);
        let left = all(store);
        assert_eq!(there(store), ["a", "b"]);
        assert!(!left[1].listed.desks && left[1].listed.users && left[1].is_jira_user() && !left[1].is_customer());
        assert_eq!((left[2].gone_at, left[2].email.as_deref()), (Some(at(2)), Some("c@y.test")));
        // Whom the site still knows by id stays; whoever comes back is there again, first seen when first seen.
        assert_eq!(missing(store, 3, COMPLETE), ["a", "b"]);
        users(store, 3, vec![seen("a", Some("a@x.test"))]);
        write(store, |tx| site_accounts::put_gone(tx, &of(3), "nobody"));
        assert_eq!(end(store, 3, COMPLETE), 1);
        assert_eq!(there(store), ["a"]);
        customers(store, 4, CustomersOf::ServiceDesk, vec![seen("qm:c", Some("c@y.test"))]);
        assert_eq!(there(store), ["a", "qm:c"]);
        assert_eq!(all(store)[2].first_seen_at, at(1));
    });
}

#[test]
fn jiras_word_on_somebody_stands_but_an_address_it_hides_is_taken_from_the_desk() {
    on_both(|store| {
        users(store, 1, vec![seen("a", None), seen("b", Some("b@x.test"))]);
        let named = |id: &str, name: &str, email: &str| SeenAccount {
            name: name.to_owned(),
            active: false,
            ..seen(id, Some(email))
        };
        let at_desk = vec![
            named("a", "A. at the desk", "a@x.test"),
            named("b", "B. at the desk", "other@x.test"),
            named("qm:c", "C", "c@y.test"),
        ];
        customers(store, 1, CustomersOf::ServiceDesk, at_desk.clone());
        let told = |store: &Store| -> Vec<(String, Option<String>, bool)> {
            all(store).into_iter().map(|of| (of.name, of.email, of.active)).collect()
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told(store),
            [
                ("a Example".to_owned(), text("a@x.test"), true),
                ("b Example".to_owned(), text("b@x.test"), true),
                ("C".to_owned(), text("c@y.test"), false),
            ]
        );
        // When Jira's list could not be read, the desk's word counts.
        customers(store, 2, CustomersOf::ServiceDesk, at_desk);
        assert_eq!(told(store)[1], ("B. at the desk".to_owned(), text("other@x.test"), false));
    });
}

#[test]
fn organizations_keep_their_members_until_a_whole_list_of_them_says_otherwise() {
    on_both(|store| {
        let into = |organization: &str| CustomersOf::Organization(organization.to_owned());
        let found = |ids: &[&str]| -> Vec<(String, String)> {
            ids.iter().map(|id| ((*id).to_owned(), format!("Firm {id}"))).collect()
        };
        let first = found(&["7", "8"]);
        write(store, move |tx| site_accounts::put_organizations(tx, &of(1), &first));
        customers(store, 1, into("7"), vec![seen("qm:a", None), seen("qm:b", None)]);
        customers(store, 1, into("8"), vec![seen("qm:a", None)]);
        end(store, 1, COMPLETE);
        let of_first = |store: &Store| all(store)[0].organizations.clone();
        assert_eq!(of_first(store), ["7", "8"]);
        assert_eq!(store.read_blocking(|tx| site_accounts::count(tx, "north")).unwrap(), (0, 2, 2));

        // The second reading finds the first organization alone, and in it only one of both.
        let second = found(&["7"]);
        write(store, move |tx| site_accounts::put_organizations(tx, &of(2), &second));
        customers(store, 2, into("7"), vec![seen("qm:a", None)]);
        assert_eq!(of_first(store), ["7", "8"]);
        write(store, |tx| site_accounts::end_members(tx, &of(2), "7"));
        assert_eq!(all(store)[1].organizations, [] as [&str; 0]);
        assert_eq!(end(store, 2, COMPLETE), 1);
        assert_eq!(of_first(store), ["7"]);
        let organizations = store.read_blocking(site_accounts::organizations).unwrap();
        assert_eq!(organizations.iter().map(|of| of.gone_at).collect::<Vec<_>>(), [None, Some(at(2))]);
        let same = store.read_blocking(|tx| site_accounts::of_account(tx, "qm:a")).unwrap();
        assert_eq!(same, all(store)[..1]);
    });
}

#[test]
fn a_former_user_is_gone_with_the_name_they_had() {
    on_both(|store| {
        users(store, 1, vec![seen("a", Some("a@x.test"))]);
        let former = |id: &str| SeenAccount { name: "Former user".to_owned(), active: false, ..seen(id, None) };
        let both = vec![former("a"), former("b")];
        assert_eq!(store.write_blocking(move |tx| site_accounts::put_former(tx, &of(2), &both)).unwrap(), 1);
        let told = all(store);
        assert_eq!(
            told.iter().map(|of| (of.name.as_str(), of.gone_at)).collect::<Vec<_>>(),
            [("a Example", Some(at(2))), ("Former user", Some(at(2))),]
        );
    });
}

#[test]
fn a_reading_that_was_cut_off_goes_on_and_its_former_holder_may_write_no_more() {
    on_both(|store| {
        let take = |now: i64, since: i64| -> Held {
            let taken = move |tx: &mut _| site_readings::take_up(tx, "north", (None, "somebody"), (at(now), at(since)));
            store.write_blocking(taken).unwrap()
        };
        let holds = |held: &Held| {
            let held = held.clone();
            store.read_blocking(move |tx| site_readings::is_held(tx, &held)).unwrap()
        };
        let first = take(10, 0);
        let list = SiteList {
            name: "users".to_owned(),
            state: ListState::Walking,
            next_start: 1000,
            found: 1000,
            reason: None,
        };
        let kept = list.clone();
        write(store, move |tx| site_readings::put_list(tx, "north", &kept));
        let second = take(20, 5);
        assert_eq!((second.number, second.begun_at, holds(&first), holds(&second)), (1, at(10), false, true));
        assert_eq!(store.read_blocking(|tx| site_readings::lists(tx, "north")).unwrap(), [list]);
        // One that began too long ago is given up.
        let third = take(30, 25);
        assert_eq!((third.number, holds(&second), holds(&third)), (2, false, true));
        assert_eq!(store.read_blocking(|tx| site_readings::lists(tx, "north")).unwrap(), []);

        let parts = Parts { organizations: PartState::Partial, ..COMPLETE };
        let counts = ReadingCounts { users: 5, customers: 3, organizations: 2, gone: 1, unreadable: 0 };
        let outcome = Outcome { parts, counts, reason: Some("It broke off.".to_owned()) };
        write(store, move |tx| {
            site_readings::count_up(tx, &third, (12, 4))?;
            site_readings::end(tx, &third, &outcome, at(40))
        });
        let latest = store.read_blocking(site_readings::latest).unwrap().remove(0);
        assert_eq!((latest.state, latest.parts, latest.requests), (ReadingState::Partial, parts, 12));
        assert_eq!(latest.counts, ReadingCounts { unreadable: 4, ..counts });
        let states: Vec<ReadingState> = store
            .read_blocking(|tx| site_readings::of_site(tx, "north", 10))
            .unwrap()
            .into_iter()
            .map(|reading| reading.state)
            .collect();
        assert_eq!(states, [ReadingState::Partial, ReadingState::Abandoned]);
        let coverage = store.read_blocking(site_readings::coverage).unwrap().remove(0);
        assert_eq!((coverage.users, coverage.organizations, coverage.customers()), (Some(at(40)), None, None));
    });
}
