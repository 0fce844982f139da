//! What nobody may decide but a person: more than one contact, or more than one account, for one address. A conflict
//! follows from how things stand, so it ends by itself when they stand otherwise.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is not decided.
    ConflictKind {
        /// An account has the address of several contacts.
        SeveralContacts = "several_contacts",
        /// A contact that follows an account has the address of another contact.
        AddressTaken = "address_taken",
        /// An account has the address of a contact that another account keeps.
        SharedAddress = "shared_address",
    }
}

/// A conflict about one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The address in its normal form.
    pub email_key: String,
    /// What is not decided.
    pub kind: ConflictKind,
    /// The contacts with this address, by number.
    pub contacts: Vec<u32>,
    /// The accounts that wait, by id.
    pub accounts: Vec<String>,
}

impl ConflictKind {
    /// What is the matter, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            ConflictKind::SeveralContacts => "Several contacts have the e-mail address of this account.",
            ConflictKind::AddressTaken => "The e-mail address that this contact follows is another contact's too.",
            ConflictKind::SharedAddress => {
                "This account has the e-mail address of a contact that another account keeps."
            }
        }
    }

    /// What is proposed.
    pub fn proposal(self) -> &'static str {
        match self {
            ConflictKind::SeveralContacts => "Merge the contacts; the account is linked to the one that stays.",
            ConflictKind::AddressTaken => "Merge the contacts, if both are the same person.",
            ConflictKind::SharedAddress => "Link the account to the contact, if both are the same person.",
        }
    }
}
