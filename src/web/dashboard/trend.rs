//! Trends: seats, their activity and their cost day by day, as charts and as a table of the same numbers. A day without a
//! sync is missing in both.

use directory::tiles::Shares;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::mirror::trends::{Sample, Trend};
use crate::nouns::price::{Cost, Currency};
use crate::web::dashboard::{Ask, Counted};
use crate::web::settings_prices;
use crate::web::ui::amount::{counted as some, number};
use crate::web::ui::chart::{Chart, Line, Tone, chart};
use crate::web::ui::moment::Reader;

/// The lengths of time that are offered, in months.
pub(super) const MONTHS: [u8; 4] = [1, 3, 6, 12];
/// The length that nobody has chosen.
pub(super) const USUAL_MONTHS: u8 = 3;
/// Fewer days make no line that says anything.
const LEAST: usize = 3;

/// The section.
pub(super) fn trends(trend: &Trend, ask: &Ask, counted: &Counted<'_>, reader: &Reader) -> Markup {
    let app = ask.app_of(counted);
    html! {
        h2 id="trends" { "Trends" }
        div.row {
            nav.chips aria-label="Months" {
                @for months in MONTHS {
                    a href=(ask.over(months)) aria-current=[(months == ask.months()).then_some("true")] { (some(months.into(), "month", "months")) }
                }
            }
            @if counted.tiles.apps.len() > 1 {
                nav.chips aria-label="App" {
                    a href=(ask.of_app("")) aria-current=[app.is_none().then_some("true")] { "All apps" }
                    @for tile in &counted.tiles.apps {
                        a href=(ask.of_app(&tile.app)) aria-current=[(app == Some(&tile.app)).then_some("true")] { bdi { (tile.app) } }
                    }
                }
            }
        }
        @match &*trend.samples {
            [] => p.hint { "Each sync leaves its day's numbers behind. There are none of this time yet; the first point comes with the next sync." },
            samples if samples.len() < LEAST => {
                p.hint { "There are numbers of " (some(samples.len() as u64, "day", "days")) " so far. Lines begin with the third." }
                (table(samples, reader))
            }
            samples => {
                div.charts {
                    (chart(&seats(trend)))
                    (chart(&activity(trend, counted)))
                    @match &*currencies(samples) {
                        [] => figure.chart {
                            figcaption { b { "Cost" } }
                            p.hint { "No price is entered. With " a href=(settings_prices::HERE) { "Seat prices" } " this shows what seats cost a month, and what inactive ones do." }
                        },
                        currencies => @for currency in currencies { (chart(&cost(trend, *currency))) },
                    }
                }
                details {
                    summary { "The same numbers as a table" }
                    (table(samples, reader))
                }
            }
        }
    }
}

fn seats(trend: &Trend) -> Chart<'static> {
    let mut lines = vec![line("Seats", Tone::Key, trend, |sample| Some(sample.seats.total() as f64), whole)];
    // Where people hold several seats each, their line would press that of the seats flat: they stand in the table.
    let differ = |sample: &Sample| {
        sample.people.is_some_and(|people| people < sample.seats.total() && people * 10 > sample.seats.total() * 6)
    };
    if trend.samples.iter().any(differ) {
        lines.push(line("People", Tone::Plain, trend, |sample| sample.people.map(|people| people as f64), whole));
    }
    Chart {
        title: "Seats",
        description: described("Seats", &lines, trend),
        days: (trend.from, trend.to),
        lines,
        unit: whole,
        top: None,
    }
}

fn activity(trend: &Trend, counted: &Counted<'_>) -> Chart<'static> {
    let share = |of: fn(Shares) -> u64| {
        move |sample: &Sample| match sample.seats.total() {
            0 => None,
            total => Some(of(sample.seats) as f64 * 100.0 / total as f64),
        }
    };
    let lines = vec![
        line("Active", Tone::Good, trend, share(|seats| seats.active), percent),
        line("Inactive", Tone::Warn, trend, share(Shares::not_active), percent),
    ];
    let what = format!("Seats used within {}, and not", counted.threshold.words());
    Chart {
        title: "Activity",
        description: described(&what, &lines, trend),
        days: (trend.from, trend.to),
        lines,
        unit: percent,
        top: Some(100.0),
    }
}

fn cost(trend: &Trend, currency: Currency) -> Chart<'static> {
    let units = |cost: &Cost| cost.of(currency) as f64 / 1_000.0;
    let lines = vec![
        line("All seats", Tone::Key, trend, |sample| Some(units(&sample.cost)), whole),
        line("Inactive", Tone::Warn, trend, |sample| Some(units(&sample.idle)), whole),
    ];
    let what = format!("Estimated cost a month in {} at today's prices", currency.as_str());
    let title = match currency.as_str() {
        "USD" => "Cost a month, USD (estimate)",
        "EUR" => "Cost a month, EUR (estimate)",
        "GBP" => "Cost a month, GBP (estimate)",
        _ => "Cost a month (estimate)",
    };
    Chart {
        title,
        description: described(&what, &lines, trend),
        days: (trend.from, trend.to),
        lines,
        unit: whole,
        top: None,
    }
}

fn line(
    name: &'static str,
    tone: Tone,
    trend: &Trend,
    of: impl Fn(&Sample) -> Option<f64>,
    words: fn(f64) -> String,
) -> Line {
    let points: Vec<(Date, f64)> = trend.samples.iter().filter_map(|sample| Some((sample.day, of(sample)?))).collect();
    let last = points.last().map_or_else(|| "–".to_owned(), |(_, number)| words(*number));
    Line { name, tone, points, last }
}

/// What a chart says, for whoever does not see it.
fn described(what: &str, lines: &[Line], trend: &Trend) -> String {
    let day = |sample: Option<&Sample>| sample.map(|sample| words_of(sample.day)).unwrap_or_default();
    let (first, last) = (day(trend.samples.first()), day(trend.samples.last()));
    let ends: Vec<String> = lines.iter().map(|line| format!("{} {}", line.name.to_lowercase(), line.last)).collect();
    format!("{what}, from {first} to {last}; at the end {}.", ends.join(", "))
}

/// The currencies that anything costs.
fn currencies(samples: &[Sample]) -> Vec<Currency> {
    let mut all: Vec<Currency> =
        samples.iter().flat_map(|sample| sample.cost.sums().map(|(currency, _)| currency)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn table(samples: &[Sample], reader: &Reader) -> Markup {
    let people = samples.iter().any(|sample| sample.people.is_some());
    let cost = samples.iter().any(|sample| !sample.cost.is_empty());
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="Trends as a table" {
            table {
                thead { tr {
                    th scope="col" { "Day" }
                    th.num scope="col" { "Seats" }
                    @if people { th.num scope="col" { "People" } }
                    th.num scope="col" { "Active" }
                    th.num scope="col" { "Inactive" }
                    th.num scope="col" { "Never active" }
                    th.num scope="col" { "Unknown" }
                    @if cost { th.num scope="col" { "Cost a month" } th.num scope="col" { "Of it inactive" } }
                } }
                tbody { @for sample in samples.iter().rev() { tr {
                    th scope="row" { (reader.date(sample.day)) }
                    td.num { (number(sample.seats.total())) }
                    @if people { td.num { @match sample.people { Some(people) => (number(people)), None => "–" } } }
                    td.num { (number(sample.seats.active)) }
                    td.num { (number(sample.seats.not_active())) }
                    td.num { (number(sample.seats.never_active)) }
                    td.num { (number(sample.seats.unknown)) }
                    @if cost { td.num { (sample.cost) } td.num { (sample.idle) } }
                } } }
            }
        }
        p.hint {
            "Inactive includes never active. A day without a sync is left out."
            @if cost { " Cost is an estimate: the seats of that day at today's prices." }
        }
    }
}

fn words_of(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// A number without places.
fn whole(value: f64) -> String {
    number(value.max(0.0).round() as u64)
}

fn percent(value: f64) -> String {
    format!("{value:.0} %")
}
