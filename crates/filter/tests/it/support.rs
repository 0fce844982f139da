//! A catalogue like the product's and a small vocabulary, for all tests.

use filter::{Argument, Catalogue, Field, FieldId, Kind, Suggestion, Vocabulary, Word};

pub(crate) fn catalogue() -> Catalogue {
    let open = |noun: &'static str| Kind::Open { noun: noun.into() };
    let app = || Argument::Optional("app".into());
    let status = vec![
        Word::new("active", "Can sign in"),
        Word::new("suspended", "Blocked in the organization"),
        Word::new("deactivated", "The account is deactivated").alias("inactive"),
        Word::new("not_invited", "In no directory"),
    ];
    let fields = vec![
        Field::new("name", Kind::Text, "The person's name").example("name ~ ines"),
        Field::new("email", Kind::Text, "The e-mail address").alias("mail").example("email ~ \"@example.test\""),
        Field::new("accountId", Kind::Text, "Atlassian's account id"),
        Field::new("jobTitle", Kind::Text, "The job title"),
        Field::new("domain", open("domain"), "The e-mail address's domain").sortable(),
        Field::new("status", Kind::Closed(status), "Atlassian's own status").example("status = active"),
        Field::new("group", open("group"), "Groups the person is in")
            .alias("groups")
            .several()
            .example("group = jira-users"),
        Field::new("app", open("app"), "Apps the person can open").several().example("app = jira"),
        Field::new("role", Kind::Closed(vec![Word::new("user", ""), Word::new("org-admin", "")]), "Role on an app")
            .argument(Argument::Required("app".into()))
            .several(),
        Field::new("groupCount", Kind::Number, "How many groups the person is in").example("groupCount > 20"),
        Field::new("lastActive", Kind::Instant, "When last used").argument(app()).example("lastActive(jira) < -90d"),
        Field::new("added", Kind::Instant, "When added to the organization").example("added >= startOfMonth()"),
        Field::new("inactiveFor", Kind::Duration, "For how long not used")
            .argument(app())
            .details("Counts those who were never active from the day they were added.")
            .example("inactiveFor(jira) >= 90d"),
        Field::new("neverActive", Kind::Flag, "Was read and never used anything").argument(app()),
        Field::new("mfa", Kind::Flag, "Whether a second factor is asked for"),
    ];
    Catalogue::new(fields).unwrap()
}

/// Groups and apps of a small organization.
pub(crate) struct Names(pub(crate) Catalogue);

impl Names {
    fn of(&self, field: FieldId) -> &[&'static str] {
        match self.0.field(field).name.as_ref() {
            "group" => &["jira-users", "jira admins", "confluence-users", "O\"Brien's"],
            "app" => &["jira", "confluence", "bitbucket"],
            "domain" => &["example.test", "contractor.test"],
            _ => &[],
        }
    }
}

impl Vocabulary for Names {
    fn suggest(&self, field: FieldId, _: Option<&str>, prefix: &str, limit: usize) -> Vec<Suggestion> {
        let prefix = prefix.to_lowercase();
        let matching = self.of(field).iter().filter(|name| name.to_lowercase().contains(&prefix));
        matching.take(limit).map(|name| Suggestion { value: (*name).to_owned(), detail: String::new() }).collect()
    }

    fn knows(&self, field: FieldId, _: Option<&str>, value: &str) -> bool {
        self.of(field).iter().any(|name| name.eq_ignore_ascii_case(value))
    }
}
