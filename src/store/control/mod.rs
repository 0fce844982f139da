//! The control database: organizations, who signs in, their sessions and access tokens, set-up links, counted tries.
//!
//! One file per noun, plain functions on a transaction of the control database. What belongs to one organization never
//! lies here. Secrets come in as hashes only: no function of this module is ever given a token or a password.

pub mod access_tokens;
pub mod administrators;
pub mod admissions;
pub mod invitations;
pub mod organizations;
pub mod sessions;
pub mod setup_links;
pub mod sign_in_attempts;

/// Every statement of the control database by name, for the test that prepares each on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("control.access_tokens.INSERT", access_tokens::INSERT),
    ("control.access_tokens.FIND", access_tokens::FIND),
    ("control.access_tokens.LIST", access_tokens::LIST),
    ("control.access_tokens.TOUCH", access_tokens::TOUCH),
    ("control.access_tokens.REVOKE", access_tokens::REVOKE),
    ("control.access_tokens.RENAME_MAKER", access_tokens::RENAME_MAKER),
    ("control.administrators.INSERT", administrators::INSERT),
    ("control.administrators.FIND_BY_KEY", administrators::FIND_BY_KEY),
    ("control.administrators.LIST", administrators::LIST),
    ("control.administrators.COUNT", administrators::COUNT),
    ("control.administrators.EXISTS", administrators::EXISTS),
    ("control.administrators.NOTE_SIGN_IN", administrators::NOTE_SIGN_IN),
    ("control.administrators.REPLACE", administrators::REPLACE),
    ("control.administrators.MADE_AT_SET_UP", administrators::MADE_AT_SET_UP),
    ("control.admissions.ADMIT", admissions::ADMIT),
    ("control.admissions.END", admissions::END),
    ("control.admissions.FIND", admissions::FIND),
    ("control.admissions.ACCOUNT_OF", admissions::ACCOUNT_OF),
    ("control.admissions.LIST", admissions::LIST),
    ("control.invitations.INSERT", invitations::INSERT),
    ("control.invitations.FIND", invitations::FIND),
    ("control.invitations.USE", invitations::USE),
    ("control.invitations.EXPIRE", invitations::EXPIRE),
    ("control.organizations.INSERT", organizations::INSERT),
    ("control.organizations.LIST", organizations::LIST),
    ("control.organizations.FIND", organizations::FIND),
    ("control.organizations.FIND_BY_ATLASSIAN_ID", organizations::FIND_BY_ATLASSIAN_ID),
    ("control.organizations.RENAME", organizations::RENAME),
    ("control.sessions.INSERT", sessions::INSERT),
    ("control.sessions.FIND", sessions::FIND),
    ("control.sessions.TOUCH", sessions::TOUCH),
    ("control.sessions.DELETE", sessions::DELETE),
    ("control.sessions.DELETE_OF", sessions::DELETE_OF),
    ("control.sessions.DELETE_OVER", sessions::DELETE_OVER),
    ("control.setup_links.INSERT", setup_links::INSERT),
    ("control.setup_links.FIND", setup_links::FIND),
    ("control.setup_links.USE", setup_links::USE),
    ("control.setup_links.EXPIRE_OTHERS", setup_links::EXPIRE_OTHERS),
    ("control.sign_in_attempts.FIND", sign_in_attempts::FIND),
    ("control.sign_in_attempts.RECORD", sign_in_attempts::RECORD),
    ("control.sign_in_attempts.CLEAR", sign_in_attempts::CLEAR),
    ("control.sign_in_attempts.FORGET", sign_in_attempts::FORGET),
];
