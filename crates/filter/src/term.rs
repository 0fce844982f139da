//! The smallest things that can be true of somebody: a free word, or a test of one field. Grammar above is in `parser`,
//! single values are in `value`.

use crate::catalogue::{Argument, Field, FieldId, Kind};
use crate::expected::Expected;
use crate::lexer::{Lexeme, Token};
use crate::nearest::nearest;
use crate::parser::{Keyword, Parser};
use crate::problem::Problem;
use crate::query::{Comparison, Condition, Expression, Test, Value};
use crate::span::Span;
use crate::value;

/// Signs of other languages, and what they mean here.
const FOREIGN_SIGNS: [(&str, &str); 14] = [
    ("==", "="),
    ("===", "="),
    ("<>", "!="),
    ("=!", "!="),
    ("!==", "!="),
    ("≠", "!="),
    ("=<", "<="),
    ("≤", "<="),
    ("=>", ">="),
    ("≥", ">="),
    ("=~", "~"),
    ("~=", "~"),
    ("~~", "~"),
    ("!=~", "!~"),
];

/// Words of other languages, and what they mean here.
const FOREIGN_WORDS: [(&str, &str); 14] = [
    ("contains", "~"),
    ("like", "~"),
    ("matches", "~"),
    ("includes", "~"),
    ("has", "~"),
    ("equals", "="),
    ("equal", "="),
    ("eq", "="),
    ("ne", "!="),
    ("gt", ">"),
    ("ge", ">="),
    ("gte", ">="),
    ("lt", "<"),
    ("lte", "<="),
];

impl Parser<'_, '_> {
    /// A word or a test; `None` when it cannot be understood, which is said.
    pub(crate) fn term(&mut self) -> Option<Expression> {
        let Lexeme { token, span } = self.lexemes.get(self.at)?.clone();
        self.at += 1;
        match token {
            Token::Word(word) => self.unquoted(word, span),
            Token::Quoted(text, _) => match self.catalogue.find(&text) {
                Some(field) if self.at_condition(0, true) => self.test(field, None),
                None if self.at_condition(0, false) => self.unknown_test(&text, span),
                _ => self.free(&text, span),
            },
            _ => None,
        }
    }

    fn unquoted(&mut self, word: &str, span: Span) -> Option<Expression> {
        if self.keyword_before(Keyword::In) || self.keyword_before(Keyword::Is) || self.keyword_before(Keyword::Empty) {
            self.say(Problem::KeywordAsWord { word: word.to_owned() }, span);
            return Some(Expression::Word(word.to_owned()));
        }
        if let Some(field) = self.catalogue.find(word) {
            return self.field(field, word, span);
        }
        if let Some(Token::Word(next)) = self.token(0)
            && (self.at_condition(1, true) || self.at_call(1))
            && let Some(field) = self.catalogue.find(&format!("{word}{next}"))
        {
            // `last active(jira) >= -90d`: names may be written with their blank.
            self.at += 1;
            return self.field(field, word, span.to(self.lexemes[self.at - 1].span));
        }
        if let Some((name, rest)) = word.split_once(':')
            && let Some(field) = self.catalogue.find(name)
        {
            return self.colon(field, rest, span);
        }
        if self.adjacent() && self.at_call(0) {
            self.skip_parentheses();
            return self.unknown_test(word, span);
        }
        if self.at_condition(0, false) {
            return self.unknown_test(word, span);
        }
        if word.eq_ignore_ascii_case("order") {
            self.expect(Expected::By);
        }
        if word.len() > 1 && word.starts_with('-') {
            self.say(Problem::LeadingMinus { word: word.to_owned() }, span);
        }
        self.free(word, span)
    }

    fn free(&mut self, text: &str, span: Span) -> Option<Expression> {
        if text.trim().is_empty() {
            self.say(Problem::EmptyText, span);
            return None;
        }
        Some(Expression::Word(text.to_owned()))
    }

    /// What begins with the name of a field.
    fn field(&mut self, field: FieldId, word: &str, span: Span) -> Option<Expression> {
        let known = self.catalogue.field(field);
        let called = self.at_argument(field);
        let argument = self.argument(field, span);
        if self.at_condition(0, true) {
            return match argument {
                Some(argument) => self.test(field, argument),
                None => {
                    self.silently(|parser| parser.condition(field, None));
                    None
                }
            };
        }
        self.expect(Expected::Operator { field });
        if self.keyword(0) == Some(Keyword::Not) && self.at + 1 == self.lexemes.len() {
            self.expected.get_or_insert(Expected::In);
        }
        let argument = argument?;
        if matches!(known.kind, Kind::Flag) {
            let condition = Condition::Compare(Comparison::Equal, Value::Flag(true));
            return Some(Expression::Test(Test { field, argument, condition }));
        }
        if self.keyword(0) == Some(Keyword::Not) && matches!(self.token(1), Some(Token::Operator(_))) {
            let span = self.here();
            self.say(Problem::NotAfterField { field: known.name.to_string() }, span);
            self.at += 1;
            self.skip_condition();
            return None;
        }
        if let Some(operator) = self.foreign_word() {
            let (at, sign) = (self.here(), self.here().of(self.text).to_owned());
            self.say(Problem::MeantOperator { sign, operator: operator.sign().to_owned() }, at);
            self.at += 1;
            let condition = self.compare(field, argument.as_deref(), operator, at)?;
            return Some(Expression::Test(Test { field, argument, condition }));
        }
        let example = example(known);
        if called {
            self.say(Problem::MissingOperator { field: known.name.to_string(), example }, span);
            return None;
        }
        self.say(Problem::FieldAsWord { field: known.name.to_string(), example }, span);
        Some(Expression::Word(word.to_owned()))
    }

    fn test(&mut self, field: FieldId, argument: Option<String>) -> Option<Expression> {
        self.widest = self.widest.max(argument.as_ref().map_or(0, String::len));
        let condition = self.condition(field, argument.as_deref())?;
        Some(Expression::Test(Test { field, argument, condition }))
    }

    fn unknown_test(&mut self, name: &str, span: Span) -> Option<Expression> {
        let problem = self.unknown_field(name);
        self.say(problem, span);
        self.skip_condition();
        None
    }

    pub(crate) fn unknown_field(&self, name: &str) -> Problem {
        let names = self.catalogue.fields().flat_map(|(_, field)| std::iter::once(&field.name).chain(&field.aliases));
        let suggestion = if self.is_heard() { nearest(name, names.map(AsRef::as_ref)) } else { None };
        let suggestion = suggestion.map(str::to_owned);
        Problem::UnknownField { name: name.to_owned(), suggestion }
    }

    /// `field:value`, as other search boxes have it.
    fn colon(&mut self, field: FieldId, rest: &str, span: Span) -> Option<Expression> {
        let known = self.catalogue.field(field);
        let comparison = known.kind.comparisons().first().copied().unwrap_or(Comparison::Equal);
        let next = match self.token(0) {
            Some(Token::Quoted(text, _)) if rest.is_empty() => text.to_string(),
            _ => rest.to_owned(),
        };
        if rest.is_empty() && !next.is_empty() {
            self.at += 1;
        }
        let span = if rest.is_empty() && self.at > 0 { span.to(self.lexemes[self.at - 1].span) } else { span };
        let written = format!("{} {} {}", known.name, comparison.sign(), crate::show::quote(&next));
        if next.is_empty() {
            let before = format!("{}:", known.name);
            self.say(Problem::MissingValue { before, example: example(known) }, span);
            return None;
        }
        if matches!(known.argument, Argument::Required(_)) {
            self.missing_argument(field, span);
            return None;
        }
        let value = self.read(field, None, &next, span, comparison)?;
        self.say(Problem::Colon { field: known.name.to_string(), written }, span);
        Some(Expression::Test(Test { field, argument: None, condition: Condition::Compare(comparison, value) }))
    }

    /// What stands in parentheses behind a field, if anything: `Some(None)` for nothing, `None` for something wrong.
    pub(crate) fn argument(&mut self, field: FieldId, span: Span) -> Option<Option<String>> {
        let known = self.catalogue.field(field);
        let of = self.catalogue.argument_field(field);
        let required = matches!(known.argument, Argument::Required(_));
        if !self.at_argument(field) {
            if required {
                self.expect(Expected::ArgumentOpening);
                self.missing_argument(field, span);
                return None;
            }
            return Some(None);
        }
        let open = self.at;
        let Some(of) = of else {
            self.skip_parentheses();
            let span = self.lexemes[open].span.to(self.lexemes[self.at - 1].span);
            self.say(Problem::NoArgument { field: known.name.to_string() }, span);
            return None;
        };
        self.at += 1;
        self.expect(Expected::Argument { field });
        let inside = match self.lexemes.get(self.at) {
            Some(Lexeme { token: Token::Word(word), span }) => Some(((*word).to_owned(), *span)),
            Some(Lexeme { token: Token::Quoted(text, _), span }) => Some((text.to_string(), *span)),
            _ => None,
        };
        if inside.is_none() && self.token(0) == Some(&Token::Close) {
            self.at += 1;
            if required {
                self.missing_argument(field, span);
            }
            return (!required).then_some(None);
        }
        if inside.is_some() {
            self.at += 1;
            self.expect(Expected::Closing);
        }
        let closed = self.token(0) == Some(&Token::Close);
        if let Some((text, span)) = inside.filter(|(text, _)| closed && !text.trim().is_empty()) {
            self.at += 1;
            let Value::Text(argument) = self.read(of, None, &text, span, Comparison::Equal)? else { return None };
            return Some(Some(argument));
        }
        self.at = open;
        self.skip_parentheses();
        let span = self.lexemes[open].span.to(self.lexemes[self.at - 1].span);
        let problem = Problem::BadArgument { field: known.name.to_string(), noun: self.noun(of) };
        self.say(problem, span);
        None
    }

    fn missing_argument(&mut self, field: FieldId, span: Span) {
        let noun = self.catalogue.argument_field(field).map(|of| self.noun(of)).unwrap_or_default();
        let problem = Problem::MissingArgument { field: self.catalogue.field(field).name.to_string(), noun };
        self.say(problem, span);
    }

    /// What the values of a choice are called.
    fn noun(&self, field: FieldId) -> String {
        let field = self.catalogue.field(field);
        match &field.kind {
            Kind::Open { noun } => noun.to_string(),
            _ => field.name.to_string(),
        }
    }

    /// A text read as a value of a field, and everything said that is to be said about it.
    pub(crate) fn read(
        &mut self,
        field: FieldId,
        argument: Option<&str>,
        text: &str,
        span: Span,
        comparison: Comparison,
    ) -> Option<Value> {
        let known = self.catalogue.field(field);
        let (value, said) = match value::read(&known.kind, &known.name, text) {
            Ok(read) => read,
            Err(problem) => {
                self.say(problem, span);
                return None;
            }
        };
        if let Some(said) = said {
            self.say(said, span);
        }
        if let Value::Text(written) = &value {
            self.widest = self.widest.max(written.len());
        }
        let whole = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if let Kind::Open { noun } = &known.kind
            && whole
            && !self.vocabulary.knows(field, argument, text)
        {
            let suggestion = self.near_name(field, argument, text).map(|name| crate::show::quote(&name));
            self.say(Problem::UnknownName { noun: noun.to_string(), value: text.to_owned(), suggestion }, span);
        }
        Some(value)
    }

    /// A name of the vocabulary that is a slip or two away; it is looked for among those that begin alike.
    fn near_name(&self, field: FieldId, argument: Option<&str>, text: &str) -> Option<String> {
        if !self.is_heard() {
            return None;
        }
        [4, 2, 1].into_iter().find_map(|letters| {
            let beginning: String = text.chars().take(letters).collect();
            let names = self.vocabulary.suggest(field, argument, &beginning, 50);
            nearest(text, names.iter().map(|name| name.value.as_str())).map(str::to_owned)
        })
    }

    /// The word behind a field that means an operator elsewhere, when a value follows it.
    fn foreign_word(&self) -> Option<Comparison> {
        let Some(Token::Word(word)) = self.token(0) else { return None };
        if !matches!(self.token(1), Some(Token::Word(_) | Token::Quoted(..))) {
            return None;
        }
        let found = FOREIGN_WORDS.iter().find(|(foreign, _)| word.eq_ignore_ascii_case(foreign));
        found.and_then(|(_, sign)| comparison(sign))
    }

    /// Whether the parenthesis here holds the argument of the field before it.
    fn at_argument(&self, field: FieldId) -> bool {
        let takes = self.catalogue.field(field).argument != Argument::None;
        self.token(0) == Some(&Token::Open) && (takes || self.adjacent())
    }

    /// Whether the token here stands directly behind the one before.
    pub(crate) fn adjacent(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.lexemes.get(at));
        before.is_some_and(|before| before.span.end == self.here().start)
    }

    /// Whether so many tokens ahead stands one value in parentheses, and an operator behind it.
    fn at_call(&self, ahead: usize) -> bool {
        self.token(ahead) == Some(&Token::Open)
            && matches!(self.token(ahead + 1), Some(Token::Word(_) | Token::Quoted(..)))
            && self.token(ahead + 2) == Some(&Token::Close)
            && self.at_condition(ahead + 3, false)
    }

    fn keyword_before(&self, keyword: Keyword) -> bool {
        matches!(self.lexemes.get(self.at - 1), Some(Lexeme { token: Token::Word(word), .. }) if Keyword::of(word) == Some(keyword))
    }

    /// Whether an operator stands so many tokens ahead. Keywords behind a name that is no field are taken for operators
    /// only when what must follow them follows.
    pub(crate) fn at_condition(&self, ahead: usize, known: bool) -> bool {
        let opens = |ahead| known || self.token(ahead) == Some(&Token::Open);
        match (self.token(ahead), self.keyword(ahead), self.keyword(ahead + 1)) {
            (Some(Token::Operator(sign)), _, _) => *sign != "!",
            (_, Some(Keyword::In), _) => opens(ahead + 1),
            (_, Some(Keyword::Not), Some(Keyword::In)) => opens(ahead + 2),
            (_, Some(Keyword::Is), Some(Keyword::Empty | Keyword::Not)) => true,
            (_, Some(Keyword::Is), _) => known,
            _ => false,
        }
    }

    /// What a sign means; says so when it is another language's.
    pub(crate) fn comparison(&mut self, sign: &str, field: &Field, span: Span) -> Option<Comparison> {
        if let Some(comparison) = comparison(sign) {
            return Some(comparison);
        }
        if let Some((_, meant)) = FOREIGN_SIGNS.iter().find(|(foreign, _)| *foreign == sign) {
            self.say(Problem::MeantOperator { sign: sign.to_owned(), operator: (*meant).to_owned() }, span);
            return comparison(meant);
        }
        let operators = operators(&field.kind);
        self.say(Problem::UnknownOperator { sign: sign.to_owned(), field: field.name.to_string(), operators }, span);
        None
    }
}

fn comparison(sign: &str) -> Option<Comparison> {
    Comparison::ALL.into_iter().find(|comparison| comparison.sign() == sign)
}

/// All operators of a kind, as they are listed in a sentence.
pub(crate) fn operators(kind: &Kind) -> String {
    let mut signs: Vec<&str> = kind.comparisons().iter().map(|comparison| comparison.sign()).collect();
    if kind.lists() {
        signs.extend(["IN", "NOT IN"]);
    }
    signs.extend(["IS EMPTY", "IS NOT EMPTY"]);
    signs.join(", ")
}

/// A filter that uses a field: one that the catalogue gives, or one made up.
pub(crate) fn example(field: &Field) -> String {
    if let Some(example) = field.examples.first() {
        return example.to_string();
    }
    let (sign, value) = match &field.kind {
        Kind::Text => ("~", "text"),
        Kind::Open { .. } => ("=", "name"),
        Kind::Closed(words) => ("=", words.first().map_or("word", |word| word.word.as_ref())),
        Kind::Instant => (">=", "-90d"),
        Kind::Duration => (">=", "90d"),
        Kind::Number => (">=", "1"),
        Kind::Flag => ("=", "yes"),
    };
    let argument = match &field.argument {
        Argument::Required(of) => format!("({of})"),
        _ => String::new(),
    };
    format!("{}{argument} {sign} {}", field.name, crate::show::quote(value))
}
