//! The performance goals, runnable: `cargo bench --bench goals -- mirror --users 100000`.
//!
//! Prints each figure beside its goal, and something else that was measured in the same run to compare it with. It must
//! judge nothing that another machine would see differently without saying so.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at what it cannot do")]

mod commits;
mod contacts;
mod feed;
mod feed_step;
mod filter;
mod load;
mod meter;
mod mirror;
mod nights;
mod operations;
mod pages;
mod people;
#[path = "../../tests/it/support/postgres.rs"]
#[expect(dead_code, reason = "the tests ask more of it")]
mod postgres_server;
mod rivals;
mod server;
mod simulated;
mod tables;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    goal: Goal,
    /// Given by cargo.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Goal {
    /// First sync, no-change sync, working-day sync, snapshot, rate limits.
    Mirror {
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// A PostgreSQL database instead of SQLite.
        #[arg(long)]
        database: Option<String>,
        /// Leave out the figure under rate limits.
        #[arg(long)]
        without_limits: bool,
    },
    /// Thirty filters: count and first page, in the snapshot, in SQLite and in PostgreSQL; facets; the dashboard.
    Filter {
        #[arg(long, default_value_t = 100_000)]
        users: usize,
        /// An empty PostgreSQL database of a superuser's, instead of a server of the benchmark's own.
        #[arg(long)]
        postgres: Option<String>,
        /// The snapshot alone.
        #[arg(long)]
        without_rivals: bool,
    },
    /// Pages of the user browser and exports, from a server process of its own.
    Pages {
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// How long each kind of load lasts, in seconds.
        #[arg(long, default_value_t = 20)]
        seconds: u32,
    },
    /// Contacts: first linking, a run with 1 % changed, searches.
    Contacts {
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// A PostgreSQL database instead of SQLite.
        #[arg(long)]
        database: Option<String>,
    },
    /// Operations: planned, kept and shown, carried out with and without limits, and pages beside one.
    Operations {
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// People whom the operation that is carried out is about.
        #[arg(long, default_value_t = 10_000)]
        people: usize,
        /// How long pages are asked for, in seconds, alone and beside an operation.
        #[arg(long, default_value_t = 20)]
        seconds: u32,
        /// A PostgreSQL database instead of SQLite; without pages.
        #[arg(long)]
        database: Option<String>,
    },
    /// Feeds: a first import, a night's preview beside DuckDB, a change applied, JSON, an upload.
    Feed {
        #[arg(long, default_value_t = 1_000_000)]
        people: u32,
        /// The size of the uploaded file, in MiB.
        #[arg(long, default_value_t = 1_024)]
        upload: u64,
        /// The Python that has the package duckdb.
        #[arg(long, default_value = "python3")]
        python: String,
        /// A PostgreSQL database instead of SQLite; without the upload.
        #[arg(long)]
        database: Option<String>,
    },
    /// One step of a feed, which the goal above takes in a process of its own.
    #[command(hide = true)]
    FeedStep {
        #[command(flatten)]
        place: feed_step::Place,
        #[command(subcommand)]
        step: feed_step::Step,
    },
}

fn main() -> ExitCode {
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match Arguments::parse().goal {
        Goal::Mirror { users, database, without_limits } => {
            runtime().block_on(mirror::measure(users, database, without_limits));
        }
        Goal::Contacts { users, database } => runtime().block_on(contacts::measure(users, database)),
        Goal::Filter { users, postgres, without_rivals } => filter::measure(users, (postgres, without_rivals)),
        Goal::Operations { users, people, seconds, database } => {
            let sizes = operations::Sizes { users, people, seconds };
            runtime().block_on(operations::measure(sizes, database));
        }
        Goal::Feed { people, upload, python, database } => {
            runtime().block_on(feed::measure(feed::Sizes { people, upload }, database, &python));
        }
        Goal::FeedStep { place, step } => runtime().block_on(feed_step::take(place, step)),
        Goal::Pages { users, seconds } => pages::measure(&runtime(), users, seconds),
    }
    ExitCode::SUCCESS
}
