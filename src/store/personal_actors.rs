//! Where the names of those who did something in Rollcall stand, beside what they did: each such column with how a name in it
//! is counted and replaced. What was done stays.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

const COUNT_DECISIONS_DECIDED_BY: &str = "SELECT count(*) FROM decisions WHERE decided_by = $1";
const PUT_DECISIONS_DECIDED_BY: &str = "UPDATE decisions SET decided_by = $2 WHERE decided_by = $1";
const COUNT_ENDPOINT_VERSIONS_CHANGED_BY: &str = "SELECT count(*) FROM endpoint_versions WHERE changed_by = $1";
const PUT_ENDPOINT_VERSIONS_CHANGED_BY: &str = "UPDATE endpoint_versions SET changed_by = $2 WHERE changed_by = $1";
const COUNT_ENDPOINTS_CHANGED_BY: &str = "SELECT count(*) FROM endpoints WHERE changed_by = $1";
const PUT_ENDPOINTS_CHANGED_BY: &str = "UPDATE endpoints SET changed_by = $2 WHERE changed_by = $1";
const COUNT_FEED_CONTROLS_AUTHOR: &str = "SELECT count(*) FROM feed_controls WHERE author = $1";
const PUT_FEED_CONTROLS_AUTHOR: &str = "UPDATE feed_controls SET author = $2 WHERE author = $1";
const COUNT_FEED_FILES_UPLOADED_BY: &str = "SELECT count(*) FROM feed_files WHERE uploaded_by = $1";
const PUT_FEED_FILES_UPLOADED_BY: &str = "UPDATE feed_files SET uploaded_by = $2 WHERE uploaded_by = $1";
const COUNT_FEED_GROUPS_DECLARED_BY: &str = "SELECT count(*) FROM feed_groups WHERE declared_by = $1";
const PUT_FEED_GROUPS_DECLARED_BY: &str = "UPDATE feed_groups SET declared_by = $2 WHERE declared_by = $1";
const COUNT_FEED_KEYS_CREATED_BY: &str = "SELECT count(*) FROM feed_keys WHERE created_by = $1";
const PUT_FEED_KEYS_CREATED_BY: &str = "UPDATE feed_keys SET created_by = $2 WHERE created_by = $1";
const COUNT_FEED_NOTES_AUTHOR: &str = "SELECT count(*) FROM feed_notes WHERE author = $1";
const PUT_FEED_NOTES_AUTHOR: &str = "UPDATE feed_notes SET author = $2 WHERE author = $1";
const COUNT_FEED_PEOPLE_HELD_BY: &str = "SELECT count(*) FROM feed_people WHERE held_by = $1";
const PUT_FEED_PEOPLE_HELD_BY: &str = "UPDATE feed_people SET held_by = $2 WHERE held_by = $1";
const COUNT_FEED_RUNS_CREATED_BY: &str = "SELECT count(*) FROM feed_runs WHERE created_by = $1";
const PUT_FEED_RUNS_CREATED_BY: &str = "UPDATE feed_runs SET created_by = $2 WHERE created_by = $1";
const COUNT_FEED_RUNS_DECIDED_BY: &str = "SELECT count(*) FROM feed_runs WHERE decided_by = $1";
const PUT_FEED_RUNS_DECIDED_BY: &str = "UPDATE feed_runs SET decided_by = $2 WHERE decided_by = $1";
const COUNT_FEEDS_CHANGED_BY: &str = "SELECT count(*) FROM feeds WHERE changed_by = $1";
const PUT_FEEDS_CHANGED_BY: &str = "UPDATE feeds SET changed_by = $2 WHERE changed_by = $1";
const COUNT_FILTERS_OWNER_NAME: &str = "SELECT count(*) FROM filters WHERE owner_name = $1";
const PUT_FILTERS_OWNER_NAME: &str = "UPDATE filters SET owner_name = $2 WHERE owner_name = $1";
const COUNT_MAIL_SERVER_CHANGED_BY: &str = "SELECT count(*) FROM mail_server WHERE changed_by = $1";
const PUT_MAIL_SERVER_CHANGED_BY: &str = "UPDATE mail_server SET changed_by = $2 WHERE changed_by = $1";
const COUNT_OPERATIONS_ASKED_BY: &str = "SELECT count(*) FROM operations WHERE asked_by = $1";
const PUT_OPERATIONS_ASKED_BY: &str = "UPDATE operations SET asked_by = $2 WHERE asked_by = $1";
const COUNT_ORGANIZATION_KEYS_ENTERED_BY: &str = "SELECT count(*) FROM organization_keys WHERE entered_by = $1";
const PUT_ORGANIZATION_KEYS_ENTERED_BY: &str = "UPDATE organization_keys SET entered_by = $2 WHERE entered_by = $1";
const COUNT_PROTECTED_ADDED_BY: &str = "SELECT count(*) FROM protected WHERE added_by = $1";
const PUT_PROTECTED_ADDED_BY: &str = "UPDATE protected SET added_by = $2 WHERE added_by = $1";
const COUNT_REPORTS_CHANGED_BY: &str = "SELECT count(*) FROM reports WHERE changed_by = $1";
const PUT_REPORTS_CHANGED_BY: &str = "UPDATE reports SET changed_by = $2 WHERE changed_by = $1";
const COUNT_RUNS_ASKED_BY: &str = "SELECT count(*) FROM runs WHERE asked_by = $1";
const PUT_RUNS_ASKED_BY: &str = "UPDATE runs SET asked_by = $2 WHERE asked_by = $1";
const COUNT_SEAT_PRICES_CHANGED_BY: &str = "SELECT count(*) FROM seat_prices WHERE changed_by = $1";
const PUT_SEAT_PRICES_CHANGED_BY: &str = "UPDATE seat_prices SET changed_by = $2 WHERE changed_by = $1";
const COUNT_SELECTIONS_OWNER_NAME: &str = "SELECT count(*) FROM selections WHERE owner_name = $1";
const PUT_SELECTIONS_OWNER_NAME: &str = "UPDATE selections SET owner_name = $2 WHERE owner_name = $1";
const COUNT_SETTINGS_CHANGED_BY: &str = "SELECT count(*) FROM settings WHERE changed_by = $1";
const PUT_SETTINGS_CHANGED_BY: &str = "UPDATE settings SET changed_by = $2 WHERE changed_by = $1";
const COUNT_SITE_CREDENTIALS_ENTERED_BY: &str = "SELECT count(*) FROM site_credentials WHERE entered_by = $1";
const PUT_SITE_CREDENTIALS_ENTERED_BY: &str = "UPDATE site_credentials SET entered_by = $2 WHERE entered_by = $1";
const COUNT_SITE_HOOKS_MADE_BY: &str = "SELECT count(*) FROM site_hooks WHERE made_by = $1";
const PUT_SITE_HOOKS_MADE_BY: &str = "UPDATE site_hooks SET made_by = $2 WHERE made_by = $1";
const COUNT_SITE_READINGS_ASKED_BY: &str = "SELECT count(*) FROM site_readings WHERE asked_by = $1";
const PUT_SITE_READINGS_ASKED_BY: &str = "UPDATE site_readings SET asked_by = $2 WHERE asked_by = $1";
const COUNT_TASK_RUNS_ASKED_BY: &str = "SELECT count(*) FROM task_runs WHERE asked_by = $1";
const PUT_TASK_RUNS_ASKED_BY: &str = "UPDATE task_runs SET asked_by = $2 WHERE asked_by = $1";
const COUNT_TASK_VERSIONS_AUTHOR: &str = "SELECT count(*) FROM task_versions WHERE author = $1";
const PUT_TASK_VERSIONS_AUTHOR: &str = "UPDATE task_versions SET author = $2 WHERE author = $1";
const COUNT_WITHHELD_CLOSED_BY: &str = "SELECT count(*) FROM withheld WHERE closed_by = $1";
const PUT_WITHHELD_CLOSED_BY: &str = "UPDATE withheld SET closed_by = $2 WHERE closed_by = $1";
const COUNT_COMPANY_SOURCES_DECIDED_BY: &str = "SELECT count(*) FROM company_sources WHERE decided_by = $1";
const PUT_COMPANY_SOURCES_DECIDED_BY: &str = "UPDATE company_sources SET decided_by = $2 WHERE decided_by = $1";
const COUNT_CONTACT_CONFLICTS_DECIDED_BY: &str = "SELECT count(*) FROM contact_conflicts WHERE decided_by = $1";
const PUT_CONTACT_CONFLICTS_DECIDED_BY: &str = "UPDATE contact_conflicts SET decided_by = $2 WHERE decided_by = $1";
const COUNT_CONTACT_HISTORY_AUTHOR: &str = "SELECT count(*) FROM contact_history WHERE author = $1";
const PUT_CONTACT_HISTORY_AUTHOR: &str = "UPDATE contact_history SET author = $2 WHERE author = $1";
const COUNT_CONTACT_IMPORTS_AUTHOR: &str = "SELECT count(*) FROM contact_imports WHERE author = $1";
const PUT_CONTACT_IMPORTS_AUTHOR: &str = "UPDATE contact_imports SET author = $2 WHERE author = $1";
const COUNT_CONTACT_NOTES_AUTHOR: &str = "SELECT count(*) FROM contact_notes WHERE author = $1";
const PUT_CONTACT_NOTES_AUTHOR: &str = "UPDATE contact_notes SET author = $2 WHERE author = $1";
const COUNT_CONTACT_RECORDS_CREATED_BY: &str = "SELECT count(*) FROM contact_records WHERE created_by = $1";
const PUT_CONTACT_RECORDS_CREATED_BY: &str = "UPDATE contact_records SET created_by = $2 WHERE created_by = $1";
const COUNT_CONTACT_RUNS_ASKED_BY: &str = "SELECT count(*) FROM contact_runs WHERE asked_by = $1";
const PUT_CONTACT_RUNS_ASKED_BY: &str = "UPDATE contact_runs SET asked_by = $2 WHERE asked_by = $1";
const COUNT_FEED_ACCESS_CHOSEN_BY: &str = "SELECT count(*) FROM feed_access WHERE chosen_by = $1";
const PUT_FEED_ACCESS_CHOSEN_BY: &str = "UPDATE feed_access SET chosen_by = $2 WHERE chosen_by = $1";
const COUNT_FEED_MAPPINGS_MAPPED_BY: &str = "SELECT count(*) FROM feed_mappings WHERE mapped_by = $1";
const PUT_FEED_MAPPINGS_MAPPED_BY: &str = "UPDATE feed_mappings SET mapped_by = $2 WHERE mapped_by = $1";
const COUNT_FEED_PEOPLE_LINK_BY: &str = "SELECT count(*) FROM feed_people WHERE link_by = $1";
const PUT_FEED_PEOPLE_LINK_BY: &str = "UPDATE feed_people SET link_by = $2 WHERE link_by = $1";

/// A column of names of those who did something.
#[derive(Clone, Copy, Debug)]
pub struct ActorPlace {
    /// `table.column`.
    pub name: &'static str,
    count: &'static str,
    put: &'static str,
}

/// Every such column.
#[rustfmt::skip]
pub const ACTORS: &[ActorPlace] = &[
    ActorPlace { name: "company_sources.decided_by", count: COUNT_COMPANY_SOURCES_DECIDED_BY, put: PUT_COMPANY_SOURCES_DECIDED_BY },
    ActorPlace { name: "contact_conflicts.decided_by", count: COUNT_CONTACT_CONFLICTS_DECIDED_BY, put: PUT_CONTACT_CONFLICTS_DECIDED_BY },
    ActorPlace { name: "contact_history.author", count: COUNT_CONTACT_HISTORY_AUTHOR, put: PUT_CONTACT_HISTORY_AUTHOR },
    ActorPlace { name: "contact_imports.author", count: COUNT_CONTACT_IMPORTS_AUTHOR, put: PUT_CONTACT_IMPORTS_AUTHOR },
    ActorPlace { name: "contact_notes.author", count: COUNT_CONTACT_NOTES_AUTHOR, put: PUT_CONTACT_NOTES_AUTHOR },
    ActorPlace { name: "contact_records.created_by", count: COUNT_CONTACT_RECORDS_CREATED_BY, put: PUT_CONTACT_RECORDS_CREATED_BY },
    ActorPlace { name: "contact_runs.asked_by", count: COUNT_CONTACT_RUNS_ASKED_BY, put: PUT_CONTACT_RUNS_ASKED_BY },
    ActorPlace { name: "decisions.decided_by", count: COUNT_DECISIONS_DECIDED_BY, put: PUT_DECISIONS_DECIDED_BY },
    ActorPlace { name: "endpoint_versions.changed_by", count: COUNT_ENDPOINT_VERSIONS_CHANGED_BY, put: PUT_ENDPOINT_VERSIONS_CHANGED_BY },
    ActorPlace { name: "endpoints.changed_by", count: COUNT_ENDPOINTS_CHANGED_BY, put: PUT_ENDPOINTS_CHANGED_BY },
    ActorPlace { name: "feed_access.chosen_by", count: COUNT_FEED_ACCESS_CHOSEN_BY, put: PUT_FEED_ACCESS_CHOSEN_BY },
    ActorPlace { name: "feed_controls.author", count: COUNT_FEED_CONTROLS_AUTHOR, put: PUT_FEED_CONTROLS_AUTHOR },
    ActorPlace { name: "feed_files.uploaded_by", count: COUNT_FEED_FILES_UPLOADED_BY, put: PUT_FEED_FILES_UPLOADED_BY },
    ActorPlace { name: "feed_groups.declared_by", count: COUNT_FEED_GROUPS_DECLARED_BY, put: PUT_FEED_GROUPS_DECLARED_BY },
    ActorPlace { name: "feed_keys.created_by", count: COUNT_FEED_KEYS_CREATED_BY, put: PUT_FEED_KEYS_CREATED_BY },
    ActorPlace { name: "feed_mappings.mapped_by", count: COUNT_FEED_MAPPINGS_MAPPED_BY, put: PUT_FEED_MAPPINGS_MAPPED_BY },
    ActorPlace { name: "feed_notes.author", count: COUNT_FEED_NOTES_AUTHOR, put: PUT_FEED_NOTES_AUTHOR },
    ActorPlace { name: "feed_people.held_by", count: COUNT_FEED_PEOPLE_HELD_BY, put: PUT_FEED_PEOPLE_HELD_BY },
    ActorPlace { name: "feed_people.link_by", count: COUNT_FEED_PEOPLE_LINK_BY, put: PUT_FEED_PEOPLE_LINK_BY },
    ActorPlace { name: "feed_runs.created_by", count: COUNT_FEED_RUNS_CREATED_BY, put: PUT_FEED_RUNS_CREATED_BY },
    ActorPlace { name: "feed_runs.decided_by", count: COUNT_FEED_RUNS_DECIDED_BY, put: PUT_FEED_RUNS_DECIDED_BY },
    ActorPlace { name: "feeds.changed_by", count: COUNT_FEEDS_CHANGED_BY, put: PUT_FEEDS_CHANGED_BY },
    ActorPlace { name: "filters.owner_name", count: COUNT_FILTERS_OWNER_NAME, put: PUT_FILTERS_OWNER_NAME },
    ActorPlace { name: "mail_server.changed_by", count: COUNT_MAIL_SERVER_CHANGED_BY, put: PUT_MAIL_SERVER_CHANGED_BY },
    ActorPlace { name: "operations.asked_by", count: COUNT_OPERATIONS_ASKED_BY, put: PUT_OPERATIONS_ASKED_BY },
    ActorPlace { name: "organization_keys.entered_by", count: COUNT_ORGANIZATION_KEYS_ENTERED_BY, put: PUT_ORGANIZATION_KEYS_ENTERED_BY },
    ActorPlace { name: "protected.added_by", count: COUNT_PROTECTED_ADDED_BY, put: PUT_PROTECTED_ADDED_BY },
    ActorPlace { name: "reports.changed_by", count: COUNT_REPORTS_CHANGED_BY, put: PUT_REPORTS_CHANGED_BY },
    ActorPlace { name: "runs.asked_by", count: COUNT_RUNS_ASKED_BY, put: PUT_RUNS_ASKED_BY },
    ActorPlace { name: "seat_prices.changed_by", count: COUNT_SEAT_PRICES_CHANGED_BY, put: PUT_SEAT_PRICES_CHANGED_BY },
    ActorPlace { name: "selections.owner_name", count: COUNT_SELECTIONS_OWNER_NAME, put: PUT_SELECTIONS_OWNER_NAME },
    ActorPlace { name: "settings.changed_by", count: COUNT_SETTINGS_CHANGED_BY, put: PUT_SETTINGS_CHANGED_BY },
    ActorPlace { name: "site_credentials.entered_by", count: COUNT_SITE_CREDENTIALS_ENTERED_BY, put: PUT_SITE_CREDENTIALS_ENTERED_BY },
    ActorPlace { name: "site_hooks.made_by", count: COUNT_SITE_HOOKS_MADE_BY, put: PUT_SITE_HOOKS_MADE_BY },
    ActorPlace { name: "site_readings.asked_by", count: COUNT_SITE_READINGS_ASKED_BY, put: PUT_SITE_READINGS_ASKED_BY },
    ActorPlace { name: "task_runs.asked_by", count: COUNT_TASK_RUNS_ASKED_BY, put: PUT_TASK_RUNS_ASKED_BY },
    ActorPlace { name: "task_versions.author", count: COUNT_TASK_VERSIONS_AUTHOR, put: PUT_TASK_VERSIONS_AUTHOR },
    ActorPlace { name: "withheld.closed_by", count: COUNT_WITHHELD_CLOSED_BY, put: PUT_WITHHELD_CLOSED_BY },
];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
#[rustfmt::skip]
pub const STATEMENTS: &[(&str, &str)] = &[
    ("personal_actors.COUNT_DECISIONS_DECIDED_BY", COUNT_DECISIONS_DECIDED_BY),
    ("personal_actors.PUT_DECISIONS_DECIDED_BY", PUT_DECISIONS_DECIDED_BY),
    ("personal_actors.COUNT_ENDPOINT_VERSIONS_CHANGED_BY", COUNT_ENDPOINT_VERSIONS_CHANGED_BY),
    ("personal_actors.PUT_ENDPOINT_VERSIONS_CHANGED_BY", PUT_ENDPOINT_VERSIONS_CHANGED_BY),
    ("personal_actors.COUNT_ENDPOINTS_CHANGED_BY", COUNT_ENDPOINTS_CHANGED_BY),
    ("personal_actors.PUT_ENDPOINTS_CHANGED_BY", PUT_ENDPOINTS_CHANGED_BY),
    ("personal_actors.COUNT_FEED_CONTROLS_AUTHOR", COUNT_FEED_CONTROLS_AUTHOR),
    ("personal_actors.PUT_FEED_CONTROLS_AUTHOR", PUT_FEED_CONTROLS_AUTHOR),
    ("personal_actors.COUNT_FEED_FILES_UPLOADED_BY", COUNT_FEED_FILES_UPLOADED_BY),
    ("personal_actors.PUT_FEED_FILES_UPLOADED_BY", PUT_FEED_FILES_UPLOADED_BY),
    ("personal_actors.COUNT_FEED_GROUPS_DECLARED_BY", COUNT_FEED_GROUPS_DECLARED_BY),
    ("personal_actors.PUT_FEED_GROUPS_DECLARED_BY", PUT_FEED_GROUPS_DECLARED_BY),
    ("personal_actors.COUNT_FEED_KEYS_CREATED_BY", COUNT_FEED_KEYS_CREATED_BY),
    ("personal_actors.PUT_FEED_KEYS_CREATED_BY", PUT_FEED_KEYS_CREATED_BY),
    ("personal_actors.COUNT_FEED_NOTES_AUTHOR", COUNT_FEED_NOTES_AUTHOR),
    ("personal_actors.PUT_FEED_NOTES_AUTHOR", PUT_FEED_NOTES_AUTHOR),
    ("personal_actors.COUNT_FEED_PEOPLE_HELD_BY", COUNT_FEED_PEOPLE_HELD_BY),
    ("personal_actors.PUT_FEED_PEOPLE_HELD_BY", PUT_FEED_PEOPLE_HELD_BY),
    ("personal_actors.COUNT_FEED_RUNS_CREATED_BY", COUNT_FEED_RUNS_CREATED_BY),
    ("personal_actors.PUT_FEED_RUNS_CREATED_BY", PUT_FEED_RUNS_CREATED_BY),
    ("personal_actors.COUNT_FEED_RUNS_DECIDED_BY", COUNT_FEED_RUNS_DECIDED_BY),
    ("personal_actors.PUT_FEED_RUNS_DECIDED_BY", PUT_FEED_RUNS_DECIDED_BY),
    ("personal_actors.COUNT_FEEDS_CHANGED_BY", COUNT_FEEDS_CHANGED_BY),
    ("personal_actors.PUT_FEEDS_CHANGED_BY", PUT_FEEDS_CHANGED_BY),
    ("personal_actors.COUNT_FILTERS_OWNER_NAME", COUNT_FILTERS_OWNER_NAME),
    ("personal_actors.PUT_FILTERS_OWNER_NAME", PUT_FILTERS_OWNER_NAME),
    ("personal_actors.COUNT_MAIL_SERVER_CHANGED_BY", COUNT_MAIL_SERVER_CHANGED_BY),
    ("personal_actors.PUT_MAIL_SERVER_CHANGED_BY", PUT_MAIL_SERVER_CHANGED_BY),
    ("personal_actors.COUNT_OPERATIONS_ASKED_BY", COUNT_OPERATIONS_ASKED_BY),
    ("personal_actors.PUT_OPERATIONS_ASKED_BY", PUT_OPERATIONS_ASKED_BY),
    ("personal_actors.COUNT_ORGANIZATION_KEYS_ENTERED_BY", COUNT_ORGANIZATION_KEYS_ENTERED_BY),
    ("personal_actors.PUT_ORGANIZATION_KEYS_ENTERED_BY", PUT_ORGANIZATION_KEYS_ENTERED_BY),
    ("personal_actors.COUNT_PROTECTED_ADDED_BY", COUNT_PROTECTED_ADDED_BY),
    ("personal_actors.PUT_PROTECTED_ADDED_BY", PUT_PROTECTED_ADDED_BY),
    ("personal_actors.COUNT_REPORTS_CHANGED_BY", COUNT_REPORTS_CHANGED_BY),
    ("personal_actors.PUT_REPORTS_CHANGED_BY", PUT_REPORTS_CHANGED_BY),
    ("personal_actors.COUNT_RUNS_ASKED_BY", COUNT_RUNS_ASKED_BY),
    ("personal_actors.PUT_RUNS_ASKED_BY", PUT_RUNS_ASKED_BY),
    ("personal_actors.COUNT_SEAT_PRICES_CHANGED_BY", COUNT_SEAT_PRICES_CHANGED_BY),
    ("personal_actors.PUT_SEAT_PRICES_CHANGED_BY", PUT_SEAT_PRICES_CHANGED_BY),
    ("personal_actors.COUNT_SELECTIONS_OWNER_NAME", COUNT_SELECTIONS_OWNER_NAME),
    ("personal_actors.PUT_SELECTIONS_OWNER_NAME", PUT_SELECTIONS_OWNER_NAME),
    ("personal_actors.COUNT_SETTINGS_CHANGED_BY", COUNT_SETTINGS_CHANGED_BY),
    ("personal_actors.PUT_SETTINGS_CHANGED_BY", PUT_SETTINGS_CHANGED_BY),
    ("personal_actors.COUNT_SITE_CREDENTIALS_ENTERED_BY", COUNT_SITE_CREDENTIALS_ENTERED_BY),
    ("personal_actors.PUT_SITE_CREDENTIALS_ENTERED_BY", PUT_SITE_CREDENTIALS_ENTERED_BY),
    ("personal_actors.COUNT_SITE_HOOKS_MADE_BY", COUNT_SITE_HOOKS_MADE_BY),
    ("personal_actors.PUT_SITE_HOOKS_MADE_BY", PUT_SITE_HOOKS_MADE_BY),
    ("personal_actors.COUNT_SITE_READINGS_ASKED_BY", COUNT_SITE_READINGS_ASKED_BY),
    ("personal_actors.PUT_SITE_READINGS_ASKED_BY", PUT_SITE_READINGS_ASKED_BY),
    ("personal_actors.COUNT_TASK_RUNS_ASKED_BY", COUNT_TASK_RUNS_ASKED_BY),
    ("personal_actors.PUT_TASK_RUNS_ASKED_BY", PUT_TASK_RUNS_ASKED_BY),
    ("personal_actors.COUNT_TASK_VERSIONS_AUTHOR", COUNT_TASK_VERSIONS_AUTHOR),
    ("personal_actors.PUT_TASK_VERSIONS_AUTHOR", PUT_TASK_VERSIONS_AUTHOR),
    ("personal_actors.COUNT_WITHHELD_CLOSED_BY", COUNT_WITHHELD_CLOSED_BY),
    ("personal_actors.PUT_WITHHELD_CLOSED_BY", PUT_WITHHELD_CLOSED_BY),
    ("personal_actors.COUNT_COMPANY_SOURCES_DECIDED_BY", COUNT_COMPANY_SOURCES_DECIDED_BY),
    ("personal_actors.PUT_COMPANY_SOURCES_DECIDED_BY", PUT_COMPANY_SOURCES_DECIDED_BY),
    ("personal_actors.COUNT_CONTACT_CONFLICTS_DECIDED_BY", COUNT_CONTACT_CONFLICTS_DECIDED_BY),
    ("personal_actors.PUT_CONTACT_CONFLICTS_DECIDED_BY", PUT_CONTACT_CONFLICTS_DECIDED_BY),
    ("personal_actors.COUNT_CONTACT_HISTORY_AUTHOR", COUNT_CONTACT_HISTORY_AUTHOR),
    ("personal_actors.PUT_CONTACT_HISTORY_AUTHOR", PUT_CONTACT_HISTORY_AUTHOR),
    ("personal_actors.COUNT_CONTACT_IMPORTS_AUTHOR", COUNT_CONTACT_IMPORTS_AUTHOR),
    ("personal_actors.PUT_CONTACT_IMPORTS_AUTHOR", PUT_CONTACT_IMPORTS_AUTHOR),
    ("personal_actors.COUNT_CONTACT_NOTES_AUTHOR", COUNT_CONTACT_NOTES_AUTHOR),
    ("personal_actors.PUT_CONTACT_NOTES_AUTHOR", PUT_CONTACT_NOTES_AUTHOR),
    ("personal_actors.COUNT_CONTACT_RECORDS_CREATED_BY", COUNT_CONTACT_RECORDS_CREATED_BY),
    ("personal_actors.PUT_CONTACT_RECORDS_CREATED_BY", PUT_CONTACT_RECORDS_CREATED_BY),
    ("personal_actors.COUNT_CONTACT_RUNS_ASKED_BY", COUNT_CONTACT_RUNS_ASKED_BY),
    ("personal_actors.PUT_CONTACT_RUNS_ASKED_BY", PUT_CONTACT_RUNS_ASKED_BY),
    ("personal_actors.COUNT_FEED_ACCESS_CHOSEN_BY", COUNT_FEED_ACCESS_CHOSEN_BY),
    ("personal_actors.PUT_FEED_ACCESS_CHOSEN_BY", PUT_FEED_ACCESS_CHOSEN_BY),
    ("personal_actors.COUNT_FEED_MAPPINGS_MAPPED_BY", COUNT_FEED_MAPPINGS_MAPPED_BY),
    ("personal_actors.PUT_FEED_MAPPINGS_MAPPED_BY", PUT_FEED_MAPPINGS_MAPPED_BY),
    ("personal_actors.COUNT_FEED_PEOPLE_LINK_BY", COUNT_FEED_PEOPLE_LINK_BY),
    ("personal_actors.PUT_FEED_PEOPLE_LINK_BY", PUT_FEED_PEOPLE_LINK_BY),
];

impl ActorPlace {
    /// How often somebody of this name did something.
    pub fn count(&self, tx: &mut Tx, name: &str) -> Result<u64, StoreError> {
        tx.one(self.count, &[name.into()], |row| Ok(row.integer(0)?.unsigned_abs()))
    }

    /// Gives whoever did it another name. How often that was.
    pub fn replace(&self, tx: &mut Tx, name: &str, with: &str) -> Result<u64, StoreError> {
        tx.execute(self.put, &[name.into(), with.into()])
    }
}
