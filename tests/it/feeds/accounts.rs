//! Joiners, movers and leavers of a feed at Atlassian: linked, proposed, approved, carried out and taken back, held against
//! the simulator's own ledger.

use std::collections::BTreeSet;

use directory::act::Change;
use directory::{GroupId, Ordinal, Snapshot};
use reqwest::Method;
use rollcall::feeds::accounts::link::To;
use rollcall::feeds::accounts::mapping::{Scope, Wanted};
use rollcall::feeds::accounts::{self, link, mapping, setting, shown};
use rollcall::feeds::trouble::NotDone;
use rollcall::feeds::{keep, people as by_hand};
use rollcall::id::OperationId;
use rollcall::nouns::feed::Threshold;
use rollcall::nouns::feed_account::{AccessMode, AccessSettings, LeftAlone};
use rollcall::nouns::operation::{Operation, OperationKind, OperationState};
use rollcall::nouns::operation_row::RowState;
use rollcall::nouns::protection::{Protectee, Reason};
use rollcall::operations::{approve, control, guard};
use rollcall::store::events;
use serde_json::{Value, json};

use super::{World, bytes, json_control, record};
use crate::api::Served;
use crate::operations::ordinary;
use crate::support::app::{ENGINES, Engine, TestApp};

/// A feed of people who have accounts, its managed groups mapped to two groups that grant nothing.
pub(super) struct Land {
    pub(super) world: World,
    key: String,
    /// Account ids and addresses of the people, in the order of their usernames.
    accounts: Vec<(String, String)>,
    teaching: String,
    office: String,
}

/// Groups that plans may fill, the emptiest first.
fn open_groups(snapshot: &Snapshot) -> Vec<String> {
    let fits = |group: &Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| !known.is_synced() && known.modifiable != Some(false))
            && snapshot.grants(*group).is_empty()
    };
    let mut groups: Vec<Ordinal> = snapshot.groups_by_name().iter().filter(fits).collect();
    groups.sort_by_key(|group| snapshot.memberships().members(*group).len());
    groups.into_iter().map(|group| snapshot.group_row(group).unwrap().id.to_string()).collect()
}

impl Land {
    pub(super) async fn start(engine: Engine, seed: u64, people: usize) -> Land {
        let app = TestApp::ready(engine, 240, seed).await;
        let snapshot = app.now();
        let groups = open_groups(&snapshot);
        let outside = |account: &u32| {
            let row = snapshot.account_row(*account).unwrap();
            let verified = row.email_verified == Some(true) && row.email.is_some();
            let mut groups = groups.iter().take(2).map(|group| snapshot.group(group).unwrap());
            verified && groups.all(|group| !snapshot.memberships().contains(*account, group))
        };
        let accounts: Vec<(String, String)> = ordinary(&app, 240)
            .into_iter()
            .filter(outside)
            .take(people)
            .map(|account| {
                let row = snapshot.account_row(account).unwrap();
                (row.id.to_owned(), row.email.unwrap().to_owned())
            })
            .collect();
        assert_eq!(accounts.len(), people);
        let (teaching, office) = (groups[0].clone(), groups[1].clone());
        let world = World { served: Served::of(app).await, working: None };
        let (_, key) = world.feed("staff").await;
        let never = Threshold { people: 1_000, percent: 100 };
        world
            .configure("staff", |settings| {
                settings.thresholds.leavers = never;
                settings.thresholds.group_leavers = never;
            })
            .await;
        world.uploaded(&key, "_control", &json_control()).await;
        Land { world, key, accounts, teaching, office }
    }

    pub(super) fn app(&self) -> &TestApp {
        &self.world.served.app
    }

    async fn map(&self, code: &str, group: &str, owned: bool) -> Result<(), NotDone> {
        let feed = keep::find(&self.app().mirror, "staff").await.unwrap();
        let group = GroupId::new(group).unwrap();
        let wanted = Wanted { code: code.to_owned(), group, scope: Scope::ThisFeed, owned };
        let entropy = &self.app().surroundings.entropy;
        mapping::map(&self.world.context(), &self.app().mirror, (&feed, wanted), entropy).await
    }

    async fn mapped(&self) {
        self.map("group:teaching", &self.teaching, false).await.unwrap();
        self.map("group:office", &self.office, false).await.unwrap();
    }

    async fn mode(&self, mode: AccessMode, change: impl FnOnce(&mut AccessSettings)) {
        let feed = keep::find(&self.app().mirror, "staff").await.unwrap();
        let mut settings = AccessSettings { mode, ..AccessSettings::default() };
        change(&mut settings);
        let entropy = &self.app().surroundings.entropy;
        setting::choose(&self.world.context(), &self.app().mirror, (&feed, settings), entropy).await.unwrap();
    }

    /// The record of the person at a place, from 1.
    pub(super) fn record(&self, place: usize, role: &str) -> Value {
        let (_, address) = &self.accounts[place - 1];
        record(&format!("s{place:02}"), &format!("Number{place:02}"), address, role)
    }

    pub(super) fn records(&self, places: impl IntoIterator<Item = usize>) -> Vec<Value> {
        places.into_iter().map(|place| self.record(place, "teaching")).collect()
    }

    /// A night: uploaded, applied, and looked at until nothing moves.
    pub(super) async fn night(&self, records: &[Value]) {
        self.world.uploaded(&self.key, "users", &bytes(records)).await;
        self.world.started(&self.key).await;
        let run = self.world.settled("staff").await;
        if !run.is_over() {
            self.world.apply(&run, "It is the list of the registry.", None).await.unwrap();
            self.world.settled("staff").await;
        }
        self.look().await;
    }

    /// Looks until nothing moves, after a pause in which generations gather.
    pub(super) async fn look(&self) {
        self.app().clock.advance(std::time::Duration::from_secs(61));
        while accounts::once(&self.app().mirror, &self.app().surroundings).await.unwrap() {}
    }

    async fn of_feed(&self) -> shown::OfFeed {
        let feed = keep::find(&self.app().mirror, "staff").await.unwrap();
        shown::of_feed(&self.app().mirror, feed.number).await.unwrap()
    }

    /// The newest plan.
    async fn plan(&self) -> Option<Operation> {
        let newest = self.of_feed().await.plans.into_iter().next()?.0.operation;
        Some(self.app().operation(&newest).await)
    }

    async fn plans(&self) -> usize {
        self.of_feed().await.plans.len()
    }

    async fn open_plan(&self) -> OperationId {
        let plan = self.plan().await.unwrap();
        assert_eq!((plan.kind, plan.state), (OperationKind::Feed, OperationState::Waiting), "{plan:?}");
        plan.id
    }

    /// What the newest plan will do: the kind of each change, with the place of the person.
    async fn to_do(&self) -> Vec<(&'static str, usize)> {
        let plan = self.plan().await.unwrap();
        let rows = self.app().rows(&plan.id).await;
        let snapshot = self.app().now();
        let mut found: Vec<(&'static str, usize)> = rows
            .iter()
            .filter(|row| row.state == RowState::Planned)
            .map(|row| {
                let id = snapshot.account_id(row.change.account());
                let place = self
                    .accounts
                    .iter()
                    .position(|(known, _)| Some(known.as_str()) == id.as_ref().map(|id| id.as_str()));
                (row.change.kind(), place.map_or(0, |place| place + 1))
            })
            .collect();
        found.sort_unstable();
        found
    }

    async fn carry_out(&self) {
        let plan = self.open_plan().await;
        let done = self.app().carry_out(&plan).await;
        assert_eq!(done.state, OperationState::Succeeded, "{:?}", self.app().rows(&plan).await);
        self.look().await;
    }

    /// Who is in a group, by place.
    fn members(&self, group: &str) -> Vec<usize> {
        let members: BTreeSet<String> = self
            .app()
            .truth()
            .memberships
            .into_iter()
            .filter(|(of, _)| of == group)
            .map(|(_, account)| account)
            .collect();
        (1..=self.accounts.len()).filter(|place| members.contains(&self.accounts[place - 1].0)).collect()
    }

    fn is_suspended(&self, place: usize) -> bool {
        let snapshot = self.app().now();
        let account = snapshot.account(&self.accounts[place - 1].0).unwrap();
        snapshot.best_presence(account).unwrap().status == Some(directory::Status::Suspended)
    }

    pub(super) async fn end(self) {
        self.world.served.app.mirror.store().read(events::verify).await.unwrap().unwrap();
        self.world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joiners_movers_leavers_and_returners_become_plans_that_a_person_approves() {
    for engine in ENGINES {
        let land = Land::start(engine, 91, 6).await;
        land.mapped().await;
        land.mode(AccessMode::Propose, |_| {}).await;

        // The first night: five have accounts, and one is new to the organization.
        let joiner = record("s99", "Newcomer", "newcomer@people.example", "office");
        let mut staff = land.records(1..=5);
        staff.push(joiner.clone());
        land.night(&staff).await;
        let told = land.of_feed().await;
        assert_eq!((told.linked.linked, told.linked.people), (5, 6));
        let added: Vec<_> = (1..=5).map(|place| ("add_to_group", place)).chain([("invite", 0)]).collect();
        assert_eq!(land.to_do().await, added);
        let first = land.open_plan().await;
        assert_eq!(land.app().effects(), [], "nothing is sent before somebody has approved");
        // The same state makes no second plan.
        land.look().await;
        land.night(&staff).await;
        assert_eq!((land.plans().await, land.open_plan().await), (1, first));
        land.carry_out().await;
        assert_eq!(land.members(&land.teaching), [1, 2, 3, 4, 5]);
        let invited = land
            .app()
            .truth()
            .users
            .into_iter()
            .find(|user| user.email.as_deref() == Some("newcomer@people.example"))
            .unwrap();
        assert!(land.app().truth().memberships.contains(&(land.office.clone(), invited.account_id)));
        assert_eq!(land.plans().await, 1);

        // Two rows say why they are there.
        let newest = land.plan().await.unwrap();
        let whose = shown::of_operation(&land.app().mirror, newest.number, (0, 100)).await.unwrap().unwrap();
        assert_eq!((whose.feed.code.as_str(), whose.steps.len()), ("staff", 6));
        assert!(whose.steps.values().all(|step| step.run == Some(1) && !step.code.is_empty()), "{:?}", whose.steps);

        // The second night: somebody moves, somebody leaves. A third is put on hold by hand.
        let mut staff = land.records([1, 3, 4]);
        staff.push(land.record(2, "office"));
        staff.push(joiner.clone());
        let (mirror, entropy) = (&land.app().mirror, &land.app().surroundings.entropy);
        by_hand::hold(&land.world.context(), mirror, ("s04", "On leave."), entropy).await.unwrap();
        staff[2]["role"] = "office".into();
        land.night(&staff).await;
        assert_eq!(land.to_do().await, [("add_to_group", 2), ("remove_from_group", 2), ("suspend", 5)]);
        assert!(land.of_feed().await.access.left_alone.contains(&(LeftAlone::OnHold, 1)));
        land.carry_out().await;
        assert_eq!((land.members(&land.teaching), land.members(&land.office)), (vec![1, 3, 4, 5], vec![2]));
        assert!(land.is_suspended(5));

        // The third night: who left is back, and has what they had.
        staff.push(land.record(5, "teaching"));
        land.night(&staff).await;
        assert_eq!(land.to_do().await, [("restore", 5)]);
        let back = land.open_plan().await;
        land.carry_out().await;
        assert!(!land.is_suspended(5) && land.members(&land.teaching).contains(&5));

        // Taken back by a person: that is their word, and no plan speaks against it.
        let undone = land.app().undo(&back).await;
        land.app().carry_out(&undone).await;
        land.look().await;
        assert!(land.is_suspended(5));
        let plans = land.plans().await;
        land.night(&staff).await;
        assert_eq!((plans, land.plans().await), (3, 3));
        land.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d22_nobody_is_touched_whom_a_rule_protects_and_nobody_taken_out_whom_the_feed_did_not_put_in() {
    for engine in ENGINES {
        let land = Land::start(engine, 92, 4).await;
        let (app, entropy) = (land.app(), &land.app().surroundings.entropy);
        // Somebody is in the group already, by another hand.
        app.simulator.change(|organization| organization.add_member(&land.teaching, &land.accounts[0].0)).unwrap();
        app.sync().await.unwrap();
        land.mapped().await;
        let protected = Protectee::Person(directory::AccountId::new(&land.accounts[1].0).unwrap());
        let reason = Reason::parse("The rector.").unwrap();
        rollcall::mirror::marks::protect(&land.world.context(), &app.mirror, (protected, reason), entropy)
            .await
            .unwrap();
        land.mode(AccessMode::Propose, |_| {}).await;
        // Somebody's address is that of an account which has not verified it: anybody could have typed it.
        let typed = app.truth().users.into_iter().find_map(|user| user.email.filter(|_| !user.email_verified)).unwrap();
        let mut staff = land.records(1..=3);
        staff.push(record("s66", "Typed", &typed, "teaching"));
        land.night(&staff).await;
        assert_eq!(land.to_do().await, [("add_to_group", 3)]);
        assert!(land.of_feed().await.access.left_alone.contains(&(LeftAlone::Unverified, 1)));
        let rows = app.rows(&land.open_plan().await).await;
        let refused: Vec<_> = rows.iter().filter_map(|row| row.why.as_ref().map(|why| why.code.as_str())).collect();
        assert_eq!(refused, ["protected_person"]);
        land.carry_out().await;
        // They move on: only whom the feed had put in is taken out.
        let moved: Vec<Value> = (1..=3).map(|place| land.record(place, "office")).collect();
        land.night(&moved).await;
        assert_eq!(land.to_do().await, [("add_to_group", 1), ("add_to_group", 3), ("remove_from_group", 3)]);
        land.carry_out().await;
        assert_eq!(land.members(&land.teaching), [1]);
        // Declined: the same is not asked for again, until a person lets it.
        land.night(&land.records(1..=3)).await;
        let declined = land.open_plan().await;
        let context = land.world.context();
        approve::reject(&context, &app.mirror, (&declined, "Not yet.".to_owned()), entropy).await.unwrap();
        land.look().await;
        land.night(&land.records(1..=3)).await;
        assert_eq!(land.plan().await.unwrap().id, declined);
        let feed = keep::find(&app.mirror, "staff").await.unwrap();
        setting::propose_again(&context, &app.mirror, &feed, entropy).await.unwrap();
        land.look().await;
        assert_eq!(land.to_do().await, [("add_to_group", 3), ("remove_from_group", 1), ("remove_from_group", 3)]);
        land.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_by_itself_waits_over_a_threshold_and_while_anything_stands_against_it() {
    for engine in ENGINES {
        let land = Land::start(engine, 93, 6).await;
        let (app, entropy) = (land.app(), &land.app().surroundings.entropy);
        land.mapped().await;
        let few = Threshold { people: 2, percent: 10 };
        land.mode(AccessMode::Automatic, |settings| settings.taking = few).await;
        control::stop(&land.world.context(), &app.mirror, "Maintenance.", entropy).await.unwrap();
        land.night(&land.records(1..=6)).await;
        let plan = land.plan().await.unwrap();
        let waits = land.of_feed().await.plans[0].0.waits.clone();
        assert_eq!((plan.state, waits.as_deref()), (OperationState::Planned, Some("Everything is stopped.")));
        control::release(&land.world.context(), &app.mirror, "Over.", entropy).await.unwrap();
        guard::switch_off(&land.world.context(), &app.mirror, entropy).await.unwrap();
        land.look().await;
        assert_eq!(land.plan().await.unwrap().state, OperationState::Planned, "Rollcall looks only");
        guard::switch_on(&land.world.context(), &app.mirror, entropy).await.unwrap();
        land.look().await;
        let plan = land.plan().await.unwrap();
        assert_eq!((plan.state, plan.plan.rows), (OperationState::Approved, 6));
        app.act_through(&plan.id).await;
        land.look().await;
        assert_eq!(land.members(&land.teaching), [1, 2, 3, 4, 5, 6]);
        // One leaves: that goes by itself. Two at once wait.
        land.night(&land.records(1..=5)).await;
        let plan = land.plan().await.unwrap();
        assert_eq!(plan.state, OperationState::Approved, "{plan:?}");
        app.act_through(&plan.id).await;
        land.look().await;
        land.night(&land.records(1..=3)).await;
        let waiting = land.open_plan().await;
        let why = app.operation(&waiting).await.failure.unwrap();
        assert!(why.contains("takes access from 2 of 3 people"), "{why}");
        // The next night has one of them again: a newer plan takes the place of the one that waits.
        land.night(&land.records(1..=4)).await;
        let newer = land.plan().await.unwrap();
        assert_ne!(newer.id, waiting);
        let old = app.operation(&waiting).await;
        assert_eq!(old.state, OperationState::Cancelled, "{old:?}");
        assert!(matches!(app.rows(&newer.id).await[0].change, Change::Suspend { .. }));
        assert_eq!((newer.state, newer.plan.rows), (OperationState::Approved, 1));
        land.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_account_is_not_clear_waits_for_a_person_and_nothing_jumps() {
    for engine in ENGINES {
        let land = Land::start(engine, 94, 3).await;
        let (app, entropy) = (land.app(), &land.app().surroundings.entropy);
        land.night(&land.records(1..=2)).await;
        // The first one's address goes to somebody else of the feed, who has no account.
        let mut staff = land.records(2..=2);
        staff.push(record("s01", "Number01", "moved.on@people.example", "teaching"));
        staff.push(record("s77", "Namesake", &land.accounts[0].1, "teaching"));
        land.night(&staff).await;
        let cases = link::cases(&app.mirror, "", 10).await.unwrap();
        let told: Vec<_> =
            cases.iter().map(|(person, case)| (person.username.as_str(), case.unclear.as_str())).collect();
        assert_eq!(told, [("s77", "taken")]);
        let linked = |username: &'static str| async move {
            let looked = rollcall::feeds::look_up::look_up(&app.mirror, username, app.clock.now()).await.unwrap();
            (looked.person.linked, looked.sentence)
        };
        assert_eq!(linked("s01").await.0, Some(land.accounts[0].0.clone()), "nothing jumps");
        let (none, sentence) = linked("s77").await;
        assert!(none.is_none() && sentence.contains("not clear"), "{sentence}");
        // By hand: an account is one person's, and what a person says stays.
        let context = land.world.context();
        let link = |username: &'static str, to: To| link::by_hand(&context, &app.mirror, (username, to), entropy);
        let taken = link("s77", To::Account(land.accounts[0].0.clone())).await;
        assert!(matches!(&taken, Err(NotDone::Invalid(why)) if why.contains("s01")), "{taken:?}");
        link("s77", To::Account(land.accounts[2].1.clone())).await.unwrap();
        link("s02", To::Nobody).await.unwrap();
        land.look().await;
        assert_eq!(linked("s77").await.0, Some(land.accounts[2].0.clone()));
        let (none, sentence) = linked("s02").await;
        assert!(none.is_none() && sentence.contains("command line"), "{sentence}");
        link("s02", To::Anew).await.unwrap();
        land.look().await;
        assert_eq!(linked("s02").await.0, Some(land.accounts[1].0.clone()));
        land.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_nobody_may_fill_is_refused_when_it_is_mapped() {
    let land = Land::start(ENGINES[0], 91, 1).await;
    let app = land.app();
    land.night(&land.records(1..=1)).await;
    let snapshot = app.now();
    let synced = snapshot.groups_by_name().iter().find_map(|group| {
        let row = snapshot.group_row(group)?;
        row.group.as_ref().is_some_and(|known| known.is_synced()).then(|| row.id.to_string())
    });
    let refused = |done: Result<(), NotDone>| match done {
        Err(NotDone::Invalid(why)) => why,
        other => unreachable!("{other:?}"),
    };
    assert!(refused(land.map("group:teaching", &synced.unwrap(), false).await).contains("identity provider"));
    let protectee = Protectee::Group(GroupId::new(&land.office).unwrap());
    let reason = Reason::parse("By hand alone.").unwrap();
    let entropy = &app.surroundings.entropy;
    rollcall::mirror::marks::protect(&land.world.context(), &app.mirror, (protectee, reason), entropy).await.unwrap();
    assert!(refused(land.map("group:teaching", &land.office, false).await).contains("protected"));
    assert!(refused(land.map("group:nobody", &land.teaching, false).await).contains("declares no group"));
    assert!(refused(land.map("group:teaching", "no such group", false).await).contains("not there"));
    land.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_maps_links_and_chooses_and_every_refusal_says_why() {
    let land = Land::start(ENGINES[0], 96, 2).await;
    land.night(&land.records(1..=1)).await;
    let served = &land.world.served;
    let ask = async |method: Method, path: &str, body: Value| {
        let request = served.request(method.clone(), path);
        let request = request.bearer_auth(&served.token);
        served.send(if method == Method::GET { request } else { request.json(&body) }).await
    };
    let here = "/feeds/staff/accounts";
    let shown = ask(Method::GET, here, json!({})).await;
    assert_eq!(
        (&shown.body["mode"], &shown.body["linked"], &shown.body["people"]),
        (&json!("off"), &json!(1), &json!(1))
    );
    let mapping = json!({ "code": "group:teaching", "group": land.teaching, "owned": true });
    let mapped = ask(Method::POST, "/feeds/staff/accounts/mappings", mapping).await;
    assert_eq!((mapped.status, &mapped.body["mappings"][0]["owned"]), (201, &json!(true)), "{}", mapped.text);
    let unknown = json!({ "code": "group:nobody", "group": land.teaching });
    let refused = ask(Method::POST, "/feeds/staff/accounts/mappings", unknown).await;
    assert!(refused.problem() == "invalid" && refused.text.contains("declares no group"), "{}", refused.text);
    assert_eq!(ask(Method::PUT, here, json!({ "mode": "always" })).await.problem(), "invalid");
    let none = json!({ "mode": "propose", "taking": { "people": 0, "percent": 5 } });
    assert_eq!(ask(Method::PUT, here, none).await.problem(), "invalid");
    let chosen = ask(Method::PUT, here, json!({ "mode": "propose", "taking": { "people": 3, "percent": 7 } })).await;
    assert_eq!((&chosen.body["mode"], &chosen.body["taking"]["percent"]), (&json!("propose"), &json!(7)));
    land.look().await;
    let shown = ask(Method::GET, here, json!({})).await;
    assert_eq!((&shown.body["plans"][0]["state"], &shown.body["plans"][0]["run"]), (&json!("waiting"), &json!(1)));
    let link = |account: Value| json!({ "username": "s01", "account": account });
    let linked = ask(Method::PUT, "/feeds/staff/accounts/links", link(json!(land.accounts[1].1))).await;
    assert_eq!(linked.status, 200, "{}", linked.text);
    assert_eq!(ask(Method::PUT, "/feeds/staff/accounts/links", link(json!("nobody"))).await.problem(), "invalid");
    let people = ask(Method::GET, "/feeds/staff/people?linked=true", json!({})).await;
    assert_eq!(people.body["people"][0]["account_id"], json!(land.accounts[1].0));
    assert_eq!(ask(Method::GET, "/feeds/unclear-accounts", json!({})).await.body["people"], json!([]));
    let path = format!("/feeds/staff/accounts/mappings?code=group%3Ateaching&group={}", land.teaching);
    assert_eq!(ask(Method::DELETE, &path, json!({})).await.body["mappings"], json!([]));
    // The plan followed from the mapping: with it, it is withdrawn.
    land.look().await;
    let shown = ask(Method::GET, here, json!({})).await;
    assert_eq!(shown.body["plans"][0]["state"], json!("cancelled"), "{}", shown.text);
    land.end().await;
}
