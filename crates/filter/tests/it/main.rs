//! What a caller of the crate notices: laws over random queries and texts, transcripts of every diagnostic, completion,
//! and the reference page. It uses the public interface only.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end at what cannot happen")]

mod completion;
mod dates;
mod laws;
mod meaning;
mod page;
mod support;
mod transcripts;
