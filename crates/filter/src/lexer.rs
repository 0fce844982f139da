//! A text in its smallest parts, each with its place. Every text has parts; nothing is refused here.

use std::borrow::Cow;

use crate::span::Span;

/// The smallest part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// Anything unquoted: a name, a keyword, a value.
    Word(&'t str),
    /// A text between quotation marks, without its escapes, and whether its closing mark is there.
    Quoted(Cow<'t, str>, Closing),
    /// A run of operator signs, known or not.
    Operator(&'t str),
    Open,
    Close,
    Comma,
}

/// Whether a quotation ends with its mark or with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    Mark,
    EndOfText,
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lexeme<'t> {
    pub(crate) token: Token<'t>,
    pub(crate) span: Span,
}

/// All tokens of a text, in order.
pub(crate) fn lex(text: &str) -> Vec<Lexeme<'_>> {
    let mut lexemes = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let rest = &text[at..];
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            _ if !quotation(first).is_empty() => quoted(rest, first),
            _ if is_operator(first) || starts_negation(rest) => operator(rest),
            '!' => (Token::Operator("!"), 1),
            _ => word(rest),
        };
        lexemes.push(Lexeme { token, span: Span::new(at, at + length) });
        at += length;
    }
    lexemes
}

/// The marks that close what this one opens; none when it opens nothing. Word processors write the others.
fn quotation(mark: char) -> &'static str {
    match mark {
        '"' => "\"",
        '\'' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' => "\u{201c}\u{201d}",
        '\u{ab}' => "\u{bb}",
        '\u{bb}' => "\u{ab}",
        _ => "",
    }
}

fn is_operator(c: char) -> bool {
    matches!(c, '=' | '<' | '>' | '~' | '≠' | '≤' | '≥')
}

fn starts_negation(rest: &str) -> bool {
    rest.starts_with("!=") || rest.starts_with("!~")
}

fn operator(rest: &str) -> (Token<'_>, usize) {
    let length = rest.find(|c| !is_operator(c) && c != '!').unwrap_or(rest.len());
    (Token::Operator(&rest[..length]), length)
}

fn word(rest: &str) -> (Token<'_>, usize) {
    let ends = |(at, c): (usize, char)| {
        let ends = c.is_whitespace()
            || matches!(c, '(' | ')' | ',' | '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
            || is_operator(c)
            || (c == '!' && starts_negation(&rest[at..]));
        ends.then_some(at)
    };
    let length = rest.char_indices().skip(1).find_map(ends).unwrap_or(rest.len());
    (Token::Word(&rest[..length]), length)
}

fn quoted(rest: &str, mark: char) -> (Token<'_>, usize) {
    let body = &rest[mark.len_utf8()..];
    let closes = quotation(mark);
    let mut unescaped: Option<String> = None;
    let mut characters = body.char_indices();
    while let Some((at, c)) = characters.next() {
        if closes.contains(c) {
            let inner = unescaped.map_or(Cow::Borrowed(&body[..at]), Cow::Owned);
            return (Token::Quoted(inner, Closing::Mark), mark.len_utf8() + at + c.len_utf8());
        }
        let meant = if c == '\\' { escaped(&body[at + 1..]) } else { None };
        if meant.is_some() && unescaped.is_none() {
            unescaped = Some(body[..at].to_owned());
        }
        if meant.is_some() {
            characters.next();
        }
        if let Some(unescaped) = &mut unescaped {
            unescaped.push(meant.unwrap_or(c));
        }
    }
    let inner = unescaped.map_or(Cow::Borrowed(body), Cow::Owned);
    (Token::Quoted(inner, Closing::EndOfText), rest.len())
}

/// What a backslash before this means; before anything else it means itself, as in `CORP\ines`.
fn escaped(after: &str) -> Option<char> {
    match after.chars().next()? {
        c @ ('"' | '\'' | '\\') => Some(c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        lex(text).into_iter().map(|lexeme| lexeme.token).collect()
    }

    #[test]
    fn words_end_at_signs_but_keep_their_apostrophes() {
        assert_eq!(
            tokens("O'Brien!=x !done yahoo! -90d a@b.test"),
            [
                Token::Word("O'Brien"),
                Token::Operator("!="),
                Token::Word("x"),
                Token::Operator("!"),
                Token::Word("done"),
                Token::Word("yahoo!"),
                Token::Word("-90d"),
                Token::Word("a@b.test"),
            ]
        );
    }

    #[test]
    fn quotations_keep_what_stands_in_them() {
        for (text, inner) in [
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            (r"'CORP\ines'", r"CORP\ines"),
            ("“jira users”", "jira users"),
            ("„jira users“", "jira users"),
            ("«jira users»", "jira users"),
        ] {
            assert_eq!(tokens(text), [Token::Quoted(Cow::Borrowed(inner), Closing::Mark)], "{text}");
        }
        assert_eq!(tokens("\"open"), [Token::Quoted(Cow::Borrowed("open"), Closing::EndOfText)]);
    }

    proptest! {
        #[test]
        fn tokens_and_white_space_make_up_the_text(text in "[\\PC \n\"'\\\\()=!~<>,]{0,60}") {
            let mut at = 0;
            for Lexeme { span, .. } in lex(&text) {
                prop_assert!(text[at..span.start].chars().all(char::is_whitespace));
                prop_assert!(span.start < span.end);
                at = span.end;
            }
            prop_assert!(text[at..].chars().all(char::is_whitespace));
        }
    }
}
