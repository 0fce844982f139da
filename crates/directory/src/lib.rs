//! The nouns of an organization and their laws: accounts, groups, memberships, apps, sites, access, activity.
//!
//! Pure: no clock, no network, no database. What upstream said arrives as *seen* records, [`diff`] compares them with a
//! [`Snapshot`] inside the claims that were earned, and [`Snapshot::apply`] is the only way forward. Nothing here may
//! take "not read" for "gone".

mod access;
mod account;
pub mod act;
mod activity;
mod amounts;
mod apply;
mod build;
mod claim;
mod delta;
mod diff;
pub mod find;
mod fold;
mod group;
mod guard;
mod id;
mod merge;
mod ordinals;
mod packed_profile;
mod page;
mod paths;
mod read_again;
mod records;
mod resource;
mod seen;
mod snapshot;
pub mod tiles;
mod view;
mod word;
mod word_column;

pub use access::{Access, DirectRole, Grant, Role, RoleMethod, Seat, SeatReason, seat};
pub use account::{
    AccountStatus, AccountType, Claimed, Management, MembershipStatus, PlatformRole, Presence, Profile, Status,
};
pub use activity::{Activity, ActivityColumn};
pub use amounts::Amounts;
pub use build::Builder;
pub use claim::{Age, Claim, ClaimState, Claims, Noun, NounSet, Part};
pub use columns::Ordinal;
pub use delta::{Counts, Delta, PresenceChange};
pub use diff::diff;
pub use find::activity::is_service_address;
pub use fold::{FOLD_VERSION, email_key, fold_text, username_key};
pub use group::{Group, GroupCounts, ManagedBy};
pub use guard::{Awaited, Permitted, Rule, Thresholds, Withheld, guard};
pub use id::{AccountId, DirectoryId, GroupId, InvalidId, ResourceId};
pub use merge::{Observed, later};
pub use packed_profile::PackedProfile;
pub use page::{References, compare_account};
pub use paths::Freeing;
pub use read_again::ReadAgain;
pub use records::Records;
pub use resource::{App, Directory, OUTSIDE, Resource};
pub use seen::{Field, Reading, Seen, SeenAccount, SeenGroup, SeenPart};
pub use snapshot::{AccountRow, GroupRow, Snapshot};
pub use view::Marks;
