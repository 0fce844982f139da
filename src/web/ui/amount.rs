//! Numbers and lengths of time as people read them.

use std::time::Duration;

/// A number with a comma between thousands.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 person`, `1,204 people`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A length of time in its two largest units: `4 min 10 s`.
pub(crate) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let second = seconds % 60;
    match (days, hours, minutes) {
        (0, 0, 0) if length < Duration::from_secs(10) => format!("{:.1} s", length.as_secs_f64()),
        (0, 0, 0) => format!("{second} s"),
        (0, 0, _) => format!("{minutes} min {second} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// An estimated length of time: whole seconds, never none.
pub(crate) fn about(estimated: Duration) -> String {
    match estimated.as_secs_f64().ceil() as u64 {
        seconds @ 0..60 => format!("{} s", seconds.max(1)),
        seconds => length(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lengths_read_well() {
        assert_eq!([0, 999, 1_000, 18_430, 1_234_567].map(number), ["0", "999", "1,000", "18,430", "1,234,567"]);
        assert_eq!(counted(1, "person", "people"), "1 person");
        assert_eq!(counted(0, "person", "people"), "0 people");
        let lengths = [(0, "0.0 s"), (59, "59 s"), (250, "4 min 10 s"), (3_600, "1 h 0 min"), (90_000, "1 d 1 h")];
        for (seconds, text) in lengths {
            assert_eq!(length(Duration::from_secs(seconds)), text);
        }
        assert_eq!(
            [0, 9_400, 61_000].map(|milliseconds| about(Duration::from_millis(milliseconds))),
            ["1 s", "10 s", "1 min 1 s"]
        );
    }
}
