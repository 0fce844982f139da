//! Operations, their rows and what was decided about them, on both engines.

use std::cell::Cell;

use directory::act::{Action, Change, NewGroup, Reason, Verdict};
use rollcall::id::{Entropy, JobId, OperationId};
use rollcall::nouns::event::{By, NewEvent, Part, Person};
use rollcall::nouns::operation::{Approval, Decision, OperationKind, OperationState, PlanFigures, Selection, Wish};
use rollcall::nouns::operation_row::{OperationRow, RowState, Tally};
use rollcall::nouns::operation_terms::{Difference, Terms, Trial, TrialStage};
use rollcall::nouns::run::Waiting;
use rollcall::store::error::StoreError;
use rollcall::store::events::Wanted;
use rollcall::store::operation_rows::{self, Filter};
use rollcall::store::operations::{self, NewOperation};
use rollcall::store::tx::Tx;
use rollcall::store::{event_parts, events, head, jobs, operation_differences, operation_terms};

use super::{at, on_both, write};

fn new(seed: u64) -> NewOperation {
    NewOperation {
        id: OperationId::new(&Entropy::seeded(seed), at(0)),
        kind: OperationKind::Operation,
        asked: ("administrator ann".to_owned(), "administrator adm_1".to_owned()),
        own: Some(directory::AccountId::new("qm:1").unwrap()),
        asked_at: at(0),
        selection: Selection::Filter("status = \"suspended\"".to_owned()),
        actions: vec![Action::Suspend],
        of: None,
        until: None,
        ends: None,
    }
}

fn rows() -> Vec<OperationRow> {
    let change = |account| Change::Suspend { account, directory: 0 };
    vec![
        OperationRow::planned(1, 0, change(4), &Verdict::WillDo),
        OperationRow::planned(2, 0, change(5), &Verdict::AlreadySo),
        OperationRow::planned(3, 0, change(6), &Verdict::Refused(Reason::ProtectedPerson)),
        OperationRow::planned(4, 0, change(7), &Verdict::WillDo),
    ]
}

fn tally() -> Tally {
    let mut tally = Tally::default();
    rows().iter().for_each(|row| tally.add(row.state));
    tally
}

fn plan() -> PlanFigures {
    PlanFigures { generation: 3, hash: [7; 32], selected: 4, people: 2, rows: 2, seats: vec![(1, 2)], left_without: 1 }
}

#[test]
fn an_operation_is_found_as_it_was_kept_and_its_rows_page_by_page() {
    on_both(|store| {
        write(store, |tx| {
            let new = new(1);
            let selected = [4, 5, 6, 7].into_iter().collect();
            let number = operations::insert(tx, &new, (&plan(), &tally()), &selected)?;
            operation_rows::insert(tx, number, &rows())?;
            let (found, people) = operations::find(tx, &new.id)?.unwrap();
            assert_eq!((number, found.number, found.state), (1, 1, OperationState::Planned));
            assert_eq!((people, found.plan, found.tally), (selected, plan(), tally()));
            assert_eq!((found.selection, found.actions, found.own), (new.selection, new.actions, new.own));
            let page = operation_rows::page(tx, 1, &Filter::default(), (0, 3))?;
            assert_eq!(page, rows()[..3]);
            assert_eq!(operation_rows::page(tx, 1, &Filter::default(), (3, 3))?, rows()[3..]);
            let refused = Filter { why: Some("protected_person".to_owned()), ..Filter::default() };
            assert_eq!(operation_rows::page(tx, 1, &refused, (0, 9))?, rows()[2..3]);
            let totals = operation_rows::totals(tx, 1)?;
            let counted: Vec<_> = totals.iter().map(|total| (total.state, total.rows)).collect();
            assert_eq!(counted, [(RowState::Already, 1), (RowState::Planned, 2), (RowState::Refused, 1)]);
            Ok(())
        });
    });
}

#[test]
fn changes_of_groups_as_such_and_what_became_different_are_kept_as_they_are() {
    on_both(|store| {
        write(store, |tx| {
            let made = Change::CreateGroup { directory: 0, group: NewGroup::new("Night shift", "at night", Some(2)) };
            let deleted = Change::DeleteGroup { group: 3, members: 12 };
            let rows = vec![
                OperationRow::planned(1, 0, made.clone(), &Verdict::WillDo),
                OperationRow::planned(2, 0, deleted.clone(), &Verdict::Refused(Reason::MembersChanged)),
            ];
            let number = operations::insert(tx, &new(1), (&plan(), &tally()), &Default::default())?;
            operation_rows::insert(tx, number, &rows)?;
            assert_eq!(operation_rows::page(tx, number, &Filter::default(), (0, 9))?, rows);
            let why = Some("members_changed".to_owned());
            let differences = vec![
                Difference { change: made, was: None, becomes: Some((RowState::Planned, None)) },
                Difference { change: deleted, was: Some((RowState::Refused, why)), becomes: None },
            ];
            operation_differences::replace(tx, number, &differences)?;
            assert_eq!(operation_differences::list(tx, number, 1)?, (differences[..1].to_vec(), 2));
            operation_differences::replace(tx, number, &differences[1..])?;
            assert_eq!(operation_differences::list(tx, number, 9)?, (differences[1..].to_vec(), 1));
            Ok(())
        });
    });
}

#[test]
fn the_terms_of_an_operation_are_kept_and_what_is_due_is_found_once() {
    on_both(|store| {
        write(store, |tx| {
            let (lending, number) = (NewOperation { until: Some(at(50)), ..new(1) }, 1);
            operations::insert(tx, &lending, (&plan(), &tally()), &Default::default())?;
            assert_eq!(operation_terms::find(tx, number)?, Terms::default());
            operation_terms::set_until(tx, number, at(50))?;
            let trial = Trial { rows: 3, stage: TrialStage::UnderWay };
            operation_terms::set_trial(tx, number, trial)?;
            operation_terms::set_stage(tx, number, TrialStage::Over)?;
            let terms = operation_terms::find(tx, number)?;
            assert_eq!(terms.trial, Some(Trial { stage: TrialStage::Over, ..trial }));
            assert_eq!(terms.until.map(|until| (until.at, until.taken_back)), Some((at(50), None)));
            let row = OperationRow::planned(1, 0, Change::AddToGroup { account: 4, group: 2 }, &Verdict::WillDo);
            operation_rows::insert(tx, number, std::slice::from_ref(&row))?;
            operation_rows::write(tx, number, &[OperationRow { state: RowState::Verified, ..row.clone() }])?;
            let lent = operation_terms::lent(tx, 4)?;
            assert_eq!((lent.len(), &lent[0].change, lent[0].until), (1, &row.change, at(50)));
            assert_eq!(operation_terms::due(tx, at(50))?, [], "not approved yet");
            operations::end(tx, &lending.id, (OperationState::Succeeded, None), at(9))?;
            assert_eq!(operation_terms::due(tx, at(49))?, []);
            assert_eq!(operation_terms::due(tx, at(50))?, std::slice::from_ref(&lending.id));
            let back = new(2);
            operations::insert(tx, &back, (&plan(), &tally()), &Default::default())?;
            operation_terms::taken_back(tx, number, &back.id)?;
            assert_eq!(operation_terms::due(tx, at(99))?, []);
            assert_eq!(operation_terms::unapproved(tx)?, [(lending.id, back.id)]);
            assert_eq!(operation_terms::lent(tx, 4)?, []);
            operation_terms::settle(tx, number, "nothing was left")?;
            assert_eq!(operation_terms::unapproved(tx)?, []);
            Ok(())
        });
    });
}

#[test]
fn the_journal_says_what_became_of_each_row() {
    on_both(|store| {
        write(store, |tx| {
            let new = new(1);
            let number = operations::insert(tx, &new, (&plan(), &tally()), &Default::default())?;
            operation_rows::insert(tx, number, &rows())?;
            let mut row = rows().remove(3);
            (row.state, row.attempts, row.begun_at) = (RowState::Begun, 1, Some(at(5)));
            operation_rows::write(tx, number, std::slice::from_ref(&row))?;
            let begun = Filter { state: Some(RowState::Begun), ..Filter::default() };
            assert_eq!(operation_rows::page(tx, number, &begun, (0, 9))?, [row.clone()]);
            operations::start(tx, &new.id, at(5))?;
            operations::set_state(tx, &new.id, OperationState::Running, None)?;
            let mut elsewhere = Vec::new();
            operation_rows::for_each_open_elsewhere(tx, 9, |account, number| elsewhere.push((account, number)))?;
            assert_eq!(elsewhere, [(4, 1), (7, 1)]);
            operation_rows::for_each_open_elsewhere(tx, 1, |_, _| panic!("its own rows are not elsewhere"))?;
            (row.state, row.generation) = (RowState::Verified, Some(8));
            operation_rows::write(tx, number, &[row.clone()])?;
            assert_eq!(operation_rows::later(tx, 7, 0)?, [(1, row.change)]);
            assert_eq!(operation_rows::later(tx, 7, 1)?, []);
            Ok(())
        });
    });
}

#[test]
fn wishes_waits_decisions_and_ends_are_kept() {
    on_both(|store| {
        write(store, |tx| {
            let new = new(1);
            let number = operations::insert(tx, &new, (&plan(), &tally()), &Default::default())?;
            let waiting = Waiting { until: at(60), reason: "Atlassian's limit.".to_owned() };
            operations::set_wish(tx, &new.id, Some(Wish::Pause))?;
            operations::set_waiting(tx, &new.id, Some(&waiting))?;
            let decision = Decision {
                at: at(2),
                by: "administrator bea".to_owned(),
                subject: "administrator adm_2".to_owned(),
                hash: [7; 32],
                verdict: Approval::Approved,
                reason: String::new(),
                typed: Some(2),
            };
            operations::decide(tx, number, &decision)?;
            operations::decide(tx, number, &Decision { verdict: Approval::Rejected, ..decision.clone() })?;
            assert_eq!(operations::decisions(tx, number)?[0], decision);
            assert_eq!(operations::decisions(tx, number)?.len(), 2);
            let (found, _) = operations::find(tx, &new.id)?.unwrap();
            assert_eq!((found.wish, found.waiting), (Some(Wish::Pause), Some(waiting)));
            operations::end(tx, &new.id, (OperationState::Partial, Some("Some failed.")), at(9))?;
            let (found, _) = operations::find(tx, &new.id)?.unwrap();
            assert_eq!((found.state, found.wish, found.waiting), (OperationState::Partial, None, None));
            assert_eq!((found.ended_at, found.failure.as_deref()), (Some(at(9)), Some("Some failed.")));
            let partial = operations::Filter { state: Some(OperationState::Partial), kind: None };
            assert_eq!(operations::matching(tx, partial, None, 10)?.len(), 1);
            assert_eq!(operations::count(tx, OperationState::Running)?, 0);
            Ok(())
        });
    });
}

#[test]
fn an_operations_lease_is_fenced_like_a_runs() {
    on_both(|store| {
        write(store, |tx| {
            let (entropy, operation) = (Entropy::seeded(2), new(1).id);
            jobs::insert_operation(tx, &JobId::new(&entropy, at(0)), &operation, at(0))?;
            let first = jobs::lease_operation(tx, at(1))?.unwrap();
            assert_eq!(jobs::lease_operation(tx, at(2))?, None);
            assert!(jobs::holds(tx, &first.fence)?);
            head::raise_epoch(tx)?;
            assert!(!jobs::holds(tx, &first.fence)?);
            let second = jobs::lease_operation(tx, at(3))?.unwrap();
            assert!(jobs::holds(tx, &second.fence)?);
            jobs::put_back(tx, &second.fence, at(100), "waits")?;
            assert_eq!(jobs::lease_operation(tx, at(50))?, None);
            jobs::wake_operation(tx, &operation, at(51))?;
            let third = jobs::lease_operation(tx, at(52))?.unwrap();
            jobs::finish_operation(tx, &third.fence)?;
            assert_eq!(jobs::lease_operation(tx, at(5000))?, None);
            head::set_stopped(tx, true)?;
            assert!(head::read(tx)?.stopped);
            Ok(())
        });
    });
}

fn told(place: i64, personal: &str) -> NewEvent {
    NewEvent {
        at: at(place),
        actor: "Rollcall".into(),
        kind: "change.done",
        subject: format!("op {place}"),
        detail: "{}".to_owned(),
        personal: personal.to_owned(),
    }
}

#[test]
fn events_kept_at_once_are_a_chain_like_those_kept_one_by_one() {
    on_both(|store| {
        write(store, |tx| {
            events::append(tx, &told(1, ""), &[1; 16])?;
            let by = Person { id: "adm_1".to_owned(), name: "noor".to_owned(), source: None };
            let by = By { id: "administrator adm_1".to_owned(), person: Some(by) };
            let chance = Cell::new(2);
            let next = || [chance.replace(chance.get() + 1); 16];
            let many = [told(2, "who"), NewEvent { actor: by.clone(), ..told(3, "who") }, told(4, "")];
            events::append_all(tx, &many, next)?;
            events::append_all(tx, &[], next)?;
            events::append(tx, &NewEvent { actor: by, ..told(5, "who") }, &next())?;
            assert_eq!(events::verify(tx)?, Ok(5));
            let said = |tx: &mut Tx| -> Result<Vec<Vec<Part>>, StoreError> {
                Ok(events::matching(tx, &Wanted::default(), 9)?.into_iter().map(|one| one.parts).collect())
            };
            let who = |of: &str| Part { person: of.to_owned(), told: Some("\"who\"".to_owned()), ..Part::default() };
            let noor = vec![Part { name: Some("noor".to_owned()), ..who("adm_1") }];
            assert_eq!(said(tx)?, [noor.clone(), vec![], noor, vec![who("op 2")], vec![]]);
            assert!(event_parts::erase(tx, "adm_1")?);
            let erased = vec![Part { person: "adm_1".to_owned(), is_erased: true, ..Part::default() }];
            assert_eq!(said(tx)?[..3], [erased.clone(), vec![], erased]);
            assert_eq!(events::verify(tx)?, Ok(5));
            Ok(())
        });
    });
}
