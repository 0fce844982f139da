//! The names that open choices have: tags, companies, domains, roles, statuses. What completion offers, each with how many
//! carry it.

use directory::fold_text;
use filter::{FieldId, Suggestion};

use super::fields::Asked;
use super::{Board, CUSTOMER, JIRA_USER, Tables, is_system_tag};
use crate::field::Entity;

/// The names in the tables.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'t> {
    tables: &'t Tables,
    board: &'t Board,
}

impl<'t> Vocabulary<'t> {
    /// The names that filters about contacts or companies may use.
    pub fn of(tables: &'t Tables, entity: Entity) -> Vocabulary<'t> {
        Vocabulary { tables, board: tables.of(entity) }
    }

    /// Words that may be meant, with how many carry each; at most so many companies.
    fn words(&self, asked: Asked, (wanted, limit): (&str, usize)) -> Vec<(String, u64)> {
        let board = self.board;
        let fits = |word: &str| fold_text(word).contains(wanted);
        let owned = |words: Vec<(&str, u64)>| {
            words.into_iter().filter(|(word, _)| fits(word)).map(|(word, count)| (word.to_owned(), count)).collect()
        };
        match asked {
            Asked::Tag => {
                let mut words: Vec<(String, u64)> = owned(board.tags.counted(&board.live));
                let system = [(JIRA_USER, board.synced.len()), (CUSTOMER, board.customers.len())];
                words.extend(
                    system
                        .iter()
                        .filter(|(tag, count)| *count > 0 && fits(tag))
                        .map(|(tag, count)| ((*tag).to_owned(), *count)),
                );
                words
            }
            Asked::Domain => owned(board.domains.counted(&board.live)),
            Asked::Role => owned(board.roles.counted(&board.live)),
            Asked::Status => owned(board.statuses.counted(&board.live)),
            Asked::Company => {
                let companies = &self.tables.companies;
                let found = companies.names.contains(wanted);
                let mut words: Vec<(String, u64)> = found
                    .iter()
                    .filter_map(|row| Some((companies.names.get(row)?.to_owned(), self.tables.contacts_of(row))))
                    .collect();
                words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                words.truncate(limit);
                words
            }
            _ => Vec::new(),
        }
    }
}

impl filter::Vocabulary for Vocabulary<'_> {
    fn suggest(&self, field: FieldId, _: Option<&str>, prefix: &str, limit: usize) -> Vec<Suggestion> {
        let Some(asked) = self.board.asked(field) else { return Vec::new() };
        let wanted = fold_text(prefix);
        let mut all = self.words(asked, (&wanted, limit.saturating_mul(4)));
        let rank = |(word, count): &(String, u64)| (!fold_text(word).starts_with(&wanted), std::cmp::Reverse(*count));
        all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.0.cmp(&b.0)));
        all.truncate(limit);
        let noun = match self.board.entity {
            Entity::Contact => ("contact", "contacts"),
            Entity::Company => ("company", "companies"),
        };
        let detail = |count: u64| format!("{count} {}", if count == 1 { noun.0 } else { noun.1 });
        all.into_iter().map(|(value, count)| Suggestion { value, detail: detail(count) }).collect()
    }

    fn knows(&self, field: FieldId, _: Option<&str>, value: &str) -> bool {
        let board = self.board;
        match board.asked(field) {
            Some(Asked::Tag) => is_system_tag(value) || board.tags.knows(value),
            Some(Asked::Domain) => board.domains.knows(value),
            Some(Asked::Role) => board.roles.knows(value),
            Some(Asked::Status) => board.statuses.knows(value),
            Some(Asked::Company) => {
                let wanted = fold_text(value);
                let companies = &self.tables.companies;
                companies.names.contains(&wanted).iter().any(|row| companies.names.get(row) == Some(wanted.as_str()))
            }
            _ => false,
        }
    }
}
