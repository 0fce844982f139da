//! What a generation changed: the list comes back as it was kept, and the history tells before and after of each row.

use directory::{
    AccountId, Delta, DirectRole, Directory, DirectoryId, Grant, Group, GroupId, MembershipStatus, Ordinal,
    PackedProfile, PlatformRole, Presence, PresenceChange, Profile, Resource, ResourceId, Role, RoleMethod, Status,
};
use rollcall::nouns::change_list::{ChangeKind, ChangeList};
use rollcall::store::error::StoreError;
use rollcall::store::history::{self, Turned};
use rollcall::store::tx::Tx;
use rollcall::store::{accounts, changes, groups};

use super::{on_both, write};

fn profile(name: &str, email: &str) -> Profile {
    Profile { email: Some(email.into()), ..Profile::named(name) }
}

fn presence(status: Status) -> Presence {
    Presence { membership: Some(MembershipStatus::Active), status: Some(status) }
}

fn grant(role: Role) -> Grant {
    Grant { resource: 0, role, default: false }
}

fn direct(role: Role) -> DirectRole {
    DirectRole { resource: 0, role, method: RoleMethod::Direct }
}

fn group(name: &str) -> Group {
    Group { description: Some("Zoë's".into()), synced: Some(true), modifiable: Some(false), ..Group::named(name) }
}

/// Two people in one group that grants a role.
fn first() -> Delta {
    let there = |account| PresenceChange { directory: 0, account, before: None, now: Some(presence(Status::Active)) };
    let profiles = [("Ines", "ines@a.example"), ("Noor", "noor@a.example")];
    Delta {
        generation: 1,
        new_directories: vec![Directory { id: DirectoryId::new("d").unwrap(), name: "Main".into() }],
        new_resources: vec![Resource::unnamed(ResourceId::new("ari:cloud:jira::site/1").unwrap())],
        new_accounts: vec![AccountId::new("a").unwrap(), AccountId::new("b").unwrap()],
        new_groups: vec![(GroupId::new("g").unwrap(), Some(0))],
        profiles: (0..)
            .zip(profiles)
            .map(|(at, (name, email))| (at, PackedProfile::new(&profile(name, email))))
            .collect(),
        presence: vec![there(0), there(1)],
        roles_added: vec![(0, PlatformRole::SiteAdmin)],
        groups: vec![(0, Some(group("jira-users")))],
        memberships_added: vec![(0, 0), (1, 0)],
        grants_added: vec![(0, grant(Role::User))],
        direct_added: vec![(0, direct(Role::Admin))],
        ..Delta::default()
    }
}

/// A new name, a suspension, somebody gone, other roles and another definition of the group.
fn second() -> Delta {
    let change = |account, now| PresenceChange { directory: 0, account, before: Some(presence(Status::Active)), now };
    Delta {
        generation: 2,
        known_accounts: 2,
        known_groups: 1,
        profiles: vec![(0, PackedProfile::new(&profile("Ines Okafor", "ines@a.example")))],
        presence: vec![change(0, Some(presence(Status::Suspended))), change(1, None)],
        roles_added: vec![(0, PlatformRole::OrganizationAdmin)],
        roles_removed: vec![(0, PlatformRole::SiteAdmin)],
        groups: vec![(0, Some(group("jira-people")))],
        memberships_removed: vec![(1, 0)],
        grants_added: vec![(0, grant(Role::Admin))],
        grants_removed: vec![(0, grant(Role::User))],
        direct_added: vec![(0, direct(Role::Guest))],
        direct_removed: vec![(0, direct(Role::Admin))],
        ..Delta::default()
    }
}

fn seal(tx: &mut Tx, delta: &Delta) -> Result<(), StoreError> {
    let (directories, resources) = if delta.generation == 1 { (0, 0) } else { (1, 1) };
    accounts::write(tx, delta, |_| &[])?;
    groups::write(tx, delta, directories, resources)?;
    changes::insert(tx, &ChangeList::of(delta))
}

#[test]
fn a_list_comes_back_as_it_was_kept_and_nothing_is_kept_of_nothing() {
    on_both(|store| {
        write(store, |tx| {
            seal(tx, &first())?;
            seal(tx, &second())?;
            seal(tx, &Delta { generation: 3, known_accounts: 2, known_groups: 1, ..Delta::default() })
        });
        let kept = |generation| store.read_blocking(move |tx| changes::of_generation(tx, generation)).unwrap();
        assert_eq!(kept(2), Some(ChangeList::of(&second())));
        assert_eq!(kept(2).unwrap().get(ChangeKind::MembershipsEnded).unwrap().rows, [(1, 0)]);
        assert_eq!([kept(1), kept(3), kept(9)], [None, None, None]);
        write(store, |tx| tx.execute("UPDATE changes SET entries = $1", &[(&[1, 2, 3]).into()]));
        let damaged = store.read_blocking(|tx| changes::of_generation(tx, 2));
        assert!(matches!(damaged, Err(StoreError::Corrupt { .. })), "{damaged:?}");
    });
}

#[test]
fn the_history_tells_what_each_change_was_from_and_to() {
    on_both(|store| {
        write(store, |tx| {
            seal(tx, &first())?;
            seal(tx, &second())
        });
        let one = |ended: Profile, begun: Profile| Turned { ended: vec![ended], begun: vec![begun] };
        let (ines, noor): (Ordinal, Ordinal) = (0, 1);
        store
            .read_blocking(move |tx| {
                let expected = one(profile("Ines", "ines@a.example"), profile("Ines Okafor", "ines@a.example"));
                assert_eq!(history::profile(tx, ines, 2)?, expected);
                assert_eq!(history::profile(tx, noor, 2)?, Turned::default(), "hers is as it was");
                let suspended =
                    Turned { ended: vec![presence(Status::Active)], begun: vec![presence(Status::Suspended)] };
                assert_eq!(history::presence(tx, (ines, 0), 2)?, suspended);
                let gone = Turned { ended: vec![presence(Status::Active)], begun: vec![] };
                assert_eq!(history::presence(tx, (noor, 0), 2)?, gone);
                let came = Turned { ended: vec![], begun: vec![presence(Status::Active)] };
                assert_eq!(history::presence(tx, (noor, 0), 1)?, came);
                assert_eq!(history::presence(tx, (noor, 5), 1)?, Turned::default(), "another directory");
                let roles =
                    Turned { ended: vec![PlatformRole::SiteAdmin], begun: vec![PlatformRole::OrganizationAdmin] };
                assert_eq!(history::administrative_roles(tx, ines, 2)?, roles);
                let renamed = Turned { ended: vec![group("jira-users")], begun: vec![group("jira-people")] };
                assert_eq!(history::group(tx, 0, 2)?, renamed);
                let granted = Turned { ended: vec![grant(Role::User)], begun: vec![grant(Role::Admin)] };
                assert_eq!(history::grants(tx, (0, 0), 2)?, granted);
                assert_eq!(history::grants(tx, (0, 7), 2)?, Turned::default(), "another resource");
                let had = Turned { ended: vec![direct(Role::Admin)], begun: vec![direct(Role::Guest)] };
                assert_eq!(history::direct_roles(tx, (ines, 0), 2)?, had);
                Ok(())
            })
            .unwrap();
    });
}
