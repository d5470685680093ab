//! Queries. The output columns of every query are named `c0`, `c1` ...

use super::Text;
use super::never_null::never_null;
use crate::Value;
use crate::bind::collation;
use crate::plan::{
    Body, Expr, From, JoinKind, QueryPlan, QuerySort, SelectPlan, SetOp, SortTarget,
};

impl Text {
    pub(super) fn query(&mut self, plan: &QueryPlan) {
        self.with(plan);
        match &plan.body {
            Body::Select(select) if !select.distinct_on.is_empty() => {
                return self.distinct_on(plan, select);
            }
            Body::Select(select) => self.select(select),
            Body::Values(rows) => self.values(rows, plan.columns.len()),
            Body::SetOperation { .. } => {
                self.push("SELECT ");
                self.outputs(plan.columns.len());
                self.push(" FROM ");
                self.parenthesized(|text| text.compound(plan));
            }
            Body::Converted {
                relation,
                input,
                items,
            } => {
                self.push("SELECT ");
                self.items(items);
                self.push(" FROM ");
                self.parenthesized(|text| text.query(input));
                self.push(" AS ");
                self.relation(*relation);
            }
        }
        self.tail(plan);
    }

    fn with(&mut self, plan: &QueryPlan) {
        if plan.ctes.is_empty() {
            return;
        }
        let recursive = plan.ctes.iter().any(|cte| cte.recursive);
        self.push(if recursive {
            "WITH RECURSIVE "
        } else {
            "WITH "
        });
        self.list(&plan.ctes, |text, cte| {
            text.number("w", cte.number);
            text.parenthesized(|text| text.outputs(cte.query.columns.len()));
            text.push(" AS ");
            text.parenthesized(|text| match cte.recursive {
                true => text.compound(&cte.query),
                false => text.query(&cte.query),
            });
        });
        self.push(" ");
    }

    fn tail(&mut self, plan: &QueryPlan) {
        if !plan.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.list(&plan.order_by, |text, key| text.query_sort(plan, key));
        }
        self.bounds(plan);
    }

    fn bounds(&mut self, plan: &QueryPlan) {
        if plan.limit.is_some() || plan.offset.is_some() {
            self.push(" LIMIT ");
            match &plan.limit {
                Some(limit) => self.expr(limit),
                None => self.push("-1"),
            }
            self.clause(" OFFSET ", plan.offset.as_ref(), Text::expr);
        }
    }

    fn query_sort(&mut self, plan: &QueryPlan, key: &QuerySort) {
        match &key.target {
            SortTarget::Output(index) => self.number("", index + 1),
            SortTarget::Expr(expr) => self.key(expr),
        }
        self.clause(" COLLATE ", key.collation, Text::collation);
        match never_null(plan, &key.target) {
            true => self.push(if key.descending { " DESC" } else { " ASC" }),
            false => self.direction(key.descending, key.nulls_first),
        }
    }

    /// An expression to sort or group by. A bare integer would be the number of an output column.
    fn key(&mut self, expr: &Expr) {
        match expr {
            Expr::Constant(_) => self.constant(&Value::Null),
            // SQLite may compute these while it parses, and take the answer for such a number.
            Expr::Infix { .. } | Expr::Not(_) | Expr::InList { .. } => {
                self.push("coalesce(");
                self.expr(expr);
                self.push(", NULL)");
            }
            expr => self.expr(expr),
        }
    }

    fn outputs(&mut self, count: usize) {
        self.list(0..count, |text, index| text.number("c", index));
    }

    fn items(&mut self, items: &[Expr]) {
        self.list(items.iter().enumerate(), |text, (index, item)| {
            text.expr(item);
            text.number(" AS c", index);
        });
    }

    /// `distinct on`: rows are numbered among those that agree, and the first one is kept.
    fn distinct_on(&mut self, plan: &QueryPlan, select: &SelectPlan) {
        self.push("SELECT ");
        self.outputs(plan.columns.len());
        self.push(" FROM (SELECT ");
        self.items(&select.items);
        for (index, key) in plan.order_by.iter().enumerate() {
            self.push(", ");
            self.sort_value(select, key);
            self.number(" AS k", index);
        }
        self.push(", row_number() OVER (PARTITION BY ");
        self.list(&select.distinct_on, Text::expr);
        self.push(" ORDER BY ");
        self.list(&plan.order_by, |text, key| {
            text.sort_value(select, key);
            text.clause(" COLLATE ", key.collation, Text::collation);
            text.direction(key.descending, key.nulls_first);
        });
        self.push(") AS n");
        self.clause(" FROM ", select.from.as_ref(), Text::from);
        self.clause(" WHERE ", select.filter.as_ref(), Text::expr);
        self.push(") WHERE n = 1 ORDER BY ");
        self.list(plan.order_by.iter().enumerate(), |text, (index, key)| {
            text.number("k", index);
            text.clause(" COLLATE ", key.collation, Text::collation);
            text.direction(key.descending, key.nulls_first);
        });
        self.bounds(plan);
    }

    fn sort_value(&mut self, select: &SelectPlan, key: &QuerySort) {
        match &key.target {
            SortTarget::Output(index) => self.expr(&select.items[*index]),
            SortTarget::Expr(expr) => self.expr(expr),
        }
    }

    fn select(&mut self, select: &SelectPlan) {
        let SelectPlan {
            distinct,
            distinct_on: _, // written where the whole query is
            items,
            from,
            filter,
            group_by,
            grouped: _, // SQLite sees the aggregates itself
            having,
        } = select;
        self.push(if *distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        });
        self.items(items);
        self.clause(" FROM ", from.as_ref(), Text::from);
        self.clause(" WHERE ", filter.as_ref(), Text::expr);
        if !group_by.is_empty() {
            self.push(" GROUP BY ");
            self.list(group_by, Text::key);
        }
        self.clause(" HAVING ", having.as_ref(), Text::expr);
    }

    /// SQLite names the columns of `values` `column1` and on.
    pub(super) fn values(&mut self, rows: &[Vec<Expr>], width: usize) {
        self.push("SELECT ");
        self.list(0..width, |text, index| {
            text.number("column", index + 1);
            text.number(" AS c", index);
        });
        self.push(" FROM (VALUES ");
        self.list(rows, |text, row| {
            text.parenthesized(|text| text.list(row, Text::expr));
        });
        self.push(")");
    }

    /// A set operation, without a query around it: also what SQLite wants of a recursive one.
    fn compound(&mut self, plan: &QueryPlan) {
        let Body::SetOperation {
            op,
            all,
            left,
            right,
        } = &plan.body
        else {
            self.query(plan);
            return;
        };
        let counted = *all && *op != SetOp::Union;
        match chains(left) && !counted {
            true => self.compound(left),
            false => self.operand(left, counted),
        }
        self.push(" ");
        self.push(op.name());
        if *all && !counted {
            self.push(" ALL");
        }
        self.push(" ");
        // A recursive part must stand here as it is.
        match (&right.body, counted) {
            (Body::Select(select), false) if is_bare(right) => self.select(select),
            _ => self.operand(right, counted),
        }
    }

    /// `counted` numbers equal rows, so that SQLite's `intersect` and `except`, which know no `all`,
    /// keep as many of them as PostgreSQL does.
    fn operand(&mut self, plan: &QueryPlan, counted: bool) {
        self.push("SELECT ");
        self.list(plan.columns.iter().enumerate(), |text, (index, column)| {
            text.number("c", index);
            text.clause(" COLLATE ", column.ty.and_then(collation), Text::collation);
            text.number(" AS c", index);
        });
        if counted {
            self.push(", row_number() OVER (PARTITION BY ");
            self.list(plan.columns.iter().enumerate(), |text, (index, column)| {
                text.number("c", index);
                text.clause(" COLLATE ", column.ty.and_then(collation), Text::collation);
            });
            self.push(")");
        }
        self.push(" FROM ");
        self.parenthesized(|text| text.query(plan));
    }

    pub(super) fn from(&mut self, from: &From) {
        match from {
            From::Table {
                relation,
                schema,
                table,
            } => {
                if let Some(schema) = schema {
                    self.name(schema);
                    self.push(".");
                }
                self.name(&table.name);
                self.push(" AS ");
                self.relation(*relation);
            }
            From::Cte { relation, number } => {
                self.number("w", number);
                self.push(" AS ");
                self.relation(*relation);
            }
            From::System { relation, oid } => {
                // With its schema, so that no table of a projection is taken for it.
                self.number("main.hw_catalog(", format_args!("{oid}) AS "));
                self.relation(*relation);
            }
            From::Rows { relation, arrays } => {
                self.push("main.hw_rows");
                self.parenthesized(|text| text.list(arrays, Text::expr));
                self.push(" AS ");
                self.relation(*relation);
            }
            From::Query { relation, query } => {
                self.parenthesized(|text| text.query(query));
                self.push(" AS ");
                self.relation(*relation);
            }
            From::Join {
                kind,
                left,
                right,
                on,
            } => {
                self.from(left);
                self.push(match kind {
                    JoinKind::Inner => " JOIN ",
                    JoinKind::Left => " LEFT JOIN ",
                    JoinKind::Right => " RIGHT JOIN ",
                    JoinKind::Full => " FULL JOIN ",
                });
                match right.as_ref() {
                    From::Join { .. } => self.parenthesized(|text| text.from(right)),
                    right => self.from(right),
                }
                self.clause(" ON ", on.as_ref(), Text::expr);
            }
        }
    }
}

/// Whether a set operation can stand to the left of another one without parentheses.
fn chains(plan: &QueryPlan) -> bool {
    let plain = matches!(
        &plan.body,
        Body::SetOperation { op, all, .. } if !*all || *op == SetOp::Union
    );
    plain && is_bare(plan)
}

fn is_bare(plan: &QueryPlan) -> bool {
    plan.ctes.is_empty()
        && plan.order_by.is_empty()
        && plan.limit.is_none()
        && plan.offset.is_none()
}
