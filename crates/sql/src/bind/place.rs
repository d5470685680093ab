//! Which character of an expression an error blames: that of the operator and not of its operands,
//! as in PostgreSQL.
//!
//! The parser's tree does not tell where operators and words stand. Between what it does tell they
//! are looked for among the tokens, and only when there is an error to be told.

use sqlparser::ast::{self, Spanned};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use super::Binder;
use crate::parse::Source;

impl Binder<'_> {
    /// The character to blame for what an expression makes of operands that are right themselves.
    pub(super) fn blamed(&self, expr: &ast::Expr) -> Option<usize> {
        operator(expr, &self.source.tokens())
            .and_then(|place| self.source.position(place))
            .or_else(|| self.first(expr))
    }

    /// The first name or literal of an expression: parentheses, signs and words before it are
    /// passed over.
    pub(super) fn first(&self, expr: &ast::Expr) -> Option<usize> {
        self.source.position(start(expr))
    }
}

/// Where the name of a type stands; `None` for a word of the language.
pub(crate) fn of_type(ty: &ast::DataType, source: &Source) -> Option<usize> {
    match ty {
        ast::DataType::Custom(name, _) => source.position(name.span().start),
        ast::DataType::Array(ast::ArrayElemTypeDef::SquareBracket(element, _)) => {
            of_type(element, source)
        }
        _ => None,
    }
}

/// Where the first name or literal of an expression begins.
fn start(expr: &ast::Expr) -> Location {
    match begins_with(expr).last().unwrap_or(expr) {
        ast::Expr::Function(function) => function.name.span().start,
        leaf => leaf.span().start,
    }
}

/// The expression, its first operand, the first operand of that and so on.
fn begins_with(expr: &ast::Expr) -> impl Iterator<Item = &ast::Expr> {
    std::iter::successors(Some(expr), |expr| first_operand(expr))
}

/// The part of an expression that is written first, if it is an expression.
fn first_operand(expr: &ast::Expr) -> Option<&ast::Expr> {
    use ast::Expr as E;
    match expr {
        E::Nested(expr)
        | E::UnaryOp { expr, .. }
        | E::Cast { expr, .. }
        | E::Collate { expr, .. }
        | E::IsNull(expr)
        | E::IsNotNull(expr)
        | E::IsTrue(expr)
        | E::IsNotTrue(expr)
        | E::IsFalse(expr)
        | E::IsNotFalse(expr)
        | E::IsUnknown(expr)
        | E::IsNotUnknown(expr)
        | E::IsDistinctFrom(expr, _)
        | E::IsNotDistinctFrom(expr, _)
        | E::InList { expr, .. }
        | E::InSubquery { expr, .. }
        | E::Between { expr, .. }
        | E::Like { expr, .. }
        | E::ILike { expr, .. }
        | E::BinaryOp { left: expr, .. }
        | E::AnyOp { left: expr, .. }
        | E::AllOp { left: expr, .. }
        | E::CompoundFieldAccess { root: expr, .. }
        | E::Extract { expr, .. }
        | E::Ceil { expr, .. }
        | E::Floor { expr, .. }
        | E::Position { expr, .. }
        | E::Substring { expr, .. }
        | E::Overlay { expr, .. } => Some(expr),
        _ => None,
    }
}

/// Where the operator or the word stands that makes this expression what it is.
fn operator(expr: &ast::Expr, tokens: &[TokenWithSpan]) -> Option<Location> {
    use ast::Expr as E;
    match expr {
        E::Cast {
            kind: ast::CastKind::DoubleColon,
            expr,
            ..
        } => cast(expr, tokens),
        E::Cast { expr, .. } => before(expr, "CAST", tokens),
        E::UnaryOp { op, expr } => before(expr, &op.to_string(), tokens),
        E::BinaryOp { op, right, .. } => before(right, &written(op), tokens),
        E::AnyOp {
            compare_op, right, ..
        }
        | E::AllOp {
            compare_op, right, ..
        } => before(right, &written(compare_op), tokens),
        E::IsDistinctFrom(_, right) | E::IsNotDistinctFrom(_, right) => before(right, "IS", tokens),
        E::Like { pattern, .. } => negatable(start(pattern), "LIKE", tokens),
        E::ILike { pattern, .. } => negatable(start(pattern), "ILIKE", tokens),
        E::Between { low, .. } => negatable(start(low), "BETWEEN", tokens),
        E::InList { list, .. } => negatable(start(list.first()?), "IN", tokens),
        E::InSubquery { subquery, .. } => negatable(subquery.span().start, "IN", tokens),
        E::Subquery(query) => place(last_before(query.span().start, "(", 0, tokens)?, tokens),
        E::Extract { expr, .. } => before(expr, "EXTRACT", tokens),
        E::Ceil { expr, .. } => before(expr, "CEIL", tokens),
        E::Floor { expr, .. } => before(expr, "FLOOR", tokens),
        E::Position { expr, .. } => before(expr, "POSITION", tokens),
        E::Substring {
            expr,
            shorthand: true,
            ..
        } => before(expr, "SUBSTR", tokens),
        E::Substring { expr, .. } => before(expr, "SUBSTRING", tokens),
        E::Overlay { expr, .. } => before(expr, "OVERLAY", tokens),
        _ => None,
    }
}

/// The first token of an operator.
fn written(op: &ast::BinaryOperator) -> String {
    match op {
        ast::BinaryOperator::PGCustomBinaryOperator(_) => "OPERATOR".to_owned(),
        op => op.to_string(),
    }
}

/// The `::` behind an operand: as many stand before it as there are in the operand.
fn cast(operand: &ast::Expr, tokens: &[TokenWithSpan]) -> Option<Location> {
    let is_cast = |token: &Token| *token == Token::DoubleColon;
    let inner = Source::of(&operand.to_string()).tokens();
    let inner = inner.iter().filter(|token| is_cast(&token.token)).count();
    let start = start(operand);
    let begin = tokens.iter().position(|token| token.span.start == start)?;
    let mut casts = tokens[begin..].iter().filter(|token| is_cast(&token.token));
    casts.nth(inner).map(|token| token.span.start)
}

/// The operator before an operand. What the operand begins with may be the same one, as a sign.
fn before(operand: &ast::Expr, operator: &str, tokens: &[TokenWithSpan]) -> Option<Location> {
    let is_same = |expr: &&ast::Expr| matches!(expr, ast::Expr::UnaryOp { op, .. } if op.to_string() == operator);
    let signs = begins_with(operand).filter(is_same).count();
    place(
        last_before(start(operand), operator, signs, tokens)?,
        tokens,
    )
}

/// The word before a place, or the `not` before that.
fn negatable(from: Location, word: &str, tokens: &[TokenWithSpan]) -> Option<Location> {
    let index = last_before(from, word, 0, tokens)?;
    let not = index
        .checked_sub(1)
        .filter(|index| is(&tokens[*index], "NOT"));
    place(not.unwrap_or(index), tokens)
}

/// The last token before a place that is written so, but for `skip` of them.
fn last_before(from: Location, text: &str, skip: usize, tokens: &[TokenWithSpan]) -> Option<usize> {
    let end = tokens.iter().position(|token| token.span.start == from)?;
    let mut found = (0..end).rev().filter(|index| is(&tokens[*index], text));
    found.nth(skip)
}

fn place(index: usize, tokens: &[TokenWithSpan]) -> Option<Location> {
    tokens.get(index).map(|token| token.span.start)
}

fn is(token: &TokenWithSpan, text: &str) -> bool {
    token.token.to_string().eq_ignore_ascii_case(text)
}
