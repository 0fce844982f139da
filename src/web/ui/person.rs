//! A person in a row: initials, name and e-mail, status. Names come from outside: isolated in direction, never trusted.

use directory::{AccountRow, Ordinal, Snapshot, Status};
use maud::{Markup, html};

use crate::web::ui::address::Address;
use crate::web::ui::moment::Reader;

/// Name over e-mail with initials, linked to the person's page.
pub(crate) fn who(row: &AccountRow<'_>) -> Markup {
    html! {
        div.who {
            span.av aria-hidden="true" { (initials(display_name(row))) }
            div {
                a href=(Address::person(row.id)) { bdi { (display_name(row)) } }
                span.sub { @match row.email {
                    Some(email) => { bdi { (email) } }
                    None => "e-mail not shown by Atlassian"
                } }
            }
        }
    }
}

/// The name, or the id of somebody of whom nothing else is known.
pub(crate) fn display_name<'a>(row: &AccountRow<'a>) -> &'a str {
    if row.name.trim().is_empty() { row.id } else { row.name }
}

/// Up to two letters that stand for a name: the first of the first and of the last word, one for scripts without case.
pub(crate) fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let mut letters = name.split_whitespace().filter_map(first);
    let Some(one) = letters.next() else { return "?".to_owned() };
    let cased = one.is_uppercase() || one.is_lowercase();
    let two = letters.next_back().filter(|_| cased);
    [Some(one), two].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

/// The word of a status, for people.
pub(crate) fn status_word(status: &Status) -> &str {
    match status {
        Status::Active => "Active",
        Status::Suspended => "Suspended",
        Status::Deactivated => "Deactivated",
        Status::NotInvited => "Not in directory",
        Status::ForDeletion => "For deletion",
        Status::Closed => "Closed",
        Status::Other(word) => word,
    }
}

/// The tag of somebody's status over all directories.
pub(crate) fn status_tag(row: &AccountRow<'_>) -> Markup {
    let Some(presence) = row.presence else {
        return html! { span.tag { "Former" } };
    };
    let Some(status) = &presence.status else {
        return html! { span.tag.warn { "Unknown" } };
    };
    let class = match status {
        Status::Active => "tag good",
        Status::Suspended => "tag warn",
        Status::ForDeletion | Status::Closed => "tag bad",
        _ => "tag",
    };
    html! { span class=(class) { bdi { (status_word(status)) } } }
}

/// When somebody was last active in any app. *Never* and *unknown* are different words.
pub(crate) fn last_active(snapshot: &Snapshot, account: Ordinal, reader: &Reader) -> Markup {
    let last = snapshot.activity().last(account).and_then(|at| jiff::Timestamp::from_microsecond(at).ok());
    last_use(snapshot, (account, last), reader)
}

/// When somebody last used what is in question.
pub(crate) fn last_use(
    snapshot: &Snapshot,
    (account, last): (Ordinal, Option<jiff::Timestamp>),
    reader: &Reader,
) -> Markup {
    let added = snapshot.account_row(account).and_then(|row| row.added_at);
    match last {
        Some(at) => reader.day_and_age(at),
        None if snapshot.activity().read().contains(account) => never(added, reader),
        None => html! { span.tag title="Activity of this person has not been read yet" { "unknown" } },
    }
}

/// *never*, with the day the person was added.
pub(crate) fn never(added: Option<jiff::Timestamp>, reader: &Reader) -> Markup {
    html! {
        span.tag { "never" }
        @if let Some(added) = added { " " span.sub { "since " (reader.day(added)) } }
    }
}

/// A few names, and how many more there are.
pub(crate) fn few(names: &[&str], most: usize) -> Markup {
    html! {
        @if names.is_empty() { span.sub { "none" } }
        @for name in names.iter().take(most) { span.tag { bdi { (name) } } }
        @if names.len() > most { span.sub { "+" (names.len() - most) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_any_script_and_never_from_marks() {
        let cases = [
            ("Ines Okafor", "IO"),
            ("Łukasz von der Wójcik", "ŁW"),
            ("王秀英", "王"),
            ("ßeta", "SS"),
            ("\u{202e}evil <script>", "ES"),
            ("  ", "?"),
            ("…", "?"),
        ];
        for (name, letters) in cases {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
