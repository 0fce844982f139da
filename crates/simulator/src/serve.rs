//! From an endpoint to its handler. Handlers read the organization and never change it; each returns an answer or the
//! data of a refusal.

mod accounts;
mod groups;
mod keys;
mod organizations;
mod roles;
mod users;
mod workspaces;

use crate::call::Call;
use crate::endpoint::Action;
use crate::reply::{Refusal, Reply};

/// Answers a request that has passed the gate.
pub(crate) fn answer(action: Action, call: &Call<'_>) -> Result<Reply, Refusal> {
    match action {
        Action::Organizations => organizations::list(call),
        Action::Organization => organizations::one(call),
        Action::Directories => organizations::directories(call),
        Action::TenantInfo => organizations::first_tenant(call),
        Action::SiteTenantInfo => organizations::tenant(call),
        Action::ManagedAccounts => accounts::managed(call),
        Action::LastActiveDates => accounts::last_active_dates(call),
        Action::UserSearch => users::search(call),
        Action::UserList => users::list(call),
        Action::UserCount => users::count(call),
        Action::UserStatistics => users::statistics(call),
        Action::User => users::one(call),
        Action::UserRoles => roles::of_user(call),
        Action::GroupSearch => groups::search(call),
        Action::GroupList => groups::list(call),
        Action::GroupCount => groups::count(call),
        Action::GroupStatistics => groups::statistics(call),
        Action::Group => groups::one(call),
        Action::GroupRoles => roles::of_group(call),
        Action::Workspaces => workspaces::query(call),
        Action::ApiKeys => keys::list(call),
        Action::ApiKeyCount => keys::count(call),
        Action::Retired => Err(Refusal::new(
            410,
            "ADMIN-410-1",
            "Gone",
            "This endpoint was deprecated and stopped working after June 30, 2026. Use the v2 API instead.",
        )),
    }
}
