//! Expressions: one arm for each kind of the parser's tree.

use sqlparser::ast;

use super::coerce::data_type;
use super::{Binder, Clause, Mode, Typed, of_type, precedence, refuse_if};
use crate::functions::signatures::{Resolved, resolve};
use crate::plan::Expr;
use crate::{SqlError, Type, Value, sqlstate};

impl Binder<'_> {
    /// Binds an expression of any type.
    pub(crate) fn expr(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        self.nested(|binder| {
            precedence::check(expr)?;
            match binder.may_group() && has_rows(expr) {
                true => binder.once(expr),
                false => binder.dispatch(expr),
            }
        })
        .map(|typed| Typed {
            at: self.first(expr),
            ..typed
        })
        .map_err(|error| match error.position() {
            Some(_) => error,
            None => error.at(self.blamed(expr)),
        })
    }

    /// Whether a clause is bound that names what rows are grouped by.
    fn may_group(&self) -> bool {
        matches!(
            self.clause,
            Clause::Select | Clause::GroupBy | Clause::Having | Clause::OrderBy
        )
    }

    /// An expression with rows of its own. Its relations are numbered, so written again at the same
    /// query level it is what it was: what `group by` and the select list both have is the same.
    fn once(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        let bound = self.scopes.last().map(|scope| scope.bound.iter());
        if let Some((_, typed)) = bound.and_then(|mut bound| bound.find(|(text, _)| text == expr)) {
            return Ok(typed.clone());
        }
        let typed = self.dispatch(expr)?;
        if let Some(scope) = self.scopes.last_mut() {
            scope.bound.push((expr.clone(), typed.clone()));
        }
        Ok(typed)
    }

    /// Binds a condition.
    pub(super) fn condition(&mut self, expr: &ast::Expr, of: &str) -> Result<Expr, SqlError> {
        let typed = self.expr(expr)?;
        self.boolean(typed, of)
            .map_err(|error| error.at(self.first(expr)))
    }

    /// What an expression can be made of; tests that answer true or false stand in `predicate`.
    fn dispatch(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        use ast::Expr as E;
        match expr {
            E::Identifier(ident) if is_word(ident) => {
                self.call(&ident.value.to_ascii_lowercase(), Vec::new())
            }
            E::Identifier(ident) => self.column(ident),
            E::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, column] => self.qualified_column(None, relation, column),
                [schema, relation, column] => self.qualified_column(Some(schema), relation, column),
                _ => Err(
                    SqlError::unsupported(format_args!("the qualified name {expr}"))
                        .with_hint("Write table.column."),
                ),
            },
            E::Nested(inner) => self.expr(inner),
            E::Value(value) => self.literal(value),
            E::TypedString(typed) => self.typed_string(typed),
            E::Cast {
                kind,
                expr,
                data_type,
                format,
            } => {
                refuse_if(format.is_some(), "CAST ... FORMAT")?;
                self.cast_expr(kind, expr, data_type)
            }
            E::UnaryOp { op, expr } => self.unary(op, expr),
            E::BinaryOp { left, op, right } => self.binary(left, op, right),
            E::Case {
                case_token: _,
                end_token: _,
                operand,
                conditions,
                else_result,
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            E::Subquery(query) => self.scalar_query(query),
            E::Function(function) => self.function(function),
            E::Array(array) => self.array(array, None),
            E::CompoundFieldAccess { root, access_chain } => self.subscript(root, access_chain),
            E::Interval(interval) => self.interval(interval),
            E::Collate { expr, collation } => self.collate(expr, collation),
            E::Extract { .. }
            | E::Ceil { .. }
            | E::Floor { .. }
            | E::Position { .. }
            | E::Substring { .. }
            | E::Trim { .. }
            | E::Overlay { .. } => self.spelled_call(expr),
            _ => self.predicate(expr),
        }
    }

    fn predicate(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        use ast::Expr as E;
        match expr {
            E::IsNull(_)
            | E::IsNotNull(_)
            | E::IsTrue(_)
            | E::IsNotTrue(_)
            | E::IsFalse(_)
            | E::IsNotFalse(_)
            | E::IsUnknown(_)
            | E::IsNotUnknown(_) => self.is_test(expr),
            E::IsDistinctFrom(left, right) => self.distinctness(left, "IS NOT", right),
            E::IsNotDistinctFrom(left, right) => self.distinctness(left, "IS", right),
            E::Between {
                expr,
                negated,
                low,
                high,
            } => self.between(expr, *negated, low, high),
            E::InList {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated),
            E::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_query(expr, subquery, *negated),
            E::AnyOp {
                left,
                compare_op,
                right,
                is_some: _,
            } => self.quantified(left, compare_op, right, false),
            E::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, right, true),
            E::Like {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                let op = (ast::BinaryOperator::PGLikeMatch, "~~");
                self.any_like(op, *any, *negated, expr, pattern, escape_char.as_deref())
            }
            E::ILike {
                negated,
                any,
                expr,
                pattern,
                escape_char,
            } => {
                let op = (ast::BinaryOperator::PGILikeMatch, "~~*");
                self.any_like(op, *any, *negated, expr, pattern, escape_char.as_deref())
            }
            E::Exists { subquery, negated } => self.exists(subquery, *negated),
            _ => Err(refused(expr)),
        }
    }

    fn literal(&mut self, value: &ast::ValueWithSpan) -> Result<Typed, SqlError> {
        use ast::Value as V;
        let position = self.source.position(value.span.start);
        let unknown = |text: &str| {
            let text = Value::Text(text.to_owned());
            Typed {
                at: position,
                ..Typed::perhaps(Expr::Constant(text), None)
            }
        };
        match &value.value {
            V::Number(digits, long) => {
                refuse_if(*long, "a number with a suffix")?;
                number(digits).map_err(|error| error.at(position))
            }
            V::SingleQuotedString(text) | V::EscapedStringLiteral(text) => {
                checked(text).map(unknown)
            }
            V::DollarQuotedString(ast::DollarQuotedString { value, tag: _ }) => {
                checked(value).map(unknown)
            }
            V::Boolean(value) => Ok(Typed::new(Expr::Constant(Value::Bool(*value)), Type::Bool)),
            V::Null => Ok(Typed::perhaps(Expr::Constant(Value::Null), None)),
            V::Placeholder(text) => self.parameter(text, position),
            other => Err(SqlError::unsupported(format_args!("the literal {other}")).at(position)),
        }
    }

    /// `date '2026-01-01'`
    fn typed_string(&mut self, typed: &ast::TypedString) -> Result<Typed, SqlError> {
        let ast::TypedString {
            data_type: ty,
            value,
            uses_odbc_syntax,
        } = typed;
        refuse_if(*uses_odbc_syntax, "{ts ...}")?;
        let target = self.type_named(ty)?;
        let literal = self.literal(value)?;
        self.cast(literal, target)
    }

    /// The type of this name.
    fn type_named(&self, ty: &ast::DataType) -> Result<Type, SqlError> {
        data_type(ty).map_err(|error| error.at(of_type(ty, self.source)))
    }

    fn cast_expr(
        &mut self,
        kind: &ast::CastKind,
        expr: &ast::Expr,
        ty: &ast::DataType,
    ) -> Result<Typed, SqlError> {
        match kind {
            ast::CastKind::Cast | ast::CastKind::DoubleColon => {}
            ast::CastKind::TryCast | ast::CastKind::SafeCast => {
                return Err(SqlError::unsupported("a cast that gives null on failure"));
            }
        }
        let target = self.type_named(ty)?;
        if let (ast::Expr::Array(array), Some(element)) = (bare(expr), target.element()) {
            return self.array(array, Some(element));
        }
        let typed = self.expr(expr)?;
        self.cast(typed, target)
    }

    /// `interval '1 day'`, also with the unit outside.
    fn interval(&mut self, interval: &ast::Interval) -> Result<Typed, SqlError> {
        let ast::Interval {
            value,
            leading_field,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(SqlError::unsupported("an interval with a precision"));
        };
        let ast::Expr::Value(ast::ValueWithSpan {
            value: ast::Value::SingleQuotedString(text),
            span: _,
        }) = value.as_ref()
        else {
            return Err(SqlError::unsupported("an interval that is not a literal"));
        };
        let text = match leading_field {
            None => text.clone(),
            Some(unit) if text.trim().parse::<i32>().is_ok() => format!("{text} {unit}"),
            Some(_) => return Err(SqlError::unsupported("an interval with a field")),
        };
        let value = Value::from_text(Type::Interval, &text)?;
        Ok(Typed::new(Expr::Constant(value), Type::Interval))
    }

    /// `collate`: everything is compared as the database's collation says.
    fn collate(
        &mut self,
        expr: &ast::Expr,
        collation: &ast::ObjectName,
    ) -> Result<Typed, SqlError> {
        let (schema, name) = crate::parse::schema_and_name(collation)?;
        self.check_function_schema(schema)?;
        match self.label(name)?.as_str() {
            "default" => {}
            other => return Err(SqlError::unsupported(format_args!("COLLATE \"{other}\""))),
        }
        let typed = self.expr(expr)?;
        let ty = typed.ty.unwrap_or(Type::Text);
        match ty.is_string() {
            true => Ok(Typed::new(self.convert(typed, ty)?, ty)),
            false => Err(SqlError::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("collations are not supported by type {ty}"),
            )),
        }
    }

    fn unary(&mut self, op: &ast::UnaryOperator, operand: &ast::Expr) -> Result<Typed, SqlError> {
        use ast::UnaryOperator as Op;
        let symbol = match op {
            Op::Not => {
                let condition = self.condition(operand, "NOT")?;
                return Ok(Typed::new(Expr::Not(Box::new(condition)), Type::Bool));
            }
            Op::Minus => {
                if let Some(positive) = signed_number(operand) {
                    return number(&match positive.strip_prefix('-') {
                        Some(positive) => positive.to_owned(),
                        None => format!("-{positive}"),
                    });
                }
                "-"
            }
            Op::Plus => "+",
            other => {
                return Err(SqlError::unsupported(format_args!(
                    "the operator \"{other}\""
                )));
            }
        };
        let operand = self.expr(operand)?;
        self.call(symbol, vec![operand])
    }

    /// `is null`, `is not true` and so on.
    fn is_test(&mut self, expr: &ast::Expr) -> Result<Typed, SqlError> {
        use ast::Expr as E;
        let (operand, op, value, of) = match expr {
            E::IsNull(operand) => (operand, "IS", Value::Null, None),
            E::IsNotNull(operand) => (operand, "IS NOT", Value::Null, None),
            E::IsTrue(operand) => (operand, "IS", Value::Bool(true), Some("IS TRUE")),
            E::IsNotTrue(operand) => (operand, "IS NOT", Value::Bool(true), Some("IS NOT TRUE")),
            E::IsFalse(operand) => (operand, "IS", Value::Bool(false), Some("IS FALSE")),
            E::IsNotFalse(operand) => (operand, "IS NOT", Value::Bool(false), Some("IS NOT FALSE")),
            E::IsUnknown(operand) => (operand, "IS", Value::Null, Some("IS UNKNOWN")),
            E::IsNotUnknown(operand) => (operand, "IS NOT", Value::Null, Some("IS NOT UNKNOWN")),
            other => return Err(refused(other)),
        };
        let left = match of {
            Some(of) => self.condition(operand, of)?,
            None => {
                let typed = self.expr(operand)?;
                let text = typed.ty.unwrap_or(Type::Text);
                self.convert(typed, text)?
            }
        };
        Ok(Typed::new(
            Expr::Infix {
                op,
                left: Box::new(left),
                right: Box::new(Expr::Constant(value)),
            },
            Type::Bool,
        ))
    }

    /// `like`, also `like any (...)`.
    fn any_like(
        &mut self,
        (op, symbol): (ast::BinaryOperator, &str),
        any: bool,
        negated: bool,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
    ) -> Result<Typed, SqlError> {
        if !any {
            return self.like(symbol, negated, expr, pattern, escape);
        }
        refuse_if(negated, "NOT LIKE ANY")?;
        refuse_if(escape.is_some(), "LIKE ANY with ESCAPE")?;
        // PostgreSQL casts the answer, where the parser casts the array.
        let is_cast = matches!(pattern, ast::Expr::Cast { .. });
        refuse_if(is_cast, "a cast behind LIKE ANY (...)")?;
        self.quantified(expr, &op, pattern, false)
    }

    fn like(
        &mut self,
        symbol: &str,
        negated: bool,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
    ) -> Result<Typed, SqlError> {
        let value = self.expr(expr)?;
        let mut pattern = self.expr(pattern)?;
        if let Some(escape) = escape {
            let escape = self.expr(escape)?;
            pattern = self.call("like_escape", vec![pattern, escape])?;
        }
        let like = self.call(symbol, vec![value, pattern])?;
        Ok(match negated {
            true => Typed::new(Expr::Not(Box::new(like.expr)), Type::Bool),
            false => like,
        })
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        conditions: &[ast::CaseWhen],
        otherwise: Option<&ast::Expr>,
    ) -> Result<Typed, SqlError> {
        let operand = operand.map(|operand| self.expr(operand)).transpose()?;
        let mut whens = Vec::new();
        let mut results = Vec::new();
        for ast::CaseWhen { condition, result } in conditions {
            whens.push(match &operand {
                Some(operand) => {
                    let value = self.expr(condition)?;
                    let operand = self.copy(operand)?;
                    self.compare("=", operand, value)?.expr
                }
                None => self.condition(condition, "CASE/WHEN")?,
            });
            results.push(self.expr(result)?);
        }
        let has_else = otherwise.is_some();
        if let Some(otherwise) = otherwise {
            // PostgreSQL looks at the else branch first when it picks the type.
            results.insert(0, self.expr(otherwise)?);
        }
        let (mut results, ty) = self.unify(results, "CASE")?;
        let otherwise = has_else.then(|| Box::new(results.remove(0)));
        let whens = whens.into_iter().zip(results).collect();
        Ok(Typed::new(Expr::Case { whens, otherwise }, ty))
    }

    /// A function or operator of the signature table.
    pub(super) fn call(&mut self, name: &str, args: Vec<Typed>) -> Result<Typed, SqlError> {
        let types: Vec<Option<Type>> = args.iter().map(|arg| arg.ty).collect();
        let resolved = resolve(name, &types)?;
        if resolved.volatile && self.mode != Mode::Query {
            return Err(nondeterministic(name));
        }
        let args = self.convert_args(args, &resolved)?;
        Ok(Typed::new(native(resolved.sqlite, args), resolved.returns))
    }

    pub(super) fn convert_args(
        &mut self,
        args: Vec<Typed>,
        resolved: &Resolved,
    ) -> Result<Vec<Expr>, SqlError> {
        if args.len() != resolved.args.len() || args.len() != resolved.wraps.len() {
            return Err(SqlError::new(
                sqlstate::INTERNAL_ERROR,
                "a signature has another number of arguments than its call",
            ));
        }
        let targets = resolved.args.iter().zip(&resolved.wraps);
        args.into_iter()
            .zip(targets)
            .map(|(arg, (ty, wrap))| {
                let arg = self.convert(arg, *ty)?;
                Ok(match *wrap {
                    Some(function) => native(function, vec![arg]),
                    None => arg,
                })
            })
            .collect()
    }
}

/// A call of a SQLite function, or of an operator when the name is none.
fn native(sqlite: &'static str, mut args: Vec<Expr>) -> Expr {
    let is_function = sqlite.starts_with(|c: char| c.is_ascii_alphabetic());
    match (is_function, args.len()) {
        (false, 2) => {
            let right = Box::new(args.remove(1));
            let left = Box::new(args.remove(0));
            Expr::Infix {
                op: sqlite,
                left,
                right,
            }
        }
        // The sign plus.
        (false, 1) => args.remove(0),
        _ => Expr::Call {
            function: sqlite,
            args,
        },
    }
}

/// Whether it is a function that is written without parentheses.
fn is_word(ident: &ast::Ident) -> bool {
    let name = ident.value.to_ascii_lowercase();
    ident.quote_style.is_none() && super::call::WORDS.contains(&name.as_str())
}

/// What depends on more than the event and the tables is refused in projections.
pub(super) fn nondeterministic(name: &str) -> SqlError {
    SqlError::unsupported(format_args!("{name}() in a projection"))
        .with_detail("Folding the same events again must give the same tables.")
        .with_hint("Use a part of the envelope, such as @recorded_at or @id.")
}

fn checked(text: &str) -> Result<&str, SqlError> {
    match text.contains('\0') {
        true => Err(SqlError::new(
            "22021",
            "invalid byte sequence for encoding \"UTF8\": 0x00",
        )),
        false => Ok(text),
    }
}

/// The text of a number with its signs: they belong to the literal, so that the least integer exists.
pub(super) fn signed_number(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Value(ast::ValueWithSpan {
            value: ast::Value::Number(digits, false),
            span: _,
        }) => Some(digits.clone()),
        ast::Expr::Nested(inner) => signed_number(inner),
        ast::Expr::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr,
        } => {
            let number = signed_number(expr)?;
            Some(match number.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None => format!("-{number}"),
            })
        }
        _ => None,
    }
}

/// An expression without the parentheses around it.
pub(super) fn bare(expr: &ast::Expr) -> &ast::Expr {
    match expr {
        ast::Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// Integers are as narrow as they fit, everything else is numeric.
fn number(digits: &str) -> Result<Typed, SqlError> {
    if digits.contains('_') {
        return Err(SqlError::unsupported(format_args!(
            "the number {digits} with underscores"
        )));
    }
    if let Ok(value) = digits.parse::<i32>() {
        return Ok(Typed::new(Expr::Constant(Value::Int(value)), Type::Int));
    }
    if let Ok(value) = digits.parse::<i64>() {
        return Ok(Typed::new(
            Expr::Constant(Value::BigInt(value)),
            Type::BigInt,
        ));
    }
    let value = Value::from_text(Type::Numeric, digits)?;
    Ok(Typed::new(Expr::Constant(value), Type::Numeric))
}

/// Whether it reads a query or the elements of an array.
fn has_rows(expr: &ast::Expr) -> bool {
    use ast::Expr as E;
    match expr {
        E::Subquery(_) | E::Exists { .. } | E::InSubquery { .. } => true,
        E::AnyOp { .. } | E::AllOp { .. } => true,
        E::Like { any, .. } | E::ILike { any, .. } => *any,
        E::Function(function) => matches!(function.args, ast::FunctionArguments::Subquery(_)),
        _ => false,
    }
}

/// Names what is not understood. Every kind stands here, so that a new one breaks the build.
fn refused(expr: &ast::Expr) -> SqlError {
    use ast::Expr as E;
    let what = match expr {
        E::JsonAccess { .. } => "a path with colons",
        E::IsJson { .. } => "IS JSON",
        E::IsNormalized { .. } => "IS NORMALIZED",
        E::InUnnest { .. } => "IN UNNEST",
        E::SimilarTo { .. } => "SIMILAR TO",
        E::RLike { .. } => "RLIKE",
        E::Convert { .. } => "CONVERT",
        E::AtTimeZone { .. } => "AT TIME ZONE",
        E::Prefixed { .. } => "a literal with a prefix",
        E::GroupingSets(_) => "GROUPING SETS",
        E::Cube(_) => "CUBE",
        E::Rollup(_) => "ROLLUP",
        E::Tuple(_) => "a row of several values",
        E::Struct { .. } | E::Named { .. } => "STRUCT",
        E::Dictionary(_) | E::Map(_) => "a map",
        E::MatchAgainst { .. } => "MATCH AGAINST",
        E::Wildcard(_) | E::QualifiedWildcard(..) => "\"*\" here",
        E::OuterJoin(_) => "the outer join (+)",
        E::Prior(_) => "PRIOR",
        E::Lambda(_) => "a lambda",
        E::MemberOf(_) => "MEMBER OF",
        E::Identifier(_)
        | E::CompoundIdentifier(_)
        | E::IsFalse(_)
        | E::IsNotFalse(_)
        | E::IsTrue(_)
        | E::IsNotTrue(_)
        | E::IsNull(_)
        | E::IsNotNull(_)
        | E::IsUnknown(_)
        | E::IsNotUnknown(_)
        | E::IsDistinctFrom(..)
        | E::IsNotDistinctFrom(..)
        | E::InList { .. }
        | E::InSubquery { .. }
        | E::Between { .. }
        | E::BinaryOp { .. }
        | E::Like { .. }
        | E::ILike { .. }
        | E::AnyOp { .. }
        | E::AllOp { .. }
        | E::Array(_)
        | E::Interval(_)
        | E::Collate { .. }
        | E::CompoundFieldAccess { .. }
        | E::UnaryOp { .. }
        | E::Cast { .. }
        | E::Extract { .. }
        | E::Ceil { .. }
        | E::Floor { .. }
        | E::Position { .. }
        | E::Substring { .. }
        | E::Trim { .. }
        | E::Overlay { .. }
        | E::Nested(_)
        | E::Value(_)
        | E::TypedString(_)
        | E::Function(_)
        | E::Case { .. }
        | E::Exists { .. }
        | E::Subquery(_) => "this expression",
    };
    SqlError::unsupported(what)
}
