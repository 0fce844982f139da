//! Saved filters: a name once in its place, found by whom they are for, changed without losing owner or age.

use rollcall::id::{AdministratorId, Entropy, FilterId};
use rollcall::nouns::saved_filter::{Audience, Description, Kept, Name, SavedFilter};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::filters;

use super::{at, on_both, write};

fn administrator(seed: u64) -> AdministratorId {
    AdministratorId::new(&Entropy::seeded(seed), at(0))
}

fn kept(name: &str, audience: Audience) -> Kept {
    Kept {
        name: Name::parse(name).unwrap(),
        description: Description::parse("Who is “idle” in Zoë's apps").unwrap(),
        text: "group = \"jira users\" ORDER BY name DESC".to_owned(),
        audience,
    }
}

fn filter(number: i64, owner: u64, kept: Kept) -> SavedFilter {
    SavedFilter {
        id: FilterId::new(&Entropy::seeded(number.unsigned_abs()), at(number)),
        kept,
        owner: administrator(owner),
        owner_name: format!("zoë {owner}"),
        created_at: at(number),
        changed_at: at(number),
    }
}

fn insert(store: &Store, filter: &SavedFilter) -> Result<(), StoreError> {
    let filter = filter.clone();
    store.write_blocking(move |tx| filters::insert(tx, &filter))
}

fn names(filters: &[SavedFilter]) -> Vec<&str> {
    filters.iter().map(|filter| filter.kept.name.as_str()).collect()
}

#[test]
fn everybody_finds_their_own_and_what_is_shared_by_name() {
    on_both(|store| {
        let all = [
            filter(1, 1, kept("élan", Audience::Owner)),
            filter(2, 1, kept("Zebra", Audience::Everybody)),
            filter(3, 2, kept("apple", Audience::Owner)),
            filter(4, 2, kept("Fig", Audience::Everybody)),
        ];
        all.iter().for_each(|filter| insert(store, filter).unwrap());
        let visible = |who| store.read_blocking(move |tx| filters::visible(tx, &administrator(who))).unwrap();
        assert_eq!(visible(1), [all[0].clone(), all[3].clone(), all[1].clone()]);
        assert_eq!(names(&visible(2)), ["apple", "Fig", "Zebra"]);
        assert_eq!(names(&visible(3)), ["Fig", "Zebra"]);
        assert_eq!(names(&store.read_blocking(filters::all).unwrap()), ["apple", "élan", "Fig", "Zebra"]);
        assert_eq!(store.read_blocking(filters::count).unwrap(), 4);
    });
}

#[test]
fn a_name_is_there_once_in_each_place_however_it_is_written() {
    on_both(|store| {
        insert(store, &filter(1, 1, kept("Idle", Audience::Owner))).unwrap();
        insert(store, &filter(2, 2, kept("idle", Audience::Owner))).unwrap();
        insert(store, &filter(3, 1, kept("IDLE", Audience::Everybody))).unwrap();
        for (number, owner, audience) in [(4, 1, Audience::Owner), (5, 2, Audience::Everybody)] {
            let again = insert(store, &filter(number, owner, kept("ÍDLE", audience)));
            assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
        }
        let named = |owner, audience| {
            let name = Name::parse("iDle").unwrap();
            store.read_blocking(move |tx| filters::named(tx, &name, (&administrator(owner), audience))).unwrap()
        };
        assert_eq!(named(2, Audience::Owner), Some(filter(2, 2, kept("idle", Audience::Owner)).id));
        assert_eq!(named(7, Audience::Everybody), named(1, Audience::Everybody));
        assert_eq!(named(7, Audience::Owner), None);
    });
}

#[test]
fn a_changed_filter_keeps_its_owner_and_its_age_and_a_deleted_one_is_gone() {
    on_both(|store| {
        let first = filter(1, 1, kept("Idle", Audience::Owner));
        insert(store, &first).unwrap();
        let changed = SavedFilter {
            kept: Kept { text: String::new(), ..kept("Everybody here", Audience::Everybody) },
            owner_name: "zoë, renamed".to_owned(),
            changed_at: at(90),
            ..first.clone()
        };
        let (written, id) = (changed.clone(), first.id.clone());
        assert!(write(store, move |tx| filters::update(tx, &written)));
        assert_eq!(store.read_blocking(move |tx| filters::find(tx, &id)).unwrap(), Some(changed.clone()));
        insert(store, &filter(2, 1, kept("Idle", Audience::Owner))).unwrap();

        let gone = first.id.clone();
        assert_eq!(
            write(store, move |tx| Ok([filters::delete(tx, &gone)?, filters::delete(tx, &gone)?])),
            [true, false]
        );
        assert!(!write(store, move |tx| filters::update(tx, &changed)), "there is none any more");
        assert_eq!(store.read_blocking(filters::count).unwrap(), 1);
    });
}
