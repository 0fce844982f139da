//! Everybody a feed knows, as digests: 72 bytes a person, found by username and by e-mail address. It holds no name and no
//! value, so that a million people fit beside the file that is compared with them.

use hashbrown::HashTable;

use crate::digest::Digest;

/// A person as last applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The caller's number for the person.
    pub number: u32,
    /// The digest of the username's key (`username_digest`).
    pub username: Digest,
    /// The digest of the e-mail address's key (`email_digest`).
    pub email: Digest,
    /// The digest of the record, under the control file, that was applied last for this feed.
    pub raw: Digest,
    /// The digest of the person that came of it.
    pub canonical: Digest,
    /// Where the person stands with this feed.
    pub standing: Standing,
    /// Whether the last record could not be applied without an error: then it is tried again.
    pub in_error: bool,
}

/// Where a person stands with a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// In the feed.
    Present,
    /// Missing since an applied run, within the grace period.
    Leaving,
    /// Blocked, because they left.
    Blocked,
    /// Known from other feeds alone.
    Elsewhere,
}

/// Everybody, as of the last applied run.
#[derive(Debug, Default)]
pub struct Baseline {
    people: Vec<Known>,
    usernames: HashTable<u32>,
    emails: HashTable<u32>,
    control: Option<Digest>,
}

fn table(places: impl Iterator<Item = u32>, known: &[Known], hash: impl Fn(&Known) -> u64) -> HashTable<u32> {
    let mut table = HashTable::with_capacity(known.len());
    for at in places {
        table.insert_unique(hash(&known[at as usize]), at, |at| hash(&known[*at as usize]));
    }
    table
}

/// The digest under which a username is found; `key` is folded.
pub fn username_digest(key: &str) -> Digest {
    Digest::of(key.as_bytes())
}

/// The digest under which an e-mail address is found; `key` is folded. No address has the digest of none.
pub fn email_digest(key: &str) -> Digest {
    if key.is_empty() { Digest::default() } else { Digest::of(key.as_bytes()) }
}

impl Baseline {
    /// Nobody yet. `control` is the digest of the control file applied last; none before the first run.
    pub fn new(control: Option<Digest>) -> Baseline {
        Baseline { control, ..Baseline::default() }
    }

    /// Everybody at once, in parts that are taken one after the other; no username stands twice in them.
    pub fn of(control: Option<Digest>, parts: Vec<Vec<Known>>) -> Baseline {
        let mut parts = parts.into_iter();
        let mut people = parts.next().unwrap_or_default();
        for part in parts {
            people.extend(part);
        }
        let known = &people;
        let has_email = |at: &u32| known[*at as usize].email != Digest::default();
        let all = 0..u32::try_from(known.len()).unwrap_or(u32::MAX);
        let (usernames, emails) = std::thread::scope(|scope| {
            let emails = scope.spawn(|| table(all.clone().filter(has_email), known, |known| known.email.short()));
            (table(all.clone(), known, |known| known.username.short()), emails.join())
        });
        let emails = emails.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Baseline { people, usernames, emails, control }
    }

    /// Adds a person whose username nobody before had.
    pub fn add(&mut self, person: Known) {
        let Ok(at) = u32::try_from(self.people.len()) else { return };
        self.people.push(person);
        let known = &self.people;
        self.usernames.insert_unique(person.username.short(), at, |at| known[*at as usize].username.short());
        if person.email != Digest::default() {
            self.emails.insert_unique(person.email.short(), at, |at| known[*at as usize].email.short());
        }
    }

    /// How many people there are.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The digest of the control file applied last.
    pub fn control(&self) -> Option<Digest> {
        self.control
    }

    /// How many people are in the feed.
    pub fn present(&self) -> u64 {
        self.people.iter().filter(|known| matches!(known.standing, Standing::Present | Standing::Leaving)).count()
            as u64
    }

    /// Where the person of that username is kept here.
    pub(super) fn find(&self, username: Digest) -> Option<u32> {
        self.usernames.find(username.short(), |at| self.people[*at as usize].username == username).copied()
    }

    /// Everybody who has that e-mail address.
    pub(super) fn holders(&self, email: Digest) -> impl Iterator<Item = u32> {
        self.emails.iter_hash(email.short()).copied().filter(move |at| self.people[*at as usize].email == email)
    }

    pub(super) fn people(&self) -> &[Known] {
        &self.people
    }
}
