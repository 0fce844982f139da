//! What could be written at the cursor: fields, operators, values, keywords and functions, in the places where they
//! mean something. The parser says what it misses; this file only makes items of that.

use crate::catalogue::{Argument, Catalogue, Field, FieldId, Kind, key};
use crate::expected::Expected;
use crate::lexer::{Closing, Lexeme, Token, lex};
use crate::parser::{MAX_CHARACTERS, Parser};
use crate::query::Comparison;
use crate::show::quote;
use crate::span::{Span, boundary};
use crate::value::FUNCTIONS;
use crate::vocabulary::{AnyName, Vocabulary};

/// As many items as a list beside a text box can show.
const MAX_ITEMS: usize = 50;

/// Dates and lengths that are asked for often.
const DATES: [(&str, &str); 6] = [
    ("-7d", "7 days ago"),
    ("-30d", "30 days ago"),
    ("-90d", "90 days ago"),
    ("-6M", "6 months ago"),
    ("-1y", "a year ago"),
    ("now()", "this moment"),
];
const LENGTHS: [(&str, &str); 6] = [
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("60d", "60 days"),
    ("90d", "90 days"),
    ("6M", "6 months"),
    ("1y", "a year"),
];
const SHIFTS: [(&str, &str); 4] =
    [("-1d", "a day before"), ("-1w", "a week before"), ("-1M", "a month before"), ("-1y", "a year before")];

/// What could be written at a place of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The part of the text that an item's text takes the place of.
    pub replace: Span,
    /// The best first; at most 50.
    pub items: Vec<Item>,
}

/// Something that could be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What is written, with its quotation marks if it needs any.
    pub text: String,
    /// What is shown in the list.
    pub label: String,
    /// What it means; may be empty.
    pub detail: String,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// The name of a field.
    Field,
    /// An operator, also one of words.
    Operator,
    /// A value, or what stands in a field's parentheses.
    Value,
    /// AND, OR, NOT, ORDER BY and their like, and signs that go with them.
    Keyword,
    /// A function that makes a date.
    Function,
}

/// What could be written at `cursor`, a byte of `text`, also inside a word, a quotation or a list.
///
/// ```
/// use filter::{AnyName, Catalogue, Field, Kind, complete};
///
/// let catalogue = Catalogue::new(vec![Field::new("lastActive", Kind::Instant, "When last used")])?;
/// let completion = complete("NOT last", 8, &catalogue, &AnyName);
/// assert_eq!(completion.replace.of("NOT last"), "last");
/// assert_eq!(completion.items[0].text, "lastActive");
/// # Ok::<(), filter::CatalogueError>(())
/// ```
pub fn complete(text: &str, cursor: usize, catalogue: &Catalogue, vocabulary: &dyn Vocabulary) -> Completion {
    let cursor = boundary(text, cursor);
    if text[..cursor].chars().count() > MAX_CHARACTERS {
        return Completion { replace: Span::new(cursor, cursor), items: Vec::new() };
    }
    let mut lexemes = lex(text);
    let whole = !lexemes.iter().any(|lexeme| matches!(lexeme.token, Token::Quoted(_, Closing::EndOfText)));
    let before = lexemes
        .iter()
        .position(|lexeme| touches(lexeme, cursor))
        .unwrap_or_else(|| lexemes.iter().position(|lexeme| lexeme.span.start >= cursor).unwrap_or(lexemes.len()));
    let (mut replace, mut prefix) = (Span::new(cursor, cursor), String::new());
    if let Some(Lexeme { token, span }) = lexemes.get(before).filter(|lexeme| touches(lexeme, cursor)) {
        // Where a quotation is not closed, the words behind the cursor are most likely no part of it.
        let end = if whole || matches!(token, Token::Word(_)) { span.end } else { cursor };
        replace = Span::new(span.start, end);
        prefix = match lex(&text[span.start..cursor]).pop() {
            Some(Lexeme { token: Token::Quoted(inner, _), .. }) => inner.into_owned(),
            _ => text[span.start..cursor].to_owned(),
        };
    }
    lexemes.truncate(before);
    let mut parser = Parser::new(lexemes, &text[..replace.start], catalogue, &AnyName);
    parser.query();
    let mut list = List { catalogue, vocabulary, prefix, items: Vec::new() };
    if let Some(expected) = parser.expected {
        list.fill(&expected);
    }
    Completion { replace, items: list.finish() }
}

/// Whether the cursor is inside a token or at the end of one that can go on.
fn touches(lexeme: &Lexeme<'_>, cursor: usize) -> bool {
    let Span { start, end } = lexeme.span;
    match lexeme.token {
        Token::Word(_) | Token::Operator("!") | Token::Quoted(_, Closing::EndOfText) => start < cursor && cursor <= end,
        Token::Quoted(_, Closing::Mark) => start < cursor && cursor < end,
        _ => false,
    }
}

/// Items with how well they fit what is written.
struct List<'c> {
    catalogue: &'c Catalogue,
    vocabulary: &'c dyn Vocabulary,
    prefix: String,
    items: Vec<(Fit, Item)>,
}

/// How well something fits what is written; the better the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Begins,
    Contains,
}

impl List<'_> {
    fn fill(&mut self, expected: &Expected) {
        match expected {
            Expected::Operand => self.operands(),
            Expected::Connector { closable } => {
                self.keyword("AND", "both must hold");
                self.keyword("OR", "one of both must hold");
                self.keyword("ORDER BY", "in which order");
                self.closing(*closable);
                if !self.prefix.is_empty() {
                    self.operands();
                }
            }
            Expected::Operator { field } => self.operators(*field),
            Expected::Argument { field } => {
                if let Some(of) = self.catalogue.argument_field(*field) {
                    self.values(of, None);
                }
            }
            Expected::ArgumentOpening | Expected::ListOpening => self.keyword("(", ""),
            Expected::Closing => self.keyword(")", ""),
            Expected::Value { field, argument } => self.values(*field, argument.as_deref()),
            Expected::ListNext => {
                self.keyword(",", "another value");
                self.keyword(")", "the end of the list");
            }
            Expected::Emptiness { negated } => {
                self.keyword("EMPTY", "no value, or unknown");
                if !negated {
                    self.keyword("NOT EMPTY", "any value");
                }
            }
            Expected::In => self.keyword("IN", "none of these"),
            Expected::By => self.keyword("BY", ""),
            Expected::OrderField => {
                let sortable: Vec<FieldId> =
                    self.catalogue.fields().filter(|(_, field)| field.sortable).map(|(id, _)| id).collect();
                sortable.into_iter().for_each(|id| self.field(id));
            }
            Expected::Direction => {
                self.keyword("ASC", "the least first");
                self.keyword("DESC", "the greatest first");
                self.keyword(",", "another field");
            }
            Expected::OrderNext => self.keyword(",", "another field"),
            Expected::Shift => self.listed(&SHIFTS),
            Expected::Anything => {}
        }
    }

    fn operands(&mut self) {
        let ids: Vec<FieldId> = self.catalogue.fields().map(|(id, _)| id).collect();
        ids.into_iter().for_each(|id| self.field(id));
        self.keyword("NOT", "must not hold");
        self.keyword("(", "what belongs together");
    }

    fn field(&mut self, id: FieldId) {
        let field = self.catalogue.field(id);
        let names = std::iter::once(&field.name).chain(&field.aliases);
        let Some(fit) = names.filter_map(|name| self.fit(name)).min() else { return };
        let opening = if matches!(field.argument, Argument::Required(_)) { "(" } else { "" };
        let text = format!("{}{opening}", field.name);
        self.put(fit, text, field.name.to_string(), &field.summary, ItemKind::Field);
    }

    fn operators(&mut self, id: FieldId) {
        let field = self.catalogue.field(id);
        for comparison in field.kind.comparisons() {
            self.operator(comparison.sign(), meaning(*comparison, field));
        }
        if field.kind.lists() {
            self.operator("IN", "is one of");
            self.operator("NOT IN", "is none of");
        }
        self.operator("IS EMPTY", "has no value, or unknown");
        self.operator("IS NOT EMPTY", "has a value");
        if matches!(field.kind, Kind::Flag) {
            self.keyword("AND", "both must hold");
            self.keyword("OR", "one of both must hold");
        }
    }

    fn operator(&mut self, sign: &str, meaning: &str) {
        if let Some(fit) = self.fit_sign(sign).or_else(|| self.fit_sign(meaning)) {
            self.put(fit, sign.to_owned(), sign.to_owned(), meaning, ItemKind::Operator);
        }
    }

    fn values(&mut self, id: FieldId, argument: Option<&str>) {
        let field = self.catalogue.field(id);
        match &field.kind {
            Kind::Text | Kind::Number => {}
            Kind::Closed(words) => {
                for word in words {
                    let names = std::iter::once(&word.word).chain(&word.aliases);
                    if let Some(fit) = names.filter_map(|name| self.fit(name)).min() {
                        self.put(fit, quote(&word.word), word.word.to_string(), &word.summary, ItemKind::Value);
                    }
                }
            }
            Kind::Open { .. } => {
                for name in self.vocabulary.suggest(id, argument, &self.prefix, MAX_ITEMS) {
                    // The caller has matched it in its own way; its order stays.
                    self.put(Fit::Begins, quote(&name.value), name.value, &name.detail, ItemKind::Value);
                }
            }
            Kind::Flag => self.listed(&[("yes", ""), ("no", "")]),
            Kind::Duration => self.listed(&LENGTHS),
            Kind::Instant => {
                self.listed(&DATES);
                for function in FUNCTIONS.iter().skip(1) {
                    if let Some(fit) = self.fit(function) {
                        let text = format!("{function}()");
                        self.put(fit, text.clone(), text, "in the organization's time zone", ItemKind::Function);
                    }
                }
            }
        }
    }

    fn listed(&mut self, listed: &[(&str, &str)]) {
        for (text, detail) in listed {
            let function = text.ends_with(')');
            let kind = if function { ItemKind::Function } else { ItemKind::Value };
            if let Some(fit) = self.fit_sign(text) {
                self.put(fit, (*text).to_owned(), (*text).to_owned(), detail, kind);
            }
        }
    }

    fn keyword(&mut self, keyword: &str, detail: &str) {
        if let Some(fit) = self.fit_sign(keyword).filter(|fit| *fit == Fit::Begins) {
            self.put(fit, keyword.to_owned(), keyword.to_owned(), detail, ItemKind::Keyword);
        }
    }

    fn closing(&mut self, closable: bool) {
        if closable {
            self.keyword(")", "the end of what belongs together");
        }
    }

    /// How well a name fits, however it is written.
    fn fit(&self, name: &str) -> Option<Fit> {
        let (name, prefix) = (key(name), key(&self.prefix));
        match name.find(&prefix)? {
            0 => Some(Fit::Begins),
            _ => Some(Fit::Contains),
        }
    }

    /// How well a sign or keyword fits: blanks and minus signs count.
    fn fit_sign(&self, sign: &str) -> Option<Fit> {
        sign.to_lowercase().starts_with(&self.prefix.to_lowercase()).then_some(Fit::Begins)
    }

    fn put(&mut self, fit: Fit, text: String, label: String, detail: &str, kind: ItemKind) {
        self.items.push((fit, Item { text, label, detail: detail.to_owned(), kind }));
    }

    fn finish(mut self) -> Vec<Item> {
        self.items.sort_by_key(|(fit, _)| *fit);
        self.items.into_iter().map(|(_, item)| item).take(MAX_ITEMS).collect()
    }
}

/// How an operator reads with a field.
fn meaning(comparison: Comparison, field: &Field) -> &'static str {
    match (&field.kind, comparison) {
        (Kind::Instant, Comparison::Less) => "before",
        (Kind::Instant, Comparison::AtMost) => "at or before",
        (Kind::Instant, Comparison::Greater) => "after",
        (Kind::Instant, Comparison::AtLeast) => "at or after",
        _ if field.several => match comparison {
            Comparison::Equal => "one of them is",
            Comparison::NotEqual => "none of them is",
            Comparison::Contains => "one of them contains",
            Comparison::ContainsNot => "none of them contains",
            other => other.words(),
        },
        _ => comparison.words(),
    }
}
