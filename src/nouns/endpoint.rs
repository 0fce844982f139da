//! A webhook as it may be shown: everything but its secret; and how a delivery to one stands.

use jiff::Timestamp;

use crate::id::{DeliveryId, EndpointId, NoticeId};
use crate::nouns::notice::EventKind;

/// How a webhook is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// An incoming webhook of Automation for Jira, with its token in a header.
    Automation,
    /// Standard Webhooks: id, timestamp and signature.
    Generic,
}

/// A webhook as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// Where notices are sent.
    pub address: String,
    /// How it is spoken to.
    pub style: Style,
    /// What it is told.
    pub events: Vec<EventKind>,
    /// How many days before a key expires it is told.
    pub key_days: Vec<u16>,
    /// What somebody wrote about it.
    pub notes: String,
    /// Whether it is sent anything.
    pub active: bool,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Our id of it.
    pub id: EndpointId,
    /// What somebody made it.
    pub draft: Draft,
    /// Counts its changes, from 1.
    pub version: i64,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
    /// When and why Rollcall switched it off by itself.
    pub switched_off: Option<(Timestamp, String)>,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be sent, for the first time or again.
    Waiting,
    /// Somebody is sending it.
    Sending,
    /// The receiver has accepted it.
    Delivered,
    /// It is not tried any more.
    Dead,
}

/// A notice on its way to one receiver, as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Its place in the order of all.
    pub place: i64,
    /// What is sent: the id that the receiver knows it by.
    pub notice: NoticeId,
    /// Which event.
    pub event: EventKind,
    /// When that happened.
    pub at: Timestamp,
    /// To which webhook; none for mail.
    pub endpoint: Option<EndpointId>,
    /// To which address, for mail.
    pub recipient: String,
    /// How it stands.
    pub state: DeliveryState,
    /// When it is tried next, while it waits.
    pub due_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// What came of the last attempt.
    pub last_answer: Option<String>,
}

impl Style {
    /// Both.
    pub const ALL: [Style; 2] = [Style::Automation, Style::Generic];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Style::Automation => "automation",
            Style::Generic => "generic",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Style> {
        Style::ALL.into_iter().find(|style| style.as_str() == text)
    }
}

impl DeliveryState {
    const ALL: [DeliveryState; 4] =
        [DeliveryState::Waiting, DeliveryState::Sending, DeliveryState::Delivered, DeliveryState::Dead];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Sending => "sending",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<DeliveryState> {
        DeliveryState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}
