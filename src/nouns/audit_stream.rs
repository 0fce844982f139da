//! The audit log's stream as far as it is known: whether the organization has it, and how far it was read.

use jiff::Timestamp;

/// What is known about the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditStream {
    /// Whether it may be read.
    pub state: StreamState,
    /// When that was asked.
    pub probed_at: Timestamp,
    /// When it was last read, or is to be taken as read: nobody reads it again for a while after this.
    pub polled_at: Option<Timestamp>,
    /// Where it is read on.
    pub next_cursor: Option<String>,
}

/// Whether the stream may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// It answers. The sentence tells of a gap in what was read, if there was one; empty otherwise.
    Available(String),
    /// It is refused; the sentence says why.
    Refused(String),
}

/// Whether the stream is used, and who decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSwitch {
    /// Whether it is.
    pub on: bool,
    /// Who decided, and when; nobody has while it is as it was made: off.
    pub chosen: Option<(String, Timestamp)>,
}
