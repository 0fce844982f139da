//! Following a run: a progress bar on a terminal, plain lines otherwise, and how the run ended as an exit code.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clock::Clock;
use directory::ClaimState;
use jiff::Timestamp;

use crate::cli::Exit;
use crate::id::RunId;
use crate::mirror::Mirror;
use crate::nouns::run::{Phase, Run, RunState};
use crate::store::error::StoreError;
use crate::store::{coverage, runs};

/// How often a followed run is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Plain lines come this often at the most, beside changes of phase.
const LINE: Duration = Duration::from_secs(2);
/// A run that waits longer than this is not followed to its end.
const PATIENCE: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);
const BAR: usize = 28;

/// Shows how a run goes on.
#[derive(Debug)]
pub struct Display {
    terminal: bool,
    phase: Option<Phase>,
    said: Option<Duration>,
}

impl Display {
    /// On standard error: a bar when that is a terminal.
    pub fn new() -> Display {
        Display { terminal: std::io::stderr().is_terminal(), phase: None, said: None }
    }

    /// Shows a run as it is now.
    pub fn show(&mut self, run: &Run, clock: &Clock) {
        let line = line(run, clock.now());
        if self.terminal {
            let filled = (run.progress.share().unwrap_or(0.0) * BAR as f64) as usize;
            let bar = format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled));
            eprint!("\r\x1b[2K{bar} {line}");
            let _ = std::io::stderr().flush();
            return;
        }
        let due = self.said.is_none_or(|said| clock.elapsed().saturating_sub(said) >= LINE);
        if due || self.phase != Some(run.progress.phase) {
            eprintln!("{line}");
            self.said = Some(clock.elapsed());
            self.phase = Some(run.progress.phase);
        }
    }

    /// Ends the bar.
    pub fn end(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}

impl Default for Display {
    fn default() -> Display {
        Display::new()
    }
}

/// Follows a run that somebody carries out until it is over, or waits for longer than anybody would.
pub async fn follow(mirror: &Mirror, run: &RunId, clock: &Clock, display: &mut Display) -> Result<Exit, StoreError> {
    loop {
        if let Some(exit) = look(mirror, run, clock, display).await? {
            return Ok(exit);
        }
        clock.sleep(LOOK).await;
    }
}

/// Shows a run once; how it ended, when it has.
pub async fn look(
    mirror: &Mirror,
    run: &RunId,
    clock: &Clock,
    display: &mut Display,
) -> Result<Option<Exit>, StoreError> {
    let id = run.clone();
    let Some(run) = mirror.store().read(move |tx| runs::find(tx, &id)).await? else { return Ok(Some(Exit::Failed)) };
    display.show(&run, clock);
    let waits_long = run.state == RunState::Waiting
        && run.waiting.as_ref().is_some_and(|waiting| waiting.until.duration_since(clock.now()) > PATIENCE);
    if !run.state.is_over() && !waits_long {
        return Ok(None);
    }
    display.end();
    summarize(mirror, &run).await.map(Some)
}

async fn summarize(mirror: &Mirror, run: &Run) -> Result<Exit, StoreError> {
    match (run.state, run.generation) {
        (RunState::Sealed, Some(generation)) => {
            let claims = mirror.store().read(move |tx| coverage::of_generation(tx, generation)).await?;
            if let Some(counts) = run.counts {
                println!(
                    "Run {} sealed generation {generation}: {} people added, {} changed, {} gone; {} memberships added, \
                     {} removed; {} requests.",
                    run.number,
                    counts.people_added,
                    counts.people_changed,
                    counts.people_gone,
                    counts.memberships_added,
                    counts.memberships_removed,
                    run.progress.requests,
                );
            }
            let gaps: Vec<_> = claims.iter().filter(|claim| claim.state != ClaimState::Complete).collect();
            for gap in &gaps {
                let why = gap.reason.as_deref().unwrap_or("It was not read.");
                eprintln!("Not complete: {} of {}. {why}", gap.noun.as_str(), gap.part.to_text());
            }
            Ok(if gaps.is_empty() { Exit::Done } else { Exit::Gaps })
        }
        (RunState::Waiting, _) => {
            if let Some(waiting) = &run.waiting {
                eprintln!("The run waits until {}. {}", waiting.until, waiting.reason);
            }
            eprintln!("It goes on by itself while `rollcall serve` runs, or with the next `rollcall sync`.");
            Ok(Exit::Refused)
        }
        _ => {
            eprintln!("Run {} ended without a result. {}", run.number, run.failure.as_deref().unwrap_or(""));
            Ok(Exit::Failed)
        }
    }
}

/// A run's progress as one line.
pub fn line(run: &Run, now: Timestamp) -> String {
    let progress = &run.progress;
    let phase = match progress.phase {
        Phase::Queued => "waiting for a worker",
        Phase::Preparing => "preparing",
        Phase::Reading => "reading",
        Phase::Confirming => "confirming",
        Phase::Sealing => "sealing",
        Phase::Ended => "ended",
    };
    let of = |seen: u64, expected: Option<u64>| match expected {
        Some(expected) => format!("{seen} of {expected}"),
        None => seen.to_string(),
    };
    let mut line = format!(
        "{phase}: {} people, {} groups, {} requests",
        of(progress.people_seen, progress.people_expected),
        of(progress.groups_seen, progress.groups_expected),
        of(progress.requests, progress.requests_floor),
    );
    if let Some(length) = run.length(now).filter(|length| length.as_secs() > 0) {
        line.push_str(&format!(", {:.0} people/s", progress.people_seen as f64 / length.as_secs_f64()));
    }
    if let Some(remaining) = run.remaining(now) {
        line.push_str(&format!(", about {} s left", remaining.as_secs().max(1)));
    }
    if let Some(waiting) = &run.waiting {
        line.push_str(&format!(". {} Until {}.", waiting.reason, waiting.until));
    }
    line
}
