//! The rows behind a run's figures: found, sorted, paged, and told with what was before.

use directory::{MembershipStatus, PlatformRole, Presence, Profile, Role, Status};

use super::*;
use crate::nouns::run::RunState;
use crate::store::history::Turned;
use crate::web::acme::{acme, reader};
use crate::web::runs::tests::run;

fn list(kind: ChangeKind, rows: &[ChangeRow]) -> ChangeList {
    let changes = Changes { count: rows.len() as u64, rows: rows.to_vec() };
    ChangeList { generation: 3, kinds: vec![(kind, changes)] }
}

fn ask(q: &str, after: &str, before: &str) -> Ask {
    Ask { kind: String::new(), q: q.to_owned(), after: after.to_owned(), before: before.to_owned() }
}

fn page(kind: ChangeKind, rows: &[ChangeRow], ask: &Ask, around: Around) -> String {
    let (list, snapshot) = (list(kind, rows), acme());
    let slice = slice(ask, kind, list.get(kind).unwrap(), &snapshot);
    let around = vec![around; slice.rows.len()];
    let run = run(RunState::Sealed);
    content(&run, (Some(&list), Some(kind)), ask, (&slice, &around), (&snapshot, &reader())).0
}

fn shown(kind: ChangeKind, rows: &[ChangeRow], q: &str) -> Vec<ChangeRow> {
    let list = list(kind, rows);
    slice(&ask(q, "", ""), kind, list.get(kind).unwrap(), &acme()).rows
}

#[test]
fn rows_are_sorted_by_name_and_found_by_person_group_or_app() {
    // 0 Ines, 1 Noor, 2 Hána; groups 0 jira-users, 1 contractors; resources 0 Jira, 1 Confluence.
    let ended = [(0, 0), (0, 1), (1, 0), (2, 1)];
    let kind = ChangeKind::MembershipsEnded;
    assert_eq!(shown(kind, &ended, ""), [(2, 1), (0, 1), (0, 0), (1, 0)]);
    assert_eq!(shown(kind, &ended, "hana"), [(2, 1)], "without the accent");
    assert_eq!(shown(kind, &ended, "noor@acme"), [(1, 0)]);
    assert_eq!(shown(kind, &ended, "CONTRACT"), [(2, 1), (0, 1)]);
    assert_eq!(shown(ChangeKind::GrantsBegun, &[(0, 0), (1, 1)], "confluence"), [(1, 1)]);
    assert_eq!(shown(ChangeKind::StatusesChanged, &[(0, 0)], "main"), [(0, 0)]);
    let nothing = page(kind, &ended, &ask("zz<b>", "", ""), Around::Nothing);
    assert!(nothing.contains("Nothing is found by “zz&lt;b&gt;”.") && nothing.contains("Show all 4"), "{nothing}");
}

#[test]
fn pages_show_every_row_once_and_lead_back() {
    let rows: Vec<ChangeRow> = (0..120).map(|group| (group % 3, group)).collect();
    let list = list(ChangeKind::MembershipsBegun, &rows);
    let changes = list.get(ChangeKind::MembershipsBegun).unwrap();
    let of = |after: &str, before: &str| slice(&ask("", after, before), ChangeKind::MembershipsBegun, changes, &acme());
    let first = of("", "");
    assert_eq!((first.rows.len(), first.previous), (LIMIT, None));
    let second = of(&cursor(first.next.unwrap()), "");
    let third = of(&cursor(second.next.unwrap()), "");
    assert_eq!((third.rows.len(), third.next), (20, None));
    let mut seen: Vec<ChangeRow> = [&first, &second, &third].into_iter().flat_map(|page| page.rows.clone()).collect();
    seen.sort_unstable();
    let mut all = rows.clone();
    all.sort_unstable();
    assert_eq!(seen, all);
    assert_eq!(of("", &cursor(third.previous.unwrap())).rows, second.rows);
    assert_eq!(of("", &cursor(second.previous.unwrap())).rows, first.rows);
    assert_eq!(of("x.y", "7").rows, first.rows, "nonsense is the first page");
    let text = page(ChangeKind::MembershipsBegun, &rows, &ask("", "", ""), Around::Nothing);
    assert!(text.contains("changes?kind=memberships-begun&amp;after="), "{text}");
}

#[test]
fn a_change_is_told_with_what_was_before() {
    let profile = |name: &str, email: Option<&str>| Profile { email: email.map(Into::into), ..Profile::named(name) };
    let turned = Turned { ended: vec![profile("<i>Ines", None)], begun: vec![profile("Ines", Some("i@a.example"))] };
    let text = page(ChangeKind::ProfilesChanged, &[(0, 0)], &ask("", "", ""), Around::Profile(turned));
    assert!(text.contains("<del><bdi>&lt;i&gt;Ines</bdi></del>") && text.contains("<ins><bdi>i@a.example</bdi></ins>"));
    assert!(text.contains(">E-mail<") && !text.contains(">Job title<"), "only what differs: {text}");

    let presence = |status| Presence { membership: None, status: Some(status) };
    let turned = Turned { ended: vec![presence(Status::Active)], begun: vec![presence(Status::Suspended)] };
    let text = page(ChangeKind::StatusesChanged, &[(0, 0)], &ask("", "", ""), Around::Presence(turned));
    assert!(text.contains("<del><bdi>Active</bdi></del>") && text.contains("<ins><bdi>Suspended</bdi></ins>"));
    let member = |word| Presence { membership: Some(word), status: Some(Status::Deactivated) };
    let turned =
        Turned { ended: vec![member(MembershipStatus::Active)], begun: vec![member(MembershipStatus::Suspended)] };
    let text = page(ChangeKind::StatusesChanged, &[(0, 0)], &ask("", "", ""), Around::Presence(turned));
    assert!(text.contains("membership ") && !text.contains("<del><bdi>Deactivated"), "what differs is told: {text}");
    let gone = Turned { ended: vec![presence(Status::Suspended)], begun: vec![] };
    let text = page(ChangeKind::PeopleGone, &[(5, 0)], &ask("", "", ""), Around::Presence(gone));
    assert!(text.contains("Zoë Leaver") && text.contains(">Suspended<") && text.contains(">Former<"), "{text}");

    let gone = Turned { ended: vec![directory::Group::named("old <b>name")], begun: vec![] };
    let text = page(ChangeKind::GroupsGone, &[(3, 0)], &ask("", "", ""), Around::Group(gone));
    assert!(text.contains("old &lt;b&gt;name"), "the name that the group had: {text}");
    let roles = Turned { ended: vec![Role::Admin], begun: vec![Role::User] };
    let text = page(ChangeKind::GrantsEnded, &[(0, 0)], &ask("", "", ""), Around::Roles(roles));
    assert!(text.contains("App admin") && !text.contains(">User<") && text.contains("jira-users"));
    let roles = Turned { ended: vec![], begun: vec![PlatformRole::SiteAdmin] };
    let text = page(ChangeKind::AdministrativeRolesBegun, &[(0, 0)], &ask("", "", ""), Around::Administrative(roles));
    assert!(text.contains("Site admin"));
}

#[test]
fn every_kind_has_a_cell_for_each_heading_even_for_what_is_not_loaded() {
    for kind in ChangeKind::ALL {
        let (subject, object) = change_rows::subjects(kind, (900, 900));
        assert!(object != Some(subject));
        for row in [(0, 0), (900, 900)] {
            let around = match kind {
                ChangeKind::ProfilesChanged => Around::Profile(Turned::default()),
                ChangeKind::PeopleGone | ChangeKind::StatusesChanged => Around::Presence(Turned::default()),
                ChangeKind::GroupsAdded | ChangeKind::GroupsGone | ChangeKind::GroupsChanged => {
                    Around::Group(Turned::default())
                }
                ChangeKind::AdministrativeRolesBegun | ChangeKind::AdministrativeRolesEnded => {
                    Around::Administrative(Turned::default())
                }
                ChangeKind::GrantsBegun
                | ChangeKind::GrantsEnded
                | ChangeKind::DirectRolesBegun
                | ChangeKind::DirectRolesEnded => Around::Roles(Turned::default()),
                _ => Around::Nothing,
            };
            let cells = super::row(kind, row, &around, &acme()).0;
            assert_eq!(cells.matches("<td").count(), columns(kind).len(), "{kind:?} {row:?}: {cells}");
        }
    }
}

#[test]
fn no_rows_are_told_with_their_reason() {
    let told =
        |run: &Run, kind| content(run, (None, kind), &Ask::default(), (&Slice::default(), &[]), (&acme(), &reader())).0;
    assert!(told(&run(RunState::Failed), None).contains("This run changed nothing."));
    assert!(told(&Run { generation: Some(1), ..run(RunState::Sealed) }, None).contains("Everything was new."));
    assert!(told(&run(RunState::Sealed), None).contains("There are no rows to show."));
    assert!(told(&run(RunState::Sealed), Some(ChangeKind::GroupsGone)).contains("Groups gone: none."));
}
