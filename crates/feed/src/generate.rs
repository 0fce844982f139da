//! A control file to begin with, made of a sample: the columns that are plainly somebody's id, name and address are filled
//! in, the rest stands ready. What it guesses it says; what it cannot guess is marked `TODO` and refused until filled in.

use std::collections::BTreeMap;

use crate::control::FileSpec;
use crate::control::model::{Format, Type};
use crate::json::{Object, Value};
use crate::read::{FileError, Input, Limits, Reader};
use crate::record::Record;

/// A generated control file.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The control file as JSON, laid out for people.
    pub text: String,
    /// What was guessed, and what is left to do, a sentence each.
    pub remarks: Vec<String>,
}

/// How many records of a sample are looked at.
const SAMPLE: usize = 1_000;

/// How many different texts a column may have to be taken for a class of people.
const CLASSES: usize = 12;

/// What the account needs, with the words that columns have for it in the order of preference.
const ACCOUNT: [(&str, &[&str]); 5] = [
    (
        "username",
        &[
            "username",
            "userid",
            "login",
            "samaccountname",
            "uid",
            "employeeid",
            "personid",
            "staffid",
            "studentid",
            "id",
        ],
    ),
    ("nameFirst", &["namefirst", "firstname", "forename", "givenname", "first", "vorname", "prenom"]),
    ("nameLast", &["namelast", "lastname", "surname", "familyname", "sn", "last", "nachname", "nom"]),
    ("email", &["email", "emailaddress", "mail", "emailaddr", "workemail", "primaryemail"]),
    ("title", &["title", "salutation", "anrede"]),
];

/// What is known of a column.
#[derive(Default)]
struct Column {
    values: u64,
    different: std::collections::BTreeSet<String>,
    nested: bool,
    multiple: bool,
}

/// Makes a control file for files like this sample.
///
/// # Errors
/// When the sample cannot be read.
pub fn generate(spec: &FileSpec, sample: Input<'_>) -> Result<Generated, FileError> {
    let mut reader = Reader::sample(spec, sample, Limits::default())?;
    let mut columns: Vec<(String, Column)> = Vec::new();
    let mut records = 0;
    let mut unreadable = 0;
    while let Some(record) = reader.next()? {
        match record {
            Ok(record) => look(record, &mut columns),
            Err(_) => unreadable += 1,
        }
        records += 1;
        if records >= SAMPLE {
            break;
        }
    }
    let mut remarks = vec![format!("{records} records of the sample were looked at.")];
    if unreadable > 0 {
        remarks.push(format!("{unreadable} of them cannot be read; look at them with a dry run."));
    }
    let root = root(spec, &columns, &mut remarks);
    Ok(Generated { text: laid_out(&root), remarks })
}

fn look(record: &Record, columns: &mut Vec<(String, Column)>) {
    let Value::Object(object) = record.to_value() else { return };
    for (name, value) in object.members() {
        let at = columns.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            columns.push((name.to_owned(), Column::default()));
            columns.len() - 1
        });
        let column = &mut columns[at].1;
        column.nested |= matches!(value, Value::Object(_));
        column.multiple |= matches!(value, Value::List(_));
        if let (false, Value::Text(text)) = (value.is_absent(), value) {
            column.values += 1;
            if column.different.len() <= CLASSES {
                column.different.insert(text.clone());
            }
        }
    }
}

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Object>())
}

/// A name without what writers put between its words.
fn bare(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn root(spec: &FileSpec, columns: &[(String, Column)], remarks: &mut Vec<String>) -> Value {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let mut instructions = Vec::new();
    for (name, words) in ACCOUNT {
        let fits = |word: &&str| columns.iter().find(|(column, found)| bare(column) == **word && !found.nested);
        match words.iter().find_map(fits) {
            Some((column, _)) => {
                remarks.push(format!("{column:?} is taken for {name:?} of the account."));
                taken.insert(column, name);
                instructions.push(field(
                    column,
                    ("user", name),
                    if name == "email" { &["haplo:to-lower-case"] } else { &[] },
                ));
            }
            None if name == "title" => {}
            None => {
                remarks
                    .push(format!("No column is plainly {name:?} of the account: put its name in the place of TODO."));
                instructions.push(field("TODO", ("user", name), &[]));
            }
        }
    }
    let class = columns.iter().find(|(column, found)| {
        let few = (2..=CLASSES).contains(&found.different.len()) && found.values > 3 * found.different.len() as u64;
        few && !taken.contains_key(column.as_str())
    });
    if let Some((column, found)) = class {
        remarks.push(format!(
            "{column:?} has few different values: groups are mapped from it, with codes to be filled in."
        ));
        let map =
            found.different.iter().map(|value| (value.clone(), Value::text(format!("TODO:group:{}", code(value)))));
        let mut members = vec![("source", Value::text(column)), ("destination", Value::text("user"))];
        members.extend([("name", Value::text("groups")), ("mapInputValue", Value::Object(map.collect()))]);
        instructions.push(object(members));
        taken.insert(column, "groups");
    }
    let mut profile = Object::default();
    for (column, found) in columns.iter().filter(|(column, _)| !taken.contains_key(column.as_str())) {
        if found.nested {
            remarks.push(format!("{column:?} holds nested values: reach them with \"within\"."));
            continue;
        }
        let attribute = format!("feed:attribute:{}", code(column));
        let several = Value::Boolean(found.multiple);
        let declared =
            vec![("type", Value::text(Type::Text.word())), ("label", Value::text(column)), ("multivalue", several)];
        profile.set(attribute.as_str(), object(declared));
        instructions.push(if found.multiple {
            let mut members = vec![("source", Value::text("value")), ("destination", Value::text("profile"))];
            members.extend([("name", Value::text(attribute)), ("multivalue", Value::Boolean(true))]);
            let mut loops = vec![("action", Value::text("for-each")), ("source", Value::text(column))];
            loops.extend([("wrapValues", Value::Boolean(true)), ("instructions", Value::List(vec![object(members)]))]);
            object(loops)
        } else {
            field(column, ("profile", &attribute), &[])
        });
    }
    let mut members = vec![
        ("dataImportControlFileVersion", Value::Number(0.into())),
        ("model", Value::text("haplo:user-sync")),
        ("files", Value::Object(std::iter::once((spec.name.clone(), file(spec))).collect())),
    ];
    if !profile.is_empty() {
        members.push(("profile", Value::Object(profile)));
    }
    members.push(("instructions", Value::List(instructions)));
    object(members)
}

fn file(spec: &FileSpec) -> Value {
    let mut members = vec![("read", Value::text(spec.read.word()))];
    if spec.single_record {
        members.push(("singleRecord", Value::Boolean(true)));
    }
    members.extend(spec.charset.map(|charset| ("charset", Value::text(charset))));
    members.extend(spec.separator.as_ref().map(|separator| ("separator", Value::text(separator))));
    members.extend(spec.quote.filter(|_| spec.read == Format::Csv).map(|quote| ("quote", Value::text(quote))));
    members.extend(spec.sheet.as_ref().map(|sheet| ("sheet", Value::text(sheet))));
    object(members)
}

fn field(source: &str, (destination, name): (&str, &str), filters: &[&str]) -> Value {
    let mut members =
        vec![("source", Value::text(source)), ("destination", Value::text(destination)), ("name", Value::text(name))];
    if !filters.is_empty() {
        members.push(("filters", Value::List(filters.iter().map(|filter| Value::text(*filter)).collect())));
    }
    object(members)
}

/// A name as part of a code.
fn code(name: &str) -> String {
    let letters = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let parts: Vec<String> =
        letters.collect::<String>().split('-').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    if parts.is_empty() { "value".to_owned() } else { parts.join("-") }
}

/// JSON on several lines; what is short stays on one.
fn laid_out(value: &Value) -> String {
    let mut out = String::new();
    lay(value, 0, &mut out);
    out.push('\n');
    out
}

/// How long a value may be to stay on one line.
const SHORT: usize = 100;

fn lay(value: &Value, depth: usize, out: &mut String) {
    let line = crate::json::write(value);
    let (open, close, parts): (_, _, Vec<(Option<&str>, &Value)>) = match value {
        Value::List(values) if line.len() > SHORT => ('[', ']', values.iter().map(|value| (None, value)).collect()),
        Value::Object(object) if line.len() > SHORT || depth == 0 => {
            ('{', '}', object.members().map(|(name, value)| (Some(name), value)).collect())
        }
        _ => {
            out.push_str(&line);
            return;
        }
    };
    out.push(open);
    for (at, (name, value)) in parts.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(name) = name {
            out.push_str(&crate::json::write(&Value::text(*name)));
            out.push_str(": ");
        }
        lay(value, depth + 1, out);
    }
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::check;

    #[test]
    fn a_sample_with_plain_names_gives_a_control_file_that_is_taken() {
        let rows: String =
            (0..20).map(|n| format!("u{n},Ann,Lee,U{n}@x.org,{},room {n}\n", ["staff", "guest"][n % 2])).collect();
        let sample = format!("User ID,First Name,Surname,E-mail,Class,Büro Nr.\n{rows}");
        let spec = crate::read::tests::spec(Format::Csv);
        let generated = generate(&spec, Input::stream(sample.as_bytes())).unwrap();
        let text = generated.text.replace("TODO:group", "x:group");
        let checked = check(&text);
        assert_eq!(checked.diagnostics, [], "{text}");
        let control = checked.control.unwrap();
        assert_eq!(control.producible_groups(), ["x:group:guest", "x:group:staff"]);
        assert_eq!(control.username_source(), "User ID");
        assert_eq!(control.attribute("feed:attribute:b-ro-nr").unwrap().label.as_deref(), Some("Büro Nr."));
        assert!(
            generated.remarks.iter().any(|remark| remark == "\"Surname\" is taken for \"nameLast\" of the account.")
        );
    }

    #[test]
    fn what_cannot_be_guessed_is_left_to_do() {
        let sample = r#"[{"key":"a","tags":["x"],"home":{"city":"y"}}]"#;
        let generated = generate(&crate::read::tests::spec(Format::Json), Input::stream(sample.as_bytes())).unwrap();
        assert_eq!(
            generated.remarks.iter().filter(|remark| remark.contains("TODO")).count(),
            4,
            "{:?}",
            generated.remarks
        );
        assert!(generated.remarks.iter().any(|remark| remark.contains("\"within\"")));
        assert!(check(&generated.text).control.is_some_and(|control| control.sources().contains("tags")));
    }
}
