//! A checked question: what a text was understood to ask. Every value has the type of its field, and every field is in
//! the catalogue it was read with. It holds no position of the text; two texts that ask the same are equal here.

use std::cmp::Ordering;

use crate::catalogue::FieldId;
use crate::date::{DateExpression, Length};

/// What to find and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Query {
    /// What must hold; nothing means everybody.
    pub expression: Option<Expression>,
    /// By what to order, the first one first; nothing leaves the order to the caller.
    pub order: Vec<Order>,
}

/// What must hold. *And* and *Or* have two or more parts, none of them of the same sort: [`Expression::all`] and
/// [`Expression::any`] see to that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expression {
    /// All of these.
    And(Vec<Expression>),
    /// At least one of these.
    Or(Vec<Expression>),
    /// Not this. What is unknown stays unknown.
    Not(Box<Expression>),
    /// A text that is searched in name and e-mail address; never blank.
    Word(String),
    /// A test of one field.
    Test(Test),
}

impl Expression {
    /// All of these, flat; `None` of none.
    pub fn all(parts: Vec<Expression>) -> Option<Expression> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expression::And(parts) => flat.extend(parts),
                part => flat.push(part),
            }
        }
        if flat.len() > 1 { Some(Expression::And(flat)) } else { flat.pop() }
    }

    /// At least one of these, flat; `None` of none.
    pub fn any(parts: Vec<Expression>) -> Option<Expression> {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Expression::Or(parts) => flat.extend(parts),
                part => flat.push(part),
            }
        }
        if flat.len() > 1 { Some(Expression::Or(flat)) } else { flat.pop() }
    }

    /// Not this.
    pub fn negate(self) -> Expression {
        Expression::Not(Box::new(self))
    }

    /// All tests in it, in the order in which they are written.
    pub fn tests(&self) -> Vec<&Test> {
        let mut found = Vec::new();
        let mut rest = vec![self];
        while let Some(part) = rest.pop() {
            match part {
                Expression::And(parts) | Expression::Or(parts) => rest.extend(parts.iter().rev()),
                Expression::Not(inner) => rest.push(inner),
                Expression::Word(_) => {}
                Expression::Test(test) => found.push(test),
            }
        }
        found
    }
}

/// A test of one field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Test {
    /// The field.
    pub field: FieldId,
    /// What stands in parentheses behind it.
    pub argument: Option<String>,
    /// What must hold of it.
    pub condition: Condition,
}

/// What must hold of a field's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// There is none, or it is unknown.
    Empty,
    /// There is one.
    NotEmpty,
    /// It compares so with this one.
    Compare(Comparison, Value),
    /// It is one of these; never none.
    In(Vec<Value>),
    /// It is none of these; never none.
    NotIn(Vec<Value>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `~`: the folded text contains the folded value.
    Contains,
    /// `!~`
    ContainsNot,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// All of them.
    pub const ALL: [Comparison; 8] = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Contains,
        Comparison::ContainsNot,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Greater,
        Comparison::AtLeast,
    ];

    /// As it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Contains => "~",
            Comparison::ContainsNot => "!~",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }

    /// Whether it holds of a value that is so ordered against the written one. Texts that contain each other are not
    /// ordered: `~` and `!~` hold of nothing here.
    pub fn accepts(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
            Comparison::Contains | Comparison::ContainsNot => false,
        }
    }

    /// As it is read aloud.
    pub const fn words(self) -> &'static str {
        match self {
            Comparison::Equal => "is",
            Comparison::NotEqual => "is not",
            Comparison::Contains => "contains",
            Comparison::ContainsNot => "does not contain",
            Comparison::Less => "less than",
            Comparison::AtMost => "at most",
            Comparison::Greater => "more than",
            Comparison::AtLeast => "at least",
        }
    }
}

/// A value, of the type that its field has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// Of a text or a choice; a closed vocabulary's word is written as declared; never blank.
    Text(String),
    /// Of a number.
    Number(i64),
    /// Of a length of time.
    Duration(Length),
    /// Of an instant, as relative as it was written.
    Date(DateExpression),
    /// Of a flag.
    Flag(bool),
}

/// One key of the order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Order {
    /// The field.
    pub field: FieldId,
    /// What stands in parentheses behind it.
    pub argument: Option<String>,
    /// Which end comes first.
    pub direction: Direction,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Direction {
    /// The least.
    #[default]
    Ascending,
    /// The greatest.
    Descending,
}
