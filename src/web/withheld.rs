//! Withheld rows: which rule kept them, by what numbers, every row; and what a person decides about them.
//!
//! Approving seals nothing by itself: it starts a read that may take out exactly the approved rows.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{OUTSIDE, Ordinal, Part, Rule, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::id::WithheldId;
use crate::nouns::refusal::Refusal;
use crate::nouns::withheld::{WithheldRows, WithheldState};
use crate::store::{runs, withheld};
use crate::sync::request::Asked;
use crate::sync::review::{self, Chosen, Decided, LONGEST_REASON};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::ui::paging::paging;
use crate::web::ui::{person, words};
use crate::web::visit::{Visit, run_address};

/// Rows on one page.
const LIMIT: usize = 100;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// Rows from this one on.
    from: String,
}

/// GET /withheld/{id}
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    let rows = find(&visit, &id).await?;
    Ok(page(&served, &visit, &rows, (&ask, html! {})).await?.into_response())
}

/// POST /withheld/{id}: *Approve*, all or chosen rows, or *Dismiss*.
pub(crate) async fn decide(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let rows = find(&visit, &id).await?;
    let value = |name: &str| pairs.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value.trim());
    let ticked = pairs.iter().filter(|(name, _)| name == "row").filter_map(|(_, row)| row.parse::<Ordinal>().ok());
    let chosen = match value("which") {
        "all" => Chosen::All,
        _ => Chosen::Rows(ticked.collect()),
    };
    let context = &visit.entered.context;
    let decided = match value("decision") {
        "approve" => {
            let key = Token::parse(value("request_key")).map(|key| format!("form:{}", key.expose()));
            review::approve(context, &visit.mirror, (&rows.id, chosen), (key, &served.entropy)).await?
        }
        "dismiss" => {
            let reason = value("reason");
            if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
                let refusal = Refusal::new(
                    "Nothing was dismissed.",
                    format!(
                        "A reason of at most {LONGEST_REASON} characters is kept with it; none that fits was given."
                    ),
                    "Say why these rows may stay as they are.",
                );
                return refused(&served, &visit, (&rows, &refusal), StatusCode::UNPROCESSABLE_ENTITY).await;
            }
            review::dismiss(context, &visit.mirror, (&rows.id, chosen), (reason.to_owned(), &served.entropy)).await?
        }
        _ => return Err(Failure::NotFound("There is no such decision.")),
    };
    let refusal = match decided {
        Decided::Asked(Asked::Queued(run)) => {
            return Ok(see(Address::new("/runs").below(run.as_str()).as_str()));
        }
        Decided::Dismissed => return Ok(see(address(&rows.id).as_str())),
        Decided::Asked(Asked::Held(run)) => Refusal::new(
            "Nothing was approved.",
            format!("So many rows need a whole sync, and sync run {} is not over yet.", run.number),
            "Approve again once it has ended.",
        ),
        Decided::NotOpen => Refusal::new(
            "Nothing was decided.",
            "These rows do not wait any more: somebody decided, or a later sync has looked again.",
            "See below what became of them.",
        ),
        Decided::NoRows => {
            Refusal::new("Nothing was decided.", "No row is ticked that still waits.", "Tick the rows you mean.")
        }
    };
    refused(&served, &visit, (&rows, &refusal), StatusCode::CONFLICT).await
}

async fn refused(
    served: &Served,
    visit: &Visit,
    (rows, refusal): (&WithheldRows, &Refusal),
    status: StatusCode,
) -> Result<Response, Failure> {
    let page = page(served, visit, rows, (&Ask::default(), notice::refusal(refusal))).await?;
    Ok(page.with_status(status).into_response())
}

async fn find(visit: &Visit, id: &str) -> Result<WithheldRows, Failure> {
    let unknown = Failure::NotFound("There are no withheld rows with this id.");
    let Some(id) = WithheldId::parse(id) else { return Err(unknown) };
    visit.mirror.store().read(move |tx| withheld::find(tx, &id)).await?.ok_or(unknown)
}

/// The page of withheld rows.
pub(crate) fn address(id: &WithheldId) -> Address {
    Address::new("/withheld").below(id.as_str())
}

/// What was withheld, in one sentence.
pub(crate) fn headline(rows: &WithheldRows, snapshot: &Snapshot) -> String {
    let (count, kept) = (number(rows.withheld.rows.len()), &rows.withheld);
    let place = match &kept.part {
        Part::Group(id) => {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            let name = row.and_then(|row| row.group.as_ref()).map_or(id.as_str(), |group| &group.name);
            format!("of group {name}")
        }
        Part::Whole => "of the organization".to_owned(),
        Part::Directory(id) if id.as_str() == OUTSIDE => "outside all directories".to_owned(),
        part => format!("of {}", words::part(part, snapshot)),
    };
    let (some, what) = match kept.rule {
        Rule::PeopleMissing => ("people", "are missing"),
        Rule::GroupsMissing => ("groups", "are missing"),
        Rule::MembersMissing => ("members", "are missing"),
        Rule::StatusesChanged => ("people", "have another status"),
        Rule::EmailsChanged => ("people", "have another e-mail address, or none"),
        Rule::GrantsMissing => ("groups", "grant less than before"),
        Rule::DirectRolesMissing => ("people", "have lost roles that no group gives"),
        Rule::PlatformRolesMissing => ("people", "have lost administrative roles"),
    };
    format!("{count} {some} {place} {what}.")
}

/// Why they were withheld: the rule with its numbers.
pub(crate) fn explanation(rows: &WithheldRows) -> String {
    let kept = &rows.withheld;
    let all = number(kept.present);
    let emptied = kept.rule == Rule::MembersMissing && kept.rows.len() == kept.present;
    if emptied {
        return format!("The group had {all} members and would be empty, so they stay until somebody has looked.");
    }
    // Rows that waited already are not named twice, but they count.
    let that_is = match kept.would_be_exceeded_by(kept.rows.len()) {
        true => "That is",
        false => "With those of the same part that waited already, that is",
    };
    format!(
        "{that_is} more than {} % of {all}, and at least {}, so they stay as they were until somebody has looked.",
        kept.thresholds.share_percent, kept.thresholds.least
    )
}

async fn page(
    served: &Served,
    visit: &Visit,
    rows: &WithheldRows,
    (ask, problem): (&Ask, Markup),
) -> Result<Page, Failure> {
    let id = rows.run.clone();
    let run = visit.mirror.store().read(move |tx| runs::find(tx, &id)).await?;
    let from = ask.from.parse::<Ordinal>().unwrap_or(0);
    let mut shown: Vec<Ordinal> = rows.withheld.rows.iter().filter(|row| *row >= from).take(LIMIT + 1).collect();
    let next = (shown.len() > LIMIT).then(|| shown[LIMIT]);
    shown.truncate(LIMIT);
    let key = Token::new(&served.entropy);
    let open = rows.state == WithheldState::Open;
    Ok(Page::framed(
        &visit.frame("Withheld rows", Place::NeedsAttention),
        html! {
            nav.trail aria-label="Breadcrumb" { a href="/attention" { "Needs attention" } }
            div.headline { h1 { (headline(rows, &visit.snapshot)) } (state_tag(rows.state)) }
            p.lead { (explanation(rows)) }
            (problem)
            p.hint {
                "Withheld " (visit.reader.relative(rows.at))
                @if let Some(run) = &run { " by " a href=(run_address(run)) { "sync run " (run.number) } }
                ". " a href=(crate::web::settings_guards::HERE) { "Guards" }
            }
            (what_became(rows, visit))
            form.decide method="post" action=(address(&rows.id)) {
                input type="hidden" name="request_key" value=(key.expose());
                @if open { (decisions(rows)) }
                (table(rows, &shown, visit))
                (paging(
                    "Pages",
                    (from > 0).then(|| address(&rows.id)),
                    next.map(|row| address(&rows.id).with("from", &row.to_string())),
                ))
            }
        },
    ))
}

fn what_became(rows: &WithheldRows, visit: &Visit) -> Markup {
    let Some(closed) = &rows.closed else { return html! {} };
    let by = || html! { bdi { (closed.by) } ", " (visit.reader.relative(closed.at)) };
    let (headline, body) = match rows.state {
        WithheldState::Open => return html! {},
        WithheldState::Settled => (
            "Approved and read again.",
            html! { p { "By " (by()) ". What was still so at Atlassian was taken; the rest stayed." } },
        ),
        WithheldState::Dismissed => (
            "Dismissed.",
            html! { p { "By " (by()) @if !closed.reason.is_empty() { ": " q { (closed.reason) } } @else { "." } } },
        ),
        WithheldState::Replaced => (
            "A later sync has looked again.",
            html! { p { "What it found stands in its place, " (visit.reader.relative(closed.at)) "." } },
        ),
    };
    notice::notice(Weight::Info, headline, body)
}

fn decisions(rows: &WithheldRows) -> Markup {
    html! {
        fieldset.fields {
            legend { "Decide" }
            p { "Nothing is taken out on old evidence: approved rows are read again first, and exactly those may go." }
            label.choice { input type="radio" name="which" value="all" checked; span { "All " (number(rows.open.len())) " that still wait" } }
            label.choice { input type="radio" name="which" value="chosen"; span { "Only those ticked below" } }
            label { "Reason, if you dismiss" input type="text" name="reason" maxlength=(LONGEST_REASON) autocomplete="off"; }
            div.row {
                button.primary type="submit" name="decision" value="approve" { "Approve" }
                button type="submit" name="decision" value="dismiss" { "Dismiss" }
                a.button.quiet href="/attention" { "Decide later" }
            }
        }
    }
}

fn table(rows: &WithheldRows, shown: &[Ordinal], visit: &Visit) -> Markup {
    let groups = rows.withheld.rule.rows_are_groups();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Withheld rows" {
            table {
                thead { tr {
                    th.tick scope="col" { span.hidden { "Choose" } }
                    th scope="col" { (if groups { "Group" } else { "Person" }) }
                    th scope="col" { "Now" }
                } }
                tbody { @for row in shown { tr {
                    @let waits = rows.state == WithheldState::Open && rows.open.contains(*row);
                    td { @if waits {
                        input type="checkbox" name="row" value=(row) aria-label="Choose this row";
                    } }
                    td { @if groups { (group(*row, &visit.snapshot)) } @else { (who(*row, &visit.snapshot)) } }
                    td { (if waits { "waits" } else { "decided" }) }
                } } }
            }
        }
    }
}

fn who(account: Ordinal, snapshot: &Snapshot) -> Markup {
    match snapshot.account_row(account) {
        Some(row) => person::who(&row),
        None => html! { span.sub { "not shown in this generation" } },
    }
}

fn group(group: Ordinal, snapshot: &Snapshot) -> Markup {
    match snapshot.group_row(group) {
        Some(row) => {
            let name = row.group.as_ref().map_or(row.id.as_str(), |group| &group.name);
            html! { a href=(Address::group(row.id.as_str())) { bdi { (name) } } }
        }
        None => html! { span.sub { "not shown in this generation" } },
    }
}

/// What became of withheld rows, as a tag.
pub(crate) fn state_tag(state: WithheldState) -> Markup {
    let (class, word) = match state {
        WithheldState::Open => ("tag warn", "Waits"),
        WithheldState::Settled => ("tag good", "Settled"),
        WithheldState::Dismissed => ("tag", "Dismissed"),
        WithheldState::Replaced => ("tag", "Replaced"),
    };
    html! { span class=(class) { (word) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, RunId};
    use crate::web::acme::now;

    fn members(rows: u32, present: u64) -> WithheldRows {
        let entropy = Entropy::seeded(1);
        let part = Part::Group(directory::GroupId::new("g").unwrap());
        let rows: roaring::RoaringBitmap = (0..rows).collect();
        let thresholds = directory::Thresholds::default();
        WithheldRows {
            id: WithheldId::new(&entropy, now()),
            run: RunId::new(&entropy, now()),
            at: now(),
            open: rows.clone(),
            withheld: directory::Withheld { rule: Rule::MembersMissing, part, present, thresholds, rows },
            state: WithheldState::Open,
            closed: None,
        }
    }

    #[test]
    fn the_numbers_of_the_rule_are_true_also_of_rows_that_others_waited_with() {
        assert!(explanation(&members(20, 126)).starts_with("That is more than 10 % of 126"));
        assert!(explanation(&members(10, 126)).starts_with("With those of the same part that waited already, that is"));
        assert!(explanation(&members(7, 7)).contains("would be empty"));
    }
}
