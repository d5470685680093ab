//! A query: `with`, a body, `order by`, `limit`; and the types of its output.

use sqlparser::ast;

use super::coerce::common_type;
use super::expr::{bare, signed_number};
use super::operator::collation;
use super::scope::relation_columns;
use super::window::sort_options;
use super::{Binder, Clause, Typed, refuse_if};
use crate::functions::signatures::CastContext;
use crate::plan::{Body, Expr, PlanColumn, QueryPlan, QuerySort, SortTarget};
use crate::{SqlError, Type, Value, sqlstate};

/// `limit` and `offset`, as written.
struct Bounds<'a> {
    limit: Option<&'a ast::Expr>,
    offset: Option<&'a ast::Expr>,
}

impl Binder<'_> {
    /// A query inside another statement; it sees the scopes around it.
    pub(super) fn subquery(&mut self, query: &ast::Query) -> Result<QueryPlan, SqlError> {
        self.nested(|binder| binder.within(Clause::Select, |binder| binder.query(query)))
    }

    /// A query. Output columns that nothing has typed are left so: see [`Binder::settle`].
    pub(crate) fn query(&mut self, query: &ast::Query) -> Result<QueryPlan, SqlError> {
        let ast::Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        refuse_if(!locks.is_empty(), "FOR UPDATE")?;
        refuse_if(for_clause.is_some(), "FOR XML or FOR JSON")?;
        refuse_if(settings.is_some(), "SETTINGS")?;
        refuse_if(format_clause.is_some(), "FORMAT")?;
        refuse_if(!pipe_operators.is_empty(), "|>")?;
        let outer_ctes = self.ctes.len();
        let ctes = match with {
            Some(with) => self.with(with)?,
            None => Vec::new(),
        };
        let keys = order_keys(order_by.as_ref())?;
        let mut plan = self.body(body, keys)?;
        let bounds = bounds(limit_clause.as_ref(), fetch.as_ref())?;
        if let Some(limit) = bounds.limit {
            plan.limit = self.bound_of_rows(limit, "LIMIT", "hw_limit")?;
        }
        if let Some(offset) = bounds.offset {
            plan.offset = self.bound_of_rows(offset, "OFFSET", "hw_offset")?;
        }
        self.ctes.truncate(outer_ctes);
        plan.ctes.splice(0..0, ctes);
        Ok(plan)
    }

    fn body(
        &mut self,
        body: &ast::SetExpr,
        keys: &[ast::OrderByExpr],
    ) -> Result<QueryPlan, SqlError> {
        use ast::SetExpr as S;
        let mut plan = match body {
            S::Select(select) => return self.select(select, keys),
            S::Query(query) => {
                let inner = self.subquery(query)?;
                match keys.is_empty() {
                    true => return Ok(inner),
                    false => self.identity(inner)?,
                }
            }
            S::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => self.nested(|binder| binder.set_operation(*op, *set_quantifier, left, right))?,
            S::Values(values) => self.values(values)?,
            S::Insert(_) | S::Update(_) | S::Delete(_) | S::Merge(_) => {
                return Err(SqlError::unsupported(
                    "a statement that writes inside a query",
                ));
            }
            S::Table(_) => {
                return Err(SqlError::unsupported("\"TABLE\"").with_hint("Write SELECT * FROM."));
            }
        };
        plan.order_by = self.output_order(&plan.columns, keys)?;
        Ok(plan)
    }

    /// An operand of a set operation.
    pub(super) fn operand(&mut self, body: &ast::SetExpr) -> Result<QueryPlan, SqlError> {
        self.body(body, &[])
    }

    /// A query around another one, so that it can have an order and a limit of its own.
    fn identity(&mut self, mut inner: QueryPlan) -> Result<QueryPlan, SqlError> {
        self.settle(&mut inner)?;
        let types: Vec<Type> = types(&inner);
        self.converted(inner, &types)
    }

    fn values(&mut self, values: &ast::Values) -> Result<QueryPlan, SqlError> {
        let ast::Values {
            explicit_row,
            value_keyword,
            rows,
        } = values;
        refuse_if(*explicit_row, "VALUES ROW(...)")?;
        refuse_if(*value_keyword, "VALUE")?;
        let width = rows.first().map_or(0, |row| row.content.len());
        let mut columns: Vec<Vec<Typed>> = vec![Vec::new(); width];
        for row in rows {
            if row.content.len() != width {
                return Err(SqlError::syntax("VALUES lists must all be the same length"));
            }
            for (column, expr) in columns.iter_mut().zip(&row.content) {
                column.push(self.within(Clause::Values, |binder| binder.expr(expr))?);
            }
        }
        let mut plan_rows = vec![Vec::new(); rows.len()];
        let mut plan_columns = Vec::new();
        for (index, column) in columns.into_iter().enumerate() {
            let ty = common_type(column.iter().map(|typed| typed.ty), "VALUES")?;
            for (row, typed) in plan_rows.iter_mut().zip(column) {
                row.push(match ty {
                    Some(ty) => self.convert(typed, ty)?,
                    None => typed.expr,
                });
            }
            plan_columns.push(PlanColumn {
                name: format!("column{}", index + 1),
                ty,
            });
        }
        Ok(plain(Body::Values(plan_rows), plan_columns))
    }

    /// The order of a query whose body is no `select`: only its output can be named.
    fn output_order(
        &self,
        columns: &[PlanColumn],
        keys: &[ast::OrderByExpr],
    ) -> Result<Vec<QuerySort>, SqlError> {
        keys.iter()
            .map(|key| {
                let (expr, descending, nulls_first) = sort_options(key)?;
                let index = match self.output_named(expr, columns)? {
                    Some(index) => index,
                    None => {
                        return Err(SqlError::unsupported(
                            "an ORDER BY expression after UNION, INTERSECT, EXCEPT or VALUES",
                        )
                        .with_hint("Only result column names and numbers can be used there."));
                    }
                };
                Ok(QuerySort {
                    target: SortTarget::Output(index),
                    collation: columns[index].ty.and_then(collation),
                    descending,
                    nulls_first,
                })
            })
            .collect()
    }

    /// The output column that a name or number in `order by` means; `None` for an expression.
    pub(super) fn output_named(
        &self,
        expr: &ast::Expr,
        columns: &[PlanColumn],
    ) -> Result<Option<usize>, SqlError> {
        match bare(expr) {
            ast::Expr::Identifier(ident) => {
                let name = self.name(ident)?;
                let mut matches = (0..columns.len()).filter(|index| columns[*index].name == name);
                match (matches.next(), matches.next()) {
                    (Some(_), Some(_)) => Err(SqlError::new(
                        sqlstate::AMBIGUOUS_COLUMN,
                        format!("ORDER BY \"{name}\" is ambiguous"),
                    )
                    .at(self.source.ident(ident))),
                    (first, _) => Ok(first),
                }
            }
            expr => self.output_numbered(expr, columns.len(), "ORDER BY"),
        }
    }

    /// The output column that a number means; `None` for what is no literal.
    pub(super) fn output_numbered(
        &self,
        expr: &ast::Expr,
        count: usize,
        clause: &str,
    ) -> Result<Option<usize>, SqlError> {
        let not_a_number = || {
            SqlError::syntax(format!("non-integer constant in {clause}"))
                .at(self.blamed(bare(expr)))
        };
        let Some(digits) = signed_number(expr) else {
            let ast::Expr::Value(value) = bare(expr) else {
                return Ok(None);
            };
            return Err(match value.value {
                ast::Value::Placeholder(_) => {
                    SqlError::unsupported(format_args!("a parameter alone in {clause}"))
                        .at(self.blamed(bare(expr)))
                }
                _ => not_a_number(),
            });
        };
        // Beyond an integer it is a numeric, as in PostgreSQL without its sign.
        let magnitude = digits.trim_start_matches('-');
        magnitude.parse::<i32>().map_err(|_| not_a_number())?;
        let number: i64 = digits.parse().map_err(|_| not_a_number())?;
        let index = number
            .checked_sub(1)
            .and_then(|index| usize::try_from(index).ok());
        match index.filter(|index| *index < count) {
            Some(index) => Ok(Some(index)),
            None => Err(SqlError::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                format!("{clause} position {number} is not in select list"),
            )
            .at(self.blamed(bare(expr)))),
        }
    }

    /// `limit` or `offset`; null is none.
    fn bound_of_rows(
        &mut self,
        expr: &ast::Expr,
        clause: &str,
        function: &'static str,
    ) -> Result<Option<Expr>, SqlError> {
        let typed = self.within(Clause::Limit, |binder| binder.expr(expr))?;
        let mut has_columns = false;
        typed.expr.walk_all(&mut |expr| {
            has_columns |= matches!(expr, Expr::Column(_));
            true
        });
        if has_columns {
            return Err(SqlError::unsupported(format_args!("a column in {clause}"))
                .with_hint("Use a number or a parameter."));
        }
        let converted = self
            .try_convert(typed, Type::BigInt, CastContext::Assignment)?
            .map_err(|typed| {
                SqlError::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "argument of {clause} must be type bigint, not type {}",
                        super::coerce::type_name(typed.ty)
                    ),
                )
            })?;
        Ok(match converted {
            Expr::Constant(Value::Null) => None,
            Expr::Constant(Value::BigInt(rows)) if rows >= 0 => {
                Some(Expr::Constant(Value::BigInt(rows)))
            }
            other => Some(Expr::Call {
                function,
                args: vec![other],
            }),
        })
    }

    /// Makes output columns that nothing has typed text, as PostgreSQL does where a query ends.
    pub(crate) fn settle(&mut self, plan: &mut QueryPlan) -> Result<(), SqlError> {
        for index in 0..plan.columns.len() {
            if plan.columns[index].ty.is_none() {
                self.type_output(plan, index, Type::Text)?;
            }
        }
        Ok(())
    }

    /// The query as a client sees it: what names a relation, type or schema is shown as its name.
    pub(crate) fn shown(&mut self, plan: QueryPlan) -> Result<QueryPlan, SqlError> {
        let is_reg = |column: &PlanColumn| column.ty.is_some_and(Type::is_reg);
        if !plan.columns.iter().any(is_reg) {
            return Ok(plan);
        }
        let columns = plan.columns.clone();
        let (relation, outputs) = self.outputs(&plan);
        let mut items = Vec::new();
        for typed in outputs {
            items.push(match typed.ty {
                Some(ty) if ty.is_reg() => self.cast(typed, Type::Text)?.expr,
                _ => typed.expr,
            });
        }
        let input = Box::new(plan);
        let body = Body::Converted {
            relation,
            input,
            items,
        };
        Ok(plain(body, columns))
    }

    /// Types the literals and parameters of an untyped output column.
    fn type_output(
        &mut self,
        plan: &mut QueryPlan,
        index: usize,
        ty: Type,
    ) -> Result<(), SqlError> {
        let mut untyped: Vec<&mut Expr> = match &mut plan.body {
            Body::Select(select) => vec![&mut select.items[index]],
            Body::Values(rows) => rows.iter_mut().map(|row| &mut row[index]).collect(),
            // Their columns were typed when they were made.
            Body::SetOperation { .. } | Body::Converted { .. } => Vec::new(),
        };
        for expr in &mut untyped {
            let taken = std::mem::replace(*expr, Expr::Constant(Value::Null));
            **expr = self.convert(Typed::perhaps(taken, None), ty)?;
        }
        plan.columns[index].ty = Some(ty);
        Ok(())
    }

    /// Converts the output of a query to the given types, implicitly.
    pub(super) fn convert_output(
        &mut self,
        mut plan: QueryPlan,
        targets: &[Type],
    ) -> Result<QueryPlan, SqlError> {
        for (index, target) in targets.iter().enumerate() {
            if plan.columns[index].ty.is_none() {
                self.type_output(&mut plan, index, *target)?;
            }
        }
        match types(&plan).as_slice() == targets {
            true => Ok(plan),
            false => self.converted(plan, targets),
        }
    }

    /// A query whose output is that of `input`, converted.
    fn converted(&mut self, input: QueryPlan, targets: &[Type]) -> Result<QueryPlan, SqlError> {
        let mut items = Vec::new();
        let (relation, outputs) = self.outputs(&input);
        for (typed, target) in outputs.into_iter().zip(targets) {
            items.push(self.convert(typed, *target)?);
        }
        let columns = retyped(&input.columns, targets);
        let input = Box::new(input);
        Ok(plain(
            Body::Converted {
                relation,
                input,
                items,
            },
            columns,
        ))
    }

    /// As [`Binder::convert_output`], as it is stored into columns.
    pub(super) fn assign_output(
        &mut self,
        mut input: QueryPlan,
        targets: &[(String, Type)],
    ) -> Result<QueryPlan, SqlError> {
        for (index, (_, target)) in targets.iter().enumerate() {
            if input.columns[index].ty.is_none() {
                self.type_output(&mut input, index, *target)?;
            }
        }
        let (relation, outputs) = self.outputs(&input);
        let mut items = Vec::new();
        for (typed, (column, target)) in outputs.into_iter().zip(targets) {
            items.push(self.assign(typed, column, *target)?);
        }
        let targets: Vec<Type> = targets.iter().map(|(_, ty)| *ty).collect();
        let columns = retyped(&input.columns, &targets);
        let input = Box::new(input);
        Ok(plain(
            Body::Converted {
                relation,
                input,
                items,
            },
            columns,
        ))
    }

    /// The output of a query as columns of a new relation.
    fn outputs(&mut self, input: &QueryPlan) -> (crate::plan::RelationId, Vec<Typed>) {
        let relation = self.next_relation();
        let columns = input.columns.iter().enumerate().map(|(index, column)| {
            let ty = column.ty.unwrap_or(Type::Text);
            (format!("c{index}"), column.name.as_str(), ty)
        });
        let outputs = relation_columns(relation, "", columns)
            .into_iter()
            .map(|column| Typed::new(column.expr, column.ty))
            .collect();
        (relation, outputs)
    }
}

/// A query that is only a body.
pub(super) fn plain(body: Body, columns: Vec<PlanColumn>) -> QueryPlan {
    QueryPlan {
        ctes: Vec::new(),
        body,
        order_by: Vec::new(),
        limit: None,
        offset: None,
        columns,
    }
}

fn types(plan: &QueryPlan) -> Vec<Type> {
    let types = plan
        .columns
        .iter()
        .map(|column| column.ty.unwrap_or(Type::Text));
    types.collect()
}

fn retyped(columns: &[PlanColumn], types: &[Type]) -> Vec<PlanColumn> {
    columns
        .iter()
        .zip(types)
        .map(|(column, ty)| PlanColumn {
            name: column.name.clone(),
            ty: Some(*ty),
        })
        .collect()
}

fn order_keys(order_by: Option<&ast::OrderBy>) -> Result<&[ast::OrderByExpr], SqlError> {
    let Some(ast::OrderBy { kind, interpolate }) = order_by else {
        return Ok(&[]);
    };
    refuse_if(interpolate.is_some(), "INTERPOLATE")?;
    match kind {
        ast::OrderByKind::Expressions(keys) => Ok(keys),
        ast::OrderByKind::All(_) => Err(SqlError::unsupported("\"ORDER BY ALL\"")),
    }
}

fn bounds<'a>(
    clause: Option<&'a ast::LimitClause>,
    fetch: Option<&'a ast::Fetch>,
) -> Result<Bounds<'a>, SqlError> {
    let mut bounds = match clause {
        None => Bounds {
            limit: None,
            offset: None,
        },
        Some(ast::LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        }) => {
            refuse_if(!limit_by.is_empty(), "LIMIT BY")?;
            let offset = offset.as_ref().map(|ast::Offset { value, rows: _ }| value);
            Bounds {
                limit: limit.as_ref(),
                offset,
            }
        }
        Some(ast::LimitClause::OffsetCommaLimit { .. }) => {
            return Err(SqlError::syntax("LIMIT #,# syntax is not supported")
                .with_hint("Use separate LIMIT and OFFSET clauses."));
        }
    };
    if let Some(ast::Fetch {
        with_ties,
        percent,
        quantity,
    }) = fetch
    {
        refuse_if(*with_ties, "FETCH ... WITH TIES")?;
        refuse_if(*percent, "FETCH ... PERCENT")?;
        refuse_if(quantity.is_none(), "FETCH without a number")?;
        if bounds.limit.is_some() {
            return Err(SqlError::syntax("multiple LIMIT clauses not allowed"));
        }
        bounds.limit = quantity.as_ref();
    }
    Ok(bounds)
}
