//! Whom user syncing takes in: sites, groups and domains to leave out, or to take alone. Nothing chosen is everybody.

use std::collections::BTreeSet;

use contact::board::domain_key;
use jiff::Timestamp;
use serde_json::{Value, json};

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
