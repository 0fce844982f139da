//! What lists show of a person, read from the text in which they are kept without making the rest: an import looks at a
//! million people like that. Whoever needs a field of the profile reads the whole person.

use super::Person;
use crate::json::lexer::{Lexer, Token};

/// A person as lists show them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Glance {
    /// The username as it was sent.
    pub username: String,
    /// First and last name.
    pub name: String,
    /// The e-mail address; empty when there is none.
    pub email: String,
    /// The codes of the groups, in their byte order.
    pub groups: Vec<String>,
}

/// What lists show of the person of a kept text; none when it is damaged.
pub fn glance(text: &str) -> Option<Glance> {
    plain(text).or_else(|| Person::of_text(text).map(|person| Glance::of(&person)))
}

impl Glance {
    /// What lists show of a person.
    pub fn of(person: &Person) -> Glance {
        Glance {
            username: person.username.clone(),
            name: person.name(),
            email: person.email().to_owned(),
            groups: person.groups.iter().cloned().collect(),
        }
    }
}

/// The usual case: all that is wanted is plain text. None in every other.
fn plain(text: &str) -> Option<Glance> {
    let mut lexer = Lexer::new(text.as_bytes());
    let (mut found, mut first, mut last) = (Glance::default(), String::new(), String::new());
    members(&mut lexer, |lexer, name| match name {
        "username" => {
            found.username = text_of(lexer.next().ok()?)?;
            Some(())
        }
        "groups" => elements(lexer, |code| found.groups.push(code)),
        "user" => members(lexer, |lexer, name| {
            let into = match name {
                "nameFirst" => &mut first,
                "nameLast" => &mut last,
                "email" => &mut found.email,
                _ => return skip(lexer),
            };
            let mut at = 0;
            elements(lexer, |value| {
                // The first one is shown.
                if at == 0 {
                    *into = value;
                }
                at += 1;
            })
        }),
        _ => skip(lexer),
    })?;
    found.name = format!("{first} {last}").trim().to_owned();
    (lexer.next().ok()? == Token::End && !found.username.is_empty()).then_some(found)
}

pub(super) fn text_of(token: Token<'_>) -> Option<String> {
    match token {
        Token::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// Goes through an object; `member` reads the value of each name.
pub(super) fn members(lexer: &mut Lexer<'_>, mut member: impl FnMut(&mut Lexer<'_>, &str) -> Option<()>) -> Option<()> {
    if lexer.next().ok()? != Token::OpenObject {
        return None;
    }
    let mut token = lexer.next().ok()?;
    if token == Token::CloseObject {
        return Some(());
    }
    loop {
        let Token::Text(name) = token else { return None };
        if lexer.next().ok()? != Token::Colon {
            return None;
        }
        member(lexer, &name)?;
        match lexer.next().ok()? {
            Token::Comma => token = lexer.next().ok()?,
            Token::CloseObject => return Some(()),
            _ => return None,
        }
    }
}

/// Goes through a list of texts.
pub(super) fn elements(lexer: &mut Lexer<'_>, mut element: impl FnMut(String)) -> Option<()> {
    if lexer.next().ok()? != Token::OpenList {
        return None;
    }
    let mut token = lexer.next().ok()?;
    if token == Token::CloseList {
        return Some(());
    }
    loop {
        element(text_of(token)?);
        match lexer.next().ok()? {
            Token::Comma => token = lexer.next().ok()?,
            Token::CloseList => return Some(()),
            _ => return None,
        }
    }
}

/// Passes a value over.
fn skip(lexer: &mut Lexer<'_>) -> Option<()> {
    let mut depth = 0_usize;
    loop {
        match lexer.next().ok()? {
            Token::OpenObject | Token::OpenList => depth += 1,
            Token::CloseObject | Token::CloseList => depth = depth.checked_sub(1)?,
            Token::End => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(());
        }
    }
}
