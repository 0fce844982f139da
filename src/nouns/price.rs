//! What a seat costs a month, as somebody has entered it, and sums of it. Amounts are whole thousandths of a currency's
//! unit, so that nothing is ever rounded; different currencies are never added up.

use std::collections::BTreeMap;
use std::fmt;

use directory::tiles::OnSite;
use directory::{Resource, ResourceId, Snapshot};
use jiff::Timestamp;

/// The dearest seat, in thousandths: a million a month.
const MOST: u64 = 1_000_000_000;
/// Thousandths of a unit.
const UNIT: u64 = 1_000;

/// A currency by its three letters (ISO 4217).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// What one seat costs a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Thousandths of the currency's unit.
    pub amount: u64,
    /// In which currency.
    pub currency: Currency,
}

/// Why a price was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPrice {
    /// The amount is no number.
    #[error("an amount is a number from 0 to 1000000 with at most three places after the point, as 7.65")]
    Amount,
    /// The currency is no code.
    #[error("a currency is its three letters, as USD or EUR")]
    Currency,
}

/// A price with what it holds for and who entered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatPrice {
    /// The app by its key.
    pub app: String,
    /// The site by its cloud id; `None` for every site that has no price of its own.
    pub site: Option<String>,
    /// What a seat costs.
    pub price: Price,
    /// Who entered it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

/// All prices of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(pub Vec<SeatPrice>);

/// Sums by currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost(BTreeMap<Currency, u128>);

impl Currency {
    /// Reads three letters, in either case.
    ///
    /// # Errors
    /// It is something else.
    pub fn parse(text: &str) -> Result<Currency, NotAPrice> {
        match text.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => {
                Ok(Currency([a, b, c].map(u8::to_ascii_uppercase)))
            }
            _ => Err(NotAPrice::Currency),
        }
    }

    /// Its letters.
    pub fn as_str(&self) -> &str {
        // Three ASCII letters are always text: nothing else is parsed.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Price {
    /// Reads an amount as it is typed, with a point or a comma before at most three places, and a currency.
    ///
    /// # Errors
    /// Which of them is something else.
    pub fn parse(amount: &str, currency: &str) -> Result<Price, NotAPrice> {
        let amount = amount.trim();
        let (whole, places) = amount.split_once(['.', ',']).unwrap_or((amount, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() > 7 || places.len() > 3 || !digits(whole) || !digits(places) {
            return Err(NotAPrice::Amount);
        }
        if places.is_empty() && amount.len() > whole.len() {
            return Err(NotAPrice::Amount);
        }
        let whole: u64 = whole.parse().map_err(|_| NotAPrice::Amount)?;
        let places: u64 = format!("{places:0<3}").parse().map_err(|_| NotAPrice::Amount)?;
        let amount = Some(whole * UNIT + places).filter(|amount| *amount <= MOST).ok_or(NotAPrice::Amount)?;
        Ok(Price { amount, currency: Currency::parse(currency)? })
    }

    /// The amount alone, as it can be typed again: `7.65`, `12`.
    pub fn amount_text(&self) -> String {
        let (whole, places) = (self.amount / UNIT, self.amount % UNIT);
        match places {
            0 => whole.to_string(),
            _ if places.is_multiple_of(10) => format!("{whole}.{:02}", places / 10),
            _ => format!("{whole}.{places:03}"),
        }
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount_text(), self.currency.as_str())
    }
}

impl Prices {
    /// The price of a seat: the site's own, else the app's.
    pub fn of(&self, resource: &ResourceId) -> Option<&SeatPrice> {
        let find = |site: Option<&str>| {
            self.0.iter().find(|price| price.app == resource.owner() && price.site.as_deref() == site)
        };
        find(Some(resource.site())).or_else(|| find(None))
    }

    /// What so many seats of a resource cost a month; nothing where nobody has entered a price.
    pub fn cost(&self, resource: Option<&Resource>, seats: u64) -> Cost {
        let mut cost = Cost::default();
        if let Some(price) = resource.and_then(|resource| self.of(&resource.id)) {
            cost.add(price.price, seats);
        }
        cost
    }

    /// What seats cost a month: all of them, and those that are inactive or were never used.
    pub fn of_seats(&self, snapshot: &Snapshot, sites: &[OnSite]) -> (Cost, Cost) {
        let (mut all, mut idle) = (Cost::default(), Cost::default());
        for site in sites {
            let resource = snapshot.resources().get(site.resource as usize);
            all.add_all(&self.cost(resource, site.seats.total()));
            idle.add_all(&self.cost(resource, site.seats.not_active()));
        }
        (all, idle)
    }
}

impl Cost {
    /// Adds so many seats at a price.
    pub fn add(&mut self, price: Price, seats: u64) {
        *self.0.entry(price.currency).or_default() += u128::from(price.amount) * u128::from(seats);
    }

    /// Adds another sum.
    pub fn add_all(&mut self, other: &Cost) {
        for (currency, amount) in &other.0 {
            *self.0.entry(*currency).or_default() += amount;
        }
    }

    /// Whether nothing has a price; a sum of zero is a sum.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each currency with its sum in thousandths, in alphabetical order.
    pub fn sums(&self) -> impl Iterator<Item = (Currency, u128)> + '_ {
        self.0.iter().map(|(currency, amount)| (*currency, *amount))
    }

    /// Each currency's letters with its sum as a decimal text, as `1204.500`: exact for programs.
    pub fn decimals(&self) -> BTreeMap<String, String> {
        let decimal = |amount: u128| format!("{}.{:03}", amount / u128::from(UNIT), amount % u128::from(UNIT));
        self.sums().map(|(currency, amount)| (currency.as_str().to_owned(), decimal(amount))).collect()
    }

    /// The sum in one currency, in thousandths.
    pub fn of(&self, currency: Currency) -> u128 {
        self.0.get(&currency).copied().unwrap_or(0)
    }
}

/// `1,204.50 EUR`, each currency for itself: `1,204.50 EUR + 80 USD`.
impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (currency, amount)) in self.sums().enumerate() {
            if place > 0 {
                f.write_str(" + ")?;
            }
            write!(f, "{} {}", money(amount), currency.as_str())?;
        }
        Ok(())
    }
}

/// An amount in thousandths with commas between thousands, exact: `1,204.50`.
fn money(amount: u128) -> String {
    let (whole, places) = (amount / u128::from(UNIT), amount % u128::from(UNIT));
    let digits = whole.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match places {
        0 => text,
        _ if places.is_multiple_of(10) => format!("{text}.{:02}", places / 10),
        _ => format!("{text}.{places:03}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_taken_exactly_or_not_at_all() {
        let amount = |text: &str| Price::parse(text, "usd").map(|price| price.amount);
        assert_eq!(amount("7.65"), Ok(7_650));
        assert_eq!(amount(" 7,655 "), Ok(7_655));
        assert_eq!(amount("1000000"), Ok(1_000_000_000));
        for wrong in ["", "7.", ".5", "-1", "7.6555", "1,000.00", "1e3", "1000000.001", "12345678", "sieben", "٧"] {
            assert_eq!(amount(wrong), Err(NotAPrice::Amount), "{wrong}");
        }
        for wrong in ["", "US", "USDT", "U5D", "€€€"] {
            assert_eq!(Price::parse("1", wrong), Err(NotAPrice::Currency), "{wrong}");
        }
    }

    #[test]
    fn currencies_are_summed_each_for_itself() {
        let mut cost = Cost::default();
        assert!(cost.is_empty());
        cost.add(Price::parse("8.15", "usd").unwrap(), 1_000);
        cost.add(Price::parse("0.005", "eur").unwrap(), 3);
        cost.add(Price::parse("5.35", "USD").unwrap(), 10);
        assert_eq!(cost.to_string(), "0.015 EUR + 8,203.50 USD");
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed_again(amount in 0..=MOST) {
            let price = Price { amount, currency: Currency(*b"EUR") };
            prop_assert_eq!(Price::parse(&price.amount_text(), "EUR"), Ok(price));
        }
    }
}
