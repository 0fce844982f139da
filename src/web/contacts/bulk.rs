//! What is done to all records that a filter finds: tags, a value, a company; and deleting them. How many it concerns stands
//! before every button, and a run does it.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::{Entity, Field, LONGEST_NAME, LONGEST_VALUE, Values};
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::answer::answer;
use crate::contacts::bulk::{self, BulkEdit, TYPED_FROM};
use crate::contacts::trouble::NotDone;
use crate::contacts::{define, relate};
use crate::web::Served;
use crate::web::contacts::{Of, home, run, settings, told, words};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
}

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    q: String,
    count: String,
    add_tags: String,
    remove_tags: String,
    field: String,
    value: String,
    company: String,
    role: String,
    typed: String,
}

/// GET /contacts/bulk, GET /companies/bulk
pub(crate) async fn show(Of(entity): Of, visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    page(&visit, entity, &Entry { q: ask.q, ..Entry::default() }, html! {}).await
}

/// POST /contacts/bulk, POST /companies/bulk
pub(crate) async fn submit(
    Of(entity): Of,
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let numbers = found(&visit, entity, &entry.q).await?;
    let asked = match numbers {
        None => Err(NotDone::Invalid("the filter has errors".to_owned())),
        // Whoever is found by now must be those who were looked at.
        Some(numbers) if entry.count.parse() != Ok(numbers.len()) => Err(NotDone::Stale),
        Some(numbers) => match entry.verb.as_str() {
            "change" => match entry.edit(&visit).await? {
                Ok(edit) => bulk::change(context, mirror, (entity, numbers, edit), entropy).await,
                Err(why) => Err(why),
            },
            "delete" => {
                bulk::delete(context, mirror, (entity, numbers, entry.typed.trim().parse().ok()), entropy).await
            }
            _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
        },
    };
    match asked {
        Ok(id) => Ok(see(Address::new(run::HERE).below(id.as_str()).as_str())),
        Err(why) => {
            let refusal = told("Nothing was begun.", why)?;
            let page = page(&visit, entity, &entry, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

impl Entry {
    async fn edit(&self, visit: &Visit) -> Result<Result<BulkEdit, NotDone>, Failure> {
        let list = |text: &str| {
            text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect::<Vec<_>>()
        };
        let values: Values = self.field.parse().ok().map(|field| (field, self.value.clone())).into_iter().collect();
        let company = match self.company.trim() {
            "" => None,
            name => match relate::company(&visit.mirror, name).await {
                Ok(one) => Some((one.id.to_string(), self.role.trim().to_owned())),
                Err(why) => return Ok(Err(why)),
            },
        };
        Ok(Ok(BulkEdit { add_tags: list(&self.add_tags), remove_tags: list(&self.remove_tags), values, company }))
    }
}

/// The records that a filter finds; `None` where it has errors.
async fn found(visit: &Visit, entity: Entity, q: &str) -> Result<Option<Vec<u32>>, Failure> {
    let tables = visit.mirror.contacts().await?;
    let answered = answer(&tables, (entity, q.trim()), (visit.reader.now, &visit.reader.zone));
    Ok((!answered.has_errors).then(|| answered.all()))
}

async fn page(visit: &Visit, entity: Entity, entry: &Entry, said: Markup) -> Result<Page, Failure> {
    let found = found(visit, entity, &entry.q).await?.unwrap_or_default();
    let actor = visit.entered.context.actor.clone();
    let may = visit.mirror.store().read(move |tx| bulk::may_delete(tx, &actor)).await?;
    let fields = define::list(&visit.mirror).await?;
    let own: Vec<&Field> = fields.iter().filter(|field| field.entity == entity).collect();
    let (count, here) = (found.len() as u64, home(entity).below("bulk"));
    let title = format!("{} {}", number(count), if count == 1 { words::one(entity) } else { words::many(entity) });
    let hidden = html! {
        input type="hidden" name="q" value=(entry.q);
        input type="hidden" name="count" value=(count);
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(home(entity).with("q", &entry.q)) { (if entity == Entity::Contact { "Contacts" } else { "Companies" }) } }
        div.headline { h1 { (title) } span.sub { @if entry.q.trim().is_empty() { "all of them" } @else { "found by " code { (entry.q) } } } }
        (said)
        @if count == 0 { (notice::empty("Nothing is found, so nothing can be done.", html! {})) } @else {
            section aria-labelledby="change" {
                h2 id="change" { "Change all of them" }
                p.hint { "What is left empty stays. Name and address of synced contacts stay in any case." }
                form.fields method="post" action=(here) {
                    (hidden)
                    label { "Give tags" input type="text" name="add_tags" value=(entry.add_tags) maxlength=(LONGEST_VALUE) autocomplete="off" placeholder="With commas"; }
                    label { "Take tags away" input type="text" name="remove_tags" value=(entry.remove_tags) maxlength=(LONGEST_VALUE) autocomplete="off" placeholder="With commas"; }
                    @if !own.is_empty() {
                        label { "Field" select name="field" { option value="" { "None" } @for field in &own { option value=(field.number) selected[entry.field == field.number.to_string()] { (field.label) } } } }
                        label { "Its value" span.hint id="value-hint" { "Empty takes the value away." } input type="text" name="value" value=(entry.value) maxlength=(LONGEST_VALUE) autocomplete="off" aria-describedby="value-hint"; }
                    }
                    @if entity == Entity::Contact {
                        label { "Put into the company" input type="text" name="company" value=(entry.company) maxlength=(LONGEST_NAME) autocomplete="off"; }
                        label { "Role there" input type="text" name="role" value=(entry.role) maxlength=(LONGEST_NAME) autocomplete="off"; }
                    }
                    button.primary type="submit" name="do" value="change" { "Change " (title) }
                }
            }
            section aria-labelledby="delete" {
                h2 id="delete" { "Delete all of them" }
                @if may {
                    p.hint { "Fields, notes and history are gone then. " @if entity == Entity::Contact { "Synced contacts are left out and listed in the run." } }
                    form.fields method="post" action=(here) {
                        (hidden)
                        @if count >= TYPED_FROM { label { "Type " (count) input type="text" inputmode="numeric" name="typed" required autocomplete="off"; } }
                        button.danger type="submit" name="do" value="delete" { "Delete " (title) }
                    }
                } @else {
                    p { "Deleting many at once is a power of its own, and it was not given to you. An administrator gives it under " a href=(format!("{}#power", settings::HERE)) { "Settings, Contacts" } "." }
                }
            }
        }
    };
    Ok(Page::framed(&visit.frame(&title, Place::Contacts), content))
}
