//! Days and moments as Java's `SimpleDateFormat` writes them. What follows after the format is done is let be; a day that
//! does not exist, such as the 31st of February, is never turned into another one.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use thiserror::Error;

/// A format, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Field(char, usize),
    Literal(String),
}

/// Why a text is no format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DateFormatProblem {
    /// A letter that has no meaning here.
    #[error("the letter {0} has no meaning in a date format")]
    UnknownLetter(char),
    /// A quotation mark that is not closed.
    #[error("a quotation mark is not closed")]
    OpenQuote,
    /// Nothing that tells the day.
    #[error("it does not tell year, month and day")]
    NoDay,
}

/// The letters that are understood, with what they tell.
const LETTERS: &str = "yMdHhmsSaEzZX";

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl DateFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// When it has letters without a meaning, or does not tell a day.
    pub fn parse(text: &str) -> Result<DateFormat, DateFormatProblem> {
        let mut parts: Vec<Part> = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            if c == '\'' {
                let mut literal = String::new();
                loop {
                    match characters.next() {
                        Some('\'') if characters.peek() == Some(&'\'') => {
                            characters.next();
                            literal.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => literal.push(c),
                        None => return Err(DateFormatProblem::OpenQuote),
                    }
                }
                parts.push(Part::Literal(if literal.is_empty() { "'".to_owned() } else { literal }));
            } else if c.is_ascii_alphabetic() {
                if !LETTERS.contains(c) {
                    return Err(DateFormatProblem::UnknownLetter(c));
                }
                match parts.last_mut() {
                    Some(Part::Field(letter, count)) if *letter == c => *count += 1,
                    _ => parts.push(Part::Field(c, 1)),
                }
            } else {
                parts.push(Part::Literal(c.to_string()));
            }
        }
        let tells = |wanted: char| parts.iter().any(|part| matches!(part, Part::Field(letter, _) if *letter == wanted));
        if !(tells('y') && tells('M') && tells('d')) {
            return Err(DateFormatProblem::NoDay);
        }
        Ok(DateFormat { text: text.to_owned(), parts })
    }

    /// The format as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The day, or the moment with `Z`, that a text tells: `2018-02-10` or `2018-02-10T09:30:00Z`. A time without a zone
    /// is taken as UTC. None when the text is written otherwise or names no existing day.
    pub fn read(&self, text: &str) -> Option<String> {
        let mut reading = Reading { rest: text.trim_start(), ..Reading::default() };
        for (at, part) in self.parts.iter().enumerate() {
            let next_is_field =
                matches!(self.parts.get(at + 1), Some(Part::Field(letter, _)) if letter.is_ascii_alphabetic());
            match part {
                Part::Literal(literal) => reading.rest = reading.rest.strip_prefix(literal.as_str())?,
                Part::Field(letter, count) => reading.field(*letter, *count, next_is_field)?,
            }
        }
        let has_time = self.parts.iter().any(|part| matches!(part, Part::Field('H' | 'h', _)));
        reading.finish(has_time)
    }
}

#[derive(Default)]
struct Reading<'a> {
    rest: &'a str,
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    half: Option<bool>,
    minute: i8,
    second: i8,
    offset: i32,
}

impl Reading<'_> {
    /// Reads one field. A number that another field follows directly takes as many digits as it has letters.
    fn field(&mut self, letter: char, count: usize, next_is_field: bool) -> Option<()> {
        let most = if next_is_field { count } else { 9 };
        match letter {
            'y' => {
                let (value, digits) = self.digits(if next_is_field { count } else { 4 })?;
                // Two digits are the year of that ending between 80 years ago and 20 years ahead, with 2000 as the middle.
                self.year =
                    i16::try_from(if count <= 2 && digits <= 2 { 1950 + (value + 50) % 100 } else { value }).ok()?;
            }
            'M' if count >= 3 => self.month = i8::try_from(self.word(&MONTHS)? + 1).ok()?,
            'M' => self.month = i8::try_from(self.digits(most)?.0).ok()?,
            'd' => self.day = i8::try_from(self.digits(most)?.0).ok()?,
            'H' => self.hour = i8::try_from(self.digits(most)?.0).ok()?,
            'h' => {
                self.hour = i8::try_from(self.digits(most)?.0).ok().filter(|hour| (1..=12).contains(hour))? % 12;
                self.half = self.half.or(Some(false));
            }
            'm' => self.minute = i8::try_from(self.digits(most)?.0).ok()?,
            's' => self.second = i8::try_from(self.digits(most)?.0).ok()?,
            'S' => drop(self.digits(most)?),
            'a' => self.half = Some(self.word(&["am", "pm"])? == 1),
            'E' => drop(self.word(&WEEKDAYS)?),
            _ => self.offset = self.zone()?,
        }
        Some(())
    }

    fn digits(&mut self, most: usize) -> Option<(u32, usize)> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(length)?;
        let value = digits.parse().ok()?;
        self.rest = rest;
        Some((value, length))
    }

    /// Which of the words stands here, whole or as its first three letters.
    fn word(&mut self, words: &[&str]) -> Option<usize> {
        let length = self.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        let word = word.to_lowercase();
        let found = words.iter().position(|known| *known == word || (word.len() == 3 && known.starts_with(&word)))?;
        self.rest = rest;
        Some(found)
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Option<i32> {
        for utc in ["UTC", "GMT", "Z"] {
            if let Some(rest) = self.rest.strip_prefix(utc) {
                self.rest = rest;
                if !self.rest.starts_with(['+', '-']) {
                    return Some(0);
                }
            }
        }
        let sign = match self.rest.bytes().next()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.rest = &self.rest[1..];
        let (hours, _) = self.digits(2)?;
        self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
        let minutes = self.digits(2).map_or(0, |(minutes, _)| minutes);
        (hours < 24 && minutes < 60)
            .then(|| i32::try_from(hours * 3600 + minutes * 60).ok().map(|s| s * sign))
            .flatten()
    }

    fn finish(self, has_time: bool) -> Option<String> {
        let date = Date::new(self.year, self.month, self.day).ok()?;
        if !has_time {
            return Some(date.to_string());
        }
        let hour = if self.half == Some(true) { self.hour + 12 } else { self.hour };
        let moment = date.to_datetime(Time::new(hour, self.minute, self.second, 0).ok()?);
        let offset = Offset::from_seconds(self.offset).ok()?;
        Some(offset.to_timestamp(moment).ok()?.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        DateFormat::parse(format).unwrap().read(text)
    }

    #[test]
    fn days_and_moments_are_read_as_the_format_says() {
        for (format, text, expected) in [
            ("yyyy-MM-dd", "2018-02-10", "2018-02-10"),
            ("yyyy-MM-dd", "2018-02-10T00:00:00", "2018-02-10"),
            ("yyyyMMdd", "20180210", "2018-02-10"),
            ("dd/MM/yyyy", "1/2/2018", "2018-02-01"),
            ("d MMM yy", "3 Sep 24", "2024-09-03"),
            ("EEE, d MMMM yyyy", "Tue, 3 September 2024", "2024-09-03"),
            ("yyyy-MM-dd'T'HH:mm:ssX", "2018-02-10T09:30:00+01:00", "2018-02-10T08:30:00Z"),
            ("dd.MM.yyyy h:mm a", "01.02.2018 12:05 PM", "2018-02-01T12:05:00Z"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(expected), "{format} {text}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_other_day() {
        assert_eq!(read("dd/MM/yyyy", "31/02/2018"), None);
        assert_eq!(read("MM/dd/yyyy", "25/12/2018"), None);
        assert_eq!(read("yyyy-MM-dd", "soon"), None);
    }

    #[test]
    fn a_format_has_to_tell_a_day() {
        assert_eq!(DateFormat::parse("HH:mm"), Err(DateFormatProblem::NoDay));
        assert_eq!(DateFormat::parse("yyyy-MM-dd 'at"), Err(DateFormatProblem::OpenQuote));
        assert_eq!(DateFormat::parse("YYYY-MM-DD"), Err(DateFormatProblem::UnknownLetter('Y')));
    }
}
