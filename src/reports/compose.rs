//! What a report's mail says: the sum in a sentence, what came and went since the last one, how old the data is, who gets it
//! and why. It names no person. Pure.

use directory::{Snapshot, fold_text};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};

use crate::mirror::answer::activity_read_at;
use crate::nouns::report::{LastReport, Report, ReportFile, ReportMail};
use crate::nouns::saved_filter::SavedFilter;
use crate::reports::count::{People, Seats, of_app};

/// Data that is older means that a daily sync did not end well.
const OLD_AFTER: SignedDuration = SignedDuration::from_hours(26);

/// The mail about whom a filter finds; `None` for them where the filter has errors.
pub(super) fn of_people(
    report: &Report,
    (filter, people): (&SavedFilter, Option<&People>),
    snapshot: &Snapshot,
    now: Timestamp,
) -> ReportMail {
    let (name, named) = (report.draft.name.as_str(), filter.kept.name.as_str());
    let page = format!("/filters/{}", filter.id);
    let Some(people) = people else {
        let why = format!("The saved filter “{named}” has errors: it asks for something that is not there any more.");
        let next = "Nobody was counted. Correct the filter, and the next report counts again.";
        return ReportMail {
            subject: format!("Rollcall report: {name}: nobody was counted"),
            paragraphs: vec![why, next.to_owned()],
            ..bare(report, page, now)
        };
    };
    let count = people.found.len();
    let zone = zone(report);
    let before = report.last.as_ref().and_then(|last| Some((last.at, last.found.as_ref()?)));
    let (change, short) = match before {
        None => ("This is the first report, so there is nothing to compare it with.".to_owned(), String::new()),
        Some((at, found)) => {
            let (came, went) = ((&people.found - found).len(), (found - &people.found).len());
            let of = format!("{} came, {} went", number(came), number(went));
            (format!("Since the last report, of {}: {of}.", day(at, &zone)), format!(" ({of})"))
        }
    };
    let mut paragraphs = vec![format!("The saved filter “{named}” finds {}. {change}", persons(count))];
    if before.is_some_and(|(at, _)| filter.changed_at > at) {
        paragraphs.push("The filter was edited since the last report; the two may not ask the same.".to_owned());
    }
    let file = match (people.fits, count) {
        (_, 0) => ReportFile::Nothing,
        (true, _) => ReportFile::People { filter: filter.kept.text.clone(), generation: snapshot.generation() },
        (false, _) => {
            let why = "The list of these people is too long for a mail (more than 10 MB). Look at the page, and export it there.";
            paragraphs.push(why.to_owned());
            ReportFile::Nothing
        }
    };
    paragraphs.extend(old(snapshot, now));
    let text = if filter.kept.text.is_empty() { "everybody" } else { &filter.kept.text };
    let mut facts = vec![("People".to_owned(), number(count)), ("Filter".to_owned(), text.to_owned())];
    facts.extend(ages(snapshot, (now, &zone)));
    ReportMail {
        subject: format!("Rollcall report: {name}: {}{short}", persons(count)),
        paragraphs,
        facts,
        file,
        ..bare(report, page, now)
    }
}

/// The mail about the dashboard.
pub(super) fn of_dashboard(report: &Report, seats: &Seats, snapshot: &Snapshot, now: Timestamp) -> ReportMail {
    let zone = zone(report);
    let last = report.last.as_ref().filter(|last| !last.figures.is_empty());
    let with = |name: &str, figure: u64| format!("{}{}", number(figure), change(last, name, figure));
    let (sum, words) = (seats.tiles.seats, seats.threshold.words());
    let held = format!(
        "{} seats, held by {}. {} of them were not used for {words} or never, {} never.",
        with("seats", sum.total()),
        persons(seats.tiles.people),
        with("not active", sum.not_active()),
        with("never active", sum.never_active),
    );
    let compared = match last {
        None => "This is the first report, so there is nothing to compare it with.".to_owned(),
        Some(last) => format!("In brackets: the change since the last report, of {}.", day(last.at, &zone)),
    };
    let mut paragraphs = vec![held, compared];
    let (cost, idle) = &seats.cost;
    if !cost.is_empty() {
        paragraphs.push(format!(
            "By the prices that were entered all seats cost about {cost} a month, the inactive ones with those never used {idle}."
        ));
    }
    paragraphs.extend(old(snapshot, now));
    let mut facts = vec![("People in the organization".to_owned(), with("people", seats.present))];
    for (tile, (cost, idle)) in seats.tiles.apps.iter().zip(&seats.costs) {
        let mut told = format!(
            "{} seats, {} inactive, {} never active",
            with(&of_app(&tile.app), tile.seats.total()),
            number(tile.seats.inactive),
            number(tile.seats.never_active),
        );
        if !cost.is_empty() {
            told.push_str(&format!(", {cost} a month, {idle} of it inactive or never used"));
        }
        facts.push((tile.app.clone(), told));
    }
    facts.extend(ages(snapshot, (now, &zone)));
    let name = report.draft.name.as_str();
    ReportMail {
        subject: format!(
            "Rollcall report: {name}: {} seats, {} inactive",
            number(sum.total()),
            number(sum.not_active())
        ),
        paragraphs,
        facts,
        file: ReportFile::Table(seats.table().to_owned()),
        ..bare(report, "/dashboard".to_owned(), now)
    }
}

/// What every mail of a report says.
fn bare(report: &Report, page: String, now: Timestamp) -> ReportMail {
    let draft = &report.draft;
    let folded = fold_text(draft.name.as_str());
    let simple: String = folded.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let simple = match simple.trim_matches('-') {
        "" => "report",
        simple => simple,
    };
    ReportMail {
        report: report.id.clone(),
        name: draft.name.as_str().to_owned(),
        page,
        subject: String::new(),
        paragraphs: Vec::new(),
        facts: Vec::new(),
        why: format!(
            "The report “{}” goes to {} {}, because these addresses were put down for it (last changed by {}). Whoever signs in to Rollcall changes or ends it under Settings, Notifications, Scheduled reports.",
            draft.name.as_str(),
            draft.recipients.join(", "),
            draft.when(),
            report.changed_by,
        ),
        file: ReportFile::Nothing,
        file_name: format!("{simple}-{}.csv", at_home(now, &zone(report)).strftime("%Y-%m-%d")),
    }
}

/// How old the data is, and the last active dates.
fn ages(snapshot: &Snapshot, (now, zone): (Timestamp, &TimeZone)) -> Vec<(String, String)> {
    let told = |at: Timestamp| {
        format!("{} ({})", at_home(at, zone).strftime("%-d %B %Y, %H:%M %Z"), ago(now.duration_since(at)))
    };
    let activity = activity_read_at(snapshot).map_or_else(|| "not completely yet".to_owned(), told);
    vec![("Read from Atlassian".to_owned(), told(read_at(snapshot))), ("Last active dates read".to_owned(), activity)]
}

/// What is said of data that is older than a daily sync leaves it.
fn old(snapshot: &Snapshot, now: Timestamp) -> Option<String> {
    let age = now.duration_since(read_at(snapshot));
    (age > OLD_AFTER).then(|| {
        format!(
            "These numbers are old: people were last read completely {}. Look under Sync Runs why, before you rely on them.",
            ago(age)
        )
    })
}

fn read_at(snapshot: &Snapshot) -> Timestamp {
    snapshot.people_read_at().unwrap_or_else(|| snapshot.sealed_at())
}

/// ` (+3)`, ` (-1)`, ` (unchanged)`; nothing where there is nothing to compare with.
fn change(last: Option<&LastReport>, name: &str, figure: u64) -> String {
    let Some(before) = last.and_then(|last| last.figures.get(name)) else { return String::new() };
    match figure.cmp(before) {
        std::cmp::Ordering::Greater => format!(" (+{})", number(figure - before)),
        std::cmp::Ordering::Less => format!(" (-{})", number(before - figure)),
        std::cmp::Ordering::Equal => " (unchanged)".to_owned(),
    }
}

fn zone(report: &Report) -> TimeZone {
    TimeZone::get(&report.draft.zone).unwrap_or(TimeZone::UTC)
}

fn at_home(at: Timestamp, zone: &TimeZone) -> Zoned {
    at.to_zoned(zone.clone())
}

fn day(at: Timestamp, zone: &TimeZone) -> String {
    at_home(at, zone).strftime("%-d %B %Y").to_string()
}

fn ago(age: SignedDuration) -> String {
    let told = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match age.as_mins().max(0) {
        0 => "just now".to_owned(),
        minutes @ 1..60 => told(minutes, "minute"),
        minutes @ 60..2_880 => told(minutes / 60, "hour"),
        minutes => told(minutes / 1_440, "day"),
    }
}

fn persons(count: u64) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{} people", number(count)) }
}

/// A number with commas between thousands.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_changes_are_told_as_people_read_them() {
        assert_eq!([number(0), number(999), number(1_204), number(1_000_000)], ["0", "999", "1,204", "1,000,000"]);
        let last = LastReport { figures: [("seats".to_owned(), 1_204)].into(), ..LastReport::default() };
        let of = |figure| change(Some(&last), "seats", figure);
        assert_eq!([of(1_204), of(2_204), of(1_199)], [" (unchanged)", " (+1,000)", " (-5)"]);
        assert_eq!((change(None, "seats", 3), change(Some(&last), "app Jira", 3)), (String::new(), String::new()));
    }
}
