//! What a change speaks of that has no number in a snapshot yet: a group that is to be made, somebody who is to be invited.
//! Both carry the name by which they are found once they are there.

use columns::Ordinal;

use crate::fold::email_key;
use crate::snapshot::Snapshot;

/// A group that is to be made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NewGroup {
    /// Its name, by which it is found once it is there.
    pub name: Box<str>,
    /// What it is for; may be empty. One line.
    pub description: Box<str>,
    /// The group whose members it is to get afterwards, if it is made after another one.
    pub like: Option<Ordinal>,
}

/// Somebody who is to be invited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Invitation {
    /// The address, by which they are found once they are there; in its normal form.
    pub email: Box<str>,
    /// Groups that they join; at least one, all of one directory.
    pub groups: Vec<Ordinal>,
}

impl Invitation {
    /// An invitation of an address into groups.
    pub fn new(email: &str, mut groups: Vec<Ordinal>) -> Invitation {
        groups.sort_unstable();
        groups.dedup();
        Invitation { email: email_key(email).into_boxed_str(), groups }
    }

    /// Reads [`Change::word`].
    pub(super) fn parse(word: &str) -> Option<Invitation> {
        let (email, groups) = word.split_once('\n')?;
        let groups = groups.split(',').map(|group| group.parse().ok()).collect::<Option<Vec<Ordinal>>>()?;
        (!email.is_empty()).then(|| Invitation { email: email.into(), groups })
    }

    /// Whoever has the address and is in the directory.
    pub fn find(&self, directory: Ordinal, snapshot: &Snapshot) -> Option<Ordinal> {
        let accounts = 0..Ordinal::try_from(snapshot.accounts_len()).unwrap_or(Ordinal::MAX);
        let mut holders = accounts.filter(|account| snapshot.email_key(*account) == Some(&*self.email));
        holders.find(|account| snapshot.presence(directory, *account).is_some())
    }
}

impl NewGroup {
    /// A group to be made, from what somebody typed: blanks around are dropped, and line breaks are blanks.
    pub fn new(name: &str, description: &str, like: Option<Ordinal>) -> NewGroup {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").into_boxed_str();
        NewGroup { name: line(name), description: line(description), like }
    }

    /// Reads [`Change::word`].
    pub(super) fn parse(word: &str) -> Option<NewGroup> {
        let mut lines = word.split('\n');
        let (name, description, like) = (lines.next()?, lines.next()?, lines.next()?);
        let like = if like.is_empty() { None } else { Some(like.parse().ok()?) };
        (!name.is_empty() && lines.next().is_none()).then(|| NewGroup {
            name: name.into(),
            description: description.into(),
            like,
        })
    }

    /// The group of this name in a directory, upper and lower case the same, as Atlassian finds it.
    pub fn find(&self, directory: Ordinal, snapshot: &Snapshot) -> Option<Ordinal> {
        let wanted = self.name.to_lowercase();
        let is = |group: &Ordinal| {
            let row = snapshot.group_row(*group).filter(|row| row.directory == Some(directory));
            row.and_then(|row| row.group.as_ref()).is_some_and(|known| known.name.to_lowercase() == wanted)
        };
        snapshot.groups_by_name().iter().find(is)
    }
}
