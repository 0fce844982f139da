//! Access: what groups grant, what is given directly, and whether it takes a seat. Derived in the snapshot, never stored.

use columns::Ordinal;

use crate::account::{AccountType, Presence, Status};
use crate::id::ResourceId;
use crate::resource::App;
use crate::word::words;

words! {
    /// A role on a resource.
    Role {
        User = "atlassian/user", Admin = "atlassian/admin", Guest = "atlassian/guest", Customer = "atlassian/customer",
        Contributor = "atlassian/contributor", Basic = "atlassian/basic", Stakeholder = "atlassian/stakeholder",
        Viewer = "atlassian/viewer", UserAccessAdmin = "atlassian/user-access-admin",
        SiteAdmin = "atlassian/site-admin", OrganizationAdmin = "atlassian/org-admin",
        ArtificialIntelligenceAccess = "atlassian/ai-access",
    }
}
words! {
    /// `roleAssignmentMethods`: by which way a person has a role.
    RoleMethod { Direct = "direct", Group = "group_direct", Inferred = "inferred" }
}

/// A role that a group gives its members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// On which resource.
    pub resource: Ordinal,
    /// Which role.
    pub role: Role,
    /// Whether it is the default group of that app: who is newly admitted lands in it.
    pub default: bool,
}

/// A role a person has without a group, or that upstream infers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectRole {
    /// On which resource.
    pub resource: Ordinal,
    /// Which role.
    pub role: Role,
    /// Direct or inferred.
    pub method: RoleMethod,
}

/// One way by which a person has a role on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// On which resource.
    pub resource: Ordinal,
    /// Which role.
    pub role: Role,
    /// The group that grants it, or `None` for a direct or inferred role.
    pub group: Option<Ordinal>,
    /// By which way.
    pub method: RoleMethod,
}

/// Whether access to an app on a site takes a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// It takes one.
    Billable(SeatReason),
    /// It takes none.
    Free(SeatReason),
}

/// Why a seat is taken or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatReason {
    /// A user role.
    UserRole,
    /// An admin role.
    AdminRole,
    /// Only roles that Atlassian describes as not billable: guest, customer, contributor, basic, stakeholder, viewer.
    RoleWithoutSeat,
    /// The app sells no seats.
    AppWithoutSeats,
    /// The person is not active in the directory.
    NotActive,
    /// An app or customer account.
    NotAPerson,
}

/// Decides whether somebody with `roles` on `resource` takes a seat there.
///
/// Source: reference section 2.3 (user and admin are the billable roles) and product-user-manager 1.2 (suspended and
/// deactivated people, guests, customers and contributors are not counted). A service account that Atlassian gave an
/// address is an active account with a role: it is counted, and the dashboard shows it as a share of its own.
pub fn seat<'a>(
    resource: &ResourceId,
    roles: impl IntoIterator<Item = &'a Role>,
    presence: Option<&Presence>,
    account_type: &AccountType,
) -> Seat {
    let mut best = SeatReason::RoleWithoutSeat;
    for role in roles {
        match role {
            Role::User => best = SeatReason::UserRole,
            Role::Admin if best != SeatReason::UserRole => best = SeatReason::AdminRole,
            _ => {}
        }
    }
    if matches!(account_type, AccountType::App | AccountType::Customer) {
        Seat::Free(SeatReason::NotAPerson)
    } else if best == SeatReason::RoleWithoutSeat {
        Seat::Free(best)
    } else if App::by_key(resource.owner()).is_some_and(|app| !app.sells_seats) {
        Seat::Free(SeatReason::AppWithoutSeats)
    } else if presence.and_then(|presence| presence.status.as_ref()) != Some(&Status::Active) {
        Seat::Free(SeatReason::NotActive)
    } else {
        Seat::Billable(best)
    }
}

impl Seat {
    /// Whether the seat is taken.
    pub fn is_billable(self) -> bool {
        matches!(self, Seat::Billable(_))
    }

    /// Why.
    pub fn reason(self) -> SeatReason {
        match self {
            Seat::Billable(reason) | Seat::Free(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_decided_from_role_status_app_and_account() {
        let confluence = ResourceId::new("ari:cloud:confluence::site/1").unwrap();
        let admin_app = ResourceId::new("ari:cloud:jira-admin::site/1").unwrap();
        let unknown = ResourceId::new("ari:cloud:focus::site/1").unwrap();
        let active = Presence { membership: None, status: Some(Status::Active) };
        let suspended = Presence { membership: None, status: Some(Status::Suspended) };
        let person = AccountType::Atlassian;
        let decide = |resource, roles: &[Role], presence, kind| seat(resource, roles, Some(presence), kind);
        assert_eq!(
            decide(&confluence, &[Role::Guest, Role::User], &active, &person),
            Seat::Billable(SeatReason::UserRole)
        );
        assert_eq!(decide(&confluence, &[Role::Admin], &active, &person), Seat::Billable(SeatReason::AdminRole));
        assert_eq!(decide(&unknown, &[Role::User], &active, &person), Seat::Billable(SeatReason::UserRole));
        assert_eq!(decide(&confluence, &[Role::Guest], &active, &person), Seat::Free(SeatReason::RoleWithoutSeat));
        assert_eq!(decide(&confluence, &[Role::User], &suspended, &person), Seat::Free(SeatReason::NotActive));
        assert_eq!(decide(&admin_app, &[Role::User], &active, &person), Seat::Free(SeatReason::AppWithoutSeats));
        assert_eq!(decide(&confluence, &[Role::User], &active, &AccountType::App), Seat::Free(SeatReason::NotAPerson));
        assert_eq!(seat(&confluence, &[Role::User], None, &person), Seat::Free(SeatReason::NotActive));
    }
}
