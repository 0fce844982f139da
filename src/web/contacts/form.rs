//! The form of a contact or a company: what is always there, then the fields that people defined, section by section. What
//! follows an account stands there to be read.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::{Entity, Field, FieldKind, LONGEST_EMAIL, LONGEST_NAME, LONGEST_VALUE, Values};
use maud::{Markup, html};

use crate::contacts::keep::{self, Edit};
use crate::contacts::{define, look};
use crate::nouns::contact::Record;
use crate::web::Served;
use crate::web::contacts::{Of, address, failed, home, told, words};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// What was typed, by name.
#[derive(Clone, Debug, Default)]
struct Entry {
    name: String,
    email: String,
    domains: String,
    tags: String,
    seen: String,
    values: Values,
}

/// GET /contacts/new, GET /companies/new
pub(crate) async fn add(Of(entity): Of, visit: Visit) -> Result<Page, Failure> {
    let fields = fields(&visit, entity).await?;
    let values = fields.iter().filter_map(|field| Some((field.number, field.default.clone()?))).collect();
    Ok(new_page(&visit, entity, (&fields, &Entry { values, ..Entry::default() }), html! {}))
}

/// POST /contacts/new, POST /companies/new
pub(crate) async fn create(
    Of(entity): Of,
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let fields = fields(&visit, entity).await?;
    let entry = Entry::of(&pairs, &visit);
    let edit = entry.edit(&fields);
    match keep::create(&visit.entered.context, &visit.mirror, (entity, edit), &served.entropy).await {
        Ok(record) => Ok(see(address(&record).as_str())),
        Err(why) => {
            let what = format!("The {} was not made.", words::one(entity));
            let refusal = told(&what, why)?;
            let page = new_page(&visit, entity, (&fields, &entry), notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// GET /contacts/{id}/edit, GET /companies/{id}/edit
pub(crate) async fn edit(Of(entity): Of, visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    let (record, fields) = existing(&visit, entity, &id).await?;
    Ok(edit_page(&visit, &record, (&fields, &Entry::from(&record)), html! {}))
}

/// POST /contacts/{id}/edit, POST /companies/{id}/edit
pub(crate) async fn change(
    Of(entity): Of,
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let (record, fields) = existing(&visit, entity, &id).await?;
    let entry = Entry::of(&pairs, &visit);
    let mut edit = entry.edit(&fields);
    edit.seen = entry.seen.parse().ok();
    if record.mark.is_some() {
        // Both stand there to be read only.
        (edit.name, edit.email) = (None, None);
    }
    match keep::change(&visit.entered.context, &visit.mirror, (&id, edit), &served.entropy).await {
        Ok(record) => Ok(see(address(&record).as_str())),
        Err(why) => {
            let refusal = told("The changes were not saved.", why)?;
            let page = edit_page(&visit, &record, (&fields, &entry), notice::refusal(&refusal));
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn fields(visit: &Visit, entity: Entity) -> Result<Vec<Field>, Failure> {
    let all = define::list(&visit.mirror).await?;
    Ok(all.into_iter().filter(|field| field.entity == entity).collect())
}

async fn existing(visit: &Visit, entity: Entity, id: &str) -> Result<(Record, Vec<Field>), Failure> {
    let whole = look::whole(&visit.mirror, (entity, id)).await;
    let whole = whole.map_err(|why| failed("It was not found.", why))?;
    if !whole.record.is_live() {
        return Err(Failure::NotFound("There is no contact or company at this address."));
    }
    Ok((whole.record, whole.fields))
}

impl Entry {
    fn of(pairs: &[(String, String)], visit: &Visit) -> Entry {
        let mut entry = Entry::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => entry.name.clone_from(value),
                "email" => entry.email.clone_from(value),
                "domains" => entry.domains.clone_from(value),
                "tags" => entry.tags.clone_from(value),
                "seen" => entry.seen.clone_from(value),
                name => {
                    if let Some(number) = name.strip_prefix("field").and_then(|number| number.parse().ok()) {
                        entry.values.insert(number, user(value, visit));
                    }
                }
            }
        }
        entry
    }

    fn from(record: &Record) -> Entry {
        Entry {
            name: record.name.clone(),
            email: record.email.clone().unwrap_or_default(),
            domains: record.domains.join(", "),
            tags: record.tags.join(", "),
            seen: record.changed_at.as_microsecond().to_string(),
            values: record.values.clone(),
        }
    }

    fn edit(&self, fields: &[Field]) -> Edit {
        let list = |text: &str| text.split([',', '\n']).map(str::to_owned).collect::<Vec<_>>();
        // A field that the form does not send was left empty by it.
        let values =
            fields.iter().map(|field| (field.number, self.values.get(&field.number).cloned().unwrap_or_default()));
        Edit {
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            domains: Some(list(&self.domains)),
            tags: Some(list(&self.tags)),
            values: values.collect(),
            seen: None,
        }
    }
}

/// The id of the user that an address names, where it names one; what was typed otherwise.
fn user(text: &str, visit: &Visit) -> String {
    let snapshot = &visit.snapshot;
    let key = directory::email_key(text);
    if !key.contains('@') {
        return text.to_owned();
    }
    let found = snapshot
        .by_email()
        .page(
            |row| snapshot.email_key(row).unwrap_or("").cmp(&key).then(std::cmp::Ordering::Greater),
            columns::Direction::Forward,
        )
        .next();
    let found = found.filter(|row| snapshot.email_key(*row) == Some(key.as_str()));
    found.and_then(|row| snapshot.account_row(row)).map_or_else(|| text.to_owned(), |row| row.id.to_owned())
}

fn new_page(visit: &Visit, entity: Entity, (fields, entry): (&[Field], &Entry), said: Markup) -> Page {
    let title = format!("New {}", words::one(entity));
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(home(entity)) { (if entity == Entity::Contact { "Contacts" } else { "Companies" }) } }
        div.headline { h1 { (title) } }
        (said)
        form.fields method="post" action=(home(entity).below("new")) {
            (always(entity, entry, false))
            (defined(fields, entry))
            button.primary type="submit" { "Make " (words::one(entity)) }
        }
    };
    Page::framed(&visit.frame(&title, Place::Contacts), content)
}

fn edit_page(visit: &Visit, record: &Record, (fields, entry): (&[Field], &Entry), said: Markup) -> Page {
    let title = format!("Edit {}", record.name);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(address(record)) { bdi { (record.name) } } }
        div.headline { h1 { "Edit " bdi { (record.name) } } (words::system(record.mark.as_ref())) }
        (said)
        form.fields method="post" action=(address(record).below("edit")) {
            input type="hidden" name="seen" value=(entry.seen);
            (always(record.entity, entry, record.mark.is_some()))
            (defined(fields, entry))
            div.row { button.primary type="submit" { "Save" } a.button.quiet href=(address(record)) { "Cancel" } }
        }
    };
    Page::framed(&visit.frame(&title, Place::Contacts), content)
}

fn always(entity: Entity, entry: &Entry, follows: bool) -> Markup {
    html! {
        @if follows {
            p.hint id="follows" { "Name and e-mail address follow the Jira user or customer, and are changed there. Everything else is yours." }
        }
        label { "Name"
            input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off"
                readonly[follows] aria-describedby=[follows.then_some("follows")];
        }
        @if entity == Entity::Contact {
            label { "E-mail"
                input type="text" inputmode="email" name="email" value=(entry.email) maxlength=(LONGEST_EMAIL) autocomplete="off"
                    readonly[follows] aria-describedby=[follows.then_some("follows")];
            }
        } @else {
            label { "Domains"
                span.hint id="domains-hint" { "Of the company's own addresses, with commas: acme.example, acme.test." }
                input type="text" name="domains" value=(entry.domains) autocomplete="off" aria-describedby="domains-hint";
            }
        }
        label { "Tags"
            span.hint id="tags-hint" { "With commas between them." }
            input type="text" name="tags" value=(entry.tags) autocomplete="off" aria-describedby="tags-hint";
        }
    }
}

/// The fields that people defined, section by section, in the order of each one's first field.
fn defined(fields: &[Field], entry: &Entry) -> Markup {
    html! {
        @for (section, fields) in sections(fields) {
            @let inputs = html! { @for field in fields { (input(field, entry.values.get(&field.number).map_or("", String::as_str))) } };
            @if section.is_empty() { (inputs) } @else { fieldset.fields { legend { bdi { (section) } } (inputs) } }
        }
    }
}

/// Sections with their fields.
pub(super) fn sections(fields: &[Field]) -> Vec<(&str, Vec<&Field>)> {
    let mut sections: Vec<(&str, Vec<&Field>)> = Vec::new();
    for field in fields {
        match sections.iter_mut().find(|(section, _)| *section == field.section) {
            Some((_, known)) => known.push(field),
            None => sections.push((&field.section, vec![field])),
        }
    }
    sections
}

fn input(field: &Field, value: &str) -> Markup {
    let name = format!("field{}", field.number);
    let hint = format!("{name}-hint");
    html! {
        label { bdi { (field.label) }
            @match field.kind {
                FieldKind::Choice => {
                    select name=(name) required[field.required] {
                        @if !field.required || value.is_empty() { option value="" { "" } }
                        @for choice in &field.choices { option value=(choice) selected[choice == value] { (choice) } }
                    }
                }
                FieldKind::Address => textarea name=(name) rows="3" maxlength=(LONGEST_VALUE) required[field.required] { (value) },
                FieldKind::Date => input type="date" name=(name) value=(value) required[field.required];,
                FieldKind::Number => input type="number" step="1" name=(name) value=(value) required[field.required];,
                FieldKind::Telephone => input type="tel" name=(name) value=(value) required[field.required] maxlength="60";,
                FieldKind::Email => input type="text" inputmode="email" name=(name) value=(value) required[field.required] maxlength=(LONGEST_EMAIL);,
                FieldKind::User => {
                    span.hint id=(hint) { "An account id, or the e-mail address of a user." }
                    input type="text" name=(name) value=(value) required[field.required] maxlength="200" aria-describedby=(hint);
                }
                FieldKind::Text => input type="text" name=(name) value=(value) required[field.required] maxlength=(LONGEST_VALUE);,
            }
        }
    }
}
