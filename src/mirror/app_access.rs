//! Whom their roles at Atlassian admit to Rollcall, as far as a snapshot knows, and the switches that widen it. What was
//! not read admits nobody, and is no reason to throw anybody out.

use directory::{Noun, Ordinal, Part, PlatformRole, Role, Snapshot, Status};
use jiff::Timestamp;

use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;

/// The setting's name.
pub const NAME: &str = "app_access";

/// Who may be invited beside organization admins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// *Product Admins*: who administers an app.
    pub product_admins: bool,
    /// *User Access Admins* who have access to a product.
    pub user_access_admins: bool,
}

/// The switches in force, and who chose them; nobody has when both are off by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppAccess {
    /// The switches.
    pub switches: Switches,
    /// Who chose them, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// What admits somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The role organization admin.
    OrganizationAdmin,
    /// The role admin on an app.
    ProductAdmin,
    /// The role user access admin, with access to a product.
    UserAccessAdmin,
}

/// Whether somebody is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admits {
    /// They are.
    Yes(By),
    /// They are not, by what was read.
    No,
    /// It was not read whether they are.
    Unknown,
}

impl Switches {
    /// As the setting keeps them.
    pub fn to_text(self) -> String {
        let words = [(self.product_admins, "product_admins"), (self.user_access_admins, "user_access_admins")];
        words.into_iter().filter(|(on, _)| *on).map(|(_, word)| word).collect::<Vec<_>>().join(",")
    }

    fn parse(text: &str) -> Switches {
        let on = |word| text.split(',').any(|part| part == word);
        Switches { product_admins: on("product_admins"), user_access_admins: on("user_access_admins") }
    }
}

/// Reads the switches.
pub fn read(tx: &mut Tx) -> Result<AppAccess, StoreError> {
    Ok(settings::find(tx, NAME)?.map_or_else(AppAccess::default, |setting| AppAccess {
        switches: Switches::parse(&setting.value),
        chosen: Some((setting.changed_by, setting.changed_at)),
    }))
}

/// Whether an account is admitted, and by what.
pub fn admits(snapshot: &Snapshot, switches: Switches, account: Ordinal) -> Admits {
    let Some(presence) = snapshot.best_presence(account) else {
        // Somebody of whom only the id is known was never seen; whoever was there once is gone.
        return if snapshot.profile_digest(account).is_some() { Admits::No } else { Admits::Unknown };
    };
    match &presence.status {
        Some(Status::Active) => {}
        Some(_) => return Admits::No,
        None => return Admits::Unknown,
    }
    let roles = snapshot.roles_of(account);
    if roles.contains(&PlatformRole::OrganizationAdmin) {
        return Admits::Yes(By::OrganizationAdmin);
    }
    let access = snapshot.access(account);
    if switches.product_admins && access.iter().any(|access| access.role == Role::Admin) {
        return Admits::Yes(By::ProductAdmin);
    }
    let is_user_access_admin = roles.contains(&PlatformRole::UserAccessAdmin)
        || access.iter().any(|access| access.role == Role::UserAccessAdmin);
    let has_a_product =
        access.iter().any(|access| snapshot.seat(account, access.resource).is_some_and(|seat| seat.is_billable()));
    if switches.user_access_admins && is_user_access_admin && has_a_product {
        return Admits::Yes(By::UserAccessAdmin);
    }
    let mut needed = vec![Noun::PlatformRoles];
    if switches.product_admins || switches.user_access_admins {
        needed.extend([Noun::Memberships, Noun::Grants]);
    }
    if needed.into_iter().all(|noun| is_read(snapshot, noun, account)) { Admits::No } else { Admits::Unknown }
}

/// Whether a noun was read, at least once, in every directory that has somebody.
fn is_read(snapshot: &Snapshot, noun: Noun, account: Ordinal) -> bool {
    let read = |wanted: &Part| snapshot.ages().iter().any(|age| age.noun == noun && age.part == *wanted);
    if read(&Part::Whole) {
        return true;
    }
    let there = (0..).zip(snapshot.directories()).filter(|(place, _)| snapshot.presence(*place, account).is_some());
    there.into_iter().all(|(_, directory)| {
        directory.id.as_str() == directory::OUTSIDE || read(&Part::Directory(directory.id.clone()))
    })
}

/// Everybody whom one kind of role would admit, by name.
pub fn admitted_by(snapshot: &Snapshot, by: By) -> Vec<Ordinal> {
    let switches = Switches { product_admins: by == By::ProductAdmin, user_access_admins: by == By::UserAccessAdmin };
    snapshot.by_name().iter().filter(|account| admits(snapshot, switches, *account) == Admits::Yes(by)).collect()
}

#[cfg(test)]
mod tests {
    use directory::{
        AccountId, Age, Builder, DirectRole, DirectoryId, MembershipStatus, Presence, Profile, Resource, ResourceId,
        RoleMethod,
    };

    use super::*;

    const NONE: Switches = Switches { product_admins: false, user_access_admins: false };
    const BOTH: Switches = Switches { product_admins: true, user_access_admins: true };

    /// Six people; every noun named here was read, any other never completely.
    fn snapshot(ages: &[Noun]) -> Snapshot {
        let at = Timestamp::UNIX_EPOCH;
        let mut builder = Builder::new(1, at);
        builder.directory(DirectoryId::new("d").unwrap(), "Main");
        let jira = ResourceId::new("ari:cloud:jira-software::site/north").unwrap();
        builder.resource(Resource::unnamed(jira));
        let people = ["organization", "product", "access", "access-only", "nobody", "suspended"];
        for (account, id) in (0..).zip(people) {
            builder.account(AccountId::new(id).unwrap(), Some(&Profile::named(id)), None);
            let status = if id == "suspended" { Status::Suspended } else { Status::Active };
            let presence = Presence { membership: Some(MembershipStatus::Active), status: Some(status) };
            builder.presence(0, account, presence);
        }
        builder.role(0, PlatformRole::OrganizationAdmin);
        builder.role(5, PlatformRole::OrganizationAdmin);
        let role = |role| DirectRole { resource: 0, role, method: RoleMethod::Direct };
        builder.direct_role(1, role(Role::Admin));
        builder.role(2, PlatformRole::UserAccessAdmin);
        builder.direct_role(2, role(Role::User));
        builder.role(3, PlatformRole::UserAccessAdmin);
        for noun in ages {
            builder.age(Age { noun: *noun, part: Part::Directory(DirectoryId::new("d").unwrap()), read_at: at });
        }
        builder.finish()
    }

    #[test]
    fn organization_admins_are_admitted_and_others_by_their_switch_alone() {
        let snapshot = snapshot(&Noun::ALL);
        let judged = |switches| (0..6).map(|account| admits(&snapshot, switches, account)).collect::<Vec<_>>();
        let (yes, no) = (Admits::Yes, Admits::No);
        assert_eq!(judged(NONE), [yes(By::OrganizationAdmin), no, no, no, no, no]);
        let both = judged(BOTH);
        assert_eq!(both[..3], [yes(By::OrganizationAdmin), yes(By::ProductAdmin), yes(By::UserAccessAdmin)]);
        assert_eq!(both[3..], [no, no, no], "without a product, without a role, not active");
        assert_eq!(admitted_by(&snapshot, By::UserAccessAdmin), [2]);
    }

    #[test]
    fn what_was_not_read_neither_admits_nor_throws_out() {
        let unread = snapshot(&[]);
        assert_eq!(admits(&unread, NONE, 4), Admits::Unknown);
        assert_eq!(admits(&unread, NONE, 0), Admits::Yes(By::OrganizationAdmin), "a role that was seen is known");
        let roles_only = snapshot(&[Noun::PlatformRoles]);
        assert_eq!((admits(&roles_only, NONE, 4), admits(&roles_only, BOTH, 4)), (Admits::No, Admits::Unknown));
    }

    #[test]
    fn switches_read_back() {
        for switches in [NONE, BOTH, Switches { product_admins: true, ..NONE }] {
            assert_eq!(Switches::parse(&switches.to_text()), switches);
        }
    }
}
