//! Plain data that is stored or carried between layers. No behaviour that needs a store, a clock or a network.

pub mod access_token;
pub mod audit_stream;
pub mod change_list;
pub mod context;
pub mod event;
pub mod job;
pub mod operation;
pub mod operation_row;
pub mod organization;
pub mod organization_key;
pub mod price;
pub mod protection;
pub mod refusal;
pub mod residue;
pub mod run;
pub mod saved_filter;
pub mod schedule;
pub mod scope;
pub mod scope_summary;
pub mod selection;
pub mod site;
pub mod site_credential;
pub mod task_schedule;
pub mod withheld;
