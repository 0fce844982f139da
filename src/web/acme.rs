//! A small hand-made organization for the tests of pages: everything that a page has to cope with, once.

use directory::{
    AccountId, AccountStatus, AccountType, Activity, Age, Builder, Claimed, DirectRole, DirectoryId, Grant, Group,
    GroupCounts, GroupId, ManagedBy, Management, MembershipStatus, Noun, Ordinal, Part, PlatformRole, Presence,
    Profile, Resource, ResourceId, Role, RoleMethod, Snapshot, Status,
};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::web::ui::moment::Reader;

/// The moment at which the tests look.
pub(crate) fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A reader at that moment, in UTC.
pub(crate) fn reader() -> Reader {
    Reader::new("UTC", now())
}

/// The names of groups.
pub(crate) fn names_of(groups: &RoaringBitmap, snapshot: &Snapshot) -> Vec<String> {
    let rows = groups.iter().map(|group| snapshot.group_row(group).unwrap());
    rows.map(|row| row.group.as_ref().unwrap().name.to_string()).collect()
}

fn presence(status: Status) -> Presence {
    Presence { membership: Some(MembershipStatus::Active), status: Some(status) }
}

fn profile(name: &str, email: Option<&str>) -> Profile {
    Profile {
        account_status: Some(AccountStatus::Active),
        claimed: Some(Claimed::Managed),
        management: Some(Management::Invited),
        email: email.map(Into::into),
        email_verified: Some(true),
        mfa_enabled: Some(false),
        added_at: Some("2024-03-02T00:00:00Z".parse().unwrap()),
        job_title: Some("Engineer".into()),
        ..Profile::named(name)
    }
}

fn resource(owner: &str, site: &str) -> Resource {
    let id = ResourceId::new(&format!("ari:cloud:{owner}::site/{site}-cloud")).unwrap();
    Resource {
        name: Some(site.into()),
        host_url: Some(format!("https://{site}.atlassian.net").into()),
        ..Resource::unnamed(id)
    }
}

/// Seven accounts, three groups, two apps; generation 3.
///
/// | account | what it is |
/// |---|---|
/// | acc-ines | active, in jira-users, used Jira, also a direct Confluence admin |
/// | acc-noor | active, activity read, never active |
/// | acc-hana | active, activity not read |
/// | acc-evil | suspended, a name that is markup and turns the direction of writing |
/// | acc-mute | active, hidden address, outside all directories too |
/// | acc-gone | a former person |
/// | acc-bare | only the id is known, from a membership |
pub(crate) fn acme() -> Snapshot {
    let mut builder = Builder::new(3, now());
    builder.directory(DirectoryId::new("d-1").unwrap(), "Main");
    builder.directory(DirectoryId::new(directory::OUTSIDE).unwrap(), "");
    let (jira, confluence) = (0, 1);
    builder.resource(resource("jira-software", "acme"));
    builder.resource(resource("confluence", "acme-emea"));

    let hostile = profile("<script>alert(1)</script> \u{202e}gnp.exe", Some("\"><img src=x>@evil.example"));
    let people = [
        ("acc-ines", Some(profile("Ines Okafor", Some("ines.okafor@acme.example")))),
        (
            "acc-noor",
            Some(Profile { email_verified: Some(false), ..profile("Noor al-Sayed", Some("noor@acme.example")) }),
        ),
        ("acc-hana", Some(profile("Hána Dvořáková", Some("hana@acme.example")))),
        ("acc-evil", Some(Profile { claimed: Some(Claimed::Unmanaged), ..hostile })),
        ("acc-mute", Some(Profile { account_type: AccountType::App, ..profile("Build robot", None) })),
        ("acc-gone", Some(profile("Zoë Leaver", Some("zoe@acme.example")))),
        ("acc-bare", None),
    ];
    for (id, profile) in &people {
        builder.account(AccountId::new(id).unwrap(), profile.as_ref(), None);
    }
    let statuses = [Status::Active, Status::Active, Status::Active, Status::Suspended, Status::Active];
    for (account, status) in statuses.into_iter().enumerate() {
        builder.presence(0, account as Ordinal, presence(status));
    }
    builder.presence(0, 6, Presence { membership: None, status: None });
    builder.presence(1, 4, presence(Status::Deactivated));
    builder.role(0, PlatformRole::OrganizationAdmin);

    let used = "2026-08-14T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    builder.activity(0, Activity { resource: jira, at: used });
    builder.activity_read([0, 1, 3, 4].into_iter().collect());

    let counts = |users| GroupCounts { users: Some(users), resources: Some(1) };
    let jira_users =
        Group { managed_by: Some(ManagedBy::Admins), modifiable: Some(true), ..Group::named("jira-users") };
    builder.group(GroupId::new("g-jira").unwrap(), Some(0), Some(jira_users), counts(3));
    let outside =
        Group { description: Some("People from outside".into()), synced: Some(true), ..Group::named("contractors") };
    builder.group(GroupId::new("g-contractors").unwrap(), Some(0), Some(outside), counts(1));
    let hostile = Group::named("<script>alert(1)</script>");
    builder.group(GroupId::new("g-hostile").unwrap(), Some(0), Some(hostile), counts(9));
    builder.group(GroupId::new("g-gone").unwrap(), None, None, GroupCounts::default());
    for (account, group) in [(0, 0), (1, 0), (3, 1), (3, 2), (6, 0)] {
        builder.membership(account, group);
    }
    builder.grant(0, Grant { resource: jira, role: Role::User, default: true });
    builder.direct_role(0, DirectRole { resource: confluence, role: Role::Admin, method: RoleMethod::Direct });
    for noun in [Noun::Accounts, Noun::Presence] {
        builder.age(Age { noun, part: Part::Whole, read_at: "2026-11-21T11:56:00Z".parse().unwrap() });
    }
    builder.finish()
}
