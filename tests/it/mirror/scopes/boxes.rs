//! The boxes of the manual sync: each reads, writes, proves and renews what was ticked.

use std::collections::BTreeSet;

use directory::{GroupId, Part};
use rollcall::nouns::context::Actor;
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::scope::{Chosen, Scope, Targets, WhichGroups, WhichUsers};
use rollcall::sync::request::Asked;
use simulator::Role;

use crate::support::app::{ENGINES, Engine, TestApp, population};

use super::{
    ALL_GROUPS, ALL_USERS, Cast, LAST_ACTIVE, USERS, WITH_ACTIVITY, ask, by_noun, cast, changed, members_of, mirrored,
    set, sync,
};

/// Something of every noun changes.
fn change_everything(app: &TestApp, cast: &Cast) {
    let now = app.clock.now();
    app.simulator.change(|organization| {
        organization.rename(&cast.person, "Renamed Upstream").unwrap();
        organization.change_email(&cast.person, "renamed@elsewhere.example").unwrap();
        organization.suspend(&cast.other).unwrap();
        organization.set_last_active(&cast.person, &cast.used, now).unwrap();
        organization.set_platform_role(&cast.person, Role::SiteAdmin).unwrap();
        organization.set_direct_role(&cast.person, &cast.app, Role::User).unwrap();
        organization.rename_group(&cast.group, "Renamed Group").unwrap();
        assert!(organization.remove_member(&cast.group, &cast.other).unwrap());
        assert!(organization.add_member(&cast.second, &cast.person).unwrap());
        // Not on the app that is given directly: behind a group's grant a direct role is not seen.
        let mut roles = [Role::Guest, Role::Admin, Role::User].into_iter();
        assert!(roles.any(|role| organization.grant(&cast.second, &cast.used, role).unwrap()));
    });
}

/// Every expansion that any search for people has asked for.
fn expansions(app: &TestApp) -> BTreeSet<String> {
    let searches = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
    let bodies = searches.filter_map(|exchange| serde_json::from_str(exchange.request_body.as_deref()?).ok());
    let expand = |body: serde_json::Value| body["expand"].as_array().cloned().unwrap_or_default();
    bodies.flat_map(expand).filter_map(|word| Some(word.as_str()?.to_owned())).collect()
}

/// The last words of the endpoints that were asked.
fn endpoints(app: &TestApp) -> BTreeSet<String> {
    let short = |template: &str| template.rsplit("/directories/{d}/").next().unwrap_or_default().to_owned();
    let asked = app.simulator.requests_by_endpoint().into_keys();
    asked.map(|endpoint| short(endpoint.split_once(' ').unwrap().1)).collect()
}

const ORGANIZATION: &str = "/admin/v1/orgs/{o}";
const DIRECTORIES: &str = "/admin/v2/orgs/{o}/directories";

/// The ages that a run has renewed, by noun and kind of part.
fn renewed(before: &[directory::Age], app: &TestApp) -> BTreeSet<(&'static str, &'static str)> {
    let kind = |part: &Part| match part {
        Part::Whole => "whole",
        Part::Directory(_) => "directory",
        Part::Group(_) => "group",
        Part::Named => "named",
    };
    let now = app.now();
    let young = now.ages().iter().filter(|age| !before.contains(age));
    young.map(|age| (age.noun.as_str(), kind(&age.part))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scope_reads_and_writes_what_was_ticked_and_nothing_else() {
    let lists = ["users/search", "users/count", ORGANIZATION, DIRECTORIES];
    let groups = ["groups/search", "groups/count", "groups/{g}/role-assignments"];
    type Case = (&'static str, fn(&Cast) -> Chosen, Vec<&'static str>, Vec<&'static str>, Vec<&'static str>);
    let cases: Vec<Case> = vec![
        ("users", |_| ALL_USERS, vec!["accounts", "presence"], vec![], lists.to_vec()),
        ("last active", |_| LAST_ACTIVE, vec!["activity"], vec!["productAccess"], lists.to_vec()),
        (
            "groups",
            |_| ALL_GROUPS,
            vec!["groups", "memberships", "grants"],
            vec!["groups"],
            [&lists[..], &groups[..], &["/admin/v2/orgs/{o}/workspaces"]].concat(),
        ),
        (
            "both",
            |_| Chosen { last_active: true, ..ALL_USERS },
            vec!["accounts", "presence", "activity"],
            vec!["productAccess"],
            lists.to_vec(),
        ),
        (
            "members",
            |cast| members_of(&[&cast.group]),
            vec!["memberships"],
            vec![],
            vec!["users/search", "groups/search", ORGANIZATION, DIRECTORIES],
        ),
        (
            "users and members",
            |cast| Chosen { users: Some(WhichUsers::All), ..members_of(&[&cast.group, &cast.second]) },
            vec!["accounts", "presence", "memberships"],
            vec![],
            [&lists[..], &["groups/search"]].concat(),
        ),
    ];
    for engine in ENGINES {
        for (name, chosen, writes, expands, asks) in &cases {
            if engine == Engine::Postgres && !matches!(*name, "users" | "members") {
                continue;
            }
            let place = format!("{engine:?}, {name}");
            let app = mirrored(engine, &population(90, 601)).await;
            let cast = cast(&app.truth());
            change_everything(&app, &cast);
            let (before, ages) = (by_noun(&app), app.now().ages().to_vec());
            sync(&app, Scope::Chosen(chosen(&cast))).await;
            let mut written = changed(&before, &app);
            // The line of an account tells its best presence too.
            let about_people = writes.contains(&"accounts");
            assert!(about_people || !written.contains("accounts"), "{place}: {written:?}");
            if !about_people {
                written.remove("accounts");
            }
            assert_eq!(written, set(writes), "{place}");
            assert_eq!(expansions(&app), set(expands), "{place}");
            assert_eq!(endpoints(&app), set(asks), "{place}");
            assert_eq!(app.gaps().await, Vec::<String>::new(), "{place}");
            let kind = |noun: &&'static str| match *noun {
                "memberships" if !writes.contains(&"groups") => ("memberships", "group"),
                noun => (noun, "directory"),
            };
            assert_eq!(renewed(&ages, &app), writes.iter().map(kind).collect(), "{place}");
            // What it wrote is what a full pass finds.
            let scoped = by_noun(&app);
            app.sync().await.unwrap();
            assert_eq!(app.differences(), Vec::<String>::new(), "{place}");
            let late = changed(&scoped, &app);
            if *name == "members" {
                assert!(late.contains("memberships"), "{place}: the other group was not read");
            } else {
                assert!(writes.iter().all(|noun| !late.contains(noun)), "{place}: {late:?}");
            }
            for noun in ["accounts", "activity", "groups", "grants", "platform_roles", "direct_access"] {
                assert!(writes.contains(&noun) || late.contains(noun), "{place}: {noun} was left for the full pass");
            }
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_all_users_takes_people_for_gone_and_only_all_groups_takes_groups() {
    type Case = (fn(&Cast) -> Chosen, bool, bool);
    let cases: [Case; 5] = [
        (|_| ALL_USERS, true, false),
        (|_| ALL_GROUPS, false, true),
        (|_| LAST_ACTIVE, false, false),
        (|_| WITH_ACTIVITY, false, false),
        (|cast| members_of(&[&cast.group, &cast.second]), false, false),
    ];
    for (chosen, person_goes, group_goes) in cases {
        let app = mirrored(Engine::Sqlite, &population(90, 602)).await;
        let cast = cast(&app.truth());
        let scope = chosen(&cast);
        let place = format!("{scope:?}");
        app.simulator.change(|organization| {
            organization.delete_account(&cast.other).unwrap();
            organization.delete_group(&cast.second).unwrap();
        });
        let before = app.now();
        sync(&app, Scope::Chosen(scope.clone())).await;
        let now = app.now();
        let (person, group) = (now.account(&cast.other).unwrap(), now.group(&cast.second).unwrap());
        assert_eq!(!now.present().contains(person), person_goes, "{place}");
        assert_eq!(now.group_row(group).unwrap().group.is_none(), group_goes, "{place}");
        let kept = before.memberships().members(group);
        if !group_goes {
            assert_eq!(now.memberships().members(group), kept, "{place}: nobody left what was not read");
        }
        if let WhichGroups::Members(_) = scope.groups {
            let read = now.group(&cast.group).unwrap();
            assert!(!now.memberships().contains(person, read), "{place}: they left the group that was read");
            let gaps = app.gaps().await;
            assert!(gaps.len() == 1 && gaps[0].contains("does not show this group any more"), "{gaps:?}");
        }
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{place}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_without_a_last_active_date_can_be_left_out_and_are_counted() {
    let app = mirrored(Engine::Sqlite, &population(90, 603)).await;
    let truth = app.truth();
    let cast = cast(&truth);
    let (ages, before) = (app.now().ages().to_vec(), app.now());
    app.simulator.change(|organization| {
        organization.rename(&cast.person, "Active Renamed").unwrap();
        organization.rename(&cast.idle, "Idle Renamed").unwrap();
        organization.delete_account(&cast.other).unwrap();
    });
    sync(&app, Scope::Chosen(WITH_ACTIVITY)).await;
    let name = |id: &str| app.now().account_row(app.now().account(id).unwrap()).unwrap().name.to_owned();
    let named = |id: &str| truth.users.iter().find(|user| user.account_id == id).unwrap().name.clone();
    assert_eq!((name(&cast.person), name(&cast.idle)), ("Active Renamed".to_owned(), named(&cast.idle)));
    assert_eq!(app.now().present(), before.present(), "nobody is gone");
    assert_eq!(renewed(&ages, &app), BTreeSet::new());
    assert_eq!(app.claims().await, [], "it claims nothing");
    let idle = app.truth().users.iter().filter(|user| user.last_active.is_empty()).count() as u64;
    let run = app.run().await;
    assert_eq!(run.progress.people_left_out, idle);
    assert_eq!(run.counts.unwrap().people_changed, 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_while_the_place_is_held_is_told_which_run_holds_it() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(60, 607)).await;
        let cast = cast(&app.truth());
        let Asked::Queued(first) = ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await else {
            panic!("the place is free")
        };
        let Asked::Held(holder) = ask(&app, Scope::Chosen(LAST_ACTIVE), Some("other click")).await else {
            panic!("{engine:?}: one run holds the place")
        };
        assert_eq!((&holder.id, holder.kind, holder.state), (&first, RunKind::Manual, RunState::Queued));
        assert_eq!((holder.scope, holder.asked_by), (Scope::Chosen(ALL_USERS), Actor::CommandLine.as_text()));
        assert_eq!(ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await, Asked::Queued(first.clone()));
        let targets = Targets { people: Vec::new(), groups: vec![GroupId::new(&cast.group).unwrap()] };
        let beside = ask(&app, Scope::Targeted(targets), None).await;
        assert!(matches!(beside, Asked::Queued(_)), "{engine:?}: a targeted read needs no place");
        app.work().await.unwrap();
        assert_eq!(app.run().await.kind, RunKind::Operation, "and comes first");
        app.work().await.unwrap();
        assert_eq!(ask(&app, Scope::Chosen(ALL_USERS), Some("click")).await, Asked::Queued(first), "also afterwards");
        let again = ask(&app, Scope::Chosen(LAST_ACTIVE), Some("other click")).await;
        assert!(matches!(again, Asked::Queued(_)), "who was refused may ask again: {again:?}");
        app.stop().await;
    }
}
