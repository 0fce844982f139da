//! Reads one value from a whole text. It recurses as deep as `MAX_DEPTH` and no deeper.

use super::lexer::{JsonError, JsonProblem, Lexer, Token};
use super::{MAX_DEPTH, Number, Object, Value};

/// The value that a text is.
///
/// # Errors
/// When the text is not one JSON value, or breaks one of the bounds.
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    let mut lexer = Lexer::new(text);
    let first = lexer.next()?;
    let value = value(&mut lexer, first, 0)?;
    match lexer.next()? {
        Token::End => Ok(value),
        _ => lexer.error(JsonProblem::Trailing),
    }
}

fn value(lexer: &mut Lexer<'_>, first: Token<'_>, depth: usize) -> Result<Value, JsonError> {
    match first {
        Token::Null => Ok(Value::Null),
        Token::Boolean(value) => Ok(Value::Boolean(value)),
        Token::Number(token) => match Number::of_token(token) {
            Some(number) => Ok(Value::Number(number)),
            None => lexer.error(JsonProblem::NumberOutOfRange),
        },
        Token::Text(text) => Ok(Value::Text(text.into_owned())),
        Token::OpenList | Token::OpenObject if depth >= MAX_DEPTH => lexer.error(JsonProblem::TooDeep),
        Token::OpenList => list(lexer, depth + 1),
        Token::OpenObject => object(lexer, depth + 1),
        other => lexer.expected(&other, "a value"),
    }
}

fn list(lexer: &mut Lexer<'_>, depth: usize) -> Result<Value, JsonError> {
    let mut values = Vec::new();
    let mut token = lexer.next()?;
    if token == Token::CloseList {
        return Ok(Value::List(values));
    }
    loop {
        values.push(value(lexer, token, depth)?);
        match lexer.next()? {
            Token::Comma => token = lexer.next()?,
            Token::CloseList => return Ok(Value::List(values)),
            other => return lexer.expected(&other, "a comma or the end of the list"),
        }
    }
}

fn object(lexer: &mut Lexer<'_>, depth: usize) -> Result<Value, JsonError> {
    let mut members: Vec<(String, Value)> = Vec::new();
    let mut token = lexer.next()?;
    if token == Token::CloseObject {
        return Ok(Value::Object(Object::of(members)));
    }
    let mut names = Names::default();
    loop {
        let Token::Text(name) = token else { return lexer.expected(&token, "a name in quotation marks") };
        let name = name.into_owned();
        if !names.take(&name, &members) {
            return lexer.error(JsonProblem::DuplicateName { name });
        }
        match lexer.next()? {
            Token::Colon => {}
            other => return lexer.expected(&other, "a colon"),
        }
        let first = lexer.next()?;
        let value = value(lexer, first, depth)?;
        members.push((name, value));
        match lexer.next()? {
            Token::Comma => token = lexer.next()?,
            Token::CloseObject => return Ok(Value::Object(Object::of(members))),
            other => return lexer.expected(&other, "a comma or the end of the object"),
        }
    }
}

/// The names of an object so far: looked through while they are few, hashed once they are many.
#[derive(Default)]
pub(super) struct Names(std::collections::HashSet<String>);

/// Up to here looking through is faster than hashing.
const FEW: usize = 24;

impl Names {
    /// Whether the name is new among the members.
    pub(super) fn take<T>(&mut self, name: &str, members: &[(String, T)]) -> bool {
        if members.len() < FEW {
            return members.iter().all(|(known, _)| known != name);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|(known, _)| known.clone()));
        }
        self.0.insert(name.to_owned())
    }
}
