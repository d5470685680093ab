//! What a grouped query may name outside its aggregates.

use super::scope::Scope;
use crate::plan::{ColumnRef, Expr, RelationId};
use crate::{SqlError, sqlstate};

/// The groups of one query level.
pub(super) struct Grouping<'a> {
    scope: &'a Scope,
    groups: &'a [&'a Expr],
    /// Tables whose primary key is grouped by: all their columns are determined.
    determined: Vec<RelationId>,
}

impl<'a> Grouping<'a> {
    pub(super) fn new(scope: &'a Scope, groups: &'a [&'a Expr]) -> Grouping<'a> {
        let determined = scope
            .relations
            .iter()
            .filter(|relation| {
                let Some(table) = &relation.table else {
                    return false;
                };
                let key = &table.primary_key;
                let grouped = |index: &usize| groups.contains(&&relation.columns[*index].expr);
                !key.is_empty() && key.iter().all(grouped)
            })
            .map(|relation| relation.id)
            .collect();
        Grouping {
            scope,
            groups,
            determined,
        }
    }

    /// An expression that makes groups holds neither aggregates nor window functions.
    pub(super) fn check_key(expr: &Expr) -> Result<(), SqlError> {
        let mut found = None;
        expr.walk(&mut |expr| {
            match expr {
                Expr::Aggregate(_) => {
                    found = Some((
                        sqlstate::GROUPING_ERROR,
                        "aggregate functions are not allowed in GROUP BY",
                    ));
                }
                Expr::Window(_) => {
                    found = Some((
                        sqlstate::WINDOWING_ERROR,
                        "window functions are not allowed in GROUP BY",
                    ));
                }
                _ => {}
            }
            true
        });
        match found {
            Some((state, message)) => Err(SqlError::new(state, message)),
            None => Ok(()),
        }
    }

    /// 42803 when `expr` names a column that differs within a group.
    pub(super) fn check(&self, expr: &Expr) -> Result<(), SqlError> {
        let mut error = None;
        expr.walk(&mut |expr| {
            if self.groups.contains(&expr) || matches!(expr, Expr::Aggregate(_)) {
                return false;
            }
            match expr {
                Expr::Column(column) if self.is_loose(column) => {
                    error.get_or_insert_with(|| ungrouped(column));
                }
                _ => {}
            }
            if let Some(query) = expr.subquery() {
                query.exprs(&mut |inner| self.check_inner(inner, &mut error));
            }
            true
        });
        error.map_or(Ok(()), Err)
    }

    /// In a subquery only whole columns of the groups may be named.
    fn check_inner(&self, expr: &Expr, error: &mut Option<SqlError>) {
        expr.walk_all(&mut |expr| {
            match expr {
                Expr::Column(column) if self.is_loose(column) => {
                    error.get_or_insert_with(|| {
                        SqlError::new(
                            sqlstate::GROUPING_ERROR,
                            format!(
                                "subquery uses ungrouped column \"{}\" from outer query",
                                column.display
                            ),
                        )
                        .at(column.position)
                    });
                }
                _ => {}
            }
            true
        });
    }

    fn is_loose(&self, column: &ColumnRef) -> bool {
        let is_key = |group: &&Expr| matches!(group, Expr::Column(key) if key == column);
        self.scope.ids.contains(&column.relation)
            && !self.determined.contains(&column.relation)
            && !self.groups.iter().any(is_key)
    }
}

fn ungrouped(column: &ColumnRef) -> SqlError {
    SqlError::new(
        sqlstate::GROUPING_ERROR,
        format!(
            "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
            column.display
        ),
    )
    .at(column.position)
}
