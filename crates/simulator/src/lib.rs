//! A deterministic Atlassian organization in memory, behind real HTTP: strict as the real one, seeded, and with faults,
//! changes and open questions on schedule. It serves demonstrations, and it is the witness of tests.
//!
//! It knows nothing of who asks. What is served is what upstream's published descriptions say; where they are silent,
//! [`Answers`] decides. It must never listen on another address than 127.0.0.1.

mod admission;
mod answers;
mod audit;
mod call;
mod cursor;
mod customer_verbs;
mod customers;
mod distort;
mod drift;
mod effect;
mod endpoint;
mod endpoints;
mod fault;
mod founding;
mod gate;
mod group;
mod group_filter;
mod json;
mod key;
mod ledger;
mod limits;
mod names;
mod order;
mod organization;
mod person;
mod policy;
mod population;
mod profile;
mod reply;
mod resource;
mod scenario;
mod schedule;
mod season;
mod seats;
mod serve;
mod server;
mod site_view;
mod truth;
mod upkeep;
mod user_filter;
mod user_hook;
mod verbs;

// The crate's whole interface in one place: its modules are how it is made, not how it is used.
pub use answers::{
    Answers, AuditAvailability, BodyWithCursor, Combination, ConflictTexts, OtherOrganization, SuspendedGroups,
};
pub use customers::Customer;
pub use fault::{Fault, FaultKind};
pub use group::GroupKind;
pub use ledger::Exchange;
pub use limits::Limits;
pub use organization::Organization;
pub use population::Population;
pub use reply::Shape;
pub use resource::{Role, Site};
pub use scenario::{Scenario, ScenarioError};
pub use schedule::{Change, CustomChange, ScheduledChange};
pub use season::Season;
pub use server::{Options, Simulator, start};
pub use truth::{TrueDirectory, TrueGrant, TrueGroup, TrueUser, TrueWorkspace, Truth};
pub use user_hook::{UserEvent, UserHook};
pub use verbs::{ChangeError, NewUser};
