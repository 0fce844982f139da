//! The laws of what a feed's word comes to, held against a small world of people, groups and accounts that plans, feeds and
//! administrators change by turns.

use proptest::prelude::*;

use super::*;
use crate::nouns::feed_person::PersonState::{Active, Blocked, Held};

/// The groups of the world; the last one belongs to the feed.
const GROUPS: usize = 3;

fn group(place: usize) -> GroupId {
    GroupId::new(&format!("group-{place}")).unwrap()
}

fn filled() -> Filled {
    let groups = (0..GROUPS).map(|place| (group(place), format!("group:{place}"))).collect();
    Filled { groups, owned: BTreeSet::from([group(GROUPS - 1)]) }
}

/// One person with their account.
#[derive(Clone, Debug)]
struct Life {
    state: PersonState,
    in_feed: bool,
    wants: BTreeSet<usize>,
    suspended: bool,
    groups: BTreeSet<usize>,
    agreed: OfOne,
}

impl Life {
    fn new() -> Life {
        Life {
            state: Active,
            in_feed: true,
            wants: BTreeSet::new(),
            suspended: false,
            groups: BTreeSet::new(),
            agreed: OfOne::new(),
        }
    }

    fn concerned(&self) -> Concerned {
        let standing = if self.suspended { Standing::Suspended } else { Standing::Active };
        // What suspended people are in is not shown.
        let shown = self.groups.iter().filter(|_| !self.suspended).map(|place| group(*place)).collect();
        let here = self.in_feed && self.state != Blocked;
        Concerned {
            number: 1,
            state: self.state,
            in_any: here,
            had_last: !here,
            run: Some(7),
            theirs: Theirs::Linked(standing, shown),
            wants: self.wants.iter().filter(|_| here).map(|place| (group(*place), format!("group:{place}"))).collect(),
            elsewhere: BTreeSet::new(),
        }
    }

    /// Looks, and keeps what is agreed on without anything being done; the steps.
    fn look(&mut self) -> Vec<Step> {
        let mut difference = Difference::default();
        difference.add_person(&self.concerned(), &self.agreed, &filled());
        self.keep(difference.agreements);
        difference.steps
    }

    fn keep(&mut self, agreements: Agreements) {
        for ((_, target), agreed) in agreements {
            match agreed {
                Some(agreed) => drop(self.agreed.insert(target, agreed)),
                None => drop(self.agreed.remove(&target)),
            }
        }
    }

    fn carry_out(&mut self, steps: &[Step]) {
        for step in steps {
            let places = (0..GROUPS).filter(|place| step.groups.contains(&group(*place)));
            match step.kind {
                StepKind::Add | StepKind::Invite => self.groups.extend(places),
                StepKind::Remove => self.groups.retain(|place| !step.groups.contains(&group(*place))),
                StepKind::Suspend => self.suspended = true,
                StepKind::Restore => self.suspended = false,
            }
            self.keep(carried_out(step, &[RowState::Verified]));
        }
    }

    fn agreed(&self, place: usize) -> Option<Agreed> {
        self.agreed.get(&Target::Group(group(place))).copied()
    }
}

/// What happens to the world.
#[derive(Clone, Debug)]
enum Turn {
    /// The feed wants the person in these groups.
    Wants(BTreeSet<usize>),
    /// The feed loses the person, or has them again.
    Leaves,
    Returns,
    /// An administrator puts them into a group or takes them out.
    Toggles(usize),
    /// An administrator suspends or restores them.
    Suspends,
    Restores,
    /// A plan is made and carried out.
    Done,
    /// A plan is made and rejected.
    Rejected,
    /// A plan is made and fails.
    Failed,
    /// A person puts them on hold, or releases them.
    Holds,
    Releases,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let one = prop_oneof![
        3 => prop::collection::btree_set(0..GROUPS, 0..=GROUPS).prop_map(Turn::Wants),
        1 => Just(Turn::Leaves),
        2 => Just(Turn::Returns),
        2 => (0..GROUPS).prop_map(Turn::Toggles),
        1 => Just(Turn::Suspends),
        1 => Just(Turn::Restores),
        4 => Just(Turn::Done),
        1 => Just(Turn::Rejected),
        1 => Just(Turn::Failed),
        1 => Just(Turn::Holds),
        2 => Just(Turn::Releases),
    ];
    prop::collection::vec(one, 1..24)
}

fn live(life: &mut Life, turn: &Turn) {
    match turn {
        Turn::Wants(wants) => life.wants = wants.clone(),
        Turn::Leaves => {
            life.in_feed = false;
            if life.state != Held {
                life.state = Blocked;
            }
        }
        Turn::Returns => {
            life.in_feed = true;
            if life.state != Held {
                life.state = Active;
            }
        }
        Turn::Toggles(place) => {
            if !life.groups.remove(place) {
                life.groups.insert(*place);
            }
        }
        Turn::Suspends => life.suspended = true,
        Turn::Restores => life.suspended = false,
        Turn::Done => {
            let steps = life.look();
            life.carry_out(&steps);
        }
        Turn::Rejected => {
            let steps = life.look();
            steps.iter().for_each(|step| life.keep(declined(step)));
        }
        Turn::Failed => {
            let steps = life.look();
            steps.iter().for_each(|step| life.keep(carried_out(step, &[RowState::Failed])));
        }
        Turn::Holds => life.state = Held,
        Turn::Releases => life.state = if life.in_feed { Active } else { Blocked },
    }
}

proptest! {
    #[test]
    fn what_was_done_or_declined_is_not_asked_for_again(turns in turns(), rejects in any::<bool>()) {
        let mut life = Life::new();
        turns.iter().for_each(|turn| live(&mut life, turn));
        // Who is restored shows their groups only then, so that there may be one more plan; never a third.
        for _ in 0..2 {
            live(&mut life, if rejects { &Turn::Rejected } else { &Turn::Done });
        }
        prop_assert_eq!(life.look(), Vec::new(), "{:?}", life);
    }

    #[test]
    fn nobody_is_taken_out_of_a_group_by_what_the_feed_did_not_do(turns in turns()) {
        let mut life = Life::new();
        for turn in &turns {
            let mut looked = life.clone();
            for step in looked.look().iter().filter(|step| step.kind == StepKind::Remove) {
                for place in (0..GROUPS - 1).filter(|place| step.groups.contains(&group(*place))) {
                    prop_assert!(matches!(life.agreed(place), Some(Agreed::Given | Agreed::Tried)), "{life:?}");
                    prop_assert!(!life.wants.contains(&place));
                }
            }
            live(&mut life, turn);
        }
    }

    #[test]
    fn an_administrators_hand_is_not_undone(turns in turns(), place in 0..GROUPS, suspend in any::<bool>()) {
        let mut life = Life::new();
        turns.iter().for_each(|turn| live(&mut life, turn));
        (0..3).for_each(|_| live(&mut life, &Turn::Done));
        prop_assume!(!suspend || life.state == Active);
        let was_in = life.groups.contains(&place);
        live(&mut life, &if suspend { Turn::Suspends } else { Turn::Toggles(place) });
        let steps = life.look();
        let stranger = !was_in && place == GROUPS - 1 && !suspend;
        // But a group that belongs to the feed holds nobody whom it never had there.
        prop_assert!(steps.is_empty() || stranger || (suspend && steps.iter().all(|step| step.kind == StepKind::Restore)),
            "{steps:?} {life:?}");
        prop_assert!(!suspend || steps.is_empty() || life.agreed.contains_key(&Target::Suspended));
    }

    #[test]
    fn on_hold_nothing_is_done(turns in turns()) {
        let mut life = Life::new();
        turns.iter().for_each(|turn| live(&mut life, turn));
        life.state = Held;
        prop_assert_eq!(life.look(), Vec::new());
    }
}

fn step(life: &mut Life) -> Vec<(StepKind, StepWhy)> {
    life.look().iter().map(|step| (step.kind, step.why)).collect()
}

#[test]
fn a_joiner_a_mover_a_leaver_and_a_returner() {
    let mut life = Life { wants: BTreeSet::from([0]), ..Life::new() };
    assert_eq!(step(&mut life), [(StepKind::Add, StepWhy::MovedIn)]);
    live(&mut life, &Turn::Done);
    life.wants = BTreeSet::from([1]);
    assert_eq!(step(&mut life), [(StepKind::Add, StepWhy::MovedIn), (StepKind::Remove, StepWhy::MovedOut)]);
    live(&mut life, &Turn::Done);
    live(&mut life, &Turn::Leaves);
    assert_eq!(step(&mut life), [(StepKind::Suspend, StepWhy::Gone)]);
    live(&mut life, &Turn::Done);
    assert_eq!((life.suspended, &life.groups), (true, &BTreeSet::from([1])));
    live(&mut life, &Turn::Returns);
    assert_eq!(step(&mut life), [(StepKind::Restore, StepWhy::Back)]);
}

#[test]
fn whom_somebody_else_has_suspended_is_not_restored() {
    let mut life = Life { wants: BTreeSet::from([0]), suspended: true, ..Life::new() };
    assert_eq!(step(&mut life), []);
    live(&mut life, &Turn::Leaves);
    live(&mut life, &Turn::Done);
    live(&mut life, &Turn::Returns);
    assert_eq!(step(&mut life), []);
}

#[test]
fn a_group_that_belongs_to_the_feed_holds_whom_the_feed_has_there() {
    let owned = GROUPS - 1;
    let mut life = Life { groups: BTreeSet::from([0, owned]), ..Life::new() };
    assert_eq!(step(&mut life), [(StepKind::Remove, StepWhy::Owned)]);
    live(&mut life, &Turn::Done);
    assert_eq!(life.groups, BTreeSet::from([0]));
    // Put back by somebody: that is a decision, and is left to people.
    live(&mut life, &Turn::Toggles(owned));
    assert_eq!(step(&mut life), []);
    let (account, group) = (AccountId::new("a").unwrap(), group(owned));
    let mut difference = Difference::default();
    difference.add_stranger((&account, &group), (None, true), &filled());
    difference.add_stranger((&account, &group), (Some(Agreed::Taken), false), &filled());
    assert_eq!((difference.steps.len(), difference.left_alone[&LeftAlone::MayBeKnown]), (0, 1));
    difference.add_stranger((&account, &group), (None, false), &filled());
    assert_eq!(difference.steps[0].kind, StepKind::Remove);
}

#[test]
fn who_has_no_account_is_invited_once_and_only_where_nobody_has_the_address() {
    let person = |theirs, agreed: OfOne| {
        let mut difference = Difference::default();
        let wants = BTreeMap::from([(group(0), "group:0".to_owned()), (group(1), "group:1".to_owned())]);
        let life = Life::new().concerned();
        difference.add_person(&Concerned { theirs, wants, ..life }, &agreed, &filled());
        let kinds: Vec<(StepKind, usize)> =
            difference.steps.iter().map(|step| (step.kind, step.groups.len())).collect();
        (kinds, difference.left_alone.into_keys().collect::<Vec<_>>())
    };
    let given = |places: &[usize]| places.iter().map(|place| (Target::Group(group(*place)), Agreed::Given)).collect();
    assert_eq!(person(Theirs::Unknown, OfOne::new()), (vec![(StepKind::Invite, 2)], vec![]));
    assert_eq!(person(Theirs::Unknown, given(&[0, 1])), (vec![], vec![]));
    assert_eq!(person(Theirs::Unverified, OfOne::new()), (vec![], vec![LeftAlone::Unverified]));
    assert_eq!(person(Theirs::Unclear, OfOne::new()), (vec![], vec![LeftAlone::Unclear]));
    assert_eq!(person(Theirs::Apart, OfOne::new()), (vec![], vec![LeftAlone::Apart]));
    assert_eq!(person(Theirs::NoAddress, OfOne::new()), (vec![], vec![LeftAlone::NoAddress]));
    assert_eq!(
        person(Theirs::Linked(Standing::Outside, BTreeSet::new()), OfOne::new()),
        (vec![(StepKind::Invite, 2)], vec![])
    );
}
