//! A person's page: every way to an app, seats with their reasons, and what is not known.

use super::*;
use crate::web::acme::{acme, reader};

fn page(id: &str) -> String {
    let snapshot = acme();
    let row = snapshot.account_row(snapshot.account(id).unwrap()).unwrap();
    let about = About { operations: html! {}, organization: "org/1", timeline: &Timeline::default(), protection: None };
    content(&row, &snapshot, &reader(), (&about, html! {})).0
}

#[test]
fn each_access_says_its_way_and_its_seat() {
    let page = page("acc-ines");
    assert!(
        page.contains("<bdi>User</bdi> <span class=\"sub\">as a member of <a href=\"/groups/g-jira\"><bdi>jira-users</bdi></a>, which grants it"),
        "{page}"
    );
    assert!(page.contains("<bdi>App admin</bdi> <span class=\"sub\"><bdi>directly</bdi>"), "{page}");
    assert!(page.contains("The user role takes a seat.") && page.contains("The admin role takes a seat."));
    assert!(page.contains("Organization admin"));
    // Read, but nothing seen in Confluence.
    assert!(page.contains("99 days ago") && page.contains(">never<"));
    assert!(page.contains("https://admin.atlassian.com/o/org%2F1/users/acc-ines"));
}

#[test]
fn both_statuses_stand_with_each_directory() {
    let page = page("acc-mute");
    assert!(page.contains("Directory <bdi>Main</bdi>") && page.contains("Outside all directories"));
    assert!(page.contains("Deactivated") && page.contains("membership status <bdi>active</bdi>"));
    assert!(page.contains("e-mail not shown by Atlassian") && page.contains("No access to any app."));
}

#[test]
fn an_open_invitation_is_called_derived_and_a_former_person_former() {
    assert!(
        page("acc-noor").contains("Yes <span class=\"sub\">derived: in a directory, address not verified, no activity")
    );
    assert!(!page("acc-ines").contains("derived: in a directory"));
    let former = page("acc-gone");
    assert!(former.contains("A former person.") && former.contains(">Former<"));
}

#[test]
fn somebody_of_whom_only_the_id_is_known_still_has_a_page() {
    let page = page("acc-bare");
    assert!(page.contains("<h1><bdi>acc-bare</bdi></h1>") && page.contains("not told"));
    assert!(page.contains(">unknown<"));
}

#[test]
fn hostile_names_are_shown_and_never_obeyed() {
    let page = page("acc-evil");
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("<h1><bdi>&lt;script&gt;"));
}

#[test]
fn a_history_tells_what_began_and_ended_with_the_run_that_saw_it() {
    let snapshot = acme();
    let account = snapshot.account("acc-ines").unwrap();
    let group = snapshot.memberships().of(account)[0];
    let profile =
        |name: &str| directory::Profile { email: Some("ines@acme.example".into()), ..directory::Profile::named(name) };
    let active = directory::Presence { membership: None, status: Some(directory::Status::Active) };
    let run = crate::id::RunId::new(&crate::id::Entropy::seeded(1), crate::web::acme::now());
    let sealed = |number| timeline::Sealed { at: crate::web::acme::now(), run: run.clone(), number };
    let timeline = Timeline {
        memberships: vec![timeline::Span { since: 1, until: Some(3), value: group }],
        presence: vec![timeline::Span { since: 1, until: None, value: (0, active) }],
        profiles: vec![
            timeline::Span { since: 1, until: Some(2), value: profile("Ines <i>Before") },
            timeline::Span { since: 2, until: None, value: profile("Ines After") },
        ],
        roles: Vec::new(),
        generations: (1..=3).map(|generation| (generation, sealed(generation))).collect(),
    };
    let told = history::history(&timeline, &snapshot, &reader()).0;
    let places: Vec<usize> = ["Left ", "Name: ", "First seen"].map(|said| told.find(said).expect(said)).into();
    assert!(places.is_sorted(), "newest first: {told}");
    assert!(told.contains("<bdi>Ines &lt;i&gt;Before</bdi> → <bdi>Ines After</bdi>"), "{told}");
    assert!(told.contains("Joined ") && told.contains("Sync run 3"), "{told}");
    assert!(history::history(&Timeline::default(), &snapshot, &reader()).0.contains("Nothing is kept"));
}

#[test]
fn to_free_a_seat_every_way_to_it_has_to_go() {
    let page = page("acc-ines");
    assert!(page.contains("Leave <a class=\"name\" href=\"/groups/g-jira\"><bdi>jira-users</bdi></a>"), "{page}");
    assert!(page.contains("Revoke the direct role <bdi>App admin</bdi>"), "{page}");
    assert!(page.contains("https://acme.atlassian.net/jira/people/acc-ines"), "{page}");
}
