//! Settings, *Statistics*: total users, total groups, member count by group, each with Atlassian's own count beside ours
//! and when it was read. Closed at first; opened by *Show*, closed by *Hide*, remembered in the address.

use axum::extract::Query;
use directory::{Noun, OUTSIDE, Ordinal, Part, Snapshot};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::store::coverage;
use crate::web::failure::Failure;
use crate::web::group_choice::choice;
use crate::web::groups::{managed_by, name};
use crate::web::settings_key::sections;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::visit::{Visit, first_use};

/// The section's address.
pub(crate) const HERE: &str = "/settings/statistics";
/// Groups of which members are counted on one page.
const MOST_GROUPS: usize = 100;

/// What an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ask {
    is_shown: bool,
    find: String,
    groups: Vec<String>,
}

/// What upstream itself counted in each part when it last told, and when that was.
type Told = Vec<(Part, u64, Timestamp)>;

impl Ask {
    fn of(pairs: &[(String, String)]) -> Ask {
        let value = |name: &str| pairs.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim());
        let mut groups: Vec<String> = Vec::new();
        for (_, id) in pairs.iter().filter(|(name, _)| name == "group") {
            if groups.len() < MOST_GROUPS && !groups.contains(id) {
                groups.push(id.clone());
            }
        }
        Ask { is_shown: !value("show").is_empty(), find: value("find").chars().take(256).collect(), groups }
    }
}

/// GET /settings/statistics
pub(crate) async fn show(visit: Visit, Query(pairs): Query<Vec<(String, String)>>) -> Result<Page, Failure> {
    let ask = Ask::of(&pairs);
    let content = if visit.snapshot.generation() == 0 {
        first_use(visit.state().await?.newest.as_ref())
    } else {
        let told = visit.mirror.store().read(|tx| {
            Ok((coverage::upstream_counts(tx, Noun::Presence)?, coverage::upstream_counts(tx, Noun::Groups)?))
        });
        statistics(&ask, &visit.snapshot, &visit.reader, &told.await?)
    };
    Ok(Page::framed(
        &visit.frame("Statistics", Place::Settings),
        html! {
            (sections(HERE))
            div.headline { h1 { "Statistics" } }
            p.lead { "How much of " bdi { (visit.mirror.organization().name) } " is known, beside what Atlassian counts. It changes nothing." }
            (content)
        },
    ))
}

fn statistics(ask: &Ask, snapshot: &Snapshot, reader: &Reader, (people, groups): &(Told, Told)) -> Markup {
    if !ask.is_shown {
        return html! { p { a.button href=(Address::new(HERE).with("show", "on")) { "Show" } } };
    }
    let count_people = |directory| snapshot.present_in(directory).len();
    let count_groups = |directory| {
        let there = |group: &Ordinal| snapshot.group_row(*group).is_some_and(|row| row.directory == Some(directory));
        snapshot.groups_by_name().iter().filter(there).count() as u64
    };
    html! {
        p { a.button href=(HERE) { "Hide" } }
        div.sum {
            div { b { (number(snapshot.present().len())) } span { "Total users" } }
            div { b { (number(snapshot.groups_by_name().len() as u64)) } span { "Total groups" } }
        }
        h2 { "Users by directory" }
        p.hint { "Somebody in several directories is counted in each, and once in the total." }
        (by_directory(snapshot, reader, ("Users", people), count_people))
        h2 { "Groups by directory" }
        (by_directory(snapshot, reader, ("Groups", groups), count_groups))
        h2 { "Member count by group" }
        (by_group(ask, snapshot, reader))
    }
}

fn by_directory(
    snapshot: &Snapshot,
    reader: &Reader,
    (what, told): (&str, &Told),
    count: impl Fn(Ordinal) -> u64,
) -> Markup {
    let rows: Vec<_> = (0..)
        .zip(snapshot.directories())
        .map(|(place, directory)| {
            let is_it = |part: &Part| matches!(part, Part::Directory(id) if *id == directory.id);
            (directory, count(place), told.iter().find(|(part, _, _)| is_it(part)))
        })
        .filter(|(_, ours, told)| *ours > 0 || told.is_some())
        .collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("{what} by directory")) {
            table {
                thead { tr {
                    th scope="col" { "Directory" } th.num scope="col" { (what) }
                    th.num scope="col" { "Atlassian counts" } th scope="col" { "Read" }
                } }
                tbody { @for (directory, ours, told) in rows { tr {
                    th scope="row" {
                        @if directory.id.as_str() == OUTSIDE { "Outside all directories" }
                        @else if directory.name.is_empty() { bdi { (directory.id) } }
                        @else { bdi { (directory.name) } }
                    }
                    td.num { (number(ours)) }
                    td.num { (theirs(ours, told.map(|(_, theirs, _)| *theirs))) }
                    td { @match told { Some((_, _, at)) => { (reader.relative(*at)) } None => { span.sub { "not told" } } } }
                } } }
            }
        }
    }
}

/// Atlassian's own count, with a word where it is another than ours.
fn theirs(ours: u64, theirs: Option<u64>) -> Markup {
    html! {
        @match theirs {
            None => { span.sub { "not told" } }
            Some(theirs) => {
                (number(theirs))
                @if theirs != ours { " " span.tag.warn { "differs" } }
            }
        }
    }
}

fn by_group(ask: &Ask, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let chosen: Vec<Ordinal> = ask.groups.iter().filter_map(|id| snapshot.group(id)).collect();
    let rows: Vec<_> = chosen.iter().filter_map(|group| Some((*group, snapshot.group_row(*group)?))).collect();
    let button = html! { button type="submit" { "Find groups" } };
    html! {
        form.fields.manual method="get" action=(HERE) id="groups" {
            input type="hidden" name="show" value="on";
            (choice(&chosen, &ask.find, button, snapshot))
            button.primary type="submit" { "Count members" }
        }
        @if rows.is_empty() {
            p.hint { "No group is chosen yet." }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Member count by group" {
                table {
                    thead { tr {
                        th scope="col" { "Group" } th.num scope="col" { "Members" }
                        th.num scope="col" { "Atlassian counts" } th scope="col" { "Managed by" } th scope="col" { "Read" }
                    } }
                    tbody { @for (group, row) in rows {
                        @let ours = snapshot.memberships().members(group).len();
                        tr {
                            th scope="row" { a.name href=(Address::group(row.id.as_str())) { bdi { (name(row)) } } }
                            td.num { (number(ours)) }
                            td.num { (theirs(ours, row.counts.users.map(u64::from))) }
                            td { (managed_by(row)) }
                            td { @match snapshot.group_read_at(group) {
                                Some(at) => { (reader.relative(at)) }
                                None => { span.sub { "not read" } }
                            } }
                        }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::{acme, now, reader};

    fn page(query: &[(&str, &str)]) -> String {
        let pairs: Vec<(String, String)> = query.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let snapshot = acme();
        let main = Part::Directory(snapshot.directories()[0].id.clone());
        let told = (vec![(main.clone(), 6, now())], vec![(main, 4, now())]);
        statistics(&Ask::of(&pairs), &snapshot, &reader(), &told).0
    }

    #[test]
    fn nothing_is_counted_until_somebody_shows_it_and_hide_leads_back() {
        let closed = page(&[]);
        assert!(closed.contains(">Show<") && !closed.contains("Total users"), "{closed}");
        let open = page(&[("show", "on")]);
        assert!(open.contains(r#"href="/settings/statistics">Hide<"#) && open.contains("No group is chosen yet."));
        assert!(open.contains("<b>6</b><span>Total users") && open.contains("<b>3</b><span>Total groups"), "{open}");
    }

    #[test]
    fn a_count_that_is_another_than_atlassians_says_so() {
        let open = page(&[("show", "on")]);
        assert_eq!(open.matches(">differs<").count(), 1, "four groups are counted and three are known: {open}");
        let chosen = page(&[("show", "on"), ("group", "g-hostile"), ("group", "g-contractors"), ("group", "nothing")]);
        assert!(chosen.contains(r#"name="group" value="g-hostile" checked"#), "{chosen}");
        assert_eq!(chosen.matches(">differs<").count(), 2, "{chosen}");
        assert!(chosen.contains("Synced") && !chosen.contains("<script>"));
    }

    #[test]
    fn groups_are_found_by_a_part_of_their_name_and_chosen_ones_stay() {
        let found = page(&[("show", "on"), ("find", "JIRA"), ("group", "g-contractors")]);
        assert!(found.contains(r#"value="g-contractors" checked"#) && found.contains(r#"value="g-jira">"#), "{found}");
        assert!(!found.contains("g-hostile"));
        assert!(page(&[("show", "on"), ("find", "zzz")]).contains("No other group is named like this."));
    }
}
