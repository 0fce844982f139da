//! `rollcall contacts`: what is shown before it is done, and what is done with and without a server.

use std::path::Path;

use serde_json::Value;

use super::{Running, printed, run, said};

/// The objects of `--json`.
fn objects(arguments: &[&str], folder: &Path) -> Vec<Value> {
    printed(arguments, folder).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a refused command says.
fn refused(arguments: &[&str], folder: &Path) -> String {
    let output = run(arguments, folder);
    assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", said(&output));
    said(&output)
}

#[test]
fn contacts_are_imported_changed_merged_and_deleted_after_a_look() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data");
    let file = folder.join("people.csv");
    let rows = [
        "Name,E-mail,Heads,Firm",
        "Ursa Minor,ursa@sky.example,12,Skyworks",
        "No Address,nowhere,1,",
        "Lena Twin,lena@sky.example,,Skyworks",
        "Lena Twin,lena.t@sky.example,,Skyworks",
    ];
    std::fs::write(&file, rows.join("\n")).unwrap();
    let file = file.to_str().unwrap();
    let demo = ["demo", "--users", "40", "--past", "0", "--port", "0", "--data", data.to_str().unwrap()];
    let mut demo = Running::start(&demo, folder);
    demo.line_with("http://");
    let synced = run(&["sync"], folder);
    assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));

    // A running server does it: a field, a look at a file, the scope.
    let defined = printed(&["contacts", "fields", "define", "Heads", "--kind", "number"], folder);
    assert_eq!(defined, "Filters call it heads.\n");
    let looked = printed(&["contacts", "import", file], folder);
    assert!(looked.contains("3 new, 0 changed, 0 as they are, 1 left out."), "{looked}");
    assert!(looked.contains("Nothing was imported. Add --yes"), "{looked}");
    assert!(looked.lines().any(|line| line.starts_with("Heads") && line.contains("fields.heads")), "{looked}");
    printed(&["contacts", "scope", "--without-domain", "@Staff.example"], folder);
    assert_eq!(
        objects(&["contacts", "scope", "--json"], folder)[0]["domains_without"],
        "staff.example".split(' ').collect::<Value>()
    );
    assert!(refused(&["contacts", "scope", "--only-group", "nowhere"], folder).contains("no group is called"));
    assert_eq!(demo.interrupt(), Some(0));

    // Without one the command carries it out to its end.
    printed(&["contacts", "scope", "--everybody"], folder);
    assert_eq!(printed(&["contacts", "scope"], folder), "Everybody is taken in.\n");
    let before = objects(&["contacts", "list", "--json"], folder).len();
    let unknown = refused(&["contacts", "import", file, "--column", "Colour=name"], folder);
    assert!(unknown.contains("there is no column “Colour”") && unknown.contains("Heads"), "{unknown}");
    assert!(refused(&["contacts", "import", file, "--column", "Heads=size"], folder).contains("fields.heads"));
    assert_eq!(objects(&["contacts", "list", "--json"], folder).len(), before, "looking imports nothing");
    let import = ["contacts", "import", file, "--column", "Firm=companies", "--same", "email", "--yes"];
    assert!(printed(&import, folder).contains("is asked for."));
    let ursa = objects(&["contacts", "list", "heads > 5", "--json"], folder);
    assert_eq!(
        (ursa.len(), &ursa[0]["name"], &ursa[0]["companies"][0]["name"]),
        (1, &"Ursa Minor".into(), &"Skyworks".into())
    );
    let id = ursa[0]["id"].as_str().unwrap();
    assert!(printed(&import, folder).contains("0 new, 0 changed, 3 as they are"), "the same file changes nothing");

    // Many at once: shown, and done with their number alone.
    let looked = printed(&["contacts", "change", "heads > 5", "--add-tag", "big"], folder);
    assert!(
        looked.contains(id) && looked.contains("1 contact found, 0 synced.") && looked.contains("--yes 1"),
        "{looked}"
    );
    let change = |yes: &str| {
        run(
            &[
                "contacts",
                "change",
                "heads > 5",
                "--add-tag",
                "big",
                "--set",
                "heads=7",
                "--company",
                "skyworks",
                "--yes",
                yes,
            ],
            folder,
        )
    };
    let other = change("2");
    assert_eq!(other.status.code(), Some(3));
    assert!(said(&other).contains("the filter finds 1 of them, and 2 were meant"), "{}", said(&other));
    assert_eq!(change("1").status.code(), Some(0));
    assert_eq!(
        printed(&["contacts", "list", "tag = big AND heads = 7 AND company = skyworks", "--csv"], folder)
            .lines()
            .count(),
        2
    );
    assert!(
        refused(&["contacts", "change", "name ~ a", "--set", "colour=red", "--yes", "1"], folder).contains("colour")
    );
    assert!(
        refused(&["contacts", "delete", "colour = red", "--yes", "1"], folder).contains("There is no field colour")
    );

    printed(&["contacts", "note", id, "Called twice."], folder);
    assert_eq!(objects(&["contacts", "notes", id, "--json"], folder)[0]["text"], "Called twice.");
    let twins = objects(&["contacts", "duplicates", "--json"], folder);
    let (keep, goes) = (twins[0]["contacts"][0].as_str().unwrap(), twins[0]["contacts"][1].as_str().unwrap());
    assert!(printed(&["contacts", "merge", keep, goes], folder).contains(keep));
    assert_eq!(objects(&["contacts", "duplicates", "--json"], folder).len(), twins.len() - 1);
    refused(&["contacts", "merge", keep, goes], folder);

    // Fields in their order; conflicts, sources and domains, where there are none.
    printed(
        &["contacts", "fields", "define", "Level", "--kind", "choice", "--choice", "Gold", "--choice", "Tin"],
        folder,
    );
    printed(&["contacts", "fields", "move", "heads", "--to", "later"], folder);
    let fields = objects(&["contacts", "fields", "--json"], folder);
    assert_eq!(fields.iter().map(|field| &field["name"]).collect::<Vec<_>>(), ["level", "heads"]);
    assert_eq!(fields[0]["choices"], "Gold Tin".split(' ').collect::<Value>());
    printed(&["contacts", "fields", "change", "heads", "--label", "Headcount", "--default", "3"], folder);
    assert!(printed(&["contacts", "fields"], folder).contains("Headcount"));
    assert!(
        refused(&["contacts", "fields", "change", "heads", "--default", "many"], folder).contains("a whole number")
    );
    assert!(refused(&["contacts", "fields", "define", "X", "--kind", "colour"], folder).contains("telephone"));
    printed(&["contacts", "fields", "remove", "heads"], folder);
    refused(&["contacts", "fields", "remove", "heads"], folder);
    assert!(said(&run(&["contacts", "conflicts"], folder)).contains("No conflict is like this."));
    refused(&["contacts", "conflicts", "--reopen", "99"], folder);
    assert_eq!(run(&["contacts", "conflicts", "--dismiss", "1"], folder).status.code(), Some(2), "a reason is needed");
    refused(&["contacts", "link", id, "nobody"], folder);
    refused(&["contacts", "sources", "Nowhere Ltd", "--ignore"], folder);
    assert!(objects(&["contacts", "domains", "--json"], folder).is_empty());
    assert!(printed(&["contacts", "domains", "--yes"], folder).starts_with("0 contacts put into"));

    let looked = printed(&["contacts", "delete", "tag = big"], folder);
    assert!(looked.contains("1 contact found") && looked.contains("Nothing was done."), "{looked}");
    printed(&["contacts", "delete", "tag = big", "--yes", "1"], folder);
    assert_eq!(objects(&["contacts", "list", "tag = big", "--json"], folder).len(), 0);
}
