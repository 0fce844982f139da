//! The contract: every answer of the simulator, and every request of the product, against the official descriptions of
//! Atlassian's APIs, which lie beside the repository and never in it. Whatever they do not cover is listed, and every
//! known difference has its reason here.

#![expect(clippy::panic, reason = "a test may end at what cannot happen")]

mod check;
mod description;
mod differences;
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
use description::{Description, operations};
use differences::{DIFFERENCES, Difference, NOT_WALKED, UNSERVED, WITHOUT_DESCRIPTION};
use walk::Walk;

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
                Err(answer) => {
                    served.push(format!("{}: {answer}", operation.name()));
                    false
                }
            };
        }
        assert_eq!(served, Vec::<String>::new(), "served, but not walked");
        simulator.stop().await;
    }
    let has_reason = |name: &String| UNSERVED.iter().any(|(known, _)| name.contains(known));
    let without: Vec<&String> = unserved.iter().filter(|name| !has_reason(name)).collect();
    assert!(without.is_empty(), "described, not served, and no reason is given: {without:#?}");
    let is_unserved = |known: &&str| unserved.iter().any(|name| name.contains(known));
    let served: Vec<&str> = UNSERVED.iter().map(|(known, _)| *known).filter(|known| !is_unserved(known)).collect();
    assert_eq!(served, Vec::<&str>::new(), "served, and listed as not served");
    tell("described, and not served", UNSERVED.iter().map(|(place, reason)| format!("{place}: {reason}")));
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
    let is_told = |place: &String| WITHOUT_DESCRIPTION.iter().any(|(known, _)| place.contains(known));
    let untold: Vec<&String> = report.unknown_endpoints.keys().filter(|place| !is_told(place)).collect();
    assert_eq!(untold, Vec::<&String>::new(), "endpoints that no description has, and no reason is given for");
    tell("without a description", WITHOUT_DESCRIPTION.iter().map(|(place, reason)| format!("{place}: {reason}")));
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
