//! What follows from a feed at Atlassian, as a browser without script sees it: mapped, chosen, proposed, rejected, proposed
//! again; who is linked, by hand too.

use directory::{Ordinal, Snapshot};
use serde_json::{Value, json};

use super::feeds::{control, put, settle};
use super::operations::allow;
use super::settings::{connected, encoded};
use super::*;
use crate::feeds::accounts;

/// Records of people whose accounts have verified their addresses.
fn staff(snapshot: &Snapshot, count: usize) -> Vec<Value> {
    let rows = (0..).take(snapshot.accounts_len()).filter_map(|account| snapshot.account_row(account));
    let active = rows.filter(|row| row.presence.is_some_and(directory::Presence::is_active));
    let verified = active.filter(|row| row.email_verified == Some(true) && row.email.is_some());
    let person = |(place, row): (usize, directory::AccountRow<'_>)| json!({ "id": format!("S{place:02}"), "first": "Pat", "last": row.name, "mail": row.email });
    verified.take(count).enumerate().map(person).collect()
}

/// The id of the first group for which something holds.
fn group(snapshot: &Snapshot, fits: impl Fn(&directory::Group, Ordinal) -> bool) -> String {
    let found = snapshot.groups_by_name().iter().find_map(|group| {
        let row = snapshot.group_row(group)?;
        row.group.as_ref().is_some_and(|known| fits(known, group)).then(|| row.id.to_string())
    });
    found.unwrap()
}

async fn look(app: &App) {
    app.web.clock.advance(Duration::from_secs(61));
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    while accounts::once(&mirror, &surroundings).await.unwrap() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_group_is_mapped_and_a_plan_waits_is_rejected_and_proposed_again() {
    let (simulator, mut app) = connected().await;
    allow(&app).await;
    let snapshot = app.web.mirrors.only().unwrap().current();
    assert_eq!(app.post("/feeds", "code=staff&name=Staff+%3Cb%3E").await.status, 303);
    assert_eq!(put(&mut app, "staff", "_control", &control().to_string()).await.status, 303);
    let mut people = staff(&snapshot, 8);
    people.push(json!({ "id": "S90", "first": "Nele", "last": "New", "mail": "nele.new@people.example" }));
    let run = put(&mut app, "staff", "users", &Value::from(people).to_string()).await.location().to_owned();
    settle(&app).await;
    assert_eq!(app.post(&run, "do=apply&reason=The+list").await.status, 303);
    settle(&app).await;
    look(&app).await;
    let here = "/feeds/staff/accounts";
    let page = app.get(here).await.body;
    for text in ["of 9 in the feed are linked", "No plan was made yet.", "Choose below whether plans follow", "nothing"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }

    // Mapping: by search; what cannot be filled says why.
    assert!(app.get("/feeds/staff/accounts/map").await.body.contains("Which managed group?"));
    let synced = group(&snapshot, |known, _| known.is_synced());
    let free = group(&snapshot, |known, group| {
        let open = !known.is_synced() && known.modifiable != Some(false);
        open && snapshot.grants(group).is_empty() && snapshot.memberships().members(group).len() < 8
    });
    let choice = app.get("/feeds/staff/accounts/map?group=group%3Astaff").await.body;
    assert!(choice.contains("Not possible: an identity provider keeps"), "{choice}");
    assert!(app.get("/feeds/staff/accounts/map?group=group%3Astaff&find=zzz").await.body.contains("No group is named"));
    let map = "/feeds/staff/accounts/map";
    let entry = |to: &str| format!("do=map&group=group%3Astaff&scope=this&to={}", encoded(to));
    let refused = app.post(map, &entry(&synced)).await;
    assert!(refused.status == 422 && refused.body.contains("identity provider"), "{}", refused.body);
    assert_eq!(app.post(map, &entry(&free)).await.location(), "/feeds/staff/accounts#mapped");
    assert!(app.get(here).await.body.contains("Take back"));

    // A choice that is none is refused; a proposal waits in three places.
    let choose = |mode: &str, people: &str| {
        format!("do=choose&mode={mode}&giving_people={people}&giving_percent=20&taking_people=5&taking_percent=5")
    };
    assert_eq!(app.post(here, &choose("propose", "many")).await.status, 422);
    assert_eq!(app.post(here, &choose("propose", "25")).await.location(), here);
    look(&app).await;
    let page = app.get(here).await.body;
    assert!(page.contains("waits for a person.</strong>"), "{page}");
    let plan = link_in(&page, "/operations/").to_owned();
    let preview = app.get(&plan).await.body;
    for text in [
        "It follows from what the feed “Staff &lt;b&gt;” says.",
        "in <code><bdi>group:staff</bdi></code>",
        "new, in <code>",
        "Invited: ",
        "what a feed says of",
        "Plan of a feed",
    ] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert!(app.get("/attention").await.body.contains("waits for an approval."));
    assert!(app.get(&run).await.body.contains("What followed at Atlassian"));
    assert!(app.get("/feeds/staff").await.body.contains("1 group is filled."));

    // Rejected: it is not proposed again until somebody lets it.
    assert_eq!(app.post(&format!("{plan}/reject"), "reason=Not+yet").await.status, 303);
    look(&app).await;
    let page = app.get(here).await.body;
    assert!(page.contains("Propose again") && !page.contains("waits for a person.</strong>"), "{page}");
    assert_eq!(app.post(here, "do=again").await.status, 303);
    look(&app).await;
    let page = app.get(here).await.body;
    assert!(page.contains("waits for a person.</strong>") && link_in(&page, "/operations/") != plan, "{page}");
    // Switched off, nothing waits any more.
    assert_eq!(app.post(here, &choose("off", "25")).await.status, 303);
    assert!(!app.get(here).await.body.contains("waits for a person.</strong>"));
    let unmap = format!("do=unmap&group=group%3Astaff&scope=this&to={}", encoded(&free));
    assert_eq!(app.post(map, &unmap).await.status, 303);
    assert_eq!(app.post(map, &unmap).await.status, 422);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_is_not_clear_is_listed_and_linked_by_hand() {
    let (simulator, mut app) = connected().await;
    let snapshot = app.web.mirrors.only().unwrap().current();
    assert_eq!(app.post("/feeds", "code=staff&name=Staff").await.status, 303);
    assert_eq!(put(&mut app, "staff", "_control", &control().to_string()).await.status, 303);
    let people = staff(&snapshot, 4);
    let mail = |place: usize| people[place]["mail"].as_str().unwrap().to_owned();
    let night = async |app: &mut App, people: &[Value]| {
        let run = put(app, "staff", "users", &Value::from(people.to_vec()).to_string()).await.location().to_owned();
        settle(app).await;
        assert_eq!(app.post(&run, "do=apply&reason=The+list").await.status, 303);
        settle(app).await;
        look(app).await;
    };
    night(&mut app, &people[..3]).await;
    assert!(app.get("/feed-links").await.body.contains("Everybody’s account is clear."));
    let mut later = people[1..3].to_vec();
    later.push(json!({ "id": "S00", "first": "Pat", "last": "Married", "mail": "married@people.example" }));
    later.push(json!({ "id": "S70", "first": "Nam", "last": "Esake", "mail": mail(0) }));
    night(&mut app, &later).await;
    let cases = app.get("/feed-links").await.body;
    assert!(cases.contains("S70") && cases.contains("linked to somebody else"), "{cases}");
    assert!(
        app.get("/attention").await.body.contains("The Atlassian account of one person of the feeds is not clear.")
    );
    let here = link_in(&cases, "/feed-people/").split('#').next().unwrap().to_owned();
    let page = app.get(&here).await.body;
    assert!(page.contains("Which account is theirs is not clear.") && page.contains("No account is theirs"), "{page}");
    let taken = app.post(&here, &format!("do=link&account={}", encoded(&mail(0)))).await;
    assert!(taken.status == 422 && taken.body.contains("is linked to S00"), "{}", taken.body);
    assert_eq!(app.post(&here, "do=link&account=nobody").await.status, 422);
    assert_eq!(app.post(&here, &format!("do=link&account={}", encoded(&mail(3)))).await.location(), here);
    let page = app.get(&here).await.body;
    assert!(
        page.contains("The linked Atlassian account is active.") && page.contains("Match by address again"),
        "{page}"
    );
    assert!(page.contains("The account’s address is another one than the feeds say"), "{page}");
    assert_eq!(app.post(&here, "do=unlink").await.status, 303);
    assert!(app.get(&here).await.body.contains("has said that none is theirs"));
    let linked = app.get("/feeds/staff/people?link=linked").await.body;
    assert!(linked.contains("S01") && !linked.contains("S70"), "{linked}");
    let unlinked = app.get("/feeds/staff/people?link=none").await.body;
    assert!(unlinked.contains("S70") && !unlinked.contains("S01"), "{unlinked}");
    app.end().await;
    simulator.stop().await;
}
