//! What people do by hand: made, changed, related, found by fields of their own, deleted; and what is refused.

use contact::field::{Entity, FieldKind, Values};
use rollcall::contacts::define::{self, WantedField};
use rollcall::contacts::keep::{self, Edit};
use rollcall::contacts::relate;
use rollcall::contacts::trouble::NotDone;

use super::{app, context, found, make, whole};
use crate::support::app::ENGINES;

fn names(records: &[rollcall::nouns::contact::Record]) -> Vec<&str> {
    records.iter().map(|record| record.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_made_related_and_found_by_every_field() {
    for engine in ENGINES {
        let app = app(engine, 20, 3).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let field = |kind, label: &str, choices: &[&str]| {
            let choices = choices.iter().map(|word| (*word).to_owned()).collect();
            (Entity::Contact, kind, WantedField { label: label.to_owned(), choices, ..WantedField::default() })
        };
        let wanted = field(FieldKind::Choice, "Level", &["Gold", "Tin"]);
        let level = define::define(&context(&app), mirror, wanted, entropy).await.unwrap();
        let wanted = field(FieldKind::Date, "Contract end", &[]);
        let until = define::define(&context(&app), mirror, wanted, entropy).await.unwrap();
        let size =
            define::define(&context(&app), mirror, field(FieldKind::Number, "Size", &[]), entropy).await.unwrap();
        assert_eq!(until.code, "contractEnd");

        let acme = make(&app, Entity::Company, "Acme GmbH", "").await;
        let edit = Edit {
            name: Some(" Zoë  ".to_owned()),
            email: Some("zoe@Acme.example".to_owned()),
            tags: Some(vec!["Partner".to_owned(), "partner".to_owned()]),
            values: Values::from([
                (level.number, "gold".to_owned()),
                (until.number, "2026-12-31".to_owned()),
                (size.number, "12".to_owned()),
            ]),
            ..Edit::default()
        };
        let zoe = keep::create(&context(&app), mirror, (Entity::Contact, edit), entropy).await.unwrap();
        make(&app, Entity::Contact, "Bo", "bo@other.example").await;
        assert_eq!((zoe.name.as_str(), zoe.tags.as_slice()), ("Zoë", &["Partner".to_owned()][..]));
        relate::link(&context(&app), mirror, (zoe.id.as_str(), acme.id.as_str(), "Buyer"), entropy).await.unwrap();

        for (filter, expected) in [
            ("", &["Bo", "Zoë"][..]),
            ("zoe", &["Zoë"]),
            ("other.EXAMPLE", &["Bo"]),
            ("tag = PARTNER", &["Zoë"]),
            ("tag IS EMPTY", &["Bo"]),
            ("company = \"acme gmbh\" AND role = buyer", &["Zoë"]),
            ("company ~ acme", &["Zoë"]),
            ("domain = acme.example", &["Zoë"]),
            ("level = Gold", &["Zoë"]),
            ("level IS EMPTY", &["Bo"]),
            ("contractEnd >= 2026-12-31 AND contractEnd < 2027-01-01", &["Zoë"]),
            ("contractEnd = 2026-12-31", &["Zoë"]),
            ("contractEnd < 2026-12-31", &[]),
            ("size > 11 AND size <= 12", &["Zoë"]),
            ("NOT size = 12", &[]),
            ("size != 13", &["Zoë"]),
            ("created >= -1d ORDER BY name DESC", &["Zoë", "Bo"]),
            ("synced = yes", &[]),
        ] {
            assert_eq!(names(&found(&app, Entity::Contact, filter).await), expected, "{engine:?} {filter}");
        }
        assert_eq!(names(&found(&app, Entity::Company, "contacts = 1").await), ["Acme GmbH"]);

        // A change is in the next answer, and in the history with what was.
        let seen = Some(zoe.changed_at.as_microsecond());
        let rename = Edit { name: Some("Zoë Ada".to_owned()), seen, ..Edit::default() };
        let stale = keep::change(&context(&app), mirror, (zoe.id.as_str(), rename.clone()), entropy).await;
        assert!(stale.is_ok() || matches!(stale, Err(NotDone::Stale)));
        app.clock.advance(std::time::Duration::from_secs(1));
        let rename = Edit { name: Some("Zoë Ada".to_owned()), ..Edit::default() };
        keep::change(&context(&app), mirror, (zoe.id.as_str(), rename), entropy).await.unwrap();
        assert_eq!(names(&found(&app, Entity::Contact, "ada").await), ["Zoë Ada"]);
        let page = whole(&app, &zoe).await;
        assert_eq!(page.related[0].1, "Buyer");
        let told: Vec<&str> = page.history.iter().map(|event| event.kind.as_str()).collect();
        assert!(told.contains(&"created") && told.contains(&"joined_company") && told.contains(&"changed"), "{told:?}");

        // What does not fit is refused, each with its reason.
        let refused = async |edit: Edit| keep::change(&context(&app), mirror, (zoe.id.as_str(), edit), entropy).await;
        let with = |number, text: &str| Edit { values: Values::from([(number, text.to_owned())]), ..Edit::default() };
        let mail = Edit { email: Some("nobody".to_owned()), ..Edit::default() };
        for edit in [with(level.number, "Silver"), with(until.number, "soon"), with(size.number, "1.5"), mail] {
            assert!(refused(edit.clone()).await.is_err(), "{edit:?}");
        }
        let system = Edit { tags: Some(vec!["jira user".to_owned()]), ..Edit::default() };
        assert!(matches!(refused(system).await, Err(NotDone::Invalid(why)) if why.contains("Jira User Syncing")));
        let old = Edit { name: Some("X".to_owned()), seen: Some(1), ..Edit::default() };
        assert!(matches!(refused(old).await, Err(NotDone::Stale)));

        // A company that is deleted takes nobody with it.
        keep::delete(&context(&app), mirror, acme.id.as_str(), entropy).await.unwrap();
        assert_eq!(names(&found(&app, Entity::Contact, "company IS EMPTY").await), ["Bo", "Zoë Ada"]);
        keep::delete(&context(&app), mirror, zoe.id.as_str(), entropy).await.unwrap();
        assert_eq!(names(&found(&app, Entity::Contact, "").await), ["Bo"]);
        // Whoever reads from the database anew has the same.
        let node = app.another_node().await;
        assert_eq!(node.mirror.contacts().await.unwrap().contacts.live().len(), 1);
        node.mirrors.close().await;
        app.assert_sound().await;
        app.stop().await;
    }
}
