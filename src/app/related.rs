//! The companies and contacts of the demo, as somebody has kept them by hand before Jira User Syncing is switched on: some
//! are people of the organization in another writing, one is there twice, the others are from elsewhere.

use contact::field::{Entity, FieldKind, Values};
use directory::{AccountType, Status};

use crate::cli::open::Opened;
use crate::contacts::define::{self, WantedField};
use crate::contacts::keep::{self, Edit};
use crate::contacts::{notes, relate};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;

/// Companies with their domains and tags.
const COMPANIES: [(&str, &str, &str); 5] = [
    ("Northwind Traders", "northwind.example", "Key account"),
    ("Contoso", "contoso.example", "Key account, Reference"),
    ("Fabrikam", "fabrikam.example", "Prospect"),
    ("Blue Yonder Airlines", "blueyonder.example", "Prospect"),
    ("Umbra Freight", "umbra.example", "Supplier"),
];

/// People from elsewhere: name, address, the place of their company, role, level.
const PEOPLE: [(&str, &str, usize, &str, &str); 9] = [
    ("Mirela Stan", "mirela.stan@northwind.example", 0, "Head of Support", "Gold"),
    ("Teo Lindqvist", "teo@northwind.example", 0, "Buyer", "Gold"),
    ("Aiko Mori", "aiko.mori@contoso.example", 1, "Project lead", "Silver"),
    ("Jonas Weber", "j.weber@contoso.example", 1, "Buyer", "Silver"),
    ("Samira Haddad", "samira@fabrikam.example", 2, "Founder", ""),
    ("Lena Sørensen", "lena@blueyonder.example", 3, "Operations", "Gold"),
    ("Lena Sorensen", "lena.s@blueyonder.example", 3, "", ""),
    ("Pavel Novák", "pavel@umbra.example", 4, "Dispatch", "Silver"),
    ("Ifeoma Eze", "", 4, "Accounts", ""),
];
/// How many people of the organization are contacts already.
const OURS: usize = 6;

/// Makes them.
pub(super) async fn relate(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    let entropy = &opened.surroundings.entropy;
    let context = Context { actor: Actor::CommandLine, now: opened.surroundings.clock.now() };
    let field = |label: &str, section: &str, choices: &[&str]| WantedField {
        label: label.to_owned(),
        section: section.to_owned(),
        choices: choices.iter().map(|word| (*word).to_owned()).collect(),
        ..WantedField::default()
    };
    let level = (Entity::Contact, FieldKind::Choice, field("Level", "Contract", &["Gold", "Silver", "None"]));
    let level = define::define(&context, mirror, level, entropy).await.map_err(unmade)?;
    for wanted in [
        (Entity::Contact, FieldKind::Date, field("Contract end", "Contract", &[])),
        (Entity::Contact, FieldKind::Telephone, field("Telephone", "Reach", &[])),
        (Entity::Contact, FieldKind::Address, field("Visiting address", "Reach", &[])),
        (Entity::Company, FieldKind::User, field("Looked after by", "", &[])),
        (Entity::Company, FieldKind::Number, field("Seats", "", &[])),
    ] {
        define::define(&context, mirror, wanted, entropy).await.map_err(unmade)?;
    }
    let mut companies = Vec::new();
    for (name, domain, tags) in COMPANIES {
        let edit = Edit {
            name: Some(name.to_owned()),
            domains: Some(vec![domain.to_owned()]),
            tags: Some(tags.split(", ").map(str::to_owned).collect()),
            ..Edit::default()
        };
        companies.push(keep::create(&context, mirror, (Entity::Company, edit), entropy).await.map_err(unmade)?);
    }
    let mut first = None;
    for (name, email, company, role, of_level) in PEOPLE {
        let values: Values = [(level.number, of_level.to_owned())].into();
        let edit = Edit { name: Some(name.to_owned()), email: Some(email.to_owned()), values, ..Edit::default() };
        let contact = keep::create(&context, mirror, (Entity::Contact, edit), entropy).await.map_err(unmade)?;
        let link = (contact.id.as_str(), companies[company].id.as_str(), role);
        relate::link(&context, mirror, link, entropy).await.map_err(unmade)?;
        first.get_or_insert(contact.id);
    }
    if let Some(first) = first {
        let note = "Wants to be called before ten. Renews in spring.";
        notes::add(&context, mirror, (first.as_str(), note), entropy).await.map_err(unmade)?;
    }
    for (place, (name, email)) in ours(mirror).into_iter().enumerate() {
        // In another writing, so that it is seen that case does not matter.
        let email = if place % 2 == 0 { email.to_uppercase() } else { email };
        let twice = place + 1 == OURS;
        for name in [Some(name.clone()), twice.then(|| format!("{name} (old)"))].into_iter().flatten() {
            let edit = Edit { name: Some(name), email: Some(email.clone()), ..Edit::default() };
            keep::create(&context, mirror, (Entity::Contact, edit), entropy).await.map_err(unmade)?;
        }
    }
    Ok(())
}

/// A few people of the organization, by name and address.
fn ours(mirror: &Mirror) -> Vec<(String, String)> {
    let snapshot = mirror.shown();
    let of = |account: u32| {
        let row = snapshot.account_row(account)?;
        let active = row.presence?.status == Some(Status::Active);
        let person = row.account_type == Some(&AccountType::Atlassian) && active;
        let email = row.email.filter(|_| person)?;
        Some((row.name.to_owned(), email.to_owned()))
    };
    snapshot.by_added().iter().filter_map(of).take(OURS).collect()
}

fn unmade(error: impl std::fmt::Display) -> Refusal {
    let next = "Start it again, or with `--past 0` for one without a past.";
    Refusal::new("The demo was not started.", format!("Its contacts were not made: {error}."), next)
}
