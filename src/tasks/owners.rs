//! Which tasks' authors may act no longer: a task runs in the name of whoever wrote its version, and stops with their
//! right.

use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::store::control::{administrators, admissions};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::tasks;

/// The authors of tasks who are no administrators any more, or whose entry has ended.
pub async fn former(mirror: &Mirror, control: &Store) -> Result<Vec<AdministratorId>, StoreError> {
    let listed = mirror.store().read(tasks::list).await?;
    let mut authors: Vec<AdministratorId> = listed.into_iter().filter_map(|task| task.author.administrator).collect();
    authors.sort();
    authors.dedup();
    if authors.is_empty() {
        return Ok(authors);
    }
    let organization = mirror.organization().id.clone();
    let read = control.read(move |tx| {
        let admitted = admissions::list(tx, &organization)?;
        let mut former = Vec::new();
        for id in authors {
            let ended = admitted.iter().any(|one| one.administrator == id && one.ended.is_some());
            if ended || !administrators::exists(tx, &id)? {
                former.push(id);
            }
        }
        Ok(former)
    });
    read.await
}
