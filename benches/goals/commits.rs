//! Counts the transactions that write, by the spans that the store opens for each: nothing in the product counts for the
//! benchmark.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// How many transactions have written so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commits {
    /// Those that a power cut does not undo.
    durable: Arc<AtomicU64>,
    relaxed: Arc<AtomicU64>,
}

impl Commits {
    /// Counts from here on, in the whole process.
    pub(crate) fn count() -> Commits {
        let commits = Commits::default();
        tracing::subscriber::set_global_default(Counting(commits.clone())).unwrap();
        commits
    }

    /// Durable ones, and the others.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.durable.load(Ordering::Relaxed), self.relaxed.load(Ordering::Relaxed))
    }
}

struct Counting(Commits);

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "store.transact"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Mode(&self.0));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Mode<'a>(&'a Commits);

impl Visit for Mode<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() != "mode" {
            return;
        }
        match format!("{value:?}").as_str() {
            "Write" => self.0.durable.fetch_add(1, Ordering::Relaxed),
            "WriteRelaxed" => self.0.relaxed.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }
}
