//! A searchable choice of groups inside a form, without script: chosen groups stay ticked on top, below them those that
//! a part of a name finds. It must not hold more of a large organization than a page can.

use directory::{Ordinal, Snapshot, fold_text};
use maud::{Markup, html};

use crate::web::groups::name;
use crate::web::ui::amount::{counted, number};

/// Groups shown to choose from.
const SHOWN: usize = 20;

/// What the fields of a choice are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naming {
    /// The boxes of groups.
    pub(crate) group: &'static str,
    /// The field that searches.
    pub(crate) find: &'static str,
    /// What is chosen, for whoever hears the page.
    pub(crate) label: &'static str,
}

/// Chosen groups, then those that are found; `button` asks for the page with what was typed.
pub(crate) fn choice(chosen: &[Ordinal], find: &str, button: Markup, snapshot: &Snapshot) -> Markup {
    choice_named(Naming { group: "group", find: "find", label: "Groups" }, (chosen, find), button, snapshot)
}

/// The same with fields of other names, for a form with several choices.
pub(crate) fn choice_named(
    naming: Naming,
    (chosen, find): (&[Ordinal], &str),
    button: Markup,
    snapshot: &Snapshot,
) -> Markup {
    let wanted = fold_text(find);
    let holds = |group: &Ordinal| snapshot.group_row(*group).is_some_and(|row| row.folded_name.contains(&wanted));
    let mut found: Vec<Ordinal> = if wanted.is_empty() && !chosen.is_empty() {
        Vec::new()
    } else {
        let others = snapshot.groups_by_name().iter().filter(|group| !chosen.contains(group));
        others.filter(holds).take(SHOWN + 1).collect()
    };
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    html! {
        div.filter {
            input type="search" name=(naming.find) value=(find) placeholder="Find groups" aria-label=(format!("Find: {}", naming.label))
                maxlength="256" autocomplete="off" spellcheck="false";
            (button)
        }
        div.options role="group" aria-label=(naming.label) {
            @for group in chosen { (option(naming.group, (*group, true), snapshot)) }
            @for group in &found { (option(naming.group, (*group, false), snapshot)) }
        }
        @if found.is_empty() && (chosen.is_empty() || !wanted.is_empty()) {
            p.hint { "No other group is named like this. " (number(snapshot.groups_by_name().len() as u64)) " groups are known." }
        }
        @if more { p.hint { "There are more: find them by a part of their name." } }
    }
}

fn option(name_of: &str, (group, chosen): (Ordinal, bool), snapshot: &Snapshot) -> Markup {
    let Some(row) = snapshot.group_row(group) else { return html! {} };
    let members = snapshot.memberships().members(group).len();
    html! {
        label.choice {
            input type="checkbox" name=(name_of) value=(row.id) checked[chosen];
            span { bdi { (name(row)) } " " span.sub.inline { (counted(members, "member", "members")) } }
        }
    }
}
