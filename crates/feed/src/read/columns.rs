//! The name row of a table: which columns there are, and whether those that the control file names are among them.
//! Columns go by name and never by place.

use std::collections::BTreeSet;

use super::problem::{FileProblem, Remark};
use crate::nearest::nearest;
use crate::record::Header;

/// What a control file takes from a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// The columns that are named.
    pub(super) sources: BTreeSet<String>,
    /// The one with the username; empty when nobody asks for one.
    pub(super) username: String,
}

pub(super) fn header(names: Vec<String>, wanted: &Wanted, most: usize) -> Result<(Header, Vec<Remark>), FileProblem> {
    if names.len() > most {
        return Err(FileProblem::TooManyColumns(most));
    }
    if names.iter().all(|name| name.trim().is_empty()) {
        return Err(FileProblem::NoNameRow);
    }
    let mut remarks = Vec::new();
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        if !seen.insert(name.as_str()) && repeated.insert(name.clone()) {
            if wanted.sources.contains(name) {
                return Err(FileProblem::AmbiguousColumn(name.clone()));
            }
            remarks.push(Remark::RepeatedColumn(name.clone()));
        }
    }
    if !wanted.username.is_empty() && !seen.contains(wanted.username.as_str()) {
        let hint = hint(&names, &wanted.username);
        return Err(FileProblem::NoUsernameColumn { column: wanted.username.clone(), hint });
    }
    remarks.extend(
        wanted
            .sources
            .iter()
            .filter(|name| !seen.contains(name.as_str()))
            .map(|name| Remark::MissingColumn(name.clone())),
    );
    let named = names.into_iter().enumerate().map(|(at, name)| {
        if name.is_empty() {
            remarks.push(Remark::UnnamedColumn(at + 1));
        }
        Some(name).filter(|name| !name.is_empty() && !repeated.contains(name))
    });
    let header = Header::new(named.collect());
    Ok((header, remarks))
}

fn hint(names: &[String], wanted: &str) -> String {
    let shown = |name: &str| name.chars().take(40).collect::<String>();
    if let [only] = names {
        let separators = [(';', "semicolons"), (',', "commas"), ('\t', "tabs"), ('|', "bars")];
        if let Some((_, word)) = separators.iter().find(|(separator, _)| only.contains(*separator)) {
            return format!("the name row is one column with {word} in it: declare the \"separator\"");
        }
    }
    match nearest(wanted, names.iter().map(String::as_str)) {
        Some(close) => format!("there is a column {:?}", shown(close)),
        None => {
            let first: Vec<String> = names.iter().take(8).map(|name| shown(name)).collect();
            format!("the columns are {}", first.join(", "))
        }
    }
}
