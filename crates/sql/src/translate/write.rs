//! Statements that write.

use super::Text;
use crate::plan::{
    Conflict, ConflictUpdate, DeletePlan, Expr, InsertPlan, InsertSource, Target, UpdatePlan,
    WritePlan,
};
use crate::{Table, Value};

impl Text {
    pub(super) fn write(&mut self, plan: &WritePlan) {
        match plan {
            WritePlan::Insert(insert) => self.insert(insert),
            WritePlan::Update(update) => self.update(update),
            WritePlan::Delete(delete) => self.delete(delete),
        }
    }

    fn target(&mut self, target: &Target) {
        if let Some(schema) = &target.schema {
            self.name(schema);
            self.push(".");
        }
        self.name(&target.table.name);
        self.push(" AS ");
        self.relation(target.relation);
    }

    fn insert(&mut self, plan: &InsertPlan) {
        let InsertPlan {
            target,
            columns,
            source,
            conflict,
        } = plan;
        self.push("INSERT INTO ");
        self.target(target);
        self.push(" ");
        self.parenthesized(|text| text.column_names(&target.table, columns));
        let key = repeated_key(plan);
        match (source, key) {
            (InsertSource::Rows(rows), None) => {
                self.push(" VALUES ");
                self.list(rows, |text, row| {
                    text.parenthesized(|text| text.list(row, Text::expr));
                });
            }
            (source, key) => {
                self.push(" SELECT ");
                self.checked_outputs(columns.len(), key.as_deref().unwrap_or_default());
                self.push(" FROM ");
                self.parenthesized(|text| match source {
                    InsertSource::Rows(rows) => text.values(rows, columns.len()),
                    InsertSource::Query(query) => text.query(query),
                });
                // Without it SQLite would read `on conflict` as the condition of a join.
                self.push(" WHERE 1");
            }
        }
        self.clause("", conflict.as_ref(), |text, conflict| {
            text.conflict(conflict, &target.table)
        });
    }

    /// The columns `c0` and on; fails when a row repeats the key of another one. PostgreSQL updates
    /// no row twice in one statement (21000), SQLite would.
    fn checked_outputs(&mut self, count: usize, key: &[usize]) {
        self.list(0..count, |text, index| {
            if key.first() != Some(&index) {
                text.number("c", index);
                return;
            }
            text.push("CASE WHEN count(*) OVER (PARTITION BY ");
            text.list(key, |text, key| text.number("c", key));
            text.push(") > 1");
            for key in key {
                text.number(" AND c", key);
                text.push(" IS NOT NULL");
            }
            text.push(" THEN hw_raise('21000:ON CONFLICT DO UPDATE command cannot affect row a second time')");
            text.number(" ELSE c", index);
            text.push(" END");
        });
    }

    fn column_names(&mut self, table: &Table, columns: &[usize]) {
        self.list(columns, |text, index| {
            text.name(&table.columns[*index].name)
        });
    }

    fn conflict(&mut self, conflict: &Conflict, table: &Table) {
        self.push(" ON CONFLICT ");
        if !conflict.target.is_empty() {
            self.parenthesized(|text| text.column_names(table, &conflict.target));
            self.push(" ");
        }
        match &conflict.update {
            None => self.push("DO NOTHING"),
            Some(ConflictUpdate {
                assignments,
                filter,
            }) => {
                self.push("DO UPDATE SET ");
                self.assignments(table, assignments);
                self.clause(" WHERE ", filter.as_ref(), Text::expr);
            }
        }
    }

    fn assignments(&mut self, table: &Table, assignments: &[(usize, Expr)]) {
        self.list(assignments, |text, (index, expr)| {
            text.name(&table.columns[*index].name);
            text.push(" = ");
            text.expr(expr);
        });
    }

    fn update(&mut self, plan: &UpdatePlan) {
        let UpdatePlan {
            target,
            assignments,
            filter,
        } = plan;
        self.push("UPDATE ");
        self.target(target);
        self.push(" SET ");
        self.assignments(&target.table, assignments);
        if assignments.iter().any(|(_, expr)| has_subquery(expr)) {
            // With a `from`, SQLite computes all new values before it writes the first one, so that
            // a subquery sees the table as it was before the statement, as in PostgreSQL.
            self.push(" FROM (SELECT 1)");
        }
        self.clause(" WHERE ", filter.as_ref(), Text::expr);
    }

    fn delete(&mut self, plan: &DeletePlan) {
        let DeletePlan { target, filter } = plan;
        self.push("DELETE FROM ");
        self.target(target);
        self.clause(" WHERE ", filter.as_ref(), Text::expr);
    }
}

fn has_subquery(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |expr| {
        found |= expr.subquery().is_some();
        !found
    });
    found
}

/// For `do update` of several rows: the key columns (as positions in the source) that rows must not
/// share. `None` when no two rows can conflict.
fn repeated_key(plan: &InsertPlan) -> Option<Vec<usize>> {
    let conflict = plan.conflict.as_ref()?;
    conflict.update.as_ref()?;
    if matches!(&plan.source, InsertSource::Rows(rows) if rows.len() == 1) {
        return None;
    }
    let mut key = Vec::new();
    for column in &conflict.target {
        match plan.columns.iter().position(|given| given == column) {
            Some(position) => key.push(position),
            None => {
                let default = plan.target.table.columns[*column].default.as_ref();
                // A key with a null conflicts with nothing.
                default.filter(|value| **value != Value::Null)?;
            }
        }
    }
    Some(key)
}
