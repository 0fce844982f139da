//! In which order people are listed: for every field that can be ordered by, the order of everybody and what each one
//! is ordered by. A key stays good on every later generation.

use std::borrow::Cow;
use std::sync::Arc;

use columns::{Order, Ordinal};
use filter::Direction;
use roaring::RoaringBitmap;

use crate::find::compound;
use crate::find::field::{Asked, asked, catalogue};
use crate::find::index::{LastUse, Ordered};
use crate::find::name::app_resources;
use crate::fold::fold_text;
use crate::snapshot::Snapshot;

/// What somebody is ordered by. Missing comes before everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey<'s> {
    /// There is nothing, or it is unknown.
    Missing,
    /// A number, or a moment in microseconds since 1970.
    Number(i64),
    /// A folded text, or several keys written as one that sorts like them.
    Text(Cow<'s, str>),
}

/// An order of people.
#[derive(Debug)]
pub struct Ranking<'s> {
    snapshot: &'s Snapshot,
    fields: Vec<Ranked<'s>>,
}

/// An order by one field.
#[derive(Debug)]
pub(crate) struct Ranked<'s> {
    snapshot: &'s Snapshot,
    by: Asked,
    /// The resources whose use is meant, and that use.
    last: Option<(Option<Vec<Ordinal>>, LastUse)>,
    /// Whether the greatest come first.
    pub(crate) descending: bool,
    /// Whether those without a key come last whichever way it goes.
    pub(crate) missing_last: bool,
}

impl<'s> Ranking<'s> {
    /// By what a query says; by name where it says nothing.
    pub fn of(snapshot: &'s Snapshot, order: &[filter::Order]) -> Ranking<'s> {
        let mut fields: Vec<Ranked<'s>> = order.iter().filter_map(|one| Ranked::of(snapshot, one)).collect();
        if fields.is_empty() {
            let by = Asked::Name;
            fields.push(Ranked { snapshot, by, last: None, descending: false, missing_last: false });
        }
        Ranking { snapshot, fields }
    }

    /// By the last use of an app, as its name is written in a filter, from the earliest.
    pub(crate) fn by_last_use_of(snapshot: &'s Snapshot, app: &str) -> Ranking<'s> {
        Ranking { snapshot, fields: vec![Ranked::by_last_use(snapshot, Some(app))] }
    }

    /// Whether the order is to be walked from the greatest to the least. An order by several fields never is: each
    /// field's direction is in its keys.
    pub fn descending(&self) -> bool {
        matches!(&*self.fields, [one] if one.descending)
    }

    /// Whether those without a key come last whichever way the order is walked.
    pub fn missing_last(&self) -> bool {
        matches!(&*self.fields, [one] if one.missing_last)
    }

    /// What somebody is ordered by.
    pub fn key(&self, account: Ordinal) -> SortKey<'s> {
        match &*self.fields {
            [one] => one.key(account),
            several => SortKey::Text(compound::key(several, account).into()),
        }
    }

    /// Everybody in increasing order of key, then ordinal. Some orders are made when they are first asked for; a list
    /// of few people is sorted faster by [`Ranking::key`] alone.
    pub fn order(&self) -> Cow<'s, Order> {
        match &*self.fields {
            [one] => one.order(),
            several => {
                let by = several.iter().map(Ranked::identity).collect();
                Cow::Owned(Order::clone(&self.snapshot.index.order(by, || Arc::new(compound::order(several)))))
            }
        }
    }
}

impl<'s> Ranked<'s> {
    fn of(snapshot: &'s Snapshot, order: &filter::Order) -> Option<Ranked<'s>> {
        let by = asked(order.field).filter(|_| catalogue().field(order.field).sortable)?;
        let descending = order.direction == Direction::Descending;
        if by == Asked::LastActive {
            return Some(Ranked { descending, ..Ranked::by_last_use(snapshot, order.argument.as_deref()) });
        }
        let missing_last =
            matches!(by, Asked::Email | Asked::Domain | Asked::JobTitle | Asked::Department | Asked::Organization);
        Some(Ranked { snapshot, by, last: None, descending, missing_last })
    }

    fn by_last_use(snapshot: &'s Snapshot, app: Option<&str>) -> Ranked<'s> {
        let resources = app.map(|app| app_resources(snapshot, app));
        let last = snapshot.index.last_use(snapshot, resources.as_deref());
        let last = Some((resources, last));
        Ranked { snapshot, by: Asked::LastActive, last, descending: false, missing_last: false }
    }

    fn identity(&self) -> (Asked, Option<Vec<Ordinal>>, bool) {
        (self.by, self.last.as_ref().and_then(|(resources, _)| resources.clone()), self.descending)
    }

    /// What somebody is ordered by.
    pub(crate) fn key(&self, account: Ordinal) -> SortKey<'s> {
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
            Asked::Organization => folded(people.organizations.get(account)),
            Asked::Changed => number(people.changed.get(account)),
            Asked::LastActive => number(self.last.as_ref().and_then(|(_, last)| last.at.get(account))),
            Asked::Added => number(people.added.get(account)),
            Asked::Status => number(index.standing(snapshot).rank(account)),
            Asked::GroupCount => SortKey::Number(snapshot.memberships.of(account).len() as i64),
            Asked::Seats => number(index.reach(snapshot).seat_counts.get(account).map(i64::from)),
            _ => text(people.folded_names.get(account)),
        }
    }

    /// Everybody in increasing order of key, then ordinal.
    pub(crate) fn order(&self) -> Cow<'s, Order> {
        let (snapshot, people) = (self.snapshot, &self.snapshot.people);
        let index = &snapshot.index;
        match (self.by, &self.last) {
            (Asked::Name, _) => Cow::Borrowed(&people.by_name),
            (Asked::Email, _) => Cow::Borrowed(&people.by_email),
            (Asked::Added, _) => Cow::Borrowed(&people.by_added),
            (Asked::LastActive, Some((None, _))) => Cow::Borrowed(&people.by_last_active),
            (by, last) => {
                let identity: Ordered = vec![(by, last.as_ref().and_then(|(resources, _)| resources.clone()), false)];
                let make = || {
                    Arc::new(match (by, last) {
                        (Asked::LastActive, Some((_, last))) => last.at.order(),
                        (Asked::Domain, _) => after_rest(snapshot, index.domains(snapshot).values()),
                        (Asked::JobTitle, _) => after_rest(snapshot, index.job_titles(snapshot).values()),
                        (Asked::Department, _) => after_rest(snapshot, index.departments(snapshot).values()),
                        (Asked::Organization, _) => after_rest(snapshot, index.organizations(snapshot).values()),
                        (Asked::Changed, _) => people.changed.order(),
                        (Asked::GroupCount, _) => Order::of_runs(index.group_counts(snapshot).runs()),
                        (Asked::Seats, _) => Order::of_runs(index.reach(snapshot).seat_counts.runs()),
                        _ => {
                            let ranked = index.standing(snapshot).ranked();
                            after_rest(snapshot, ranked.iter().map(|(rank, people)| (rank, people)))
                        }
                    })
                };
                Cow::Owned(Order::clone(&index.order(identity, make)))
            }
        }
    }
}

/// An order of runs, before them everybody who is in none.
fn after_rest<'r, T>(snapshot: &Snapshot, runs: impl Iterator<Item = (T, &'r RoaringBitmap)>) -> Order {
    let runs: Vec<&RoaringBitmap> = runs.map(|(_, run)| run).collect();
    let mut rest = snapshot.index.standing(snapshot).everybody.clone();
    for run in &runs {
        rest -= *run;
    }
    Order::of_runs(std::iter::once(&rest).chain(runs))
}
