//! Who matches a filter. Answers are three-valued as for people; of contacts and companies everything is known, so nothing
//! is unknown but what is not understood.

use directory::find::Found;
use directory::find::choice::{Match, Without, choose, flag, number};
use directory::find::combine::{Answering, combine};
use directory::find::dates;
use directory::find::truth::Truth;
use directory::fold_text;
use filter::{Condition, FieldId, Query, Test};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use super::fields::Asked;
use super::labels::Labels;
use super::{Board, CUSTOMER, Custom, JIRA_USER, Tables};
use crate::field::Entity;

struct Question<'t> {
    tables: &'t Tables,
    board: &'t Board,
    at: (Timestamp, &'t TimeZone),
}

/// Finds the contacts or companies that a query of their catalogue is true of. Relative dates count from `now`; days are
/// days of `zone`.
pub fn evaluate(tables: &Tables, entity: Entity, query: &Query, at: (Timestamp, &TimeZone)) -> Found {
    let board = tables.of(entity);
    let question = Question { tables, board, at };
    let truth = match &query.expression {
        None => Truth::known(board.live.clone()),
        Some(expression) => combine(&question, expression, &board.live),
    };
    Found { matching: truth.yes, unknown: truth.unknown, asked: board.live.clone() }
}

impl Answering for Question<'_> {
    /// A word is searched in names and addresses.
    fn word(&self, text: &str, within: &RoaringBitmap) -> Truth {
        let by_name = self.board.names.contains_among(&fold_text(text), within);
        let by_address = self.board.addresses.contains_among(&self.board.key_of(text), within);
        Truth::known(by_name | by_address)
    }

    fn test(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        match self.board.asked(test.field) {
            Some(asked) => self.answer(asked, &test.condition, within),
            None => Truth::unknown(within),
        }
    }

    fn cost(&self, test: &Test) -> u8 {
        match self.board.asked(test.field) {
            Some(Asked::Name | Asked::Address | Asked::Custom(_)) => 2,
            Some(Asked::Created | Asked::Changed) => 1,
            _ => 0,
        }
    }
}

impl Board {
    /// What a field of the catalogue asks for.
    pub(super) fn asked(&self, field: FieldId) -> Option<Asked> {
        self.asked.get(usize::from(field.0)).copied()
    }
}

impl Question<'_> {
    fn answer(&self, asked: Asked, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let board = self.board;
        match asked {
            Asked::Name => text(&board.names, condition, within, fold_text),
            Asked::Address => text(&board.addresses, condition, within, |text| board.key_of(text)),
            Asked::Domain => labels(&board.domains, condition, within),
            Asked::Role => labels(&board.roles, condition, within),
            Asked::Status => labels(&board.statuses, condition, within),
            Asked::Tag => self.tag(condition, within),
            Asked::Company => self.company(condition, within),
            Asked::Contacts => {
                let count = |row: u32| self.tables.contacts_of(row) as i64;
                let range =
                    |from: i64, to: i64| within.iter().filter(|row| (from..=to).contains(&count(*row))).collect();
                number(condition, range, within)
            }
            Asked::Synced => flag(condition, &board.synced, within, within),
            Asked::User => flag(condition, &board.users, within, within),
            Asked::Customer => flag(condition, &board.customers, within, within),
            Asked::Created => dates::instant(condition, (&board.created, within), within, self.at),
            Asked::Changed => dates::instant(condition, (&board.changed, within), within, self.at),
            Asked::Custom(place) => match (board.custom.get(place), board.fields.get(place)) {
                (Some(Custom::Text(column)), _) => text(column, condition, within, fold_text),
                (Some(Custom::Number(column)), Some(field)) if field.kind == crate::field::FieldKind::Date => {
                    dates::instant(condition, (column, &column.present()), within, self.at)
                }
                (Some(Custom::Number(column)), _) => {
                    let present = column.present();
                    match condition {
                        Condition::Empty => Truth::known(within - &present),
                        Condition::NotEmpty => Truth::known(within & &present),
                        // Whoever has no number matches neither a comparison nor its opposite.
                        _ => {
                            let range = |from, to| column.range_among(Some(from), Some(to), within);
                            let truth = number(condition, range, &(within & &present));
                            Truth { unknown: truth.unknown | (within - &present), yes: truth.yes }
                        }
                    }
                }
                (None, _) => Truth::unknown(within),
            },
        }
    }

    fn tag(&self, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let board = self.board;
        let system = [(JIRA_USER, &board.synced), (CUSTOMER, &board.customers)];
        let any = board.tags.any() | &board.synced;
        let find = |wanted: &str, how| {
            let folded = fold_text(wanted);
            let fits = |tag: &str| match how {
                Match::Whole => fold_text(tag) == folded,
                Match::Part => fold_text(tag).contains(&folded),
            };
            let given = match how {
                Match::Whole => board.tags.whole(wanted),
                Match::Part => board.tags.part(wanted),
            };
            system.iter().filter(|(tag, _)| fits(tag)).fold(given, |all, (_, rows)| all | *rows)
        };
        choose(condition, (&any, Without::None), within, find)
    }

    fn company(&self, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let companies = &self.tables.companies;
        let of = |rows: RoaringBitmap| {
            rows.iter().fold(RoaringBitmap::new(), |all, company| all | self.board.companies.members(company))
        };
        let any = of(companies.live.clone());
        let find = |wanted: &str, how| {
            let wanted = fold_text(wanted);
            let fitting = companies.names.contains(&wanted);
            of(match how {
                Match::Part => fitting,
                Match::Whole => {
                    fitting.iter().filter(|row| companies.names.get(*row) == Some(wanted.as_str())).collect()
                }
            })
        };
        choose(condition, (&any, Without::None), within, find)
    }
}

fn labels(labels: &Labels, condition: &Condition, within: &RoaringBitmap) -> Truth {
    let find = |word: &str, how| match how {
        Match::Whole => labels.whole(word),
        Match::Part => labels.part(word),
    };
    choose(condition, (&labels.any(), Without::None), within, find)
}

fn text(
    column: &columns::TextColumn,
    condition: &Condition,
    within: &RoaringBitmap,
    form: impl Fn(&str) -> String,
) -> Truth {
    let find = |wanted: &str, how| {
        let wanted = form(wanted);
        let found = column.contains_among(&wanted, within);
        match how {
            Match::Part => found,
            Match::Whole => found.iter().filter(|row| column.get(*row) == Some(wanted.as_str())).collect(),
        }
    };
    choose(condition, (&column.present(), Without::None), within, find)
}
