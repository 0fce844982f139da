//! What generations changed, one packed row each. Written in the seal's transaction; never changed afterwards.

use crate::nouns::change_list::ChangeList;
use crate::store::codec::changes;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const INSERT: &str = "INSERT INTO changes (generation, entries) VALUES ($1, $2)";
const OF_GENERATION: &str = "SELECT entries FROM changes WHERE generation = $1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[("changes.INSERT", INSERT), ("changes.OF_GENERATION", OF_GENERATION)];

/// Keeps what a generation changed; a generation that changed nothing leaves no row.
pub fn insert(tx: &mut Tx, list: &ChangeList) -> Result<(), StoreError> {
    if list.is_empty() {
        return Ok(());
    }
    tx.execute(INSERT, &[(list.generation as i64).into(), changes::pack(&list.kinds).into()]).map(drop)
}

/// What a generation changed; `None` when it changed nothing, is the first, or is older than these lists.
pub fn of_generation(tx: &mut Tx, generation: u64) -> Result<Option<ChangeList>, StoreError> {
    tx.optional(OF_GENERATION, &[(generation as i64).into()], |row| {
        let kinds = changes::unpack(row.blob(0)?).map_err(|_| row.corrupt(0))?;
        Ok(ChangeList { generation, kinds })
    })
}
