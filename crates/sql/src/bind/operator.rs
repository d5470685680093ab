//! Operators: comparisons are SQLite's own over values of one type; the others are looked up.

use sqlparser::ast::{self, BinaryOperator};

use super::coerce::{common_type, type_name};
use super::{Binder, Typed};
use crate::plan::{Expr, QueryPlan};
use crate::{SqlError, Type, Value, sqlstate};

/// The collation under which SQLite compares values of a type as PostgreSQL does; `None` is its own.
pub(crate) fn collation(ty: Type) -> Option<&'static str> {
    match ty {
        Type::Numeric => Some("hw_numeric"),
        Type::Jsonb => Some("hw_jsonb"),
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
        let comparison = match op {
            Op::And => return self.logical("AND", left, right),
            Op::Or => return self.logical("OR", left, right),
            Op::Eq => "=",
            Op::NotEq => "<>",
            Op::Lt => "<",
            Op::LtEq => "<=",
            Op::Gt => ">",
            Op::GtEq => ">=",
            other => {
                if let Some(shifted) = self.shifted(left, other, right)? {
                    return Ok(shifted);
                }
                let symbol = symbol(other)?;
                let args = vec![self.expr(left)?, self.expr(right)?];
                return self.call(symbol, args);
            }
        };
        let left = self.expr(left)?;
        let right = self.expr(right)?;
        self.compare(comparison, left, right)
    }

    /// A timestamp and an interval that is written beside it; there is no type for one alone.
    fn shifted(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Option<Typed>, SqlError> {
        let (function, moment, interval) = match (op, interval(left), interval(right)) {
            (BinaryOperator::Plus, None, Some(interval)) => {
                ("hw_timestamptz_add_interval", left, interval)
            }
            (BinaryOperator::Plus, Some(interval), None) => {
                ("hw_timestamptz_add_interval", right, interval)
            }
            (BinaryOperator::Minus, None, Some(interval)) => {
                ("hw_timestamptz_subtract_interval", left, interval)
            }
            _ => return Ok(None),
        };
        let moment = self.expr(moment)?;
        if moment.ty != Some(Type::Timestamptz) {
            return Err(SqlError::unsupported(format_args!(
                "an interval beside a value of type {}",
                type_name(moment.ty)
            ))
            .with_hint("Cast the value to timestamptz."));
        }
        let interval = Expr::Constant(Value::Text(interval.to_owned()));
        let args = vec![moment.expr, interval];
        Ok(Some(Typed::new(
            Expr::Call { function, args },
            Type::Timestamptz,
        )))
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
    fn comparable(
        &mut self,
        op: &str,
        left: Typed,
        right: Typed,
    ) -> Result<(Expr, Expr, Type), SqlError> {
        let Ok(common) = common_type([left.ty, right.ty], op) else {
            return Err(no_operator(op, left.ty, right.ty));
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
        let low = self.expr(low)?;
        let high = self.expr(high)?;
        let (above, below, both) = match negated {
            false => (">=", "<=", "AND"),
            true => ("<", ">", "OR"),
        };
        let above = self.compare(above, value.clone(), low)?;
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

    /// `= any (select ...)` is `in (select ...)`.
    pub(super) fn any(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
    ) -> Result<Typed, SqlError> {
        match (op, right) {
            (BinaryOperator::Eq, ast::Expr::Subquery(query)) => self.in_query(left, query, false),
            _ => Err(
                SqlError::unsupported(format_args!("{op} ANY over an array or subquery"))
                    .with_hint("Use IN (...)."),
            ),
        }
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
        Ok(Typed {
            ty: query.columns[0].ty,
            expr: Expr::Scalar(Box::new(query)),
        })
    }

    fn one_column(&self, query: &QueryPlan) -> Result<(), SqlError> {
        match query.columns.len() {
            1 => Ok(()),
            _ => Err(SqlError::syntax("subquery must return only one column")),
        }
    }
}

/// The text of `interval '...'` or `'...'::interval`.
fn interval(expr: &ast::Expr) -> Option<&str> {
    let value = match expr {
        ast::Expr::Nested(inner) => return interval(inner),
        ast::Expr::Interval(ast::Interval {
            value,
            leading_field: None,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        }) => value,
        ast::Expr::Cast {
            kind: ast::CastKind::Cast | ast::CastKind::DoubleColon,
            expr,
            data_type:
                ast::DataType::Interval {
                    fields: None,
                    precision: None,
                },
            format: None,
        } => expr,
        _ => return None,
    };
    match value.as_ref() {
        ast::Expr::Value(ast::ValueWithSpan {
            value: ast::Value::SingleQuotedString(text),
            span: _,
        }) => Some(text),
        _ => None,
    }
}

/// The name under which an operator is looked up.
fn symbol(op: &BinaryOperator) -> Result<&'static str, SqlError> {
    use BinaryOperator as Op;
    Ok(match op {
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
        other => {
            return Err(SqlError::unsupported(format_args!(
                "the operator \"{other}\""
            )));
        }
    })
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
