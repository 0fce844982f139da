//! Prices of seats, by app and site.

use crate::nouns::price::{Currency, Price, Prices, SeatPrice};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const ALL: &str = "
    SELECT app, site, amount, currency, changed_by, changed_at FROM seat_prices ORDER BY app, site LIMIT 10000";
const PUT: &str = "
    INSERT INTO seat_prices (app, site, amount, currency, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (app, site) DO UPDATE
    SET amount = excluded.amount, currency = excluded.currency, changed_by = excluded.changed_by,
        changed_at = excluded.changed_at";
const DELETE: &str = "DELETE FROM seat_prices WHERE app = $1 AND site = $2";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] =
    &[("seat_prices.ALL", ALL), ("seat_prices.PUT", PUT), ("seat_prices.DELETE", DELETE)];

/// All prices.
pub fn all(tx: &mut Tx) -> Result<Prices, StoreError> {
    let prices = tx.list(ALL, &[], |row| {
        let currency = Currency::parse(row.text(3)?).map_err(|_| row.corrupt(3))?;
        Ok(SeatPrice {
            app: row.text(0)?.to_owned(),
            site: Some(row.text(1)?).filter(|site| !site.is_empty()).map(str::to_owned),
            price: Price { amount: row.integer(2)?.unsigned_abs(), currency },
            changed_by: row.text(4)?.to_owned(),
            changed_at: moment(row, 5)?,
        })
    });
    prices.map(Prices)
}

/// Enters a price, or another one in its place.
pub fn put(tx: &mut Tx, price: &SeatPrice) -> Result<(), StoreError> {
    let arguments = [
        (&price.app).into(),
        price.site.as_deref().unwrap_or_default().into(),
        (price.price.amount as i64).into(),
        price.price.currency.as_str().into(),
        (&price.changed_by).into(),
        price.changed_at.as_microsecond().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Removes a price; whether there was one.
pub fn delete(tx: &mut Tx, app: &str, site: Option<&str>) -> Result<bool, StoreError> {
    tx.execute(DELETE, &[app.into(), site.unwrap_or_default().into()]).map(|deleted| deleted == 1)
}
