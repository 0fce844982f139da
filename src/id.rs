//! Rollcall's own ids: a prefix that says what it names, and a UUIDv7 in 26 letters, so that they sort by age and can
//! be searched for in logs. Chance comes from [`Entropy`] alone.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// The one source of chance: the machine's, or a seeded one for runs that must repeat.
#[derive(Clone, Debug)]
pub struct Entropy(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Seeded(Arc<Mutex<fastrand::Rng>>),
}

impl Entropy {
    /// The machine's random source.
    pub fn machine() -> Entropy {
        Entropy(Source::Machine)
    }

    /// A repeatable source; never for anything that must stay secret.
    pub fn seeded(seed: u64) -> Entropy {
        Entropy(Source::Seeded(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)))))
    }

    /// Fills a buffer with chance.
    ///
    /// # Panics
    /// When the machine has no random source: nothing safe can be done without one.
    #[expect(clippy::disallowed_methods, reason = "the one place that takes chance from the machine")]
    pub fn fill(&self, buffer: &mut [u8]) {
        match &self.0 {
            Source::Machine => getrandom::fill(buffer).expect("every supported machine has a random source"),
            Source::Seeded(generator) => generator.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer),
        }
    }

    /// So many bytes of chance.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A secret of 256 bits as 52 letters, for links, sessions and keys.
    pub fn secret(&self) -> String {
        letters(&self.bytes::<32>())
    }
}

const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Bytes in Crockford's base 32, lower case, most significant bit first.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0u32, 0u32);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(LETTERS[(held >> bits & 31) as usize] as char);
        }
    }
    if bits > 0 {
        text.push(LETTERS[(held << (5 - bits) & 31) as usize] as char);
    }
    text
}

/// A UUIDv7 (RFC 9562, section 5.7) in letters.
fn uuid(entropy: &Entropy, now: Timestamp) -> String {
    let mut bytes = entropy.bytes::<16>();
    let milliseconds = now.as_millisecond().max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&milliseconds[2..]);
    bytes[6] = 0x70 | bytes[6] & 0x0f;
    bytes[8] = 0x80 | bytes[8] & 0x3f;
    letters(&bytes)
}

macro_rules! own_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// A new id.
            pub fn new(entropy: &Entropy, now: Timestamp) -> $name {
                $name(format!(concat!($prefix, "_{}"), uuid(entropy, now)))
            }

            /// Reads an id from a path, a form or the store; `None` when it is not one of this kind.
            pub fn parse(text: &str) -> Option<$name> {
                let letters = text.strip_prefix(concat!($prefix, "_"))?;
                let valid = letters.len() == 26 && letters.bytes().all(|byte| LETTERS.contains(&byte));
                valid.then(|| $name(text.to_owned()))
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

own_id! {
    /// An organization that Rollcall mirrors.
    OrganizationId, "org"
}
own_id! {
    /// A sync run.
    RunId, "run"
}
own_id! {
    /// Rows that a guard withheld, by one rule in one part.
    WithheldId, "wh"
}
own_id! {
    /// A stored credential of a site.
    CredentialId, "cred"
}
own_id! {
    /// An address at which a site tells of its users.
    HookId, "hook"
}
own_id! {
    /// A filter that somebody saved.
    FilterId, "flt"
}
own_id! {
    /// A selection of people.
    SelectionId, "sel"
}
own_id! {
    /// An operation: changes of many people, planned, approved and carried out.
    OperationId, "op"
}
own_id! {
    /// A job: work that outlives a request.
    JobId, "job"
}
own_id! {
    /// A stored organization key.
    KeyId, "key"
}
own_id! {
    /// An automated task.
    TaskId, "task"
}
own_id! {
    /// A run of an automated task.
    TaskRunId, "trun"
}
own_id! {
    /// An access token of the API.
    AccessTokenId, "tok"
}
own_id! {
    /// A feed of people from an originating system.
    FeedId, "feed"
}
own_id! {
    /// A key with which files are uploaded to one feed.
    FeedKeyId, "fkey"
}
own_id! {
    /// A sync run of a feed.
    FeedRunId, "frun"
}
own_id! {
    /// Bytes that were uploaded to a feed.
    FeedBodyId, "body"
}
own_id! {
    /// A report that is mailed on a schedule.
    ReportId, "rep"
}
own_id! {
    /// A contact or a company.
    RecordId, "rec"
}
own_id! {
    /// A run over contacts.
    ContactRunId, "crun"
}
own_id! {
    /// A file of contacts that is being imported.
    ImportId, "imp"
}
own_id! {
    /// A webhook that notices are sent to.
    EndpointId, "hook"
}
own_id! {
    /// Something that happened and is told; what a receiver knows a message by.
    NoticeId, "msg"
}
own_id! {
    /// A notice on its way to one receiver.
    DeliveryId, "dlv"
}
own_id! {
    /// Somebody who signs in to Rollcall.
    AdministratorId, "adm"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_what_they_name_sort_by_age_and_read_back() {
        let entropy = Entropy::seeded(1);
        let early = RunId::new(&entropy, Timestamp::from_second(1_700_000_000).unwrap());
        let late = RunId::new(&entropy, Timestamp::from_second(1_700_000_001).unwrap());
        assert!(early < late);
        assert_eq!(RunId::parse(early.as_str()), Some(early.clone()));
        assert_eq!(OrganizationId::parse(early.as_str()), None);
        assert_eq!(RunId::parse("run_"), None);
        assert_eq!(RunId::parse("run_../../../../etc/passwd!!"), None);
    }

    #[test]
    fn letters_keep_every_bit() {
        assert_eq!(letters(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(letters(&[0x00, 0x01]), "0004".replace("0004", "000g"));
        assert_eq!(letters(&[1; 32]).len(), 52);
    }
}
