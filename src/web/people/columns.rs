//! The choice of columns of the user browser: in the address, and remembered for each administrator. Name and e-mail are
//! always there.

use axum::Form;
use axum::response::Response;
use maud::{Markup, html};

use crate::mirror::preferences;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::people::sort::Sort;
use crate::web::people::{Ask, HERE};
use crate::web::ui::address::Address;
use crate::web::visit::Visit;

/// Where a choice is sent.
pub(crate) const CHOOSE: &str = "/people/columns";

/// A column beside name and e-mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Sites,
    Groups,
    Apps,
    LastActive,
    Status,
    Added,
    JobTitle,
    Department,
    Claim,
    Mfa,
    Seats,
}

/// The columns that are shown, in the order of [`Column::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    shown: Vec<Column>,
    /// Whether somebody has chosen them; else narrow screens leave some out.
    chosen: bool,
}

/// Stands in an address for no column but name and e-mail.
const NAME_ALONE: &str = "name";

impl Column {
    const ALL: [Column; 11] = [
        Column::Sites,
        Column::Groups,
        Column::Apps,
        Column::JobTitle,
        Column::Department,
        Column::Claim,
        Column::Mfa,
        Column::Seats,
        Column::Added,
        Column::LastActive,
        Column::Status,
    ];
    const USUAL: [Column; 5] = [Column::Sites, Column::Groups, Column::Apps, Column::LastActive, Column::Status];

    fn as_str(self) -> &'static str {
        match self {
            Column::Sites => "sites",
            Column::Groups => "groups",
            Column::Apps => "apps",
            Column::LastActive => "last_active",
            Column::Status => "status",
            Column::Added => "added",
            Column::JobTitle => "job_title",
            Column::Department => "department",
            Column::Claim => "claim",
            Column::Mfa => "mfa",
            Column::Seats => "seats",
        }
    }

    /// Its heading.
    pub(super) fn title(self) -> &'static str {
        match self {
            Column::Sites => "Sites",
            Column::Groups => "Groups",
            Column::Apps => "Apps and roles",
            Column::LastActive => "Last active",
            Column::Status => "Status",
            Column::Added => "Added",
            Column::JobTitle => "Job title",
            Column::Department => "Department",
            Column::Claim => "Managed or external",
            Column::Mfa => "Two-step verification",
            Column::Seats => "Seats",
        }
    }

    /// What a heading sorts by, where people have an order for it.
    pub(super) fn sort(self) -> Option<Sort> {
        Some(match self {
            Column::Groups => Sort::Groups,
            Column::LastActive => Sort::LastActive,
            Column::Status => Sort::Status,
            Column::Added => Sort::Added,
            Column::JobTitle => Sort::JobTitle,
            Column::Department => Sort::Department,
            Column::Seats => Sort::Seats,
            Column::Sites | Column::Apps | Column::Claim | Column::Mfa => return None,
        })
    }

    /// How its cells are set.
    pub(super) fn class(self, columns: &Columns) -> &'static str {
        match self {
            Column::LastActive | Column::Added | Column::Seats => "num",
            Column::Sites | Column::Groups | Column::Apps if !columns.chosen => "hide-s",
            _ => "",
        }
    }
}

impl Columns {
    /// What is shown while nobody has chosen.
    pub(crate) fn usual() -> Columns {
        Columns { shown: Column::USUAL.to_vec(), chosen: false }
    }

    /// Reads what an address or a preference says; unknown words are left out.
    pub(crate) fn parse(text: &str) -> Option<Columns> {
        let words: Vec<&str> = text.split(',').map(str::trim).collect();
        let shown: Vec<Column> = Column::ALL.into_iter().filter(|column| words.contains(&column.as_str())).collect();
        (!shown.is_empty() || words.contains(&NAME_ALONE)).then_some(Columns { shown, chosen: true })
    }

    /// What [`Columns::parse`] reads.
    pub(crate) fn to_text(&self) -> String {
        if self.shown.is_empty() {
            return NAME_ALONE.to_owned();
        }
        self.shown.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(",")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Column> {
        self.shown.iter().copied()
    }

    /// The columns that an address asks for, else those that whoever asks has chosen, else the usual ones.
    pub(crate) async fn of(visit: &Visit, ask: &Ask) -> Result<Columns, Failure> {
        if let Some(columns) = Columns::parse(&ask.columns) {
            return Ok(columns);
        }
        let who = visit.entered.who.administrator.clone();
        let chosen = visit.mirror.store().read(move |tx| preferences::columns(tx, &who)).await?;
        Ok(chosen.and_then(|chosen| Columns::parse(&chosen)).unwrap_or_else(Columns::usual))
    }
}

/// POST /people/columns: keeps the choice, and leads to the list that shows it.
pub(crate) async fn choose(visit: Visit, Form(pairs): Form<Vec<(String, String)>>) -> Result<Response, Failure> {
    let value = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let words: Vec<&str> = pairs.iter().filter(|(name, _)| name == "column").map(|(_, word)| word.as_str()).collect();
    let words = if value("usual").is_some() { String::new() } else { format!("{NAME_ALONE},{}", words.join(",")) };
    let chosen = Columns::parse(&words).map(|columns| columns.to_text());
    preferences::choose_columns(&visit.entered.context, &visit.mirror, chosen.clone()).await?;
    let asked = |name: &str| value(name).unwrap_or_default();
    let ask = Ask {
        q: asked("q"),
        status: asked("status"),
        sort: asked("sort"),
        order: asked("order"),
        limit: asked("limit"),
        selection: asked("selection"),
        as_of: asked("as_of"),
        columns: chosen.unwrap_or_default(),
        ..Ask::default()
    };
    Ok(see(ask.address(&Address::new(HERE)).as_str()))
}

/// The boxes, closed at first.
pub(super) fn choice(ask: &Ask, columns: &Columns) -> Markup {
    html! {
        details.choose {
            summary { "Columns" }
            form method="post" action=(CHOOSE) {
                (ask.hidden())
                fieldset.boxes {
                    legend { "Shown beside name and e-mail" }
                    @for column in Column::ALL {
                        label { input type="checkbox" name="column" value=(column.as_str()) checked[columns.shown.contains(&column)]; (column.title()) }
                    }
                }
                div.row {
                    button type="submit" { "Show these" }
                    @if columns.chosen { button.quiet type="submit" name="usual" value="on" { "Show the usual ones" } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_reads_back_in_the_order_of_the_table_and_unknown_words_are_left_out() {
        let columns = Columns::parse("status, mfa,nonsense,sites").unwrap();
        assert_eq!(columns.to_text(), "sites,mfa,status");
        assert_eq!(Columns::parse(&columns.to_text()), Some(columns));
        assert_eq!(Columns::parse("name").map(|columns| columns.to_text()).as_deref(), Some("name"));
        assert_eq!(Columns::parse(""), None);
        assert_eq!(Columns::parse("nonsense"), None);
    }
}
