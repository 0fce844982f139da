//! Days of seats and prices of seats: one row a day, the last one stays; one price a place.

use rollcall::nouns::price::{Price, SeatPrice};
use rollcall::store::seat_days::{self, StoredDay};
use rollcall::store::seat_prices;

use super::{at, on_both, write};

fn day(day: i64, generation: u64) -> StoredDay {
    StoredDay {
        day,
        generation,
        sealed_at: at(generation as i64),
        present: 7,
        groups: 2,
        seats: vec![1, 0, generation as u8],
    }
}

fn price(app: &str, site: Option<&str>, amount: &str) -> SeatPrice {
    let price = Price::parse(amount, "EUR").unwrap();
    let (app, site) = (app.to_owned(), site.map(str::to_owned));
    SeatPrice { app, site, price, changed_by: "administrator mira".to_owned(), changed_at: at(5) }
}

#[test]
fn the_last_generation_of_a_day_stays_and_stretches_give_their_last_day() {
    on_both(|store| {
        let read = write(store, |tx| {
            for (number, generation) in [(20_000, 1), (20_001, 2), (20_001, 3), (20_004, 4), (20_005, 5)] {
                seat_days::put(tx, &day(number, generation))?;
            }
            let every = seat_days::since(tx, 20_001, 1)?;
            let second: Vec<i64> = seat_days::since(tx, 0, 2)?.into_iter().map(|day| day.day).collect();
            let up_to =
                [19_999, 20_003, 30_000].map(|day| seat_days::up_to(tx, day).map(|day| day.map(|day| day.generation)));
            Ok((every, second, up_to.into_iter().collect::<Result<Vec<_>, _>>()?, seat_days::first(tx)?))
        });
        assert_eq!(read.0, [day(20_001, 3), day(20_004, 4), day(20_005, 5)]);
        assert_eq!(read.1, [20_001, 20_005], "of each two days the last that there is");
        assert_eq!(read.2, [None, Some(3), Some(5)]);
        assert_eq!(read.3, Some(20_000));
    });
}

#[test]
fn a_price_is_replaced_in_its_place_and_removed_once() {
    on_both(|store| {
        let (all, removed) = write(store, |tx| {
            for entered in [
                price("jira-software", None, "7"),
                price("jira-software", Some("cloud-1"), "9.995"),
                price("jira-software", None, "7.5"),
            ] {
                seat_prices::put(tx, &entered)?;
            }
            let all = seat_prices::all(tx)?;
            let removed =
                [seat_prices::delete(tx, "jira-software", None)?, seat_prices::delete(tx, "jira-software", None)?];
            Ok((all, removed))
        });
        assert_eq!(all.0, [price("jira-software", None, "7.5"), price("jira-software", Some("cloud-1"), "9.995")]);
        assert_eq!(removed, [true, false]);
        let on = |site: &str| directory::ResourceId::new(&format!("ari:cloud:jira-software::site/{site}")).unwrap();
        assert_eq!(all.of(&on("cloud-1")).unwrap().price.amount, 9_995, "the site's own goes first");
        assert_eq!(all.of(&on("cloud-2")).unwrap().price.amount, 7_500);
    });
}
