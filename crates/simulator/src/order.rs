//! Picking one page out of many records, in order of creation or by a sort key, from a cursor on.

use std::collections::BinaryHeap;

use serde::Deserialize;

use crate::cursor::Cursor;
use crate::reply::Refusal;

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Creation,
    Ascending,
    Descending,
}

/// One entry of `sortBy`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SortField {
    field: String,
    direction: Option<String>,
}

/// The order that `sortBy` asks for, where only one field can be sorted by.
pub(crate) fn order(sort_by: Option<&Vec<SortField>>, field: &str) -> Result<Order, Refusal> {
    let Some(fields) = sort_by else { return Ok(Order::Creation) };
    let [sort] = fields.as_slice() else { return Err(Refusal::bad_body("sortBy must have exactly one item.")) };
    if sort.field != field {
        return Err(Refusal::bad_body(format!("sortBy knows only the field {field}.")));
    }
    match sort.direction.as_deref() {
        None | Some("asc") => Ok(Order::Ascending),
        Some("desc") => Ok(Order::Descending),
        Some(_) => Err(Refusal::bad_body("direction must be asc or desc.")),
    }
}

/// Which records a list has.
pub(crate) struct Listing<C, M, K> {
    /// Ordinals that may be in it, ascending.
    pub(crate) candidates: C,
    /// Whether one is in it.
    pub(crate) matches: M,
    /// What it is sorted by.
    pub(crate) key: K,
}

/// The ordinals of the page that the cursor asks for, and the cursor of the page after it when there is one.
pub(crate) fn page<C, M, K>(
    listing: Listing<C, M, K>,
    order: Order,
    cursor: &Cursor,
    limit: usize,
) -> Result<(Vec<u32>, Option<Cursor>), Refusal>
where
    C: Iterator<Item = u32>,
    M: Fn(u32) -> bool,
    K: Fn(u32) -> String,
{
    if order == Order::Creation {
        if cursor.key.is_some() {
            return Err(Refusal::bad_cursor("The cursor belongs to a sorted list."));
        }
        let mut found = Vec::with_capacity(limit);
        for ordinal in listing.candidates.skip_while(|ordinal| *ordinal < cursor.position) {
            if (listing.matches)(ordinal) {
                if found.len() == limit {
                    return Ok((found, Some(cursor.next(ordinal, None))));
                }
                found.push(ordinal);
            }
        }
        return Ok((found, None));
    }
    if cursor.position > 0 && cursor.key.is_none() {
        return Err(Refusal::bad_cursor("The cursor belongs to a list that is not sorted."));
    }
    let after = cursor.key.as_ref().map(|key| (key.as_str(), cursor.position));
    // The page is the smallest entries behind the cursor; descending order turns the comparison round.
    let mut ascending = BinaryHeap::new();
    let mut descending = BinaryHeap::new();
    for ordinal in listing.candidates.filter(|ordinal| (listing.matches)(*ordinal)) {
        let key = (listing.key)(ordinal);
        let entry = (key.as_str(), ordinal);
        if order == Order::Ascending && after.is_none_or(|after| entry > after) {
            ascending.push((key, ordinal));
            if ascending.len() > limit + 1 {
                ascending.pop();
            }
        } else if order == Order::Descending && after.is_none_or(|after| entry < after) {
            descending.push(std::cmp::Reverse((key, ordinal)));
            if descending.len() > limit + 1 {
                descending.pop();
            }
        }
    }
    let mut entries = ascending.into_sorted_vec();
    entries.extend(descending.into_sorted_vec().into_iter().map(|entry| entry.0));
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = match entries.last() {
        Some((key, ordinal)) if more => Some(cursor.next(*ordinal, Some(key.clone()))),
        _ => None,
    };
    Ok((entries.into_iter().map(|(_, ordinal)| ordinal).collect(), next))
}
