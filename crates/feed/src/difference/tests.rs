//! What a delivery would change: nights of a small feed, conflicts, guards, and the laws.

mod addresses;
mod nights;
mod reading;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::*;
use crate::control::ControlFile;
use crate::control::tests::good;
use crate::digest::Digest;
use crate::person::Person;
use crate::read::Input;

/// A store as small as can be: what a caller keeps of everybody after each applied run.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) people: Vec<(Known, Person)>,
    pub(super) control: Option<Digest>,
}

/// What one night told.
#[derive(Debug, Default)]
pub(super) struct Night {
    pub(super) counts: Counts,
    pub(super) lines: Vec<String>,
    pub(super) holds: Vec<Hold>,
    pub(super) sifted: Sifted,
}

fn shown(change: &Change) -> String {
    let values =
        |entries: &[crate::person::Entry]| entries.iter().map(|entry| entry.item.shown()).collect::<Vec<_>>().join("+");
    format!("{} {}>{}", change.field.name, values(&change.before), values(&change.after))
}

impl Kept {
    fn baseline(&self) -> Baseline {
        let mut baseline = Baseline::new(self.control);
        self.people.iter().for_each(|(known, _)| baseline.add(*known));
        baseline
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for (known, person) in &self.people {
            if known.standing == Standing::Present {
                totals.people += 1;
                person.fields.keys().for_each(|field| *totals.fields.entry(field.clone()).or_default() += 1);
            }
        }
        totals
    }

    fn members(&self) -> BTreeMap<String, u64> {
        let mut members = BTreeMap::new();
        for (_, person) in self.people.iter().filter(|(known, _)| known.standing == Standing::Present) {
            person.groups.iter().for_each(|code| *members.entry(code.clone()).or_default() += 1);
        }
        members
    }

    /// Previews a delivery of JSON, and applies it.
    pub(super) fn night(&mut self, control: &str, json: &str) -> Night {
        self.forced(control, json, Force::Unforced)
    }

    pub(super) fn forced(&mut self, control: &str, json: &str, force: Force) -> Night {
        let control = good(control);
        let (night, applied) = self.preview(&control, json, force);
        self.apply(&control, &night, applied);
        night
    }

    fn preview(&self, control: &ControlFile, json: &str, force: Force) -> (Night, Vec<Candidate>) {
        let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
        let (baseline, totals) = (self.baseline(), self.totals());
        let guards = Guards::default();
        let delivery = Delivery { control, groups: &groups, baseline: &baseline, totals: &totals, guards, force };
        let (lines, candidates) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let open = |_: &_| Ok::<_, Infallible>(Input::stream(json.as_bytes()));
        let past = |numbers: &[u32]| {
            let own = |number: &u32| Some(self.people[*number as usize].1.clone());
            Ok(numbers.iter().map(|number| Past { own: own(number), others: None }).collect())
        };
        let line = |line: Line<'_>| {
            lines.borrow_mut().push(match &line {
                Line::Alike { number, .. } => format!("alike {number}"),
                Line::Person { candidate, changes, .. } => {
                    let changes: Vec<String> = changes.iter().map(shown).collect();
                    let said = candidate.findings.iter().map(|finding| finding.sentence());
                    let parts: Vec<String> = changes.into_iter().chain(said).collect();
                    let (kind, name) = (format!("{:?}", candidate.kind).to_lowercase(), &candidate.person.username);
                    format!("{kind} {name} by {}: {}", candidate.cause.word(), parts.join("; "))
                }
                Line::Failing(failing) => format!("failing: {}", failing.findings[0].sentence()),
                Line::Unreadable(_, bad) => format!("unreadable: {bad}"),
                Line::Duplicate { first, record } => format!("duplicate {first} {record}"),
                Line::Leaving { .. } => return Ok(()),
            });
            if let Line::Person { candidate, .. } = line {
                candidates.borrow_mut().push(candidate);
            }
            Ok(())
        };
        let told = preview(&delivery, open, past, line, || Ok(self.members())).expect("the files can be read");
        let Preview { counts, holds, sifted, .. } = told;
        (Night { counts, lines: lines.into_inner(), holds, sifted }, candidates.into_inner())
    }

    fn apply(&mut self, control: &ControlFile, night: &Night, candidates: Vec<Candidate>) {
        let withdrawn: BTreeSet<u64> = night.sifted.conflicts.iter().flat_map(|c| c.records.iter().copied()).collect();
        for candidate in candidates.into_iter().filter(|candidate| !withdrawn.contains(&candidate.record)) {
            let before = candidate.number.map(|number| &self.people[number as usize].1);
            let person = settle(before, candidate.person.clone());
            let known = Known {
                number: candidate.number.unwrap_or(self.people.len() as u32),
                username: username_digest(&person.key),
                email: email_digest(&person.email_key()),
                raw: candidate.raw,
                canonical: candidate.canonical,
                standing: Standing::Present,
                in_error: candidate.findings.iter().any(|finding| finding.level == crate::finding::Level::Error),
            };
            match candidate.number {
                Some(number) => self.people[number as usize] = (known, person),
                None => self.people.push((known, person)),
            }
        }
        for line in &night.lines {
            // Digests of records that mean the same are kept; the test keeps them by reading the line again.
            if let Some(number) = line.strip_prefix("alike ").and_then(|number| number.parse::<usize>().ok()) {
                self.people[number].0.raw = Digest::default();
            }
        }
        for number in &night.sifted.leaving {
            self.people[*number as usize].0.standing = Standing::Blocked;
        }
        self.control = Some(control.digest());
    }
}

/// One record of a small feed.
pub(super) fn row(id: &str, mail: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"id":"{id}","first":"F","last":"L","mail":"{mail}@x.org"{comma}{more}}}"#)
}

pub(super) fn rows(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

/// So many people, from a number on.
pub(super) fn crowd(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|n| row(&format!("p{n}"), &format!("p{n}"), "\"job\":\"j\"")).collect()
}

pub(super) fn fields(counts: &Counts) -> BTreeMap<&'static str, u64> {
    let Counts { new, changed, unchanged, returning, leaving, failing, conflicts, .. } = *counts;
    let all = [
        ("new", new),
        ("changed", changed),
        ("unchanged", unchanged),
        ("returning", returning),
        ("leaving", leaving),
        ("failing", failing),
        ("conflicts", conflicts),
    ];
    all.into_iter().filter(|(_, count)| *count > 0).collect()
}
