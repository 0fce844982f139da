//! Words of a vocabulary that upstream owns: the known ones are variants, any other is kept as it came.

/// Declares an enum of upstream's words. `parse` never fails and `as_str` gives back exactly what was parsed.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $(#[$variant_doc])* $variant,)+
            /// A word Rollcall does not know yet, as it came.
            Other(Box<str>),
        }

        impl $name {
            /// The words Rollcall knows, in the order of the documentation.
            pub const KNOWN: &'static [$name] = &[$($name::$variant),+];

            /// Reads a word; one that is not known is kept.
            pub fn parse(text: &str) -> $name {
                match text {
                    $($text => $name::$variant,)+
                    other => $name::Other(other.into()),
                }
            }

            /// The word as upstream writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Other(text) => text,
                }
            }
        }
    };
}

pub(crate) use words;
