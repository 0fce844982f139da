//! The page of sites in every state.

use jiff::ToSpan;

use super::*;
use crate::id::{CredentialId, Entropy};
use crate::sync::sites::CheckedToken;
use crate::web::acme::{now, reader};

const TOKEN: &str = "ATATT3xFfGF0-very-secret";

fn site(cloud_id: &str) -> Site {
    Site {
        cloud_id: cloud_id.to_owned(),
        name: "north <b>".to_owned(),
        address: Some("https://north.atlassian.net".to_owned()),
        apps: vec!["Jira".to_owned(), "Jira Service Management".to_owned()],
        has_jira: true,
        has_service_desks: true,
    }
}

fn standing(granted: [Granted; 4]) -> Standing {
    Standing {
        checked_at: now() - 2.hours(),
        door: Door::Address,
        rights: Right::ALL.into_iter().zip(granted).collect(),
        refused: None,
    }
}

fn credential(cloud_id: &str) -> SiteCredential {
    SiteCredential {
        id: CredentialId::new(&Entropy::seeded(1), now()),
        site: "https://old.atlassian.net".to_owned(),
        cloud_id: cloud_id.to_owned(),
        email: "mira@north.example".to_owned(),
        last_four: "cret".to_owned(),
        standing: standing([Granted::Yes, Granted::No, Granted::NothingThere, Granted::Unknown]),
        entered_by: "administrator mira".to_owned(),
        entered_at: now() - 24.hours(),
        expires_at: None,
    }
}

fn page(sites: &[Site], known: &[SiteCredential], entry: Option<&TokenEntry>) -> String {
    content(sites, (known, &[], &[]), (html! {}, entry), &reader()).0
}

#[test]
fn a_site_without_a_token_says_what_is_not_read_and_one_without_jira_wants_none() {
    assert!(page(&[], &[], None).contains("No site is known yet."));
    let without = page(&[site("c-1")], &[], None);
    assert!(without.contains("customers not read") && without.contains("Check token"), "{without}");
    assert!(without.contains("north &lt;b&gt;") && !without.contains("north <b>"));
    let bitbucket = page(&[Site { has_jira: false, ..site("c-1") }], &[], None);
    assert!(bitbucket.contains("no token is needed") && !bitbucket.contains("Check token"));
}

#[test]
fn a_token_is_shown_with_everything_but_itself() {
    let known = page(&[site("c-1")], &[credential("c-1")], None);
    for text in [
        "mira@north.example",
        "…",
        "cret",
        "administrator mira",
        "may be read",
        "refused",
        "nothing there",
        "no answer",
        "Replace",
        "Remove",
        "Check now",
        "not known",
        "2 hours ago",
    ] {
        assert!(known.contains(text), "{text}: {known}");
    }
    assert!(!known.contains("customers not read") && !known.contains("expires soon"));
    let gone = page(&[site("c-2")], &[credential("c-1")], None);
    assert!(
        gone.contains("no longer among") && gone.contains("old.atlassian.net") && gone.contains("customers not read")
    );
}

#[test]
fn an_expiry_and_a_refusal_are_told_with_the_next_step() {
    let with = |hours: i64| {
        page(&[site("c-1")], &[SiteCredential { expires_at: Some(now() + hours.hours()), ..credential("c-1") }], None)
    };
    assert!(with(24).contains("in 1 day.") && with(6 * 24).contains("in 6 days."), "{}", with(24));
    assert!(with(-1).contains("The token has expired.") && with(-1).contains("replace it"));
    assert!(!with(31 * 24).contains("expires soon"));
    let mut refused = credential("c-1");
    refused.standing.refused = Some("Revoked <i>.".to_owned());
    let refused = page(&[site("c-1")], &[refused], None);
    assert!(refused.contains("The token was refused.") && refused.contains("Revoked &lt;i&gt;."));
}

#[test]
fn what_was_typed_stays_but_for_the_token() {
    let entry = TokenEntry {
        site: "c-1".to_owned(),
        email: "noor@north.example".to_owned(),
        token: TOKEN.to_owned(),
        expires_on: "2027-01-01".to_owned(),
    };
    let again = page(&[site("c-1"), site("c-2")], &[], Some(&entry));
    assert!(again.contains("noor@north.example") && again.contains("2027-01-01") && !again.contains("secret"));
    assert_eq!(again.matches("<details open").count(), 1, "the form that was sent is open again");
    assert!(page(&[site("c-1")], &[credential("c-1")], None).contains("value=\"mira@north.example\""));
}

#[test]
fn a_checked_token_is_named_by_what_it_opens() {
    let entered = EnteredToken {
        cloud_id: "c-1".to_owned(),
        email: "mira@north.example".to_owned(),
        token: TOKEN.to_owned(),
        expires_at: None,
    };
    let pending = |granted| PendingToken {
        entered: entered.clone(),
        checked: CheckedToken {
            site: site("c-1"),
            address: "https://north.atlassian.net".to_owned(),
            account: "Mira <u>".to_owned(),
            standing: standing(granted),
        },
    };
    let first = checked("tok", &pending([Granted::Yes; 4]), None, &reader()).0;
    assert!(first.contains("Save token") && first.contains("Mira &lt;u&gt;") && !first.contains("secret"), "{first}");
    assert!(!first.contains("may not read everything"));
    let next = [Granted::Yes, Granted::Yes, Granted::No, Granted::Yes];
    let next = checked("tok", &pending(next), Some(&credential("c-1")), &reader()).0;
    assert!(
        next.contains(">Replace<") && next.contains("may not read everything") && next.contains("which is deleted")
    );
}

#[test]
fn what_cannot_be_a_token_is_refused_before_anybody_is_asked() {
    let entry = |email: &str, token: &str, day: &str| TokenEntry {
        site: "c-1".to_owned(),
        email: email.to_owned(),
        token: token.to_owned(),
        expires_on: day.to_owned(),
    };
    let why = |entry: TokenEntry| entered(&entry, &reader()).map(|_| ()).unwrap_err().why;
    assert!(why(entry("mira", TOKEN, "")).contains("no e-mail address"));
    assert!(why(entry(&format!("{}@x", "m".repeat(254)), TOKEN, "")).contains("no e-mail address"));
    assert!(why(entry("mira@x", " ", "")).contains("empty"));
    assert!(why(entry("mira@x", &"t".repeat(1025), "")).contains("too long"));
    assert!(why(entry("mira@x", TOKEN, "2020-01-01")).contains("past"));
    let good = entered(&entry(" mira@x ", " tok\n", "2027-01-01"), &reader()).unwrap();
    assert_eq!((good.email.as_str(), good.token.as_str()), ("mira@x", "tok"));
    assert!(good.expires_at.is_some());
}
