//! Why something about a feed was not done, as data, and the sentence a person is told.

use thiserror::Error;

use crate::nouns::feed_run::FeedRunState;
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;

/// Why something was not done.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no such feed.
    #[error("there is no such feed")]
    NoFeed,
    /// There is no such run.
    #[error("the feed has no such run")]
    NoRun,
    /// There is nobody of that username.
    #[error("the feeds know nobody of that username")]
    NoPerson,
    /// The code is taken.
    #[error("there is a feed of this code already")]
    CodeTaken,
    /// A value of the form is wrong.
    #[error("{0}")]
    Invalid(String),
    /// The state of the run does not allow it.
    #[error("the run is {}", .0.as_str())]
    State(FeedRunState),
    /// A file of it cannot be used, so nobody may apply it.
    #[error("a file of the run cannot be used")]
    Unusable,
    /// The preview is not there yet.
    #[error("the files are still being compared")]
    Comparing,
    /// Somebody has to say why.
    #[error("the reason is missing")]
    NoReason,
    /// It takes everybody out, and the number was not typed.
    #[error("it takes {0} people out, and this number was not typed")]
    Typed(u64),
    /// Another run of the feed is not over.
    #[error("run {0} of this feed is not over")]
    Open(i64),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotDone {
    /// What a person is told.
    pub fn refusal(&self, what: &str) -> Refusal {
        let next = match self {
            NotDone::NoFeed => "Look at the list of feeds.",
            NotDone::NoRun => "Look at the runs of the feed.",
            NotDone::NoPerson => "Look for a part of the name instead.",
            NotDone::CodeTaken => "Choose another code.",
            NotDone::Invalid(_) => "Correct it.",
            NotDone::State(_) => "Look at the run: its page offers what can be done with it.",
            NotDone::Unusable => "Cancel the run and upload the file again.",
            NotDone::Comparing => "Wait until its preview is there.",
            NotDone::NoReason => "Say why in a few words; it is kept with the run.",
            NotDone::Typed(_) => "Look at the preview, and type the number if that is what is meant.",
            NotDone::Open(_) => "Apply or cancel that run first.",
            NotDone::Store(_) => "Try again.",
        };
        match self {
            NotDone::Store(error) => Refusal::new(what, format!("The database failed: {error}."), next),
            why => Refusal::new(what, format!("It was not done: {why}."), next),
        }
    }
}
