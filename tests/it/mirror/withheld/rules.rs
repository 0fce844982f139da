//! Each rule by itself: its rows, its numbers, what approving them does; and the thresholds as a setting.

use std::collections::BTreeSet;

use directory::{Noun, Rule, Thresholds};
use rollcall::nouns::context::Actor;
use rollcall::sync::guards;
use rollcall::sync::review::Chosen;
use simulator::{Organization, Population, Role, Truth};

use crate::support::app::{Engine, population};

use super::{
    administrator, approve_and_read, assert_withheld, events_of, group_ordinals, mirrored, open, open_by, ordinals,
    present, somebody,
};

/// A change that is too much, by rule.
struct TooMuch {
    rule: Rule,
    noun: Noun,
    /// What has to be there before.
    before: fn(&mut Organization, &Truth),
    /// The change, and whom or what it concerns.
    change: fn(&mut Organization, &Truth) -> Vec<String>,
}

fn nothing(_: &mut Organization, _: &Truth) {}

/// People and an app that no group of theirs opens.
fn without_app(truth: &Truth, n: usize) -> Vec<(String, String)> {
    let opens = |group: &str, app: &str| truth.grants.iter().any(|grant| grant.group == group && grant.resource == app);
    let apps: BTreeSet<&str> = truth.grants.iter().map(|grant| grant.resource.as_str()).collect();
    let people = truth.users.iter().filter(|user| !user.directories.is_empty() && user.account_type == "atlassian");
    let fitting = people.filter_map(|user| {
        let mine = || truth.memberships.iter().filter(|(_, account)| *account == user.account_id);
        let held = |app: &str| truth.direct_roles.iter().any(|(who, what, _)| *who == user.account_id && what == app);
        let app = apps.iter().find(|app| !held(app) && mine().all(|(group, _)| !opens(group, app)))?;
        Some((user.account_id.clone(), (*app).to_owned()))
    });
    fitting.take(n).collect()
}

const TOO_MUCH: &[TooMuch] = &[
    TooMuch {
        rule: Rule::StatusesChanged,
        noun: Noun::Presence,
        before: nothing,
        change: |organization, truth| {
            let active = |id: &String| truth.users.iter().any(|user| user.account_id == *id && user.status == "active");
            let ids: Vec<String> = somebody(truth, 40).into_iter().filter(active).collect();
            ids.iter().for_each(|id| organization.suspend(id).unwrap());
            ids
        },
    },
    TooMuch {
        rule: Rule::EmailsChanged,
        noun: Noun::Accounts,
        before: nothing,
        change: |organization, truth| {
            let ids = somebody(truth, 30);
            for (nth, id) in ids.iter().enumerate() {
                organization.change_email(id, &format!("other{nth}@elsewhere.example")).unwrap();
            }
            ids
        },
    },
    TooMuch {
        rule: Rule::GrantsMissing,
        noun: Noun::Grants,
        before: nothing,
        change: |organization, truth| {
            let groups: BTreeSet<&String> = truth.grants.iter().map(|grant| &grant.group).collect();
            let some: Vec<String> = groups.into_iter().take(6).cloned().collect();
            for grant in truth.grants.iter().filter(|grant| some.contains(&grant.group)) {
                let role = [Role::User, Role::Admin, Role::Guest, Role::Customer, Role::Contributor, Role::Basic];
                let role = role.into_iter().find(|role| role.id() == grant.role);
                role.map(|role| organization.revoke(&grant.group, &grant.resource, role).unwrap());
            }
            let left: BTreeSet<String> = organization.truth().grants.into_iter().map(|grant| grant.group).collect();
            some.into_iter().filter(|group| !left.contains(group)).collect()
        },
    },
    TooMuch {
        rule: Rule::DirectRolesMissing,
        noun: Noun::DirectAccess,
        before: |organization, truth| {
            let given = without_app(truth, 12);
            assert!(given.len() >= 8);
            for (id, app) in given {
                organization.set_direct_role(&id, &app, Role::User).unwrap();
            }
        },
        change: |organization, truth| {
            let mut taken = BTreeSet::new();
            let people: BTreeSet<&String> = truth.direct_roles.iter().map(|(account, ..)| account).collect();
            for (account, app, role) in &truth.direct_roles {
                if *role == Role::User.id() && organization.clear_direct_role(account, app, Role::User).unwrap() {
                    taken.insert(account.clone());
                }
            }
            assert!(taken.len() >= 5 && people.len() >= taken.len());
            taken.into_iter().collect()
        },
    },
    TooMuch {
        rule: Rule::PlatformRolesMissing,
        noun: Noun::PlatformRoles,
        before: |organization, truth| {
            for id in somebody(truth, 12) {
                organization.set_platform_role(&id, Role::SiteAdmin).unwrap();
            }
        },
        change: |organization, _| {
            let holders = organization.holders_of(Role::SiteAdmin);
            holders.iter().for_each(|id| assert!(organization.clear_platform_role(id, Role::SiteAdmin).unwrap()));
            holders
        },
    },
    TooMuch {
        rule: Rule::GroupsMissing,
        noun: Noun::Groups,
        before: nothing,
        change: |organization, truth| {
            let ids: Vec<String> = truth.groups.iter().take(6).map(|group| group.id.clone()).collect();
            ids.iter().for_each(|id| organization.delete_group(id).unwrap());
            ids
        },
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_rule_withholds_its_rows_and_approving_them_settles_them() {
    for (seed, case) in (510..).zip(TOO_MUCH) {
        let rule = case.rule;
        let app = mirrored(Engine::Sqlite, &Population { groups: Some(30), ..population(200, seed) }).await;
        let truth = app.truth();
        app.simulator.change(|organization| (case.before)(organization, &truth));
        app.sync().await.unwrap();
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{rule:?}");
        let (before, truth) = (app.now(), app.truth());
        let ids = app.simulator.change(|organization| (case.change)(organization, &truth));
        app.sync().await.unwrap();
        let rows = if rule.rows_are_groups() { group_ordinals(&before, &ids) } else { ordinals(&before, &ids) };
        let kept = assert_withheld(&app, (rule, case.noun), &rows).await;
        assert_ne!(app.differences(), Vec::<String>::new(), "{rule:?}: the rows stay as they were");

        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{rule:?}");
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{rule:?}: and a quiet pass agrees");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thresholds_that_somebody_chose_hold_from_the_next_run_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 561)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving[..4].iter().for_each(|id| organization.delete_account(id).unwrap()));
    let choose = async |share, least, small| {
        let thresholds = guards::thresholds(share, least, small).unwrap();
        let context = administrator(&app);
        guards::choose(&context, &app.mirror, thresholds, &app.surroundings.entropy).await.unwrap();
    };
    choose(1, 2, 20).await;
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    assert_eq!(kept.withheld.thresholds, Thresholds { share_percent: 1, least: 2, ..kept.withheld.thresholds });
    assert_eq!(present(&app, &leaving), 30);
    let reason = app.claim(Noun::Presence, &app.directory()).await.reason.unwrap();
    assert!(reason.contains("more than 1 %"), "{reason}");
    choose(60, 2, 20).await;
    app.simulator.change(|organization| leaving[4..].iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "thirty are less than sixty percent");
    let chosen = app.mirror.store().read(guards::read).await.unwrap().chosen.unwrap().0;
    assert_eq!(chosen, Actor::CommandLine.as_text());
    assert_eq!(events_of(&app, "setting.changed").await, 2);
    for (share, least, small) in [(0, 5, 20), (100, 5, 20), (10, 0, 20), (10, 1_000_001, 20), (10, 5, 1_001)] {
        assert!(guards::thresholds(share, least, small).is_err(), "{share} {least} {small}");
    }
    app.stop().await;
}
