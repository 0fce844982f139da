//! Nights of two sources, told as a story: who comes, moves, leaves and comes back; what fails and what contradicts; a
//! changed control file, a truncated file, an empty one; a run applied again, a run cancelled.

use rollcall::feeds::trouble::NotDone;
use rollcall::nouns::feed_person::PersonState::{Active, Blocked};
use rollcall::nouns::feed_row::RowKind;
use rollcall::nouns::feed_run::{FeedRunState, Reason};
use rollcall::store::events;
use serde_json::json;

use super::{World, bytes, control, json_control, people, record};
use crate::support::app::ENGINES;

const QUEUED: &str = "OK. Sync queued.";
const TOO_DIFFERENT: &str = "OK: Files uploaded are too different to previous sync; must apply manually.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nights_of_two_sources() {
    for engine in ENGINES {
        let mut world = World::start(engine, 61).await;
        world.work();
        let (_, staff) = world.feed("staff").await;
        let (_, students) = world.feed("students").await;

        // The first night: nothing is applied before somebody has looked.
        world.uploaded(&staff, "_control", &json_control()).await;
        world.uploaded(&staff, "users", &bytes(&people(20))).await;
        assert_eq!(world.started(&staff).await, TOO_DIFFERENT);
        let first = world.settled("staff").await;
        assert_eq!((first.state, first.reasons.as_slice()), (FeedRunState::Held, &[Reason::First][..]));
        assert_eq!((first.counts.new, world.state("s01").await), (20, None));
        assert!(matches!(world.apply(&first, " ", None).await, Err(NotDone::NoReason)));
        world.apply(&first, "It is the list of the registry.", None).await.unwrap();
        let first = world.settled("staff").await;
        assert_eq!(
            (first.state, first.decision.as_deref()),
            (FeedRunState::Complete, Some("It is the list of the registry."))
        );
        assert_eq!(
            world.person("S01").await.unwrap(),
            (Active, "Pat Number01".to_owned(), "s01@uni.example".to_owned())
        );
        assert_eq!(world.groups("s01").await, ["group:teaching"]);

        // Students come as a table in another charset. `s19` works and studies: one person of two feeds.
        let table = |rows: &[[&str; 5]]| -> Vec<u8> {
            let mut text = "id\tfirst\tlast\tmail\trole\n".to_owned();
            rows.iter().for_each(|row| text.push_str(&format!("{}\n", row.join("\t"))));
            // Every letter of the table is one byte of Windows-1252, at its own number.
            text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
        };
        let tsv = control(json!({ "read": "tsv-with-name-row", "charset": "windows-1252" }));
        world.uploaded(&students, "_control", tsv.to_string().as_bytes()).await;
        let rows = [
            ["t1", "Zoë", "Ångström", "zoe@uni.example", "office"],
            ["t2", "José", "Muñoz", "jose@uni.example", "office"],
            ["s19", "Pat", "Number19", "s19@uni.example", "office"],
        ];
        world.uploaded(&students, "users", &table(&rows)).await;
        assert_eq!(world.started(&students).await, TOO_DIFFERENT);
        let run = world.settled("students").await;
        world.apply(&run, "The list of students.", None).await.unwrap();
        assert_eq!(world.settled("students").await.state, FeedRunState::Complete);
        assert_eq!(world.person("t1").await.unwrap().1, "Zoë Ångström");
        assert_eq!(world.groups("s19").await, ["group:office", "group:teaching"]);

        // The second night: a joiner, a mover, two leavers, a record that fails, and one username twice.
        let mut second = people(20);
        second.push(record("s21", "Number21", "s21@uni.example", "teaching"));
        second[1] = record("s02", "Number02", "s02@uni.example", "office");
        second[2]["mail"] = json!("no address");
        second.push(record("S04", "Someone", "other@uni.example", "office"));
        second.retain(|person| person["id"] != "s05" && person["id"] != "s19");
        world.uploaded(&staff, "users", &bytes(&second)).await;
        assert_eq!(world.started(&staff).await, QUEUED);
        let run = world.settled("staff").await;
        assert_eq!(run.state, FeedRunState::Complete, "{run:?}");
        let kinds = world.rows(&run).await;
        let named = |kind: RowKind, name: &str| (kind, name.to_owned());
        assert_eq!(
            kinds,
            [
                named(RowKind::New, "s21"),
                named(RowKind::Changed, "s02"),
                named(RowKind::Leaving, "s05"),
                named(RowKind::Leaving, "s19"),
                named(RowKind::Failing, "s03"),
                named(RowKind::Conflict, "s04"),
                named(RowKind::Conflict, "s04"),
            ]
        );
        assert_eq!(world.groups("s02").await, ["group:office"]);
        assert_eq!(
            world.person("s03").await.unwrap(),
            (Active, "Pat Number03".to_owned(), "s03@uni.example".to_owned())
        );
        assert_eq!(world.person("s04").await.unwrap().1, "Pat Number04");
        assert_eq!(world.state("s05").await, Some(Blocked));
        assert_eq!(world.state("s19").await, Some(Active), "still a student");
        assert_eq!(world.state("s21").await, Some(Active));
        assert_eq!(run.errors, world.errors(&run).await.len() as u64);

        // The same file again: a run that changes nothing.
        world.uploaded(&staff, "users", &bytes(&second)).await;
        assert_eq!(world.started(&staff).await, QUEUED);
        let run = world.settled("staff").await;
        assert_eq!((run.state, run.counts.is_no_change()), (FeedRunState::Complete, true), "d14");

        // The third night: another control file, and somebody who comes back. What the control file does is told apart.
        let mut other = control(json!({ "read": "json" }));
        let title = json!({ "action": "field", "source": "title", "destination": "user", "name": "title" });
        let none = json!({ "action": "remove-values", "destination": "user", "name": "title" });
        other["instructions"].as_array_mut().unwrap().extend([none, title]);
        let mut third = people(21);
        third[6]["title"] = json!("Dr");
        third[7]["last"] = json!("Newname");
        world.uploaded(&staff, "_control", other.to_string().as_bytes()).await;
        world.uploaded(&staff, "users", &bytes(&third)).await;
        assert_eq!(world.started(&staff).await, TOO_DIFFERENT, "the control file has grown by more than a tenth");
        let run = world.settled("staff").await;
        assert!(
            matches!(run.reasons.as_slice(), [Reason::Size { file, .. }] if file == "_control"),
            "{:?}",
            run.reasons
        );
        world.apply(&run, "Titles are wanted now.", None).await.unwrap();
        let third = world.settled("staff").await;
        assert_eq!(third.state, FeedRunState::Complete);
        assert_eq!(world.state("s05").await, Some(Active));
        assert_eq!(world.person("s08").await.unwrap().1, "Pat Newname");
        assert_eq!((third.counts.returning, third.counts.leaving), (2, 0), "s05 and s19");

        // A truncated file is held, cancelled, and held again the next night: the cancelled run is no measure.
        for _ in 0..2 {
            world.uploaded(&staff, "users", &bytes(&people(10))).await;
            assert_eq!(world.started(&staff).await, TOO_DIFFERENT);
            let run = world.settled("staff").await;
            assert!(run.reasons.iter().any(|reason| matches!(reason, Reason::Leavers { people: 11, .. })), "{run:?}");
            assert_eq!(world.upload(&staff, "users", b"[]").await.status, 400);
            world.cancel(&run).await.unwrap();
        }
        assert_eq!(world.state("s20").await, Some(Active));

        // An empty list takes everybody out: the number has to be typed.
        world.uploaded(&staff, "users", b"[]").await;
        let run = world.settled("staff").await;
        assert!(run.reasons.contains(&Reason::Empty));
        assert!(matches!(world.apply(&run, "really?", None).await, Err(NotDone::Typed(21))));
        world.cancel(&run).await.unwrap();
        assert!(matches!(world.apply(&run, "really?", Some(21)).await, Err(NotDone::State(FeedRunState::Cancelled))));

        // Back to the first night, after a look at what that changes.
        let again = world.reapply(&first).await.unwrap();
        let again = world.settled("staff").await.max_by_number(again);
        assert_eq!((again.state, again.copy_of.as_ref()), (FeedRunState::Held, Some(&first.id)), "d21");
        world.apply(&again, "The new list was wrong.", None).await.unwrap();
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        assert_eq!(world.person("s08").await.unwrap().1, "Pat Number08");
        assert_eq!(world.state("s21").await, Some(Blocked));
        assert_eq!(world.groups("s02").await, ["group:teaching"]);
        world.served.app.mirror.store().read(events::verify).await.unwrap().unwrap();
        world.end().await;
    }
}

trait Newest {
    fn max_by_number(self, other: Self) -> Self;
}

impl Newest for rollcall::nouns::feed_run::FeedRun {
    fn max_by_number(self, other: Self) -> Self {
        if other.number > self.number { other } else { self }
    }
}
