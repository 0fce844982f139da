//! What the house rules look at: the files of the repository, and Rust text as tokens, paths and string literals.
//!
//! It reads just enough of the language to be right about comments, literals and `use` trees. It never judges.

use std::path::{Path, PathBuf};

/// A file, by its path from the root of the repository.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word(String),
    Literal(String),
    Sign(char),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// A path as written, `use` trees spelled out: `use a::{b, c::d}` is `a::b` and `a::c::d`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

/// The files below a folder with one of these endings, in the order of their paths.
pub(super) fn files(root: &Path, folder: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root.join(folder), ending, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            File { path, text }
        })
        .collect()
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// As [`files`] of Rust, without the files of modules that are compiled for tests only.
pub(super) fn product_files(root: &Path, folder: &str) -> Vec<File> {
    let mut found = files(root, folder, ".rs");
    let for_tests: Vec<String> = found.iter().flat_map(test_files).collect();
    found.retain(|file| !file.path.contains("/tests/") && !for_tests.contains(&file.path));
    found
}

/// The files of the modules that a file declares for tests only.
fn test_files(file: &File) -> Vec<String> {
    let tokens = tokens(&file.text);
    let is_root = ["mod.rs", "lib.rs", "main.rs"].iter().any(|name| file.path.ends_with(&format!("/{name}")));
    let folder = match file.path.rsplit_once('/') {
        Some((folder, _)) if is_root => folder,
        _ => file.path.trim_end_matches(".rs"),
    };
    (0..tokens.len())
        .filter(|at| is_test_module(&tokens, *at) && sign(&tokens, at + 9, ';'))
        .filter_map(|at| word(&tokens, at + 8))
        .map(|name| format!("{folder}/{name}.rs"))
        .collect()
}

/// Whether `#[cfg(test)] mod` stands here: seven tokens, and then the module's.
fn is_test_module(tokens: &[Token], at: usize) -> bool {
    let written: String = tokens[at..].iter().take(8).map(|token| show(&token.kind)).collect();
    written == "#[cfg(test)]mod"
}

/// The tokens of a file without its test modules: what is compiled into the product.
pub(super) fn product_tokens(text: &str) -> Vec<Token> {
    let mut tokens = tokens(text);
    while let Some(start) = (0..tokens.len()).find(|at| is_test_module(&tokens, *at)) {
        let end = block_end(&tokens, start + 7);
        tokens.drain(start..end);
    }
    tokens
}

/// Past the block or the semicolon that follows.
fn block_end(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Sign('{') => depth += 1,
            Kind::Sign('}') if depth == 1 => return at + 1,
            Kind::Sign('}') => depth -= 1,
            Kind::Sign(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn show(kind: &Kind) -> String {
    match kind {
        Kind::Word(word) => word.clone(),
        Kind::Literal(_) => "\"\"".to_owned(),
        Kind::Sign(sign) => sign.to_string(),
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let (end, kind) = token(&letters, at);
        if let Some(kind) = kind {
            tokens.push(Token { line, kind });
        }
        line += letters[at..end].iter().filter(|letter| **letter == '\n').count();
        at = end;
    }
    tokens
}

/// The end of what begins here, and what it is if it counts.
fn token(letters: &[char], at: usize) -> (usize, Option<Kind>) {
    let letter = letters[at];
    let ahead = |offset: usize| letters.get(at + offset).copied().unwrap_or('\0');
    if letter == '/' && ahead(1) == '/' {
        return (position(letters, at, |letter| letter == '\n'), None);
    }
    if letter == '/' && ahead(1) == '*' {
        let end = (at + 2..letters.len()).find(|end| letters[*end - 1] == '/' && letters[*end - 2] == '*');
        return (end.unwrap_or(letters.len()), None);
    }
    if let Some(end) = raw_literal(letters, at) {
        return (end, Some(Kind::Literal(letters[at..end].iter().collect())));
    }
    if letter == '"' {
        let end = quoted(letters, at + 1, '"');
        return (end, Some(Kind::Literal(letters[at + 1..end - 1].iter().collect())));
    }
    // A lifetime has no closing quote; a character has, after one letter or an escape.
    if letter == '\'' {
        let character = ahead(1) == '\\' || ahead(2) == '\'';
        return (if character { quoted(letters, at + 1, '\'') } else { at + 1 }, None);
    }
    if is_word(letter) {
        let end = position(letters, at, |letter| !is_word(letter));
        return (end, Some(Kind::Word(letters[at..end].iter().collect())));
    }
    (at + 1, (!letter.is_whitespace()).then_some(Kind::Sign(letter)))
}

/// The end of a raw literal that begins here: `r"`, `r#"`, `br"` and so on.
fn raw_literal(letters: &[char], at: usize) -> Option<usize> {
    let inside_word = at > 0 && is_word(letters[at - 1]);
    let start = at + usize::from(letters[at] == 'b');
    if inside_word || letters.get(start) != Some(&'r') {
        return None;
    }
    let quote = position(letters, start + 1, |letter| letter != '#');
    if letters.get(quote) != Some(&'"') {
        return None;
    }
    let hashes = quote - start - 1;
    let closes =
        |end: &usize| letters[*end] == '"' && letters[end + 1..].iter().take_while(|l| **l == '#').count() >= hashes;
    Some((quote + 1..letters.len()).find(closes).map_or(letters.len(), |end| end + 1 + hashes))
}

fn quoted(letters: &[char], from: usize, quote: char) -> usize {
    let mut at = from;
    while at < letters.len() && letters[at] != quote {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(letters.len())
}

fn position(letters: &[char], from: usize, stops: impl Fn(char) -> bool) -> usize {
    (from..letters.len()).find(|at| stops(letters[*at])).unwrap_or(letters.len())
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Every path that tokens name.
pub(super) fn paths(tokens: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if word(tokens, at) == Some("use") {
            at = use_tree(tokens, at + 1, &[], &mut found);
        } else if word(tokens, at).is_some() && separator(tokens, at + 1) {
            let line = tokens[at].line;
            let mut segments = Vec::new();
            while let Some(segment) = word(tokens, at) {
                segments.push(segment.to_owned());
                at += 1;
                if !(separator(tokens, at) && word(tokens, at + 2).is_some()) {
                    break;
                }
                at += 2;
            }
            found.push(Named { line, segments });
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one tree of a `use` and returns where it ends.
fn use_tree(tokens: &[Token], from: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = from;
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        match tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Word(alias)) if alias == "as" => at += 2,
            Some(Kind::Word(segment)) => {
                segments.push(segment.clone());
                at += 1;
            }
            Some(Kind::Sign(':')) => at += 1,
            Some(Kind::Sign('{')) => {
                at += 1;
                while at < tokens.len() && tokens[at].kind != Kind::Sign('}') {
                    at = use_tree(tokens, at, &segments, found);
                    at += usize::from(tokens.get(at).is_some_and(|token| token.kind == Kind::Sign(',')));
                }
                return at + 1;
            }
            Some(Kind::Sign('*')) => at += 1,
            _ => {
                found.push(Named { line, segments });
                return at;
            }
        }
    }
}

/// The word at a place, if there is one.
pub(super) fn word(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => Some(word),
        _ => None,
    }
}

/// Whether a sign stands at a place.
pub(super) fn sign(tokens: &[Token], at: usize, sign: char) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Sign(sign))
}

fn separator(tokens: &[Token], at: usize) -> bool {
    sign(tokens, at, ':') && sign(tokens, at + 1, ':')
}
