//! Digests of 128 bits. Records that say the same have the same digest, whatever the order of their keys and whichever
//! reader read them.
//!
//! Whom a record concerns is found by BLAKE3, cut to 16 bytes: nobody can make up a username that is taken for another
//! one. Whether a record is the one applied last is told by XXH3, which is twenty times as fast and decides nothing
//! else: whoever made two records of their own collide would keep their own change from being applied.

use crate::json::Value;

/// A digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// The fast digest of some bytes, for telling whether they are the same as before.
    pub fn fast(bytes: &[u8]) -> Digest {
        Digest(twox_hash::XxHash3_128::oneshot(bytes).to_le_bytes())
    }

    /// The digest of some bytes, for finding somebody by it.
    pub fn of(bytes: &[u8]) -> Digest {
        let mut digest = [0; 16];
        digest.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
        Digest(digest)
    }

    /// The digest of a value; the order of keys does not count.
    pub fn of_value(value: &Value) -> Digest {
        let mut bytes = Vec::new();
        encode(value, &mut bytes);
        Digest::of(&bytes)
    }

    /// As 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest of 32 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Digest> {
        let digits: Vec<u8> =
            text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect();
        (text.len() == 32).then(|| bytes.try_into().ok().map(Digest)).flatten()
    }

    /// Its first bytes, where eight are enough to look further.
    pub(crate) fn short(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Appends a value so that two values are written alike only when they are equal: tags, lengths, sorted members, and an
/// end to everything that has parts.
pub(crate) fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'0'),
        Value::Boolean(value) => out.push(if *value { b't' } else { b'f' }),
        Value::Number(number) => encode_text(b'n', number.text(), out),
        Value::Text(text) => encode_text(b's', text, out),
        Value::List(values) => {
            out.push(b'[');
            values.iter().for_each(|value| encode(value, out));
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (name, value) in object.sorted() {
                encode_text(b'k', name, out);
                encode(value, out);
            }
            out.push(b'}');
        }
    }
}

/// Appends a text with its length, seven bits to a byte with the lowest first: the shorter, the faster its digest.
#[inline]
pub(crate) fn encode_text(tag: u8, text: &str, out: &mut Vec<u8>) {
    out.push(tag);
    let mut rest = text.len();
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::{Object, tests::any_value};

    fn turned(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let mut members: Vec<_> = object.members().map(|(n, v)| (n.to_owned(), turned(v))).collect();
                members.reverse();
                Value::Object(Object::of(members))
            }
            Value::List(values) => Value::List(values.iter().map(turned).collect()),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_order_of_keys_does_not_count(value in any_value()) {
            prop_assert_eq!(Digest::of_value(&value), Digest::of_value(&turned(&value)));
        }

        #[test]
        fn values_that_differ_have_digests_that_differ(one in any_value(), other in any_value()) {
            prop_assert_eq!(one == other, Digest::of_value(&one) == Digest::of_value(&other));
            let digest = Digest::of_value(&one);
            prop_assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        }
    }
}
