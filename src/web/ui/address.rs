//! Addresses of our own pages: a path and a query, percent-encoded. Text from outside enters an address only here.

use std::fmt::{self, Write};

/// An address within Rollcall, being put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    /// A fixed path.
    pub(crate) fn new(path: &str) -> Address {
        Address(path.to_owned())
    }

    /// One segment below this path; the segment may hold anything.
    pub(crate) fn below(mut self, segment: &str) -> Address {
        self.0.push('/');
        encode(segment, &mut self.0);
        self
    }

    /// A parameter; an empty one is left out.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Address {
        if !value.is_empty() {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            encode(value, &mut self.0);
        }
        self
    }

    /// The page of a person.
    pub(crate) fn person(id: &str) -> Address {
        Address::new("/people").below(id)
    }

    /// The page of a group.
    pub(crate) fn group(id: &str) -> Address {
        Address::new("/groups").below(id)
    }

    /// The address as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
pub(crate) fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

/// What [`encode`] wrote; `None` for what it never writes.
pub(crate) fn decode(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = tail.get(2..)?;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_encoded_is_decoded_and_nonsense_is_none() {
        for text in ["", "acme", "a b&c=ü%王", "%%"] {
            let mut encoded = String::new();
            encode(text, &mut encoded);
            assert_eq!(decode(&encoded).as_deref(), Some(text));
        }
        for nonsense in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decode(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn anything_can_stand_in_a_path_or_a_parameter() {
        let address = Address::person("557058:a/b?c#d").with("q", "a&b=ü").with("empty", "").with("sort", "name");
        assert_eq!(address.as_str(), "/people/557058%3Aa%2Fb%3Fc%23d?q=a%26b%3D%C3%BC&sort=name");
    }
}
