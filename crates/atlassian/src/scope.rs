//! Which part of Atlassian a call speaks about.

/// An organization and one of its directories.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The organization's id.
    pub organization: String,
    /// The directory's id, or `-` for every directory that the key may manage.
    pub directory: String,
}

impl Scope {
    /// One directory.
    pub fn directory(organization: impl Into<String>, directory: impl Into<String>) -> Scope {
        Scope { organization: organization.into(), directory: directory.into() }
    }

    /// Every directory that the key may manage.
    pub fn every_directory(organization: impl Into<String>) -> Scope {
        Scope::directory(organization, "-")
    }

    /// The two variable segments that every v2 path begins with.
    pub(crate) fn segments(&self) -> [&str; 2] {
        [&self.organization, &self.directory]
    }

    /// Those two and a third one.
    pub(crate) fn segments_and<'a>(&'a self, id: &'a str) -> [&'a str; 3] {
        [&self.organization, &self.directory, id]
    }
}
