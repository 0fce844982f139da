//! Many at once: a file is mapped, previewed and carried out as previewed; a bulk deletion leaves synced contacts out.

use contact::field::{Entity, FieldKind};
use rollcall::contacts::bulk;
use rollcall::contacts::define::{self, WantedField};
use rollcall::contacts::import::meaning::{Meaning, Same, Target};
use rollcall::contacts::import::{self, Tried};
use rollcall::contacts::trouble::NotDone;
use rollcall::contacts::{relate, runs};
use rollcall::nouns::contact_run::{ContactRun, ContactRunState};

use super::{app, context, found, make, newest, settle, switch_on, whole};
use crate::support::app::{ENGINES, TestApp};

/// Keeps a file, says what its columns are, looks at it and carries it out.
async fn take(app: &TestApp, text: &str, meaning: &Meaning) -> (Tried, ContactRun) {
    let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
    let file = (meaning.entity, "people.csv", text.as_bytes());
    let id = import::keep_file(&context(app), mirror, file, entropy).await.unwrap();
    import::mean(mirror, (id.as_str(), meaning.clone())).await.unwrap();
    let before = found(app, meaning.entity, "").await;
    let tried = import::try_out(&context(app), mirror, id.as_str(), entropy).await.unwrap();
    assert_eq!(found(app, meaning.entity, "").await, before, "a look writes nothing");
    import::start(&context(app), mirror, id.as_str(), entropy).await.unwrap();
    settle(app).await;
    let run = newest(app).await;
    assert_eq!(run.state, ContactRunState::Complete, "{run:?}");
    let counts = (run.counts.created, run.counts.changed, run.counts.unchanged, run.counts.skipped);
    assert_eq!(counts, (tried.new, tried.changed, tried.same, tried.refused), "it does what the look said: {tried:?}");
    assert!(matches!(import::held(mirror, id.as_str()).await, Err(NotDone::NoFile)), "the file is not kept longer");
    (tried, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_does_what_its_preview_said_and_taken_again_does_nothing() {
    for engine in ENGINES {
        let app = app(engine, 20, 3).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let choices = vec!["Gold".to_owned(), "Silver".to_owned()];
        let wanted = WantedField { label: "Level".to_owned(), choices, ..WantedField::default() };
        let level = (Entity::Contact, FieldKind::Choice, wanted);
        let level = define::define(&context(&app), mirror, level, entropy).await.unwrap();
        let ines = make(&app, Entity::Contact, "Ines", "ines@acme.example").await;
        for name in ["Dup A", "Dup B"] {
            make(&app, Entity::Contact, name, "dup@x.example").await;
        }
        let acme = make(&app, Entity::Company, "Acme", "").await;
        relate::link(&context(&app), mirror, (ines.id.as_str(), acme.id.as_str(), "Buyer"), entropy).await.unwrap();

        let text = "\u{feff}Vorname;Nachname;Mail;Firma;Level;Fax\n\
            Ines;O.; INES@Acme.example ;acme;gold;1\n\
            Bo;;bo@x.example;New Co;;\n\
            Bo;;bo@x.example;New Co;;\n\
            Dup;;dup@x.example;;;\n\
            Cy;;cy@x.example;;Tin;\n\
            Cy;;cy@x.example;;Silver;\n\
            ;;;;;\n\
            '=Eve;;eve@x.example;;;\n";
        // What the headings say by themselves, and what a person makes of the rest.
        let file = (Entity::Contact, "people.csv", text.as_bytes());
        let id = import::keep_file(&context(&app), mirror, file, entropy).await.unwrap();
        let held = import::held(mirror, id.as_str()).await.unwrap();
        assert_eq!((held.headings[0].as_str(), held.rows), ("Vorname", 7));
        let guessed = [
            Target::Nothing,
            Target::Nothing,
            Target::Email,
            Target::Nothing,
            Target::Field(level.number),
            Target::Nothing,
        ];
        assert_eq!((&held.meaning.columns[..], &held.meaning.same), (&guessed[..], &Same::By(Target::Email)));
        let nameless = import::mean(mirror, (id.as_str(), held.meaning.clone())).await;
        assert!(matches!(nameless, Err(NotDone::Invalid(why)) if why.contains("name")));
        let mut meaning = held.meaning;
        (meaning.columns[0], meaning.columns[1], meaning.columns[3]) = (Target::Name, Target::Name, Target::Companies);

        let (tried, run) = take(&app, text, &meaning).await;
        assert_eq!((tried.new, tried.changed, tried.same, tried.refused), (3, 1, 1, 2), "{tried:?}");
        let log = runs::lines(mirror, run.number, (0, Some("refused".to_owned())), 10).await.unwrap();
        let why: Vec<&str> = log.iter().map(|line| line.text.as_str()).collect();
        assert!(why[0].contains("Line 5") && why[0].contains("several records could be meant"), "{why:?}");
        assert!(why[1].contains("Line 6") && why[1].contains("Gold, Silver"), "{why:?}");
        let page = whole(&app, &ines).await;
        assert_eq!((page.record.name.as_str(), page.record.id.as_str()), ("Ines O.", ines.id.as_str()));
        assert_eq!((page.related.len(), page.related[0].1.as_str()), (1, "Buyer"), "no link twice, and the role stays");
        let names = async |filter: &str| {
            found(&app, Entity::Contact, filter).await.into_iter().map(|of| of.name).collect::<Vec<_>>()
        };
        assert_eq!(names("company = \"New Co\"").await, ["Bo"]);
        assert_eq!(names("level IS NOT EMPTY").await, ["Cy", "Ines O."]);
        assert_eq!(names("eve@x.example").await, ["=Eve"]);

        let (again, _) = take(&app, text, &meaning).await;
        assert_eq!((again.new, again.changed, again.same, again.refused), (0, 0, 5, 2), "{again:?}");
        // Records that are there may be left alone, and then only new ones are made.
        let (others, _) = take(&app, &text.replace("gold", "silver"), &Meaning { update: false, ..meaning }).await;
        assert_eq!((others.new, others.changed), (0, 0), "{others:?}");
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_deletion_leaves_synced_contacts_out_and_asks_for_the_number() {
    for engine in ENGINES {
        let app = app(engine, 80, 14).await;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        switch_on(&app).await;
        let synced = found(&app, Entity::Contact, "synced = yes").await;
        for name in ["By hand", "By hand too"] {
            make(&app, Entity::Contact, name, "").await;
        }
        let all = found(&app, Entity::Contact, "").await;
        let numbers: Vec<u32> = all.iter().map(|record| record.number).collect();
        let count = numbers.len() as u64;
        assert!(count >= bulk::TYPED_FROM, "{count}");
        for typed in [None, Some(count - 1)] {
            let wanted = (Entity::Contact, numbers.clone(), typed);
            let refused = bulk::delete(&context(&app), mirror, wanted, entropy).await;
            assert!(matches!(refused, Err(NotDone::Typed(asked)) if asked == count), "{refused:?}");
        }
        bulk::delete(&context(&app), mirror, (Entity::Contact, numbers, Some(count)), entropy).await.unwrap();
        settle(&app).await;
        let run = newest(&app).await;
        assert_eq!(run.state, ContactRunState::Complete, "{run:?}");
        assert_eq!((run.counts.deleted, run.counts.skipped), (2, synced.len() as u64), "{run:?}");
        let log = runs::lines(mirror, run.number, (0, Some("refused".to_owned())), 1_000).await.unwrap();
        assert_eq!(log.len(), synced.len());
        assert!(log.iter().all(|line| line.text.contains("switch Jira User Syncing off")), "{:?}", log[0].text);
        assert_eq!(found(&app, Entity::Contact, "").await, synced, "all of them, as they were");
        app.assert_sound().await;
        app.stop().await;
    }
}
