//! The account of a person: what a username, a name and an e-mail address may be. What breaks a rule fails the record; it
//! is never repaired beyond blanks.

use std::borrow::Cow;

use crate::digest::Digest;
use crate::finding::Problem;

/// The longest text of a field of an account, in characters.
pub const MAX_ACCOUNT_TEXT: usize = 255;

/// A username as it was sent, and the key under which it is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username {
    /// Without blanks around it.
    pub text: String,
    /// NFC and case-folded.
    pub key: String,
}

impl Username {
    /// The username that a text is; none when it is empty.
    pub(super) fn of(text: &str) -> Option<Username> {
        let text = text.trim();
        let key = if text.is_ascii() { text.to_ascii_lowercase() } else { directory::username_key(text) };
        (!key.is_empty()).then(|| Username { text: text.to_owned(), key })
    }

    /// The digest of the key of the username that a text is, without making either; none when that takes more than folding
    /// ASCII, or there is no username.
    pub(crate) fn plain_digest(text: &str, scratch: &mut Vec<u8>) -> Option<Digest> {
        let text = text.trim();
        if text.is_empty() || !text.is_ascii() {
            return None;
        }
        scratch.clear();
        scratch.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
        Some(Digest::of(scratch))
    }

    /// Why nobody may be called that.
    pub(super) fn problem(&self) -> Option<Problem> {
        if let Some(hidden) = self.text.chars().find(|c| is_hidden(*c)) {
            return Some(Problem::InvisibleInUsername(u32::from(hidden)));
        }
        too_long(&self.text)
    }

    /// The alphabets that it mixes, when their letters look alike.
    pub(super) fn mixture(&self) -> Option<Problem> {
        let has = |range: fn(char) -> bool| self.text.chars().any(range);
        let latin = has(|c| c.is_ascii_alphabetic() || ('\u{c0}'..='\u{24f}').contains(&c));
        let greek = has(|c| ('\u{370}'..='\u{3ff}').contains(&c));
        let cyrillic = has(|c| ('\u{400}'..='\u{52f}').contains(&c));
        match (latin, greek, cyrillic) {
            (true, _, true) => Some(Problem::MixedAlphabets("Latin and Cyrillic")),
            (true, true, _) => Some(Problem::MixedAlphabets("Latin and Greek")),
            _ => None,
        }
    }
}

/// Controls, and characters without a width that change how others are written.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn too_long(text: &str) -> Option<Problem> {
    (text.len() > MAX_ACCOUNT_TEXT && text.chars().count() > MAX_ACCOUNT_TEXT)
        .then_some(Problem::TooLong(MAX_ACCOUNT_TEXT))
}

/// A name as it is stored: blanks around it gone, runs of white space as one blank.
pub(super) fn name(text: &str) -> Result<Cow<'_, str>, Problem> {
    // Most names are as they should be.
    let plain = |pair: &[u8]| !matches!(pair, [b' ', b' ']);
    let usual = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        && text.as_bytes().windows(2).all(plain)
        && !text.starts_with(' ')
        && !text.ends_with(' ');
    let squeezed = match usual {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.split_whitespace().collect::<Vec<_>>().join(" ")),
    };
    if !usual && squeezed.chars().any(char::is_control) {
        return Err(Problem::ControlCharacter);
    }
    too_long(&squeezed).map_or(Ok(squeezed), Err)
}

/// An e-mail address as it is stored: `local@host.tld` without white space and invisible characters.
pub(super) fn email(text: &str) -> Result<Cow<'_, str>, Problem> {
    let address = text.trim();
    if let Some(problem) = too_long(address) {
        return Err(problem);
    }
    let good = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || is_hidden(c) || "<>()[],;:\\\"".contains(c))
    };
    let Some((local, host)) = address.split_once('@').filter(|(_, host)| !host.contains('@')) else {
        return Err(Problem::InvalidAccountEmail);
    };
    let labels = host.split('.').count() >= 2 && host.split('.').all(good);
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    if good(local) && labels && !dots { Ok(Cow::Borrowed(address)) } else { Err(Problem::InvalidAccountEmail) }
}
