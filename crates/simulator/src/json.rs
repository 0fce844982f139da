//! JSON written straight into bytes, for the pages that carry thousands of records. Values are borrowed; nothing is
//! built in between. Whoever writes keeps the punctuation right: there is no checking here.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;

/// The form of instants upstream: `2026-11-19T10:11:12.123Z`.
const MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
/// The form of the rate-limit reset and of v1: `2026-11-19T10:11:12Z`.
const SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

#[derive(Debug, Default)]
pub(crate) struct Json(Vec<u8>);

impl Json {
    pub(crate) fn with_capacity(bytes: usize) -> Json {
        Json(Vec::with_capacity(bytes))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Ready-made JSON: punctuation, keys, texts known to need no escaping.
    pub(crate) fn raw(&mut self, text: &str) -> &mut Json {
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Json {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn string(&mut self, text: &str) -> &mut Json {
        if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
            self.0.push(b'"');
            self.0.extend_from_slice(text.as_bytes());
            self.0.push(b'"');
        } else {
            self.value(text);
        }
        self
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) -> &mut Json {
        match text {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    pub(crate) fn flag(&mut self, flag: bool) -> &mut Json {
        self.raw(if flag { "true" } else { "false" })
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Json {
        let mut digits = [0u8; 20];
        let mut rest = number;
        let mut start = digits.len();
        for (place, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            start = place;
            if rest == 0 {
                break;
            }
        }
        self.0.extend(digits.iter().skip(start));
        self
    }

    /// An instant in milliseconds since 1970, quoted.
    pub(crate) fn instant(&mut self, milliseconds: i64) -> &mut Json {
        self.raw("\"");
        // Printing into a byte vector cannot fail.
        let _ = MILLISECONDS.print_timestamp(&timestamp(milliseconds), &mut self.0);
        self.raw("\"")
    }

    /// Anything serializable; for the parts that are not written by the thousand.
    pub(crate) fn value<T: serde::Serialize + ?Sized>(&mut self, value: &T) -> &mut Json {
        // Plain data into a byte vector: serialization has no way to fail.
        let _ = serde_json::to_writer(&mut self.0, value);
        self
    }
}

/// The instant so many milliseconds after 1970; the farthest instant when out of range.
pub(crate) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}

pub(crate) fn in_milliseconds(at: Timestamp) -> String {
    MILLISECONDS.timestamp_to_string(&at)
}

pub(crate) fn in_seconds(at: Timestamp) -> String {
    SECONDS.timestamp_to_string(&at)
}
