//! Warnings by mail: what a task writes to people before it does something to them, and what became of each mail. Pure; a
//! warning's text names nobody.

use directory::Ordinal;
use jiff::Timestamp;

use crate::id::NoticeId;
use crate::nouns::operation::vocabulary;

/// The longest subject, in characters.
pub const LONGEST_SUBJECT: usize = 200;
/// The longest message, in characters.
pub const LONGEST_MESSAGE: usize = 4_000;

/// The place in a text where the day stands from which the next stage may come.
const DATE: &str = "{date}";
/// The place in a text where the names of the apps stand that the next stage is about.
const APPS: &str = "{apps}";

/// What a task writes, with places for what is only known when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The subject: one line.
    pub subject: String,
    /// The message: paragraphs with an empty line between them.
    pub message: String,
}

/// A warning as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The message.
    pub message: String,
}

vocabulary! {
    /// What became of a warning.
    WarningState {
        /// It waits until the run that it belongs to is let go.
        Planned = "planned",
        /// The mail is on its way.
        Waiting = "waiting",
        /// The mail server has taken it.
        Delivered = "delivered",
        /// The mail server has refused it, or nobody took it for hours.
        Bounced = "bounced",
        /// There is no address.
        NoAddress = "no_address",
        /// The run was let go without it.
        Dropped = "dropped",
    }
}

/// A warning to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// Whom it is for.
    pub account: Ordinal,
    /// The place of the stage that warns.
    pub stage: u64,
    /// When it was planned.
    pub at: Timestamp,
    /// When the next stage may come at the earliest.
    pub ends_at: Timestamp,
    /// What became of it.
    pub state: WarningState,
    /// The notice that was put out.
    pub notice: Option<NoticeId>,
}

impl Default for Warning {
    fn default() -> Warning {
        Warning {
            subject: format!("Your access to {APPS} ends on {DATE}"),
            message: format!(
                "Your access to {APPS} ends on {DATE}, because you have not used it for a while.\n\nOpen it before that day to keep it."
            ),
        }
    }
}

impl Warning {
    /// Reads what was typed; empty fields are the usual text. `None` when it is too long or the subject is no line.
    pub fn parse(subject: &str, message: &str) -> Option<Warning> {
        let usual = Warning::default();
        let (subject, message) = (subject.trim(), message.trim().replace("\r\n", "\n"));
        let warning = Warning {
            subject: if subject.is_empty() { usual.subject } else { subject.to_owned() },
            message: if message.is_empty() { usual.message } else { message },
        };
        let is_line = !warning.subject.chars().any(char::is_control);
        let is_text = !warning.message.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t');
        let fits =
            warning.subject.chars().count() <= LONGEST_SUBJECT && warning.message.chars().count() <= LONGEST_MESSAGE;
        (is_line && is_text && fits).then_some(warning)
    }

    /// The text as it is sent: apps by name, the day in words.
    pub fn letter(&self, apps: &str, date: &str) -> Letter {
        let filled = |text: &str| text.replace(DATE, date).replace(APPS, apps);
        Letter { subject: filled(&self.subject), message: filled(&self.message) }
    }
}

/// Whether a text can be a mail address at all; whether anybody is reached by it is the mail server's to say.
pub fn is_address(text: &str) -> bool {
    let sound = |letter: char| !letter.is_whitespace() && !letter.is_control() && !"<>,;".contains(letter);
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    parts.is_some() && text.len() <= 254 && text.chars().all(sound)
}

impl WarningState {
    /// What it is, in a few words.
    pub fn in_words(self) -> &'static str {
        match self {
            WarningState::Planned => "not sent yet",
            WarningState::Waiting => "on its way",
            WarningState::Delivered => "sent",
            WarningState::Bounced => "refused by the mail server",
            WarningState::NoAddress => "no address",
            WarningState::Dropped => "not sent",
        }
    }

    /// Whether it keeps a person out of later stages: who was not told is not acted on.
    pub fn holds_out(self) -> bool {
        !matches!(self, WarningState::Delivered | WarningState::Dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_an_address_is_none() {
        assert!(is_address("zoe@example.com"));
        for none in ["", "zoe", "@example.com", "zoe@", "a@b@c", "a@b\r\nBcc: c@d", "a b@c", "a@b,c@d"] {
            assert!(!is_address(none), "{none}");
        }
    }

    #[test]
    fn a_warning_says_what_ends_when_and_is_one_subject_of_one_line() {
        let letter = Warning::parse("", " ").unwrap().letter("Confluence on acme", "24 November 2026");
        assert_eq!(letter.subject, "Your access to Confluence on acme ends on 24 November 2026");
        assert!(letter.message.contains("because you have not used it"));
        assert_eq!(Warning::parse("one\r\nBcc: all@example.com", "x"), None);
        assert_eq!(Warning::parse(&"x".repeat(LONGEST_SUBJECT + 1), ""), None);
        let own = Warning::parse("Soon", "Until {date}.\r\n\r\nThanks").unwrap();
        assert_eq!(own.letter("", "1 May 2026").message, "Until 1 May 2026.\n\nThanks");
    }
}
