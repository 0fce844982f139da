//! Automated tasks and their versions. Who may change which is decided by the verbs, not here.

use jiff::Timestamp;

use crate::id::{AdministratorId, FilterId, TaskId};
use crate::nouns::task::{Author, Definition, Task};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::task_text::{definition_text, read_definition};
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO tasks (id, name_key, filter, version, active, settled_at, hold_next)
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
const UPDATE: &str = "
    UPDATE tasks SET name_key = $2, filter = $3, version = $4, active = $5, settled_at = $6, hold_next = $7
    WHERE id = $1 AND deleted_at IS NULL";
const DELETE: &str = "
    UPDATE tasks SET deleted_at = $2, name_key = id, filter = '', active = 0 WHERE id = $1 AND deleted_at IS NULL";
const SETTLE: &str = "UPDATE tasks SET settled_at = $2 WHERE id = $1";
const HOLD_NEXT: &str = "UPDATE tasks SET hold_next = $2 WHERE id = $1";
const HOLD_BY_FILTER: &str = "UPDATE tasks SET hold_next = $2 WHERE filter = $1 AND deleted_at IS NULL";
const INSERT_VERSION: &str = "
    INSERT INTO task_versions (task_id, version, definition, author, author_id, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6)";
const VERSION: &str = "
    SELECT definition, author, author_id FROM task_versions WHERE task_id = $1 AND version = $2";
const FIND: &str = "
    SELECT tasks.id, tasks.version, task_versions.definition, tasks.active, task_versions.author,
        task_versions.author_id, task_versions.changed_at, tasks.settled_at, tasks.hold_next
    FROM tasks
    JOIN task_versions ON task_versions.task_id = tasks.id AND task_versions.version = tasks.version
    WHERE tasks.id = $1 AND tasks.deleted_at IS NULL";
const LIST: &str = "
    SELECT tasks.id, tasks.version, task_versions.definition, tasks.active, task_versions.author,
        task_versions.author_id, task_versions.changed_at, tasks.settled_at, tasks.hold_next
    FROM tasks
    JOIN task_versions ON task_versions.task_id = tasks.id AND task_versions.version = tasks.version
    WHERE tasks.deleted_at IS NULL
    ORDER BY tasks.name_key, tasks.id LIMIT 500";
const NAMED: &str = "SELECT id FROM tasks WHERE name_key = $1";
const COUNT: &str = "SELECT CAST(count(*) AS BIGINT) FROM tasks WHERE deleted_at IS NULL";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("tasks.INSERT", INSERT),
    ("tasks.UPDATE", UPDATE),
    ("tasks.DELETE", DELETE),
    ("tasks.SETTLE", SETTLE),
    ("tasks.HOLD_NEXT", HOLD_NEXT),
    ("tasks.HOLD_BY_FILTER", HOLD_BY_FILTER),
    ("tasks.INSERT_VERSION", INSERT_VERSION),
    ("tasks.VERSION", VERSION),
    ("tasks.FIND", FIND),
    ("tasks.LIST", LIST),
    ("tasks.NAMED", NAMED),
    ("tasks.COUNT", COUNT),
];

/// The most tasks that an organization has: all of them stand in one list.
pub const MOST: u64 = 500;

/// Keeps a task with its first version.
pub fn insert(tx: &mut Tx, task: &Task) -> Result<(), StoreError> {
    tx.execute(INSERT, &arguments(task))?;
    insert_version(tx, task)
}

/// Writes a task's new version over the one before, which stays readable; whether there is such a task.
pub fn update(tx: &mut Tx, task: &Task) -> Result<bool, StoreError> {
    if tx.execute(UPDATE, &arguments(task))? != 1 {
        return Ok(false);
    }
    insert_version(tx, task)?;
    Ok(true)
}

/// Switches a task's schedule without another version.
pub fn switch(tx: &mut Tx, task: &Task) -> Result<bool, StoreError> {
    tx.execute(UPDATE, &arguments(task)).map(|changed| changed == 1)
}

/// Takes a task away; its runs stay. Whether there was one.
pub fn delete(tx: &mut Tx, id: &TaskId, now: Timestamp) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[id.as_str().into(), now.as_microsecond().into()]).map(|changed| changed == 1)
}

/// Says that starts up to a moment are settled.
pub fn settle(tx: &mut Tx, id: &TaskId, until: Timestamp) -> Result<(), StoreError> {
    tx.execute(SETTLE, &[id.as_str().into(), until.as_microsecond().into()]).map(drop)
}

/// Says why a task's next run is held, or that it is not.
pub fn hold_next(tx: &mut Tx, id: &TaskId, why: Option<&str>) -> Result<(), StoreError> {
    tx.execute(HOLD_NEXT, &[id.as_str().into(), why.into()]).map(drop)
}

/// Says why the next run of every task with this filter is held; how many there are.
pub fn hold_next_of(tx: &mut Tx, filter: &FilterId, why: &str) -> Result<u64, StoreError> {
    tx.execute(HOLD_BY_FILTER, &[filter.as_str().into(), why.into()])
}

/// A task.
pub fn find(tx: &mut Tx, id: &TaskId) -> Result<Option<Task>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], task)
}

/// Every task, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<Task>, StoreError> {
    tx.list(LIST, &[], task)
}

/// The task of a name.
pub fn named(tx: &mut Tx, name_key: &str) -> Result<Option<TaskId>, StoreError> {
    tx.optional(NAMED, &[name_key.into()], |row| TaskId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))
}

/// What a version says, and who wrote it.
pub fn version(tx: &mut Tx, id: &TaskId, version: u64) -> Result<Option<(Definition, Author)>, StoreError> {
    tx.optional(VERSION, &[id.as_str().into(), (version as i64).into()], |row| {
        Ok((read_definition(row.text(0)?).ok_or_else(|| row.corrupt(0))?, author(row, 1)?))
    })
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| row.integer(0)).map(i64::unsigned_abs)
}

fn insert_version(tx: &mut Tx, task: &Task) -> Result<(), StoreError> {
    let arguments = [
        task.id.as_str().into(),
        (task.version as i64).into(),
        definition_text(&task.definition).into(),
        (&task.author.name).into(),
        task.author.administrator.as_ref().map(AdministratorId::as_str).into(),
        task.changed_at.as_microsecond().into(),
    ];
    tx.execute(INSERT_VERSION, &arguments).map(drop)
}

fn arguments(task: &Task) -> [crate::store::value::Value<'_>; 7] {
    [
        task.id.as_str().into(),
        task.definition.name.key().into(),
        task.definition.filter.as_str().into(),
        (task.version as i64).into(),
        task.active.into(),
        task.settled_at.as_microsecond().into(),
        task.hold_next.as_deref().into(),
    ]
}

fn task(row: &Row<'_>) -> Result<Task, StoreError> {
    Ok(Task {
        id: TaskId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        version: row.integer(1)?.unsigned_abs(),
        definition: read_definition(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        active: row.flag(3)?,
        author: author(row, 4)?,
        changed_at: moment(row, 6)?,
        settled_at: moment(row, 7)?,
        hold_next: row.optional_text(8)?.map(str::to_owned),
    })
}

fn author(row: &Row<'_>, at: usize) -> Result<Author, StoreError> {
    let administrator = match row.optional_text(at + 1)? {
        Some(id) => Some(AdministratorId::parse(id).ok_or_else(|| row.corrupt(at + 1))?),
        None => None,
    };
    Ok(Author { name: row.text(at)?.to_owned(), administrator })
}
