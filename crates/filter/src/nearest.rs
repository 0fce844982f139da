//! "Did you mean": the known name that is fewest slips away from a written one. It knows names, not what they mean.

use crate::catalogue::key;

/// The nearest of some names, if one is near: a slip for every three letters, at most three. Of equals, the first.
pub(crate) fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let written: Vec<char> = key(written).chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let letters: Vec<char> = key(name).chars().collect();
        let most = (written.len().min(letters.len()) / 3).clamp(1, 3);
        if written.len().abs_diff(letters.len()) > most {
            continue;
        }
        let slips = distance(&written, &letters);
        // A single letter that was mistyped says nothing.
        let says_something = slips < written.len();
        if slips <= most && says_something && best.is_none_or(|(fewest, _)| slips < fewest) {
            best = Some((slips, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many letters are to be put in, left out, changed, or swapped with their neighbour (optimal string alignment).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for i in 1..=left.len() {
        let mut row = Vec::with_capacity(right.len() + 1);
        row.push(i);
        for j in 1..=right.len() {
            let changed = usize::from(left[i - 1] != right[j - 1]);
            let mut fewest = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + changed);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                fewest = fewest.min(before[j - 2] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_or_two_still_find_the_name() {
        let names = ["status", "site", "lastActive", "group", "groupCount", "seats"];
        assert_eq!(nearest("stauts", names), Some("status"));
        assert_eq!(nearest("grop", names), Some("group"));
        assert_eq!(nearest("last-activ", names), Some("lastActive"));
        assert_eq!(nearest("seat", names), Some("seats"));
        assert_eq!(nearest("stats", ["status"]), Some("status"));
        assert_eq!(nearest("seats", ["status"]), None);
        assert_eq!(nearest("colour", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
