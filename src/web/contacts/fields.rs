//! Settings, *Contacts*, the fields: defined, changed, put into another order, removed. What a field is of and what its
//! values are stays as it was defined.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::{Entity, Field, FieldKind};
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::define::{self, LONGEST_LABEL, WantedField};
use crate::contacts::trouble::NotDone;
use crate::web::Served;
use crate::web::contacts::{settings, told};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_key::sections;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// Where the fields are.
pub(crate) const HERE: &str = "/settings/contacts/fields";

/// The form of a field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    entity: String,
    kind: String,
    label: String,
    code: String,
    choices: String,
    required: String,
    default: String,
    section: String,
}

impl Entry {
    fn wanted(&self) -> WantedField {
        WantedField {
            label: self.label.clone(),
            code: self.code.clone(),
            choices: self.choices.lines().map(str::to_owned).collect(),
            required: self.required == "yes",
            default: self.default.clone(),
            section: self.section.clone(),
        }
    }

    fn of(field: &Field) -> Entry {
        Entry {
            verb: String::new(),
            entity: field.entity.as_str().to_owned(),
            kind: field.kind.as_str().to_owned(),
            label: field.label.clone(),
            code: field.code.clone(),
            choices: field.choices.join("\n"),
            required: if field.required { "yes" } else { "" }.to_owned(),
            default: field.default.clone().unwrap_or_default(),
            section: field.section.clone(),
        }
    }
}

/// GET /settings/contacts/fields
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    page(&visit, &Entry::default(), html! {}).await
}

/// POST /settings/contacts/fields
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror) = (&visit.entered.context, &visit.mirror);
    let parsed = Entity::parse(&entry.entity).zip(FieldKind::parse(&entry.kind));
    let Some((entity, kind)) = parsed else { return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)) };
    match define::define(context, mirror, (entity, kind, entry.wanted()), &served.entropy).await {
        Ok(_) => Ok(see(HERE)),
        Err(why) => {
            let refusal = told("The field was not defined.", why)?;
            let page = page(&visit, &entry, notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// GET /settings/contacts/fields/{number}
pub(crate) async fn edit(visit: Visit, Path(number): Path<u32>) -> Result<Page, Failure> {
    let field = existing(&visit, number).await?;
    Ok(one(&visit, &field, &Entry::of(&field), html! {}))
}

/// POST /settings/contacts/fields/{number}
pub(crate) async fn change(
    State(served): State<Served>,
    visit: Visit,
    Path(number): Path<u32>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let field = existing(&visit, number).await?;
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let done = match entry.verb.as_str() {
        "earlier" => define::shift(context, mirror, (number, true), entropy).await,
        "later" => define::shift(context, mirror, (number, false), entropy).await,
        "remove" => define::remove(context, mirror, number, entropy).await,
        _ => define::change(context, mirror, (number, entry.wanted()), entropy).await.map(drop),
    };
    match done {
        Ok(()) => Ok(see(HERE)),
        Err(why) => {
            let refusal = told("The field was not changed.", why)?;
            let page = one(&visit, &field, &entry, notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn existing(visit: &Visit, number: u32) -> Result<Field, Failure> {
    let fields = define::list(&visit.mirror).await?;
    let missing = || Failure::Refused(NotDone::NoField.refusal("The field was not found."));
    fields.into_iter().find(|field| field.number == number).ok_or_else(missing)
}

async fn page(visit: &Visit, entry: &Entry, said: Markup) -> Result<Page, Failure> {
    let fields = define::list(&visit.mirror).await?;
    let of = |entity: Entity| fields.iter().filter(|field| field.entity == entity).collect::<Vec<_>>();
    let content = html! {
        (sections(settings::HERE))
        nav.trail aria-label="Breadcrumb" { a href=(settings::HERE) { "Contacts" } }
        div.headline { h1 { "Fields" } }
        p.lead { "What is kept about contacts and companies beside name, address and tags. Filters, lists, files and the API have these fields too." }
        (said)
        @for (entity, title) in [(Entity::Contact, "Fields of contacts"), (Entity::Company, "Fields of companies")] {
            section { h2 { (title) } (table(title, &of(entity))) }
        }
        section {
            h2 { "Define a field" }
            form.fields method="post" action=(HERE) {
                label { "Of" select name="entity" {
                    option value="contact" selected[entry.entity != "company"] { "Contacts" }
                    option value="company" selected[entry.entity == "company"] { "Companies" }
                } }
                label { "Kind" select name="kind" { @for kind in FieldKind::ALL {
                    option value=(kind.as_str()) selected[entry.kind == kind.as_str()] { (kind.in_words()) }
                } } }
                (inputs(entry, None))
                button.primary type="submit" { "Define field" }
            }
        }
    };
    Ok(Page::framed(&visit.frame("Fields", Place::Settings), content))
}

fn table(title: &str, fields: &[&Field]) -> Markup {
    html! {
        @if fields.is_empty() {
            p.hint { "None is defined." }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table {
                    thead { tr { th scope="col" { "Label" } th scope="col" { "Section" } th scope="col" { "Kind" } th.hide-s scope="col" { "In filters" } th.hide-s scope="col" { "Default" } th scope="col" { span.hidden { "Order" } } } }
                    tbody { @for (place, field) in fields.iter().enumerate() { tr {
                        @let address = format!("{HERE}/{}", field.number);
                        th.breaks scope="row" { a.name href=(address) { bdi { (field.label) } } @if field.required { " " span.tag { "required" } } }
                        td.breaks { bdi { (field.section) } }
                        td.breaks { (field.kind.in_words()) }
                        td.hide-s { code { (field.code) } }
                        td.hide-s { @if let Some(default) = &field.default { bdi { (default) } } }
                        td { form.row method="post" action=(address) {
                            @if place > 0 { button.quiet type="submit" name="do" value="earlier" { "Up" span.hidden { " " (field.label) } } }
                            @if place + 1 < fields.len() { button.quiet type="submit" name="do" value="later" { "Down" span.hidden { " " (field.label) } } }
                        } }
                    } } }
                }
            }
        }
    }
}

fn one(visit: &Visit, field: &Field, entry: &Entry, said: Markup) -> Page {
    let address = format!("{HERE}/{}", field.number);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(HERE) { "Fields" } }
        div.headline { h1 { bdi { (field.label) } } span.sub { (field.kind.in_words()) } }
        (said)
        form.fields method="post" action=(address) {
            (inputs(entry, Some(field.kind)))
            button.primary type="submit" name="do" value="save" { "Save" }
        }
        section {
            h2 { "Remove" }
            form method="post" action=(address) {
                p.hint { "Its values are not shown any more, in no list, filter or file." }
                button.danger type="submit" name="do" value="remove" { "Remove field" }
            }
        }
    };
    Page::framed(&visit.frame(&field.label, Place::Settings), content)
}

fn inputs(entry: &Entry, kind: Option<FieldKind>) -> Markup {
    html! {
        label { "Label" input type="text" name="label" value=(entry.label) required maxlength=(LONGEST_LABEL) autocomplete="off"; }
        label { "Section"
            span.hint id="section-hint" { "Fields of one section stand together, under its name." }
            input type="text" name="section" value=(entry.section) maxlength=(LONGEST_LABEL) autocomplete="off" aria-describedby="section-hint";
        }
        label { "Name in filters"
            span.hint id="code-hint" { "Letters and digits. Empty to make it from the label." }
            input type="text" name="code" value=(entry.code) maxlength=(LONGEST_LABEL) autocomplete="off" aria-describedby="code-hint";
        }
        @if kind.is_none_or(|kind| kind == FieldKind::Choice) {
            label { "Words of a choice"
                span.hint id="choices-hint" { "One a line; only for the kind Choice." }
                textarea name="choices" rows="4" aria-describedby="choices-hint" { (entry.choices) }
            }
        }
        label { "Default"
            span.hint id="default-hint" { "What a new record has where nobody says otherwise." }
            input type="text" name="default" value=(entry.default) autocomplete="off" aria-describedby="default-hint";
        }
        label.choice {
            input type="checkbox" name="required" value="yes" checked[entry.required == "yes"];
            span { "Required" span.sub { "Nothing can be saved by hand without it. Contacts that syncing makes may lack it." } }
        }
    }
}
