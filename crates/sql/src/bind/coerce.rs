//! Conversions between types: which are implicit, and what several expressions have in common.

use sqlparser::ast::{
    ArrayElemTypeDef, DataType, ExactNumberInfo, ObjectName, ObjectNamePart, TimezoneInfo,
};

use super::{Binder, Mode, Typed};
use crate::catalogs;
use crate::catalogs::signatures::PREFIX;
use crate::functions::signatures::{Cast, CastContext, input, is_implicit, resolve_cast};
use crate::plan::Expr;
use crate::{SqlError, Type, Value, sqlstate};

/// The type that a name of a type stands for.
pub(crate) fn data_type(data_type: &DataType) -> Result<Type, SqlError> {
    let unsized_types = match data_type {
        DataType::Text => Some(Type::Text),
        DataType::Bool | DataType::Boolean => Some(Type::Bool),
        DataType::SmallInt(None) | DataType::Int2(None) => Some(Type::SmallInt),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => Some(Type::Int),
        DataType::BigInt(None) | DataType::Int8(None) => Some(Type::BigInt),
        DataType::DoublePrecision | DataType::Float8 | DataType::Float(ExactNumberInfo::None) => {
            Some(Type::Double)
        }
        DataType::Numeric(ExactNumberInfo::None)
        | DataType::Decimal(ExactNumberInfo::None)
        | DataType::Dec(ExactNumberInfo::None) => Some(Type::Numeric),
        DataType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            Some(Type::Timestamptz)
        }
        DataType::Date => Some(Type::Date),
        DataType::Uuid => Some(Type::Uuid),
        DataType::JSONB => Some(Type::Jsonb),
        DataType::JSON => Some(Type::Json),
        DataType::Bytea => Some(Type::Bytea),
        DataType::Varchar(None)
        | DataType::CharacterVarying(None)
        | DataType::CharVarying(None) => Some(Type::Varchar),
        DataType::Interval {
            fields: None,
            precision: None,
        } => Some(Type::Interval),
        DataType::Regclass => Some(Type::Regclass),
        DataType::Array(ArrayElemTypeDef::SquareBracket(element, None)) => {
            self::data_type(element)?.array()
        }
        DataType::Custom(name, modifiers) if modifiers.is_empty() => named_type(name)?,
        _ => None,
    };
    unsized_types.ok_or_else(|| refused_type(data_type))
}

/// A type that the parser has no word for, perhaps of the schema `pg_catalog`. 42704 when
/// PostgreSQL has none either.
fn named_type(name: &ObjectName) -> Result<Option<Type>, SqlError> {
    let ident = match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] => ident,
        [
            ObjectNamePart::Identifier(schema),
            ObjectNamePart::Identifier(ident),
        ] if schema.value.eq_ignore_ascii_case("pg_catalog") => ident,
        _ => return Ok(None),
    };
    let folded = match ident.quote_style {
        Some(_) if ident.value == "char" => return Ok(Some(Type::Char)),
        Some(_) => ident.value.clone(),
        None => ident.value.to_ascii_lowercase(),
    };
    if Type::parse(&folded).is_none() && catalogs::types::by_name(&folded).is_none() {
        return Err(SqlError::new(
            sqlstate::UNDEFINED_OBJECT,
            format!("type \"{folded}\" does not exist"),
        ));
    }
    Ok(Type::parse(&folded))
}

fn refused_type(data_type: &DataType) -> SqlError {
    let hint = match data_type {
        DataType::Varchar(_)
        | DataType::CharacterVarying(_)
        | DataType::CharVarying(_)
        | DataType::Char(_)
        | DataType::Character(_) => "Use text; a check constraint can bound its length.",
        DataType::Real | DataType::Float4 | DataType::Float(_) => "Use double precision.",
        DataType::Timestamp(..) => "Use timestamptz, without a precision.",
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => {
            "Use numeric without a precision, or round()."
        }
        _ => {
            "The types are text, boolean, integer, bigint, double precision, numeric, timestamptz, \
             date, interval, uuid, jsonb, bytea and arrays of them."
        }
    };
    let name = data_type.to_string().to_lowercase();
    SqlError::unsupported(format_args!("the type {name}")).with_hint(hint)
}

/// How a message names the type of an expression.
pub(super) fn type_name(ty: Option<Type>) -> &'static str {
    ty.map_or("unknown", Type::name)
}

/// The type that all of `types` become, as in `union`, `case` and `values` ("UNION, CASE, and
/// related constructs" of the documentation); `None` when all are unknown. 42804 when there is none.
pub(super) fn common_type(
    types: impl IntoIterator<Item = Option<Type>>,
    construct: &str,
) -> Result<Option<Type>, SqlError> {
    let mut common: Option<Type> = None;
    for ty in types.into_iter().flatten() {
        let Some(before) = common else {
            common = Some(ty);
            continue;
        };
        if before == ty {
            continue;
        }
        if before.category() != ty.category() {
            return Err(SqlError::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("{construct} types {before} and {ty} cannot be matched"),
            ));
        }
        let (up, down) = (is_implicit(before, ty), is_implicit(ty, before));
        if !up && !down {
            return Err(SqlError::new(
                sqlstate::CANNOT_COERCE,
                format!("{construct} could not convert type {ty} to {before}"),
            ));
        }
        if !before.is_preferred() && up && !down {
            common = Some(ty);
        }
    }
    Ok(common)
}

impl Binder<'_> {
    /// Converts to `target` where PostgreSQL does so in this context; `Ok(Err(..))` gives the
    /// expression back when it does not.
    pub(super) fn try_convert(
        &mut self,
        typed: Typed,
        target: Type,
        context: CastContext,
    ) -> Result<Result<Expr, Typed>, SqlError> {
        if self.mode != Mode::Query
            && let Some(named) = [typed.ty, Some(target)]
                .into_iter()
                .flatten()
                .find(is_named)
        {
            return Err(in_a_projection(named));
        }
        let Some(from) = typed.ty else {
            let at = typed.at;
            let known = self.type_unknown(typed.expr, target);
            return known.map(Ok).map_err(|error| error.at(at));
        };
        if from == target {
            return Ok(Ok(typed.expr));
        }
        if let Some(constant) = widened(&typed.expr, target) {
            return Ok(Ok(Expr::Constant(constant)));
        }
        match resolve_cast(from, target)? {
            Some(Cast {
                sqlite: Some(function),
                ..
            }) if self.mode != Mode::Query && function.starts_with(PREFIX) => {
                Err(in_a_projection(target))
            }
            Some(cast) if cast.context <= context => Ok(Ok(match cast.sqlite {
                Some(function) => Expr::Call {
                    function,
                    args: vec![typed.expr],
                },
                None => typed.expr,
            })),
            _ => Ok(Err(typed)),
        }
    }

    /// Converts implicitly; 42804 when that is not possible.
    pub(super) fn convert(&mut self, typed: Typed, target: Type) -> Result<Expr, SqlError> {
        self.try_convert(typed, target, CastContext::Implicit)?
            .map_err(|typed| {
                SqlError::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "an expression of type {} stands where {target} is expected",
                        type_name(typed.ty)
                    ),
                )
            })
    }

    /// `cast(... as target)`
    pub(super) fn cast(&mut self, typed: Typed, target: Type) -> Result<Typed, SqlError> {
        let expr = self
            .try_convert(typed, target, CastContext::Explicit)?
            .map_err(|typed| {
                SqlError::new(
                    sqlstate::CANNOT_COERCE,
                    format!("cannot cast type {} to {target}", type_name(typed.ty)),
                )
            })?;
        Ok(Typed::new(expr, target))
    }

    /// Converts what is stored into a column.
    pub(super) fn assign(
        &mut self,
        typed: Typed,
        column: &str,
        target: Type,
    ) -> Result<Expr, SqlError> {
        self.try_convert(typed, target, CastContext::Assignment)?
            .map_err(|typed| {
                SqlError::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "column \"{column}\" is of type {target} but expression is of type {}",
                        type_name(typed.ty)
                    ),
                )
                .with_hint("You will need to rewrite or cast the expression.")
            })
    }

    /// Converts the argument of `where`, `not`, `and` and the like.
    pub(super) fn boolean(&mut self, typed: Typed, of: &str) -> Result<Expr, SqlError> {
        self.try_convert(typed, Type::Bool, CastContext::Implicit)?
            .map_err(|typed| {
                SqlError::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "argument of {of} must be type boolean, not type {}",
                        type_name(typed.ty)
                    ),
                )
            })
    }

    /// Gives several expressions their common type (text when nothing says otherwise).
    pub(super) fn unify(
        &mut self,
        exprs: Vec<Typed>,
        construct: &str,
    ) -> Result<(Vec<Expr>, Type), SqlError> {
        let mut common = None;
        for typed in &exprs {
            // What disagrees with those before it is to blame.
            common =
                common_type([common, typed.ty], construct).map_err(|error| error.at(typed.at))?;
        }
        let common = common.unwrap_or(Type::Text);
        let converted = exprs
            .into_iter()
            .map(|typed| self.convert(typed, common))
            .collect::<Result<_, _>>()?;
        Ok((converted, common))
    }

    /// Gives a literal, parameter or null its type.
    fn type_unknown(&mut self, expr: Expr, target: Type) -> Result<Expr, SqlError> {
        match expr {
            Expr::Constant(Value::Text(text)) => Value::from_text(target, &text)
                .map(|value| looked_up(Expr::Constant(value), target)),
            Expr::Parameter(index) => self
                .type_parameter(index, target)
                .map(|()| looked_up(Expr::Parameter(index), target)),
            other => Ok(other),
        }
    }

    /// 42P08 when the same `$n` was typed otherwise in between.
    fn type_parameter(&mut self, index: usize, target: Type) -> Result<(), SqlError> {
        match self.params[index] {
            Some(known) if known != target => Err(SqlError::new(
                sqlstate::AMBIGUOUS_PARAMETER,
                format!("inconsistent types deduced for parameter ${}", index + 1),
            )
            .with_detail(format!("{known} versus {target}"))),
            _ => {
                self.params[index] = Some(target);
                Ok(())
            }
        }
    }
}

/// Whether values are read and shown as names that stand in the catalogs.
fn is_named(ty: &Type) -> bool {
    ty.element().unwrap_or(*ty).is_reg()
}

/// The connections of projections know no relation, type, schema or function by name or number.
pub(super) fn in_a_projection(ty: Type) -> SqlError {
    SqlError::unsupported(format_args!("{ty} in a projection"))
}

/// A number that is written as a literal, as a wider type: no conversion is left for later.
fn widened(expr: &Expr, target: Type) -> Option<Value> {
    let Expr::Constant(value) = expr else {
        return None;
    };
    match (value, target) {
        (Value::Int(number), Type::Oid) => Some(Value::Oid(number.cast_unsigned())),
        (Value::Int(number), Type::BigInt) => Some(Value::BigInt(i64::from(*number))),
        (Value::Int(number), Type::Double) => Some(Value::Double(f64::from(*number))),
        (Value::Int(number), Type::Numeric) => Some(Value::Numeric(number.to_string())),
        (Value::BigInt(number), Type::Numeric) => Some(Value::Numeric(number.to_string())),
        (Value::Numeric(text), Type::Double) => Value::from_text(Type::Double, text).ok(),
        _ => None,
    }
}

/// A name of a relation, type or schema becomes its oid where the statement runs.
pub(super) fn looked_up(expr: Expr, ty: Type) -> Expr {
    match (ty.is_reg(), input(ty)) {
        (true, Some(function)) => Expr::Call {
            function,
            args: vec![expr],
        },
        _ => expr,
    }
}
