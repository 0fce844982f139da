//! Lines over days as SVG. The crate that draws knows only numbers; colours are put in afterwards as the style sheet's
//! own, so that a chart follows light and dark. No text from outside goes into a drawing: names stand beside it.

use jiff::civil::Date;
use maud::{Markup, PreEscaped, html};
use plotters::prelude::*;

/// Drawn this much larger than it is shown, because the drawing's coordinates are whole numbers.
const SCALE: u32 = 3;
const SIZE: (u32, u32) = (440 * SCALE, 190 * SCALE);
/// Between two days further apart than so many usual steps nobody knows how it was: the line is broken.
const BROKEN_AFTER: i64 = 4;

/// How a line looks, and what its word in the legend is marked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The main line.
    Key,
    /// What goes well.
    Good,
    /// What wants a look.
    Warn,
    /// Beside the others.
    Plain,
}

/// A line with its word.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it shows.
    pub(crate) name: &'static str,
    /// How it looks.
    pub(crate) tone: Tone,
    /// Days with their numbers, in order.
    pub(crate) points: Vec<(Date, f64)>,
    /// Its last number, in words.
    pub(crate) last: String,
}

/// A chart of lines over the same days.
#[derive(Clone, Debug)]
pub(crate) struct Chart<'a> {
    /// What it is of.
    pub(crate) title: &'a str,
    /// What it says, in a sentence, for whoever does not see it.
    pub(crate) description: String,
    /// The first and the last day of its axis.
    pub(crate) days: (Date, Date),
    /// Its lines.
    pub(crate) lines: Vec<Line>,
    /// How numbers are written at the axis.
    pub(crate) unit: fn(f64) -> String,
    /// Where the axis of numbers ends at the least; it begins near the lowest number.
    pub(crate) top: Option<f64>,
}

impl Tone {
    const ALL: [Tone; 4] = [Tone::Key, Tone::Good, Tone::Warn, Tone::Plain];

    /// As the style sheet calls it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Key => "key",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Plain => "plain",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Tone::Key => "var(--accent)",
            Tone::Good => "var(--good)",
            Tone::Warn => "var(--warn-fill)",
            Tone::Plain => "var(--ink-3)",
        }
    }

    /// What it is drawn with: a colour that stands for the style sheet's.
    fn mark(self) -> RGBColor {
        match self {
            Tone::Key => RGBColor(1, 0, 0),
            Tone::Good => RGBColor(2, 0, 0),
            Tone::Warn => RGBColor(3, 0, 0),
            Tone::Plain => RGBColor(4, 0, 0),
        }
    }
}

const MILLION: f64 = 1_000_000.0;
const GRID: RGBColor = RGBColor(5, 0, 0);
const WORDS: RGBColor = RGBColor(6, 0, 0);

/// The chart with its heading and legend.
pub(crate) fn chart(chart: &Chart<'_>) -> Markup {
    html! {
        figure.chart {
            figcaption {
                b { (chart.title) }
                ul.legend { @for line in &chart.lines {
                    li class=(line.tone.class()) { (line.name) " " span.num { (line.last) } }
                } }
            }
            svg viewBox=(format!("0 0 {} {}", SIZE.0, SIZE.1)) role="img" {
                title { (chart.title) }
                desc { (chart.description) }
                // Numbers and days only.
                (PreEscaped(drawing(chart).unwrap_or_default()))
            }
        }
    }
}

/// What stands inside the picture; `None` when the drawing crate refuses, which leaves the words and the table.
fn drawing(chart: &Chart<'_>) -> Option<String> {
    let mut text = String::new();
    draw(chart, &mut text).ok()?;
    let inside = text.split_once("<svg").and_then(|(_, rest)| rest.split_once('>'))?.1;
    let mut inside = inside.trim_end().strip_suffix("</svg>")?.to_owned();
    for (mark, variable) in Tone::ALL
        .map(|tone| (tone.mark(), tone.variable()))
        .into_iter()
        .chain([(GRID, "var(--line)"), (WORDS, "var(--ink-3)")])
    {
        inside = inside.replace(&format!("#{:02X}0000", mark.0), variable);
    }
    Some(inside)
}

fn draw(chart: &Chart<'_>, text: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let day = |date: Date| date.duration_since(chart.days.0).as_hours() / 24;
    let last = day(chart.days.1).max(1);
    let numbers = || chart.lines.iter().flat_map(|line| line.points.iter().map(|(_, number)| *number));
    let (low, high) = axis(numbers().fold(f64::MAX, f64::min), numbers().fold(f64::MIN, f64::max), chart.top);
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let scale = SCALE as i32;
    let mut context = ChartBuilder::on(&area)
        .margin_top(8 * scale)
        .margin_right(22 * scale)
        .margin_bottom(2 * scale)
        .x_label_area_size(24 * scale)
        .y_label_area_size(56 * scale)
        .build_cartesian_2d(0i64..last, low..high)?;
    let words = ("sans-serif", 15 * scale).into_font().color(&WORDS);
    context
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(GRID.stroke_width(SCALE))
        .light_line_style(TRANSPARENT)
        .axis_style(GRID.stroke_width(SCALE))
        .label_style(words)
        .set_all_tick_mark_size(6 * scale)
        .x_labels(7)
        .y_labels(5)
        .x_label_formatter(&|number| date_words(chart.days, *number))
        .y_label_formatter(&|number| at_axis(*number, chart.unit))
        .draw()?;
    for line in &chart.lines {
        let style = line.tone.mark().stroke_width(2 * SCALE);
        for stretch in stretches(&line.points) {
            let points = stretch.iter().map(|(date, number)| (day(*date), *number));
            match stretch {
                [_] => drop(
                    context
                        .draw_series(points.map(|point| Circle::new(point, 3 * scale, line.tone.mark().filled())))?,
                ),
                _ => drop(context.draw_series(LineSeries::new(points, style))?),
            }
        }
    }
    area.present()?;
    drop(context);
    Ok(())
}

/// A number beside the axis: whole ones only, so that none stands there twice, and short enough for its place.
fn at_axis(number: f64, unit: fn(f64) -> String) -> String {
    if (number - number.round()).abs() > 1e-6 {
        return String::new();
    }
    match number.abs() {
        large if large >= MILLION => format!("{} M", (number / MILLION * 100.0).round() / 100.0),
        _ => unit(number),
    }
}

/// Where the axis of numbers begins and ends.
fn axis(low: f64, high: f64, top: Option<f64>) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let high = high.max(top.unwrap_or(0.0));
    let air = ((high - low) * 0.15).max(high.abs() * 0.02).max(0.5);
    // What is near nothing begins at nothing, so that its height can be compared.
    let from = if low < high * 0.6 { 0.0 } else { (low - air).max(0.0) };
    (from, if top.is_some_and(|top| high <= top) { high } else { high + air })
}

/// Days that follow each other as usual; between two of these stretches nobody knows how it was.
fn stretches(points: &[(Date, f64)]) -> Vec<&[(Date, f64)]> {
    let apart = |pair: &[(Date, f64)]| match pair {
        [a, b] => b.0.duration_since(a.0).as_hours() / 24,
        _ => 0,
    };
    let mut steps: Vec<i64> = points.windows(2).map(apart).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(1).max(1);
    let (mut stretches, mut start) = (Vec::new(), 0);
    for (place, pair) in points.windows(2).enumerate() {
        if apart(pair) > usual * BROKEN_AFTER {
            stretches.push(&points[start..=place]);
            start = place + 1;
        }
    }
    stretches.push(&points[start..]);
    stretches.retain(|stretch| !stretch.is_empty());
    stretches
}

fn date_words((from, to): (Date, Date), days: i64) -> String {
    let date = from.saturating_add(jiff::SignedDuration::from_hours(24 * days));
    // Within half a year a day's year is plain.
    let form = if to.duration_since(from).as_hours() > 24 * 200 { "%b %Y" } else { "%-d %b" };
    date.strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn line(points: Vec<(Date, f64)>) -> Line {
        Line { name: "Seats", tone: Tone::Key, points, last: "3".to_owned() }
    }

    fn drawn(points: Vec<(Date, f64)>) -> String {
        let days = (date(2026, 8, 22), date(2026, 11, 22));
        let unit = |number: f64| format!("{number:.0}");
        let description = "Seats <b>".to_owned();
        chart(&Chart { title: "Seats", description, days, lines: vec![line(points)], unit, top: None }).0
    }

    #[test]
    fn a_chart_takes_its_colours_from_the_style_sheet_and_has_words() {
        let page = drawn(
            (0..30)
                .map(|day| {
                    (date(2026, 9, 1).saturating_add(jiff::SignedDuration::from_hours(24 * day)), 900.0 + day as f64)
                })
                .collect(),
        );
        assert!(page.contains("<title>Seats</title>") && page.contains("<desc>Seats &lt;b&gt;</desc>"), "{page}");
        assert!(
            page.contains(r#"stroke="var(--accent)""#) && page.contains("var(--line)") && page.contains("var(--ink-3)")
        );
        assert!(!page.contains('#') && !page.contains("style="), "a colour of its own, or a style: {page}");
        assert_eq!(page.matches("<svg").count(), 1);
        assert_eq!(page.matches(r#"stroke="var(--accent)""#).count(), 1, "one line: {page}");
    }

    #[test]
    fn a_gap_breaks_the_line_and_a_lonely_day_is_a_dot() {
        let days = [1, 2, 3, 20, 21].map(|day| (date(2026, 9, day), 5.0));
        assert_eq!(stretches(&days).len(), 2);
        let weekly = [1, 8, 15, 29].map(|day| (date(2026, 9, day), 5.0));
        assert_eq!(stretches(&weekly).len(), 1, "a missed week is no gap among weeks");
        let page = drawn([1, 2, 3, 20].map(|day| (date(2026, 9, day), 5.0)).to_vec());
        assert!(page.contains("<circle") && page.contains("<polyline"), "{page}");
        assert!(stretches(&[]).is_empty());
    }

    #[test]
    fn no_number_stands_twice_beside_the_axis_and_large_ones_are_short() {
        let unit = |number: f64| format!("{number:.0}");
        let words = [25.5, 26.0, 26.25, 2_250_000.0, 1_000_000.0].map(|number| at_axis(number, unit));
        assert_eq!(words, ["", "26", "", "2.25 M", "1 M"]);
    }

    #[test]
    fn the_axis_holds_every_number() {
        for (low, high, top) in [
            (0.0, 0.0, None),
            (5.0, 5.0, None),
            (90.0, 100.0, None),
            (3.0, 60.0, Some(100.0)),
            (f64::MAX, f64::MIN, None),
        ] {
            let (from, to) = axis(low, high, top);
            assert!(from < to && (low > high || (from <= low && high <= to)), "{low} {high} {from} {to}");
        }
    }
}
