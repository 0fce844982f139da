//! A JSON text as a tree that knows where everything stands, so that whatever is wrong with a value can be pointed at.

use std::ops::Range;

use super::lexer::{JsonError, JsonProblem, Lexer, Token};
use super::parse::Names;
use super::{MAX_DEPTH, Number, Object, Value};

/// A value and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From its first byte to the byte after its last.
    pub span: Range<usize>,
    /// The value.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// Null, a boolean, a number or a text.
    Plain(Value),
    /// Nodes in order.
    List(Vec<Node>),
    /// Nodes by name, in the order in which they stand.
    Object(Vec<(String, Member)>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Where its name stands.
    pub name: Range<usize>,
    /// Its value.
    pub node: Node,
}

impl Node {
    /// The member of that name, when this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|(key, _)| key == name).map(|(_, member)| &member.node)
    }

    /// The members; none when this is no object.
    pub fn members(&self) -> &[(String, Member)] {
        match &self.kind {
            NodeKind::Object(members) => members,
            NodeKind::Plain(_) | NodeKind::List(_) => &[],
        }
    }

    /// The text, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Plain(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The nodes, when it is a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::List(nodes) => Some(nodes),
            _ => None,
        }
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self.kind, NodeKind::Object(_))
    }

    /// The value alone.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Plain(value) => value.clone(),
            NodeKind::List(nodes) => Value::List(nodes.iter().map(Node::to_value).collect()),
            NodeKind::Object(members) => Value::Object(Object::of(
                members.iter().map(|(name, member)| (name.clone(), member.node.to_value())).collect(),
            )),
        }
    }
}

/// The tree of a text.
///
/// # Errors
/// As `parse` does.
pub fn parse_tree(text: &str) -> Result<Node, JsonError> {
    let mut lexer = Lexer::new(text.as_bytes());
    let first = lexer.next()?;
    let node = node(&mut lexer, first, 0)?;
    match lexer.next()? {
        Token::End => Ok(node),
        _ => lexer.error(JsonProblem::Trailing),
    }
}

fn node(lexer: &mut Lexer<'_>, first: Token<'_>, depth: usize) -> Result<Node, JsonError> {
    let begin = lexer.begin;
    let kind = match first {
        Token::Null => NodeKind::Plain(Value::Null),
        Token::Boolean(value) => NodeKind::Plain(Value::Boolean(value)),
        Token::Number(token) => match Number::of_token(token) {
            Some(number) => NodeKind::Plain(Value::Number(number)),
            None => return lexer.error(JsonProblem::NumberOutOfRange),
        },
        Token::Text(text) => NodeKind::Plain(Value::Text(text.into_owned())),
        Token::OpenList | Token::OpenObject if depth >= MAX_DEPTH => return lexer.error(JsonProblem::TooDeep),
        Token::OpenList => list(lexer, depth + 1)?,
        Token::OpenObject => object(lexer, depth + 1)?,
        other => return lexer.expected(&other, "a value"),
    };
    Ok(Node { span: begin..lexer.at, kind })
}

fn list(lexer: &mut Lexer<'_>, depth: usize) -> Result<NodeKind, JsonError> {
    let mut nodes = Vec::new();
    let mut token = lexer.next()?;
    if token == Token::CloseList {
        return Ok(NodeKind::List(nodes));
    }
    loop {
        nodes.push(node(lexer, token, depth)?);
        match lexer.next()? {
            Token::Comma => token = lexer.next()?,
            Token::CloseList => return Ok(NodeKind::List(nodes)),
            other => return lexer.expected(&other, "a comma or the end of the list"),
        }
    }
}

fn object(lexer: &mut Lexer<'_>, depth: usize) -> Result<NodeKind, JsonError> {
    let mut members = Vec::new();
    let mut token = lexer.next()?;
    if token == Token::CloseObject {
        return Ok(NodeKind::Object(members));
    }
    let mut names = Names::default();
    loop {
        let Token::Text(text) = token else { return lexer.expected(&token, "a name in quotation marks") };
        let (text, name) = (text.into_owned(), lexer.begin..lexer.at);
        if !names.take(&text, &members) {
            return lexer.error(JsonProblem::DuplicateName { name: text });
        }
        match lexer.next()? {
            Token::Colon => {}
            other => return lexer.expected(&other, "a colon"),
        }
        let first = lexer.next()?;
        let node = node(lexer, first, depth)?;
        members.push((text, Member { name, node }));
        match lexer.next()? {
            Token::Comma => token = lexer.next()?,
            Token::CloseObject => return Ok(NodeKind::Object(members)),
            other => return lexer.expected(&other, "a comma or the end of the object"),
        }
    }
}
