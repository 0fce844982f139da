//! The reference page: complete, and true of the parser.

use filter::{Argument, Catalogue, CatalogueError, Field, Kind, Word, parse, reference};

use crate::support::catalogue;

/// What stands between fences, line by line.
fn examples(page: &str) -> Vec<&str> {
    page.split("```").skip(1).step_by(2).flat_map(str::lines).filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_field_has_its_section_and_every_example_is_understood() {
    let catalogue = catalogue();
    let page = reference(&catalogue);
    for (_, field) in catalogue.fields() {
        assert!(page.contains(&format!("\n### {}\n", field.name)), "{}", field.name);
        assert!(page.contains(&format!("](#{})", field.name.to_lowercase())), "{}", field.name);
    }
    assert!(page.contains("| `deactivated`, `inactive` | The account is deactivated |"));
    assert!(page.contains("Counts those who were never active from the day they were added."));
    for example in examples(&page) {
        assert_eq!(parse(example, &catalogue).diagnostics, [], "{example}");
    }
}

#[test]
fn its_tables_have_the_columns_they_announce() {
    let page = reference(&catalogue());
    let mut columns = None;
    for line in page.lines() {
        let here = line.starts_with('|').then(|| line.replace("\\|", "").matches('|').count());
        if let (Some(above), Some(here)) = (columns, here) {
            assert_eq!(above, here, "{line}");
        }
        columns = here;
        assert!(line.len() <= 160 || line.starts_with('|'), "{line}");
    }
}

#[test]
fn fields_that_cannot_be_told_apart_make_no_catalogue() {
    let field = |name: &'static str| Field::new(name, Kind::Text, "");
    let refused = |fields| Catalogue::new(fields).unwrap_err();
    assert_eq!(refused(vec![field("jobTitle"), field("job-title")]), CatalogueError::Twice("job-title".to_owned()));
    assert_eq!(refused(vec![field("name"), field("other").alias("NAME")]), CatalogueError::Twice("NAME".to_owned()));
    assert_eq!(refused(vec![field("order")]), CatalogueError::Name("order".to_owned()));
    assert_eq!(refused(vec![field("job title")]), CatalogueError::Name("job title".to_owned()));
    let words = vec![Word::new("on", ""), Word::new("off", "").alias("ON")];
    assert_eq!(refused(vec![Field::new("mode", Kind::Closed(words), "")]), CatalogueError::Twice("ON".to_owned()));
    let argument = CatalogueError::Argument { field: "seats".to_owned(), of: "app".to_owned() };
    assert_eq!(refused(vec![field("seats").argument(Argument::Optional("app".into()))]), argument);
}

#[test]
fn fields_of_further_rows_have_headings_of_their_own() {
    let catalogue = catalogue();
    let page = filter::reference_with(&catalogue, &[filter::Further { of: "groups", catalogue: &catalogue }]);
    for (_, field) in catalogue.fields() {
        assert_eq!(page.matches(&format!("\n### {} of groups\n", field.name)).count(), 1, "{}", field.name);
        assert!(page.contains(&format!("](#{}-of-groups)", field.name.to_lowercase())), "{}", field.name);
    }
}
