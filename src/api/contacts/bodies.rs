//! What is sent and answered about contacts and companies. Fields that people defined stand under the names that filters
//! call them by.

use std::collections::BTreeMap;

use contact::board::{Tables, system_tags};
use contact::field::{Entity, Field, Values};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::contacts::records::{Shown, Wanted};
use crate::api::diagnostic::Diagnostic;
use crate::api::problem::{Kind, Problem};
use crate::contacts::keep::Edit;
use crate::contacts::listing::Listed;
use crate::nouns::contact::Record;

/// A page of contacts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Contacts {
    /// The filter in its canonical form.
    pub(super) filter: String,
    /// How many contacts it finds.
    pub(super) total: u64,
    /// What is to be said about the filter.
    pub(super) warnings: Vec<Diagnostic>,
    /// The contacts.
    pub(super) contacts: Vec<ContactBody>,
    /// The cursor of the page after this one; null on the last.
    pub(super) next: Option<String>,
}

/// A contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactBody {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its e-mail address.
    email: Option<String>,
    /// Tags that people gave.
    tags: Vec<String>,
    /// Tags of syncing: `Jira User`, `Customer`.
    system_tags: Vec<String>,
    /// Whether an account keeps it: its name and address follow the account, and it cannot be deleted.
    synced: bool,
    /// How that account stands, in Atlassian's word.
    status: Option<String>,
    /// The companies it belongs to.
    companies: Vec<CompanyRole>,
    /// Values by the names of their fields.
    fields: BTreeMap<String, String>,
    /// When it was made.
    created_at: String,
    /// Who made it.
    created_by: String,
    /// When it was last changed.
    changed_at: String,
}

/// A company of a contact.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CompanyRole {
    /// The company's id.
    id: String,
    /// Its name.
    name: String,
    /// What the contact is there; may be empty.
    role: String,
}

/// A contact to make, or what is to be changed of one. What is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WantedContact {
    /// Its name.
    name: Option<String>,
    /// Its e-mail address; empty for none.
    #[schema(example = "ines@acme.example")]
    email: Option<String>,
    /// Tags; those of syncing cannot be given.
    tags: Option<Vec<String>>,
    /// Values by the names of their fields; null or an empty one takes the value away.
    fields: BTreeMap<String, Option<String>>,
}

/// What a contact is in a company.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedLink {
    /// The company's id.
    pub(super) company: String,
    /// The role; may be left out.
    #[serde(default)]
    #[schema(example = "Buyer")]
    pub(super) role: String,
}

/// Two to merge.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedMerge {
    /// The id of the one that stays.
    pub(super) keep: String,
    /// The id of the one that is merged into it.
    pub(super) other: String,
}

impl Shown for ContactBody {
    const ENTITY: Entity = Entity::Contact;

    fn of(row: &Listed, tables: &Tables) -> ContactBody {
        let record = &row.record;
        let company = |(company, role): &(Record, String)| CompanyRole {
            id: company.id.to_string(),
            name: company.name.clone(),
            role: role.clone(),
        };
        ContactBody {
            id: record.id.to_string(),
            name: record.name.clone(),
            email: record.email.clone(),
            tags: record.tags.clone(),
            system_tags: system_tags(record.mark.as_ref()).into_iter().map(str::to_owned).collect(),
            synced: record.mark.is_some(),
            status: record.mark.as_ref().map(|mark| mark.status.clone()),
            companies: row.companies.iter().map(company).collect(),
            fields: named(&record.values, tables.contacts.fields()),
            created_at: record.created_at.to_string(),
            created_by: record.created_by.clone(),
            changed_at: record.changed_at.to_string(),
        }
    }
}

impl Wanted for WantedContact {
    fn edit(self, fields: &[Field]) -> Result<Edit, Problem> {
        Ok(Edit {
            name: self.name,
            email: self.email,
            tags: self.tags,
            values: numbered(self.fields, fields)?,
            ..Edit::default()
        })
    }
}

/// Values by the names of their fields.
pub(super) fn named(values: &Values, fields: &[Field]) -> BTreeMap<String, String> {
    let of = |field: &Field| Some((field.code.clone(), values.get(&field.number)?.clone()));
    fields.iter().filter_map(of).collect()
}

/// Values by the numbers of their fields.
pub(super) fn numbered(given: BTreeMap<String, Option<String>>, fields: &[Field]) -> Result<Values, Problem> {
    let mut values = Values::new();
    for (name, value) in given {
        let Some(field) = fields.iter().find(|field| field.code == name) else {
            let problem = Problem::new(Kind::Invalid, format!("There is no field “{name}”."), "See `names`.");
            return Err(problem.with_names(fields.iter().map(|field| field.code.clone())));
        };
        values.insert(field.number, value.unwrap_or_default());
    }
    Ok(values)
}
