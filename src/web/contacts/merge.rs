//! Merging two records, seen side by side before; and contacts that may be the same person.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::duplicates::Reason;
use contact::field::{Entity, Field};
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::{define, merge};
use crate::nouns::contact::Record;
use crate::web::Served;
use crate::web::contacts::{Of, address, failed, home, strip, told, words};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, empty};
use crate::web::visit::Visit;

/// Where contacts are that may be the same.
pub(crate) const DUPLICATES: &str = "/contacts/duplicates";

/// Which two.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Two {
    keep: String,
    other: String,
}

/// GET /contacts/merge, GET /companies/merge
pub(crate) async fn show(Of(entity): Of, visit: Visit, Query(two): Query<Two>) -> Result<Page, Failure> {
    page(&visit, entity, &two, html! {}).await
}

/// POST /contacts/merge, POST /companies/merge
pub(crate) async fn submit(
    Of(entity): Of,
    State(served): State<Served>,
    visit: Visit,
    Form(two): Form<Two>,
) -> Result<Response, Failure> {
    match merge::merge(&visit.entered.context, &visit.mirror, (&two.keep, &two.other), &served.entropy).await {
        Ok(record) => Ok(see(address(&record).as_str())),
        Err(why) => {
            let refusal = told("They were not merged.", why)?;
            let page = page(&visit, entity, &two, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, entity: Entity, two: &Two, said: Markup) -> Result<Page, Failure> {
    let both = merge::both(&visit.mirror, (entity, [&two.keep, &two.other])).await;
    let both = both.map_err(|why| failed("They cannot be merged.", why))?;
    let fields = define::list(&visit.mirror).await?;
    let [keep, other] = &*both;
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(home(entity)) { (if entity == Entity::Contact { "Contacts" } else { "Companies" }) } }
        div.headline { h1 { "Merge two " (words::many(entity)) } }
        (said)
        p.lead { "The first stays and takes in what it lacks: links, accounts, tags, values, notes and history. The second is gone then; its address leads to the first." }
        (beside(keep, other, &fields, visit))
        form.row method="post" action=(home(entity).below("merge")) {
            input type="hidden" name="keep" value=(keep.id.as_str());
            input type="hidden" name="other" value=(other.id.as_str());
            button.primary type="submit" { "Merge into " bdi { (keep.name) } }
            a.button href=(home(entity).below("merge").with("keep", other.id.as_str()).with("other", keep.id.as_str())) { "The other way round" }
            a.button.quiet href=(home(entity)) { "Cancel" }
        }
    };
    Ok(Page::framed(&visit.frame("Merge", Place::Contacts), content))
}

fn beside(keep: &Record, other: &Record, fields: &[Field], visit: &Visit) -> Markup {
    let own = fields.iter().filter(|field| field.entity == keep.entity);
    let text = |record: &Record| record.addresses().join(", ");
    html! {
        div.scroll tabindex="0" role="region" aria-label="Side by side" { table {
            thead { tr { th scope="col" { span.hidden { "What" } } th scope="col" { "Stays" } th scope="col" { "Is merged into it" } } }
            tbody {
                tr { th scope="row" { "Name" } td.breaks { a href=(address(keep)) { bdi { (keep.name) } } (words::system(keep.mark.as_ref())) } td.breaks { a href=(address(other)) { bdi { (other.name) } } (words::system(other.mark.as_ref())) } }
                tr { th scope="row" { (if keep.entity == Entity::Contact { "E-mail" } else { "Domains" }) } td.breaks { bdi { (text(keep)) } } td.breaks { bdi { (text(other)) } } }
                @if !keep.tags.is_empty() || !other.tags.is_empty() {
                    tr { th scope="row" { "Tags" } td.breaks { bdi { (keep.tags.join(", ")) } } td.breaks { bdi { (other.tags.join(", ")) } } }
                }
                @for field in own {
                    @let (first, second) = (keep.values.get(&field.number), other.values.get(&field.number));
                    @if first.is_some() || second.is_some() {
                        tr { th scope="row" { bdi { (field.label) } } @for value in [first, second] { td.breaks { @if let Some(value) = value { (words::value(field, value, &visit.snapshot)) } } } }
                    }
                }
                tr { th scope="row" { "Made" } td { (visit.reader.moment(keep.created_at)) } td { (visit.reader.moment(other.created_at)) } }
            }
        } }
    }
}

/// GET /contacts/duplicates
pub(crate) async fn duplicates(visit: Visit) -> Result<Page, Failure> {
    let groups = merge::duplicates(&visit.mirror).await?;
    let content = html! {
        div.headline { h1 { "Duplicates" } span.sub { (number(groups.len() as u64)) @if groups.len() == merge::MOST_GROUPS { " or more" } " groups" } }
        (strip(DUPLICATES))
        p.lead { "Contacts that may be the same person. Nothing is merged by itself." }
        @if groups.is_empty() {
            (empty("No two contacts look like the same person.", html! { p { "Alike are contacts of one e-mail address, and those of one name who share a telephone number, a company or a domain of their own." } }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Groups" { table {
                thead { tr { th scope="col" { "Contacts" } th scope="col" { "Why" } th scope="col" { span.hidden { "What can be done" } } } }
                tbody { @for (group, records) in &groups { tr {
                    td.breaks { @for record in records { div { a href=(address(record)) { bdi { (record.name) } } " " @if let Some(email) = &record.email { span.sub { bdi { (email) } } } (words::system(record.mark.as_ref())) } } }
                    td.breaks { (reason(group.reason)) }
                    td { @if let [first, second, ..] = &**records {
                        @let (stays, goes) = if second.mark.is_some() && first.mark.is_none() { (second, first) } else { (first, second) };
                        a.button href=(home(Entity::Contact).below("merge").with("keep", stays.id.as_str()).with("other", goes.id.as_str())) { "Merge..." }
                    } }
                } } }
            } }
        }
    };
    Ok(Page::framed(&visit.frame("Duplicates", Place::Contacts), content))
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Email => "One e-mail address",
        Reason::Telephone => "One name and one telephone number",
        Reason::Company => "One name and a company in common",
        Reason::Domain => "One name, and addresses of one domain",
    }
}
