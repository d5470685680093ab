//! Calls: plain functions, those with a grammar of their own, and the way to aggregates and windows.

use sqlparser::ast;

use super::coerce::{common_type, in_a_projection};
use super::expr::nondeterministic;
use super::operator::collation;
use super::{Binder, Mode, Typed, refuse_if};
use crate::forms::SYMMETRIC;
use crate::functions::signatures::{Kind, resolve};
use crate::parse::schema_and_name;
use crate::plan::Expr;
use crate::{SqlError, Type, Value, sqlstate};

/// What may stand around the arguments of a call.
pub(super) struct Call<'a> {
    pub(super) name: String,
    /// `None` is `*`.
    pub(super) args: Option<Vec<Typed>>,
    pub(super) distinct: bool,
    pub(super) order_by: &'a [ast::OrderByExpr],
    pub(super) filter: Option<&'a ast::Expr>,
    pub(super) over: Option<&'a ast::WindowType>,
}

/// The parts of an argument list.
struct Arguments<'a> {
    args: Option<Vec<Typed>>,
    distinct: bool,
    order_by: &'a [ast::OrderByExpr],
}

impl Binder<'_> {
    pub(super) fn function(&mut self, function: &ast::Function) -> Result<Typed, SqlError> {
        let ast::Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        refuse_if(*uses_odbc_syntax, "{fn ...}")?;
        refuse_if(
            !matches!(parameters, ast::FunctionArguments::None),
            "two argument lists",
        )?;
        refuse_if(!within_group.is_empty(), "WITHIN GROUP")?;
        refuse_if(null_treatment.is_some(), "IGNORE NULLS")?;
        let (schema, name) = schema_and_name(name)?;
        self.check_function_schema(schema)?;
        // A reserved word, which stands before the bound of `between` and nowhere else.
        if name.quote_style.is_none() && name.value.eq_ignore_ascii_case(SYMMETRIC) {
            return Err(SqlError::syntax("syntax error at or near \"symmetric\"")
                .at(self.source.ident(name)));
        }
        let name = self.label(name)?;
        if let ("array", ast::FunctionArguments::Subquery(query)) = (name.as_str(), args) {
            return self.array_query(query);
        }
        self.refuse_surroundings(&name, args)?;
        if matches!(args, ast::FunctionArguments::None) {
            return self.call(&name, Vec::new());
        }
        let Arguments {
            args,
            distinct,
            order_by,
        } = self.arguments(args)?;
        let call = Call {
            name,
            args,
            distinct,
            order_by,
            filter: filter.as_deref(),
            over: over.as_ref(),
        };
        self.dispatch_call(call)
    }

    /// Refuses what asks chance, and words without parentheses that are no functions.
    fn refuse_surroundings(
        &self,
        name: &str,
        args: &ast::FunctionArguments,
    ) -> Result<(), SqlError> {
        if NONDETERMINISTIC.contains(&name) {
            return Err(match self.mode {
                Mode::Query => SqlError::unsupported(format_args!("{name}"))
                    .with_detail("The same query at the same position has the same answer.")
                    .with_hint("Give the value as a parameter: $1."),
                Mode::Handler | Mode::Definition => nondeterministic(name),
            });
        }
        match args {
            ast::FunctionArguments::None if !WORDS.contains(&name) => {
                Err(SqlError::unsupported(format_args!("\"{name}\"")))
            }
            ast::FunctionArguments::List(_) if name == "current_timestamp" => {
                Err(SqlError::unsupported("current_timestamp with a precision"))
            }
            // Its second argument is a word, and no column.
            ast::FunctionArguments::List(_) if name == "normalize" => {
                Err(SqlError::unsupported("the function normalize()"))
            }
            _ => Ok(()),
        }
    }

    fn arguments<'e>(
        &mut self,
        arguments: &'e ast::FunctionArguments,
    ) -> Result<Arguments<'e>, SqlError> {
        let list = match arguments {
            ast::FunctionArguments::List(list) => list,
            ast::FunctionArguments::None | ast::FunctionArguments::Subquery(_) => {
                return Err(SqlError::unsupported("a subquery as argument list")
                    .with_hint("Put it into parentheses of its own."));
            }
        };
        let ast::FunctionArgumentList {
            duplicate_treatment,
            args,
            clauses,
        } = list;
        let order_by = match clauses.as_slice() {
            [] => [].as_slice(),
            [ast::FunctionArgumentClause::OrderBy(keys)] => keys,
            [other, ..] => {
                return Err(SqlError::unsupported(format_args!(
                    "\"{other}\" in an argument list"
                )));
            }
        };
        let star = matches!(
            args.as_slice(),
            [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)]
        );
        let args = match star {
            true => None,
            false => Some(
                args.iter()
                    .map(|arg| self.argument(arg))
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Arguments {
            args,
            distinct: matches!(duplicate_treatment, Some(ast::DuplicateTreatment::Distinct)),
            order_by,
        })
    }

    /// Functions stand in the schema `pg_catalog`. 0A000 for those of any other.
    pub(super) fn check_function_schema(
        &self,
        schema: Option<&ast::Ident>,
    ) -> Result<(), SqlError> {
        match schema.map(|schema| self.name(schema)).transpose()? {
            Some(other) if other != "pg_catalog" => Err(SqlError::unsupported(format_args!(
                "what is of the schema \"{other}\""
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn argument(&mut self, arg: &ast::FunctionArg) -> Result<Typed, SqlError> {
        match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => self.expr(expr),
            other => Err(SqlError::unsupported(format_args!(
                "the argument \"{other}\""
            ))),
        }
    }

    fn dispatch_call(&mut self, call: Call<'_>) -> Result<Typed, SqlError> {
        let plain = !call.distinct
            && call.order_by.is_empty()
            && call.filter.is_none()
            && call.over.is_none();
        if let (true, "coalesce" | "nullif" | "greatest" | "least", Some(args)) =
            (plain, call.name.as_str(), &call.args)
        {
            return self.conditional(&call.name, args.clone());
        }
        let types: Vec<Option<Type>> = call.args.iter().flatten().map(|arg| arg.ty).collect();
        if let (true, "pg_typeof", [ty]) = (plain, call.name.as_str(), types.as_slice()) {
            if self.mode != Mode::Query {
                return Err(in_a_projection(Type::Regtype));
            }
            const UNKNOWN: u32 = 705;
            let oid = Value::Oid(ty.map_or(UNKNOWN, Type::oid));
            return Ok(Typed::new(Expr::Constant(oid), Type::Regtype));
        }
        let parameterless = call.name == "count" && types.is_empty();
        match &call.args {
            None if !parameterless => {
                return Err(SqlError::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!(
                        "function {}() does not exist; only count takes *",
                        call.name
                    ),
                ));
            }
            Some(_) if parameterless => {
                return Err(SqlError::new(
                    sqlstate::WRONG_OBJECT_TYPE,
                    "count(*) must be used to call a parameterless aggregate function",
                ));
            }
            _ => {}
        }
        if call.name == "count" && call.args.as_ref().is_some_and(Vec::is_empty) {
            return Err(SqlError::new(
                sqlstate::WRONG_OBJECT_TYPE,
                "count(*) must be used to call a parameterless aggregate function",
            ));
        }
        let resolved = resolve(&call.name, &types)?;
        match (resolved.kind, call.over) {
            (Kind::Scalar, None) if plain => {
                let name = call.name;
                self.call(&name, call.args.unwrap_or_default())
            }
            (Kind::Scalar, _) => Err(SqlError::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("{} is not an aggregate or window function", call.name),
            )
            .with_hint("DISTINCT, ORDER BY, FILTER and OVER belong to those.")),
            (Kind::Aggregate, None) => self.aggregate(call, &resolved),
            (Kind::Window, None) => Err(SqlError::new(
                sqlstate::WRONG_OBJECT_TYPE,
                format!("window function {} requires an OVER clause", call.name),
            )),
            (Kind::Aggregate | Kind::Window, Some(over)) => self.window(call, &resolved, over),
        }
    }

    /// `coalesce`, `nullif`, `greatest` and `least`: their arguments have one type.
    fn conditional(&mut self, name: &str, args: Vec<Typed>) -> Result<Typed, SqlError> {
        if name == "nullif" {
            return self.nullif(args);
        }
        if args.is_empty() {
            return Err(SqlError::syntax(format!(
                "{name}() needs at least one argument"
            )));
        }
        let (mut args, ty) = self.unify(args, &name.to_uppercase())?;
        if args.len() == 1 {
            return Ok(Typed::new(args.remove(0), ty));
        }
        match name {
            "coalesce" => Ok(Typed::new(
                Expr::Call {
                    function: "coalesce",
                    args,
                },
                ty,
            )),
            _ => extreme(name, args, ty),
        }
    }

    /// `case when a = b then null else a end`: the answer has the type of `a` as it is compared.
    /// Integers of both widths, and dates with timestamps, are compared as they are.
    fn nullif(&mut self, args: Vec<Typed>) -> Result<Typed, SqlError> {
        let Ok([left, right]) = <[Typed; 2]>::try_from(args) else {
            return Err(SqlError::syntax("nullif() needs two arguments"));
        };
        let ty = match common_type([left.ty, right.ty], "NULLIF").ok().flatten() {
            // Compared as text.
            Some(Type::Varchar) => Some(Type::Text),
            ty => ty,
        };
        let left = match (left.ty, ty) {
            (Some(_), None | Some(Type::BigInt | Type::Timestamptz)) => left,
            (_, ty) => {
                let ty = ty.unwrap_or(Type::Text);
                Typed::new(self.convert(left, ty)?, ty)
            }
        };
        let copy = self.copy(&left)?;
        let equal = self.compare("=", copy, right)?;
        let case = Expr::Case {
            whens: vec![(equal.expr, Expr::Constant(Value::Null))],
            otherwise: Some(Box::new(left.expr)),
        };
        Ok(Typed::perhaps(case, left.ty))
    }

    /// Functions that the grammar spells out: `extract(year from x)`, `trim(both 'x' from y)` ...
    pub(super) fn spelled_call(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        use ast::Expr as E;
        match expr {
            E::Extract {
                field,
                syntax: ast::ExtractSyntax::From,
                expr,
            } => {
                let value = self.expr(expr)?;
                let field = field.to_string().to_lowercase();
                let field = field.trim_matches(['\'', '"']).to_owned();
                let field = Typed::new(Expr::Constant(Value::Text(field)), Type::Text);
                self.call("extract", vec![field, value])
            }
            E::Ceil { expr, field } => self.rounding("ceil", expr, field),
            E::Floor { expr, field } => self.rounding("floor", expr, field),
            E::Position { expr, r#in } => {
                let part = self.expr(expr)?;
                let whole = self.expr(r#in)?;
                self.call("strpos", vec![whole, part])
            }
            E::Substring {
                expr,
                substring_from,
                substring_for,
                special: _,
                shorthand,
            } => {
                let name = if *shorthand { "substr" } else { "substring" };
                let parts = [
                    Some(expr.as_ref()),
                    substring_from.as_deref(),
                    substring_for.as_deref(),
                ];
                self.substring(name, parts)
            }
            E::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => self.trim(
                trim_where.as_ref(),
                trim_what.as_deref(),
                expr,
                trim_characters.as_deref(),
            ),
            E::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                let mut args = vec![
                    self.expr(expr)?,
                    self.expr(overlay_what)?,
                    self.expr(overlay_from)?,
                ];
                if let Some(length) = overlay_for {
                    args.push(self.expr(length)?);
                }
                self.call("overlay", args)
            }
            other => Err(SqlError::unsupported(format_args!("\"{other}\""))),
        }
    }

    fn rounding(
        &mut self,
        name: &str,
        expr: &ast::Expr,
        field: &ast::CeilFloorKind,
    ) -> Result<Typed, SqlError> {
        let plain = matches!(
            field,
            ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime)
        );
        refuse_if(!plain, "CEIL or FLOOR with a field or scale")?;
        let value = self.expr(expr)?;
        self.call(name, vec![value])
    }

    /// `substring(x from 2 for 3)`; without `from` it begins at 1.
    fn substring(
        &mut self,
        name: &str,
        [text, from, length]: [Option<&ast::Expr>; 3],
    ) -> Result<Typed, SqlError> {
        let mut args = Vec::new();
        args.extend(text.map(|text| self.expr(text)).transpose()?);
        match (from, length) {
            (Some(from), _) => args.push(self.expr(from)?),
            (None, Some(_)) => args.push(Typed::new(Expr::Constant(Value::Int(1)), Type::Int)),
            (None, None) => {}
        }
        args.extend(length.map(|length| self.expr(length)).transpose()?);
        self.call(name, args)
    }

    fn trim(
        &mut self,
        side: Option<&ast::TrimWhereField>,
        what: Option<&ast::Expr>,
        expr: &ast::Expr,
        characters: Option<&[ast::Expr]>,
    ) -> Result<Typed, SqlError> {
        let name = match side {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        };
        let mut args = vec![self.expr(expr)?];
        for characters in what.into_iter().chain(characters.into_iter().flatten()) {
            args.push(self.expr(characters)?);
        }
        self.call(name, args)
    }
}

/// `greatest` and `least`, which pass over nulls.
fn extreme(name: &str, args: Vec<Expr>, ty: Type) -> Result<Typed, SqlError> {
    if collation(ty).is_some() {
        return Err(
            SqlError::unsupported(format_args!("{name}() over values of type {ty}"))
                .with_hint("Cast the values to another type, or use CASE."),
        );
    }
    let function = match name {
        "greatest" => "hw_greatest",
        _ => "hw_least",
    };
    Ok(Typed::new(Expr::Call { function, args }, ty))
}

/// Functions that ask chance, or the clock more than once in a statement.
const NONDETERMINISTIC: &[&str] = &[
    "clock_timestamp",
    "current_time",
    "gen_random_uuid",
    "localtime",
    "localtimestamp",
    "random",
    "setseed",
    "timeofday",
    "uuid_generate_v4",
];

/// Functions that are written without parentheses.
pub(super) const WORDS: &[&str] = &[
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_timestamp",
    "current_user",
    "session_user",
    "user",
];
