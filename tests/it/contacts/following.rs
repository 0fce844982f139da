//! Contacts follow accounts: faults E1 to E6 of the matrix, and what holds besides.

use atlassian::config::Limits;
use contact::field::Entity;
use contact::sync::{ConflictKind, LinkState};
use rollcall::contacts::keep::{self, Edit};
use rollcall::contacts::scope::Scope;
use rollcall::contacts::trouble::NotDone;
use rollcall::contacts::{merge, notes, relate, syncing, worker};
use rollcall::nouns::contact_run::{ContactRunKind, ContactRunState};
use rollcall::store::jobs;
use rollcall::sync::customers::{AccountsRead, read_accounts, read_customers};
use simulator::{Fault, FaultKind, NewUser};

use super::{
    app, conflicts, context, eligible, enter_token, found, make, newest, of_account, settle, switch_off, switch_on,
    whole,
};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn switched_on_everybody_who_may_is_a_contact_once_and_the_preview_said_so() {
    for engine in ENGINES {
        let app = app(engine, 60, 5).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let may = eligible(&app);
        assert!(may.len() > 20, "{}", may.len());
        let (account, email) = may.iter().next().map(|(account, email)| (account.clone(), email.clone())).unwrap();
        let by_hand = make(&app, Entity::Contact, "By hand", &email.to_uppercase()).await;
        // Off by default, and a look at what would be changes nothing.
        settle(&app).await;
        let outlook = syncing::outlook(mirror, None).await.unwrap();
        assert_eq!((outlook.counts.creates, outlook.counts.links), (may.len() as u64 - 1, 1));
        assert_eq!(outlook.links[0].1.id, by_hand.id);
        assert!(outlook.counts.skipped.iter().map(|(_, count)| count).sum::<u64>() > 0, "apps and hidden addresses");
        assert_eq!(found(&app, Entity::Contact, "").await.len(), 1);

        switch_on(&app).await;
        let run = newest(&app).await;
        assert_eq!((run.kind, run.state), (ContactRunKind::Follow, ContactRunState::Complete), "{run:?}");
        assert_eq!((run.counts.created, run.counts.linked, run.done), (may.len() as u64 - 1, 1, run.total), "{run:?}");
        assert_eq!(found(&app, Entity::Contact, "tag = \"Jira User\"").await.len(), may.len());
        let linked = whole(&app, &by_hand).await;
        assert_eq!(linked.identities[0].account, account);
        assert_ne!(linked.record.name, "By hand", "the name follows the user");
        assert!(conflicts(&app).await.is_empty());

        // Name and address are the user's; everything else is ours; and the contact cannot be deleted.
        let change =
            async |edit: Edit| keep::change(&context(&app), mirror, (by_hand.id.as_str(), edit), entropy).await;
        let rename = Edit { name: Some("Other".to_owned()), ..Edit::default() };
        assert!(matches!(change(rename).await, Err(NotDone::Follows)));
        let tag = Edit { tags: Some(vec!["vip".to_owned()]), ..Edit::default() };
        assert_eq!(change(tag).await.unwrap().tags, ["vip"]);
        let refused = keep::delete(&context(&app), mirror, by_hand.id.as_str(), entropy).await;
        let Err(why @ NotDone::Kept) = refused else { panic!("{refused:?}") };
        assert!(why.refusal("It was not deleted.").next.contains("switch Jira User Syncing off"));

        // Again changes nothing, and leaves no run behind by itself.
        let runs = newest(&app).await.number;
        settle(&app).await;
        assert_eq!(newest(&app).await.number, runs);
        syncing::run_now(&context(&app), mirror, entropy).await.unwrap();
        settle(&app).await;
        let again = newest(&app).await;
        assert_eq!((again.counts.created, again.counts.linked, again.counts.changed), (0, 0, 0), "{again:?}");
        assert_eq!(again.counts.unchanged, may.len() as u64);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e1_a_contact_follows_the_users_name_and_address_and_keeps_what_was() {
    for engine in ENGINES {
        let app = app(engine, 30, 8).await;
        switch_on(&app).await;
        let (account, email) = eligible(&app).into_iter().next().unwrap();
        let before = of_account(&app, &account).await.unwrap().record;
        app.simulator.change(|organization| {
            organization.rename(&account, "Renata Renamed").unwrap();
            organization.change_email(&account, "renata@renamed.test").unwrap();
        });
        app.sync().await.unwrap();
        settle(&app).await;
        let after = of_account(&app, &account).await.unwrap();
        assert_eq!(after.record.id, before.id, "the link is by account id");
        assert_eq!(
            (after.record.name.as_str(), after.record.email.as_deref()),
            ("Renata Renamed", Some("renata@renamed.test"))
        );
        let told = after.history.iter().find(|event| event.kind == "followed").unwrap();
        assert!(told.told.contains(&email) && told.run.is_some(), "{told:?}");

        // Whoever has the old address by now is somebody else.
        let other = eligible(&app).into_keys().find(|other| *other != account).unwrap();
        app.simulator.change(|organization| organization.change_email(&other, &email).unwrap());
        app.sync().await.unwrap();
        settle(&app).await;
        assert_eq!(of_account(&app, &account).await.unwrap().record.id, before.id);
        assert_ne!(of_account(&app, &other).await.unwrap().record.id, before.id);
        assert!(conflicts(&app).await.is_empty());
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e2_a_deleted_users_contact_becomes_regular_and_keeps_everything() {
    for engine in ENGINES {
        let app = app(engine, 30, 9).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        switch_on(&app).await;
        let snapshot = app.now();
        let external = |account: &String| {
            let row = snapshot.account(account).and_then(|ordinal| snapshot.account_row(ordinal)).unwrap();
            row.claimed == Some(&directory::Claimed::Unmanaged)
        };
        // A managed account that leaves the directory is still the organization's.
        let gone = eligible(&app).into_keys().find(external).unwrap();
        let suspended = eligible(&app).into_keys().find(|account| *account != gone).unwrap();
        let contact = of_account(&app, &gone).await.unwrap().record;
        let tag = Edit { tags: Some(vec!["kept".to_owned()]), ..Edit::default() };
        keep::change(&context(&app), mirror, (contact.id.as_str(), tag), entropy).await.unwrap();
        app.simulator.change(|organization| {
            organization.remove_user(&gone).unwrap();
            organization.suspend(&suspended).unwrap();
        });
        app.sync().await.unwrap();
        settle(&app).await;
        let kept = whole(&app, &contact).await;
        assert_eq!(kept.record.mark, None, "a regular contact");
        assert_eq!((kept.record.name, kept.record.email), (contact.name, contact.email));
        assert_eq!(kept.record.tags, ["kept"]);
        assert_eq!(kept.identities[0].state, LinkState::Gone, "who kept it stays known");
        assert!(kept.history.iter().any(|event| event.kind == "released"));
        assert!(found(&app, Entity::Contact, "tag = \"Jira User\" AND tag = kept").await.is_empty());
        let stays = of_account(&app, &suspended).await.unwrap().record;
        assert_eq!(stays.mark.unwrap().status, "suspended", "linked, with how they stand");
        keep::delete(&context(&app), mirror, contact.id.as_str(), entropy).await.unwrap();
        settle(&app).await;
        assert!(of_account(&app, &gone).await.is_none(), "nobody makes it again");
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e3_an_address_in_another_form_is_linked_once() {
    for engine in ENGINES {
        let app = app(engine, 20, 10).await;
        let mut accounts = eligible(&app).into_keys();
        let (idn, plus) = (accounts.next().unwrap(), accounts.next().unwrap());
        app.simulator.change(|organization| {
            organization.change_email(&idn, "Ines@B\u{fc}cher.test").unwrap();
            organization.change_email(&plus, "bo+tag@acme.test").unwrap();
        });
        app.sync().await.unwrap();
        let same = make(&app, Entity::Contact, "Ines", "ines@XN--BCHER-KVA.test").await;
        let other = make(&app, Entity::Contact, "Bo", "bo@acme.test").await;
        switch_on(&app).await;
        assert_eq!(of_account(&app, &idn).await.unwrap().record.id, same.id);
        assert_ne!(of_account(&app, &plus).await.unwrap().record.id, other.id, "a plus tag is another address");
        assert_eq!(whole(&app, &other).await.record.mark, None);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e4_two_contacts_of_one_address_are_a_conflict_and_none_is_picked() {
    for engine in ENGINES {
        let app = app(engine, 20, 11).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let (account, email) = eligible(&app).into_iter().next().unwrap();
        let first = make(&app, Entity::Contact, "First", &email).await;
        let second = make(&app, Entity::Contact, "Second", &email.to_uppercase()).await;
        switch_on(&app).await;
        let open = conflicts(&app).await;
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].conflict.kind, ConflictKind::SeveralContacts);
        assert_eq!(
            (&open[0].conflict.contacts[..], &open[0].conflict.accounts[..]),
            (&[first.number, second.number][..], &[account.clone()][..])
        );
        assert!(of_account(&app, &account).await.is_none(), "nothing is picked silently");

        // It ends by itself when only one of them has the address.
        let another = Edit { email: Some("other@elsewhere.test".to_owned()), ..Edit::default() };
        keep::change(&context(&app), mirror, (second.id.as_str(), another), entropy).await.unwrap();
        settle(&app).await;
        assert!(conflicts(&app).await.is_empty());
        assert_eq!(of_account(&app, &account).await.unwrap().record.id, first.id);

        // A new address that another contact has: both stay, and it waits for a person.
        let other = eligible(&app).into_keys().find(|other| *other != account).unwrap();
        let before = of_account(&app, &other).await.unwrap().record;
        app.simulator.change(|organization| organization.change_email(&other, "other@elsewhere.test").unwrap());
        app.sync().await.unwrap();
        settle(&app).await;
        let open = conflicts(&app).await;
        assert_eq!((open.len(), open[0].conflict.kind), (1, ConflictKind::AddressTaken), "{open:?}");
        assert_eq!(of_account(&app, &other).await.unwrap().record.id, before.id);
        assert_eq!(whole(&app, &second).await.record.mark, None);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e5_switched_off_while_it_runs_and_on_again_it_converges() {
    for engine in ENGINES {
        let app = app(engine, 40, 12).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        switch_on(&app).await;
        let all = found(&app, Entity::Contact, "").await;
        let names: Vec<(String, Option<String>)> = all.iter().map(|of| (of.name.clone(), of.email.clone())).collect();
        // A worker has begun a run, and before it is done the switch goes off, on, and off.
        syncing::run_now(&context(&app), mirror, entropy).await.unwrap();
        let now = app.clock.now();
        let lease = mirror.store().write(move |tx| jobs::lease_contacts(tx, now)).await.unwrap().unwrap();
        for on in [false, true, false] {
            match on {
                true => syncing::switch_on(&context(&app), mirror, entropy).await.unwrap(),
                false => syncing::switch_off(&context(&app), mirror, entropy).await.unwrap(),
            }
        }
        let holds = mirror.store().read(move |tx| jobs::holds(tx, &lease.fence)).await.unwrap();
        assert!(!holds, "whoever was in the middle of it commits nothing any more");
        settle(&app).await;
        assert!(found(&app, Entity::Contact, "synced = yes").await.is_empty());
        let off = found(&app, Entity::Contact, "").await;
        assert_eq!(
            off.iter().map(|of| (of.name.clone(), of.email.clone())).collect::<Vec<_>>(),
            names,
            "none is removed"
        );
        assert_eq!(newest(&app).await.kind, ContactRunKind::Release);
        assert!(!worker::look(mirror, &app.surroundings).await.unwrap(), "off is off");

        // While it is off, an address changes by hand and an account gets another one.
        let account = eligible(&app).into_keys().next().unwrap();
        let contact = of_account(&app, &account).await.unwrap().record;
        let edit = Edit { name: Some("Ours".to_owned()), email: Some("ours@acme.test".to_owned()), ..Edit::default() };
        keep::change(&context(&app), mirror, (contact.id.as_str(), edit), entropy).await.unwrap();
        app.simulator.change(|organization| organization.change_email(&account, "theirs@acme.test").unwrap());
        app.sync().await.unwrap();
        switch_on(&app).await;
        assert_eq!(found(&app, Entity::Contact, "").await.len(), all.len(), "no duplicate");
        let again = of_account(&app, &account).await.unwrap().record;
        assert_eq!((again.id, again.email.as_deref()), (contact.id, Some("theirs@acme.test")));
        switch_off(&app).await;
        assert_eq!(found(&app, Entity::Contact, "").await.len(), all.len());
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_leaves_people_out_and_lets_them_in_again_by_their_id() {
    for engine in ENGINES {
        let app = app(engine, 40, 13).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        switch_on(&app).await;
        let may = eligible(&app);
        let domain = may.values().next().unwrap().rsplit_once('@').unwrap().1.to_owned();
        let of_domain = may.values().filter(|email| email.ends_with(&domain)).count();
        let scope = Scope { domains_without: [domain.clone()].into(), ..Scope::default() };
        syncing::choose_scope(&context(&app), mirror, scope, entropy).await.unwrap();
        settle(&app).await;
        let run = newest(&app).await;
        assert_eq!(run.counts.released, of_domain as u64, "{run:?}");
        let filter = format!("synced = yes AND domain = {domain}");
        assert!(found(&app, Entity::Contact, &filter).await.is_empty());
        assert_eq!(found(&app, Entity::Contact, "").await.len(), may.len(), "regular, and there");
        syncing::choose_scope(&context(&app), mirror, Scope::default(), entropy).await.unwrap();
        settle(&app).await;
        assert_eq!(found(&app, Entity::Contact, "synced = yes").await.len(), may.len());
        assert_eq!(found(&app, Entity::Contact, "").await.len(), may.len());
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_become_contacts_and_a_customer_who_becomes_a_user_stays_one_contact() {
    for engine in ENGINES {
        let app = app(engine, 30, 14).await;
        let customer = app
            .simulator
            .change(|organization| organization.add_customer(0, "Cora Customer", "cora@portal.test").unwrap());
        let site = enter_token(&app, 0).await;
        read_customers(&context(&app), &app.connector, &app.mirror, &site).await.unwrap();
        switch_on(&app).await;
        let contact = of_account(&app, &customer).await.unwrap();
        assert_eq!(contact.record.name, "Cora Customer");
        let mark = contact.record.mark.clone().unwrap();
        assert!(mark.customer && !mark.user, "{mark:?}");
        let both = found(&app, Entity::Contact, "tag = Customer AND tag = \"Jira User\"").await;
        assert!(both.iter().any(|record| record.id == contact.record.id), "a customer has both tags");

        // Later a Jira user has the same address: two accounts, one contact, and the user leads.
        let user = NewUser { email: "CORA@portal.test".to_owned(), name: "Cora Colleague".to_owned(), directory: None };
        let account = app.simulator.change(|organization| organization.add_user(&user).unwrap());
        grant_jira(&app, &account);
        app.sync().await.unwrap();
        read_customers(&context(&app), &app.connector, &app.mirror, &site).await.unwrap();
        settle(&app).await;
        let one = of_account(&app, &account).await.unwrap();
        assert_eq!((&one.record.id, one.identities.len()), (&contact.record.id, 2));
        assert_eq!(one.record.name, "Cora Colleague");
        assert!(conflicts(&app).await.is_empty());

        // Merging carries accounts, companies, notes and history to the one that stays.
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let by_hand = make(&app, Entity::Contact, "Cora C.", "cora.c@home.test").await;
        let acme = make(&app, Entity::Company, "Acme", "").await;
        relate::link(&context(&app), mirror, (one.record.id.as_str(), acme.id.as_str(), "Buyer"), entropy)
            .await
            .unwrap();
        notes::add(&context(&app), mirror, (one.record.id.as_str(), "Called twice."), entropy).await.unwrap();
        let two = (by_hand.id.as_str(), one.record.id.as_str());
        let merged = merge::merge(&context(&app), mirror, two, entropy).await.unwrap();
        let kept = whole(&app, &merged).await;
        assert_eq!(kept.record.id, by_hand.id);
        assert_eq!(
            (kept.record.name.as_str(), kept.record.email.as_deref()),
            ("Cora Colleague", Some("CORA@portal.test"))
        );
        assert_eq!((kept.identities.len(), kept.related[0].1.as_str(), kept.notes.len()), (2, "Buyer", 1));
        assert!(kept.history.iter().any(|event| event.kind == "merged" && event.told.contains("Cora")));
        let gone = whole(&app, &one.record).await;
        assert_eq!(gone.survivor.unwrap().id, by_hand.id, "the old address leads on");
        settle(&app).await;
        assert_eq!(of_account(&app, &customer).await.unwrap().record.id, by_hand.id);
        assert!(conflicts(&app).await.is_empty());
        assert_eq!(found(&app, Entity::Contact, "domain = portal.test").await.len(), 1);
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn service_accounts_are_nobodys_contact_and_are_listed() {
    for engine in ENGINES {
        let app = app(engine, 60, 15).await;
        let people = eligible(&app);
        let (service, before) = people.first_key_value().unwrap();
        assert!(!people.values().any(|email| email.ends_with("@serviceaccount.atlassian.com")), "{people:?}");
        let own = make(&app, Entity::Contact, "By hand", before).await;
        switch_on(&app).await;
        assert!(whole(&app, &own).await.record.mark.is_some());
        // What kept a contact turns out to be a service's: the contact is a regular one from then on.
        app.simulator.change(|organization| {
            organization.change_email(service, "svc-mail@ServiceAccount.Atlassian.com").unwrap();
        });
        app.sync().await.unwrap();
        settle(&app).await;
        assert_eq!(whole(&app, &own).await.record.mark, None);
        assert_eq!(found(&app, Entity::Contact, "serviceaccount").await, []);
        let outlook = syncing::outlook(&app.mirror, None).await.unwrap();
        let listed = outlook.skipped.iter().find(|(named, _)| named.account == *service).unwrap();
        assert_eq!(listed.1.sentence(), "It is a service account.");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_for_reads_the_sites_first_and_says_what_it_could_not_read() {
    for engine in ENGINES {
        let app = app(engine, 30, 16).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let sites: Vec<String> = [enter_token(&app, 0).await, enter_token(&app, 1).await].into();
        switch_on(&app).await;
        let come = |name: &str, email: &str| {
            app.simulator.change(|organization| organization.add_customer(0, name, email).unwrap())
        };
        let now = async || {
            syncing::run_now(&context(&app), mirror, entropy).await.unwrap();
            settle(&app).await;
            let run = newest(&app).await;
            assert_eq!(run.state, ContactRunState::Complete, "{run:?}");
            rollcall::contacts::runs::lines(mirror, run.number, (0, None), 1_000).await.unwrap()
        };
        let first = come("Ada First", "ada@portal.test");
        let told = |lines: &[rollcall::nouns::contact_run::ContactLogLine], kind: &str| {
            lines.iter().filter(|line| line.kind == kind).map(|line| line.text.clone()).collect::<Vec<_>>()
        };
        let lines = now().await;
        assert_eq!((told(&lines, "read").len(), told(&lines, "unread").len()), (2, 0), "{lines:?}");
        assert!(of_account(&app, &first).await.is_some());

        // A site that refuses costs its own customers alone, and nobody is missed there.
        let second = come("Bo Second", "bo@portal.test");
        let lists = ["/rest/servicedeskapi/servicedesk/{n}/customer", "/rest/api/3/users/search"];
        app.simulator.set_faults(lists.map(|list| Fault::on(list, FaultKind::status(403)).always()).into());
        let lines = now().await;
        assert!(told(&lines, "unread").iter().any(|line| line.contains("in parts")), "{lines:?}");
        assert!(of_account(&app, &second).await.is_none());
        assert!(of_account(&app, &first).await.unwrap().record.mark.is_some());
        app.simulator.set_faults(Vec::new());

        // A run that was cut off after it had read a site does not read it once more.
        syncing::run_now(&context(&app), mirror, entropy).await.unwrap();
        let again = syncing::run_now(&context(&app), mirror, entropy).await.unwrap();
        assert_eq!(newest(&app).await.id, again, "asked twice it is one run");
        app.clock.advance(std::time::Duration::from_secs(1));
        read_customers(&context(&app), &app.connector, mirror, &sites[0]).await.unwrap();
        settle(&app).await;
        let lines = rollcall::contacts::runs::lines(mirror, newest(&app).await.number, (0, None), 1_000).await.unwrap();
        assert_eq!(told(&lines, "read").len(), 1, "the other one: {lines:?}");
        assert!(of_account(&app, &second).await.is_some());
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_read_by_id_is_a_contact_at_once_and_followed() {
    for engine in ENGINES {
        let app = app(engine, 20, 17).await;
        let site = enter_token(&app, 0).await;
        read_customers(&context(&app), &app.connector, &app.mirror, &site).await.unwrap();
        switch_on(&app).await;
        let customer = app
            .simulator
            .change(|organization| organization.add_customer(0, "Wanda Webhook", "wanda@portal.test").unwrap());
        // What a message of Jira's user webhook makes of itself.
        let read = async || {
            let ids = [customer.clone()];
            let read = read_accounts(&app.connector, &app.mirror, (&site, &ids), Limits::default()).await.unwrap();
            assert!(matches!(read, AccountsRead::Read { .. }), "{read:?}");
            settle(&app).await;
            of_account(&app, &customer).await.unwrap().record
        };
        let contact = read().await;
        assert_eq!((contact.name.as_str(), contact.mark.is_some()), ("Wanda Webhook", true));
        app.simulator.change(|organization| organization.rename_customer(&customer, "Wanda Renamed").unwrap());
        assert_eq!(read().await.name, "Wanda Renamed");
        app.simulator.change(|organization| organization.delete_customer(&customer).unwrap());
        assert_eq!(read().await.mark, None, "a regular contact");
        let runs = newest(&app).await.number;
        settle(&app).await;
        assert_eq!(newest(&app).await.number, runs, "and then it rests");
        app.stop().await;
    }
}

/// Lets somebody into Jira.
fn grant_jira(app: &TestApp, account: &str) {
    let snapshot = app.now();
    let group = snapshot
        .groups_by_name()
        .iter()
        .find(|group| {
            snapshot.grants(*group).iter().any(|grant| {
                let resource = &snapshot.resources()[grant.resource as usize];
                resource.id.owner() == "jira-software" && grant.role.as_str().ends_with("user")
            })
        })
        .and_then(|group| snapshot.group_row(group))
        .unwrap();
    app.simulator.change(|organization| organization.add_member(group.id.as_str(), account).unwrap());
}
