//! The threshold of the dashboard: for how long somebody may not have used an app and still counts as active.

use filter::{Length, Unit};

/// A length of time from a day to ten years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold(Length);

/// Why a threshold cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAThreshold;

impl std::fmt::Display for NotAThreshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a threshold is a whole number of days from 1 to {}", Threshold::MOST_DAYS)
    }
}

impl std::error::Error for NotAThreshold {}

impl Threshold {
    /// The longest in days.
    pub const MOST_DAYS: u32 = 3_650;
    /// The threshold of an organization that chose none.
    pub const DEFAULT: Threshold = Threshold(Length { amount: 90, unit: Unit::Day });
    /// Those that are offered by name.
    pub const OFFERED: [Threshold; 7] = [
        Threshold(Length { amount: 3, unit: Unit::Day }),
        Threshold(Length { amount: 7, unit: Unit::Day }),
        Threshold(Length { amount: 14, unit: Unit::Day }),
        Threshold(Length { amount: 3, unit: Unit::Week }),
        Threshold(Length { amount: 1, unit: Unit::Month }),
        Threshold(Length { amount: 3, unit: Unit::Month }),
        Threshold(Length { amount: 6, unit: Unit::Month }),
    ];

    /// A number of days.
    ///
    /// # Errors
    /// The number is out of its bounds.
    pub fn days(days: u32) -> Result<Threshold, NotAThreshold> {
        let length = Length { amount: days, unit: Unit::Day };
        (1..=Threshold::MOST_DAYS).contains(&days).then_some(Threshold(length)).ok_or(NotAThreshold)
    }

    /// Reads what [`Threshold::to_text`] wrote: an offered one, or a number of days.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Threshold, NotAThreshold> {
        if let Some(offered) = Threshold::OFFERED.into_iter().find(|offered| offered.to_text() == text) {
            return Ok(offered);
        }
        let days = text.strip_suffix(Unit::Day.sign()).ok_or(NotAThreshold)?;
        Threshold::days(days.parse().map_err(|_| NotAThreshold)?)
    }

    /// As it is stored, and written in a filter: `90d`, `6M`.
    pub fn to_text(self) -> String {
        format!("{}{}", self.0.amount, self.0.unit.sign())
    }

    /// As it is read: `90 days`, `6 months`.
    pub fn words(self) -> String {
        let unit = match self.0.unit {
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Year => "year",
        };
        format!("{} {unit}{}", self.0.amount, if self.0.amount == 1 { "" } else { "s" })
    }

    pub(crate) fn length(self) -> Length {
        self.0
    }

    /// Days of 24 hours, of one that is no length of the calendar.
    pub(crate) fn whole_days(self) -> u64 {
        match self.0.unit {
            Unit::Week => u64::from(self.0.amount) * 7,
            _ => u64::from(self.0.amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is_taken() {
        for threshold in Threshold::OFFERED.into_iter().chain([Threshold::DEFAULT, Threshold::days(3_650).unwrap()]) {
            assert_eq!(Threshold::parse(&threshold.to_text()), Ok(threshold));
        }
        for text in ["", "0d", "3651d", "-1d", "9M", "90", "d", "90 d", "99999999999d"] {
            assert_eq!(Threshold::parse(text), Err(NotAThreshold), "{text}");
        }
        assert_eq!(Threshold::days(1).unwrap().words(), "1 day");
        assert_eq!(Threshold::OFFERED.map(Threshold::words)[3..5], ["3 weeks", "1 month"]);
    }
}
