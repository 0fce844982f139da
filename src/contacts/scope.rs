//! Whom user syncing takes in: sites, groups and domains to leave out, or to take alone. Nothing chosen is everybody.

use std::collections::BTreeSet;

use contact::board::domain_key;
use directory::{Snapshot, fold_text};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::contacts::trouble::NotDone;
use crate::nouns::site::Site;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;

/// The setting's name.
pub(super) const NAME: &str = "contacts_scope";
/// The most entries of one list.
pub const MOST: usize = 200;

/// Whom user syncing takes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Sites that are left out, by cloud id.
    pub sites_without: BTreeSet<String>,
    /// Groups of whose members users have to be, by id; empty for no such wish.
    pub groups_only: BTreeSet<String>,
    /// Groups whose members are left out, by id.
    pub groups_without: BTreeSet<String>,
    /// Domains of which addresses have to be, in their normal form; empty for no such wish.
    pub domains_only: BTreeSet<String>,
    /// Domains whose addresses are left out.
    pub domains_without: BTreeSet<String>,
}

/// The scope in force, and who chose it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The scope.
    pub scope: Scope,
    /// Who chose it, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// A scope as people and programs say it: sites and groups by id or name, domains in any form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedScope {
    /// Sites that are left out.
    pub sites_without: Vec<String>,
    /// Groups of whose members users have to be.
    pub groups_only: Vec<String>,
    /// Groups whose members are left out.
    pub groups_without: Vec<String>,
    /// Domains of which addresses have to be.
    pub domains_only: Vec<String>,
    /// Domains whose addresses are left out.
    pub domains_without: Vec<String>,
}

impl WantedScope {
    /// The scope that is meant. A name that several groups have means all of them.
    ///
    /// # Errors
    /// A site or a group is not known.
    pub fn scope(&self, snapshot: &Snapshot) -> Result<Scope, NotDone> {
        let domains = |texts: &[String]| Scope::domains(&texts.join("\n"));
        Ok(Scope {
            sites_without: sites(&self.sites_without, snapshot)?,
            groups_only: groups(&self.groups_only, snapshot)?,
            groups_without: groups(&self.groups_without, snapshot)?,
            domains_only: domains(&self.domains_only),
            domains_without: domains(&self.domains_without),
        })
    }
}

fn said(texts: &[String]) -> impl Iterator<Item = &str> {
    texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn sites(texts: &[String], snapshot: &Snapshot) -> Result<BTreeSet<String>, NotDone> {
    let known = Site::all(snapshot);
    let mut ids = BTreeSet::new();
    for text in said(texts) {
        let folded = fold_text(text);
        let is_meant = |site: &&Site| site.cloud_id == text || fold_text(&site.name) == folded;
        let named: Vec<String> = known.iter().filter(is_meant).map(|site| site.cloud_id.clone()).collect();
        if named.is_empty() {
            return Err(NotDone::Invalid(format!("no site is called “{text}”")));
        }
        ids.extend(named);
    }
    Ok(ids)
}

fn groups(texts: &[String], snapshot: &Snapshot) -> Result<BTreeSet<String>, NotDone> {
    let mut ids = BTreeSet::new();
    for text in said(texts) {
        let folded = fold_text(text);
        let rows = snapshot.groups_by_name().iter().filter_map(|group| snapshot.group_row(group));
        let named: Vec<String> = rows
            .filter(|row| *row.folded_name == folded || row.id.as_str() == text)
            .map(|row| row.id.as_str().to_owned())
            .collect();
        if named.is_empty() {
            return Err(NotDone::Invalid(format!("no group is called “{text}”")));
        }
        ids.extend(named);
    }
    Ok(ids)
}

/// Reads the scope in force.
pub fn read(tx: &mut Tx) -> Result<Chosen, StoreError> {
    Ok(match settings::find(tx, NAME)? {
        None => Chosen::default(),
        Some(setting) => {
            Chosen { scope: Scope::parse(&setting.value), chosen: Some((setting.changed_by, setting.changed_at)) }
        }
    })
}

impl Scope {
    /// Domains as they are typed: with commas, blanks or lines between them.
    pub fn domains(text: &str) -> BTreeSet<String> {
        let words = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
        words.map(|word| domain_key(word.trim_start_matches('@'))).filter(|domain| !domain.is_empty()).collect()
    }

    /// As it is stored.
    pub(super) fn text(&self) -> String {
        json!({
            "sites_without": self.sites_without,
            "groups_only": self.groups_only,
            "groups_without": self.groups_without,
            "domains_only": self.domains_only,
            "domains_without": self.domains_without,
        })
        .to_string()
    }

    fn parse(text: &str) -> Scope {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let list = |name: &str| -> BTreeSet<String> {
            let entries = value[name].as_array().map_or(&[][..], Vec::as_slice);
            entries.iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
        };
        Scope {
            sites_without: list("sites_without"),
            groups_only: list("groups_only"),
            groups_without: list("groups_without"),
            domains_only: list("domains_only"),
            domains_without: list("domains_without"),
        }
    }

    /// Whether it takes addresses of this domain in.
    pub(super) fn takes_domain(&self, domain: &str) -> bool {
        !self.domains_without.contains(domain) && (self.domains_only.is_empty() || self.domains_only.contains(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_and_domains_are_typed_in_any_form() {
        let scope = Scope {
            sites_without: ["s".to_owned()].into(),
            domains_only: Scope::domains("@Acme.example, https://www.b\u{fc}cher.example/x"),
            domains_without: Scope::domains("staff.example"),
            ..Scope::default()
        };
        assert_eq!(Scope::parse(&scope.text()), scope);
        assert!(scope.takes_domain("acme.example") && scope.takes_domain("xn--bcher-kva.example"));
        assert!(!scope.takes_domain("other.example") && !scope.takes_domain("staff.example"));
        assert!(Scope::default().takes_domain("any.example"));
    }
}
