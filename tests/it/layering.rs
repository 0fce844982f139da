//! The house rules, held as data and read off the sources: who may import whom, where SQL and markup may stand, how long
//! a file may be. Each broken rule names file, line and rule, so that the message alone says what to change.
//!
//! It reads text only; it must never need the product to compile, to run, or to be correct.

mod source;
mod table;

use std::path::Path;

use source::{File, Kind, Token, files, paths, product_files, product_tokens, sign, word};
use table::{CRATES, LAYERS, LONG, LONGEST, Layer, MADE_STATEMENTS, OTHER_LANGUAGES, OTHERS, PURE, WORLD};

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Offence {
    path: String,
    line: usize,
    rule: String,
}

impl Offence {
    fn new(path: &str, line: usize, rule: impl Into<String>) -> Offence {
        Offence { path: path.to_owned(), line, rule: rule.into() }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn hold(offences: Vec<Offence>) {
    let told: Vec<String> = offences.iter().map(|o| format!("{}:{}: {}", o.path, o.line, o.rule)).collect();
    assert!(told.is_empty(), "{} broken house rule(s):\n{}", told.len(), told.join("\n"));
}

fn check(files: &[File], rule: impl Fn(&File) -> Vec<Offence>) {
    assert!(!files.is_empty(), "a rule that looks at no file holds nothing");
    hold(files.iter().flat_map(rule).collect());
}

#[test]
fn modules_import_lower_rows_only() {
    check(&product_files(root(), "src"), imports);
}

#[test]
fn crates_name_only_the_crates_they_stand_on() {
    check(&files(root(), "crates", "Cargo.toml"), crate_dependencies);
}

#[test]
fn every_dependency_has_its_place() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let ours: Vec<&str> = CRATES.iter().map(|(name, _)| *name).collect();
    let placed = |name: &str| ours.contains(&name) || OTHERS.iter().any(|(other, _)| *other == name);
    let unplaced: Vec<Offence> = dependencies(&manifest)
        .into_iter()
        .filter(|(name, _)| !placed(name))
        .map(|(name, line)| {
            Offence::new("Cargo.toml", line, format!("{name} has no row in OTHERS: say who may name it"))
        })
        .collect();
    hold(unplaced);
}

#[test]
fn nouns_and_instruments_without_effects_touch_no_world() {
    let mut sources = product_files(root(), "src");
    sources.extend(product_files(root(), "crates"));
    check(&sources, effects);
}

#[test]
fn sql_stands_in_the_store_alone() {
    let mut sources = product_files(root(), "src");
    sources.extend(product_files(root(), "crates"));
    check(&sources, statements_elsewhere);
}

#[test]
fn no_statement_is_put_together_but_by_dialect() {
    check(&product_files(root(), "src/store"), made_statements);
}

#[test]
fn markup_stands_in_the_pages_alone() {
    check(&product_files(root(), "src"), markup);
}

#[test]
fn files_are_short_named_for_what_they_are_and_say_it() {
    let mut sources = files(root(), "src", ".rs");
    for folder in ["crates", "tests", "benches"] {
        sources.extend(files(root(), folder, ".rs"));
    }
    check(&sources, shape);
    let gone = LONG.iter().filter(|(path, ..)| !root().join(path).exists());
    hold(gone.map(|(path, ..)| Offence::new(path, 1, "is listed in LONG, but there is no such file")).collect());
}

#[test]
fn every_migration_is_applied() {
    let schema = std::fs::read_to_string(root().join("src/store/schema.rs")).unwrap();
    check(&files(root(), "migrations", ".sql"), |file| unapplied(file, &schema));
}

#[test]
fn documents_link_to_what_exists() {
    let mut documents = files(root(), "docs", ".md");
    documents.extend(
        ["README.md", "ARCHITECTURE.md", "STYLE.md", "CHANGELOG.md"]
            .map(|path| File { path: path.to_owned(), text: std::fs::read_to_string(root().join(path)).unwrap() }),
    );
    check(&documents, dead_links);
}

/// The module a source file belongs to: the first name below `src`. The library's root belongs to none.
fn module_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("src/")?.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "lib").then_some(name)
}

fn imports(file: &File) -> Vec<Offence> {
    let Some(module) = module_of(&file.path) else { return Vec::new() };
    let Some(layer) = LAYERS.iter().find(|layer| layer.module == module) else {
        return vec![Offence::new(&file.path, 1, format!("{module} has no row in LAYERS: say what it may import"))];
    };
    // How many `super` lead out of this file to the crate's root.
    let below = file.path.split('/').count() - 1 - usize::from(file.path.ends_with("/mod.rs"));
    let mut offences = Vec::new();
    for named in paths(&product_tokens(&file.text)) {
        let names: Vec<&str> = named.segments.iter().map(String::as_str).collect();
        let ups = names.iter().take_while(|name| **name == "super").count();
        let refused = match names.as_slice() {
            ["crate" | "rollcall", other, ..] => not_below(layer, other),
            [..] if ups >= below && ups > 0 => names.get(ups).and_then(|other| not_below(layer, other)),
            [first, ..] => not_named(layer, first),
            [] => None,
        };
        offences.extend(refused.map(|rule| Offence::new(&file.path, named.line, rule)));
    }
    offences
}

fn not_below(layer: &Layer, other: &str) -> Option<String> {
    let known = LAYERS.iter().any(|layer| layer.module == other);
    let allowed = other == layer.module || layer.modules.contains(&other) || !known;
    (!allowed).then(|| format!("{} may not import {other}; it may import {}", layer.module, layer.modules.join(", ")))
}

fn not_named(layer: &Layer, first: &str) -> Option<String> {
    if CRATES.iter().any(|(name, _)| *name == first) && !layer.crates.contains(&first) {
        return Some(format!("{} may not name our crate {first}", layer.module));
    }
    let (_, places) = OTHERS.iter().find(|(name, _)| *name == first)?;
    (!places.contains(&layer.module))
        .then(|| format!("{} may not name {first}, only {} may", layer.module, places.join(", ")))
}

/// The names below `[dependencies]` with their lines, as the language writes them.
fn dependencies(manifest: &str) -> Vec<(String, usize)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (at, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && !line.starts_with('#') && line.contains('=') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            found.push((name.replace('-', "_"), at + 1));
        }
    }
    found
}

fn crate_dependencies(file: &File) -> Vec<Offence> {
    let name = file.path.trim_start_matches("crates/").trim_end_matches("/Cargo.toml");
    let Some((_, allowed)) = CRATES.iter().find(|(known, _)| *known == name) else {
        return vec![Offence::new(&file.path, 1, format!("{name} has no row in CRATES: say what it stands on"))];
    };
    let ours = |other: &str| other == "rollcall" || CRATES.iter().any(|(known, _)| *known == other);
    dependencies(&file.text)
        .into_iter()
        .filter(|(other, _)| ours(other) && !allowed.contains(&other.as_str()))
        .map(|(other, line)| Offence::new(&file.path, line, format!("{name} may not stand on {other}")))
        .collect()
}

fn effects(file: &File) -> Vec<Offence> {
    if !PURE.iter().any(|place| file.path.starts_with(place)) {
        return Vec::new();
    }
    let tokens = product_tokens(&file.text);
    let world = paths(&tokens).into_iter().filter_map(|named| {
        let touched = WORLD.iter().find(|world| named.segments.starts_with(&world.map(str::to_owned)))?;
        Some(Offence::new(
            &file.path,
            named.line,
            format!("{} is out of bounds here: this is pure", touched.join("::")),
        ))
    });
    let waiting = (tokens.iter().filter(|token| token.kind == Kind::Word("async".to_owned())))
        .map(|token| Offence::new(&file.path, token.line, "nothing waits here: this is pure"));
    world.chain(waiting).collect()
}

/// Whether a literal is a statement, or the beginning or a piece of one.
fn is_statement(text: &str) -> bool {
    let words = [
        "SELECT ",
        "INSERT INTO",
        "UPDATE ",
        "DELETE FROM",
        "CREATE ",
        "DROP ",
        "ALTER ",
        "PRAGMA ",
        " FROM ",
        "WHERE ",
        "ORDER BY",
        "VALUES",
        "SET ",
        "RETURNING",
    ];
    words.iter().any(|word| text.contains(word))
}

fn statements_elsewhere(file: &File) -> Vec<Offence> {
    let excepted = OTHER_LANGUAGES.iter().any(|(place, _)| file.path.starts_with(place));
    if file.path.starts_with("src/store/") || excepted {
        return Vec::new();
    }
    let rule = "SQL stands in src/store alone: give the statement a name and a function there";
    (product_tokens(&file.text).iter())
        .filter(|token| matches!(&token.kind, Kind::Literal(text) if is_statement(text)))
        .map(|token| Offence::new(&file.path, token.line, rule))
        .collect()
}

fn made_statements(file: &File) -> Vec<Offence> {
    if file.path == "src/store/dialect.rs" {
        return Vec::new();
    }
    let tokens = product_tokens(&file.text);
    let excepted = |text: &str| {
        MADE_STATEMENTS.iter().any(|(path, start, _)| *path == file.path && text.trim_start().starts_with(start))
    };
    let makes = |at: usize| match word(&tokens, at) {
        Some("format" | "format_args" | "write" | "writeln" | "concat") => sign(&tokens, at + 1, '!').then_some(at + 2),
        Some("push_str" | "replace" | "replacen") => sign(&tokens, at + 1, '(').then_some(at + 1),
        _ => None,
    };
    (0..tokens.len())
        .filter_map(makes)
        .flat_map(|open| call(&tokens, open))
        .filter(|token| matches!(&token.kind, Kind::Literal(text) if is_statement(text) && !excepted(text)))
        .map(|token| {
            Offence::new(
                &file.path,
                token.line,
                "a statement is a constant with bound arguments; only dialect.rs makes text",
            )
        })
        .collect()
}

/// The tokens between brackets that open here.
fn call(tokens: &[Token], open: usize) -> &[Token] {
    let mut depth = 0usize;
    for at in open..tokens.len() {
        match tokens[at].kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') if depth <= 1 => return &tokens[open..at],
            Kind::Sign(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    &tokens[open..]
}

fn markup(file: &File) -> Vec<Offence> {
    // A mail has a page of its own, which no page of the product shares anything with.
    if file.path.starts_with("src/web/") || file.path == "src/notify/letter.rs" {
        return Vec::new();
    }
    let tokens = product_tokens(&file.text);
    let written = |at: &usize| match &tokens[*at].kind {
        Kind::Word(word) => word == "html" && sign(&tokens, at + 1, '!'),
        Kind::Literal(text) => text.contains("</"),
        Kind::Sign(_) => false,
    };
    let rule = "markup stands in src/web alone: return data, and show it there";
    (0..tokens.len()).filter(written).map(|at| Offence::new(&file.path, tokens[at].line, rule)).collect()
}

fn shape(file: &File) -> Vec<Offence> {
    let mut offences = Vec::new();
    let lines = file.text.lines().count();
    let most = LONG.iter().find(|(path, ..)| *path == file.path).map_or(LONGEST, |(_, most, _)| *most);
    if lines > most {
        offences.push(Offence::new(
            &file.path,
            most,
            format!("has {lines} lines, at most {most}: split it by meaning"),
        ));
    }
    let name = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
    if ["utils", "util", "helpers", "helper", "common", "misc", "prelude"].contains(&name) {
        offences.push(Offence::new(
            &file.path,
            1,
            format!("{name} says nothing: a file is a noun, or a verb on a noun"),
        ));
    }
    if !file.text.starts_with("//! ") {
        offences.push(Offence::new(&file.path, 1, "a module opens with what it is and what it must never do"));
    }
    offences
}

fn unapplied(file: &File, schema: &str) -> Vec<Offence> {
    let included = format!("include_str!(\"../../{}\")", file.path);
    let applied = schema.contains(&included);
    (!applied)
        .then(|| Offence::new(&file.path, 1, "no list of src/store/schema.rs includes this migration"))
        .into_iter()
        .collect()
}

fn dead_links(file: &File) -> Vec<Offence> {
    let folder = root().join(&file.path);
    let mut offences = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        for (place, _) in line.match_indices("](") {
            let target = line[place + 2..].split([')', '#', ' ']).next().unwrap_or_default();
            let outside = target.is_empty() || target.contains("://") || target.ends_with(".png");
            if !outside && !folder.parent().is_some_and(|folder| folder.join(target).exists()) {
                offences.push(Offence::new(&file.path, at + 1, format!("links to {target}, which does not exist")));
            }
        }
    }
    offences
}

/// Every rule refuses what it is there to refuse, in the shapes in which it would come.
#[test]
fn every_rule_is_seen_to_fail() {
    let seen = |rule: &dyn Fn(&File) -> Vec<Offence>, path: &str, text: &str| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        rule(&file).into_iter().map(|offence| offence.line).collect::<Vec<_>>()
    };
    let up = "use std::fmt;\nuse crate::{id::RunId,\n  sync::pass::Pass};\nfn f() { crate::web::show(); }";
    assert_eq!(seen(&imports, "src/store/runs.rs", up), [3, 4]);
    assert_eq!(seen(&imports, "src/web/people.rs", "fn f() { rollcall::cli::users() }"), [1]);
    assert_eq!(seen(&imports, "src/store/control/sessions.rs", "use super::super::super::auth::token;"), [1]);
    assert_eq!(seen(&imports, "src/store/control/sessions.rs", "use super::super::error::StoreError;"), [0; 0]);
    assert_eq!(seen(&imports, "src/sync/mod.rs", "use super::web;"), [1]);
    assert_eq!(seen(&imports, "src/mailing.rs", ""), [1]);
    assert_eq!(seen(&imports, "src/web/people.rs", "fn f() { let x: rusqlite::Row; }"), [1]);
    assert_eq!(seen(&imports, "src/web/people.rs", "// rusqlite::Row\nconst A: &str = \"rusqlite::Row\";"), [0; 0]);
    assert_eq!(
        seen(&imports, "src/sync/walk.rs", "#[cfg(test)]\nmod tests { use simulator::start; }\nuse maud::html;"),
        [3]
    );
    assert_eq!(seen(&imports, "src/store/accounts.rs", "use atlassian::user::User;"), [1]);
    assert_eq!(seen(&imports, "src/web/run.rs", "#[derive(simulator::Thing)] struct S;"), [1]);
    let manifest = "[dependencies]\nclock.workspace = true\n[dev-dependencies]\nsimulator.workspace = true";
    assert_eq!(seen(&crate_dependencies, "crates/columns/Cargo.toml", manifest), [2]);
    assert_eq!(seen(&crate_dependencies, "crates/atlassian/Cargo.toml", manifest), [0; 0]);
    assert_eq!(seen(&effects, "crates/directory/src/diff.rs", "use std::{fmt, fs::File};\nasync fn f() {}"), [1, 2]);
    assert_eq!(seen(&effects, "src/store/db.rs", "use std::fs::File;"), [0; 0]);
    let statement = "fn f() {\n  let text = r#\"SELECT name FROM accounts\"#;\n}";
    assert_eq!(seen(&statements_elsewhere, "src/web/people.rs", statement), [2]);
    assert_eq!(seen(&statements_elsewhere, "src/store/accounts.rs", statement), [0; 0]);
    let made = "fn f() { g(&format!(\"x{}\", 1)); g(\n&format!(\n\"DELETE FROM {}\", table(1)\n)); }";
    assert_eq!(seen(&made_statements, "src/store/runs.rs", made), [3]);
    assert_eq!(seen(&made_statements, "src/store/dialect.rs", made), [0; 0]);
    assert_eq!(seen(&made_statements, "src/store/runs.rs", "fn f() { text.push_str(\" WHERE a = 1\"); }"), [1]);
    assert_eq!(seen(&markup, "src/sync/pass.rs", "fn f() { html! { p { \"x\" } } }"), [1]);
    assert_eq!(seen(&markup, "src/cli/users.rs", "const A: &str =\n\"<b>{}</b>\";"), [2]);
    assert_eq!(seen(&shape, "src/web/people.rs", &format!("//! A.\n{}", "\n".repeat(500))), [500]);
    assert_eq!(seen(&shape, "src/web/helpers.rs", "//! Helps."), [1]);
    assert_eq!(seen(&shape, "src/web/people.rs", "use std::fmt;"), [1]);
    assert_eq!(seen(&|file| unapplied(file, "include_str!(\"../../migrations/a.sql\")"), "migrations/b.sql", ""), [1]);
    assert_eq!(seen(&dead_links, "docs/operate.md", "See [there](nowhere.md)."), [1]);
}
