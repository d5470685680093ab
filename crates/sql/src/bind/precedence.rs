//! Which operator binds tighter ("Operator Precedence" of PostgreSQL's documentation).
//!
//! The parser has a table of its own. Where its tree is not the one PostgreSQL would have built
//! from the same text, the statement is refused and asks for parentheses.

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

use crate::SqlError;
use crate::forms::symmetric_bound;

const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IS: u8 = 4;
const COMPARISON: u8 = 5;
const RANGE: u8 = 6;
const OTHER: u8 = 7;
const ADDITIVE: u8 = 8;
const MULTIPLICATIVE: u8 = 9;
const POWER: u8 = 10;
const TIME_ZONE: u8 = 11;
const COLLATE: u8 = 12;
const SIGN: u8 = 13;
const CAST: u8 = 15;
const ATOM: u8 = 16;

fn binary_level(op: &BinaryOperator) -> u8 {
    use BinaryOperator as Op;
    match op {
        Op::Or => OR,
        Op::And => AND,
        Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => COMPARISON,
        Op::Plus | Op::Minus => ADDITIVE,
        Op::Multiply | Op::Divide | Op::Modulo => MULTIPLICATIVE,
        Op::PGExp => POWER,
        _ => OTHER,
    }
}

fn level(expr: &Expr) -> u8 {
    match expr {
        Expr::BinaryOp { op, .. } => binary_level(op),
        Expr::UnaryOp { op, .. } => match op {
            UnaryOperator::Not => NOT,
            UnaryOperator::Plus | UnaryOperator::Minus => SIGN,
            _ => OTHER,
        },
        Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::IsJson { .. }
        | Expr::IsNormalized { .. } => IS,
        Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. } => RANGE,
        Expr::Exists { negated: true, .. } => NOT,
        Expr::AnyOp { compare_op, .. } | Expr::AllOp { compare_op, .. } => binary_level(compare_op),
        Expr::AtTimeZone { .. } => TIME_ZONE,
        Expr::Collate { .. } => COLLATE,
        Expr::Cast {
            kind: sqlparser::ast::CastKind::DoubleColon,
            ..
        } => CAST,
        _ => ATOM,
    }
}

/// These end in an operand, behind which PostgreSQL reads no other `is`.
fn is_distinctness(expr: &Expr) -> bool {
    matches!(expr, Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..))
}

/// Whether a comparison or `is distinct from` is an operand of another, which PostgreSQL does not
/// read.
fn is_chain(expr: &Expr) -> bool {
    let compares = |operand: &Expr| matches!(operand, Expr::BinaryOp { op, .. } if binary_level(op) == COMPARISON);
    match expr {
        Expr::BinaryOp { left, right, .. } => compares(expr) && (compares(left) || compares(right)),
        Expr::AnyOp {
            left, compare_op, ..
        }
        | Expr::AllOp {
            left, compare_op, ..
        } => binary_level(compare_op) == COMPARISON && compares(left),
        Expr::IsFalse(operand)
        | Expr::IsNotFalse(operand)
        | Expr::IsTrue(operand)
        | Expr::IsNotTrue(operand)
        | Expr::IsNull(operand)
        | Expr::IsNotNull(operand)
        | Expr::IsUnknown(operand)
        | Expr::IsNotUnknown(operand) => is_distinctness(operand),
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            is_distinctness(left) || level(right) == IS
        }
        _ => false,
    }
}

/// Whether PostgreSQL does not read this as a bound of `between`, unless in parentheses.
fn is_no_bound(bound: &Expr) -> bool {
    level(bound) < COMPARISON && !is_distinctness(bound) || level(bound) == RANGE
}

/// Checks that the operands of `expr`, where they are not in parentheses, are its operands in
/// PostgreSQL too.
pub(super) fn check(expr: &Expr) -> Result<(), SqlError> {
    let own = level(expr);
    let agrees = match expr {
        Expr::BinaryOp { left, op, right } => {
            let chains = binary_level(op) != COMPARISON;
            (level(left) > own || (chains && level(left) == own)) && level(right) > own
        }
        Expr::AnyOp {
            left, compare_op, ..
        }
        | Expr::AllOp {
            left, compare_op, ..
        } => {
            let chains = binary_level(compare_op) != COMPARISON;
            level(left) > own || (chains && level(left) == own)
        }
        // What stands after a sign or `not` may be another one.
        Expr::UnaryOp { expr, .. } => level(expr) >= own,
        Expr::IsFalse(operand)
        | Expr::IsNotFalse(operand)
        | Expr::IsTrue(operand)
        | Expr::IsNotTrue(operand)
        | Expr::IsNull(operand)
        | Expr::IsNotNull(operand)
        | Expr::IsUnknown(operand)
        | Expr::IsNotUnknown(operand) => level(operand) >= own && !is_distinctness(operand),
        Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            level(left) >= own && !is_distinctness(left) && level(right) > own
        }
        Expr::InList { expr, .. } | Expr::InSubquery { expr, .. } => level(expr) > own,
        Expr::Between {
            expr, low, high, ..
        } => {
            let low = match symmetric_bound(low) {
                Some(low) if is_no_bound(low) => {
                    return Err(SqlError::syntax(format!(
                        "syntax error in the bound \"{low}\" of BETWEEN"
                    )));
                }
                bound => bound.unwrap_or(low),
            };
            [expr.as_ref(), low, high.as_ref()]
                .iter()
                .all(|operand| level(operand) > own)
        }
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
            level(expr) > own && level(pattern) > own
        }
        Expr::Cast { expr, .. } => own == ATOM || level(expr) >= own,
        _ => true,
    };
    match agrees {
        true => Ok(()),
        false if is_chain(expr) => Err(SqlError::syntax(format!(
            "syntax error: comparisons without parentheses in \"{expr}\""
        ))
        .with_hint("Put parentheses around the operands.")),
        false => Err(SqlError::unsupported(format_args!(
            "this order of operators without parentheses in \"{expr}\""
        ))
        .with_hint("Put parentheses around the operands.")),
    }
}
