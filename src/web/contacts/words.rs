//! Words of contacts for people: tags, states, values. Everything from outside stands isolated.

use contact::board::system_tags;
use contact::field::{Entity, Field, FieldKind};
use contact::sync::Mark;
use directory::{Snapshot, Status};
use maud::{Markup, html};

use crate::web::ui::address::Address;
use crate::web::ui::person::status_word;

/// One of them, in a sentence.
pub(super) fn one(entity: Entity) -> &'static str {
    match entity {
        Entity::Contact => "contact",
        Entity::Company => "company",
    }
}

/// Several of them.
pub(super) fn many(entity: Entity) -> &'static str {
    match entity {
        Entity::Contact => "contacts",
        Entity::Company => "companies",
    }
}

/// The tags that syncing gives.
pub(super) fn system(mark: Option<&Mark>) -> Markup {
    html! { @for tag in system_tags(mark) { " " span.tag.key { (tag) } } }
}

/// How the account that leads a contact stands.
pub(super) fn status(status: &str) -> Markup {
    let known = Status::parse(status);
    let class = match known {
        Status::Active => "tag good",
        Status::Suspended => "tag warn",
        Status::ForDeletion | Status::Closed => "tag bad",
        _ => "tag",
    };
    let word = match status {
        "former" => "Former",
        "inactive" => "Inactive",
        _ => status_word(&known),
    };
    html! { span class=(class) { bdi { (word) } } }
}

/// A value as its field shows it.
pub(super) fn value(field: &Field, text: &str, snapshot: &Snapshot) -> Markup {
    match field.kind {
        FieldKind::Email => html! { a href=(format!("mailto:{text}")) { bdi { (text) } } },
        FieldKind::Address => html! { @for line in text.lines() { bdi { (line) } br; } },
        FieldKind::User => {
            let row = snapshot.account(text).and_then(|account| snapshot.account_row(account));
            html! {
                @match row {
                    Some(row) => { a href=(Address::person(row.id)) { bdi { (row.name) } } }
                    None => { bdi { (text) } " " span.sub { "not in this organization" } }
                }
            }
        }
        _ => html! { bdi { (text) } },
    }
}
