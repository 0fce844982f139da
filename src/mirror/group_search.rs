//! Groups by a text: what a list of groups shows, for pages and programs alike.

use directory::{Ordinal, Snapshot, fold_text};
use roaring::RoaringBitmap;

/// Groups whose name or description holds the text, in any case and with or without accents; all of them for none.
pub fn search(snapshot: &Snapshot, text: &str) -> RoaringBitmap {
    let wanted = fold_text(text);
    let holds = |group: &Ordinal| {
        let Some(row) = snapshot.group_row(*group) else { return false };
        let description = row.group.as_ref().and_then(|known| known.description.as_deref());
        wanted.is_empty()
            || row.folded_name.contains(&wanted)
            || description.is_some_and(|description| fold_text(description).contains(&wanted))
    };
    snapshot.groups_by_name().iter().filter(holds).collect()
}
