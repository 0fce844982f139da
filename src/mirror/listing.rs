//! One page of a sorted list: which rows, and the cursors to the rows before and after.
//!
//! A cursor names a place by a sort key and an ordinal, not by a position, so it stays good on every later generation,
//! whoever came or went in between. Nothing here knows HTTP or markup.

use columns::{Direction, Order, Ordinal};
use directory::find::{Ranking, SortKey};
use roaring::RoaringBitmap;

/// What a row is sorted by. Missing sorts before everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// There is none.
    Missing,
    /// A number or an instant.
    Number(i64),
    /// A folded text.
    Text(String),
}

/// A place in a sorted list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    key: Key,
    ordinal: Ordinal,
}

/// Which rows are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The first ones.
    First,
    /// Those after a place.
    After(Cursor),
    /// Those before a place.
    Before(Cursor),
}

/// How a list is walked.
pub(crate) struct Walk<'a> {
    /// All rows in increasing order of key and ordinal.
    pub(crate) order: &'a Order,
    /// What each row is sorted by.
    pub(crate) key: &'a dyn Fn(Ordinal) -> Key,
    /// From the greatest to the least.
    pub(crate) descending: bool,
    /// Whether rows without a key come last whichever way the list is sorted.
    pub(crate) missing_last: bool,
}

/// The rows of one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    /// The rows, in the order of the list.
    pub(crate) rows: Vec<Ordinal>,
    /// Where the rows before end.
    pub(crate) previous: Option<Cursor>,
    /// Where the rows after begin.
    pub(crate) next: Option<Cursor>,
}

/// So few matches are sorted on their own instead of looked for in the order of everybody.
const FEW: u64 = 2_000;

/// At most `limit` of the matching people after a place in an order, or from its beginning. Behind the end there is
/// nobody: a program that follows cursors comes to an end whoever left in between.
pub(crate) fn after(
    ranking: &Ranking<'_>,
    matching: &RoaringBitmap,
    place: Option<&Cursor>,
    limit: usize,
) -> (Vec<Ordinal>, Option<Cursor>) {
    let key = |account: Ordinal| Key::from(ranking.key(account));
    let order = ranking.order();
    let walk =
        Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: ranking.missing_last() };
    walk.after(matching, place, limit)
}

impl From<SortKey<'_>> for Key {
    fn from(key: SortKey<'_>) -> Key {
        match key {
            SortKey::Missing => Key::Missing,
            SortKey::Number(number) => Key::Number(number),
            SortKey::Text(text) => Key::Text(text.into_owned()),
        }
    }
}

impl Walk<'_> {
    /// The order of few matches alone.
    fn few(&self, matching: &RoaringBitmap) -> Option<Order> {
        let build = || Order::build(matching.iter(), |a, b| (self.key)(a).cmp(&(self.key)(b)));
        (matching.len() <= FEW).then(build)
    }

    /// At most `limit` of the matching rows after a place or from the beginning, and where the rows after them begin.
    pub(crate) fn after(
        &self,
        matching: &RoaringBitmap,
        place: Option<&Cursor>,
        limit: usize,
    ) -> (Vec<Ordinal>, Option<Cursor>) {
        let few = self.few(matching);
        let order = few.as_ref().unwrap_or(self.order);
        let mut rows = self.take(order, matching, place, (false, limit));
        let more = rows.len() > limit;
        rows.truncate(limit);
        let slice = self.finish(rows, false, more);
        (slice.rows, slice.next)
    }

    /// At most `limit` of the matching rows. A place beyond the end, or too near the beginning for a full page, gives
    /// the first page.
    pub(crate) fn slice(&self, matching: &RoaringBitmap, turn: &Turn, limit: usize) -> Slice {
        let few = self.few(matching);
        let order = few.as_ref().unwrap_or(self.order);
        let slice = match turn {
            Turn::First => None,
            Turn::After(place) => {
                let mut rows = self.take(order, matching, Some(place), (false, limit));
                let more = rows.len() > limit;
                rows.truncate(limit);
                (!rows.is_empty()).then(|| self.finish(rows, true, more))
            }
            Turn::Before(place) => {
                let mut rows = self.take(order, matching, Some(place), (true, limit));
                let more = rows.len() > limit;
                rows.truncate(limit);
                rows.reverse();
                (rows.len() == limit).then(|| self.finish(rows, more, true))
            }
        };
        slice.unwrap_or_else(|| {
            let mut rows = self.take(order, matching, None, (false, limit));
            let more = rows.len() > limit;
            rows.truncate(limit);
            self.finish(rows, false, more)
        })
    }

    fn finish(&self, rows: Vec<Ordinal>, before: bool, after: bool) -> Slice {
        let cursor = |row: &Ordinal| Cursor { key: (self.key)(*row), ordinal: *row };
        let previous = rows.first().filter(|_| before).map(cursor);
        let next = rows.last().filter(|_| after).map(cursor);
        Slice { rows, previous, next }
    }

    /// One row more than `limit`, if there are so many, from a place on or from the beginning, forward or backward in
    /// the order of the list. The list is two parts: rows with a key as sorted, then, where they come last, those
    /// without.
    fn take(
        &self,
        order: &Order,
        matching: &RoaringBitmap,
        from: Option<&Cursor>,
        (backward, limit): (bool, usize),
    ) -> Vec<Ordinal> {
        let is_last = |row: &Ordinal| self.missing_last && (self.key)(*row) == Key::Missing;
        let sorted = if self.descending != backward { Direction::Backward } else { Direction::Forward };
        let unsorted = if backward { Direction::Backward } else { Direction::Forward };
        let page = |direction| match from {
            Some(place) => order.page(|row| self.compare(row, place), direction),
            None => order.walk(direction),
        };
        let in_tail = from.is_some_and(|place| self.missing_last && place.key == Key::Missing);
        let head = |page: columns::Page<'_>| -> Vec<Ordinal> {
            page.filter(|row| matching.contains(*row) && !is_last(row)).take(limit + 1).collect()
        };
        let tail = |page: columns::Page<'_>, already: usize| -> Vec<Ordinal> {
            if !self.missing_last {
                return Vec::new();
            }
            page.filter(|row| matching.contains(*row) && is_last(row)).take(limit + 1 - already).collect()
        };
        match (in_tail, backward) {
            (false, true) => head(page(sorted)),
            (true, false) => tail(page(unsorted), 0),
            (false, false) => {
                let mut rows = head(page(sorted));
                rows.extend(tail(order.walk(unsorted), rows.len()));
                rows
            }
            (true, true) => {
                let mut rows = tail(page(unsorted), 0);
                let rest = head(order.walk(sorted));
                rows.extend(rest.into_iter().take(limit + 1 - rows.len()));
                rows
            }
        }
    }

    fn compare(&self, row: Ordinal, place: &Cursor) -> std::cmp::Ordering {
        (self.key)(row).cmp(&place.key).then(row.cmp(&place.ordinal))
    }
}

impl Turn {
    /// Reads what an address asks for; what cannot be read is the first page.
    pub(crate) fn parse(after: &str, before: &str) -> Turn {
        match (Cursor::parse(after), Cursor::parse(before)) {
            (Some(place), _) => Turn::After(place),
            (None, Some(place)) => Turn::Before(place),
            (None, None) => Turn::First,
        }
    }
}

impl Cursor {
    /// The cursor as an address carries it: the ordinal, then `n` and a number, or `t` and a text.
    pub(crate) fn to_text(&self) -> String {
        match &self.key {
            Key::Missing => self.ordinal.to_string(),
            Key::Number(number) => format!("{}n{number}", self.ordinal),
            Key::Text(text) => format!("{}t{text}", self.ordinal),
        }
    }

    /// Reads what [`Cursor::to_text`] wrote.
    pub(crate) fn parse(text: &str) -> Option<Cursor> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (ordinal, rest) = text.split_at(digits);
        let ordinal = ordinal.parse().ok()?;
        let key = match rest.split_at_checked(1) {
            None => Key::Missing,
            Some(("n", number)) => Key::Number(number.parse().ok()?),
            Some(("t", text)) => Key::Text(text.to_owned()),
            Some(_) => return None,
        };
        Some(Cursor { key, ordinal })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Key> {
        prop_oneof![Just(Key::Missing), "[a-c]{0,2}".prop_map(Key::Text)]
    }

    /// The whole list, the simple way.
    fn expected(keys: &[Key], matching: &RoaringBitmap, walk: &Walk<'_>) -> Vec<Ordinal> {
        let mut rows: Vec<Ordinal> = matching.iter().collect();
        rows.sort_by(|a, b| keys[*a as usize].cmp(&keys[*b as usize]).then(a.cmp(b)));
        if walk.descending {
            rows.reverse();
        }
        if walk.missing_last {
            let (mut missing, known): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|row| keys[*row as usize] == Key::Missing);
            missing.sort_unstable();
            rows = known.into_iter().chain(missing).collect();
        }
        rows
    }

    proptest! {
        #[test]
        fn pages_forward_and_back_show_every_row_once_in_order(
            keys in prop::collection::vec(key(), 1..60),
            chosen in any::<u64>(),
            (descending, missing_last) in any::<(bool, bool)>(),
            limit in 1_usize..9,
        ) {
            let all = keys.len() as Ordinal;
            let key = |row: Ordinal| keys[row as usize].clone();
            let order = Order::build(0..all, |a, b| key(a).cmp(&key(b)));
            let walk = Walk { order: &order, key: &key, descending, missing_last };
            let matching: RoaringBitmap = (0..all).filter(|row| chosen >> (row % 64) & 1 == 1).collect();
            let expected = expected(&keys, &matching, &walk);

            let mut forward = Vec::new();
            let mut pages = Vec::new();
            let mut turn = Turn::First;
            loop {
                let slice = walk.slice(&matching, &turn, limit);
                prop_assert_eq!(slice.previous.is_some(), !forward.is_empty());
                forward.extend_from_slice(&slice.rows);
                pages.push(slice.clone());
                let Some(next) = slice.next else { break };
                turn = Turn::After(Cursor::parse(&next.to_text()).unwrap());
            }
            prop_assert_eq!(&forward, &expected);

            for page in pages.windows(2) {
                let back = walk.slice(&matching, &Turn::Before(page[1].previous.clone().unwrap()), limit);
                prop_assert_eq!(&back.rows, &page[0].rows);
            }
        }

        #[test]
        fn a_cursor_reads_back_whatever_its_text(ordinal in any::<u32>(), text in any::<String>(), number in any::<i64>()) {
            for key in [Key::Missing, Key::Text(text), Key::Number(number)] {
                let cursor = Cursor { key, ordinal };
                prop_assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor));
            }
        }
    }

    #[test]
    fn the_long_way_and_the_short_way_agree() {
        let rows = FEW as Ordinal * 2;
        let key = |row: Ordinal| if row.is_multiple_of(7) { Key::Missing } else { Key::Number(i64::from(row % 13)) };
        let order = Order::build(0..rows, |a, b| key(a).cmp(&key(b)));
        for (descending, missing_last) in [(false, false), (true, false), (false, true), (true, true)] {
            let walk = Walk { order: &order, key: &key, descending, missing_last };
            let many: RoaringBitmap = (0..rows).collect();
            let place = Cursor { key: Key::Number(3), ordinal: 100 };
            for turn in [Turn::First, Turn::After(place.clone()), Turn::Before(place.clone())] {
                let long = walk.slice(&many, &turn, 40);
                let shown: RoaringBitmap = long.rows.iter().copied().collect();
                assert_eq!(walk.slice(&shown, &Turn::First, 40).rows, long.rows);
                assert!(long.rows.len() == 40 && long.next.is_some());
            }
        }
    }

    #[test]
    fn a_place_that_is_gone_still_leads_on_and_nonsense_is_the_first_page() {
        let key = |row: Ordinal| Key::Number(i64::from(row) * 10);
        let order = Order::build(0..10, |a, b| a.cmp(&b));
        let walk = Walk { order: &order, key: &key, descending: false, missing_last: false };
        let all: RoaringBitmap = (0..10).collect();
        let between = Turn::After(Cursor { key: Key::Number(45), ordinal: 99 });
        assert_eq!(walk.slice(&all, &between, 2).rows, [5, 6]);
        let beyond = Turn::After(Cursor { key: Key::Number(1_000), ordinal: 0 });
        assert_eq!(walk.slice(&all, &beyond, 2).rows, [0, 1]);
        for text in ["", "x", "5x", "5n", "99999999999n1", "nnn"] {
            assert_eq!(Turn::parse(text, text), Turn::First, "{text}");
        }
    }
}
