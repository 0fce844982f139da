//! Seats: how many people an app's licence counts, and whether another one fits. Only the roles of users and
//! administrators are counted, and only of people who can sign in.

use crate::organization::Organization;
use crate::person::Person;
use crate::resource::{Role, Roles};

/// The roles that take a seat.
pub(crate) fn billable() -> Roles {
    Roles::of(&[Role::User, Role::Admin])
}

impl Organization {
    /// True when the person takes a seat on the resource.
    pub(crate) fn sits(&self, person: &Person, resource: u8) -> bool {
        let direct = person.direct.iter().any(|(index, roles)| *index == resource && roles.meets(billable()));
        person.status() == "active" && (direct || self.group_roles(person, resource).meets(billable()))
    }

    /// The people who take a seat on the resource.
    pub(crate) fn seats_taken(&self, resource: u8) -> u32 {
        self.people.iter().flatten().filter(|person| self.sits(person, resource)).count() as u32
    }

    /// The first of the resources that has no seat for the person; none when there is room, or a seat is taken already.
    pub(crate) fn without_seat(&self, person: &Person, resources: impl IntoIterator<Item = u8>) -> Option<u8> {
        if person.status() != "active" {
            return None;
        }
        resources.into_iter().find(|index| {
            let capacity = self.resource(*index).and_then(|resource| resource.capacity);
            capacity.is_some_and(|seats| !self.sits(person, *index) && self.seats_taken(*index) >= seats)
        })
    }
}
