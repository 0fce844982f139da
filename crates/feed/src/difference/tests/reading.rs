//! Files are read ahead of whoever compares: nobody notices, whatever ends first.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::control::tests::with;

/// A file that says how much of it was read.
struct Counted<'a>(&'a [u8], &'a AtomicUsize);

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.0.read(into)?;
        self.1.fetch_add(count, Ordering::SeqCst);
        Ok(count)
    }
}

/// The records that were told, and how it ended; `until` is asked after each whether it is enough.
fn told(file: Counted<'_>, until: impl Fn(usize) -> bool) -> (Vec<u64>, Result<Preview, Stop<&'static str>>) {
    let control = good(&with(r#"{"source":"job","destination":"profile","name":"x:job"}"#));
    let groups = BTreeSet::new();
    let (baseline, totals) = (Baseline::default(), Totals::default());
    let (guards, force) = (Guards::default(), Force::Unforced);
    let delivery = Delivery { control: &control, groups: &groups, baseline: &baseline, totals: &totals, guards, force };
    let mut records = Vec::new();
    let line = |line: Line<'_>| {
        if let Line::Person { candidate, .. } = line {
            records.push(candidate.record);
        }
        if until(records.len()) { Err("enough") } else { Ok(()) }
    };
    let past = |numbers: &[u32]| Ok(numbers.iter().map(|_| Past::default()).collect());
    let mut file = Some(file);
    let open = |_: &_| Ok(Input::stream(file.take().expect("there is one file")));
    let previewed = preview(&delivery, open, past, line, || Ok(BTreeMap::new()));
    (records, previewed)
}

#[test]
fn records_come_in_their_order_however_many_there_are() {
    let file = rows(&crowd(0, 10_000));
    let (records, previewed) = told(Counted(file.as_bytes(), &AtomicUsize::new(0)), |_| false);
    assert_eq!(records, (0..10_000).collect::<Vec<u64>>());
    assert_eq!(previewed.expect("the file can be read").counts.new, 10_000);
}

#[test]
fn a_caller_who_stops_does_not_wait_for_the_rest_of_the_file() {
    let (file, read) = (rows(&crowd(0, 30_000)), AtomicUsize::new(0));
    let stuck = |_| {
        // Whoever reads has gone as far as it may, and waits.
        while read.load(Ordering::SeqCst) < file.len() / 4 {
            std::thread::yield_now();
        }
        (0..5_000).for_each(|_| std::thread::yield_now());
        true
    };
    let (records, previewed) = told(Counted(file.as_bytes(), &read), stuck);
    assert!(matches!(previewed, Err(Stop::Caller("enough"))));
    assert_eq!(records, [0]);
    assert!(read.load(Ordering::SeqCst) < file.len() / 2, "no more is read ahead than there are batches");
}

#[test]
fn what_stands_before_the_place_where_a_file_breaks_is_looked_at() {
    let whole = rows(&crowd(0, 1_000));
    let broken = whole.trim_end_matches(']').as_bytes();
    let (records, previewed) = told(Counted(broken, &AtomicUsize::new(0)), |_| false);
    assert!(matches!(&previewed, Err(Stop::File(file, _)) if file == "users"), "{previewed:?}");
    assert!(records.len() >= 800 && records.iter().copied().eq(0..records.len() as u64), "{}", records.len());
}
