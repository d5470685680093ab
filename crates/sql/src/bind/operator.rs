//! Operators: comparisons are SQLite's own over values of one type; the others are looked up.

use sqlparser::ast::{self, BinaryOperator};

use super::coerce::{common_type, type_name};
use super::{Binder, Typed};
use crate::forms::symmetric_bound;
use crate::plan::{Expr, QueryPlan};
use crate::{SqlError, Type, sqlstate};

/// The collation under which SQLite compares values of a type as PostgreSQL does; `None` is its own.
pub(crate) fn collation(ty: Type) -> Option<&'static str> {
    match ty {
        Type::Numeric => Some("hw_numeric"),
        Type::Jsonb => Some("hw_jsonb"),
        Type::Interval => Some("hw_interval"),
        Type::Array(element) => array_collation(*element),
        Type::Json | Type::Vector(_) | Type::Other("pg_node_tree" | "aclitem") => Some(NO_ORDER),
        _ => None,
    }
}

/// The collation of values that cannot be compared here: the translator refuses it.
pub(crate) const NO_ORDER: &str = "hw_no_order";

fn array_collation(element: Type) -> Option<&'static str> {
    Some(match element {
        Type::SmallInt | Type::Int | Type::BigInt | Type::Oid | Type::Numeric => "hw_number_array",
        Type::Double | Type::Jsonb | Type::Json | Type::Interval | Type::Other(_) => NO_ORDER,
        _ => "hw_text_array",
    })
}

/// The operator of a comparison.
pub(super) fn comparison(op: &BinaryOperator) -> Option<&'static str> {
    use BinaryOperator as Op;
    Some(match op {
        Op::Eq => "=",
        Op::NotEq => "<>",
        Op::Lt => "<",
        Op::LtEq => "<=",
        Op::Gt => ">",
        Op::GtEq => ">=",
        Op::PGCustomBinaryOperator(parts) => match qualified(parts)? {
            "=" => "=",
            "<>" | "!=" => "<>",
            "<" => "<",
            "<=" => "<=",
            ">" => ">",
            ">=" => ">=",
            _ => return None,
        },
        _ => return None,
    })
}

/// The symbol of `operator(pg_catalog.+)`; `None` for one of any other schema.
fn qualified(parts: &[String]) -> Option<&str> {
    match parts {
        [symbol] => Some(symbol),
        [schema, symbol] if schema.eq_ignore_ascii_case("pg_catalog") => Some(symbol),
        _ => None,
    }
}

/// Marks an expression for comparison.
pub(crate) fn collated(expr: Expr, ty: Type) -> Expr {
    match collation(ty) {
        Some(collation) => Expr::Collate(Box::new(expr), collation),
        None => expr,
    }
}

fn infix(op: &'static str, left: Expr, right: Expr) -> Expr {
    Expr::Infix {
        op,
        left: Box::new(left),
        right: Box::new(right),
    }
}

impl Binder<'_> {
    pub(super) fn binary(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed, SqlError> {
        use BinaryOperator as Op;
        match op {
            Op::And => return self.logical("AND", left, right),
            Op::Or => return self.logical("OR", left, right),
            _ => {}
        }
        let symbol = match comparison(op) {
            Some(comparison) => {
                let left = self.expr(left)?;
                let right = self.expr(right)?;
                return self.compare(comparison, left, right);
            }
            None => symbol(op)?,
        };
        let left = self.expr(left)?;
        let right = self.expr(right)?;
        self.operate(symbol, left, right)
    }

    /// An operator that is no comparison; those that negate another one begin with `!`.
    pub(super) fn operate(
        &mut self,
        symbol: &'static str,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, SqlError> {
        let Some(positive) = symbol.strip_prefix('!') else {
            return self.call(symbol, vec![left, right]);
        };
        let found = self.call(positive, vec![left, right])?;
        Ok(Typed::new(Expr::Not(Box::new(found.expr)), Type::Bool))
    }

    fn logical(
        &mut self,
        op: &'static str,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Result<Typed, SqlError> {
        let left = self.condition(left, op)?;
        let right = self.condition(right, op)?;
        Ok(Typed::new(infix(op, left, right), Type::Bool))
    }

    /// Converts both sides to the type they are compared as. 42883 when there is none.
    pub(super) fn comparable(
        &mut self,
        op: &str,
        left: Typed,
        right: Typed,
    ) -> Result<(Expr, Expr, Type), SqlError> {
        let common = match (left.ty, right.ty) {
            // `"char"` is no string, and is compared as one beside a string.
            (Some(Type::Char), Some(other)) | (Some(other), Some(Type::Char))
                if other.is_string() =>
            {
                Some(Type::Text)
            }
            (Some(one), Some(other)) if one != other && one.is_string() && other.is_string() => {
                Some(Type::Text)
            }
            // There is no cast between arrays by itself.
            (Some(Type::Array(one)), Some(Type::Array(other))) if one != other => {
                return Err(incomparable(op, left.ty, right.ty));
            }
            (one, other) => {
                common_type([one, other], op).map_err(|_| incomparable(op, one, other))?
            }
        };
        let ty = common.unwrap_or(Type::Text);
        let left = self.convert(left, ty)?;
        let right = self.convert(right, ty)?;
        Ok((collated(left, ty), right, ty))
    }

    pub(super) fn compare(
        &mut self,
        op: &'static str,
        left: Typed,
        right: Typed,
    ) -> Result<Typed, SqlError> {
        let (left, right, _) = self.comparable(op, left, right)?;
        Ok(Typed::new(infix(op, left, right), Type::Bool))
    }

    pub(super) fn distinctness(
        &mut self,
        left: &ast::Expr,
        op: &'static str,
        right: &ast::Expr,
    ) -> Result<Typed, SqlError> {
        let left = self.expr(left)?;
        let right = self.expr(right)?;
        let (left, right, _) = self.comparable("=", left, right)?;
        Ok(Typed::new(infix(op, left, right), Type::Bool))
    }

    pub(super) fn between(
        &mut self,
        expr: &ast::Expr,
        negated: bool,
        low: &ast::Expr,
        high: &ast::Expr,
    ) -> Result<Typed, SqlError> {
        let value = self.expr(expr)?;
        let (low, symmetric) = match symmetric_bound(low) {
            Some(low) => (low, true),
            None => (low, false),
        };
        let low = self.expr(low)?;
        let high = self.expr(high)?;
        if !symmetric {
            return self.between_bounds(value, negated, low, high);
        }
        let copies = [self.copy(&value)?, self.copy(&low)?, self.copy(&high)?];
        let [copy, from, to] = copies;
        let one = self.between_bounds(copy, negated, from, to)?;
        let other = self.between_bounds(value, negated, high, low)?;
        let either = if negated { "AND" } else { "OR" };
        Ok(Typed::new(infix(either, one.expr, other.expr), Type::Bool))
    }

    fn between_bounds(
        &mut self,
        value: Typed,
        negated: bool,
        low: Typed,
        high: Typed,
    ) -> Result<Typed, SqlError> {
        let (above, below, both) = match negated {
            false => (">=", "<=", "AND"),
            true => ("<", ">", "OR"),
        };
        let copy = self.copy(&value)?;
        let above = self.compare(above, copy, low)?;
        let below = self.compare(below, value, high)?;
        Ok(Typed::new(infix(both, above.expr, below.expr), Type::Bool))
    }

    pub(super) fn in_list(
        &mut self,
        expr: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
    ) -> Result<Typed, SqlError> {
        let value = self.expr(expr)?;
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            items.push(self.expr(item)?);
        }
        let types = std::iter::once(value.ty).chain(items.iter().map(|item| item.ty));
        let types: Vec<Option<Type>> = types.collect();
        let Ok(common) = common_type(types.iter().copied(), "IN") else {
            let other = types.iter().flatten().find(|ty| Some(**ty) != value.ty);
            return Err(no_operator("=", value.ty, other.copied()));
        };
        let ty = common.unwrap_or(Type::Text);
        let value = self.convert(value, ty)?;
        let list = items
            .into_iter()
            .map(|item| self.convert(item, ty))
            .collect::<Result<_, _>>()?;
        let expr = Box::new(collated(value, ty));
        Ok(Typed::new(
            Expr::InList {
                expr,
                list,
                negated,
            },
            Type::Bool,
        ))
    }

    pub(super) fn in_query(
        &mut self,
        expr: &ast::Expr,
        subquery: &ast::Query,
        negated: bool,
    ) -> Result<Typed, SqlError> {
        let value = self.expr(expr)?;
        let mut query = self.subquery(subquery)?;
        self.one_column(&query)?;
        self.settle(&mut query)?;
        let column = query.columns[0].ty;
        let Ok(common) = common_type([value.ty, column], "IN") else {
            return Err(no_operator("=", value.ty, column));
        };
        let ty = common.unwrap_or(Type::Text);
        let query = self.convert_output(query, &[ty])?;
        let expr = Box::new(collated(self.convert(value, ty)?, ty));
        Ok(Typed::new(
            Expr::InQuery {
                expr,
                query: Box::new(query),
                negated,
            },
            Type::Bool,
        ))
    }

    pub(super) fn exists(
        &mut self,
        subquery: &ast::Query,
        negated: bool,
    ) -> Result<Typed, SqlError> {
        let mut query = self.subquery(subquery)?;
        self.settle(&mut query)?;
        let exists = Expr::Exists(Box::new(query));
        Ok(Typed::new(
            match negated {
                true => Expr::Not(Box::new(exists)),
                false => exists,
            },
            Type::Bool,
        ))
    }

    pub(super) fn scalar_query(&mut self, subquery: &ast::Query) -> Result<Typed, SqlError> {
        let mut query = self.subquery(subquery)?;
        self.one_column(&query)?;
        self.settle(&mut query)?;
        let ty = query.columns[0].ty;
        Ok(Typed::perhaps(Expr::Scalar(Box::new(query)), ty))
    }

    pub(super) fn one_column(&self, query: &QueryPlan) -> Result<(), SqlError> {
        match query.columns.len() {
            1 => Ok(()),
            _ => Err(SqlError::syntax("subquery must return only one column")),
        }
    }
}

/// The name under which an operator is looked up, after `!` when it negates another one.
pub(super) fn symbol(op: &BinaryOperator) -> Result<&'static str, SqlError> {
    use BinaryOperator as Op;
    let refused = || SqlError::unsupported(format_args!("the operator \"{op}\""));
    Ok(match op {
        // `operator(pg_catalog.~)`
        Op::PGCustomBinaryOperator(parts) => {
            let symbol = qualified(parts).ok_or_else(refused)?;
            let known = SYMBOLS.iter().find(|known| **known == symbol);
            known.copied().ok_or_else(refused)?
        }
        Op::PGRegexNotMatch => "!~",
        Op::PGRegexNotIMatch => "!~*",
        Op::PGNotLikeMatch => "!~~",
        Op::PGNotILikeMatch => "!~~*",
        Op::PGOverlap => "&&",
        Op::Plus => "+",
        Op::Minus => "-",
        Op::Multiply => "*",
        Op::Divide => "/",
        Op::Modulo => "%",
        Op::PGExp => "^",
        Op::StringConcat => "||",
        Op::Arrow => "->",
        Op::LongArrow => "->>",
        Op::HashArrow => "#>",
        Op::HashLongArrow => "#>>",
        Op::AtArrow => "@>",
        Op::ArrowAt => "<@",
        Op::Question => "?",
        Op::QuestionAnd => "?&",
        Op::QuestionPipe => "?|",
        Op::HashMinus => "#-",
        Op::PGLikeMatch => "~~",
        Op::PGILikeMatch => "~~*",
        Op::PGRegexMatch => "~",
        Op::PGRegexIMatch => "~*",
        Op::PGStartsWith => "^@",
        Op::BitwiseAnd => "&",
        Op::BitwiseOr => "|",
        Op::PGBitwiseXor => "#",
        Op::PGBitwiseShiftLeft => "<<",
        Op::PGBitwiseShiftRight => ">>",
        _ => return Err(refused()),
    })
}

/// What may stand in `operator(...)`.
const SYMBOLS: &[&str] = &[
    "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "+", "-", "*", "/", "%", "^", "||", "->",
    "->>", "#>", "#>>", "@>", "<@", "&&", "?",
];

/// 42883, unless one of the types has comparisons in PostgreSQL that are not told here.
fn incomparable(op: &str, left: Option<Type>, right: Option<Type>) -> SqlError {
    let is_partly_known = |ty: &Type| {
        matches!(
            ty,
            Type::Other(_) | Type::Array(_) | Type::Vector(_) | Type::Char
        )
    };
    match [left, right].iter().flatten().any(is_partly_known) {
        true => SqlError::unsupported(format_args!(
            "comparing {} {op} {}",
            type_name(left),
            type_name(right)
        )),
        false => no_operator(op, left, right),
    }
}

/// 42883, with both types.
pub(super) fn no_operator(op: &str, left: Option<Type>, right: Option<Type>) -> SqlError {
    SqlError::new(
        sqlstate::UNDEFINED_FUNCTION,
        format!(
            "operator does not exist: {} {op} {}",
            type_name(left),
            type_name(right)
        ),
    )
    .with_hint(
        "No operator matches the given name and argument types. You might need to add explicit \
         type casts.",
    )
}
