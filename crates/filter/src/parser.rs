//! Reads a text as a query: NOT before AND before OR, terms side by side mean AND. It never fails: what cannot be
//! understood is left out of the query and said in a diagnostic. Tests of fields are in `term`.

use crate::catalogue::Catalogue;
use crate::diagnostic::{Diagnostic, Severity};
use crate::expected::Expected;
use crate::lexer::{Closing, Lexeme, Token, lex};
use crate::problem::Problem;
use crate::query::{Direction, Expression, Order, Query};
use crate::show::show;
use crate::span::Span;
use crate::vocabulary::{AnyName, Vocabulary};

/// The longest text that is read, and the longest canonical form, in characters. Longer ones are cut there.
pub const MAX_CHARACTERS: usize = 4_000;
/// How many parentheses and NOTs may be inside one another.
pub const MAX_DEPTH: usize = 64;
/// How many tests and words a query may have.
pub const MAX_TERMS: usize = 500;

/// As many diagnostics as a person would read; further ones are not kept.
const MAX_DIAGNOSTICS: usize = 50;

/// What was understood of a text, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// What was understood. With an error among the diagnostics it asks something else than was written.
    pub query: Query,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether a part of the text is not in the query.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a text. It never fails; it takes every name of an open vocabulary for known.
///
/// ```
/// use filter::{Argument, Catalogue, Expression, Field, Kind, parse};
///
/// let catalogue = Catalogue::new(vec![
///     Field::new("app", Kind::Open { noun: "app".into() }, "Apps the person can open").several(),
///     Field::new("lastActive", Kind::Instant, "When last used").argument(Argument::Optional("app".into())),
/// ])?;
/// let parsed = parse("app = jira AND NOT lastActive(jira) >= -90d", &catalogue);
/// assert!(parsed.diagnostics.is_empty());
/// assert!(matches!(parsed.query.expression, Some(Expression::And(parts)) if parts.len() == 2));
/// # Ok::<(), filter::CatalogueError>(())
/// ```
pub fn parse(text: &str, catalogue: &Catalogue) -> Parsed {
    parse_with(text, catalogue, &AnyName)
}

/// Reads a text that says an order alone, as it stands behind ORDER BY. Anything else in it is an error.
///
/// ```
/// use filter::{Catalogue, Direction, Field, Kind, parse_order};
///
/// let catalogue = Catalogue::new(vec![Field::new("name", Kind::Text, "Name"), Field::new("added", Kind::Instant, "")])?;
/// let parsed = parse_order("added desc, name", &catalogue);
/// assert_eq!(parsed.query.order.len(), 2);
/// assert_eq!(parsed.query.order[0].direction, Direction::Descending);
/// # Ok::<(), filter::CatalogueError>(())
/// ```
pub fn parse_order(text: &str, catalogue: &Catalogue) -> Parsed {
    const BEFORE: &str = "ORDER BY ";
    let mut parsed = parse(&format!("{BEFORE}{text}"), catalogue);
    for diagnostic in &mut parsed.diagnostics {
        let Span { start, end } = diagnostic.span;
        diagnostic.span = Span::new(start.saturating_sub(BEFORE.len()), end.saturating_sub(BEFORE.len()));
    }
    parsed
}

/// Reads a text and warns of names that the vocabulary does not know.
pub fn parse_with(text: &str, catalogue: &Catalogue, vocabulary: &dyn Vocabulary) -> Parsed {
    let cut = text.char_indices().nth(MAX_CHARACTERS).map_or(text.len(), |(at, _)| at);
    let mut parser = Parser::new(lex(&text[..cut]), &text[..cut], catalogue, vocabulary);
    let mut query = parser.query();
    let may_grow = longest_form(text, &parser) > MAX_CHARACTERS;
    let grown = if may_grow { show(&query, catalogue).chars().count() } else { 0 };
    if grown > MAX_CHARACTERS {
        shorten(&mut query, catalogue);
    }
    if cut < text.len() {
        parser.say(Problem::TooLong { characters: text.chars().count() }, Span::new(cut, text.len()));
    } else if grown > MAX_CHARACTERS {
        parser.say(Problem::TooLong { characters: grown }, Span::new(0, text.len()));
    }
    let mut diagnostics = parser.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    Parsed { query, diagnostics }
}

/// More characters than the canonical form can have: escapes double, names grow, signs and blanks come in between.
fn longest_form(text: &str, parser: &Parser<'_, '_>) -> usize {
    let names = parser.terms + parser.orders;
    text.len() * 2 + parser.lexemes.len() * 4 + names * (parser.catalogue.longest() + parser.widest + 16)
}

/// Leaves out parts from the end until the canonical form is short enough.
fn shorten(query: &mut Query, catalogue: &Catalogue) {
    while show(query, catalogue).chars().count() > MAX_CHARACTERS {
        if query.order.pop().is_some() {
            continue;
        }
        query.expression = match query.expression.take() {
            Some(Expression::And(mut parts)) => {
                parts.truncate(parts.len() / 2);
                Expression::all(parts)
            }
            Some(Expression::Or(mut parts)) => {
                parts.truncate(parts.len() / 2);
                Expression::any(parts)
            }
            _ => None,
        };
    }
}

/// A keyword, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    And,
    Or,
    Not,
    In,
    Is,
    Empty,
}

impl Keyword {
    pub(crate) fn of(word: &str) -> Option<Keyword> {
        let keywords = [
            ("and", Keyword::And),
            ("&&", Keyword::And),
            ("or", Keyword::Or),
            ("||", Keyword::Or),
            ("not", Keyword::Not),
            ("in", Keyword::In),
            ("is", Keyword::Is),
            ("empty", Keyword::Empty),
        ];
        keywords.into_iter().find(|(written, _)| word.eq_ignore_ascii_case(written)).map(|(_, keyword)| keyword)
    }
}

/// Where the reading of one text stands.
pub(crate) struct Parser<'t, 'c> {
    pub(crate) lexemes: Vec<Lexeme<'t>>,
    pub(crate) at: usize,
    pub(crate) text: &'t str,
    pub(crate) catalogue: &'c Catalogue,
    pub(crate) vocabulary: &'c dyn Vocabulary,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What could have stood at the end of the text; the first that was missed.
    pub(crate) expected: Option<Expected>,
    /// The longest value that is written longer than it was read, in bytes.
    pub(crate) widest: usize,
    pub(crate) terms: usize,
    orders: usize,
    depth: usize,
}

impl<'t, 'c> Parser<'t, 'c> {
    pub(crate) fn new(
        lexemes: Vec<Lexeme<'t>>,
        text: &'t str,
        catalogue: &'c Catalogue,
        vocabulary: &'c dyn Vocabulary,
    ) -> Parser<'t, 'c> {
        let diagnostics = Vec::new();
        let (at, widest, terms, orders, depth) = (0, 0, 0, 0, 0);
        let expected = None;
        Parser { lexemes, at, text, catalogue, vocabulary, diagnostics, expected, widest, terms, orders, depth }
    }

    pub(crate) fn query(&mut self) -> Query {
        self.say_unclosed_quote();
        let expression = self.or();
        let mut order = Vec::new();
        if self.at < self.lexemes.len() {
            // Only ORDER BY ends a disjunction outside of parentheses.
            order = self.order();
            if let (Some(first), Some(last)) = (self.lexemes.get(self.at), self.lexemes.last()) {
                let rest = first.span.to(last.span);
                self.say(Problem::OrderNotLast, rest);
            }
        }
        Query { expression, order }
    }

    fn or(&mut self) -> Option<Expression> {
        let mut parts = Vec::new();
        parts.extend(self.and(None));
        while self.keyword(0) == Some(Keyword::Or) {
            let span = self.here();
            self.at += 1;
            parts.extend(self.and(Some(("OR", span))));
        }
        Expression::any(parts)
    }

    /// Terms side by side and joined with AND; `waiting` is the keyword before that still needs a term.
    fn and(&mut self, mut waiting: Option<(&'static str, Span)>) -> Option<Expression> {
        let mut parts = Vec::new();
        let mut first = true;
        loop {
            if self.at == self.lexemes.len() {
                let closable = self.depth > 0;
                let operand = waiting.is_some() || first;
                self.expect(if operand { Expected::Operand } else { Expected::Connector { closable } });
            }
            if self.depth == 0 && self.token(0) == Some(&Token::Close) {
                // Read as if it were not there.
                let span = self.here();
                self.say(Problem::StrayParenthesis, span);
                self.at += 1;
            } else if self.keyword(0) == Some(Keyword::And) {
                let span = self.here();
                match waiting {
                    Some((keyword, span)) => self.say(Problem::OperandMissingAfter { keyword }, span),
                    None if first => self.say(Problem::OperandMissingBefore { keyword: "AND" }, span),
                    None => {}
                }
                waiting = Some(("AND", span));
                self.at += 1;
            } else if self.at_operand() {
                waiting = None;
                first = false;
                parts.extend(self.not());
            } else {
                if let Some((keyword, span)) = waiting {
                    self.say(Problem::OperandMissingAfter { keyword }, span);
                } else if first && self.keyword(0) == Some(Keyword::Or) {
                    let span = self.here();
                    self.say(Problem::OperandMissingBefore { keyword: "OR" }, span);
                }
                return Expression::all(parts);
            }
        }
    }

    fn not(&mut self) -> Option<Expression> {
        let (from, mut negations) = (self.at, 0);
        while self.at_negation() {
            self.at += 1;
            negations += 1;
        }
        if negations > 0 && !self.at_operand() {
            self.expect(Expected::Operand);
            let span = self.lexemes[self.at - 1].span;
            self.say(Problem::OperandMissingAfter { keyword: "NOT" }, span);
            return None;
        }
        if self.depth + negations > MAX_DEPTH {
            let span = self.lexemes[from].span.to(self.lexemes[self.at - 1].span);
            self.say(Problem::TooDeep, span);
            // Gone over without going deeper, so that what follows is understood.
            if self.token(0) == Some(&Token::Open) {
                self.skip_parentheses();
            } else {
                self.silently(Parser::primary);
            }
            return None;
        }
        self.depth += negations;
        let inner = self.primary();
        self.depth -= negations;
        (0..negations).fold(inner, |inner, _| inner.map(Expression::negate))
    }

    fn primary(&mut self) -> Option<Expression> {
        let lexeme = self.lexemes.get(self.at)?.clone();
        match lexeme.token {
            Token::Open => self.parentheses(lexeme.span),
            Token::Comma => {
                self.at += 1;
                self.say(Problem::StrayComma, lexeme.span);
                None
            }
            Token::Operator(sign) => {
                self.at += 1;
                self.say(Problem::StrayOperator { sign: sign.to_owned() }, lexeme.span);
                None
            }
            Token::Close => None,
            Token::Word(_) | Token::Quoted(..) => {
                let term = self.term();
                if term.is_some() {
                    self.terms += 1;
                }
                if self.terms == MAX_TERMS + 1 {
                    self.say(Problem::TooManyTerms, lexeme.span);
                }
                term.filter(|_| self.terms <= MAX_TERMS)
            }
        }
    }

    fn parentheses(&mut self, open: Span) -> Option<Expression> {
        if self.depth >= MAX_DEPTH {
            self.say(Problem::TooDeep, open);
            self.skip_parentheses();
            return None;
        }
        self.at += 1;
        if self.token(0) == Some(&Token::Close) {
            let span = open.to(self.here());
            self.at += 1;
            self.say(Problem::EmptyParentheses, span);
            return None;
        }
        self.depth += 1;
        let inner = self.or();
        self.depth -= 1;
        if self.token(0) == Some(&Token::Close) {
            self.at += 1;
        } else {
            self.say(Problem::UnclosedParenthesis, open);
        }
        inner
    }

    fn order(&mut self) -> Vec<Order> {
        let lead = self.here().to(self.lexemes[self.at + 1].span);
        self.at += 2;
        let mut orders = Vec::new();
        loop {
            let lexeme = self.lexemes.get(self.at).cloned();
            let name = match &lexeme {
                Some(Lexeme { token: Token::Word(word), .. }) => (*word).to_owned(),
                Some(Lexeme { token: Token::Quoted(text, _), .. }) => text.to_string(),
                _ => {
                    self.expect(Expected::OrderField);
                    let after = self.lexemes[self.at - 1].span;
                    self.say(Problem::OrderWithoutField, if orders.is_empty() { lead } else { after });
                    return orders;
                }
            };
            let span = lexeme.map_or(lead, |lexeme| lexeme.span);
            self.at += 1;
            let field = self.catalogue.find(&name);
            let argument = match field {
                Some(field) => self.argument(field, span),
                None => {
                    let problem = self.unknown_field(&name);
                    self.say(problem, span);
                    if self.token(0) == Some(&Token::Open) {
                        self.skip_parentheses();
                    }
                    None
                }
            };
            let direction = self.direction();
            if let (Some(field), Some(argument)) = (field, argument) {
                let known = self.catalogue.field(field);
                if known.sortable {
                    self.orders += 1;
                    self.widest = self.widest.max(argument.as_ref().map_or(0, String::len));
                    orders.push(Order { field, argument, direction });
                } else {
                    self.say(Problem::NotSortable { field: known.name.to_string() }, span);
                }
            }
            if self.token(0) != Some(&Token::Comma) {
                return orders;
            }
            self.at += 1;
        }
    }

    fn direction(&mut self) -> Direction {
        let direction = match self.token(0) {
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("asc") => Direction::Ascending,
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("desc") => Direction::Descending,
            _ => {
                self.expect(Expected::Direction);
                return Direction::Ascending;
            }
        };
        self.at += 1;
        self.expect(Expected::OrderNext);
        direction
    }

    /// Whether a term or a negation begins here.
    pub(crate) fn at_operand(&self) -> bool {
        match self.token(0) {
            None | Some(Token::Close) => false,
            Some(Token::Word(_)) => !matches!(self.keyword(0), Some(Keyword::And | Keyword::Or)) && !self.at_order(),
            Some(_) => true,
        }
    }

    fn at_negation(&self) -> bool {
        self.keyword(0) == Some(Keyword::Not) || self.token(0) == Some(&Token::Operator("!"))
    }

    pub(crate) fn at_order(&self) -> bool {
        let is = |ahead, keyword: &str| matches!(self.token(ahead), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        is(0, "order") && is(1, "by")
    }

    pub(crate) fn token(&self, ahead: usize) -> Option<&Token<'t>> {
        self.lexemes.get(self.at + ahead).map(|lexeme| &lexeme.token)
    }

    pub(crate) fn keyword(&self, ahead: usize) -> Option<Keyword> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Keyword::of(word),
            _ => None,
        }
    }

    /// Where the next token stands; behind the text at its end.
    pub(crate) fn here(&self) -> Span {
        self.lexemes.get(self.at).map_or(Span::new(self.text.len(), self.text.len()), |lexeme| lexeme.span)
    }

    /// Notes what could stand at the end of the text; means nothing elsewhere, or when more inner parts spoke first.
    pub(crate) fn expect(&mut self, expected: Expected) {
        if self.at >= self.lexemes.len() && self.expected.is_none() {
            self.expected = Some(expected);
        }
    }

    pub(crate) fn say(&mut self, problem: Problem, span: Span) {
        let diagnostic = problem.at(span);
        let first_error = diagnostic.severity == Severity::Error
            && self.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
        if self.is_heard() || first_error {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Whether a further diagnostic would be kept; what goes only into it need not be looked for otherwise.
    pub(crate) fn is_heard(&self) -> bool {
        self.diagnostics.len() < MAX_DIAGNOSTICS
    }

    /// Reads on without saying anything.
    pub(crate) fn silently<R>(&mut self, read: impl FnOnce(&mut Parser<'t, 'c>) -> R) -> R {
        let said = std::mem::take(&mut self.diagnostics);
        let terms = self.terms;
        let result = read(self);
        (self.diagnostics, self.terms) = (said, terms);
        result
    }

    /// Goes behind the parenthesis that closes the one here, or to the end.
    pub(crate) fn skip_parentheses(&mut self) {
        let mut open = 0_usize;
        while let Some(token) = self.token(0) {
            match token {
                Token::Open => open += 1,
                Token::Close => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    fn say_unclosed_quote(&mut self) {
        if let Some(Lexeme { token: Token::Quoted(_, Closing::EndOfText), span }) = self.lexemes.last() {
            let span = *span;
            self.say(Problem::UnclosedQuote, span);
        }
    }
}
