//! What must hold of a field: operators and their values, as the parser reads them behind the field's name.

use crate::catalogue::{FieldId, Kind};
use crate::expected::Expected;
use crate::lexer::{Lexeme, Token};
use crate::parser::{Keyword, Parser};
use crate::problem::Problem;
use crate::query::{Comparison, Condition, Value};
use crate::show::write_value;
use crate::span::Span;
use crate::term::{example, operators};
use crate::value;

impl Parser<'_, '_> {
    /// The operator here and its values; `None` when it cannot be understood, which is said.
    pub(crate) fn condition(&mut self, field: FieldId, argument: Option<&str>) -> Option<Condition> {
        let span = self.here();
        let known = self.catalogue.field(field);
        if let Some(Token::Operator(sign)) = self.token(0) {
            let sign = *sign;
            self.at += 1;
            let Some(comparison) = self.comparison(sign, known, span) else {
                self.skip_value();
                return None;
            };
            return self.compare(field, argument, comparison, span);
        }
        if self.keyword(0) == Some(Keyword::Is) {
            self.at += 1;
            return self.emptiness(field, argument, span);
        }
        let negated = self.keyword(0) == Some(Keyword::Not);
        let span = if negated { span.to(self.lexemes[self.at + 1].span) } else { span };
        self.at += if negated { 2 } else { 1 };
        let values = self.list(field, argument, if negated { "NOT IN" } else { "IN" }, span)?;
        Some(if negated { Condition::NotIn(values) } else { Condition::In(values) })
    }

    /// What stands behind a comparison.
    pub(crate) fn compare(
        &mut self,
        field: FieldId,
        argument: Option<&str>,
        comparison: Comparison,
        sign: Span,
    ) -> Option<Condition> {
        let known = self.catalogue.field(field);
        let equality = match comparison {
            Comparison::Equal => Some((Condition::Empty, "IN")),
            Comparison::NotEqual => Some((Condition::NotEmpty, "NOT IN")),
            _ => None,
        };
        if let Some((empty, list)) = equality {
            let named = matches!(self.token(0), Some(Token::Word(word)) if ["empty", "null"].iter().any(|none| word.eq_ignore_ascii_case(none)));
            let blank = matches!(self.token(0), Some(Token::Quoted(text, _)) if text.trim().is_empty());
            if named || blank {
                self.at += 1;
                return Some(empty);
            }
            if self.token(0) == Some(&Token::Open) && known.kind.lists() {
                self.say(
                    Problem::MeantOperator { sign: comparison.sign().to_owned(), operator: list.to_owned() },
                    sign,
                );
                let values = self.list(field, argument, list, sign)?;
                let inside = comparison == Comparison::Equal;
                return Some(if inside { Condition::In(values) } else { Condition::NotIn(values) });
            }
        }
        if !known.kind.comparisons().contains(&comparison) {
            self.say_not_for_kind(field, comparison.sign(), sign);
            self.skip_value();
            return None;
        }
        if !self.at_value() {
            self.expect(Expected::Value { field, argument: argument.map(str::to_owned) });
            if matches!(self.token(0), Some(Token::Operator(_) | Token::Open)) {
                self.say_unquoted();
                self.skip_value();
                return None;
            }
            let before = format!("{} {}", known.name, comparison.sign());
            self.say(Problem::MissingValue { before, example: example(known) }, sign);
            return None;
        }
        let bare = matches!(self.token(0), Some(Token::Word(_)));
        let value = self.value(field, argument, comparison);
        if let (true, Some(Value::Text(text)), Kind::Text | Kind::Open { .. }) = (bare, &value, &known.kind) {
            self.say_unquoted_rest(text);
        }
        value.map(|value| Condition::Compare(comparison, value))
    }

    /// `IS EMPTY`, `IS NOT EMPTY`, and what people write instead; behind `IS`.
    fn emptiness(&mut self, field: FieldId, argument: Option<&str>, is: Span) -> Option<Condition> {
        let negated = self.keyword(0) == Some(Keyword::Not);
        self.expect(Expected::Emptiness { negated: false });
        if negated {
            self.at += 1;
            self.expect(Expected::Emptiness { negated: true });
        }
        let none = ["empty", "null", "unknown"];
        if matches!(self.token(0), Some(Token::Word(word)) if none.iter().any(|none| word.eq_ignore_ascii_case(none))) {
            self.at += 1;
            return Some(if negated { Condition::NotEmpty } else { Condition::Empty });
        }
        let known = self.catalogue.field(field);
        let comparison = if negated { Comparison::NotEqual } else { Comparison::Equal };
        if self.at_value() && known.kind.comparisons().contains(&comparison) {
            let span = is.to(self.here());
            let value = self.value(field, argument, comparison)?;
            let mut meant = format!("{} {} ", known.name, comparison.sign());
            write_value(&mut meant, &value);
            self.say(Problem::IsValue { meant }, span);
            return Some(Condition::Compare(comparison, value));
        }
        self.say(Problem::NotEmptiness { field: known.name.to_string() }, is);
        self.skip_value();
        None
    }

    /// The values of `IN`, behind it.
    fn list(&mut self, field: FieldId, argument: Option<&str>, list: &'static str, span: Span) -> Option<Vec<Value>> {
        let known = self.catalogue.field(field);
        let comparison = if list == "IN" { Comparison::Equal } else { Comparison::NotEqual };
        if !known.kind.lists() {
            self.say_not_for_kind(field, list, span);
            self.skip_value();
            return None;
        }
        if self.token(0) != Some(&Token::Open) {
            self.expect(Expected::ListOpening);
            if !self.at_value() {
                self.say(Problem::EmptyList { list }, span);
                return None;
            }
            self.say(Problem::ListWithoutParentheses { list }, span);
            return self.value(field, argument, comparison).map(|value| vec![value]);
        }
        let open = self.here();
        self.at += 1;
        let (mut values, mut written, mut comma) = (Vec::new(), 0, true);
        loop {
            let here = self.here();
            match self.token(0) {
                None => {
                    let argument = argument.map(str::to_owned);
                    self.expect(if comma { Expected::Value { field, argument } } else { Expected::ListNext });
                    self.say(Problem::UnclosedParenthesis, open);
                    break;
                }
                Some(Token::Close) => {
                    self.at += 1;
                    break;
                }
                Some(Token::Comma) => {
                    self.at += 1;
                    comma = true;
                }
                Some(Token::Open | Token::Operator(_)) => {
                    written += 1;
                    self.say_unquoted();
                    self.skip_value();
                }
                Some(Token::Word(_) | Token::Quoted(..)) => {
                    if !comma {
                        self.say(Problem::ListWithoutComma { value: here.of(self.text).to_owned() }, here);
                    }
                    comma = false;
                    written += 1;
                    values.extend(self.value(field, argument, comparison));
                }
            }
        }
        if written == 0 {
            self.say(Problem::EmptyList { list }, span);
        }
        (!values.is_empty()).then_some(values)
    }

    /// The value here. A word or quotation stands here.
    fn value(&mut self, field: FieldId, argument: Option<&str>, comparison: Comparison) -> Option<Value> {
        let Lexeme { token, span } = self.lexemes.get(self.at)?.clone();
        self.at += 1;
        let text = match &token {
            Token::Word(word) => *word,
            Token::Quoted(text, _) => text.as_ref(),
            _ => return None,
        };
        let called = self.token(0) == Some(&Token::Open) && self.adjacent() && matches!(token, Token::Word(_));
        if !called {
            return self.read(field, argument, text, span, comparison);
        }
        if matches!(self.catalogue.field(field).kind, Kind::Instant) {
            return self.function(text, span);
        }
        self.skip_parentheses();
        let span = span.to(self.lexemes[self.at - 1].span);
        self.say(Problem::Unquoted { found: span.of(self.text).to_owned() }, span);
        None
    }

    /// A function that makes a date; its parenthesis stands here.
    fn function(&mut self, name: &str, span: Span) -> Option<Value> {
        let open = self.at;
        self.at += 1;
        self.expect(Expected::Shift);
        let inside = match self.token(0) {
            Some(Token::Word(word)) => Some((*word).to_owned()),
            Some(Token::Quoted(text, _)) => Some(text.to_string()),
            _ => None,
        };
        if inside.is_some() {
            self.at += 1;
            self.expect(Expected::Closing);
        }
        let closed = self.token(0) == Some(&Token::Close);
        self.at = open;
        self.skip_parentheses();
        let inner = self.lexemes[open].span.to(self.lexemes[self.at - 1].span);
        if !closed {
            self.say(Problem::BadShift { value: inner.of(self.text).to_owned() }, inner);
            return None;
        }
        match value::call(name, inside.as_deref()) {
            Ok((date, said)) => {
                if let Some(said) = said {
                    self.say(said, self.lexemes[open + 1].span);
                }
                Some(Value::Date(date))
            }
            Err(problem) => {
                let whole = matches!(problem, Problem::UnknownFunction { .. });
                self.say(problem, if whole { span.to(inner) } else { inner });
                None
            }
        }
    }

    /// Whether a value stands here, and not what goes on behind a missing one.
    fn at_value(&self) -> bool {
        match self.token(0) {
            Some(Token::Quoted(..)) => true,
            Some(Token::Word(_)) => {
                !matches!(self.keyword(0), Some(Keyword::And | Keyword::Or | Keyword::Not)) && !self.at_order()
            }
            _ => false,
        }
    }

    /// Goes behind an operator and its values.
    pub(crate) fn skip_condition(&mut self) {
        while matches!(self.keyword(0), Some(Keyword::Not | Keyword::In | Keyword::Is)) {
            self.at += 1;
        }
        if matches!(self.token(0), Some(Token::Operator(_))) {
            self.at += 1;
        }
        self.skip_value();
    }

    fn skip_value(&mut self) {
        while matches!(self.token(0), Some(Token::Operator(_))) {
            self.at += 1;
        }
        if self.at_value() {
            self.at += 1;
            if self.token(0) == Some(&Token::Open) && self.adjacent() {
                self.skip_parentheses();
            }
        } else if self.at == self.lexemes.len() {
            self.expect(Expected::Anything);
        } else if self.token(0) == Some(&Token::Open) {
            self.skip_parentheses();
        }
    }

    fn say_not_for_kind(&mut self, field: FieldId, sign: &str, span: Span) {
        let known = self.catalogue.field(field);
        let (field, kind) = (known.name.to_string(), known.kind.noun());
        let operators = operators(&known.kind);
        self.say(Problem::OperatorNotForKind { field, kind, sign: sign.to_owned(), operators }, span);
    }

    fn say_unquoted(&mut self) {
        let span = self.here();
        self.say(Problem::Unquoted { found: span.of(self.text).to_owned() }, span);
    }

    /// Words behind an unquoted value, which most likely belong to it.
    fn say_unquoted_rest(&mut self, value: &str) {
        let Some(Token::Word(word)) = self.token(0) else { return };
        let word = (*word).to_owned();
        let begins_test = self.at_condition(1, false) || self.token(1) == Some(&Token::Open);
        if self.keyword(0).is_none() && !self.at_order() && !begins_test && self.catalogue.find(&word).is_none() {
            let span = self.here();
            self.say(Problem::UnquotedRest { value: value.to_owned(), word }, span);
        }
    }
}
