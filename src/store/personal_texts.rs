//! Where texts that people have written may name somebody: each such column with how it is searched and written anew, and
//! settings that may name them, which only a person may change. The list of all places stands in `personal_places`.
//!
//! A text is found by its content and replaced by its content, so that no place needs a key of its own. What belongs to an
//! operation that is not over stays, because its plan's hash covers it.

use crate::store::error::StoreError;
use crate::store::tx::Tx;

const FIND_DECISIONS_REASON: &str = "SELECT DISTINCT reason FROM decisions WHERE lower(reason) LIKE $1";
const FIND_DELIVERIES_RECIPIENT: &str = "SELECT DISTINCT recipient FROM deliveries WHERE lower(recipient) LIKE $1";
const FIND_ENDPOINTS_NOTES: &str = "SELECT DISTINCT notes FROM endpoints WHERE lower(notes) LIKE $1";
const FIND_FEED_CONTROLS_REASON: &str = "SELECT DISTINCT reason FROM feed_controls WHERE lower(reason) LIKE $1";
const FIND_FEED_KEYS_LABEL: &str = "SELECT DISTINCT label FROM feed_keys WHERE lower(label) LIKE $1";
const FIND_FEED_NOTES_TEXT: &str = "SELECT DISTINCT text FROM feed_notes WHERE lower(text) LIKE $1";
const FIND_FEED_PEOPLE_HELD_WHY: &str = "SELECT DISTINCT held_why FROM feed_people WHERE lower(held_why) LIKE $1";
const FIND_FEED_RUNS_COMMENT: &str = "SELECT DISTINCT comment FROM feed_runs WHERE lower(comment) LIKE $1";
const FIND_FEED_RUNS_DECISION: &str = "SELECT DISTINCT decision FROM feed_runs WHERE lower(decision) LIKE $1";
const FIND_FILTERS_DESCRIPTION: &str = "SELECT DISTINCT description FROM filters WHERE lower(description) LIKE $1";
const FIND_FILTERS_FILTER: &str = "SELECT DISTINCT filter FROM filters WHERE lower(filter) LIKE $1";
const FIND_FILTERS_NAME: &str = "SELECT DISTINCT name FROM filters WHERE lower(name) LIKE $1";
const FIND_FILTERS_NAME_KEY: &str = "SELECT DISTINCT name_key FROM filters WHERE lower(name_key) LIKE $1";
const FIND_NOTICES_DATA: &str = "SELECT DISTINCT data FROM notices WHERE lower(data) LIKE $1";
const FIND_OPERATION_DIFFERENCES_ROLE: &str = "
    SELECT DISTINCT role FROM operation_differences WHERE lower(role) LIKE $1";
const FIND_OPERATION_ROWS_ROLE: &str = "SELECT DISTINCT role FROM operation_rows WHERE lower(role) LIKE $1";
const FIND_OPERATIONS_SELECTION: &str = "SELECT DISTINCT selection FROM operations WHERE lower(selection) LIKE $1";
const FIND_PROTECTED_REASON: &str = "SELECT DISTINCT reason FROM protected WHERE lower(reason) LIKE $1";
const FIND_REPORTS_NAME: &str = "SELECT DISTINCT name FROM reports WHERE lower(name) LIKE $1";
const FIND_REPORTS_NAME_KEY: &str = "SELECT DISTINCT name_key FROM reports WHERE lower(name_key) LIKE $1";
const FIND_RUNS_FAILURE: &str = "SELECT DISTINCT failure FROM runs WHERE lower(failure) LIKE $1";
const FIND_SELECTIONS_FILTER: &str = "SELECT DISTINCT filter FROM selections WHERE lower(filter) LIKE $1";
const FIND_SELECTIONS_NAME: &str = "SELECT DISTINCT name FROM selections WHERE lower(name) LIKE $1";
const FIND_TASK_VERSIONS_DEFINITION: &str = "
    SELECT DISTINCT definition FROM task_versions WHERE lower(definition) LIKE $1";
const FIND_TASKS_NAME_KEY: &str = "SELECT DISTINCT name_key FROM tasks WHERE lower(name_key) LIKE $1";
const FIND_WITHHELD_REASON: &str = "SELECT DISTINCT reason FROM withheld WHERE lower(reason) LIKE $1";
const FIND_FEEDS_SETTINGS: &str = "SELECT DISTINCT settings FROM feeds WHERE lower(settings) LIKE $1";
const FIND_MAIL_SERVER_RECIPIENTS: &str = "SELECT DISTINCT recipients FROM mail_server WHERE lower(recipients) LIKE $1";
const FIND_MAIL_SERVER_SENDER: &str = "SELECT DISTINCT sender FROM mail_server WHERE lower(sender) LIKE $1";
const FIND_MAIL_SERVER_USERNAME: &str = "SELECT DISTINCT username FROM mail_server WHERE lower(username) LIKE $1";
const FIND_REPORTS_RECIPIENTS: &str = "SELECT DISTINCT recipients FROM reports WHERE lower(recipients) LIKE $1";
const FIND_SITE_CREDENTIALS_EMAIL: &str = "SELECT DISTINCT email FROM site_credentials WHERE lower(email) LIKE $1";
const PUT_DECISIONS_REASON: &str = "UPDATE decisions SET reason = $2 WHERE reason = $1";
const PUT_DELIVERIES_RECIPIENT: &str = "UPDATE deliveries SET recipient = $2 WHERE recipient = $1";
const PUT_ENDPOINTS_NOTES: &str = "UPDATE endpoints SET notes = $2 WHERE notes = $1";
const PUT_FEED_CONTROLS_REASON: &str = "UPDATE feed_controls SET reason = $2 WHERE reason = $1";
const PUT_FEED_KEYS_LABEL: &str = "UPDATE feed_keys SET label = $2 WHERE label = $1";
const PUT_FEED_NOTES_TEXT: &str = "UPDATE feed_notes SET text = $2 WHERE text = $1";
const PUT_FEED_PEOPLE_HELD_WHY: &str = "UPDATE feed_people SET held_why = $2 WHERE held_why = $1";
const PUT_FEED_RUNS_COMMENT: &str = "UPDATE feed_runs SET comment = $2 WHERE comment = $1";
const PUT_FEED_RUNS_DECISION: &str = "UPDATE feed_runs SET decision = $2 WHERE decision = $1";
const PUT_FILTERS_DESCRIPTION: &str = "UPDATE filters SET description = $2 WHERE description = $1";
const PUT_FILTERS_FILTER: &str = "UPDATE filters SET filter = $2 WHERE filter = $1";
const PUT_FILTERS_NAME: &str = "UPDATE filters SET name = $2 WHERE name = $1";
const PUT_FILTERS_NAME_KEY: &str = "UPDATE filters SET name_key = $2 WHERE name_key = $1";
const PUT_NOTICES_DATA: &str = "UPDATE notices SET data = $2 WHERE data = $1";
const PUT_OPERATION_DIFFERENCES_ROLE: &str = "
    UPDATE operation_differences SET role = $2 WHERE role = $1 AND operation IN (SELECT number FROM operations
    WHERE state IN ('succeeded', 'partial', 'failed', 'cancelled'))";
const PUT_OPERATION_ROWS_ROLE: &str = "
    UPDATE operation_rows SET role = $2 WHERE role = $1 AND operation IN (SELECT number FROM operations WHERE
    state IN ('succeeded', 'partial', 'failed', 'cancelled'))";
const PUT_OPERATIONS_SELECTION: &str = "
    UPDATE operations SET selection = $2 WHERE selection = $1 AND state IN ('succeeded', 'partial', 'failed',
    'cancelled')";
const PUT_PROTECTED_REASON: &str = "UPDATE protected SET reason = $2 WHERE reason = $1";
const PUT_REPORTS_NAME: &str = "UPDATE reports SET name = $2 WHERE name = $1";
const PUT_REPORTS_NAME_KEY: &str = "UPDATE reports SET name_key = $2 WHERE name_key = $1";
const PUT_RUNS_FAILURE: &str = "UPDATE runs SET failure = $2 WHERE failure = $1";
const PUT_SELECTIONS_FILTER: &str = "UPDATE selections SET filter = $2 WHERE filter = $1";
const PUT_SELECTIONS_NAME: &str = "UPDATE selections SET name = $2 WHERE name = $1";
const PUT_TASK_VERSIONS_DEFINITION: &str = "UPDATE task_versions SET definition = $2 WHERE definition = $1";
const PUT_TASKS_NAME_KEY: &str = "UPDATE tasks SET name_key = $2 WHERE name_key = $1";
const PUT_WITHHELD_REASON: &str = "UPDATE withheld SET reason = $2 WHERE reason = $1";
const FIND_CONTACT_CONFLICTS_REASON: &str = "SELECT DISTINCT reason FROM contact_conflicts WHERE lower(reason) LIKE $1";
const PUT_CONTACT_CONFLICTS_REASON: &str = "UPDATE contact_conflicts SET reason = $2 WHERE reason = $1";
const FIND_CONTACT_HISTORY_TOLD: &str = "SELECT DISTINCT told FROM contact_history WHERE lower(told) LIKE $1";
const PUT_CONTACT_HISTORY_TOLD: &str = "UPDATE contact_history SET told = $2 WHERE told = $1";
const FIND_CONTACT_LOG_TEXT: &str = "SELECT DISTINCT text FROM contact_log WHERE lower(text) LIKE $1";
const PUT_CONTACT_LOG_TEXT: &str = "UPDATE contact_log SET text = $2 WHERE text = $1";
const FIND_CONTACT_NOTES_TEXT: &str = "SELECT DISTINCT text FROM contact_notes WHERE lower(text) LIKE $1";
const PUT_CONTACT_NOTES_TEXT: &str = "UPDATE contact_notes SET text = $2 WHERE text = $1";
const FIND_CONTACT_RUNS_FAILURE: &str = "SELECT DISTINCT failure FROM contact_runs WHERE lower(failure) LIKE $1";
const PUT_CONTACT_RUNS_FAILURE: &str =
    "UPDATE contact_runs SET failure = $2 WHERE failure = $1 AND state IN ('complete', 'cancelled', 'failed')";
const FIND_CONTACT_RUNS_TASK: &str = "SELECT DISTINCT task FROM contact_runs WHERE lower(task) LIKE $1";
const PUT_CONTACT_RUNS_TASK: &str =
    "UPDATE contact_runs SET task = $2 WHERE task = $1 AND state IN ('complete', 'cancelled', 'failed')";

/// The pattern of texts in which a part may occur, given in small letters. What is of the pattern language is any letter, and
/// what is beyond ASCII anything, because the engines make small letters of ASCII alone: it finds more, never less.
pub(super) fn pattern(part: &str) -> String {
    let letter = |letter: char| match letter {
        '%' | '_' | '\\' => '_',
        letter if letter.is_ascii() => letter,
        _ => '%',
    };
    format!("%{}%", part.chars().map(letter).collect::<String>())
}

/// A column of texts that may name somebody.
#[derive(Clone, Copy, Debug)]
pub struct TextPlace {
    /// `table.column`.
    pub name: &'static str,
    find: &'static str,
    put: &'static str,
}

/// A column of settings that may name somebody.
#[derive(Clone, Copy, Debug)]
pub struct SettingPlace {
    /// `table.column`.
    pub name: &'static str,
    find: &'static str,
}

/// Every column of texts.
#[rustfmt::skip]
pub const TEXTS: &[TextPlace] = &[
    TextPlace { name: "contact_conflicts.reason", find: FIND_CONTACT_CONFLICTS_REASON, put: PUT_CONTACT_CONFLICTS_REASON },
    TextPlace { name: "contact_history.told", find: FIND_CONTACT_HISTORY_TOLD, put: PUT_CONTACT_HISTORY_TOLD },
    TextPlace { name: "contact_log.text", find: FIND_CONTACT_LOG_TEXT, put: PUT_CONTACT_LOG_TEXT },
    TextPlace { name: "contact_notes.text", find: FIND_CONTACT_NOTES_TEXT, put: PUT_CONTACT_NOTES_TEXT },
    TextPlace { name: "contact_runs.failure", find: FIND_CONTACT_RUNS_FAILURE, put: PUT_CONTACT_RUNS_FAILURE },
    TextPlace { name: "contact_runs.task", find: FIND_CONTACT_RUNS_TASK, put: PUT_CONTACT_RUNS_TASK },
    TextPlace { name: "decisions.reason", find: FIND_DECISIONS_REASON, put: PUT_DECISIONS_REASON },
    TextPlace { name: "deliveries.recipient", find: FIND_DELIVERIES_RECIPIENT, put: PUT_DELIVERIES_RECIPIENT },
    TextPlace { name: "endpoints.notes", find: FIND_ENDPOINTS_NOTES, put: PUT_ENDPOINTS_NOTES },
    TextPlace { name: "feed_controls.reason", find: FIND_FEED_CONTROLS_REASON, put: PUT_FEED_CONTROLS_REASON },
    TextPlace { name: "feed_keys.label", find: FIND_FEED_KEYS_LABEL, put: PUT_FEED_KEYS_LABEL },
    TextPlace { name: "feed_notes.text", find: FIND_FEED_NOTES_TEXT, put: PUT_FEED_NOTES_TEXT },
    TextPlace { name: "feed_people.held_why", find: FIND_FEED_PEOPLE_HELD_WHY, put: PUT_FEED_PEOPLE_HELD_WHY },
    TextPlace { name: "feed_runs.comment", find: FIND_FEED_RUNS_COMMENT, put: PUT_FEED_RUNS_COMMENT },
    TextPlace { name: "feed_runs.decision", find: FIND_FEED_RUNS_DECISION, put: PUT_FEED_RUNS_DECISION },
    TextPlace { name: "filters.description", find: FIND_FILTERS_DESCRIPTION, put: PUT_FILTERS_DESCRIPTION },
    TextPlace { name: "filters.filter", find: FIND_FILTERS_FILTER, put: PUT_FILTERS_FILTER },
    TextPlace { name: "filters.name", find: FIND_FILTERS_NAME, put: PUT_FILTERS_NAME },
    TextPlace { name: "filters.name_key", find: FIND_FILTERS_NAME_KEY, put: PUT_FILTERS_NAME_KEY },
    TextPlace { name: "notices.data", find: FIND_NOTICES_DATA, put: PUT_NOTICES_DATA },
    TextPlace { name: "operation_differences.role", find: FIND_OPERATION_DIFFERENCES_ROLE, put: PUT_OPERATION_DIFFERENCES_ROLE },
    TextPlace { name: "operation_rows.role", find: FIND_OPERATION_ROWS_ROLE, put: PUT_OPERATION_ROWS_ROLE },
    TextPlace { name: "operations.selection", find: FIND_OPERATIONS_SELECTION, put: PUT_OPERATIONS_SELECTION },
    TextPlace { name: "protected.reason", find: FIND_PROTECTED_REASON, put: PUT_PROTECTED_REASON },
    TextPlace { name: "reports.name", find: FIND_REPORTS_NAME, put: PUT_REPORTS_NAME },
    TextPlace { name: "reports.name_key", find: FIND_REPORTS_NAME_KEY, put: PUT_REPORTS_NAME_KEY },
    TextPlace { name: "runs.failure", find: FIND_RUNS_FAILURE, put: PUT_RUNS_FAILURE },
    TextPlace { name: "selections.filter", find: FIND_SELECTIONS_FILTER, put: PUT_SELECTIONS_FILTER },
    TextPlace { name: "selections.name", find: FIND_SELECTIONS_NAME, put: PUT_SELECTIONS_NAME },
    TextPlace { name: "task_versions.definition", find: FIND_TASK_VERSIONS_DEFINITION, put: PUT_TASK_VERSIONS_DEFINITION },
    TextPlace { name: "tasks.name_key", find: FIND_TASKS_NAME_KEY, put: PUT_TASKS_NAME_KEY },
    TextPlace { name: "withheld.reason", find: FIND_WITHHELD_REASON, put: PUT_WITHHELD_REASON },
];

/// Every column of settings.
#[rustfmt::skip]
pub const SETTINGS: &[SettingPlace] = &[
    SettingPlace { name: "feeds.settings", find: FIND_FEEDS_SETTINGS },
    SettingPlace { name: "mail_server.recipients", find: FIND_MAIL_SERVER_RECIPIENTS },
    SettingPlace { name: "mail_server.sender", find: FIND_MAIL_SERVER_SENDER },
    SettingPlace { name: "mail_server.username", find: FIND_MAIL_SERVER_USERNAME },
    SettingPlace { name: "reports.recipients", find: FIND_REPORTS_RECIPIENTS },
    SettingPlace { name: "site_credentials.email", find: FIND_SITE_CREDENTIALS_EMAIL },
];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
#[rustfmt::skip]
pub const STATEMENTS: &[(&str, &str)] = &[
    ("personal_texts.FIND_DECISIONS_REASON", FIND_DECISIONS_REASON),
    ("personal_texts.FIND_DELIVERIES_RECIPIENT", FIND_DELIVERIES_RECIPIENT),
    ("personal_texts.FIND_ENDPOINTS_NOTES", FIND_ENDPOINTS_NOTES),
    ("personal_texts.FIND_FEED_CONTROLS_REASON", FIND_FEED_CONTROLS_REASON),
    ("personal_texts.FIND_FEED_KEYS_LABEL", FIND_FEED_KEYS_LABEL),
    ("personal_texts.FIND_FEED_NOTES_TEXT", FIND_FEED_NOTES_TEXT),
    ("personal_texts.FIND_FEED_PEOPLE_HELD_WHY", FIND_FEED_PEOPLE_HELD_WHY),
    ("personal_texts.FIND_FEED_RUNS_COMMENT", FIND_FEED_RUNS_COMMENT),
    ("personal_texts.FIND_FEED_RUNS_DECISION", FIND_FEED_RUNS_DECISION),
    ("personal_texts.FIND_FILTERS_DESCRIPTION", FIND_FILTERS_DESCRIPTION),
    ("personal_texts.FIND_FILTERS_FILTER", FIND_FILTERS_FILTER),
    ("personal_texts.FIND_FILTERS_NAME", FIND_FILTERS_NAME),
    ("personal_texts.FIND_FILTERS_NAME_KEY", FIND_FILTERS_NAME_KEY),
    ("personal_texts.FIND_NOTICES_DATA", FIND_NOTICES_DATA),
    ("personal_texts.FIND_OPERATION_DIFFERENCES_ROLE", FIND_OPERATION_DIFFERENCES_ROLE),
    ("personal_texts.FIND_OPERATION_ROWS_ROLE", FIND_OPERATION_ROWS_ROLE),
    ("personal_texts.FIND_OPERATIONS_SELECTION", FIND_OPERATIONS_SELECTION),
    ("personal_texts.FIND_PROTECTED_REASON", FIND_PROTECTED_REASON),
    ("personal_texts.FIND_REPORTS_NAME", FIND_REPORTS_NAME),
    ("personal_texts.FIND_REPORTS_NAME_KEY", FIND_REPORTS_NAME_KEY),
    ("personal_texts.FIND_RUNS_FAILURE", FIND_RUNS_FAILURE),
    ("personal_texts.FIND_SELECTIONS_FILTER", FIND_SELECTIONS_FILTER),
    ("personal_texts.FIND_SELECTIONS_NAME", FIND_SELECTIONS_NAME),
    ("personal_texts.FIND_TASK_VERSIONS_DEFINITION", FIND_TASK_VERSIONS_DEFINITION),
    ("personal_texts.FIND_TASKS_NAME_KEY", FIND_TASKS_NAME_KEY),
    ("personal_texts.FIND_WITHHELD_REASON", FIND_WITHHELD_REASON),
    ("personal_texts.FIND_FEEDS_SETTINGS", FIND_FEEDS_SETTINGS),
    ("personal_texts.FIND_MAIL_SERVER_RECIPIENTS", FIND_MAIL_SERVER_RECIPIENTS),
    ("personal_texts.FIND_MAIL_SERVER_SENDER", FIND_MAIL_SERVER_SENDER),
    ("personal_texts.FIND_MAIL_SERVER_USERNAME", FIND_MAIL_SERVER_USERNAME),
    ("personal_texts.FIND_REPORTS_RECIPIENTS", FIND_REPORTS_RECIPIENTS),
    ("personal_texts.FIND_SITE_CREDENTIALS_EMAIL", FIND_SITE_CREDENTIALS_EMAIL),
    ("personal_texts.PUT_DECISIONS_REASON", PUT_DECISIONS_REASON),
    ("personal_texts.PUT_DELIVERIES_RECIPIENT", PUT_DELIVERIES_RECIPIENT),
    ("personal_texts.PUT_ENDPOINTS_NOTES", PUT_ENDPOINTS_NOTES),
    ("personal_texts.PUT_FEED_CONTROLS_REASON", PUT_FEED_CONTROLS_REASON),
    ("personal_texts.PUT_FEED_KEYS_LABEL", PUT_FEED_KEYS_LABEL),
    ("personal_texts.PUT_FEED_NOTES_TEXT", PUT_FEED_NOTES_TEXT),
    ("personal_texts.PUT_FEED_PEOPLE_HELD_WHY", PUT_FEED_PEOPLE_HELD_WHY),
    ("personal_texts.PUT_FEED_RUNS_COMMENT", PUT_FEED_RUNS_COMMENT),
    ("personal_texts.PUT_FEED_RUNS_DECISION", PUT_FEED_RUNS_DECISION),
    ("personal_texts.PUT_FILTERS_DESCRIPTION", PUT_FILTERS_DESCRIPTION),
    ("personal_texts.PUT_FILTERS_FILTER", PUT_FILTERS_FILTER),
    ("personal_texts.PUT_FILTERS_NAME", PUT_FILTERS_NAME),
    ("personal_texts.PUT_FILTERS_NAME_KEY", PUT_FILTERS_NAME_KEY),
    ("personal_texts.PUT_NOTICES_DATA", PUT_NOTICES_DATA),
    ("personal_texts.PUT_OPERATION_DIFFERENCES_ROLE", PUT_OPERATION_DIFFERENCES_ROLE),
    ("personal_texts.PUT_OPERATION_ROWS_ROLE", PUT_OPERATION_ROWS_ROLE),
    ("personal_texts.PUT_OPERATIONS_SELECTION", PUT_OPERATIONS_SELECTION),
    ("personal_texts.PUT_PROTECTED_REASON", PUT_PROTECTED_REASON),
    ("personal_texts.PUT_REPORTS_NAME", PUT_REPORTS_NAME),
    ("personal_texts.PUT_REPORTS_NAME_KEY", PUT_REPORTS_NAME_KEY),
    ("personal_texts.PUT_RUNS_FAILURE", PUT_RUNS_FAILURE),
    ("personal_texts.PUT_SELECTIONS_FILTER", PUT_SELECTIONS_FILTER),
    ("personal_texts.PUT_SELECTIONS_NAME", PUT_SELECTIONS_NAME),
    ("personal_texts.PUT_TASK_VERSIONS_DEFINITION", PUT_TASK_VERSIONS_DEFINITION),
    ("personal_texts.PUT_TASKS_NAME_KEY", PUT_TASKS_NAME_KEY),
    ("personal_texts.PUT_WITHHELD_REASON", PUT_WITHHELD_REASON),
    ("personal_texts.FIND_CONTACT_CONFLICTS_REASON", FIND_CONTACT_CONFLICTS_REASON),
    ("personal_texts.PUT_CONTACT_CONFLICTS_REASON", PUT_CONTACT_CONFLICTS_REASON),
    ("personal_texts.FIND_CONTACT_HISTORY_TOLD", FIND_CONTACT_HISTORY_TOLD),
    ("personal_texts.PUT_CONTACT_HISTORY_TOLD", PUT_CONTACT_HISTORY_TOLD),
    ("personal_texts.FIND_CONTACT_LOG_TEXT", FIND_CONTACT_LOG_TEXT),
    ("personal_texts.PUT_CONTACT_LOG_TEXT", PUT_CONTACT_LOG_TEXT),
    ("personal_texts.FIND_CONTACT_NOTES_TEXT", FIND_CONTACT_NOTES_TEXT),
    ("personal_texts.PUT_CONTACT_NOTES_TEXT", PUT_CONTACT_NOTES_TEXT),
    ("personal_texts.FIND_CONTACT_RUNS_FAILURE", FIND_CONTACT_RUNS_FAILURE),
    ("personal_texts.PUT_CONTACT_RUNS_FAILURE", PUT_CONTACT_RUNS_FAILURE),
    ("personal_texts.FIND_CONTACT_RUNS_TASK", FIND_CONTACT_RUNS_TASK),
    ("personal_texts.PUT_CONTACT_RUNS_TASK", PUT_CONTACT_RUNS_TASK),
];

impl TextPlace {
    /// The texts in which a part occurs, whatever its case; it is given in small letters. More may come than do hold it.
    pub fn holding(&self, tx: &mut Tx, part: &str) -> Result<Vec<String>, StoreError> {
        holding(tx, self.find, part)
    }

    /// Writes a text anew wherever it stands. How often it stood there.
    pub fn replace(&self, tx: &mut Tx, text: &str, with: &str) -> Result<u64, StoreError> {
        tx.execute(self.put, &[text.into(), with.into()])
    }
}

impl SettingPlace {
    /// The texts in which a part occurs, as for [`TextPlace::holding`].
    pub fn holding(&self, tx: &mut Tx, part: &str) -> Result<Vec<String>, StoreError> {
        holding(tx, self.find, part)
    }
}

fn holding(tx: &mut Tx, find: &'static str, part: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    tx.for_each(find, &[pattern(part).into()], |row| {
        found.push(row.text(0)?.to_owned());
        Ok(())
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_beyond_ascii_are_found_in_any_case() {
        assert_eq!(pattern("ann_b@x.test"), "%ann_b@x.test%");
        assert_eq!(pattern("100% \\"), "%100_ _%");
        assert_eq!(pattern("\u{fc}nal \u{f6}z"), "%%nal %z%");
    }
}
