//! What pages are made of: the frame, and parts that more than one page shows. Markup and words only; nothing here reads
//! a store or decides anything about an organization.

pub(crate) mod address;
pub(crate) mod amount;
pub(crate) mod chart;
pub(crate) mod chosen;
pub(crate) mod diagnosed;
pub(crate) mod frame;
pub(crate) mod moment;
pub(crate) mod notice;
pub(crate) mod outside;
pub(crate) mod paging;
pub(crate) mod person;
pub(crate) mod words;
