//! One request as the handlers see it, and the strict reading of its body and query. Reading refuses what upstream
//! documents as wrong: unknown fields, empty or overlong lists, unknown values, pages out of bounds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::answers::Answers;
use crate::cursor::{Cursor, digest};
use crate::organization::Organization;
use crate::person::Person;
use crate::reply::Refusal;
use crate::resource::{Role, Roles};

/// A request that may be answered: key, rights, limit and content type are checked already.
pub(crate) struct Call<'a> {
    pub(crate) organization: &'a Organization,
    pub(crate) answers: &'a Answers,
    /// Captured segments of the path, decoded.
    pub(crate) captures: &'a [String],
    /// The raw path.
    pub(crate) path: &'a str,
    /// The raw query.
    pub(crate) query: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
    /// Where this server stands, for the addresses of v1.
    pub(crate) base_url: &'a str,
    /// The number of the site that is asked; the first for everything that no site answers.
    pub(crate) site: usize,
    /// Whether the request opts in to what upstream calls experimental.
    pub(crate) experimental: bool,
    /// The secret that the request carries, if it carries one.
    pub(crate) bearer: Option<&'a str>,
}

impl Call<'_> {
    pub(crate) fn capture(&self, index: usize) -> &str {
        self.captures.get(index).map_or("", String::as_str)
    }

    /// The directory segment as a mask; true when it was `-`.
    pub(crate) fn directories(&self, index: usize) -> Result<(u8, bool), Refusal> {
        match self.capture(index) {
            "-" => Ok((self.organization.all_directories(), true)),
            id => match self.organization.find_directory(id) {
                Some(directory) => Ok((1 << directory, false)),
                None => Err(Refusal::no_resource(format!("No directory {id} was found."))),
            },
        }
    }

    /// The person of the path, when in one of the directories of the path; the directories as a mask.
    pub(crate) fn person(&self) -> Result<(&Person, u8), Refusal> {
        let (scope, everywhere) = self.directories(1)?;
        let account_id = self.capture(2);
        self.organization
            .find_account(account_id)
            .and_then(|ordinal| self.organization.person(ordinal))
            .filter(|person| everywhere || person.present & scope != 0)
            .map(|person| (person, scope))
            .ok_or_else(|| Refusal::no_user(account_id))
    }

    /// The body as a JSON object of the type; an empty body is an empty object.
    pub(crate) fn read_body<T: DeserializeOwned + Default>(&self) -> Result<T, Refusal> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(T::default());
        }
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return Err(Refusal::bad_body("The request body must be a JSON object."));
        }
        serde_json::from_slice(self.body).map_err(|error| Refusal::bad_body(error.to_string()))
    }

    /// The beginning of the chain, or the place that the token names.
    pub(crate) fn cursor(&self, token: Option<&str>, digest: u64) -> Result<Cursor, Refusal> {
        let Some(token) = token else { return Ok(Cursor::start(digest, "")) };
        let cursor = self.token(token)?;
        cursor.check_filter(digest, self.answers)?;
        Ok(cursor)
    }

    /// As [`Call::list`], for a chain whose cursors never grow old.
    pub(crate) fn stream(&self) -> Result<(Cursor, Query), Refusal> {
        self.chain(|_| Ok(()))
    }

    /// For GET lists: with a cursor everything else in the query is discarded, the first request's query counts.
    pub(crate) fn list(&self) -> Result<(Cursor, Query), Refusal> {
        self.chain(|cursor| cursor.check_age(self.answers, self.now))
    }

    fn chain(&self, check: impl Fn(&Cursor) -> Result<(), Refusal>) -> Result<(Cursor, Query), Refusal> {
        let query = Query::read(self.query);
        let digest = digest(self.path);
        match query.one("cursor") {
            None => {
                let kept = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query.0).finish();
                Ok((Cursor::start(digest, &kept), query))
            }
            Some(token) => {
                let cursor = self.unseal(token)?;
                check(&cursor)?;
                if cursor.digest != digest {
                    return Err(Refusal::bad_cursor("The cursor belongs to another list."));
                }
                let query = Query::read(&cursor.query);
                Ok((cursor, query))
            }
        }
    }

    fn token(&self, token: &str) -> Result<Cursor, Refusal> {
        let cursor = self.unseal(token)?;
        cursor.check_age(self.answers, self.now)?;
        Ok(cursor)
    }

    fn unseal(&self, token: &str) -> Result<Cursor, Refusal> {
        Cursor::read(token, self.organization.seal).ok_or_else(|| Refusal::bad_cursor("The page cursor is invalid."))
    }

    /// The token of a cursor made now.
    pub(crate) fn seal(&self, cursor: &Cursor) -> String {
        cursor.token(self.organization.seal, self.now)
    }
}

/// The pairs of a query string; keys may repeat.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(query: &str) -> Query {
        Query(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A list: repeated keys, or one key with commas.
    pub(crate) fn many(&self, name: &str) -> Option<Vec<String>> {
        let values: Vec<String> = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::to_owned)
            .collect();
        let given = self.0.iter().any(|(key, _)| key == name);
        given.then(|| values.into_iter().filter(|value| !value.is_empty()).collect())
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.one(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::bad_parameter(format!("{name} must be true or false."))),
        }
    }

    /// The page size as given, to be checked by [`page_size`].
    pub(crate) fn limit(&self) -> Result<Option<i64>, Refusal> {
        match self.one("limit") {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(limit) => Ok(Some(limit)),
                Err(_) => Err(Refusal::bad_parameter("limit must be a number.")),
            },
        }
    }

    /// Refuses names that the endpoint does not document: a misspelt filter must not widen an answer unseen.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Refusal> {
        match self.0.iter().find(|(key, _)| key != "cursor" && key != "limit" && !names.contains(&key.as_str())) {
            Some((key, _)) => Err(Refusal::bad_parameter(format!("Unknown parameter {key}."))),
            None => Ok(()),
        }
    }
}

/// The page size within its bounds.
pub(crate) fn page_size(limit: Option<i64>, standard: usize, most: usize) -> Result<usize, Refusal> {
    match limit {
        None => Ok(standard),
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(Refusal::bad_body(format!("limit must be between 1 and {most}."))),
        },
    }
}

/// Refuses a list that is empty or longer than documented.
pub(crate) fn check_list(name: &str, list: Option<&Vec<String>>, most: usize) -> Result<(), Refusal> {
    match list {
        Some(list) if list.is_empty() => Err(Refusal::bad_body(format!("{name} must have at least one item."))),
        Some(list) if list.len() > most => Err(Refusal::bad_body(format!("{name} must have at most {most} items."))),
        _ => Ok(()),
    }
}

/// Refuses a list with an item twice.
pub(crate) fn check_unique(name: &str, list: Option<&Vec<String>>) -> Result<(), Refusal> {
    let list = list.map(Vec::as_slice).unwrap_or_default();
    let different: BTreeSet<&String> = list.iter().collect();
    if different.len() == list.len() {
        Ok(())
    } else {
        Err(Refusal::bad_body(format!("{name} must not have the same item twice.")))
    }
}

/// Refuses values that are not among the documented ones.
pub(crate) fn check_values(name: &str, list: Option<&Vec<String>>, known: &[&str]) -> Result<(), Refusal> {
    match list.into_iter().flatten().find(|value| !known.contains(&value.as_str())) {
        Some(value) => Err(Refusal::bad_body(format!("{name} does not know the value {value}."))),
        None => Ok(()),
    }
}

/// The roles with these ids, of those that filters know: not the viewer's.
pub(crate) fn roles(ids: Option<&Vec<String>>) -> Result<Option<Roles>, Refusal> {
    let Some(ids) = ids else { return Ok(None) };
    let mut roles = Roles::default();
    for id in ids {
        match Role::from_id(id).filter(|role| *role != Role::Viewer) {
            Some(role) => roles.insert(role),
            None => return Err(Refusal::bad_body(format!("roleIds does not know the value {id}."))),
        };
    }
    Ok(Some(roles))
}

/// The resources with these ARIs as a mask; unknown ones are none.
pub(crate) fn resources(organization: &Organization, ids: Option<&Vec<String>>) -> Option<u128> {
    ids.map(|ids| ids.iter().filter_map(|id| organization.find_resource(id)).fold(0, |mask, index| mask | 1 << index))
}

/// The directories with these ids as a mask; unknown ones are none.
pub(crate) fn directory_mask(organization: &Organization, ids: Option<&Vec<String>>) -> Option<u8> {
    ids.map(|ids| ids.iter().filter_map(|id| organization.find_directory(id)).fold(0, |mask, index| mask | 1 << index))
}
