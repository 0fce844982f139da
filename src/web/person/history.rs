//! A person's history: who joined or left what, when, and which run saw it; newest first.

use std::collections::BTreeMap;

use directory::{Profile, Snapshot, Status};
use maud::{Markup, html};

use crate::store::timeline::{Span, Timeline};
use crate::web::ui::address::Address;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::{person, words};

/// Generations shown.
const SHOWN: usize = 50;
/// Lines shown of one generation.
const LINES: usize = 20;

/// The section's content.
pub(super) fn history(timeline: &Timeline, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let lines = lines(timeline, snapshot);
    if lines.is_empty() {
        return empty(
            "Nothing is kept of this person yet.",
            html! { p { "The first sync that reads them begins it." } },
        );
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="History" {
            table {
                thead { tr { th scope="col" { "Seen" } th scope="col" { "What happened" } th.hide-s scope="col" { "Run" } } }
                tbody { @for (generation, lines) in lines.iter().rev().take(SHOWN) {
                    @let sealed = timeline.generations.get(generation);
                    tr {
                        td { @match sealed { Some(sealed) => { (reader.moment(sealed.at)) } None => { span.sub { "not kept" } } } }
                        td.long { @for line in lines.iter().take(LINES) { div { (line) } }
                            @if lines.len() > LINES { div.sub { "and " (lines.len() - LINES) " more" } } }
                        td.hide-s { @if let Some(sealed) = sealed {
                            a href=(Address::new("/runs").below(sealed.run.as_str())) { "Sync run " (sealed.number) }
                        } }
                    }
                } }
            }
        }
        @if lines.len() > SHOWN { p.hint { "Only the newest " (SHOWN) " are shown." } }
        p.hint { "A change is dated by the sync that saw it: it happened at some time since the sync before." }
    }
}

/// What each generation began and ended, in sentences.
fn lines(timeline: &Timeline, snapshot: &Snapshot) -> BTreeMap<u64, Vec<Markup>> {
    let mut lines: BTreeMap<u64, Vec<Markup>> = BTreeMap::new();
    let first = timeline.presence.iter().map(|span| span.since).min();
    for span in &timeline.presence {
        let (directory, presence) = &span.value;
        let name = snapshot.directories().get(*directory as usize).map_or("", |directory| &directory.name);
        let status = presence.status.as_ref().map_or("without a status", status_word);
        let earlier =
            timeline.presence.iter().any(|other| other.value.0 == *directory && other.until == Some(span.since));
        lines.entry(span.since).or_default().push(match (earlier, Some(span.since) == first) {
            (true, _) => html! { "Became " (status) " in " bdi { (name) } },
            (false, true) => html! { "First seen, " (status) ", in " bdi { (name) } },
            (false, false) => html! { "Came to " bdi { (name) } ", " (status) },
        });
        let goes_on =
            timeline.presence.iter().any(|other| other.value.0 == *directory && Some(other.since) == span.until);
        if let Some(until) = span.until.filter(|_| !goes_on) {
            lines.entry(until).or_default().push(html! { "Gone from " bdi { (name) } });
        }
    }
    for pair in timeline.profiles.windows(2) {
        let [before, after] = pair else { continue };
        let changed = changes(&before.value, &after.value);
        let told = changed.into_iter().map(|(what, before, after)| {
            html! { (what) ": " (value(before)) " → " (value(after)) }
        });
        lines.entry(after.since).or_default().extend(told);
    }
    let group = |span: &Span<directory::Ordinal>| {
        let row = snapshot.group_row(span.value);
        let name = row.map_or("a group", |row| row.group.as_ref().map_or(row.id.as_str(), |group| &group.name));
        html! { @match row {
            Some(row) => { a href=(Address::group(row.id.as_str())) { bdi { (name) } } }
            None => { (name) }
        } }
    };
    for span in &timeline.memberships {
        lines.entry(span.since).or_default().push(html! { "Joined " (group(span)) });
        if let Some(until) = span.until {
            lines.entry(until).or_default().push(html! { "Left " (group(span)) });
        }
    }
    for span in &timeline.roles {
        let role = words::platform_role(&span.value);
        lines.entry(span.since).or_default().push(html! { "Given the role " bdi { (role) } });
        if let Some(until) = span.until {
            lines.entry(until).or_default().push(html! { "Lost the role " bdi { (role) } });
        }
    }
    lines.retain(|_, lines| !lines.is_empty());
    lines
}

fn status_word(status: &Status) -> &str {
    person::status_word(status)
}

fn value(text: Option<&str>) -> Markup {
    match text {
        Some(text) if !text.is_empty() => html! { bdi { (text) } },
        _ => html! { span.sub { "nothing" } },
    }
}

/// The fields that a reader knows by name, where they differ.
fn changes<'a>(before: &'a Profile, after: &'a Profile) -> Vec<(&'static str, Option<&'a str>, Option<&'a str>)> {
    let yes = |flag: Option<bool>| flag.map(|flag| if flag { "yes" } else { "no" });
    let fields = [
        ("Name", Some(&*before.name), Some(&*after.name)),
        ("E-mail", before.email.as_deref(), after.email.as_deref()),
        ("Job title", before.job_title.as_deref(), after.job_title.as_deref()),
        ("Department", before.department.as_deref(), after.department.as_deref()),
        (
            "Account status",
            before.account_status.as_ref().map(|status| status.as_str()),
            after.account_status.as_ref().map(|status| status.as_str()),
        ),
        ("E-mail verified", yes(before.email_verified), yes(after.email_verified)),
        ("Two-step verification", yes(before.mfa_enabled), yes(after.mfa_enabled)),
    ];
    fields.into_iter().filter(|(_, before, after)| before != after).collect()
}
