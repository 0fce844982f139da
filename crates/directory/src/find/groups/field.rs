//! What can be asked about groups: the fields of the filter language, with the meaning of every answer and of having
//! none. It declares; how each is answered stands beside it.

use std::sync::LazyLock;

use filter::{Argument, Catalogue, Field, FieldId, Kind, Word};

/// A field by what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Name,
    Description,
    Id,
    Members,
    Empty,
    App,
    Site,
    Role,
    GrantsNothing,
    DefaultFor,
    Synced,
    ManagedBy,
    Modifiable,
    Directory,
    FirstSeen,
    Protected,
}

/// The word for all words of Atlassian's that have none of their own.
pub(crate) const OTHER: &str = "other";

const SITES: &str = "An app is named as `confluence`, which means on any site, or as `confluence@acme`, which means on \
                     that site.";

static FIELDS: LazyLock<(Vec<Asked>, Catalogue)> = LazyLock::new(|| {
    let (asked, fields) = definition().into_iter().chain(grants()).chain(keeping()).unzip();
    let catalogue = Catalogue::new(fields).expect("a test builds the catalogue, and nothing in it depends on input");
    (asked, catalogue)
});

/// The fields of groups.
pub fn catalogue() -> &'static Catalogue {
    &FIELDS.1
}

/// What a field of [`catalogue`] asks for.
pub(crate) fn asked(field: FieldId) -> Option<Asked> {
    FIELDS.0.get(usize::from(field.0)).copied()
}

fn open(noun: &'static str) -> Kind {
    Kind::Open { noun: noun.into() }
}

fn flag(name: &'static str, summary: &'static str) -> Field {
    Field::new(name, Kind::Flag, summary).unsortable()
}

fn definition() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::Name,
            Field::new("name", Kind::Text, "Name of the group")
                .details("Compared without regard to case and accents.")
                .example("name ~ jira"),
        ),
        (
            Asked::Description,
            Field::new("description", Kind::Text, "Description of the group")
                .unsortable()
                .details("Compared without regard to case and accents. Many groups have none.")
                .example("description IS EMPTY"),
        ),
        (
            Asked::Id,
            Field::new("id", Kind::Text, "Atlassian's id of the group")
                .alias("groupId")
                .unsortable()
                .details("Compared letter by letter.")
                .example("id = 2f1c1c1e-6d1b-4b0e-9a53-0c5f7a0e4f11"),
        ),
        (
            Asked::Members,
            Field::new("members", Kind::Number, "How many members Rollcall has read")
                .alias("memberCount")
                .example("members > 100"),
        ),
        (
            Asked::Empty,
            flag("isEmpty", "Whether the group has no members")
                .details(
                    "Unknown where no member was read and Atlassian does not count 0 either: then it cannot be told \
                     whether there are any.",
                )
                .example("isEmpty = yes AND synced = no"),
        ),
    ]
}

fn grants() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::App,
            Field::new("app", open("app"), "App on which the group grants a role")
                .alias("grants")
                .alias("product")
                .several()
                .details(format!("Any role counts, whether it takes a seat or not. {SITES}"))
                .example("app = jira AND app != confluence")
                .example("app = confluence@acme"),
        ),
        (
            Asked::Site,
            Field::new("site", open("site"), "Site on which the group grants a role")
                .alias("sites")
                .several()
                .details("Sites that are left out in the settings are in no answer.")
                .example("site = acme"),
        ),
        (
            Asked::Role,
            Field::new("role", open("role"), "Role that the group grants on an app")
                .alias("appRole")
                .argument(Argument::Optional("app".into()))
                .several()
                .details(
                    "`user`, `admin`, `guest`, `customer`, `contributor`, `basic`, `stakeholder`, `viewer` and other \
                     words of Atlassian's. With an app in parentheses: a role on that app.",
                )
                .example("role(jira) = admin"),
        ),
        (
            Asked::GrantsNothing,
            flag("grantsNothing", "Whether being a member gives no role anywhere")
                .details(
                    "Grants on sites that are left out count here. Unknown where no grant was read and Atlassian does \
                     not count 0 either.",
                )
                .example("grantsNothing = yes AND members = 0"),
        ),
        (
            Asked::DefaultFor,
            Field::new("default", open("app"), "App for which it is the default group: new users land in it")
                .alias("defaultFor")
                .several()
                .details(SITES)
                .example("default = jira")
                .example("default IS NOT EMPTY"),
        ),
    ]
}

fn keeping() -> Vec<(Asked, Field)> {
    let word = |word: &'static str, summary: &'static str| Word::new(word, summary);
    vec![
        (
            Asked::Synced,
            flag("synced", "Whether an identity provider fills the group")
                .details("Nobody else can change its members then. Unknown where Atlassian leaves it out.")
                .example("synced = yes"),
        ),
        (
            Asked::ManagedBy,
            Field::new(
                "managedBy",
                Kind::Closed(vec![
                    word("external", "An identity provider"),
                    word("admins", "Administrators"),
                    word("team-members", "The members of a team"),
                    word("open", "Anybody"),
                    word(OTHER, "A word that Rollcall does not know by name"),
                ]),
                "Who decides over the group's members",
            )
            .unsortable()
            .details("Unknown where Atlassian leaves it out.")
            .example("managedBy = external"),
        ),
        (
            Asked::Modifiable,
            flag("modifiable", "Whether Atlassian lets the group's members be changed")
                .details("Unknown where Atlassian leaves it out.")
                .example("modifiable = no"),
        ),
        (
            Asked::Directory,
            Field::new("directory", open("directory"), "Directory that lists the group")
                .details("By name, without regard to case and accents, or by id.")
                .example("directory = Main"),
        ),
        (
            Asked::FirstSeen,
            Field::new("firstSeen", Kind::Instant, "When a sync first saw the group")
                .alias("created")
                .details("The group may be older: what was there before the first sync was first seen by it.")
                .example("firstSeen >= -30d"),
        ),
        (
            Asked::Protected,
            flag("protected", "Whether the group is protected: nothing of Rollcall may touch it")
                .details("As chosen under Settings, Guards and protected people.")
                .example("protected = yes"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_stands_and_every_example_is_understood_without_a_word() {
        for (id, field) in catalogue().fields() {
            assert!(asked(id).is_some());
            assert!(!field.examples.is_empty(), "{} has no example", field.name);
            for example in &field.examples {
                let parsed = filter::parse(example, catalogue());
                assert!(parsed.diagnostics.is_empty(), "{example}: {:?}", parsed.diagnostics);
            }
        }
    }
}
