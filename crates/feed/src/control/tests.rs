//! Control files: what is taken, what is refused, with which words and where.

use super::*;

/// A control file with the instructions that everybody needs, and some more.
pub(crate) fn with(more: &str) -> String {
    with_root("", more)
}

/// The same with further keys at the root.
pub(crate) fn with_root(root: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{
  "dataImportControlFileVersion": 0, "model": "haplo:user-sync", {root}
  "files": {{ "users": {{ "read": "json" }} }},
  "instructions": [
    {{ "source": "id", "destination": "user", "name": "username" }},
    {{ "source": "first", "destination": "user", "name": "nameFirst" }},
    {{ "source": "last", "destination": "user", "name": "nameLast" }},
    {{ "source": "mail", "destination": "user", "name": "email" }}{comma}
    {more}
  ]
}}"#
    )
}

/// The control file of a text that has no errors.
pub(crate) fn good(text: &str) -> ControlFile {
    let checked = check(text);
    checked.control.unwrap_or_else(|| panic!("refused: {:#?}", checked.diagnostics))
}

fn codes(text: &str) -> Vec<&'static str> {
    check(text).diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect()
}

fn first(text: &str) -> Diagnostic {
    check(text).diagnostics.into_iter().next().expect("something is wrong with it")
}

#[test]
fn a_plain_control_file_has_nothing_to_be_said_about() {
    assert_eq!(codes(&with("")), Vec::<&str>::new());
    assert_eq!(check(&with("")).refusal(), None);
    assert_eq!(check(&format!("\u{feff}{}", with(""))).diagnostics, []);
}
