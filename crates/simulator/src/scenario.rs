//! A whole simulation as a JSON file: population, limits, answers, faults, changes. Reading it must explain what is
//! wrong and where; a scenario that is half understood is refused.

use serde::{Deserialize, Serialize};

use crate::answers::Answers;
use crate::endpoint::pattern_matches;
use crate::endpoints::ENDPOINTS;
use crate::fault::Fault;
use crate::limits::Limits;
use crate::population::Population;
use crate::schedule::ScheduledChange;
use crate::server::Options;

/// A simulation that can be written down. Every part may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Size and seed.
    pub population: Population,
    /// Rate limits.
    pub limits: Limits,
    /// Answers where upstream's descriptions are silent.
    pub answers: Answers,
    /// Faults on schedule.
    pub faults: Vec<Fault>,
    /// Changes on schedule.
    pub changes: Vec<ScheduledChange>,
}

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not a scenario.
    #[error("line {line}, column {column}: {message}; {hint}")]
    Syntax {
        /// The line, from 1 on.
        line: usize,
        /// The column, from 1 on.
        column: usize,
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// A fault or change names a path that no endpoint has.
    #[error(
        "{part} {number}: no endpoint matches the path {path:?}; write a template such as {example:?}, a part of one, or a pattern with *"
    )]
    UnknownPath {
        /// `fault` or `change`.
        part: &'static str,
        /// Its number in the list, from 1 on.
        number: usize,
        /// The path.
        path: String,
        /// A template that exists.
        example: &'static str,
    },
    /// A number of the population is out of its bounds.
    #[error("population.{field} is {value}; it must be between {least} and {most}")]
    OutOfBounds {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
}

impl Scenario {
    /// Reads a scenario, and checks its numbers and paths.
    pub fn from_json(text: &str) -> Result<Scenario, ScenarioError> {
        let scenario: Scenario = serde_json::from_str(text).map_err(|error| explain(&error))?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The options of this scenario, on the given clock and port by default.
    pub fn options(&self) -> Options {
        Options {
            limits: self.limits.clone(),
            answers: self.answers.clone(),
            faults: self.faults.clone(),
            changes: self.changes.clone(),
            ..Options::default()
        }
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let population = &self.population;
        let bounds = [
            ("users", u64::from(population.users), 10, 1_000_000),
            ("directories", u64::from(population.directories), 1, 8),
            ("sites", u64::from(population.sites.unwrap_or(1)), 1, 16),
            ("groups", u64::from(population.groups.unwrap_or(1)), 1, 250_000),
        ];
        for (field, value, least, most) in bounds {
            if !(least..=most).contains(&value) {
                return Err(ScenarioError::OutOfBounds { field, value, least, most });
            }
        }
        let faults = self.faults.iter().map(|fault| ("fault", fault.path.as_str())).enumerate();
        let changes = self.changes.iter().map(|change| ("change", change.path.as_str())).enumerate();
        for (index, (part, path)) in faults.chain(changes) {
            if !ENDPOINTS.iter().any(|endpoint| pattern_matches(path, endpoint.template)) {
                return Err(ScenarioError::UnknownPath {
                    part,
                    number: index + 1,
                    path: path.to_owned(),
                    example: "/admin/v2/orgs/{o}/directories/{d}/users/search",
                });
            }
        }
        Ok(())
    }
}

fn explain(error: &serde_json::Error) -> ScenarioError {
    use serde_json::error::Category;
    let message = error.to_string();
    // The place is told apart from the message, which repeats it at its end.
    let message = message.rsplit_once(" at line ").map_or(message.clone(), |(message, _)| message.to_owned());
    let hint = match error.classify() {
        Category::Syntax => "check commas, quotes and brackets there",
        Category::Eof => "the text ends too early: a bracket is not closed",
        Category::Data if message.starts_with("unknown field") => "a field is misspelt or stands in the wrong place",
        Category::Data if message.starts_with("unknown variant") => "use one of the names listed",
        Category::Data | Category::Io => "the value has the wrong type or is missing",
    };
    ScenarioError::Syntax { line: error.line(), column: error.column(), message, hint }
}
