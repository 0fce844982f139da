//! Values from a list that upstream may lengthen at any time: the known ones by name, any other as it came.

/// Makes an enum of the known texts with `Other` for the rest. Reading never fails on a text.
macro_rules! open_enum {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
            /// A value that is not known here, as it came.
            Other(Box<str>),
        }

        impl $name {
            /// Reads the text on the wire.
            pub fn from_text(text: &str) -> $name {
                match text {
                    $($text => $name::$variant,)+
                    other => $name::Other(other.into()),
                }
            }

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Other(text) => text,
                }
            }

            /// The value, if it is not known here.
            pub fn unknown(&self) -> Option<&str> {
                match self {
                    $name::Other(text) => Some(text),
                    _ => None,
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                struct Reading;
                impl serde::de::Visitor<'_> for Reading {
                    type Value = $name;
                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        formatter.write_str(concat!("the text of a ", stringify!($name)))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name::from_text(text))
                    }
                }
                deserializer.deserialize_str(Reading)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

pub(crate) use open_enum;

open_enum! {
    /// A role on an app or on the organization, as in grants and filters.
    Role {
        /// May use the app; takes a seat.
        User = "atlassian/user",
        /// Administers the app; takes a seat.
        Admin = "atlassian/admin",
        /// Limited to one space.
        Guest = "atlassian/guest",
        /// Customer of a service desk.
        Customer = "atlassian/customer",
        /// Manages who has access to the app, without access to it.
        UserAccessAdmin = "atlassian/user-access-admin",
        /// Contributes without a seat.
        Contributor = "atlassian/contributor",
        /// Basic access without a seat.
        Basic = "atlassian/basic",
        /// Stakeholder without a seat.
        Stakeholder = "atlassian/stakeholder",
        /// Looks only.
        Viewer = "atlassian/viewer",
        /// Administers the organization.
        OrganizationAdmin = "atlassian/org-admin",
        /// Administers a site.
        SiteAdmin = "atlassian/site-admin",
        /// May use artificial intelligence features.
        ArtificialIntelligenceAccess = "atlassian/ai-access",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a21_an_unknown_value_is_kept_as_it_came() {
        let read: Vec<Role> = serde_json::from_str(r#"["atlassian/user","atlassian/wizard"]"#).unwrap();
        assert_eq!(read, [Role::User, Role::Other("atlassian/wizard".into())]);
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"["atlassian/user","atlassian/wizard"]"#);
        assert_eq!(read[1].unknown(), Some("atlassian/wizard"));
    }
}
