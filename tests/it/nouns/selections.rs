//! Selections: read back as they were kept, changed by their owner alone, gone when they have ended.

use jiff::SignedDuration;
use roaring::RoaringBitmap;
use rollcall::id::{AdministratorId, Entropy, SelectionId};
use rollcall::nouns::saved_filter::Name;
use rollcall::nouns::selection::{Picked, Selected, Selection};
use rollcall::store::selections;

use super::{at, on_both};

fn selection(number: i64, selected: Selected) -> Selection {
    Selection {
        id: SelectionId::new(&Entropy::seeded(number.unsigned_abs()), at(number)),
        owner: AdministratorId::new(&Entropy::seeded(1), at(0)),
        owner_name: "zoë".to_owned(),
        name: None,
        selected,
        generation: 7,
        count: 3,
        made_at: at(number),
        changed_at: at(number),
        ends_at: Some(at(number) + SignedDuration::from_hours(1)),
    }
}

fn people() -> RoaringBitmap {
    [0, 5, 70_000, 4_000_000].into_iter().collect()
}

#[test]
fn every_kind_of_selection_reads_back_as_it_was_kept() {
    on_both(|store| {
        let listed = |from| Selected::Listed { people: people(), from };
        let all = [
            selection(1, Selected::Matching("name ~ zoë ORDER BY email".to_owned())),
            selection(2, listed(Picked::Rows("app = jira".to_owned()))),
            selection(3, listed(Picked::Rows(String::new()))),
            Selection { name: Name::parse("Élan").ok(), ends_at: None, ..selection(4, listed(Picked::Pasted)) },
        ];
        for kept in all {
            let (id, inserted) = (kept.id.clone(), kept.clone());
            store.write_blocking(move |tx| selections::insert(tx, &inserted)).unwrap();
            assert_eq!(store.read_blocking(move |tx| selections::find(tx, &id, at(4))).unwrap(), Some(kept));
        }
        let kept = store.read_blocking(selections::kept).unwrap();
        assert_eq!(kept.iter().filter_map(|one| one.name.as_ref()).map(Name::as_str).collect::<Vec<_>>(), ["Élan"]);
    });
}

#[test]
fn a_change_is_of_the_owners_and_what_has_ended_is_not_found_and_then_deleted() {
    on_both(|store| {
        let first = selection(1, Selected::Matching(String::new()));
        let kept = first.clone();
        store.write_blocking(move |tx| selections::insert(tx, &kept)).unwrap();
        let selected = Selected::Listed { people: people(), from: Picked::Rows(String::new()) };
        let changed = Selection { selected, count: 4, changed_at: at(2), ..first.clone() };
        let stranger = Selection { owner: AdministratorId::new(&Entropy::seeded(2), at(0)), ..changed.clone() };
        assert!(!store.write_blocking(move |tx| selections::update(tx, &stranger)).unwrap());
        let update = changed.clone();
        assert!(store.write_blocking(move |tx| selections::update(tx, &update)).unwrap());
        let find = |now| {
            let id = first.id.clone();
            store.read_blocking(move |tx| selections::find(tx, &id, now)).unwrap()
        };
        assert_eq!(find(at(2)), Some(changed));
        let ended = first.ends_at.unwrap();
        assert_eq!(find(ended), None);
        assert_eq!(store.write_blocking(move |tx| selections::delete_ended(tx, ended)).unwrap(), 1);
        assert_eq!(find(at(2)), None);
    });
}
