//! What administrators do on a day: they ask for a part, read some people and groups at once, and decide about rows that
//! were withheld. They never wait for each other.

use directory::{AccountId, GroupId, Ordinal};
use rollcall::nouns::run::RunKind;
use rollcall::nouns::scope::{Scope, Targets, Ticks};
use rollcall::nouns::withheld::WithheldRows;
use rollcall::store::withheld;
use rollcall::sync::request::Ask;
use rollcall::sync::review::{self, Chosen};

use super::Year;

impl Year {
    /// A manual sync with whatever is ticked.
    pub(super) async fn ask_for_a_part(&mut self) {
        let groups = self.some_groups();
        let rng = &mut self.rng;
        let ticks = Ticks {
            all_users: rng.bool(),
            only_with_activity: rng.u8(0..3) == 0,
            last_active: rng.bool(),
            all_groups: rng.u8(0..3) == 0,
            members_of: rng.bool().then_some(groups),
        };
        let Ok(scope) = ticks.scope() else { return };
        self.note(format!("manual run of {scope:?}"));
        self.ask(Ask::scoped(RunKind::Manual, scope)).await;
        self.work_to_the_end().await;
    }

    /// A targeted read of some people and groups, of whom some may be gone.
    pub(super) async fn ask_for_some(&mut self) {
        let now = self.app.now();
        let people: Vec<AccountId> = (0..self.rng.usize(0..6))
            .filter_map(|_| now.account_id(self.rng.u32(0..now.accounts_len().max(1) as u32)))
            .collect();
        let targets = Targets { people, groups: self.some_groups() };
        if targets == Targets::default() {
            return;
        }
        self.note(format!("targeted read of {targets:?}"));
        self.tally.beside += 1;
        self.ask(Ask::scoped(RunKind::Operation, Scope::Targeted(targets))).await;
    }

    fn some_groups(&mut self) -> Vec<GroupId> {
        let now = self.app.now();
        let groups = now.groups_len().max(1) as Ordinal;
        (0..self.rng.usize(0..4))
            .filter_map(|_| now.group_row(self.rng.u32(0..groups)).map(|row| row.id.clone()))
            .collect()
    }

    /// An administrator looks at what was withheld: approves all or some, dismisses, or leaves it for another day.
    pub(super) async fn look_at_withheld_rows(&mut self) {
        for kept in self.app.mirror.store().read(withheld::open).await.unwrap() {
            self.tally.withheld += kept.withheld.rows.len();
            let some = Chosen::Rows(kept.open.iter().filter(|_| self.rng.bool()).collect());
            let (context, entropy) = (self.context(), self.app.surroundings.entropy.clone());
            let mirror = &self.app.mirror;
            match self.rng.u8(0..6) {
                0 => self.approve(&kept, Chosen::All).await,
                1 => self.approve(&kept, some).await,
                2 => {
                    let reason = "They are on leave.".to_owned();
                    review::dismiss(&context, mirror, (&kept.id, Chosen::All), (reason, &entropy)).await.unwrap();
                    self.tally.dismissed += 1;
                }
                3 => {
                    let reason = "They come back.".to_owned();
                    review::dismiss(&context, mirror, (&kept.id, some), (reason, &entropy)).await.unwrap();
                    self.tally.dismissed += 1;
                }
                _ => {}
            }
        }
    }

    pub(super) async fn approve(&mut self, kept: &WithheldRows, chosen: Chosen) {
        let (context, entropy) = (self.context(), self.app.surroundings.entropy.clone());
        let decided = review::approve(&context, &self.app.mirror, (&kept.id, chosen), (None, &entropy)).await.unwrap();
        self.note(format!("approve {:?} of {}: {decided:?}", kept.withheld.rule, kept.withheld.part.to_text()));
        self.tally.approved += 1;
    }
}
