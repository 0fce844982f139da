//! What stands between a plan and its execution: whether actions are on at all, how many people one operation may
//! concern, when a number has to be typed, when a second person has to approve.

use directory::{Snapshot, Status};
use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::operation::PlanFigures;
use crate::store::error::StoreError;
use crate::store::settings;
use crate::store::tx::Tx;
use crate::sync::setting;

const NAME: &str = "operation_guards";
const ACTIONS: &str = "actions";

/// The bounds of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many people may always be concerned.
    pub people: u64,
    /// Or this share of the active people, where that is more.
    pub percent: u64,
    /// From so many rows on their number has to be typed.
    pub typed_from: u64,
    /// Whether a second person has to approve what is over the limit; otherwise the number has to be typed.
    pub four_eyes: bool,
}

/// The bounds in force, and who chose them; nobody has when they are the defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guards {
    /// The bounds.
    pub bounds: Bounds,
    /// Who chose them, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// Whether anything may be changed at Atlassian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Actions are on; otherwise Rollcall looks only.
    pub on: bool,
    /// Who switched last, and when.
    pub chosen: Option<(String, Timestamp)>,
}

/// What an approval of a plan takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// The number of rows has to be typed.
    pub number: Option<u64>,
    /// Somebody else than who asked has to approve.
    pub second_person: bool,
    /// More people are concerned than the limit, which is this.
    pub over_limit: Option<u64>,
}

/// Why bounds cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBounds {
    /// A number of people that is none.
    #[error("the number of people is from 1 to 1,000,000")]
    People,
    /// A share that is none.
    #[error("a share is a whole number of percent from 0 to 100")]
    Percent,
    /// A number of rows that is none.
    #[error("the number of rows is from 1 to 1,000,000")]
    Typed,
}

impl Default for Bounds {
    /// The larger of 25 people and 20 % of the active ones; typed from 50 rows; no second person.
    fn default() -> Bounds {
        Bounds { people: 25, percent: 20, typed_from: 50, four_eyes: false }
    }
}

impl Bounds {
    /// Bounds as somebody typed them.
    ///
    /// # Errors
    /// Which of the numbers is out of its own bounds.
    pub fn checked(self) -> Result<Bounds, NotBounds> {
        match self {
            Bounds { people, .. } if !(1..=1_000_000).contains(&people) => Err(NotBounds::People),
            Bounds { percent, .. } if percent > 100 => Err(NotBounds::Percent),
            Bounds { typed_from, .. } if !(1..=1_000_000).contains(&typed_from) => Err(NotBounds::Typed),
            bounds => Ok(bounds),
        }
    }

    /// How many people one operation may concern.
    pub fn limit(&self, snapshot: &Snapshot) -> u64 {
        let active = snapshot.with_status(&Status::Active).len();
        self.people.max(active * self.percent / 100)
    }

    /// What approving a plan takes.
    pub fn demands(&self, plan: &PlanFigures, snapshot: &Snapshot) -> Demands {
        let limit = self.limit(snapshot);
        let over = plan.people > limit;
        Demands {
            number: (plan.rows >= self.typed_from || over).then_some(plan.rows),
            second_person: over && self.four_eyes,
            over_limit: over.then_some(limit),
        }
    }
}

/// Reads the bounds.
pub fn read(tx: &mut Tx) -> Result<Guards, StoreError> {
    Ok(match settings::find(tx, NAME)? {
        None => Guards { bounds: Bounds::default(), chosen: None },
        Some(setting) => Guards {
            bounds: parse(&setting.value).unwrap_or_default(),
            chosen: Some((setting.changed_by, setting.changed_at)),
        },
    })
}

/// Chooses the bounds, for plans that are approved from now on.
pub async fn choose(context: &Context, mirror: &Mirror, bounds: Bounds, entropy: &Entropy) -> Result<(), StoreError> {
    let value = serde_json::json!({
        "people": bounds.people,
        "percent": bounds.percent,
        "typed_from": bounds.typed_from,
        "four_eyes": bounds.four_eyes,
    });
    setting::choose(context, mirror, (NAME, value.to_string()), entropy).await
}

/// Reads whether actions are on. They are off until somebody has switched them on.
pub fn switch(tx: &mut Tx) -> Result<Switch, StoreError> {
    Ok(match settings::find(tx, ACTIONS)? {
        None => Switch { on: false, chosen: None },
        Some(setting) => Switch { on: setting.value == "on", chosen: Some((setting.changed_by, setting.changed_at)) },
    })
}

/// Switches actions on, so that operations may be approved.
pub async fn switch_on(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), StoreError> {
    setting::choose(context, mirror, (ACTIONS, "on".to_owned()), entropy).await
}

/// Switches actions off: from here on Rollcall looks only. A running operation stops before its next change.
pub async fn switch_off(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), StoreError> {
    setting::choose(context, mirror, (ACTIONS, "off".to_owned()), entropy).await
}

fn parse(text: &str) -> Option<Bounds> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let number = |name: &str| value[name].as_u64();
    let bounds = Bounds {
        people: number("people")?,
        percent: number("percent")?,
        typed_from: number("typed_from")?,
        four_eyes: value["four_eyes"].as_bool()?,
    };
    bounds.checked().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(people: u64, rows: u64, four_eyes: bool) -> Demands {
        let plan = PlanFigures { people, rows, ..PlanFigures::default() };
        Bounds { four_eyes, ..Bounds::default() }.demands(&plan, &Snapshot::default())
    }

    #[test]
    fn a_large_plan_takes_a_number_and_one_over_the_limit_a_second_person_where_that_is_chosen() {
        let small = Demands { number: None, second_person: false, over_limit: None };
        assert_eq!(demands(25, 49, true), small);
        assert_eq!(demands(25, 50, true), Demands { number: Some(50), ..small });
        assert_eq!(demands(26, 26, false), Demands { number: Some(26), over_limit: Some(25), ..small });
        assert!(demands(26, 26, true).second_person);
    }

    #[test]
    fn bounds_that_would_be_none_are_not_taken() {
        let bounds = Bounds::default();
        assert_eq!(bounds.checked(), Ok(bounds));
        assert_eq!(Bounds { people: 0, ..bounds }.checked(), Err(NotBounds::People));
        assert_eq!(Bounds { percent: 101, ..bounds }.checked(), Err(NotBounds::Percent));
        assert_eq!(Bounds { typed_from: 0, ..bounds }.checked(), Err(NotBounds::Typed));
    }
}
