//! Readings of sites as tables: in the run that they belong to, and beside the token they were made with. Shows what was
//! read, and why something was not; it reads nothing itself.

use maud::{Markup, html};

use crate::nouns::site::Site;
use crate::nouns::site_reading::{PartState, ReadingState, SiteReading};
use crate::web::ui::amount::{counted, number};
use crate::web::ui::moment::Reader;

/// The readings of a run, one row each; sites that have no token are named below.
pub(crate) fn of_run(readings: &[SiteReading], sites: &[Site], reader: &Reader) -> Markup {
    let name = |cloud_id: &str| {
        sites.iter().find(|site| site.cloud_id == cloud_id).map_or(cloud_id.to_owned(), |site| site.name.clone())
    };
    let unread = sites.iter().filter(|site| site.has_jira && !readings.iter().any(|of| of.site == site.cloud_id));
    let unread: Vec<&str> = unread.map(|site| site.name.as_str()).collect();
    html! {
        p.hint { "Read from each site with its own token. Nobody is gone but whom no list names that was read to its end, and whom the site, asked by id, does not know." }
        div.scroll tabindex="0" role="region" aria-label="Sites read" {
            table {
                thead { tr {
                    th scope="col" { "Site" } th scope="col" { "Read" } th.num scope="col" { "Users" }
                    th.num scope="col" { "Customers" } th.num.hide-s scope="col" { "Organizations" } th.num scope="col" { "Gone" }
                    th.num.hide-s scope="col" { "Requests" } th.hide-s scope="col" { "Reason" }
                } }
                tbody { @for reading in readings { tr {
                    th scope="row" { bdi { (name(&reading.site)) } }
                    td { (state_tag(reading.state)) @if let Some(at) = reading.ended_at { " " span.sub { (reader.ago(at)) } } }
                    td.num { (number(reading.counts.users)) }
                    td.num { (number(reading.counts.customers)) }
                    td.num.hide-s { (number(reading.counts.organizations)) }
                    td.num { (number(reading.counts.gone)) }
                    td.num.hide-s { (number(reading.requests)) }
                    td.hide-s.long { @if let Some(reason) = &reading.reason { bdi { (reason) } } }
                } } }
            }
        }
        @if !unread.is_empty() {
            p { span.tag.warn { "customers not read" } " " bdi { (unread.join(", ")) } ": no token is entered. "
                a href=(crate::web::settings_sites::HERE) { "Enter one" } }
        }
    }
}

/// The newest reading of a site, as facts beside its token.
pub(crate) fn newest(reading: Option<&SiteReading>, reader: &Reader) -> Markup {
    let Some(reading) = reading else {
        return html! {
            div { dt { "Last read" } dd { "not yet " span.sub { "The next daily sync reads its users and customers." } } }
        };
    };
    let counts = &reading.counts;
    html! {
        div { dt { "Last read" } dd {
            (state_tag(reading.state)) " "
            @match reading.ended_at {
                Some(at) => { (reader.relative(at)) }
                None => { "since " (reader.moment(reading.begun_at)) }
            }
        } }
        @if reading.state != ReadingState::Reading {
            div { dt { "Found" } dd {
                (counted(counts.users, "user", "users")) ", " (counted(counts.customers, "customer", "customers")) ", "
                (counted(counts.organizations, "organization of customers", "organizations of customers"))
                @if counts.gone > 0 { "; " (number(counts.gone)) " gone since the reading before" }
                @if counts.unreadable > 0 { "; " (counted(counts.unreadable, "record", "records")) " could not be read" }
            } }
        }
        @if let Some(reason) = &reading.reason {
            div { dt { "Not read to the end" } dd { (lacking(reading)) " " bdi { (reason) } " Of these nobody is taken for gone." } }
        }
    }
}

/// The parts that a reading did not come to the end of.
fn lacking(reading: &SiteReading) -> Markup {
    let parts = [
        (reading.parts.users, "users"),
        (reading.parts.desks, "customers of service desks"),
        (reading.parts.organizations, "organizations of customers"),
    ];
    html! {
        @for (_, what) in parts.into_iter().filter(|(state, _)| *state != PartState::Complete) {
            span.tag.warn { (what) } " "
        }
    }
}

fn state_tag(state: ReadingState) -> Markup {
    html! {
        @match state {
            ReadingState::Reading => span.tag { "reading" },
            ReadingState::Complete => span.tag.good { "complete" },
            ReadingState::Partial => span.tag.warn { "in parts" },
            ReadingState::Abandoned => span.tag { "given up" },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns::site_reading::{Parts, ReadingCounts};
    use crate::web::acme::{now, reader};

    fn reading(state: ReadingState, reason: Option<&str>) -> SiteReading {
        let parts = Parts { users: PartState::Complete, desks: PartState::Partial, organizations: PartState::Complete };
        SiteReading {
            site: "c-1".to_owned(),
            number: 3,
            run: None,
            asked_by: "Rollcall".to_owned(),
            state,
            parts,
            counts: ReadingCounts { users: 1_204, customers: 381, organizations: 1, gone: 2, unreadable: 0 },
            requests: 12,
            begun_at: now(),
            ended_at: (state != ReadingState::Reading).then(now),
            reason: reason.map(str::to_owned),
        }
    }

    fn site(cloud_id: &str, name: &str) -> Site {
        Site {
            cloud_id: cloud_id.to_owned(),
            name: name.to_owned(),
            address: None,
            apps: Vec::new(),
            has_jira: true,
            has_service_desks: true,
        }
    }

    #[test]
    fn a_run_says_what_each_site_gave_and_which_sites_were_not_read() {
        let sites = [site("c-1", "north <b>"), site("c-2", "south")];
        let page = of_run(&[reading(ReadingState::Partial, Some("It <broke> off."))], &sites, &reader()).0;
        for text in
            ["north &lt;b&gt;", "in parts", "1,204", "381", "It &lt;broke&gt; off.", "customers not read", "south"]
        {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!of_run(&[reading(ReadingState::Complete, None)], &sites[..1], &reader()).0.contains("not read"));
    }

    #[test]
    fn a_site_says_what_was_found_when_and_what_was_not_read_to_its_end() {
        let page = newest(Some(&reading(ReadingState::Partial, Some("It broke off."))), &reader()).0;
        for text in
            ["1,204 users", "381 customers", "1 organization of customers", "2 gone", "customers of service desks"]
        {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains(">users<"), "{page}");
        assert!(newest(None, &reader()).0.contains("not yet"));
        assert!(newest(Some(&reading(ReadingState::Reading, None)), &reader()).0.contains("since"));
    }
}
