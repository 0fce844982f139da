//! Files that are being imported: kept, packed, while somebody looks at what they would do.

use jiff::Timestamp;

use crate::id::ImportId;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const INSERT: &str = "
    INSERT INTO contact_imports (id, at, author, file_name, meaning, packed) VALUES ($1, $2, $3, $4, $5, $6)";
const FIND: &str = "SELECT at, author, file_name, meaning, packed FROM contact_imports WHERE id = $1";
const SET_MEANING: &str = "UPDATE contact_imports SET meaning = $2 WHERE id = $1";
const REMOVE: &str = "DELETE FROM contact_imports WHERE id = $1";
const REMOVE_BEFORE: &str = "DELETE FROM contact_imports WHERE at < $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("contact_imports.INSERT", INSERT),
    ("contact_imports.FIND", FIND),
    ("contact_imports.SET_MEANING", SET_MEANING),
    ("contact_imports.REMOVE", REMOVE),
    ("contact_imports.REMOVE_BEFORE", REMOVE_BEFORE),
];

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFile {
    /// When it came.
    pub at: Timestamp,
    /// Who brought it.
    pub author: String,
    /// What it is called.
    pub file_name: String,
    /// What its columns are taken for: JSON, empty until somebody has said so.
    pub meaning: String,
    /// The file.
    pub text: String,
}

/// Keeps a file.
pub fn insert(tx: &mut Tx, id: &ImportId, file: &ImportFile) -> Result<(), StoreError> {
    let packed = zstd::bulk::compress(file.text.as_bytes(), 3).unwrap_or_default();
    let arguments = [
        id.as_str().into(),
        file.at.as_microsecond().into(),
        (&file.author).into(),
        (&file.file_name).into(),
        (&file.meaning).into(),
        packed.into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// A file by its id.
pub fn find(tx: &mut Tx, id: &ImportId) -> Result<Option<ImportFile>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], |row| {
        let bytes = zstd::stream::decode_all(row.blob(4)?).map_err(|_| row.corrupt(4))?;
        Ok(ImportFile {
            at: moment(row, 0)?,
            author: row.text(1)?.to_owned(),
            file_name: row.text(2)?.to_owned(),
            meaning: row.text(3)?.to_owned(),
            text: String::from_utf8(bytes).map_err(|_| row.corrupt(4))?,
        })
    })
}

/// Keeps what the columns of a file are taken for.
pub fn set_meaning(tx: &mut Tx, id: &ImportId, meaning: &str) -> Result<(), StoreError> {
    tx.execute(SET_MEANING, &[id.as_str().into(), meaning.into()]).map(drop)
}

/// Forgets a file.
pub fn remove(tx: &mut Tx, id: &ImportId) -> Result<(), StoreError> {
    tx.execute(REMOVE, &[id.as_str().into()]).map(drop)
}

/// Forgets files that nobody has gone on with since a moment.
pub fn remove_before(tx: &mut Tx, at: Timestamp) -> Result<u64, StoreError> {
    tx.execute(REMOVE_BEFORE, &[at.as_microsecond().into()])
}
