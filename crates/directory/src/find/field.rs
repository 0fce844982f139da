//! What can be asked about people: the fields of the filter language, with the meaning of every answer and of having
//! none. It declares; how each is answered stands in the modules beside it.

use std::sync::LazyLock;

use filter::{Argument, Catalogue, Field, FieldId, Kind, Word};

/// A field by what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Name,
    Email,
    Domain,
    AccountId,
    JobTitle,
    Department,
    Organization,
    Status,
    AccountStatus,
    MembershipStatus,
    Claim,
    AccountType,
    ManagementSource,
    PlatformRole,
    Directory,
    Site,
    App,
    AccessVia,
    Role,
    Seat,
    Seats,
    Group,
    GroupCount,
    LastActive,
    InactiveFor,
    NeverActive,
    ActivityKnown,
    Added,
    Mfa,
    EmailVerified,
    NeverSignedIn,
    ServiceAccount,
    SyncedAt,
    Protected,
    Changed,
}

/// The words of `status` that are not Atlassian's.
pub(crate) const FORMER: &str = "former";
/// The word for all words of Atlassian's that have none of their own.
pub(crate) const OTHER: &str = "other";

const SITES: &str = "An app is named as `confluence`, which means on any site, or as `confluence@acme`, which means on \
                     that site.";
const TOKENS: &str = "Service accounts count for neither answer, because Atlassian does not tell of activity through \
                      tokens, unless the filter asks for serviceAccount or accountType.";

static FIELDS: LazyLock<(Vec<Asked>, Catalogue)> = LazyLock::new(|| {
    let (asked, fields) = fields().into_iter().unzip();
    let catalogue = Catalogue::new(fields).expect("a test builds the catalogue, and nothing in it depends on input");
    (asked, catalogue)
});

/// The fields of people.
pub fn catalogue() -> &'static Catalogue {
    &FIELDS.1
}

/// What a field of [`catalogue`] asks for.
pub(crate) fn asked(field: FieldId) -> Option<Asked> {
    FIELDS.0.get(usize::from(field.0)).copied()
}

fn fields() -> Vec<(Asked, Field)> {
    let mut fields = who();
    fields.extend(standing());
    fields.extend(access());
    fields.extend(use_and_dates());
    fields
}

fn who() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::Name,
            Field::new("name", Kind::Text, "Display name")
                .alias("displayName")
                .details("Compared without regard to case and accents. Unknown where only an account's id is known.")
                .example("name ~ okafor"),
        ),
        (
            Asked::Email,
            Field::new("email", Kind::Text, "E-mail address")
                .alias("mail")
                .details(
                    "Compared without regard to case. Unknown where the person hides it: such people match neither \
                     `email ~ x` nor its opposite, only `email IS EMPTY`.",
                )
                .example("email = ines.okafor@example.com"),
        ),
        (
            Asked::Domain,
            Field::new("domain", open("domain"), "What stands behind the @ of the e-mail address")
                .sortable()
                .alias("emailDomain")
                .details("Unknown where the person hides the address. Subdomains are domains of their own.")
                .example("domain NOT IN (example.com, example.org)"),
        ),
        (
            Asked::AccountId,
            Field::new("accountId", Kind::Text, "Atlassian's id of the account")
                .alias("id")
                .unsortable()
                .details("Compared letter by letter.")
                .example("accountId = 5b10ac8d82e05b22cc7d4ef5"),
        ),
        (
            Asked::JobTitle,
            Field::new("jobTitle", Kind::Text, "Job title of the profile")
                .alias("title")
                .details("Compared without regard to case and accents. None where the profile does not tell it.")
                .example("jobTitle ~ engineer"),
        ),
        (
            Asked::Department,
            Field::new("department", Kind::Text, "Department of the profile")
                .details("Compared without regard to case and accents. None where the profile does not tell it.")
                .example("department = Finance"),
        ),
        (
            Asked::Organization,
            Field::new("organization", Kind::Text, "Organization that the profile names")
                .alias("company")
                .details(
                    "What the person or a directory has written there, not the organization that is synced. Compared \
                     without regard to case and accents. None where the profile does not tell it.",
                )
                .example("organization = \"Acme Ltd\""),
        ),
    ]
}

fn standing() -> Vec<(Asked, Field)> {
    let status = Kind::Closed(vec![
        Word::new("active", "May sign in and use what they have access to"),
        Word::new("suspended", "Suspended in this organization"),
        Word::new("deactivated", "The account itself is deactivated"),
        Word::new("not_invited", "In no directory of the organization: managed, and not invited")
            .alias("not in directory"),
        Word::new("for_deletion", "The account will be deleted"),
        Word::new("closed", "The account is closed"),
        Word::new(FORMER, "Was in the organization, and is gone").alias("gone"),
        Word::new(OTHER, "A status that Rollcall does not know by name"),
    ]);
    let word = |word: &'static str, summary: &'static str| Word::new(word, summary);
    let other = || Word::new(OTHER, "A word that Rollcall does not know by name");
    vec![
        (
            Asked::Status,
            Field::new("status", status, "Status, in Atlassian's own words")
                .details(
                    "The best one over all directories. Former people are left out of every answer, unless the filter \
                     names `former` as a status; then they are asked about like everybody else.",
                )
                .example("status = suspended")
                .example("status IN (deactivated, for_deletion)"),
        ),
        (
            Asked::AccountStatus,
            Field::new(
                "accountStatus",
                Kind::Closed(vec![
                    word("active", "The account can be used"),
                    word("inactive", "The account is deactivated"),
                    word("closed", "The account is closed"),
                    other(),
                ]),
                "State of the account itself, whatever the directory says",
            )
            .unsortable()
            .details("Unknown where Atlassian leaves it out.")
            .example("accountStatus = inactive"),
        ),
        (
            Asked::MembershipStatus,
            Field::new(
                "membershipStatus",
                Kind::Closed(vec![
                    word("active", "In the directory"),
                    word("suspended", "Suspended in the directory"),
                    word("no_membership", "Not in the directory"),
                    other(),
                ]),
                "How the account stands in the directory that gives its status",
            )
            .unsortable()
            .details("Unknown where Atlassian leaves it out, and for former people.")
            .example("membershipStatus = suspended AND accountStatus = active"),
        ),
        (
            Asked::Claim,
            Field::new(
                "claim",
                Kind::Closed(vec![
                    word("managed", "The organization owns the account through a verified domain"),
                    word("external", "The account belongs to somebody else").alias("unmanaged"),
                    other(),
                ]),
                "Whether the account is managed or external",
            )
            .alias("claimStatus")
            .unsortable()
            .details("Unknown where Atlassian leaves it out.")
            .example("claim = external AND seats > 0"),
        ),
        (
            Asked::AccountType,
            Field::new(
                "accountType",
                Kind::Closed(vec![
                    word("atlassian", "An account of a person"),
                    word("app", "An account of an app or integration"),
                    word("customer", "A portal customer"),
                    other(),
                ]),
                "Kind of account",
            )
            .unsortable()
            .example("accountType = app"),
        ),
        (
            Asked::ManagementSource,
            Field::new(
                "managementSource",
                Kind::Closed(vec![
                    word("invited", "Invited by hand"),
                    word("synced", "Came from an identity provider"),
                    other(),
                ]),
                "How a managed account came about",
            )
            .alias("source")
            .unsortable()
            .details("External accounts have none.")
            .example("managementSource = synced"),
        ),
        (
            Asked::PlatformRole,
            Field::new("platformRole", open("platform role"), "Administrative role over the organization")
                .alias("adminRole")
                .several()
                .details("`org-admin`, `site-admin`, `user-access-admin`, `ai-access`, or another word of Atlassian's.")
                .example("platformRole = org-admin")
                .example("platformRole IS NOT EMPTY"),
        ),
        (
            Asked::Directory,
            Field::new("directory", open("directory"), "Directory that the person is in")
                .several()
                .details("By name or id. Managed accounts in no directory are in the one called `outside`.")
                .example("directory = outside"),
        ),
    ]
}

fn access() -> Vec<(Asked, Field)> {
    vec![
        (
            Asked::Site,
            Field::new("site", open("site"), "Site on which the person has access to an app")
                .alias("sites")
                .several()
                .details(
                    "Any role on any app there counts, whether it takes a seat or not. Sites that are left out in the \
                     settings are in no answer: access, seats and activity there count nowhere.",
                )
                .example("site = acme"),
        ),
        (
            Asked::App,
            Field::new("app", open("app"), "App to which the person has access")
                .alias("product")
                .several()
                .details(format!("Any role counts, whether it takes a seat or not. {SITES}"))
                .example("app = jira AND app != confluence")
                .example("app = confluence@acme"),
        ),
        (
            Asked::AccessVia,
            Field::new("accessVia", open("way of access"), "By which way the person has access")
                .argument(Argument::Optional("app".into()))
                .several()
                .details(
                    "`group`, `direct` or `inferred`; a person can have several. With an app in parentheses: access to \
                     that app. A direct role on an app that a group grants as well is not always told by Atlassian.",
                )
                .example("accessVia(confluence) = direct"),
        ),
        (
            Asked::Role,
            Field::new("role", open("role"), "Role on an app")
                .alias("appRole")
                .argument(Argument::Optional("app".into()))
                .several()
                .details(
                    "`user`, `admin`, `guest`, `customer`, `contributor`, `basic`, `stakeholder`, `viewer` and other \
                     words of Atlassian's. With an app in parentheses: a role on that app.",
                )
                .example("role(jira-service-management) = customer"),
        ),
        (
            Asked::Seat,
            Field::new("seat", open("app"), "App on which the person takes a billable seat")
                .alias("licence")
                .alias("license")
                .several()
                .details(format!(
                    "Active people with a user or admin role on an app that sells seats; as the dashboard counts. {SITES}"
                ))
                .example("seat = confluence AND inactiveFor(confluence) >= 90d"),
        ),
        (
            Asked::Seats,
            Field::new("seats", Kind::Number, "How many billable seats the person takes")
                .alias("seatCount")
                .details("One for each app on each site.")
                .example("seats >= 3"),
        ),
        (
            Asked::Group,
            Field::new("group", open("group"), "Group that the person is in")
                .alias("groups")
                .several()
                .details("By name, without regard to case and accents, or by id. Groups of one name in several \
                          directories are all meant.")
                .example("group = jira-users")
                .example("group NOT IN (keepers, \"On leave\")")
                .example("group ~ admin"),
        ),
        (
            Asked::GroupCount,
            Field::new("groupCount", Kind::Number, "How many groups the person is in").example("groupCount = 0"),
        ),
    ]
}

fn use_and_dates() -> Vec<(Asked, Field)> {
    let app = || Argument::Optional("app".into());
    let flag = |name: &'static str, summary: &'static str| Field::new(name, Kind::Flag, summary).unsortable();
    vec![
        (
            Asked::LastActive,
            Field::new("lastActive", Kind::Instant, "When the person last used any app, or the app in parentheses")
                .argument(app())
                .details(
                    "Whoever never used it has no date: no comparison holds for them, and the opposite of each does. \
                     Where activity was not read it is unknown, and neither holds. `IS EMPTY` finds both.",
                )
                .example("lastActive < -90d")
                .example("lastActive(confluence) >= startOfMonth()"),
        ),
        (
            Asked::InactiveFor,
            Field::new(
                "inactiveFor",
                Kind::Duration,
                "How long the person has not used any app, or the app in parentheses",
            )
            .argument(app())
            .unsortable()
            .details(format!(
                "Counts from the last activity, and for those who were never active from the day they were added \
                     to the organization. Unknown, and so never inactive, where activity was not read, where the day \
                     is not known, and for people who cannot open the app and never have. {TOKENS}"
            ))
            .example("inactiveFor >= 90d")
            .example("inactiveFor(jira) >= 6M AND neverActive(jira) = no"),
        ),
        (
            Asked::NeverActive,
            flag("neverActive", "Whether the person never used any app, or the app in parentheses")
                .argument(app())
                .details(format!(
                    "Yes only where activity was read and tells of none; unknown where it was not read. With an app: \
                     unknown for people who cannot open it and never have. {TOKENS}"
                ))
                .example("neverActive = yes AND seats > 0")
                .example("neverActive(confluence) = yes"),
        ),
        (
            Asked::ActivityKnown,
            flag("activityKnown", "Whether the person's activity was read at least once").example("activityKnown = no"),
        ),
        (
            Asked::Added,
            Field::new("added", Kind::Instant, "When the person was added to the organization")
                .alias("created")
                .details("Unknown where Atlassian leaves it out.")
                .example("added >= -30d"),
        ),
        (
            Asked::Mfa,
            flag("mfa", "Whether two-step verification is on")
                .alias("twoStepVerification")
                .details("Atlassian tells it of managed accounts only; unknown for all others.")
                .example("mfa = no AND platformRole IS NOT EMPTY"),
        ),
        (
            Asked::EmailVerified,
            flag("emailVerified", "Whether the e-mail address was verified")
                .details("Unknown where Atlassian leaves it out.")
                .example("emailVerified = no"),
        ),
        (
            Asked::NeverSignedIn,
            flag("neverSignedIn", "Whether the person seems never to have signed in (derived)")
                .alias("invited")
                .details(
                    "Derived, because Atlassian does not tell of pending invitations: in a directory, address not \
                     verified, no activity. Unknown where one of these would decide it and is not known.",
                )
                .example("neverSignedIn = yes AND added < -14d"),
        ),
        (
            Asked::ServiceAccount,
            flag("serviceAccount", "Whether the account belongs to no person (derived)")
                .details(
                    "Derived: accounts of type app, and those with an address of Atlassian's own domain for service \
                     accounts. An ordinary account that a script uses looks like a person. Unknown where type or \
                     address would decide it and is not known.",
                )
                .example("serviceAccount = no"),
        ),
        (
            Asked::SyncedAt,
            Field::new("syncedAt", Kind::Instant, "When everybody in the person's directory was last read")
                .alias("synced")
                .unsortable()
                .details(
                    "The end of the newest complete read of the accounts of a directory that the person is in. A read \
                     of this person alone does not count. Unknown where there was none.",
                )
                .example("syncedAt < -26h"),
        ),
        (
            Asked::Protected,
            flag("protected", "Whether the person is protected: nothing of Rollcall may touch them")
                .details("As chosen under Settings, Guards and protected people. Members of a protected group are not.")
                .example("protected = yes AND status = suspended"),
        ),
        (
            Asked::Changed,
            Field::new("changed", Kind::Instant, "When a sync last saw a change of the person")
                .alias("changedSince")
                .details(
                    "A change of profile, presence in a directory, administrative role, membership of a group or direct \
                     role; being seen for the first time is one. It counts from the end of the sync that saw it. \
                     Activity is no change of a person, nor is what a group grants.",
                )
                .example("changed >= -7d"),
        ),
    ]
}

fn open(noun: &'static str) -> Kind {
    Kind::Open { noun: noun.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_stands_and_every_example_is_understood_without_a_word() {
        for (id, field) in catalogue().fields() {
            assert!(asked(id).is_some());
            assert!(!field.examples.is_empty(), "{} has no example", field.name);
            for example in &field.examples {
                let parsed = filter::parse(example, catalogue());
                assert!(parsed.diagnostics.is_empty(), "{example}: {:?}", parsed.diagnostics);
            }
        }
    }
}
