//! Keys of an order that are never null.
//!
//! Where nulls go does not matter for them, and SQLite takes an order from an index or a virtual
//! table (`event` by position, from its end) only when nothing is said about nulls.

use crate::plan::{Body, ColumnRef, Expr, From, JoinKind, QueryPlan, SortTarget};

/// Whether the key is a column that cannot be null: `not null` in its table, which no outer join
/// fills up.
pub(super) fn never_null(plan: &QueryPlan, target: &SortTarget) -> bool {
    let Body::Select(select) = &plan.body else {
        return false;
    };
    let expr = match target {
        SortTarget::Output(index) => select.items.get(*index),
        SortTarget::Expr(expr) => Some(expr),
    };
    match (expr, &select.from) {
        (Some(Expr::Column(column)), Some(from)) => is_not_null(from, column),
        _ => false,
    }
}

fn is_not_null(from: &From, column: &ColumnRef) -> bool {
    match from {
        From::Table {
            relation, table, ..
        } => {
            let not_null = |index: usize| table.columns[index].not_null;
            *relation == column.relation && table.column(&column.column).is_some_and(not_null)
        }
        From::Join {
            kind: JoinKind::Inner,
            left,
            right,
            ..
        } => is_not_null(left, column) || is_not_null(right, column),
        _ => false,
    }
}
