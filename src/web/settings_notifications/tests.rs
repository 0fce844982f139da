//! The section as it is shown, and a notifier for tests of pages. Nothing is sent from here.

use clock::Clock;

use crate::id::Entropy;
use crate::notify::Notifier;
use crate::notify::address::{Allowed, Lookup};
use crate::nouns::endpoint::{Draft, Endpoint, Style};
use crate::nouns::notice::Trigger;
use crate::store::organization_keys::SealingKey;
use crate::web::acme::{now, reader};
use crate::web::settings_notifications::{Shown, content};

/// A notifier that reaches this machine alone.
pub(crate) fn notifier(clock: &Clock, entropy: &Entropy) -> Notifier {
    let places = (Allowed::parse("127.0.0.1").unwrap(), Lookup::Machine);
    Notifier::new((clock.clone(), entropy.clone()), SealingKey::new([7; 32]), places, (None, &[])).unwrap()
}

#[test]
fn the_section_offers_mail_webhooks_and_the_three_recipes() {
    let page = content(&Shown::default(), maud::html! {}, None, &reader()).0;
    for words in [
        "No mail is sent",
        "No webhook is told anything.",
        "Atlassian Automation Integration",
        "No work items from the webhook",
        "Organization API key expiring in 7 days",
        "Automated task failures",
        "Automated task successes",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

#[test]
fn what_a_receiver_is_called_and_answers_is_text() {
    let draft = Draft {
        name: "<script>alert(1)</script>".to_owned(),
        address: "https://hooks.example.com/".to_owned(),
        style: Style::Automation,
        events: Trigger::TaskFailure.events(),
        key_days: vec![7],
        notes: String::new(),
        active: false,
    };
    let endpoint = Endpoint {
        id: crate::id::EndpointId::new(&Entropy::seeded(1), now()),
        draft,
        version: 1,
        changed_by: "somebody".to_owned(),
        changed_at: now(),
        switched_off: Some((now(), "<img src=x>".to_owned())),
    };
    let page = super::switched_off(&endpoint, &reader()).0;
    assert!(!page.contains("<script>") && !page.contains("<img") && page.contains("&lt;img"), "{page}");
    let shown = Shown { endpoints: vec![endpoint], ..Shown::default() };
    let page = content(&shown, maud::html! {}, None, &reader()).0;
    assert!(page.contains("Automated task failures") && page.contains("switched off by Rollcall"));
    assert!(!page.contains("<script>"));
}
