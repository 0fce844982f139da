//! What completion offers, and which names a filter may use without being asked whether they were meant.

use directory::find::{self, Vocabulary};
use directory::{
    AccountId, Builder, DirectoryId, Grant, Group, GroupCounts, GroupId, Ordinal, Presence, Profile, Resource,
    ResourceId, Role, Snapshot, Status,
};
use filter::Vocabulary as _;

use crate::world::now;

/// Three people: all are in `Équipe Sud`, which opens Confluence on acme; one is in `jira-users`, which opens Jira on
/// both sites; `sud-ouest` has nobody.
fn snapshot() -> Snapshot {
    let mut builder = Builder::new(1, now());
    builder.directory(DirectoryId::new("dir-1").unwrap(), "Élan");
    for (owner, site) in [("confluence", "acme"), ("jira-software", "acme"), ("jira-software", "beta")] {
        let id = ResourceId::new(&format!("ari:cloud:{owner}::site/{site}")).unwrap();
        let host_url = Some(format!("https://{site}.atlassian.net").into());
        builder.resource(Resource { host_url, ..Resource::unnamed(id) });
    }
    for (account, domain) in (0..).zip(["acme.example", "acme.example", "partner.example"]) {
        let profile = Profile { email: Some(format!("p{account}@{domain}").into()), ..Profile::named("P") };
        builder.account(AccountId::new(&format!("p{account}")).unwrap(), Some(&profile), None);
        builder.presence(0, account, Presence { membership: None, status: Some(Status::Active) });
        builder.membership(account, 0);
        if account == 0 {
            builder.membership(account, 1);
        }
    }
    for (group, name) in ["Équipe Sud", "jira-users", "sud-ouest"].into_iter().enumerate() {
        let id = GroupId::new(&format!("g{group}")).unwrap();
        builder.group(id, Some(0), Some(Group::named(name)), GroupCounts::default());
    }
    let mut grant = |group: Ordinal, resource| {
        builder.grant(group, Grant { resource, role: Role::User, default: false });
    };
    grant(0, 0);
    grant(1, 1);
    grant(1, 2);
    builder.finish()
}

fn offered(field: &str, prefix: &str) -> Vec<String> {
    let snapshot = snapshot();
    let field = find::catalogue().find(field).unwrap();
    let suggestions = Vocabulary::of(&snapshot).suggest(field, None, prefix, 3);
    suggestions.into_iter().map(|one| format!("{} ({})", one.value, one.detail)).collect()
}

fn known(field: &str, value: &str) -> bool {
    Vocabulary::of(&snapshot()).knows(find::catalogue().find(field).unwrap(), None, value)
}

#[test]
fn names_that_begin_so_come_first_and_then_those_with_more_people() {
    assert_eq!(offered("group", "equipe"), ["Équipe Sud (3 people)"]);
    assert_eq!(offered("group", "SUD"), ["sud-ouest (0 people)", "Équipe Sud (3 people)"]);
    assert_eq!(offered("group", ""), ["Équipe Sud (3 people)", "jira-users (1 person)", "sud-ouest (0 people)"]);
    assert_eq!(offered("domain", "example"), ["acme.example (2 people)", "partner.example (1 person)"]);
    assert_eq!(offered("domain", "@partner"), ["partner.example (1 person)"]);
}

#[test]
fn an_app_is_offered_by_name_and_by_site_once_somebody_asks_for_a_site() {
    assert_eq!(offered("app", ""), ["confluence (3 people)", "jira (1 person)"]);
    assert_eq!(offered("seat", "jira@"), ["jira@acme (1 person)", "jira@beta (1 person)"]);
    assert_eq!(offered("app", "@ac"), ["confluence@acme (3 people)", "jira@acme (1 person)"]);
    assert_eq!(offered("site", "a"), ["acme (3 people)", "beta (1 person)"]);
}

#[test]
fn words_of_atlassian_that_nobody_has_are_offered_last() {
    assert_eq!(offered("role", "us"), ["user (3 people)", "user-access-admin (0 people)", "customer (0 people)"]);
    assert_eq!(offered("accessVia", ""), ["group (3 people)", "direct (0 people)", "inferred (0 people)"]);
    assert_eq!(offered("platformRole", "org"), ["org-admin (0 people)"]);
}

#[test]
fn a_name_is_known_however_it_is_written() {
    for (field, value) in [
        ("group", "EQUIPE sud"),
        ("group", "g1"),
        ("app", "Jira"),
        ("app", "jira software"),
        ("seat", "Confluence@ACME"),
        ("site", "acme.atlassian.net"),
        ("domain", "@Acme.example"),
        ("role", "atlassian/user"),
        ("platformRole", "site_admin"),
        ("directory", "elan"),
        ("accessVia", "Direct"),
    ] {
        assert!(known(field, value), "{field} = {value}");
    }
    for (field, value) in [
        ("group", "equipe"),
        ("app", "confluence@beta"),
        ("site", "acm"),
        ("domain", "example"),
        ("role", "boss"),
        ("directory", "dir"),
    ] {
        assert!(!known(field, value), "{field} = {value}");
    }
}

#[test]
fn a_wrong_name_is_told_with_the_one_that_was_meant() {
    let snapshot = snapshot();
    let parsed = filter::parse_with("group = jira-user", find::catalogue(), &Vocabulary::of(&snapshot));
    assert!(!parsed.has_errors() && parsed.diagnostics.len() == 1, "{:?}", parsed.diagnostics);
    assert!(parsed.diagnostics[0].hint.as_deref().is_some_and(|hint| hint.contains("jira-users")));
}

#[test]
fn an_organization_of_which_nothing_was_read_has_nobody_and_no_names() {
    let nothing = Snapshot::default();
    find::prepare(&nothing);
    for (_, field) in find::catalogue().fields() {
        for example in &field.examples {
            let query = filter::parse(example, find::catalogue()).query;
            let found = find::evaluate(&nothing, &query, now(), &jiff::tz::TimeZone::UTC);
            assert_eq!(found, find::Found::default(), "{example}");
        }
    }
    assert_eq!(find::facets(&nothing, &nothing.present(), 5).groups.values, []);
}
