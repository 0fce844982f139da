//! The members of an object in the order in which they were sent. Two objects are equal whatever that order is.

use super::Value;

/// Members by name; a name stands once.
#[derive(Debug, Clone, Default)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// An object of members whose names the caller knows to differ.
    pub(crate) fn of(members: Vec<(String, Value)>) -> Object {
        Object(members)
    }

    /// The member of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets a member, in the place of one of the same name.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        let name = name.into();
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The members in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The members in their order, taken apart.
    pub(crate) fn into_members(self) -> Vec<(String, Value)> {
        self.0
    }

    /// The members by the byte order of their names.
    pub fn sorted(&self) -> Vec<(&str, &Value)> {
        let mut members: Vec<_> = self.members().collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        members
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Object) -> bool {
        self.len() == other.len() && self.sorted() == other.sorted()
    }
}

impl FromIterator<(String, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Object {
        let mut object = Object::default();
        for (name, value) in members {
            object.set(name, value);
        }
        object
    }
}
