//! Targeted reads beside a pass: whichever of the two has asked later is believed, fact by fact, however they meet and
//! wherever the pass is killed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use clock::Busy;
use directory::{AccountId, GroupId};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::store::runs;
use rollcall::sync::ended::Ended;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Change, Fault, FaultKind, NewUser, Organization, Population, Role, ScheduledChange};
use tokio::task::JoinHandle;

use crate::support::app::{Engine, TestApp, population};

const USERS_COUNT: &str = "/admin/v2/orgs/{o}/directories/{d}/users/count";
/// The pass has read nothing yet but the names of the directories.
const BEFORE_PAGES: u32 = 1;
/// The pass has read and kept every page, and asks for the counts again.
const AFTER_PAGES: u32 = 3;

type Pass = JoinHandle<Result<Worked, rollcall::store::error::StoreError>>;

/// A pass that waits at a request. Time stands still, and upstream has refused it for a minute.
struct Held {
    pass: Pass,
    busy: Busy,
}

/// Makes whoever asks for the n-th count of people wait; the guard is in the slot from then on.
fn hold_at(app: &TestApp, request: u32) -> Arc<Mutex<Option<Busy>>> {
    let slot = Arc::new(Mutex::new(None));
    let (clock, held) = (app.clock.clone(), slot.clone());
    let later = FaultKind::RateLimited { retry_after: Some("60".to_owned()), reset: None };
    app.simulator.set_faults(vec![Fault::on(USERS_COUNT, later).attempts(request..=request)]);
    let change = Change::custom(move |_| *held.lock().unwrap() = Some(clock.busy()));
    app.simulator.set_changes(vec![ScheduledChange { path: USERS_COUNT.to_owned(), request, change }]);
    slot
}

async fn until_held(slot: &Mutex<Option<Busy>>, pass: &Pass) -> Busy {
    loop {
        if let Some(busy) = slot.lock().unwrap().take() {
            return busy;
        }
        assert!(!pass.is_finished(), "the pass was to wait on its way");
        tokio::task::yield_now().await;
    }
}

/// Begins a pass and holds it.
async fn held(app: &TestApp, request: u32) -> Held {
    let slot = hold_at(app, request);
    app.ask().await;
    let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
    let pass = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    let busy = until_held(&slot, &pass).await;
    Held { pass, busy }
}

impl Held {
    /// Lets it go on, to where it is held again.
    async fn on_to(self, app: &TestApp, request: u32) -> Held {
        let slot = hold_at(app, request);
        drop(self.busy);
        let busy = until_held(&slot, &self.pass).await;
        Held { pass: self.pass, busy }
    }

    /// Lets it go on to its end.
    async fn to_its_end(self) -> Result<Sealed, Ended> {
        drop(self.busy);
        match self.pass.await.unwrap().unwrap() {
            Worked::Carried { ended, .. } => ended,
            Worked::Idle => panic!("there was work"),
        }
    }

    /// Kills it, and the process around it; the next process takes it up.
    async fn killed(self, app: &mut TestApp) {
        self.pass.abort();
        drop(self.pass.await);
        drop(self.busy);
        app.simulator.set_faults(Vec::new());
        app.restart().await;
        app.clock.advance(Duration::from_secs(1));
        app.work_through().await;
    }
}

fn people(ids: &[&str]) -> Targets {
    Targets { people: ids.iter().map(|id| AccountId::new(id).unwrap()).collect(), groups: Vec::new() }
}

fn groups(ids: &[&str]) -> Targets {
    Targets { people: Vec::new(), groups: ids.iter().map(|id| GroupId::new(id).unwrap()).collect() }
}

async fn ask_for(app: &TestApp, targets: Targets) {
    let context = Context { actor: Actor::System, now: app.clock.now() };
    let ask = Ask::scoped(RunKind::Operation, Scope::Targeted(targets));
    let asked = request::start(&context, &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
    assert!(matches!(asked, Asked::Queued(_)), "a targeted read needs no place: {asked:?}");
}

/// Reads people or groups at once, beside whatever is under way.
async fn read(app: &TestApp, targets: Targets) {
    ask_for(app, targets).await;
    let worked = work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    let Worked::Carried { ended: Ok(Sealed::Done { .. }), .. } = worked else {
        panic!("it was not sealed: {worked:?}")
    };
}

/// Whom and what the stories are about.
#[derive(Clone, Debug)]
struct Cast {
    person: String,
    /// A group they are in,
    group: String,
    /// one they are not in,
    other: String,
    /// and an app that no group of theirs opens.
    app: String,
}

fn cast(app: &TestApp) -> Cast {
    let truth = app.truth();
    let in_group = |group: &str, person: &str| truth.memberships.contains(&(group.to_owned(), person.to_owned()));
    let granted = |group: &str, app: &str| truth.grants.iter().any(|g| g.group == group && g.resource == app);
    for user in truth.users.iter().filter(|user| user.account_type == "atlassian" && user.status == "active") {
        let person = &user.account_id;
        let mine: Vec<&str> =
            truth.groups.iter().map(|group| group.id.as_str()).filter(|group| in_group(group, person)).collect();
        let home = |group: &&simulator::TrueGroup| user.directories.iter().any(|(id, _)| *id == group.directory_id);
        let other = truth.groups.iter().filter(home).find(|group| group.members > 2 && !in_group(&group.id, person));
        let known =
            |resource: &&str| truth.direct_roles.iter().all(|(who, what, _)| !(who == person && what == resource));
        let resource = (truth.grants.iter().map(|grant| grant.resource.as_str()).filter(known))
            .find(|resource| mine.iter().all(|group| !granted(group, resource)));
        if let (Some(group), Some(other), Some(resource)) = (mine.first(), other, resource) {
            return Cast {
                person: person.clone(),
                group: (*group).to_owned(),
                other: other.id.clone(),
                app: resource.to_owned(),
            };
        }
    }
    panic!("nobody fits");
}

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

fn leave(organization: &mut Organization, cast: &Cast) {
    assert!(organization.remove_member(&cast.group, &cast.person).unwrap());
}

fn rejoin(organization: &mut Organization, cast: &Cast) {
    assert!(organization.add_member(&cast.group, &cast.person).unwrap());
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
        pass.to_its_end().await.unwrap();
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

/// What a targeted read meets first gets its place in the mirror, and the pass beside it, whose own names run in another
/// order, mixes nothing up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_targeted_read_meets_first_is_not_mixed_up_by_the_pass() {
    for (request, killed) in [(BEFORE_PAGES, false), (AFTER_PAGES, false), (BEFORE_PAGES, true), (AFTER_PAGES, true)] {
        let place = format!("held at {request}, killed: {killed}");
        let mut app = TestApp::start(Engine::Sqlite, &population(60, 431)).await;
        app.work().await.unwrap();
        let cast = cast(&app);
        let guest = |name: &str| {
            let email = format!("{}@guest.example", name.to_lowercase().replace(' ', "."));
            NewUser { name: name.to_owned(), email, directory: None }
        };
        // The pass alone has heard of these.
        let early = app.simulator.change(|organization| {
            let early = organization.create_group("Early");
            let erin = organization.add_user(&guest("Erin Early")).unwrap();
            organization.add_member(&early, &erin).unwrap();
            organization.grant(&early, &cast.app, Role::User).unwrap();
            early
        });
        let pass = held(&app, request).await;
        let (late, lena) = app.simulator.change(|organization| {
            let latest = organization.create_group("Latest");
            let late = organization.create_group("Late");
            let lena = organization.add_user(&guest("Lena Late")).unwrap();
            for group in [&latest, &late] {
                organization.add_member(group, &lena).unwrap();
                organization.add_member(group, &cast.person).unwrap();
            }
            organization.grant(&late, &cast.app, Role::Admin).unwrap();
            (late, lena)
        });
        read(&app, groups(&[&late])).await;
        assert!(app.now().account(&lena).is_some(), "{place}: an unknown member is read with the group");
        assert!(app.now().group(&early).is_none(), "{place}");
        let pass = if request == BEFORE_PAGES { pass.on_to(&app, AFTER_PAGES).await } else { pass };
        match killed {
            true => pass.killed(&mut app).await,
            false => drop(pass.to_its_end().await.unwrap()),
        }
        for (id, name) in [(&early, "Early"), (&late, "Late")] {
            let now = app.now();
            let row = now.group_row(now.group(id).unwrap()).unwrap();
            assert_eq!(&*row.group.as_ref().unwrap().name, name, "{place}");
        }
        app.assert_sound().await;
        app.simulator.set_faults(Vec::new());
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{place}");
        app.assert_sound().await;
        app.stop().await;
    }
}

/// A pass that knows no new group is taken up beside one that a targeted read has brought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_a_killed_pass_never_heard_of_disturbs_it_not() {
    let mut app = TestApp::start(Engine::Sqlite, &population(60, 440)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| leave(organization, &cast));
    let pass = held(&app, AFTER_PAGES).await;
    let late = app.simulator.change(|organization| {
        let late = organization.create_group("Late");
        organization.add_member(&late, &cast.person).unwrap();
        organization.grant(&late, &cast.app, Role::User).unwrap();
        late
    });
    read(&app, groups(&[&late])).await;
    pass.killed(&mut app).await;
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.simulator.set_faults(Vec::new());
    app.sync().await.unwrap();
    assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_targeted_reads_beside_a_pass_are_both_believed() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 432)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| leave(organization, &cast));
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| {
        rejoin(organization, &cast);
        organization.set_job_title(&cast.person, "First").unwrap();
    });
    read(&app, groups(&[&cast.group])).await;
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Second").unwrap());
    read(&app, people(&[&cast.person])).await;
    assert_eq!(app.now().generation(), 3);
    pass.to_its_end().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.stop().await;
}

/// Somebody who was seen by the pass, left upstream, and was taken out with a person's leave: the page does not bring
/// them back. (A targeted read without that leave keeps them.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_left_behind_the_page_is_kept_until_the_next_pass_confirms_it() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 433)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Leaving").unwrap());
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| organization.delete_account(&cast.person).unwrap());
    read(&app, people(&[&cast.person])).await;
    let here = |app: &TestApp| app.now().present().contains(app.now().account(&cast.person).unwrap());
    assert!(here(&app), "a targeted read takes nobody out by itself");
    assert!(app.notes().await.iter().any(|note| note.subject == cast.person), "it says so");
    pass.to_its_end().await.unwrap();
    assert!(here(&app), "the pass had seen them");
    app.assert_sound().await;
    app.sync().await.unwrap();
    assert!(!here(&app));
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

/// A targeted read that a pass's seal overtakes reads again, and its second reading is what counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_targeted_read_that_a_seal_overtakes_is_done_again() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 434)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    // The pass waits where its own pages are all read; then the targeted read is held behind its own page.
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Second").unwrap());
    ask_for(&app, people(&[&cast.person])).await;
    let slot: Arc<Mutex<Option<Busy>>> = Arc::default();
    let (clock, taken) = (app.clock.clone(), slot.clone());
    let directories = "/admin/v2/orgs/{o}/directories";
    // It is refused for two minutes; the pass for one.
    let later = FaultKind::RateLimited { retry_after: Some("120".to_owned()), reset: None };
    app.simulator.set_faults(vec![Fault::on(directories, later)]);
    let change = Change::custom(move |_| *taken.lock().unwrap() = Some(clock.busy()));
    app.simulator.set_changes(vec![ScheduledChange { path: directories.to_owned(), request: 1, change }]);
    let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
    let targeted = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    drop(until_held(&slot, &targeted).await);
    pass.to_its_end().await.unwrap();
    assert_eq!(app.now().generation(), 2, "the pass was faster");
    let Worked::Carried { ended, .. } = targeted.await.unwrap().unwrap() else { panic!("there was work") };
    assert!(matches!(ended, Err(Ended::PausedFor { .. })), "{ended:?}");
    let run = app.mirror.store().read(|tx| runs::list(tx, None, 10)).await.unwrap();
    assert!(run.iter().any(|run| run.state == RunState::Waiting));
    app.wait_out().await;
    app.work().await.unwrap();
    assert_eq!(app.now().generation(), 3);
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.stop().await;
}

/// The same in an organization of several directories, where a person's groups are told by part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_pass_over_several_directories_nothing_is_lost() {
    for seed in 435..439 {
        let app = TestApp::start(Engine::Sqlite, &Population { directories: 3, ..population(120, seed) }).await;
        app.work().await.unwrap();
        let mut rng = fastrand::Rng::with_seed(seed);
        for request in [BEFORE_PAGES, 5] {
            let mut random = |times: usize| {
                app.simulator
                    .change(|organization| (0..times).for_each(|_| drop(organization.random_change(&mut rng))));
            };
            random(6);
            let pass = held(&app, request).await;
            random(6);
            let truth = app.truth();
            let everybody: Vec<&str> = truth.users.iter().step_by(3).map(|user| user.account_id.as_str()).collect();
            let some: Vec<&str> = truth.groups.iter().step_by(4).map(|group| group.id.as_str()).collect();
            let before = app.now();
            read(&app, Targets { groups: groups(&some).groups, ..people(&everybody) }).await;
            random(6);
            pass.to_its_end().await.unwrap();
            assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "seed {seed}, held at {request}");
            app.assert_sound().await;
            app.simulator.set_faults(Vec::new());
            app.sync().await.unwrap();
            assert_eq!(app.differences(), Vec::<String>::new(), "seed {seed}, held at {request}");
        }
        app.stop().await;
    }
}
