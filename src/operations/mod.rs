//! Acting on people at Atlassian: a plan that says what would happen, its approval, its execution with a journal, what
//! came of it, and the way back.
//!
//! Nothing is sent that is not a row of an approved plan, and none before its intent is kept. Organization admins,
//! protected people, the key's owner and groups that an identity provider keeps are in no plan, whatever anybody allows.

mod apply;
pub mod approve;
mod board;
pub mod control;
mod difference;
pub mod fed;
mod finished;
mod fitting;
pub mod groups;
pub mod guard;
pub mod invite;
mod journal;
mod look;
pub mod named;
pub mod plan;
pub mod prepare;
mod pump;
mod read_back;
pub mod report;
mod send;
pub mod text;
mod trial;
pub mod undo;
pub mod until;
pub mod worker;
