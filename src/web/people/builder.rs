//! The builder beside the filter box: the usual questions as a form that writes the same language.

use axum::extract::Query as Parameters;
use axum::response::Response;
use directory::Snapshot;
use directory::find;
use filter::Vocabulary as _;
use maud::{Markup, html};
use serde::Deserialize;

use crate::web::guard::see;
use crate::web::people::{Ask, question};
use crate::web::ui::address::Address;
use crate::web::visit::Visit;

/// The builder's fields; an empty one asks for nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Built {
    /// The filter it adds to.
    q: String,
    /// The past day that is looked at; empty for the present.
    as_of: String,
    inactive: String,
    inactive_app: String,
    app: String,
    no_app: String,
    site: String,
    group: String,
    no_group: String,
    role: String,
    domain: String,
    status: String,
    claim: String,
}

/// How long somebody was not active, as the usual choices.
const INACTIVE: [(&str, &str); 7] = [
    ("3d", "3 days"),
    ("7d", "7 days"),
    ("14d", "14 days"),
    ("3w", "3 weeks"),
    ("1M", "1 month"),
    ("3M", "3 months"),
    ("6M", "6 months"),
];

/// GET /people/build: writes the filter and leads to it.
pub(crate) async fn build(_visit: Visit, Parameters(built): Parameters<Built>) -> Response {
    see(Address::new("/people").with("q", &built.text()).with("as_of", built.as_of.trim()).as_str())
}

impl Built {
    /// The filter in the language. Whatever is typed becomes a quoted value; nothing else of it is read as language.
    fn text(&self) -> String {
        let mut tests = Vec::new();
        let mut add = |value: &str, test: &dyn Fn(String) -> String| {
            let value = value.trim();
            if !value.is_empty() {
                tests.push(test(filter::quote(value)));
            }
        };
        let app = filter::quote(self.inactive_app.trim());
        let any = self.inactive_app.trim().is_empty();
        add(&self.inactive, &|length| {
            if any { format!("inactiveFor >= {length}") } else { format!("inactiveFor({app}) >= {length}") }
        });
        add(&self.app, &|value| format!("app = {value}"));
        add(&self.no_app, &|value| format!("NOT app = {value}"));
        add(&self.site, &|value| format!("site = {value}"));
        add(&self.group, &|value| format!("group = {value}"));
        add(&self.no_group, &|value| format!("NOT group = {value}"));
        add(&self.role, &|value| format!("role = {value}"));
        add(&self.domain, &|value| format!("domain = {value}"));
        add(&self.status, &|value| format!("status = {value}"));
        add(&self.claim, &|value| format!("claim = {value}"));
        // There is one site for all pages: the builder's takes the place of the one before.
        let base = match self.site.trim() {
            "" => self.q.trim().to_owned(),
            _ => question::with_site(self.q.trim(), None),
        };
        let base = filter::parse(&base, find::catalogue()).query;
        let added = filter::parse(&tests.join(" AND "), find::catalogue()).query;
        let parts = base.expression.into_iter().chain(added.expression).collect();
        let query = filter::Query { expression: filter::Expression::all(parts), order: base.order };
        filter::show(&query, find::catalogue())
    }
}

/// The form.
pub(super) fn form(ask: &Ask, snapshot: &Snapshot) -> Markup {
    let vocabulary = find::Vocabulary::of(snapshot);
    let values = |field: &str| {
        let field = find::catalogue().find(field);
        field.map(|field| vocabulary.suggest(field, None, "", 200)).unwrap_or_default()
    };
    let choice = |name: &str, label: &str, any: &str, values: Vec<(String, String)>| {
        html! {
            label { (label)
                select name=(name) {
                    option value="" { (any) }
                    @for (value, label) in &values { option value=(value) { (label) } }
                }
            }
        }
    };
    let same = |suggestions: Vec<filter::Suggestion>| -> Vec<(String, String)> {
        suggestions.into_iter().map(|suggestion| (suggestion.value.clone(), suggestion.value)).collect()
    };
    let fixed = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect()
    };
    let (apps, sites, roles) = (same(values("app")), same(values("site")), same(values("role")));
    html! {
        details.build {
            summary { "Build a filter" }
            form.columns method="get" action="/people/build" {
                input type="hidden" name="q" value=(ask.q);
                @if !ask.as_of.is_empty() { input type="hidden" name="as_of" value=(ask.as_of); }
                (choice("inactive", "Inactive for", "any time", fixed(&INACTIVE)))
                (choice("inactive_app", "in", "any app", apps.clone()))
                (choice("app", "App", "any", apps.clone()))
                (choice("no_app", "Without app", "none", apps))
                (choice("site", "Site", "any", sites))
                label { "In group" input type="text" name="group" list="builder-groups" maxlength="255" autocomplete="off"; }
                label { "Not in group" input type="text" name="no_group" list="builder-groups" maxlength="255" autocomplete="off"; }
                (choice("role", "Role", "any", roles))
                label { "E-mail domain" input type="text" name="domain" list="builder-domains" maxlength="255" autocomplete="off"; }
                (choice("status", "Status", "any", fixed(&[
                    ("active", "Active"), ("suspended", "Suspended"), ("deactivated", "Deactivated"),
                    ("not_invited", "Not in directory"), ("for_deletion", "For deletion"), ("closed", "Closed"), ("former", "Former"),
                ])))
                (choice("claim", "Managed or external", "either", fixed(&[("managed", "Managed"), ("external", "External")])))
                datalist id="builder-groups" { @for group in values("group") { option value=(group.value) {} } }
                datalist id="builder-domains" { @for domain in values("domain") { option value=(domain.value) {} } }
                div.row { button type="submit" { "Add to the filter" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builder_writes_the_same_language_and_quotes_what_is_typed() {
        let built = Built {
            q: "okafor ORDER BY name".to_owned(),
            inactive: "3M".to_owned(),
            inactive_app: "jira".to_owned(),
            no_group: "keepers\" OR status = active".to_owned(),
            claim: "external".to_owned(),
            ..Built::default()
        };
        assert_eq!(
            built.text(),
            r#"okafor AND inactiveFor(jira) >= 3M AND NOT group = "keepers\" OR status = active" AND claim = external ORDER BY name"#
        );
        assert_eq!(Built::default().text(), "");
        let moved = Built { q: "site = acme AND app = jira".to_owned(), site: "emea".to_owned(), ..Built::default() };
        assert_eq!(moved.text(), "app = jira AND site = emea");
    }
}
