//! Settings of an organization, by name, with who changed each and when.

use jiff::Timestamp;

use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// A setting that somebody has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its value.
    pub value: String,
    /// Who made it.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

const FIND: &str = "SELECT value, changed_by, changed_at FROM settings WHERE name = $1";
const LIST: &str = "SELECT name, value, changed_by, changed_at FROM settings ORDER BY name";
const PUT: &str = "
    INSERT INTO settings (name, value, changed_by, changed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE
    SET value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("settings.FIND", FIND), ("settings.LIST", LIST), ("settings.PUT", PUT)];

/// A setting by name; `None` while nobody has made it.
pub fn find(tx: &mut Tx, name: &str) -> Result<Option<Setting>, StoreError> {
    tx.optional(FIND, &[name.into()], |row| {
        Ok(Setting { value: row.text(0)?.to_owned(), changed_by: row.text(1)?.to_owned(), changed_at: moment(row, 2)? })
    })
}

/// Every setting that somebody has made, by name.
pub fn list(tx: &mut Tx) -> Result<Vec<(String, Setting)>, StoreError> {
    tx.list(LIST, &[], |row| {
        let (value, changed_by) = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
        Ok((row.text(0)?.to_owned(), Setting { value, changed_by, changed_at: moment(row, 3)? }))
    })
}

/// Makes a setting.
pub fn put(tx: &mut Tx, name: &str, setting: &Setting) -> Result<(), StoreError> {
    let (by, at) = (&setting.changed_by, setting.changed_at.as_microsecond());
    tx.execute(PUT, &[name.into(), (&setting.value).into(), by.into(), at.into()]).map(drop)
}
