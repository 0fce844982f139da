//! What somebody may have meant by a name that nobody knows. It suggests nothing that is not close.

/// The known name closest to this one, when only a few letters differ.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer names are not compared: nobody mistypes them letter by letter, and the work is the product of both lengths.
    const LONGEST: usize = 80;
    if name.len() > LONGEST {
        return None;
    }
    let allowed = ((name.chars().count() + 1) / 3).max(1);
    known
        .into_iter()
        .filter(|known| known.len() <= LONGEST)
        .map(|known| (distance(&name.to_lowercase(), &known.to_lowercase()), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, d) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(row[column + 1] + 1);
        }
    }
    row[other.len()]
}
