//! Cuts JSON into tokens. It never allocates for a text without escapes and never looks past the bytes it was given.

use std::borrow::Cow;

use thiserror::Error;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum JsonProblem {
    /// Something else had to stand here.
    #[error("expected {expected}")]
    Expected {
        /// What, with its article.
        expected: &'static str,
    },
    /// The text is over too early.
    #[error("the text ends where {expected} should follow")]
    Ended {
        /// What should follow, with its article.
        expected: &'static str,
    },
    /// Lists and objects lie too deep in each other.
    #[error("lists and objects lie more than {} deep in each other", super::MAX_DEPTH)]
    TooDeep,
    /// A name stands twice in one object.
    #[error("the name {name:?} stands twice in one object")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A number that is too big to have a value, or has too many digits.
    #[error("a number is out of range")]
    NumberOutOfRange,
    /// Bytes that are not UTF-8.
    #[error("the text is not valid UTF-8 here")]
    InvalidUtf8,
    /// A control character that was not escaped.
    #[error("a control character stands in a text without being escaped")]
    ControlCharacter,
    /// A backslash with something that cannot follow it, or half of a surrogate pair.
    #[error("an escape sequence means no character")]
    BadEscape,
    /// Something follows the value.
    #[error("something follows after the end of the value")]
    Trailing,
}

/// A problem and the byte at which it was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (byte {offset})")]
pub struct JsonError {
    /// Counted from the beginning of the text.
    pub offset: usize,
    /// What is wrong.
    pub problem: JsonProblem,
}

/// A token.
#[derive(Debug, PartialEq)]
pub(crate) enum Token<'a> {
    OpenObject,
    CloseObject,
    OpenList,
    CloseList,
    Colon,
    Comma,
    Null,
    Boolean(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    End,
}

pub(crate) struct Lexer<'a> {
    bytes: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
    /// Where the token given last begins.
    pub(super) begin: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Lexer<'a> {
        Lexer { bytes, at: 0, begin: 0 }
    }

    pub(super) fn error<T>(&self, problem: JsonProblem) -> Result<T, JsonError> {
        Err(JsonError { offset: self.begin, problem })
    }

    pub(super) fn expected<T>(&self, token: &Token<'_>, expected: &'static str) -> Result<T, JsonError> {
        self.error(match token {
            Token::End => JsonProblem::Ended { expected },
            _ => JsonProblem::Expected { expected },
        })
    }

    pub(crate) fn next(&mut self) -> Result<Token<'a>, JsonError> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.begin = self.at;
        let Some(&byte) = self.bytes.get(self.at) else { return Ok(Token::End) };
        self.at += 1;
        match byte {
            b'{' => Ok(Token::OpenObject),
            b'}' => Ok(Token::CloseObject),
            b'[' => Ok(Token::OpenList),
            b']' => Ok(Token::CloseList),
            b':' => Ok(Token::Colon),
            b',' => Ok(Token::Comma),
            b'"' => self.text(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Token::Boolean(true)),
            b'f' => self.word("false", Token::Boolean(false)),
            b'n' => self.word("null", Token::Null),
            _ => self.error(JsonProblem::Expected { expected: "a value" }),
        }
    }

    fn word(&mut self, word: &'static str, token: Token<'a>) -> Result<Token<'a>, JsonError> {
        let end = self.begin + word.len();
        let whole = self.bytes.get(self.begin..end) == Some(word.as_bytes());
        let over = !self.bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
        if !whole || !over {
            return self.error(JsonProblem::Expected { expected: "a value" });
        }
        self.at = end;
        Ok(token)
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let from = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if from == self.at {
            return self.error(JsonProblem::Expected { expected: "a number as JSON writes it" });
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Token<'a>, JsonError> {
        self.at = self.begin + usize::from(self.bytes[self.begin] == b'-');
        let first = self.at;
        self.digits()?;
        if self.bytes[first] == b'0' && self.at > first + 1 {
            return self.error(JsonProblem::Expected { expected: "a number without leading zeros" });
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        match str::from_utf8(&self.bytes[self.begin..self.at]) {
            Ok(token) => Ok(Token::Number(token)),
            Err(_) => self.error(JsonProblem::InvalidUtf8),
        }
    }

    fn text(&mut self) -> Result<Token<'a>, JsonError> {
        let mut whole = String::new();
        loop {
            let from = self.at;
            let Some(length) = memchr::memchr2(b'"', b'\\', &self.bytes[from..]) else {
                return self.error(JsonProblem::Ended { expected: "the end of a text" });
            };
            let piece = &self.bytes[from..from + length];
            if let Some(at) = piece.iter().position(|byte| *byte < b' ') {
                return Err(JsonError { offset: from + at, problem: JsonProblem::ControlCharacter });
            }
            let piece = str::from_utf8(piece)
                .map_err(|error| JsonError { offset: from + error.valid_up_to(), problem: JsonProblem::InvalidUtf8 })?;
            self.at = from + length + 1;
            if self.bytes[from + length] == b'"' {
                if whole.is_empty() {
                    return Ok(Token::Text(Cow::Borrowed(piece)));
                }
                whole.push_str(piece);
                return Ok(Token::Text(Cow::Owned(whole)));
            }
            whole.push_str(piece);
            whole.push(self.escape(from + length)?);
        }
    }

    /// The character that an escape sequence means; it begins at `begin`, and its backslash has been read.
    fn escape(&mut self, begin: usize) -> Result<char, JsonError> {
        let bad = JsonError { offset: begin, problem: JsonProblem::BadEscape };
        let Some(&letter) = self.bytes.get(self.at) else { return Err(bad) };
        self.at += 1;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex().ok_or_else(|| bad.clone())?;
                let unit = if (0xD800..0xDC00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    let second =
                        self.hex().filter(|unit| (0xDC00..0xE000).contains(unit)).ok_or_else(|| bad.clone())?;
                    0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                } else {
                    first
                };
                char::from_u32(unit).ok_or(bad)?
            }
            _ => return Err(bad),
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }
}
