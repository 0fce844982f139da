//! The contract: every answer of the simulator, and every request of the product, against the official descriptions of
//! Atlassian's APIs, which lie beside the repository and never in it. Whatever they do not cover is listed, and every
//! known difference has its reason here.

#![expect(clippy::panic, reason = "a test may end at what cannot happen")]

mod check;
mod description;
mod plain_client;
mod query;
mod schema;
mod walk;

use std::collections::BTreeSet;
use std::io::Write;

use atlassian::call::Class;
use atlassian::open::Role;
use atlassian::scope::Scope;
use atlassian::user::{ClaimStatus, MembershipStatus};
use atlassian::users::{UserExpansion, UserFilter};
use atlassian::{
    api_keys, directories, groups, last_active_dates, managed_accounts, organizations, role_assignments, users,
    workspaces,
};
use simulator::{Answers, Options, Organization, Population, TrueUser};

use crate::support::app::{Engine, TestApp, test_day};
use check::{Asker, Contradiction, Report};
use description::{Description, Operation, operations};
use walk::Walk;

/// Where the simulator differs from the descriptions on purpose. A row that no answer needs any longer is an error.
struct Difference {
    /// A part of the operation's name; empty for all.
    operation: &'static str,
    /// `request` or a status.
    part: &'static str,
    /// The place's end, any of these.
    place: &'static [&'static str],
    /// A part of what is said.
    says: &'static str,
    reason: &'static str,
}

#[rustfmt::skip]
const DIFFERENCES: &[Difference] = &[
    Difference {
        operation: "/directories/{directoryId}/users", part: "200",
        place: &["/email", "/jobTitle", "/department", "/organization", "/location", "/timeZone"],
        says: "not of type \"string\"",
        reason: "empty profile fields are null on the wire, though described as texts only",
    },
    Difference {
        operation: "/directories/{directoryId}/users", part: "200", place: &["/accountType"],
        says: "not one of \"atlassian\"",
        reason: "only people are described, but clients of the real thing meet apps among them and filter them out",
    },
    Difference {
        operation: "", part: "request", place: &[""], says: "refused although described: The page cursor is invalid.",
        reason: "a cursor that the server did not give is refused; schemas know only that it is a text",
    },
    Difference {
        operation: "/users/search", part: "request", place: &[""], says: "emails and searchTerm are mutually exclusive",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "/groups/search", part: "request", place: &[""], says: "are mutually exclusive",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "/workspaces", part: "request", place: &[""], says: "With a cursor no other property may be present",
        reason: "said in prose, not in the schema",
    },
    Difference {
        operation: "GET /admin/v1/orgs/{orgId}/users", part: "400", place: &["/code"], says: "not one of \"ADMIN-400-1\"",
        reason: "of refusals only that of a cursor is described; an unknown parameter is refused too, with its own code",
    },
    Difference {
        operation: "", part: "request", place: &[""], says: "is not valid for the resource.",
        reason: "which app has which role is told by the refusal with its own code, not by the schema",
    },
    Difference {
        operation: "{directoryId}/groups", part: "request", place: &[""], says: "The directory must be named: there are several.",
        reason: "a group is in one directory; what all of them at once would mean is not said",
    },
    Difference {
        operation: "{directoryId}/groups", part: "request", place: &[""], says: "name must have between 1 and 255 characters.",
        reason: "an empty or overlong name is refused; the schema has no bounds",
    },
    Difference {
        operation: "/suspend", part: "request", place: &[""], says: "there is a body where none is described",
        reason: "users report 415 without the body {}, so the simulator demands it",
    },
    Difference {
        operation: "/restore", part: "request", place: &[""], says: "there is a body where none is described",
        reason: "users report 415 without the body {}, so the simulator demands it",
    },
    Difference {
        operation: "/users/invite", part: "request", place: &[""], says: "refused although described: emails must",
        reason: "the simulator is strict where the schema gives a list without bounds",
    },
    Difference {
        operation: "/users/invite", part: "request", place: &[""], says: "is not an address.",
        reason: "the schema knows only that an address is a text",
    },
    Difference {
        operation: "/roles/assign", part: "request", place: &[""], says: "The user is not active.",
        reason: "said by its code, not in the schema",
    },
    Difference {
        operation: "/domains", part: "400", place: &["/code"], says: "not one of \"ADMIN-400-1\"",
        reason: "of refusals only that of a cursor is described; an unknown parameter is refused too, with its own code",
    },
    Difference {
        operation: "/domains/{domainId}", part: "request", place: &[""], says: "is no identifier.",
        reason: "refused by its own code; the schema has no pattern",
    },
    Difference {
        operation: "/events", part: "request", place: &[""], says: "must be a time in milliseconds since 1970.",
        reason: "refused by its own code; the schema knows only that it is a text",
    },
    Difference {
        operation: "/users/{account_id}/manage/", part: "400", place: &[""], says: "valid under more than one of the schemas",
        reason: "the form with fields that are wrong is described beside a form that every refusal has",
    },
    Difference {
        operation: "PATCH /users/{account_id}/manage/profile", part: "request", place: &[""], says: "is a required property",
        reason: "described in words as a part of what can be edited, by the schema as the whole account",
    },
    Difference {
        operation: "/manage/email", part: "request", place: &[""], says: "refused although described: ",
        reason: "an address in no form, or that is taken, is refused; the schema has neither",
    },
];

/// What the descriptions would let a client ask and the walk does not: the operation's end, where in the request, why.
const NOT_WALKED: &[(&str, &str, &str)] = &[
    ("/{directoryId}/users", "?.sortBy", "how a list of objects stands in a query is not said; the list is deprecated"),
    (
        "/{directoryId}/groups",
        "?.sortBy",
        "how a list of objects stands in a query is not said; the list is deprecated",
    ),
    ("/workspaces", "query.value", "what it means is not said, and no example has it"),
    ("GET /admin/v1/orgs", "?.cursor", "a key belongs to one organization: there is no second page"),
    ("/last-active-dates", "?.cursor", "nobody has used as many apps as a page holds"),
    ("/roles/assign", "role=atlassian/site-admin", "no app has the role: it is one on a site"),
    ("/roles/assign", "role=atlassian/org-admin", "no app has the role: it is one on the organization"),
    ("/roles/revoke", "role=atlassian/site-admin", "no app has the role: it is one on a site"),
    ("/roles/revoke", "role=atlassian/org-admin", "no app has the role: it is one on the organization"),
    ("/domains", "?.cursor", "all domains are on one page"),
    ("/policies", "?.cursor", "all policies are on one page"),
    (
        "PATCH /users/{account_id}/manage/profile",
        "account_",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "characteristics",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "email",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
    (
        "PATCH /users/{account_id}/manage/profile",
        "picture",
        "the schema is that of the answer; only what can be edited is to be sent",
    ),
];

/// The API of the sites (Jira's users and groups) is served since lately: those of its operations that the simulator
/// answers are listed, and none of them is walked yet.
const SITES_NOT_WALKED_YET: &str = " /rest/api/3/";

/// Requests of the product to endpoints that no description has.
const UNDESCRIBED_REQUESTS: &[(&str, &str)] =
    &[("GET /admin/api-access/v1/orgs/{o}/api-keys", "the API that tells when keys expire is described in prose only")];

/// Told past the capture of tests that pass: what is not covered is to be seen in every run.
fn tell(title: &str, lines: impl IntoIterator<Item = String>) {
    let lines: Vec<String> = lines.into_iter().map(|line| format!("  {line}\n")).collect();
    if !lines.is_empty() {
        let text = format!("contract: {title}:\n{}", lines.concat());
        // Nobody reads where nobody can be told.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// A form of answers and where it was seen: one place by its name, several by their number.
fn in_short(form: &str, operations: &BTreeSet<String>) -> String {
    match operations.first() {
        Some(only) if operations.len() == 1 => format!("{form}: {only}"),
        _ => format!("{form}: {} operations", operations.len()),
    }
}

fn descriptions() -> Option<Vec<Description>> {
    let found = description::read();
    if found.is_none() {
        let text = format!("contract test left out: there is no {}\n", description::folder().display());
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
    found
}

/// The first small organization that has the rare cases too: an app, and an account that is to be deleted.
fn population() -> Population {
    let seeded = |seed| Population { users: 400, groups: Some(40), seed, directories: 2, ..Population::default() };
    let is_rich = |population: &Population| {
        let truth = Organization::populate(population, test_day()).truth();
        let is_there = |user: &&TrueUser| !user.directories.is_empty();
        truth.users.iter().filter(is_there).any(|user| user.account_type == "app")
            && truth.users.iter().filter(is_there).any(|user| user.status == "for_deletion")
    };
    (1..=100).map(seeded).find(is_rich).unwrap()
}

fn is_known(found: &Contradiction, row: &Difference) -> bool {
    found.operation.contains(row.operation)
        && found.part == row.part
        && row.place.iter().any(|end| found.place.ends_with(end))
        && found.says.contains(row.says)
}

/// True for operations that are listed as served and not walked yet.
fn waits(operation: Operation<'_>) -> bool {
    operation.name().contains(SITES_NOT_WALKED_YET)
}

/// Ends the test when a contradiction has no row.
fn judge(report: &Report<'_>) {
    let unknown: Vec<String> = (report.contradictions.iter())
        .filter(|(found, _)| !DIFFERENCES.iter().any(|row| is_known(found, row)))
        .map(|(found, example)| {
            format!("{}, {}, {}: {}\n    {example}", found.operation, found.part, found.place, found.says)
        })
        .collect();
    assert!(unknown.is_empty(), "{} contradiction(s) with the descriptions:\n{}", unknown.len(), unknown.join("\n"));
}

/// Ends the test when a known difference is none any longer.
fn judge_rows(report: &Report<'_>) {
    let shown = |row: &Difference| report.contradictions.keys().any(|found| is_known(found, row));
    let stale = DIFFERENCES.iter().filter(|row| !shown(row));
    let stale: Vec<String> = stale.map(|row| format!("{} {} {}", row.operation, row.part, row.reason)).collect();
    assert_eq!(stale, Vec::<String>::new(), "known differences that are none any longer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_simulator_answers_as_described() {
    let Some(descriptions) = descriptions() else { return };
    let mut report = Report::new(&descriptions);
    let mut unserved = BTreeSet::new();
    let mut not_walked_yet = BTreeSet::new();
    for answers in [Answers::default(), Answers::opposite()] {
        let clock = clock::Clock::simulated(test_day());
        let organization = Organization::populate(&population(), clock.now());
        let options = Options { clock, record: true, answers: answers.clone(), ..Options::default() };
        let simulator = simulator::start(organization, options).await.unwrap();
        let walk = Walk::new(&simulator, answers);
        walk.everything().await;
        report.check_all(&simulator.ledger(), Asker::Walk);
        let mut served = Vec::new();
        for operation in operations(&descriptions).filter(|operation| !report.seen.contains_key(&operation.name())) {
            match walk.refusal(&operation.method.to_uppercase(), &operation.path_with("none")).await {
                Ok(()) => unserved.insert(operation.name()),
                // A site answers what it does not have in Jira's way.
                Err(answer) if waits(operation) && answer.starts_with("404") => unserved.insert(operation.name()),
                Err(_) if waits(operation) => not_walked_yet.insert(operation.name()),
                Err(answer) => {
                    served.push(format!("{}: {answer}", operation.name()));
                    false
                }
            };
        }
        assert_eq!(served, Vec::<String>::new(), "served, but not walked");
        simulator.stop().await;
    }
    tell("served, and not walked yet", not_walked_yet.iter().cloned());
    let (ours, others): (Vec<String>, Vec<String>) = unserved.into_iter().partition(|name| name.contains(" /admin/"));
    let rest = format!("and {} of the user-management and Jira APIs", others.len());
    tell("described, and not served by the simulator", ours.into_iter().chain([rest]));
    let mut not_walked = Vec::new();
    let mut never_answered = Vec::new();
    let mut never_refused = Vec::new();
    for operation in operations(&descriptions) {
        let Some(seen) = report.seen.get(&operation.name()) else { continue };
        let left = Report::askable(operation).difference(&seen.asked).cloned().collect::<BTreeSet<_>>();
        not_walked.extend(left.into_iter().map(|place| (operation.name(), place)));
        let left = Report::answerable(operation).difference(&seen.answered).cloned().collect::<Vec<_>>();
        if !left.is_empty() {
            never_answered.push(format!("{}: {}", operation.name(), left.join(", ")));
        }
        let left = operation.statuses().into_iter().filter(|status| !seen.statuses.contains(status));
        let left: Vec<String> = left.map(|status| status.to_string()).collect();
        if !left.is_empty() {
            never_refused.push(format!("{}: {}", operation.name(), left.join(", ")));
        }
    }
    tell(
        "endpoints without a description",
        report.unknown_endpoints.iter().map(|(place, statuses)| format!("{place}: {statuses:?}")),
    );
    tell(
        "answers with a status that is not described",
        report.undescribed_statuses.iter().map(|(form, operations)| in_short(form, operations)),
    );
    tell(
        "refusals of another form than described",
        report.other_forms.iter().map(|(form, operations)| in_short(form, operations)),
    );
    tell("fields of answers that are not described", report.undescribed_fields.iter().cloned());
    tell("described, and never answered by the simulator", never_answered);
    tell("statuses described, and never answered by the simulator", never_refused);
    let is_listed =
        |missed: &(String, String), row: &(&str, &str, &str)| missed.0.ends_with(row.0) && missed.1.starts_with(row.1);
    let missed: Vec<_> =
        not_walked.iter().filter(|missed| !NOT_WALKED.iter().any(|row| is_listed(missed, row))).collect();
    assert!(missed.is_empty(), "described, and not walked: {missed:#?}");
    let walked: Vec<_> =
        NOT_WALKED.iter().filter(|row| !not_walked.iter().any(|missed| is_listed(missed, row))).collect();
    assert!(walked.is_empty(), "walked, and listed as not walked: {walked:#?}");
    judge(&report);
    judge_rows(&report);
    tell(
        "differences on purpose",
        DIFFERENCES.iter().map(|row| format!("{} {}: {}", row.operation, row.part, row.reason)),
    );
    tell("not walked", NOT_WALKED.iter().map(|(operation, place, reason)| format!("{operation} {place}: {reason}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollcall_asks_as_described() {
    let Some(descriptions) = descriptions() else { return };
    let mut report = Report::new(&descriptions);
    let options = Options { record: true, ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, &population(), options).await;
    app.work().await.unwrap();
    let mut rng = fastrand::Rng::with_seed(5);
    for answers in [Answers::default(), Answers::opposite()] {
        app.simulator.set_answers(answers);
        app.simulator.change(|organization| {
            (0..40).for_each(|_| drop(organization.random_change(&mut rng)));
        });
        app.sync().await.unwrap();
    }
    report.check_all(&app.simulator.ledger(), Asker::Rollcall);
    assert!(report.seen.keys().any(|name| name.ends_with("/users/search")), "a pass reads people");
    tell("operations that a pass asks", report.seen.keys().cloned());
    app.simulator.clear_ledger();
    ask_everything(&app).await;
    report.check_all(&app.simulator.ledger(), Asker::Rollcall);
    app.stop().await;
    let told = |place: &String| !UNDESCRIBED_REQUESTS.iter().any(|(known, _)| place == known);
    let unknown: Vec<&String> = report.unknown_endpoints.keys().filter(|place| told(place)).collect();
    assert_eq!(unknown, Vec::<&String>::new(), "requests to endpoints without a description");
    tell(
        "requests of the product without a description",
        UNDESCRIBED_REQUESTS.iter().map(|(place, reason)| format!("{place}: {reason}")),
    );
    judge(&report);
}

/// Every question that the client knows, once: also those that no pass asks.
async fn ask_everything(app: &TestApp) {
    let client = app.connector.client_of(&app.mirror).await.unwrap();
    let (client, class) = (&client, Class::ReadBack);
    let truth = app.truth();
    let organization = app.simulator.organization_id();
    let scope = Scope::every_directory(organization.clone());
    let user = truth.users.iter().find(|user| user.email.is_some() && !user.directories.is_empty()).unwrap();
    let (account, email) = (user.account_id.clone(), user.email.clone().unwrap());
    let (group, name) = (truth.groups[0].id.clone(), truth.groups[0].name.clone());
    let resources = vec![truth.workspaces[0].ari.clone()];
    let directory_ids = vec![truth.directories[0].id.clone()];
    organizations::list(client, class).all().await.unwrap();
    organizations::one(client, class, &organization).await.unwrap();
    directories::list(client, class, &organization).all().await.unwrap();
    workspaces::list(client, class, &organization).all().await.unwrap();
    managed_accounts::list(client, class, &organization).all().await.unwrap();
    last_active_dates::of_user(client, class, &organization, &account).await.unwrap();
    api_keys::list(client, class, &organization).all().await.unwrap();
    users::by_account_ids(client, &scope, class, std::slice::from_ref(&account)).await.unwrap();
    users::by_emails(client, &scope, class, &[email]).await.unwrap();
    users::by_group_ids(client, &scope, class, std::slice::from_ref(&group)).unwrap().all().await.unwrap();
    let filter = UserFilter {
        account_ids: vec![account.clone()],
        email_domains: vec!["mail.test".to_owned()],
        group_ids: vec![group.clone()],
        resource_ids: resources.clone(),
        role_ids: vec![Role::User],
        directory_ids: directory_ids.clone(),
        claim_status: Some(ClaimStatus::Managed),
        membership_status: vec![MembershipStatus::Active],
        ..UserFilter::default()
    };
    users::search(client, &scope, class, &filter, &UserExpansion::ALL).all().await.unwrap();
    users::count(client, &scope, class, &filter).await.unwrap();
    users::stats(client, &scope, class).await.unwrap();
    users::one(client, &scope, class, &account).await.unwrap();
    groups::by_ids(client, &scope, class, std::slice::from_ref(&group)).await.unwrap();
    groups::by_names(client, &scope, class, &[name]).await.unwrap();
    let filter = groups::GroupFilter {
        search_term: Some("a b".to_owned()),
        account_ids: vec![account.clone()],
        directory_ids,
        resource_ids: resources,
        resource_owners: vec!["confluence".to_owned(), "jira-software".to_owned()],
        role_ids: vec![Role::User],
        ..groups::GroupFilter::default()
    };
    groups::search(client, &scope, class, &filter).all().await.unwrap();
    groups::count(client, &scope, class, &filter).await.unwrap();
    groups::stats(client, &scope, class).await.unwrap();
    groups::one(client, &scope, class, &group).await.unwrap();
    role_assignments::of_user(client, &scope, class, &account).all().await.unwrap();
    role_assignments::of_group(client, &scope, class, &group).all().await.unwrap();
}
