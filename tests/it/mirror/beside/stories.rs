//! The same facts read by both, told every way: the page older or newer than the targeted read, the pass killed or not.

use rollcall::nouns::scope::Targets;
use simulator::{Organization, Role};

use crate::support::app::{Engine, TestApp, population};

use super::{AFTER_PAGES, BEFORE_PAGES, Cast, cast, groups, held, leave, people, read, rejoin};

/// Something that happens twice upstream, and the read that looks at it in between or at the end.
struct Story {
    name: &'static str,
    first: fn(&mut Organization, &Cast),
    second: fn(&mut Organization, &Cast),
    read: fn(&Cast) -> Targets,
}

fn of_person(cast: &Cast) -> Targets {
    people(&[&cast.person])
}

fn of_group(cast: &Cast) -> Targets {
    groups(&[&cast.group])
}

fn of_other(cast: &Cast) -> Targets {
    groups(&[&cast.other])
}

fn of_both(cast: &Cast) -> Targets {
    Targets { groups: groups(&[&cast.group, &cast.other]).groups, ..people(&[&cast.person]) }
}

fn join_other(organization: &mut Organization, cast: &Cast) {
    assert!(organization.add_member(&cast.other, &cast.person).unwrap());
}

fn leave_other(organization: &mut Organization, cast: &Cast) {
    assert!(organization.remove_member(&cast.other, &cast.person).unwrap());
}

fn give(organization: &mut Organization, cast: &Cast) {
    assert!(organization.set_direct_role(&cast.person, &cast.app, Role::User).unwrap());
}

fn take(organization: &mut Organization, cast: &Cast) {
    assert!(organization.clear_direct_role(&cast.person, &cast.app, Role::User).unwrap());
}

fn grant(organization: &mut Organization, cast: &Cast) {
    assert!(organization.grant(&cast.group, &cast.app, Role::User).unwrap());
}

fn revoke(organization: &mut Organization, cast: &Cast) {
    assert!(organization.revoke(&cast.group, &cast.app, Role::User).unwrap());
}

const STORIES: &[Story] = &[
    Story {
        name: "a title",
        first: |organization, cast| organization.set_job_title(&cast.person, "First").unwrap(),
        second: |organization, cast| organization.set_job_title(&cast.person, "Second").unwrap(),
        read: of_person,
    },
    Story {
        name: "a suspension that ends",
        first: |organization, cast| organization.suspend(&cast.person).unwrap(),
        second: |organization, cast| organization.restore(&cast.person).unwrap(),
        read: of_person,
    },
    Story {
        name: "a role taken back",
        first: |organization, cast| assert!(organization.set_platform_role(&cast.person, Role::SiteAdmin).unwrap()),
        second: |organization, cast| assert!(organization.clear_platform_role(&cast.person, Role::SiteAdmin).unwrap()),
        read: of_person,
    },
    Story { name: "left and joined again, by the group", first: leave, second: rejoin, read: of_group },
    Story { name: "left and joined again, by the person", first: leave, second: rejoin, read: of_person },
    Story { name: "joined and left again, by the group", first: join_other, second: leave_other, read: of_other },
    Story { name: "joined and left again, by the person", first: join_other, second: leave_other, read: of_person },
    Story {
        name: "moved from one group to the other and back, by all",
        first: |organization, cast| {
            leave(organization, cast);
            join_other(organization, cast);
        },
        second: |organization, cast| {
            leave_other(organization, cast);
            rejoin(organization, cast);
        },
        read: of_both,
    },
    Story {
        name: "a group renamed",
        first: |organization, cast| organization.rename_group(&cast.group, "First").unwrap(),
        second: |organization, cast| organization.rename_group(&cast.group, "Second").unwrap(),
        read: of_group,
    },
    Story { name: "a grant given and taken", first: grant, second: revoke, read: of_group },
    Story { name: "a direct role given and taken", first: give, second: take, read: of_person },
];

/// One story, told three ways: the page older than the targeted read, newer, and newer with a second targeted read.
async fn tell(engine: Engine, story: &Story, (page_is_newer, killed): (bool, bool), seed: u64) {
    let place = format!("{engine:?}, {}, page newer: {page_is_newer}, killed: {killed}", story.name);
    let mut app = TestApp::start(engine, &population(60, seed)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    let change =
        |change: fn(&mut Organization, &Cast)| app.simulator.change(|organization| change(organization, &cast));
    let pass = if page_is_newer {
        let pass = held(&app, BEFORE_PAGES).await;
        change(story.first);
        read(&app, (story.read)(&cast)).await;
        change(story.second);
        pass.on_to(&app, AFTER_PAGES).await
    } else {
        change(story.first);
        let pass = held(&app, AFTER_PAGES).await;
        change(story.second);
        read(&app, (story.read)(&cast)).await;
        pass
    };
    assert_eq!(app.now().generation(), 2, "{place}: the targeted read is in force beside the pass");
    let sealed_beside = app.now();
    if killed {
        pass.killed(&mut app).await;
    } else {
        pass.finished().await.unwrap();
    }
    assert_eq!(app.now().generation(), 3, "{place}");
    // Reading a person does not tell how many others are in their groups: that comes with the next pass.
    let reads_groups = !(story.read)(&cast).groups.is_empty();
    let mut differences = app.differences();
    differences.retain(|line| reads_groups || !line.starts_with("group "));
    assert_eq!(differences, Vec::<String>::new(), "{place}");
    assert_eq!(app.wrongly_gone(&sealed_beside), Vec::<String>::new(), "{place}");
    app.assert_sound().await;
    app.simulator.set_faults(Vec::new());
    app.sync().await.unwrap();
    assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{place}: and after a quiet pass");
    app.assert_sound().await;
    app.stop().await;
}

async fn tell_all(engine: Engine, how: (bool, bool), stories: &[Story]) {
    for (nth, story) in (0..).zip(stories) {
        tell(engine, story, how, 400 + nth).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_page_does_not_revert_what_a_targeted_read_has_found() {
    tell_all(Engine::Sqlite, (false, false), STORIES).await;
    tell_all(Engine::Postgres, (false, false), &STORIES[3..5]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_page_wins_over_a_targeted_read() {
    tell_all(Engine::Sqlite, (true, false), STORIES).await;
    tell_all(Engine::Postgres, (true, false), &STORIES[3..5]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_page_of_a_pass_that_was_killed_does_not_revert_it_either() {
    tell_all(Engine::Sqlite, (false, true), STORIES).await;
    tell_all(Engine::Postgres, (false, true), &STORIES[3..4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_page_of_a_pass_that_was_killed_still_wins() {
    tell_all(Engine::Sqlite, (true, true), STORIES).await;
    tell_all(Engine::Postgres, (true, true), &STORIES[3..4]).await;
}
