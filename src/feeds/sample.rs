//! Help for authors of control files: one made of a sample, and a control file tried on a sample. Nothing is stored, and
//! nobody of a feed is looked at.

use std::collections::BTreeSet;
use std::io::Cursor;

use feed::control::{Diagnostic, FileSpec, check};
use feed::finding::Level;
use feed::generate::{Generated, generate};
use feed::read::{FileError, Input, Reader};
use feed::transform::Transformer;

use crate::feeds::person::shown;

/// The most records whose outcome is told one by one.
const TOLD: usize = 100;
/// The most problems that are told.
const PROBLEMS: usize = 200;

/// What came of a control file on a sample.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// What there is to say about the control file.
    pub diagnostics: Vec<Diagnostic>,
    /// Why nothing was read: the control file is refused, or the sample is none of its files.
    pub refused: Option<String>,
    /// Why the sample cannot be read on.
    pub broken: Option<String>,
    /// How many records were read.
    pub records: u64,
    /// How many of them fail.
    pub failing: u64,
    /// Problems of records, in order: line of the sample, how much it matters, what is wrong, what to do.
    pub problems: Vec<(u64, Level, String, &'static str)>,
    /// The first people that come of it.
    pub people: Vec<TriedPerson>,
}

/// Somebody who comes of a sample.
#[derive(Clone, Debug)]
pub struct TriedPerson {
    /// Their username.
    pub username: String,
    /// The codes of their groups.
    pub groups: Vec<String>,
    /// Their fields with their values.
    pub fields: Vec<(String, Vec<String>)>,
}

/// Makes a control file for files like a sample.
///
/// # Errors
/// When the sample cannot be read.
pub fn draft(spec: &FileSpec, sample: &[u8]) -> Result<Generated, FileError> {
    generate(spec, Input::file(Cursor::new(sample)))
}

/// Tries a control file on a sample of one of its files; the only one when none is named.
pub fn try_out(control: &str, (name, sample): (&str, &[u8])) -> Tried {
    let checked = check(control);
    let mut tried = Tried { diagnostics: checked.diagnostics, ..Tried::default() };
    let Some(control) = checked.control else {
        tried.refused = Some("The control file would be refused.".to_owned());
        return tried;
    };
    let spec = match (name.trim(), control.files.as_slice()) {
        ("", [only]) => Some(only),
        (name, _) => control.file(name),
    };
    let Some(spec) = spec else {
        let listed: Vec<&str> = control.files.iter().map(|file| file.name.as_str()).collect();
        tried.refused = Some(format!("Say which file the sample is: the control file lists {}.", listed.join(", ")));
        return tried;
    };
    // Those that it can produce count as declared, as they would be by its first upload.
    let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
    let mut transformer = Transformer::new(&control, &groups);
    let read = Reader::open(&control, spec, Input::file(Cursor::new(sample)), 0);
    let outcome = read.and_then(|mut reader| {
        while let Some(record) = reader.next()? {
            tried.records += 1;
            match record {
                Ok(record) => {
                    let transformed = transformer.transform(record);
                    for finding in transformed.findings.iter().filter(|finding| finding.level != Level::Information) {
                        tell(&mut tried.problems, (finding.line, finding.level, finding.sentence(), finding.advice()));
                    }
                    match transformed.person {
                        Ok(person) if tried.people.len() < TOLD => {
                            let fields = person.fields.iter().map(|(key, of)| (key.to_string(), shown(of))).collect();
                            let groups = person.groups.iter().cloned().collect();
                            tried.people.push(TriedPerson { username: person.username, groups, fields });
                        }
                        Ok(_) => {}
                        Err(_) => tried.failing += 1,
                    }
                }
                Err(bad) => {
                    tried.failing += 1;
                    let advice = "The record is left out; nobody is blocked for it.";
                    tell(&mut tried.problems, (bad.line, Level::Error, bad.to_string(), advice));
                }
            }
        }
        Ok(())
    });
    tried.broken = outcome.err().map(|error| error.to_string());
    tried
}

fn tell(problems: &mut Vec<(u64, Level, String, &'static str)>, problem: (u64, Level, String, &'static str)) {
    if problems.len() < PROBLEMS {
        problems.push(problem);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: &str = r#"{
        "dataImportControlFileVersion": 0, "model": "haplo:user-sync",
        "files": { "users": { "read": "csv" } },
        "instructions": [
            { "source": "id", "destination": "user", "name": "username" },
            { "source": "first", "destination": "user", "name": "nameFirst" },
            { "source": "last", "destination": "user", "name": "nameLast" },
            { "source": "mail", "destination": "user", "name": "email" }
        ]
    }"#;

    #[test]
    fn a_sample_tells_people_and_problems_and_why_nothing_was_read() {
        let tried =
            try_out(CONTROL, ("", b"id,first,last,mail\na1,Ada,Byron,ada@uni.example\na2,Bo,,bo@uni.example\n"));
        assert_eq!((tried.records, tried.failing, tried.people.len()), (2, 1, 1), "{tried:?}");
        assert_eq!((tried.people[0].username.as_str(), tried.problems[0].0), ("a1", 3));
        let other = try_out(CONTROL, ("cards", b""));
        assert!(other.refused.unwrap().contains("lists users"));
        assert!(try_out(CONTROL, ("users", b"")).broken.unwrap().contains("empty"));
        assert!(try_out(&CONTROL.replace("email", "mail"), ("", b"")).refused.is_some());
    }
}
