//! Whether the organization API key may do what a task does, as far as that shows without trying: Atlassian lists what a
//! key is limited to, and an operation that waits says whose right is missing.

use crate::nouns::operation::OperationState;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{operations, settings};
use crate::sync::connect::KEY_SCOPES;
use crate::sync::explain::{Cause, cause};

/// Why the key may not change anything, as a sentence; `None` while nothing speaks against it.
pub(super) fn lacking(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    let scopes = settings::find(tx, KEY_SCOPES)?.map(|setting| setting.value).filter(|scopes| !scopes.is_empty());
    if scopes.is_some() {
        return Ok(Some(
            "The organization API key was made with scopes, and no scope lets a key change people. Replace it with one \
             made without scopes."
                .to_owned(),
        ));
    }
    for state in [OperationState::Running, OperationState::Approved] {
        let filter = operations::Filter { state: Some(state), ..operations::Filter::default() };
        for operation in operations::matching(tx, filter, None, 100)? {
            let reason = operation.waiting.map(|waiting| waiting.reason).unwrap_or_default();
            if matches!(cause(&reason), Cause::KeyRefused | Cause::RightMissing) {
                return Ok(Some(reason));
            }
        }
    }
    Ok(None)
}
