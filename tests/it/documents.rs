//! Documents that are made from the program: they say what it does, or this fails.
//!
//! With ROLLCALL_WRITE_DOCUMENTS=1 they are written anew.

use directory::find;

#[test]
fn the_reference_of_the_filter_language_is_that_of_the_fields() {
    let groups = filter::Further { of: "groups", catalogue: find::groups::catalogue() };
    is_written("docs/filter.md", &filter::reference_with(find::catalogue(), &[groups]));
}

#[test]
fn the_document_of_the_api_is_that_of_its_routes() {
    is_written("docs/api/openapi.json", &rollcall::api::document());
}

#[expect(clippy::disallowed_methods, reason = "how somebody asks a test to write the documents")]
fn is_written(path: &str, made: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("ROLLCALL_WRITE_DOCUMENTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, made).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == made, "{path} is out of date: run this test with ROLLCALL_WRITE_DOCUMENTS=1");
}
