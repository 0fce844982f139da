//! Documents that are made from the program: they say what it does, or this fails.
//!
//! With ROLLCALL_WRITE_DOCUMENTS=1 they are written anew.

use directory::find;

#[test]
#[expect(clippy::disallowed_methods, reason = "how somebody asks a test to write the documents")]
fn the_reference_of_the_filter_language_is_that_of_the_fields() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/filter.md");
    let reference = filter::reference(find::catalogue());
    if std::env::var_os("ROLLCALL_WRITE_DOCUMENTS").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == reference, "docs/filter.md is out of date: run this test with ROLLCALL_WRITE_DOCUMENTS=1");
}
