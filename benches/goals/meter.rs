//! What work takes: time, processor time, memory, bytes written; and how a figure is shown beside its goal.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

/// What one piece of work took of this process.
pub(crate) struct Took {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) written: u64,
}

pub(crate) struct Meter {
    began: Instant,
    cpu: Duration,
    written: u64,
}

impl Meter {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub(crate) fn start() -> Meter {
        Meter { began: Instant::now(), cpu: cpu(), written: written() }
    }

    pub(crate) fn stop(self) -> Took {
        Took { wall: self.began.elapsed(), cpu: cpu() - self.cpu, written: written() - self.written }
    }
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    Duration::from_micros((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as u64)
}

/// Bytes this process has caused to be written to storage.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap().parse().unwrap()
}

pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

pub(crate) fn seconds(took: Duration) -> String {
    format!("{:.2} s", took.as_secs_f64())
}

pub(crate) fn show(figure: &str, seen: impl std::fmt::Display, goal: impl std::fmt::Display, holds: bool) {
    println!("{figure:<44} {seen:>14}   goal {goal:<14} {}", if holds { "ok" } else { "MISSED" });
}

/// What one call took of its own thread, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: f64,
    /// Without what other threads and processes did on the same processor meanwhile.
    pub(crate) cpu: f64,
}

/// Does something, and tells what it took.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn spent<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let thread = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let (began, cpu) = (Instant::now(), thread());
    let done = work();
    let (wall, cpu) = (began.elapsed(), thread() - cpu);
    (done, Spent { wall: wall.as_secs_f64() * 1e3, cpu: cpu.as_secs_f64() * 1e3 })
}
