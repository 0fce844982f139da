//! The differences of two texts by lines, as people read them: what stays, what goes, what comes. For control files, which
//! have some hundreds of lines; longer ones are shown as gone and come as a whole.

/// A line of either text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// In both.
    Same(&'a str),
    /// In the old one alone.
    Gone(&'a str),
    /// In the new one alone.
    Come(&'a str),
}

/// So many pairs of lines are compared at the most: the memory it takes, in two bytes each.
const MOST_PAIRS: usize = 4_000_000;

/// The lines of both, by the longest common subsequence.
pub(super) fn between<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let head = old.iter().zip(&new).take_while(same).count();
    let (rest_old, rest_new) = (old.get(head..).unwrap_or_default(), new.get(head..).unwrap_or_default());
    let tail = rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(same).count();
    let (middle_old, end) = rest_old.split_at(rest_old.len() - tail);
    let (middle_new, _) = rest_new.split_at(rest_new.len() - tail);
    let mut lines: Vec<Line<'a>> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    lines.extend(middle(middle_old, middle_new));
    lines.extend(end.iter().map(|line| Line::Same(line)));
    lines
}

fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let width = new.len() + 1;
    if old.len().saturating_mul(width) > MOST_PAIRS {
        return old.iter().map(|line| Line::Gone(line)).chain(new.iter().map(|line| Line::Come(line))).collect();
    }
    // The length of the longest common subsequence of what is left of both, from each place on.
    let mut common = vec![0_u16; (old.len() + 1) * width];
    let at = |common: &[u16], a: usize, b: usize| common.get(a * width + b).copied().unwrap_or(0);
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            let best = match old.get(a) == new.get(b) {
                true => at(&common, a + 1, b + 1).saturating_add(1),
                false => at(&common, a + 1, b).max(at(&common, a, b + 1)),
            };
            if let Some(slot) = common.get_mut(a * width + b) {
                *slot = best;
            }
        }
    }
    let (mut a, mut b, mut lines) = (0, 0, Vec::new());
    loop {
        match (old.get(a), new.get(b)) {
            (Some(gone), Some(come)) if gone == come => {
                lines.push(Line::Same(gone));
                (a, b) = (a + 1, b + 1);
            }
            (Some(gone), Some(_)) if at(&common, a + 1, b) >= at(&common, a, b + 1) => {
                lines.push(Line::Gone(gone));
                a += 1;
            }
            (_, Some(come)) => {
                lines.push(Line::Come(come));
                b += 1;
            }
            (Some(gone), None) => {
                lines.push(Line::Gone(gone));
                a += 1;
            }
            (None, None) => return lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_changed_line_goes_and_comes_between_those_that_stay() {
        let seen = between("a\nb\nc\nd", "a\nB\nc\nd\ne");
        let expected =
            [Line::Same("a"), Line::Gone("b"), Line::Come("B"), Line::Same("c"), Line::Same("d"), Line::Come("e")];
        assert_eq!(seen, expected);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off_the_differences(
            old in proptest::collection::vec("[abc]", 0..12),
            new in proptest::collection::vec("[abc]", 0..12),
        ) {
            let (old, new) = (old.join("\n"), new.join("\n"));
            let seen = between(&old, &new);
            let mut left: Vec<&str> = Vec::new();
            let mut right: Vec<&str> = Vec::new();
            for line in &seen {
                match line {
                    Line::Same(text) => { left.push(text); right.push(text); }
                    Line::Gone(text) => left.push(text),
                    Line::Come(text) => right.push(text),
                }
            }
            prop_assert_eq!(left, old.lines().collect::<Vec<_>>());
            prop_assert_eq!(right, new.lines().collect::<Vec<_>>());
        }
    }
}
