//! How a group grew: its members day by day, as a line and as the newest days on which anybody joined or left.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::store::group_timeline::GroupTimeline;
use crate::web::ui::amount::number;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;

/// Days listed, the newest first.
const LISTED: usize = 14;
/// The line's own measures; the page stretches it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 60.0;

/// One day on which something moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Day {
    date: Date,
    /// The last sync of that day that moved anything.
    at: Timestamp,
    joined: u64,
    left: u64,
    /// Members at its end.
    count: u64,
}

/// The section's content; `members` are those of the generation that is shown.
pub(super) fn growth(timeline: &GroupTimeline, members: u64, reader: &Reader) -> Markup {
    let days = days(timeline, members, reader);
    let Some(first) = days.first() else {
        return empty("No member was ever read.", html! { p { "The first sync that reads one begins this." } });
    };
    html! {
        @if days.len() > 1 { (line(&days, members, reader)) }
        div.scroll.narrow tabindex="0" role="region" aria-label="Members by day" {
            table {
                thead { tr {
                    th scope="col" { "Day" } th.num scope="col" { "Joined" } th.num scope="col" { "Left" } th.num scope="col" { "Members" }
                } }
                tbody { @for (place, day) in days.iter().enumerate().rev().take(LISTED) { tr {
                    th scope="row" { (reader.date(day.date)) @if place == 0 { " " span.sub { "oldest kept" } } }
                    td.num { @if day.joined > 0 { "+" (number(day.joined)) } }
                    td.num { @if day.left > 0 { "−" (number(day.left)) } }
                    td.num { (number(day.count)) }
                } } }
            }
        }
        @if days.len() > LISTED { p.hint { "Only the newest " (LISTED) " days on which anybody joined or left are listed; the line shows all since " (reader.day(first.at)) "." } }
        p.hint { "A move is dated by the sync that saw it. Whoever was there at the first sync counts as joined then." }
    }
}

/// The days on which something moved, the oldest first. The counts are reckoned back from today's members, so that they
/// are right however far back is kept.
fn days(timeline: &GroupTimeline, members: u64, reader: &Reader) -> Vec<Day> {
    let mut by_day: BTreeMap<Date, Day> = BTreeMap::new();
    for (generation, moves) in &timeline.moves {
        let Some(sealed) = timeline.generations.get(generation) else { continue };
        let date = sealed.at.to_zoned(reader.zone.clone()).date();
        let day = by_day.entry(date).or_insert(Day { date, at: sealed.at, joined: 0, left: 0, count: 0 });
        day.joined += moves.joined;
        day.left += moves.left;
        day.at = day.at.max(sealed.at);
    }
    let mut count = members;
    let mut days: Vec<Day> = by_day.into_values().collect();
    for day in days.iter_mut().rev() {
        day.count = count;
        count = (count + day.left).saturating_sub(day.joined);
    }
    days
}

/// The count over time as one stepped line.
fn line(days: &[Day], members: u64, reader: &Reader) -> Markup {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return html! {} };
    let most = days.iter().map(|day| day.count).max().unwrap_or(1).max(1);
    let from = first.at.as_second();
    let length = (reader.now.as_second() - from).max(1);
    let across = |at: Timestamp| (at.as_second() - from) as f64 / length as f64 * WIDTH;
    let up = |count: u64| HEIGHT - 2.0 - count as f64 / most as f64 * (HEIGHT - 4.0);
    let mut points = String::new();
    let mut before = None;
    for day in days {
        let x = across(day.at);
        // Writing to a text cannot fail.
        if let Some(before) = before {
            let _ = write!(points, "{x:.1},{:.1} ", up(before));
        }
        let _ = write!(points, "{x:.1},{:.1} ", up(day.count));
        before = Some(day.count);
    }
    let _ = write!(points, "{WIDTH:.1},{:.1}", up(last.count));
    let told = format!(
        "Members from {} on {} to {} today, at most {}",
        number(first.count),
        reader.day(first.at),
        number(members),
        number(most)
    );
    html! {
        svg.spark viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(told) {
            polyline points=(points) {}
        }
        p.hint { (told) "." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, RunId};
    use crate::store::group_timeline::Moves;
    use crate::store::timeline::Sealed;
    use crate::web::acme::{now, reader};

    fn timeline() -> GroupTimeline {
        let run = RunId::new(&Entropy::seeded(1), now());
        let at = |text: &str| Sealed { at: text.parse().unwrap(), run: run.clone(), number: 1 };
        GroupTimeline {
            moves: [
                (1, Moves { joined: 10, left: 0 }),
                (4, Moves { joined: 2, left: 1 }),
                (5, Moves { joined: 0, left: 3 }),
            ]
            .into(),
            generations: [
                (1, at("2026-11-01T05:00:00Z")),
                (4, at("2026-11-10T05:00:00Z")),
                (5, at("2026-11-10T15:00:00Z")),
            ]
            .into(),
            ..GroupTimeline::default()
        }
    }

    #[test]
    fn counts_are_reckoned_back_from_today_and_one_day_is_one_row() {
        let days = days(&timeline(), 8, &reader());
        let told: Vec<(u64, u64, u64)> = days.iter().map(|day| (day.joined, day.left, day.count)).collect();
        assert_eq!(told, [(10, 0, 10), (2, 4, 8)]);
    }

    #[test]
    fn a_line_says_in_words_what_it_shows() {
        let page = growth(&timeline(), 8, &reader()).0;
        assert!(page.contains("Members from 10 on 1 Nov 2026 to 8 today, at most 10"), "{page}");
        assert!(page.contains("<polyline points=\"0.0,2.0 ") && page.contains("oldest kept"), "{page}");
        assert!(growth(&GroupTimeline::default(), 0, &reader()).0.contains("No member was ever read."));
    }
}
