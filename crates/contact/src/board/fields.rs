//! What can be asked about contacts and companies: fields that are always there, and those that people defined. It declares;
//! how each is answered stands beside it.

use filter::{Catalogue, Field, Kind, Word};

use crate::field::{Entity, Field as Defined, FieldKind};

/// A field by what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    Name,
    Address,
    Domain,
    Tag,
    Company,
    Role,
    Contacts,
    Synced,
    User,
    Customer,
    Status,
    Created,
    Changed,
    /// A field that people defined, by its place among them.
    Custom(usize),
}

fn open(noun: &'static str) -> Kind {
    Kind::Open { noun: noun.into() }
}

/// The fields and what answers each. Names that people chose give way to those that are always there.
pub(super) fn catalogue(entity: Entity, defined: &[Defined]) -> (Vec<Asked>, Catalogue) {
    let mut fields = match entity {
        Entity::Contact => of_contacts(),
        Entity::Company => of_companies(),
    };
    fields.extend(of_both(entity));
    let mut known = Catalogue::new(fields.iter().map(|(_, field)| field.clone()).collect());
    for (place, one) in defined.iter().enumerate() {
        for name in [one.code.clone(), format!("field{}", one.number)] {
            let mut more = fields.clone();
            more.push((Asked::Custom(place), custom(one, name)));
            let made = Catalogue::new(more.iter().map(|(_, field)| field.clone()).collect());
            if made.is_ok() {
                (fields, known) = (more, made);
                break;
            }
        }
    }
    let catalogue = known.expect("a test builds what is always there, and nothing else was added that does not fit");
    (fields.into_iter().map(|(asked, _)| asked).collect(), catalogue)
}

fn custom(defined: &Defined, name: String) -> Field {
    let kind = match defined.kind {
        FieldKind::Number => Kind::Number,
        FieldKind::Date => Kind::Instant,
        FieldKind::Choice => {
            let words = defined.choices.iter().map(|choice| Word::new(choice.clone(), ""));
            Kind::Closed(words.collect())
        }
        _ => Kind::Text,
    };
    Field::new(name, kind, defined.label.clone())
}

fn of_contacts() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::Name,
            Field::new("name", Kind::Text, "Name of the contact")
                .details("Compared without regard to case and accents.")
                .example("name ~ okafor"),
        ),
        (
            Asked::Address,
            Field::new("email", Kind::Text, "E-mail address")
                .details("Compared in its normal form: case does not matter, both forms of a domain are one.")
                .example("email IS EMPTY"),
        ),
        (
            Asked::Domain,
            Field::new("domain", open("domain"), "Domain of the e-mail address")
                .several()
                .example("domain = acme.example"),
        ),
        (
            Asked::Company,
            Field::new("company", open("company"), "Company that the contact belongs to")
                .several()
                .example("company ~ acme"),
        ),
        (
            Asked::Role,
            Field::new("role", open("role"), "Role of the contact in one of its companies")
                .several()
                .example("role = Buyer"),
        ),
        (
            Asked::Synced,
            Field::new("synced", Kind::Flag, "Whether an account keeps the contact: it follows its name and address")
                .unsortable()
                .example("synced = no"),
        ),
        (
            Asked::Status,
            Field::new("status", open("status"), "How the account that keeps the contact stands, in Atlassian's word")
                .several()
                .example("status = suspended"),
        ),
        (
            Asked::User,
            Field::new("isUser", Kind::Flag, "Whether a Jira user keeps the contact")
                .unsortable()
                .example("isUser = yes"),
        ),
        (
            Asked::Customer,
            Field::new("isCustomer", Kind::Flag, "Whether a customer of a service desk keeps the contact")
                .unsortable()
                .example("isCustomer = yes"),
        ),
    ]
}

fn of_companies() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::Name,
            Field::new("name", Kind::Text, "Name of the company")
                .details("Compared without regard to case and accents.")
                .example("name ~ acme"),
        ),
        (
            Asked::Domain,
            Field::new("domain", open("domain"), "Domain of the company").several().example("domain = acme.example"),
        ),
        (
            Asked::Contacts,
            Field::new("contacts", Kind::Number, "How many contacts belong to the company").example("contacts = 0"),
        ),
    ]
}

fn of_both(entity: Entity) -> Vec<(Asked, Field)> {
    let tag = match entity {
        Entity::Contact => {
            Field::new("tag", open("tag"), "Tag, those of syncing included").example("tag = \"Jira User\"")
        }
        Entity::Company => Field::new("tag", open("tag"), "Tag").example("tag = partner"),
    };
    vec![
        (Asked::Tag, tag.alias("tags").several()),
        (Asked::Created, Field::new("created", Kind::Instant, "When it was made").example("created >= -7d")),
        (Asked::Changed, Field::new("changed", Kind::Instant, "When it was last changed").example("changed >= -7d")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field as Defined;

    #[test]
    fn what_is_always_there_stands_and_every_example_is_understood() {
        for entity in Entity::ALL {
            let (asked, catalogue) = catalogue(*entity, &[]);
            assert_eq!(asked.len(), catalogue.fields().count());
            for (_, field) in catalogue.fields() {
                for example in &field.examples {
                    let parsed = filter::parse(example, &catalogue);
                    assert!(parsed.diagnostics.is_empty(), "{example}: {:?}", parsed.diagnostics);
                }
            }
        }
    }

    #[test]
    fn a_field_that_people_defined_never_hides_another() {
        let field = |number, code: &str| Defined {
            number,
            entity: Entity::Contact,
            code: code.to_owned(),
            label: "L".to_owned(),
            kind: FieldKind::Text,
            choices: Vec::new(),
            required: false,
            default: None,
            section: String::new(),
            place: 1,
        };
        let defined = [field(1, "Name"), field(2, "size"), field(3, "SIZE"), field(4, "not a name")];
        let (asked, catalogue) = catalogue(Entity::Contact, &defined);
        let named = |name: &str| catalogue.find(name).map(|id| asked[usize::from(id.0)]);
        assert_eq!(named("name"), Some(Asked::Name));
        assert_eq!(named("field1"), Some(Asked::Custom(0)));
        assert_eq!(named("size"), Some(Asked::Custom(1)));
        assert_eq!(named("field3"), Some(Asked::Custom(2)));
        assert_eq!(named("field4"), Some(Asked::Custom(3)));
    }
}
