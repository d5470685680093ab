//! `with`: common table expressions, also recursive ones.

use sqlparser::ast;

use super::set_operation::operation;
use super::{Binder, refuse_if};
use crate::plan::{Body, CtePlan, Expr, From, JoinKind, PlanColumn, QueryPlan, SetOp};
use crate::{SqlError, Type, sqlstate};

/// A common table expression that can be named.
#[derive(Debug, Clone)]
pub(super) struct CteEntry {
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) columns: Vec<(String, Type)>,
    /// Why it cannot be named yet: a recursive one inside its own first part.
    forbidden: bool,
}

impl Binder<'_> {
    /// The expression with this name, of the innermost `with` that has one.
    pub(super) fn cte(&self, name: &str) -> Result<Option<CteEntry>, SqlError> {
        match self.ctes.iter().rev().find(|entry| entry.name == name) {
            Some(entry) if entry.forbidden => Err(not_recursive_form(name)),
            found => Ok(found.cloned()),
        }
    }

    pub(super) fn with(&mut self, with: &ast::With) -> Result<Vec<CtePlan>, SqlError> {
        let ast::With {
            with_token: _,
            recursive,
            cte_tables,
        } = with;
        let mut names: Vec<String> = Vec::new();
        let mut plans = Vec::new();
        for cte in cte_tables {
            let (plan, entry) = self.common_table(cte, *recursive)?;
            if names.contains(&entry.name) {
                return Err(SqlError::new(
                    sqlstate::DUPLICATE_ALIAS,
                    format!(
                        "WITH query name \"{}\" specified more than once",
                        entry.name
                    ),
                ));
            }
            names.push(entry.name.clone());
            self.ctes.push(entry);
            plans.push(plan);
        }
        Ok(plans)
    }

    fn common_table(
        &mut self,
        cte: &ast::Cte,
        recursive: bool,
    ) -> Result<(CtePlan, CteEntry), SqlError> {
        // `materialized` changes how PostgreSQL runs it, not what it answers.
        let ast::Cte {
            alias,
            query,
            from,
            materialized: _,
            closing_paren_token: _,
        } = cte;
        refuse_if(from.is_some(), "FROM in WITH")?;
        let ast::TableAlias {
            explicit: _,
            name,
            columns: aliases,
            at,
        } = alias;
        refuse_if(at.is_some(), "AT in an alias")?;
        let name = self.name(name)?;
        let mut labels = Vec::new();
        for ast::TableAliasColumnDef { name, data_type } in aliases {
            refuse_if(data_type.is_some(), "a column alias with a type")?;
            labels.push(self.name(name)?);
        }
        let number = self.cte_numbers;
        self.cte_numbers += 1;
        let entry = CteEntry {
            name,
            number,
            columns: Vec::new(),
            forbidden: true,
        };
        let (mut plan, is_recursive) = match recursive {
            true => self.recursive_query(&entry, &labels, query)?,
            false => (self.subquery(query)?, false),
        };
        self.settle(&mut plan)?;
        let columns = labelled(&entry.name, &labels, &plan.columns)?;
        let entry = CteEntry {
            columns,
            forbidden: false,
            ..entry
        };
        let plan = CtePlan {
            number,
            recursive: is_recursive,
            query: plan,
        };
        Ok((plan, entry))
    }

    /// A query under `with recursive`, and whether it names itself.
    fn recursive_query(
        &mut self,
        entry: &CteEntry,
        labels: &[String],
        query: &ast::Query,
    ) -> Result<(QueryPlan, bool), SqlError> {
        let outer = self.ctes.len();
        self.ctes.push(entry.clone());
        let result = match union_of(query) {
            Some((all, left, right)) => self.recursive_union(entry, labels, all, left, right),
            None => self.subquery(query).map(|plan| (plan, false)),
        };
        self.ctes.truncate(outer);
        result
    }

    fn recursive_union(
        &mut self,
        entry: &CteEntry,
        labels: &[String],
        all: bool,
        left: &ast::SetExpr,
        right: &ast::SetExpr,
    ) -> Result<(QueryPlan, bool), SqlError> {
        let mut left = self.nested(|binder| binder.operand(left))?;
        self.settle(&mut left)?;
        let columns = labelled(&entry.name, labels, &left.columns)?;
        let own = CteEntry {
            columns,
            forbidden: false,
            ..entry.clone()
        };
        if let Some(last) = self.ctes.last_mut() {
            *last = own;
        }
        let right = self.nested(|binder| binder.operand(right))?;
        let mut mentions = 0;
        mentions_in(&right, entry.number, &mut mentions);
        if mentions == 0 {
            return Ok((self.combine(SetOp::Union, all, left, right)?, false));
        }
        let right = self.recursive_term(entry, &left.columns, right, mentions)?;
        let columns = left.columns.clone();
        let body = Body::SetOperation {
            op: SetOp::Union,
            all,
            left: Box::new(left),
            right: Box::new(right),
        };
        Ok((super::query::plain(body, columns), true))
    }

    /// The second part: one plain `select` that names the expression once, with the same types.
    fn recursive_term(
        &mut self,
        entry: &CteEntry,
        columns: &[PlanColumn],
        mut right: QueryPlan,
        mentions: usize,
    ) -> Result<QueryPlan, SqlError> {
        if right.columns.len() != columns.len() {
            return Err(SqlError::syntax(
                "each UNION query must have the same number of columns",
            ));
        }
        let types = right
            .columns
            .iter()
            .map(|column| column.ty)
            .collect::<Vec<_>>();
        let plain = right.ctes.is_empty()
            && right.order_by.is_empty()
            && right.limit.is_none()
            && right.offset.is_none();
        let Body::Select(select) = &mut right.body else {
            return Err(refused_recursion(&entry.name));
        };
        let once = mentions == 1
            && select
                .from
                .as_ref()
                .is_some_and(|from| joins_directly(from, entry.number));
        let mut windows = false;
        select.items.iter().for_each(|item| {
            item.walk(&mut |expr| {
                windows |= matches!(expr, Expr::Window(_));
                true
            });
        });
        if !plain || !once || windows || select.grouped || select.distinct {
            return Err(refused_recursion(&entry.name));
        }
        for (index, (column, ty)) in columns.iter().zip(types).enumerate() {
            let target = column.ty.unwrap_or(Type::Text);
            let item = select.items[index].clone();
            let typed = super::Typed::perhaps(item, ty);
            select.items[index] = self.convert(typed, target).map_err(|_| {
                SqlError::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "recursive query \"{}\" column {} has type {target} in non-recursive \
                         term but type {} overall",
                        entry.name,
                        index + 1,
                        super::coerce::type_name(ty)
                    ),
                )
                .with_hint("Cast the output of the non-recursive term to the correct type.")
            })?;
        }
        right.columns = columns.to_vec();
        Ok(right)
    }
}

/// The two sides of a query that is only a union.
fn union_of(query: &ast::Query) -> Option<(bool, &ast::SetExpr, &ast::SetExpr)> {
    let ast::Query {
        with: None,
        body,
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks,
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators,
    } = query
    else {
        return None;
    };
    if !locks.is_empty() || !pipe_operators.is_empty() {
        return None;
    }
    match body.as_ref() {
        ast::SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } => {
            let (op, all) = operation(*op, *set_quantifier).ok()?;
            (op == SetOp::Union).then_some((all, left, right))
        }
        _ => None,
    }
}

/// Names the columns of a common table expression.
fn labelled(
    name: &str,
    labels: &[String],
    columns: &[PlanColumn],
) -> Result<Vec<(String, Type)>, SqlError> {
    if labels.len() > columns.len() {
        return Err(SqlError::new(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!(
                "WITH query \"{name}\" has {} columns available but {} columns specified",
                columns.len(),
                labels.len()
            ),
        ));
    }
    let label = |(index, column): (usize, &PlanColumn)| {
        let label = labels.get(index).unwrap_or(&column.name).clone();
        (label, column.ty.unwrap_or(Type::Text))
    };
    Ok(columns.iter().enumerate().map(label).collect())
}

/// Whether the expression stands in `from` where it can only be joined with, never padded with nulls.
fn joins_directly(from: &From, number: u32) -> bool {
    match from {
        From::Cte { number: found, .. } => *found == number,
        From::Table { .. } | From::Query { .. } | From::System { .. } | From::Rows { .. } => false,
        From::Join {
            kind, left, right, ..
        } => match kind {
            JoinKind::Inner => joins_directly(left, number) || joins_directly(right, number),
            JoinKind::Left => joins_directly(left, number),
            JoinKind::Right => joins_directly(right, number),
            JoinKind::Full => false,
        },
    }
}

/// Counts how often a query names a common table expression, anywhere.
fn mentions_in(plan: &QueryPlan, number: u32, count: &mut usize) {
    plan.ctes
        .iter()
        .for_each(|cte| mentions_in(&cte.query, number, count));
    match &plan.body {
        Body::Select(select) => select
            .from
            .iter()
            .for_each(|from| from_mentions(from, number, count)),
        Body::Values(_) => {}
        Body::SetOperation { left, right, .. } => {
            mentions_in(left, number, count);
            mentions_in(right, number, count);
        }
        Body::Converted { input, .. } => mentions_in(input, number, count),
    }
    plan.exprs(&mut |expr| {
        expr.walk(&mut |expr| {
            if let Some(query) = expr.subquery() {
                mentions_in(query, number, count);
            }
            true
        });
    });
}

fn from_mentions(from: &From, number: u32, count: &mut usize) {
    match from {
        From::Cte { number: found, .. } => *count += usize::from(*found == number),
        From::Table { .. } | From::System { .. } | From::Rows { .. } => {}
        From::Query { query, .. } => mentions_in(query, number, count),
        From::Join { left, right, .. } => {
            from_mentions(left, number, count);
            from_mentions(right, number, count);
        }
    }
}

fn not_recursive_form(name: &str) -> SqlError {
    SqlError::new(
        sqlstate::INVALID_RECURSION,
        format!(
            "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] \
             recursive-term"
        ),
    )
}

fn refused_recursion(name: &str) -> SqlError {
    SqlError::unsupported(format_args!("this recursive use of \"{name}\"")).with_hint(
        "The part after UNION is one SELECT that names it once in FROM, not on the outer side of a \
         join, without aggregates, windows, DISTINCT, ORDER BY or LIMIT.",
    )
}
