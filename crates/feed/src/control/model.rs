//! The model `haplo:user-sync`: destinations, their names and types, filters and readers, with the words for each.
//! What is not listed here does not exist; a control file that names it is refused.

/// What can be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// The user account.
    User,
    /// The person's profile.
    Profile,
    /// Tags of the account.
    Tags,
    /// The parts of a name.
    PersonName,
    /// The parts of an address.
    PostalAddress,
}

impl Destination {
    /// All of them.
    pub const ALL: [Destination; 5] = [
        Destination::User,
        Destination::Profile,
        Destination::Tags,
        Destination::PersonName,
        Destination::PostalAddress,
    ];

    /// Its name in control files.
    pub const fn word(self) -> &'static str {
        match self {
            Destination::User => "user",
            Destination::Profile => "profile",
            Destination::Tags => "user:tags",
            Destination::PersonName => "value:person-name",
            Destination::PostalAddress => "value:postal-address",
        }
    }

    /// The destination of that name.
    pub fn of(word: &str) -> Option<Destination> {
        Destination::ALL.into_iter().find(|destination| destination.word() == word)
    }

    /// What it is, for the page of the model.
    pub const fn title(self) -> &'static str {
        match self {
            Destination::User => "User account",
            Destination::Profile => "Person profile record",
            Destination::Tags => "Tags of the user account",
            Destination::PersonName => "Parts of a person's name",
            Destination::PostalAddress => "Parts of a postal address",
        }
    }

    /// Its names, where they are fixed; profiles and tags have those that the control file gives them.
    pub const fn names(self) -> &'static [Name] {
        match self {
            Destination::User => &USER,
            Destination::PersonName => &PERSON_NAME,
            Destination::PostalAddress => &POSTAL_ADDRESS,
            Destination::Profile | Destination::Tags => &[],
        }
    }

    /// Whether it collects the parts of a structured value.
    pub const fn is_structured(self) -> bool {
        matches!(self, Destination::PersonName | Destination::PostalAddress)
    }
}

/// A name of a destination with fixed names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// As control files write it.
    pub word: &'static str,
    /// Whether a person needs a value.
    pub required: bool,
    /// Whether it holds several values.
    pub multiple: bool,
    /// What it holds, a sentence.
    pub about: &'static str,
}

const fn name(word: &'static str, required: bool, multiple: bool, about: &'static str) -> Name {
    Name { word, required, multiple, about }
}

const USER: [Name; 6] = [
    name("username", true, false, "The identifier that never changes for this person; letter case does not count."),
    name("title", false, false, "Mr, Ms, Dr and so on."),
    name("nameFirst", true, false, "The first name."),
    name("nameLast", true, false, "The last name."),
    name("email", true, false, "The e-mail address; no two people share one."),
    name("groups", false, true, "The codes of the groups the person is in."),
];
const PERSON_NAME: [Name; 5] = [
    name("title", false, false, "Mr, Ms, Dr and so on."),
    name("first", false, false, "The first name."),
    name("middle", false, false, "Further first names."),
    name("last", true, false, "The last name; without it there is no value."),
    name("suffix", false, false, "What follows the name, for instance III."),
];
const POSTAL_ADDRESS: [Name; 6] = [
    name("street1", false, false, "The first line."),
    name("street2", false, false, "The second line."),
    name("city", false, false, "The city."),
    name("county", false, false, "The county."),
    name("postcode", false, false, "The postal code."),
    name("country", true, false, "The country as two letters of ISO 3166."),
];

/// Names of profiles that a control file may not set.
pub const RESERVED_PROFILE_NAMES: [&str; 2] = ["dc:attribute:type", "std:attribute:email"];

/// The name of profiles that holds additional names; one without a qualifier is the name of the account.
pub const TITLE: &str = "dc:attribute:title";

macro_rules! vocabulary {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Its name in control files.
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The one of that name.
            pub fn of(word: &str) -> Option<$name> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

vocabulary! {
    /// What kind of value a name holds.
    Type {
        /// Text on one line.
        Text = "text",
        /// True or false.
        Boolean = "boolean",
        /// A day, or a moment.
        Moment = "datetime",
        /// A reference, kept as its code.
        Reference = "ref",
        /// The code of a type.
        ObjectType = "object-type",
        /// An e-mail address.
        Email = "email-address",
        /// An address on the web.
        Url = "url",
        /// A telephone number.
        Telephone = "telephone-number",
        /// Text in paragraphs.
        Paragraph = "text-paragraph",
        /// Text on several lines.
        Multiline = "text-multiline",
        /// A name in the configuration.
        ConfigurationName = "configuration-name",
        /// The number of a book.
        Isbn = "isbn",
        /// A whole number.
        Integer = "integer",
        /// A number.
        Number = "number",
        /// An object or a list.
        Json = "json",
        /// A name in parts.
        PersonName = "person-name",
        /// An address in parts.
        PostalAddress = "postal-address",
    }
}

vocabulary! {
    /// What a value goes through before it is converted.
    Filter {
        /// The text of a reference as a reference.
        StringToRef = "haplo:string-to-ref",
        /// A code as a reference.
        CodeToRef = "haplo:code-to-ref",
        /// A username as a reference to that person.
        UsernameToRef = "haplo:username-to-ref",
        /// An e-mail address as a reference to the person who has it.
        EmailToRef = "haplo:email-to-ref",
        /// Puts `https://` before what looks like an address without it.
        FixUpUrl = "haplo:fix-up-url",
        /// Lower case.
        ToLowerCase = "haplo:to-lower-case",
        /// Upper case.
        ToUpperCase = "haplo:to-upper-case",
        /// The value as text.
        ToString = "haplo:to-string",
    }
}

vocabulary! {
    /// How a file is read.
    Format {
        /// One JSON document: a list of records.
        Json = "json",
        /// One JSON value on each line.
        NdJson = "ndjson",
        /// XML: the elements in a record are its fields.
        XmlText = "xml-text-of-children",
        /// XML: the attributes of a record are its fields.
        XmlAttributes = "xml-attributes",
        /// Lines cut at a separator, without quoting.
        Tsv = "tsv-with-name-row",
        /// Comma-separated values with quoting (RFC 4180).
        Csv = "csv",
        /// The first sheet of a workbook, or a named one.
        Xlsx = "xlsx",
    }
}

vocabulary! {
    /// What an instruction does.
    Action {
        /// Takes a value from the record.
        Field = "field",
        /// Makes one value of collected parts.
        FieldStructured = "field-structured",
        /// Stores a constant.
        SetValue = "set-value",
        /// Clears a name.
        RemoveValues = "remove-values",
        /// Depends on whether the record has a value.
        IfExists = "if-exists",
        /// Depends on which value the record has.
        IfValueOneOf = "if-value-one-of",
        /// Depends on whether a name has been set.
        IfHasValue = "if-has-value",
        /// Goes into a nested object.
        Within = "within",
        /// Goes through a list.
        ForEach = "for-each",
        /// Gives the record up unless a destination is there, or is not.
        AssertDestination = "assert-destination",
        /// Gives the record up.
        AbortRecord = "abort-record",
        /// Logs an error and goes on.
        LogError = "log-error",
        /// Makes a destination ready; not for user sync.
        New = "new",
        /// Loads a destination; not for user sync.
        Load = "load",
    }
}

impl Type {
    /// Whether its values are plain text once converted.
    pub const fn is_textual(self) -> bool {
        matches!(
            self,
            Type::Text
                | Type::ObjectType
                | Type::Email
                | Type::Url
                | Type::Paragraph
                | Type::Multiline
                | Type::ConfigurationName
                | Type::Isbn
        )
    }
}

/// Whether a text is written as an API code is: parts of small letters, digits and hyphens, with colons between.
pub fn is_code(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b))
    };
    text.len() <= 256 && text.contains(':') && text.split(':').all(part)
}
