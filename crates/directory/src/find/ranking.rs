//! In which order people are listed: for every field that can be ordered by, the order of everybody and what each one
//! is ordered by. A key stays good on every later generation.

use std::borrow::Cow;
use std::sync::Arc;

use columns::{Order, Ordinal};
use filter::Direction;
use roaring::RoaringBitmap;

use crate::find::choice::Match;
use crate::find::field::{Asked, asked, catalogue};
use crate::find::index::LastUse;
use crate::find::name::is_app;
use crate::fold::fold_text;
use crate::snapshot::Snapshot;

/// What somebody is ordered by. Missing comes before everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey<'s> {
    /// There is nothing, or it is unknown.
    Missing,
    /// A number, or a moment in microseconds since 1970.
    Number(i64),
    /// A folded text.
    Text(Cow<'s, str>),
}

/// An order of people.
#[derive(Debug)]
pub struct Ranking<'s> {
    snapshot: &'s Snapshot,
    by: Asked,
    /// The resources whose use is meant, and that use.
    last: Option<(Option<Vec<Ordinal>>, LastUse)>,
    /// Whether the greatest come first.
    pub descending: bool,
    /// Whether those without a key come last whichever way it goes.
    pub missing_last: bool,
}

impl<'s> Ranking<'s> {
    /// By name, from the least.
    pub fn by_name(snapshot: &'s Snapshot) -> Ranking<'s> {
        Ranking { snapshot, by: Asked::Name, last: None, descending: false, missing_last: false }
    }

    /// By the first key of a query's order; by name where there is none that can be ordered by.
    pub fn of(snapshot: &'s Snapshot, order: &[filter::Order]) -> Ranking<'s> {
        let Some(first) = order.first() else { return Ranking::by_name(snapshot) };
        let sortable = |_: &Asked| catalogue().field(first.field).sortable;
        let Some(by) = asked(first.field).filter(sortable) else { return Ranking::by_name(snapshot) };
        let last = (by == Asked::LastActive).then(|| {
            let resources = first.argument.as_deref().map(|app| {
                let named = (0..).zip(snapshot.resources()).filter(|(_, one)| is_app(one, app, Match::Whole));
                named.map(|(place, _)| place).collect::<Vec<Ordinal>>()
            });
            let last = snapshot.index.last_use(snapshot, resources.as_deref());
            (resources, last)
        });
        let missing_last = matches!(by, Asked::Email | Asked::Domain | Asked::JobTitle | Asked::Department);
        Ranking { snapshot, by, last, descending: first.direction == Direction::Descending, missing_last }
    }

    /// What somebody is ordered by.
    pub fn key(&self, account: Ordinal) -> SortKey<'s> {
        let snapshot = self.snapshot;
        let (people, index) = (&snapshot.people, &snapshot.index);
        let text = |text: Option<&'s str>| text.map_or(SortKey::Missing, |text| SortKey::Text(Cow::Borrowed(text)));
        let folded = |text: Option<&str>| text.map_or(SortKey::Missing, |text| SortKey::Text(fold_text(text).into()));
        let number = |number: Option<i64>| number.map_or(SortKey::Missing, SortKey::Number);
        match self.by {
            Asked::Email => text(people.email_keys.get(account)),
            Asked::Domain => {
                let domain = people.email_keys.get(account).and_then(|key| key.rsplit_once('@'));
                text(domain.map(|(_, domain)| domain).filter(|domain| !domain.is_empty()))
            }
            Asked::JobTitle => folded(people.job_titles.get(account)),
            Asked::Department => folded(people.departments.get(account)),
            Asked::LastActive => number(self.last.as_ref().and_then(|(_, last)| last.at.get(account))),
            Asked::Added => number(people.added.get(account)),
            Asked::Status => number(index.standing(snapshot).rank(account)),
            Asked::GroupCount => SortKey::Number(snapshot.memberships.of(account).len() as i64),
            Asked::Seats => number(index.reach(snapshot).seat_counts.get(account).map(i64::from)),
            _ => text(people.folded_names.get(account)),
        }
    }

    /// Everybody in increasing order of key, then ordinal. Some orders are made when they are first asked for; a list
    /// of few people is sorted faster by [`Ranking::key`] alone.
    pub fn order(&self) -> Cow<'s, Order> {
        let (snapshot, people) = (self.snapshot, &self.snapshot.people);
        let index = &snapshot.index;
        match (self.by, &self.last) {
            (Asked::Name, _) => Cow::Borrowed(&people.by_name),
            (Asked::Email, _) => Cow::Borrowed(&people.by_email),
            (Asked::Added, _) => Cow::Borrowed(&people.by_added),
            (Asked::LastActive, Some((None, _))) => Cow::Borrowed(&people.by_last_active),
            (by, last) => {
                let resources = last.as_ref().and_then(|(resources, _)| resources.clone());
                let made = || match (by, last) {
                    (Asked::LastActive, Some((_, last))) => {
                        let all = 0..snapshot.accounts_len() as Ordinal;
                        Order::build(all, |a, b| last.at.get(a).cmp(&last.at.get(b)))
                    }
                    (Asked::Domain, _) => with_rest(snapshot, index.domains(snapshot).values().map(|(_, has)| has)),
                    (Asked::JobTitle, _) => {
                        with_rest(snapshot, index.job_titles(snapshot).values().map(|(_, has)| has))
                    }
                    (Asked::Department, _) => {
                        with_rest(snapshot, index.departments(snapshot).values().map(|(_, has)| has))
                    }
                    (Asked::GroupCount, _) => Order::of_runs(index.group_counts(snapshot).runs()),
                    (Asked::Seats, _) => Order::of_runs(index.reach(snapshot).seat_counts.runs()),
                    _ => {
                        let ranked = index.standing(snapshot).ranked();
                        with_rest(snapshot, ranked.iter().map(|(_, has)| has))
                    }
                };
                Cow::Owned(Order::clone(&index.order((by, resources), || Arc::new(made()))))
            }
        }
    }
}

/// An order of runs, before them everybody who is in none.
fn with_rest<'r>(snapshot: &Snapshot, runs: impl Iterator<Item = &'r RoaringBitmap>) -> Order {
    let runs: Vec<&RoaringBitmap> = runs.collect();
    let mut rest = snapshot.index.standing(snapshot).everybody.clone();
    for run in &runs {
        rest -= *run;
    }
    Order::of_runs(std::iter::once(&rest).chain(runs))
}
