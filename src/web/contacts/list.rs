//! The list of contacts, or of companies: found by a filter, sorted, paged, with columns of one's own choice. Everything it
//! shows has an address.

use std::sync::Arc;

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use contact::board::{Tables, Vocabulary};
use contact::field::{Entity, Field};
use filter::Direction;
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::answer::{Answered, answer};
use crate::contacts::listing::{self, Listed};
use crate::web::assets;
use crate::web::contacts::{Of, address, files, home, strip, words};
use crate::web::failure::Failure;
use crate::web::listing::{Cursor, Slice, Turn};
use crate::web::people::complete::{At, completion};
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::diagnosed::{Understood, said};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// What an address asks for. Everything may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
    sort: String,
    order: String,
    after: String,
    before: String,
    /// The fields of one's own choice, by their codes and with blanks.
    columns: String,
}

const LIMIT: usize = 50;
/// The most columns of fields at once.
const MOST_COLUMNS: usize = 12;

/// What the list is made of.
struct Shown<'a> {
    ask: &'a Ask,
    entity: Entity,
    tables: &'a Arc<Tables>,
    visit: &'a Visit,
    columns: Vec<&'a Field>,
}

/// GET /contacts, GET /companies
pub(crate) async fn show(
    Of(entity): Of,
    visit: Visit,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page, Failure> {
    let ask = Ask::of(&pairs);
    let tables = visit.mirror.contacts().await?;
    let fields = tables.of(entity).fields();
    let codes: Vec<&str> = ask.columns.split_whitespace().take(MOST_COLUMNS).collect();
    let columns = codes.iter().filter_map(|code| fields.iter().find(|field| field.code == *code)).collect();
    let shown = Shown { ask: &ask, entity, tables: &tables, visit: &visit, columns };
    let content = shown.content().await?;
    let title = if entity == Entity::Contact { "Contacts" } else { "Companies" };
    Ok(Page::framed(&visit.frame(title, Place::Contacts), content))
}

/// GET /contacts/complete, GET /companies/complete
pub(crate) async fn complete(Of(entity): Of, visit: Visit, Query(at): Query<At>) -> Result<Response, Failure> {
    let tables = visit.mirror.contacts().await?;
    Ok(completion(&at, tables.of(entity).catalogue(), &Vocabulary::of(&tables, entity)).into_response())
}

impl Ask {
    /// An address may choose a column by a tick each, or all of them by their codes.
    fn of(pairs: &[(String, String)]) -> Ask {
        let mut ask = Ask::default();
        for (name, value) in pairs {
            match name.as_str() {
                "q" => ask.q.clone_from(value),
                "sort" => ask.sort.clone_from(value),
                "order" => ask.order.clone_from(value),
                "after" => ask.after.clone_from(value),
                "before" => ask.before.clone_from(value),
                "columns" => ask.columns = format!("{} {value}", ask.columns).trim().to_owned(),
                _ => {}
            }
        }
        ask
    }

    fn is_descending(&self) -> bool {
        self.order == "desc"
    }

    fn address(&self, entity: Entity, sort: &str, descending: bool) -> Address {
        home(entity)
            .with("q", self.q.trim())
            .with("sort", if sort == "name" { "" } else { sort })
            .with("order", if descending { "desc" } else { "" })
            .with("columns", &self.columns)
    }
}

impl Shown<'_> {
    /// The field that the address sorts by.
    fn sort(&self) -> String {
        let catalogue = self.tables.of(self.entity).catalogue();
        let known = catalogue.find(&self.ask.sort).map(|id| catalogue.field(id)).filter(|field| field.sortable);
        known.map_or_else(|| "name".to_owned(), |field| field.name.to_string())
    }

    fn ordered(&self) -> Vec<filter::Order> {
        let direction = if self.ask.is_descending() { Direction::Descending } else { Direction::Ascending };
        let field = self.tables.of(self.entity).catalogue().find(&self.sort());
        field.map(|field| filter::Order { field, argument: None, direction }).into_iter().collect()
    }

    fn here(&self) -> Address {
        self.ask.address(self.entity, &self.sort(), self.ask.is_descending())
    }

    async fn content(&self) -> Result<Markup, Failure> {
        let (entity, ask) = (self.entity, self.ask);
        let answered = answer(self.tables, (entity, ask.q.trim()), (self.visit.reader.now, &self.visit.reader.zone));
        let all = self.tables.of(entity).live().len();
        let found = self.found(&answered, all).await?;
        let title = if entity == Entity::Contact { "Contacts" } else { "Companies" };
        let hint = match entity {
            Entity::Contact => "Name, e-mail, or a filter: company ~ acme AND tag = \"Jira User\"",
            Entity::Company => "Name, domain, or a filter: contacts > 10",
        };
        Ok(html! {
            div.headline {
                h1 { (title) }
                span.sub id="matched" {
                    span.num { (number(answered.found.matching.len())) } " of " span.num { (number(all)) }
                }
                span.grow {}
                a.button.primary href=(home(entity).below("new")) { "New " (words::one(entity)) }
            }
            (strip(home(entity).as_str()))
            form.filter.find method="get" action=(home(entity)) role="search" {
                input type="search" name="q" value=(ask.q) placeholder=(hint) aria-label="Filter"
                    maxlength=(filter::MAX_CHARACTERS) autocomplete="off" spellcheck="false" data-complete=(home(entity).below("complete"));
                @for (name, value) in [("sort", &ask.sort), ("order", &ask.order), ("columns", &ask.columns)] {
                    @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
                }
                button.primary type="submit" { "Search" }
                @if !ask.q.trim().is_empty() { a.button.quiet href=(home(entity)) { "Clear" } }
            }
            (self.usual())
            div id="found" { (found) }
            (self.choice())
            script src=(assets::finder_address()) defer {}
        })
    }

    /// Questions that are asked often, as one click.
    fn usual(&self) -> Markup {
        let usual: &[(&str, &str)] = match self.entity {
            Entity::Contact => &[
                ("Synced", "synced = yes"),
                ("Regular", "synced = no"),
                ("Customers", "isCustomer = yes"),
                ("Without company", "company IS EMPTY"),
                ("Without e-mail", "email IS EMPTY"),
                ("Account not active", "status IS NOT EMPTY AND status != active"),
            ],
            Entity::Company => &[("Without contacts", "contacts = 0"), ("Without domain", "domain IS EMPTY")],
        };
        let of = |q: &str| {
            let at = (self.visit.reader.now, &self.visit.reader.zone);
            answer(self.tables, (self.entity, q), at).found.matching.len()
        };
        html! {
            nav.chips aria-label="Usual questions" {
                @for (title, q) in usual {
                    a href=(Ask { q: (*q).to_owned(), ..self.ask.clone() }.address(self.entity, &self.sort(), self.ask.is_descending()))
                        aria-current=[(self.ask.q.trim() == *q).then_some("true")] {
                        (title) " " span.num { (number(of(q))) }
                    }
                }
            }
        }
    }

    async fn found(&self, answered: &Answered, all: u64) -> Result<Markup, Failure> {
        let of_address = self.ordered();
        let order = if answered.query.order.is_empty() { &of_address } else { &answered.query.order };
        let slice = answered.slice(order, &Turn::parse(&self.ask.after, &self.ask.before), LIMIT);
        let rows = listing::listed(&self.visit.mirror, self.entity, &slice.rows).await?;
        let canonical = answered.query.expression.is_some().then(|| answered.canonical());
        let understood = Understood { diagnostics: &answered.diagnostics, has_errors: answered.has_errors, canonical };
        Ok(html! {
            (said(&self.ask.q, &understood, |better| {
                Ask { q: better.to_owned(), ..self.ask.clone() }.address(self.entity, &self.sort(), self.ask.is_descending())
            }))
            @if !answered.found.unknown.is_empty() {
                p.hint { (number(answered.found.unknown.len())) " have no value that could be compared; they are not in the list." }
            }
            @if rows.is_empty() { (self.none(all)) } @else {
                (self.table(&rows, &slice))
                @if !answered.has_errors {
                    p.hint {
                        "All " (number(answered.found.matching.len())) ": " (files::links(self.entity, &self.ask.q)) " · "
                        a href=(home(self.entity).below("bulk").with("q", self.ask.q.trim())) { "Change or delete all of them" }
                    }
                }
            }
        })
    }

    fn none(&self, all: u64) -> Markup {
        let entity = self.entity;
        if all == 0 {
            return empty(
                match entity {
                    Entity::Contact => "There is no contact yet.",
                    Entity::Company => "There is no company yet.",
                },
                html! {
                    p { "Make one by hand." @if entity == Entity::Contact { " Jira User Syncing makes one of each Jira user and each customer of a service desk." } }
                    p { a.button href=(home(entity).below("new")) { "New " (words::one(entity)) } }
                },
            );
        }
        empty(
            &format!("Nothing is found by “{}”.", self.ask.q.trim()),
            html! {
                p { "A plain word is looked for in names and " @if entity == Entity::Contact { "e-mail addresses" } @else { "domains" } ", in any case and with or without accents." }
                p { a.button href=(home(entity)) { "Show all " (number(all)) } }
            },
        )
    }

    fn table(&self, rows: &[Listed], slice: &Slice) -> Markup {
        let turn =
            |name, cursor: &Option<Cursor>| cursor.as_ref().map(|cursor| self.here().with(name, &cursor.to_text()));
        let contacts = self.entity == Entity::Contact;
        html! {
            div.scroll tabindex="0" role="region" aria-label=(if contacts { "Contacts" } else { "Companies" }) {
                table {
                    thead { tr {
                        (self.heading("name", "Name", ""))
                        @if contacts {
                            (self.heading("email", "E-mail", "hide-s"))
                            th.hide-s scope="col" { "Companies" }
                            th.hide-m scope="col" { "Account" }
                        } @else {
                            th.hide-s scope="col" { "Domains" }
                            (self.heading("contacts", "Contacts", "num"))
                        }
                        @for field in &self.columns { (self.heading(&field.code, &field.label, "")) }
                        (self.heading("changed", "Changed", "num hide-m"))
                    } }
                    tbody { @for row in rows { tr {
                        @let record = &row.record;
                        th.breaks scope="row" {
                            a.name href=(address(record)) { bdi { (record.name) } }
                            (words::system(record.mark.as_ref()))
                            @if let Some(email) = record.email.as_ref().filter(|_| contacts) { span.sub.only-s { bdi { (email) } } }
                            @for tag in record.tags.iter().take(3) { " " span.tag { bdi { (tag) } } }
                            @if record.tags.len() > 3 { span.sub { " +" (record.tags.len() - 3) } }
                        }
                        @if contacts {
                            td.hide-s { @match &record.email { Some(email) => { bdi { (email) } } None => { span.sub { "none" } } } }
                            td.hide-s { @for (place, (company, role)) in row.companies.iter().enumerate().take(2) {
                                @if place > 0 { ", " }
                                a href=(address(company)) { bdi { (company.name) } }
                                @if !role.is_empty() { " " span.sub { bdi { (role) } } }
                            } @if row.companies.len() > 2 { span.sub { " +" (row.companies.len() - 2) } } }
                            td.hide-m { @if let Some(mark) = &record.mark { (words::status(&mark.status)) } }
                        } @else {
                            td.hide-s { bdi { (record.domains.join(", ")) } }
                            td.num { (number(self.tables.contacts_of(record.number))) }
                        }
                        @for field in &self.columns {
                            td { @if let Some(text) = record.values.get(&field.number) { (words::value(field, text, &self.visit.snapshot)) } }
                        }
                        td.num.hide-m { (self.visit.reader.relative(record.changed_at)) }
                    } } }
                }
            }
            (paging("Pages", turn("before", &slice.previous), turn("after", &slice.next)))
        }
    }

    fn heading(&self, sort: &str, title: &str, class: &str) -> Markup {
        let catalogue = self.tables.of(self.entity).catalogue();
        if !catalogue.find(sort).is_some_and(|id| catalogue.field(id).sortable) {
            return html! { th scope="col" class=(class) { bdi { (title) } } };
        }
        let current = self.sort() == sort;
        let down = self.ask.is_descending();
        let descending = if current { !down } else { matches!(sort, "changed" | "contacts") };
        let sorted = current.then_some(if down { "descending" } else { "ascending" });
        html! {
            th scope="col" class=(class) aria-sort=[sorted] {
                a href=(self.ask.address(self.entity, sort, descending)) {
                    bdi { (title) }
                    @if current { span aria-hidden="true" { (if down { " ↓" } else { " ↑" }) } }
                }
            }
        }
    }

    /// The choice of columns, where there are fields to choose from.
    fn choice(&self) -> Markup {
        let fields = self.tables.of(self.entity).fields();
        html! {
            @if !fields.is_empty() {
                details {
                    summary { "Columns" }
                    form.fields method="get" action=(home(self.entity)) {
                        @for (name, value) in [("q", &self.ask.q), ("sort", &self.ask.sort), ("order", &self.ask.order)] {
                            @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
                        }
                        fieldset {
                            legend { "Fields to show" }
                            @for field in fields {
                                label.choice {
                                    input type="checkbox" name="columns" value=(field.code) checked[self.columns.iter().any(|column| column.number == field.number)];
                                    span { bdi { (field.label) } span.sub { code { (field.code) } } }
                                }
                            }
                        }
                        button type="submit" { "Show columns" }
                    }
                }
            }
        }
    }
}
