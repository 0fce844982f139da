//! A selection of people: whom somebody means, for as long as they work with it, or kept under a name.
//!
//! All whom a filter finds are meant by the filter, and not by who they were: the generation and the count say what
//! whoever selected them has seen.

use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::id::{AdministratorId, SelectionId};
use crate::nouns::saved_filter::Name;

/// Who is selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// Everybody whom a filter finds, in its canonical form.
    Matching(String),
    /// Accounts by ordinal.
    Listed {
        /// Who.
        people: RoaringBitmap,
        /// Where they were picked.
        from: Picked,
    },
}

/// Where a list of people was picked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Picked {
    /// Ticked in the list of a filter, in its canonical form; empty for the list of everybody, or for several lists.
    Rows(String),
    /// Found by a pasted list of addresses and ids.
    Pasted,
}

/// A selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Our id.
    pub id: SelectionId,
    /// Who may change it.
    pub owner: AdministratorId,
    /// Their username when they last changed it.
    pub owner_name: String,
    /// Under which name it is kept.
    pub name: Option<Name>,
    /// Who.
    pub selected: Selected,
    /// The generation that whoever selected has seen.
    pub generation: u64,
    /// How many people it was then.
    pub count: u64,
    /// When it was first made.
    pub made_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// When it ends by itself; never once it is kept.
    pub ends_at: Option<Timestamp>,
}

impl Selection {
    /// The filter that it came from, where it is one's own words for who is meant.
    pub fn filter(&self) -> Option<&str> {
        match &self.selected {
            Selected::Matching(filter) => Some(filter),
            Selected::Listed { .. } => None,
        }
    }
}
