//! How administrators like their pages. It changes nothing about an organization, so it is on no audit chain.

use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::store::error::StoreError;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;

/// The columns that somebody has chosen for the user browser, as its page writes them; `None` for the usual ones.
pub fn columns(tx: &mut Tx, administrator: &AdministratorId) -> Result<Option<String>, StoreError> {
    let found = settings::find(tx, &columns_of(administrator))?;
    Ok(found.map(|setting| setting.value).filter(|value| !value.is_empty()))
}

/// Chooses columns for whoever asks; `None` goes back to the usual ones. Nobody but an administrator has a choice to keep.
pub async fn choose_columns(context: &Context, mirror: &Mirror, columns: Option<String>) -> Result<(), StoreError> {
    let Actor::Administrator { id, username } = context.actor.clone() else { return Ok(()) };
    let (value, changed_at) = (columns.unwrap_or_default(), context.now);
    let setting = Setting { value, changed_by: username, changed_at };
    mirror.store().write(move |tx| settings::put(tx, &columns_of(&id), &setting)).await
}

fn columns_of(administrator: &AdministratorId) -> String {
    format!("user_browser_columns.{administrator}")
}
