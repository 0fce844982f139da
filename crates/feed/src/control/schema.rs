//! The published JSON Schema of control files: what an editor can check while somebody writes one. It takes everything
//! that `check` takes; what hangs together across the file only `check` knows.

use super::model::{Action, Destination, Filter, Format};
use super::show::type_words;
use crate::json::{Value, write};

/// The schema, draft 2020-12, as JSON.
pub fn schema() -> String {
    let text = include_str!("schema.json");
    let words = |words: Vec<&str>| write(&Value::List(words.into_iter().map(Value::text).collect()));
    text.replace("\"@formats\"", &words(Format::ALL.iter().map(|format| format.word()).collect()))
        .replace("\"@types\"", &words(type_words()))
        .replace("\"@filters\"", &words(Filter::ALL.iter().map(|filter| filter.word()).collect()))
        .replace("\"@destinations\"", &words(Destination::ALL.map(Destination::word).to_vec()))
        .replace("\"@actions\"", &words(usable().map(|action| action.word()).collect()))
}

fn usable() -> impl Iterator<Item = &'static Action> {
    Action::ALL.iter().filter(|action| !matches!(action, Action::New | Action::Load))
}
