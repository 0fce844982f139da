//! A group's history: how its definition and what it grants changed, and which run saw it; newest first.

use std::collections::BTreeMap;

use directory::{Grant, Group, Snapshot};
use maud::{Markup, html};

use crate::store::group_timeline::GroupTimeline;
use crate::web::ui::address::Address;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::words;

/// Generations shown.
const SHOWN: usize = 50;

/// The section's content.
pub(super) fn history(timeline: &GroupTimeline, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let lines = lines(timeline, snapshot);
    if lines.is_empty() {
        return empty("Nothing is kept of this group yet.", html! { p { "The first sync that reads it begins it." } });
    }
    html! {
        div.scroll tabindex="0" role="region" aria-label="History" {
            table {
                thead { tr { th scope="col" { "Seen" } th scope="col" { "What happened" } th.hide-s scope="col" { "Run" } } }
                tbody { @for (generation, lines) in lines.iter().rev().take(SHOWN) {
                    @let sealed = timeline.generations.get(generation);
                    tr {
                        td { @match sealed { Some(sealed) => { (reader.moment(sealed.at)) } None => { span.sub { "not kept" } } } }
                        td.long { @for line in lines { div { (line) } } }
                        td.hide-s { @if let Some(sealed) = sealed {
                            a href=(Address::new("/runs").below(sealed.run.as_str())) { "Sync run " (sealed.number) }
                        } }
                    }
                } }
            }
        }
        @if lines.len() > SHOWN { p.hint { "Only the newest " (SHOWN) " are shown." } }
    }
}

/// What each generation began and ended, in sentences.
fn lines(timeline: &GroupTimeline, snapshot: &Snapshot) -> BTreeMap<u64, Vec<Markup>> {
    let mut lines: BTreeMap<u64, Vec<Markup>> = BTreeMap::new();
    if let Some(first) = timeline.versions.first() {
        lines.entry(first.since).or_default().push(html! { "First seen as " bdi { (first.value.name) } });
    }
    for pair in timeline.versions.windows(2) {
        let [before, after] = pair else { continue };
        let told = if before.until == Some(after.since) {
            changes(&before.value, &after.value)
        } else {
            vec![html! { "Listed again as " bdi { (after.value.name) } }]
        };
        lines.entry(after.since).or_default().extend(told);
    }
    for (place, span) in timeline.versions.iter().enumerate() {
        let goes_on = timeline.versions.get(place + 1).is_some_and(|next| Some(next.since) == span.until);
        if let Some(until) = span.until.filter(|_| !goes_on) {
            lines.entry(until).or_default().push(html! { "Not listed by Atlassian any more" });
        }
    }
    // What it grants on sites that are left out is not shown.
    for span in timeline.grants.iter().filter(|span| !snapshot.is_left_out(span.value.resource)) {
        lines.entry(span.since).or_default().push(html! { "Grants " (granted(&span.value, snapshot)) });
        if let Some(until) = span.until {
            lines.entry(until).or_default().push(html! { "No longer grants " (granted(&span.value, snapshot)) });
        }
    }
    lines
}

fn granted(grant: &Grant, snapshot: &Snapshot) -> Markup {
    let named = snapshot.resources().get(grant.resource as usize);
    html! {
        bdi { (words::role(&grant.role)) } " on "
        @match named {
            Some(named) => { bdi { (named.id.app_name()) } " · " bdi { (named.site_name()) } }
            None => { "an app that is not known" }
        }
        @if grant.default { " (default group)" }
    }
}

fn changes(before: &Group, after: &Group) -> Vec<Markup> {
    let yes = |flag: Option<bool>| flag.map(|flag| if flag { "yes" } else { "no" });
    let fields = [
        ("Name", Some(&*before.name), Some(&*after.name)),
        ("Description", before.description.as_deref(), after.description.as_deref()),
        ("Synced", yes(before.synced), yes(after.synced)),
        (
            "Managed by",
            before.managed_by.as_ref().map(|by| by.as_str()),
            after.managed_by.as_ref().map(|by| by.as_str()),
        ),
        ("Members can be changed", yes(before.modifiable), yes(after.modifiable)),
        ("Can be deleted", yes(before.deletable), yes(after.deletable)),
    ];
    let value = |text: Option<&str>| match text {
        Some(text) if !text.is_empty() => html! { bdi { (text) } },
        _ => html! { span.sub { "nothing" } },
    };
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(what, before, after)| html! { (what) ": " (value(before)) " → " (value(after)) }).collect()
}

#[cfg(test)]
mod tests {
    use directory::Role;

    use super::*;
    use crate::store::timeline::Span;
    use crate::web::acme::{acme, reader};

    #[test]
    fn a_group_tells_what_it_was_called_and_granted_before() {
        let renamed = Group { description: Some("<b>".into()), ..Group::named("after") };
        let grant = Grant { resource: 0, role: Role::Admin, default: false };
        let timeline = GroupTimeline {
            versions: vec![
                Span { since: 1, until: Some(2), value: Group::named("before") },
                Span { since: 2, until: Some(4), value: renamed },
            ],
            grants: vec![Span { since: 2, until: Some(3), value: grant }],
            ..GroupTimeline::default()
        };
        let told = history(&timeline, &acme(), &reader()).0;
        let said =
            ["Not listed by Atlassian", "No longer grants", "<bdi>before</bdi> → <bdi>after</bdi>", "First seen as"];
        let places: Vec<usize> = said.iter().map(|said| told.find(said).expect(said)).collect();
        assert!(places.is_sorted(), "newest first: {told}");
        assert!(
            told.contains("<bdi>&lt;b&gt;</bdi>") && told.contains("Grants <bdi>App admin</bdi> on <bdi>Jira</bdi>"),
            "{told}"
        );
        assert!(history(&GroupTimeline::default(), &acme(), &reader()).0.contains("Nothing is kept"));
    }
}
