//! What the pages remember about themselves while the process lives: how long each route took, and the last faults. Routes
//! are named by their templates, so that no address that somebody asked for is kept, and nobody is named.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::sync::bundle::Fault;

/// What was seen. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    routes: BTreeMap<(String, String), Lengths>,
    faults: VecDeque<Fault>,
}

/// How long the requests of one route took: how many were within each bound.
#[derive(Clone, Copy, Debug, Default)]
struct Lengths {
    within: [u64; BOUNDS.len() + 1],
    longest: Duration,
}

/// A route with how long it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slowness {
    /// The method and the route's template.
    pub route: String,
    /// How many requests there were.
    pub requests: u64,
    /// Half of them took at most so long; a bound, not a measure.
    pub median: Duration,
    /// 99 of 100 took at most so long, likewise.
    pub most: Duration,
    /// The longest took so long.
    pub longest: Duration,
}

/// Milliseconds; beyond the last there is one more bin.
const BOUNDS: [u64; 13] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
/// So many faults are remembered.
const FAULTS: usize = 50;
/// Routes are ours and few; a bound all the same.
const ROUTES: usize = 500;

impl Watch {
    /// Notes how long a request took.
    pub fn took(&self, method: &str, route: &str, length: Duration) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (route.to_owned(), method.to_owned());
        if seen.routes.len() >= ROUTES && !seen.routes.contains_key(&key) {
            return;
        }
        let lengths = seen.routes.entry(key).or_default();
        lengths.within[bin(length)] += 1;
        lengths.longest = lengths.longest.max(length);
    }

    /// Notes a fault.
    pub fn failed(&self, at: Timestamp, id: &str, route: &str, error: String) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.faults.len() >= FAULTS {
            seen.faults.pop_front();
        }
        seen.faults.push_back(Fault { at, id: id.to_owned(), route: route.to_owned(), error });
    }

    /// The last faults, the newest last.
    pub fn faults(&self) -> Vec<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).faults.iter().cloned().collect()
    }

    /// The routes, the slowest first.
    pub fn slowest(&self) -> Vec<Slowness> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut routes: Vec<Slowness> = seen
            .routes
            .iter()
            .map(|((route, method), lengths)| Slowness {
                route: format!("{method} {route}"),
                requests: lengths.within.iter().sum(),
                median: lengths.quantile(50),
                most: lengths.quantile(99),
                longest: lengths.longest,
            })
            .collect();
        routes.sort_by(|a, b| (b.most, b.longest, &a.route).cmp(&(a.most, a.longest, &b.route)));
        routes
    }
}

fn bin(length: Duration) -> usize {
    BOUNDS.iter().position(|bound| length <= Duration::from_millis(*bound)).unwrap_or(BOUNDS.len())
}

impl Lengths {
    /// The bound below which so many of a hundred requests lie.
    fn quantile(&self, percent: u64) -> Duration {
        let all: u64 = self.within.iter().sum();
        let mut left = (all * percent).div_ceil(100).max(1);
        for (place, count) in self.within.iter().enumerate() {
            if *count >= left {
                return BOUNDS.get(place).map_or(self.longest, |bound| Duration::from_millis(*bound).min(self.longest));
            }
            left -= count;
        }
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_route_comes_first_with_bounds_that_hold() {
        let watch = Watch::default();
        for milliseconds in 1..=100 {
            watch.took("GET", "/people", Duration::from_millis(milliseconds));
        }
        watch.took("GET", "/groups", Duration::from_secs(60));
        let slowest = watch.slowest();
        assert_eq!((slowest[0].route.as_str(), slowest[0].median), ("GET /groups", Duration::from_secs(60)));
        let people = &slowest[1];
        assert_eq!((people.requests, people.median.as_millis(), people.most.as_millis()), (100, 50, 100));
        assert_eq!(people.longest.as_millis(), 100);
    }

    #[test]
    fn only_the_last_faults_are_remembered() {
        let watch = Watch::default();
        for number in 0..60 {
            watch.failed(Timestamp::UNIX_EPOCH, &format!("err_{number}"), "/people", "broken".to_owned());
        }
        let faults = watch.faults();
        assert_eq!((faults.len(), faults[0].id.as_str(), faults[49].id.as_str()), (50, "err_10", "err_59"));
    }
}
