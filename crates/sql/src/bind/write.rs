//! `insert`, `update` and `delete`.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::scope::{Relation, Scope, relation_columns};
use super::{Binder, Clause, refuse_if};
use crate::plan::{
    Conflict, ConflictUpdate, DeletePlan, Expr, InsertPlan, InsertSource, RelationId, Target,
    UpdatePlan, WritePlan,
};
use crate::{SqlError, Table, Type, Value, sqlstate};

impl Binder<'_> {
    pub(crate) fn write(&mut self, statement: &ast::Statement) -> Result<WritePlan, SqlError> {
        match statement {
            ast::Statement::Insert(insert) => self
                .insert(insert)
                .map(|plan| WritePlan::Insert(Box::new(plan))),
            ast::Statement::Update(update) => self.update(update).map(WritePlan::Update),
            ast::Statement::Delete(delete) => self.delete(delete).map(WritePlan::Delete),
            _ => Err(SqlError::unsupported(
                "a handler that is not INSERT, UPDATE or DELETE",
            )),
        }
    }

    fn target(&mut self, name: &ast::ObjectName) -> Result<Target, SqlError> {
        let (name, position) = self.object_name(name)?;
        let (schema, table) = self
            .catalog_table(&name)
            .map_err(|error| error.at(position))?;
        self.tables.insert(name);
        Ok(Target {
            relation: self.next_relation(),
            schema,
            table,
        })
    }

    fn insert(&mut self, insert: &ast::Insert) -> Result<InsertPlan, SqlError> {
        let parts = InsertParts::of(insert)?;
        let target = self.target(parts.table)?;
        let name = match parts.alias {
            Some(alias) => self.name(alias)?,
            None => target.table.name.clone(),
        };
        let mut columns = self.insert_columns(&target.table, parts.columns)?;
        let all = parts.columns.is_empty();
        let source = self.insert_source(&target.table, &mut columns, all, parts.source)?;
        let conflict = match parts.conflict {
            Some(conflict) => Some(self.conflict(conflict, &target, &name)?),
            None => None,
        };
        let plan = InsertPlan {
            target,
            columns,
            source,
            conflict,
        };
        refuse_second_look(&plan)?;
        Ok(plan)
    }

    /// The columns that are given; all of them when none are listed.
    fn insert_columns(
        &self,
        table: &Table,
        listed: &[ast::ObjectName],
    ) -> Result<Vec<usize>, SqlError> {
        if listed.is_empty() {
            return Ok((0..table.columns.len()).collect());
        }
        let mut columns = Vec::new();
        for name in listed {
            let (name, position) = self.object_name(name)?;
            let index = target_column(table, &name).map_err(|error| error.at(position))?;
            if columns.contains(&index) {
                return Err(SqlError::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{name}\" specified more than once"),
                )
                .at(position));
            }
            columns.push(index);
        }
        Ok(columns)
    }

    /// With `all`, what is given may be fewer columns than the table has: the first ones.
    fn insert_source(
        &mut self,
        table: &Table,
        columns: &mut Vec<usize>,
        all: bool,
        source: &ast::Query,
    ) -> Result<InsertSource, SqlError> {
        let values = plain_values(source);
        let query = match values {
            None => Some(self.subquery(source)?),
            Some(_) => None,
        };
        let width = match (&query, values) {
            (Some(query), _) => query.columns.len(),
            (None, values) => values
                .and_then(|values| values.rows.first())
                .map_or(0, |row| row.content.len()),
        };
        if all && width < columns.len() {
            columns.truncate(width);
        }
        check_width(width, columns.len())?;
        if let Some(values) = values {
            return self
                .insert_rows(table, columns, values)
                .map(InsertSource::Rows);
        }
        let targets: Vec<(String, Type)> = columns
            .iter()
            .map(|index| (table.columns[*index].name.clone(), table.columns[*index].ty))
            .collect();
        // `query` is there when `values` is not.
        let query = query.ok_or_else(|| SqlError::syntax("INSERT without a source"))?;
        let query = self.assign_output(query, &targets)?;
        Ok(InsertSource::Query(Box::new(query)))
    }

    fn insert_rows(
        &mut self,
        table: &Table,
        columns: &[usize],
        values: &ast::Values,
    ) -> Result<Vec<Vec<Expr>>, SqlError> {
        let ast::Values {
            explicit_row,
            value_keyword,
            rows,
        } = values;
        refuse_if(*explicit_row, "VALUES ROW(...)")?;
        refuse_if(*value_keyword, "VALUE")?;
        let mut plan_rows = Vec::new();
        for row in rows {
            if row.content.len() != columns.len() {
                return Err(SqlError::syntax("VALUES lists must all be the same length"));
            }
            let mut plan_row = Vec::new();
            for (index, expr) in columns.iter().zip(&row.content) {
                plan_row.push(self.assigned(table, *index, expr, Clause::Values)?);
            }
            plan_rows.push(plan_row);
        }
        Ok(plan_rows)
    }

    /// What is stored into a column: an expression, or `default`.
    fn assigned(
        &mut self,
        table: &Table,
        index: usize,
        expr: &ast::Expr,
        clause: Clause,
    ) -> Result<Expr, SqlError> {
        let column = &table.columns[index];
        if is_default(expr) {
            return Ok(Expr::Constant(
                column.default.clone().unwrap_or(Value::Null),
            ));
        }
        let typed = self.within(clause, |binder| binder.expr(expr))?;
        self.assign(typed, &column.name, column.ty)
            .map_err(|error| error.at(self.source.position(expr.span().start)))
    }

    fn conflict(
        &mut self,
        conflict: &ast::OnConflict,
        target: &Target,
        name: &str,
    ) -> Result<Conflict, SqlError> {
        let ast::OnConflict {
            conflict_target,
            action,
        } = conflict;
        let columns = self.conflict_target(conflict_target.as_ref(), &target.table)?;
        let update = match action {
            ast::OnConflictAction::DoNothing => None,
            ast::OnConflictAction::DoUpdate(ast::DoUpdate {
                assignments,
                selection,
            }) => {
                if columns.is_empty() {
                    return Err(SqlError::syntax(
                        "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                    )
                    .with_hint("For example, ON CONFLICT (column_name)."));
                }
                let mut scope = Scope::of(table_relation(target.relation, name, &target.table));
                scope.join(Scope::of(table_relation(
                    RelationId::Excluded,
                    "excluded",
                    &target.table,
                )))?;
                self.scopes.push(scope);
                let update = self.conflict_update(target, assignments, selection.as_ref());
                self.scopes.pop();
                Some(update?)
            }
        };
        Ok(Conflict {
            target: columns,
            update,
        })
    }

    fn conflict_update(
        &mut self,
        target: &Target,
        assignments: &[ast::Assignment],
        selection: Option<&ast::Expr>,
    ) -> Result<ConflictUpdate, SqlError> {
        Ok(ConflictUpdate {
            assignments: self.assignments(&target.table, assignments)?,
            filter: self.filter(selection)?,
        })
    }

    fn filter(&mut self, selection: Option<&ast::Expr>) -> Result<Option<Expr>, SqlError> {
        match selection {
            Some(filter) => {
                let filter = |binder: &mut Self| binder.condition(filter, "WHERE");
                Ok(Some(self.within(Clause::Where, filter)?))
            }
            None => Ok(None),
        }
    }

    /// The columns whose uniqueness is meant. 42P10 when no constraint or index says it.
    fn conflict_target(
        &self,
        target: Option<&ast::ConflictTarget>,
        table: &Table,
    ) -> Result<Vec<usize>, SqlError> {
        let columns = match target {
            None => return Ok(Vec::new()),
            Some(ast::ConflictTarget::OnConstraint(name)) => {
                let (name, position) = self.object_name(name)?;
                return constraint_columns(table, &name).map_err(|error| error.at(position));
            }
            Some(ast::ConflictTarget::Columns(columns)) => columns,
        };
        let mut wanted = BTreeSet::new();
        for ident in columns {
            let name = self.name(ident)?;
            let index =
                target_column(table, &name).map_err(|error| error.at(self.source.ident(ident)))?;
            wanted.insert(index);
        }
        let entry = self.catalog.entry(&table.name);
        let indexes = entry.into_iter().flat_map(|entry| &entry.indexes);
        let keys = std::iter::once(&table.primary_key)
            .chain(table.unique.iter().map(|unique| &unique.columns))
            .chain(indexes.filter_map(|index| index.unique.as_ref()));
        for key in keys {
            if !key.is_empty() && key.iter().copied().collect::<BTreeSet<usize>>() == wanted {
                return Ok(key.clone());
            }
        }
        Err(SqlError::new(
            sqlstate::INVALID_COLUMN_REFERENCE,
            "there is no unique or exclusion constraint matching the ON CONFLICT specification",
        ))
    }

    fn assignments(
        &mut self,
        table: &Table,
        assignments: &[ast::Assignment],
    ) -> Result<Vec<(usize, Expr)>, SqlError> {
        let mut plan: Vec<(usize, Expr)> = Vec::new();
        for ast::Assignment { target, value } in assignments {
            let ast::AssignmentTarget::ColumnName(name) = target else {
                return Err(
                    SqlError::unsupported("SET of several columns in parentheses")
                        .with_hint("Set each column by itself."),
                );
            };
            let (name, position) = self.object_name(name)?;
            let index = target_column(table, &name).map_err(|error| error.at(position))?;
            if plan.iter().any(|(known, _)| *known == index) {
                return Err(SqlError::syntax(format!(
                    "multiple assignments to same column \"{name}\""
                ))
                .at(position));
            }
            plan.push((index, self.assigned(table, index, value, Clause::Set)?));
        }
        Ok(plan)
    }

    fn update(&mut self, update: &ast::Update) -> Result<UpdatePlan, SqlError> {
        let ast::Update {
            update_token: _,
            optimizer_hints: _,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        refuse_if(returning.is_some(), "RETURNING")?;
        refuse_if(output.is_some(), "OUTPUT")?;
        refuse_if(or.is_some(), "UPDATE OR")?;
        refuse_if(!order_by.is_empty(), "UPDATE ... ORDER BY")?;
        refuse_if(limit.is_some(), "UPDATE ... LIMIT")?;
        if from.is_some() {
            return Err(SqlError::unsupported("\"UPDATE ... FROM\"")
                .with_hint("Use a subquery in SET or WHERE."));
        }
        let (target, scope) = self.written_table(table, "UPDATE")?;
        self.scopes.push(scope);
        let assignments = self.assignments(&target.table, assignments);
        let filter = self.filter(selection.as_ref());
        self.scopes.pop();
        Ok(UpdatePlan {
            target,
            assignments: assignments?,
            filter: filter?,
        })
    }

    fn delete(&mut self, delete: &ast::Delete) -> Result<DeletePlan, SqlError> {
        let ast::Delete {
            delete_token: _,
            optimizer_hints: _,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        refuse_if(!tables.is_empty(), "DELETE of several tables")?;
        refuse_if(returning.is_some(), "RETURNING")?;
        refuse_if(output.is_some(), "OUTPUT")?;
        refuse_if(!order_by.is_empty(), "DELETE ... ORDER BY")?;
        refuse_if(limit.is_some(), "DELETE ... LIMIT")?;
        if using.is_some() {
            return Err(SqlError::unsupported("\"DELETE ... USING\"")
                .with_hint("Use WHERE EXISTS (SELECT ...)."));
        }
        let ast::FromTable::WithFromKeyword(tables) = from else {
            return Err(SqlError::syntax("DELETE needs FROM"));
        };
        let [table] = tables.as_slice() else {
            return Err(SqlError::unsupported("DELETE of several tables"));
        };
        let (target, scope) = self.written_table(table, "DELETE")?;
        self.scopes.push(scope);
        let filter = self.filter(selection.as_ref());
        self.scopes.pop();
        Ok(DeletePlan {
            target,
            filter: filter?,
        })
    }

    /// The one table that `update` and `delete` name, with its alias.
    fn written_table(
        &mut self,
        table: &ast::TableWithJoins,
        statement: &str,
    ) -> Result<(Target, Scope), SqlError> {
        let ast::TableWithJoins { relation, joins } = table;
        let ast::TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = relation
        else {
            return Err(SqlError::unsupported(format_args!(
                "{statement} of something other than a table"
            )));
        };
        let plain = joins.is_empty()
            && with_hints.is_empty()
            && partitions.is_empty()
            && index_hints.is_empty();
        refuse_if(!plain, &format!("{statement} of a join"))?;
        let target = self.target(name)?;
        let name = match alias {
            None => target.table.name.clone(),
            Some(ast::TableAlias {
                explicit: _,
                name,
                columns,
                at,
            }) => {
                refuse_if(!columns.is_empty() || at.is_some(), "column aliases here")?;
                self.name(name)?
            }
        };
        let scope = Scope::of(table_relation(target.relation, &name, &target.table));
        Ok((target, scope))
    }

    /// The condition of a check constraint, over the columns of its own table.
    pub(crate) fn check_condition(
        &mut self,
        table: &Table,
        expr: &ast::Expr,
    ) -> Result<Expr, SqlError> {
        let relation = table_relation(RelationId::Itself, &table.name, &Arc::new(table.clone()));
        self.scopes.push(Scope::of(relation));
        let condition = self.within(Clause::Check, |binder| {
            binder.condition(expr, "CHECK constraint")
        });
        self.scopes.pop();
        let condition = condition?;
        let mut has_query = false;
        condition.walk(&mut |expr| {
            has_query |= expr.subquery().is_some();
            true
        });
        match has_query {
            true => Err(SqlError::unsupported("a subquery in a check constraint")),
            false => Ok(condition),
        }
    }

    /// The constant of a `default`.
    pub(crate) fn default_value(
        &mut self,
        column: &str,
        ty: Type,
        expr: &ast::Expr,
    ) -> Result<Value, SqlError> {
        let typed = self.within(Clause::Default, |binder| binder.expr(expr))?;
        match self.assign(typed, column, ty)? {
            Expr::Constant(value) => Ok(value),
            _ => Err(SqlError::unsupported("a DEFAULT that is not a constant")
                .with_hint("Compute the value where it is inserted.")
                .at(self.source.position(expr.span().start))),
        }
    }
}

/// The parts of an `insert` that have a meaning here.
struct InsertParts<'a> {
    table: &'a ast::ObjectName,
    alias: Option<&'a ast::Ident>,
    columns: &'a [ast::ObjectName],
    source: &'a ast::Query,
    conflict: Option<&'a ast::OnConflict>,
}

impl<'a> InsertParts<'a> {
    fn of(insert: &'a ast::Insert) -> Result<InsertParts<'a>, SqlError> {
        let ast::Insert {
            insert_token: _,
            optimizer_hints: _,
            or,
            ignore,
            into,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        refuse_if(or.is_some(), "INSERT OR")?;
        refuse_if(*ignore, "INSERT IGNORE")?;
        refuse_if(!*into, "INSERT without INTO")?;
        refuse_if(*overwrite, "INSERT OVERWRITE")?;
        refuse_if(!assignments.is_empty(), "INSERT ... SET")?;
        refuse_if(partitioned.is_some(), "PARTITION")?;
        refuse_if(!after_columns.is_empty(), "columns after PARTITION")?;
        refuse_if(*has_table_keyword, "INSERT INTO TABLE")?;
        refuse_if(returning.is_some(), "RETURNING")?;
        refuse_if(output.is_some(), "OUTPUT")?;
        refuse_if(*replace_into, "REPLACE INTO")?;
        refuse_if(priority.is_some(), "INSERT with a priority")?;
        refuse_if(insert_alias.is_some(), "an alias of the inserted row")?;
        refuse_if(settings.is_some(), "SETTINGS")?;
        refuse_if(format_clause.is_some(), "FORMAT")?;
        let multi = multi_table_insert_type.is_some()
            || !multi_table_into_clauses.is_empty()
            || !multi_table_when_clauses.is_empty()
            || multi_table_else_clause.is_some();
        refuse_if(multi, "INSERT into several tables")?;
        let Some(source) = source else {
            return Err(SqlError::unsupported("\"DEFAULT VALUES\""));
        };
        Ok(InsertParts {
            table: inserted_table(table)?,
            alias: table_alias
                .as_ref()
                .map(|ast::TableAliasWithoutColumns { explicit: _, alias }| alias),
            columns,
            source,
            conflict: on_conflict(on.as_ref())?,
        })
    }
}

fn inserted_table(table: &ast::TableObject) -> Result<&ast::ObjectName, SqlError> {
    match table {
        ast::TableObject::TableName(name) => Ok(name),
        _ => Err(SqlError::unsupported(
            "INSERT into something other than a table",
        )),
    }
}

fn on_conflict(on: Option<&ast::OnInsert>) -> Result<Option<&ast::OnConflict>, SqlError> {
    match on {
        None => Ok(None),
        Some(ast::OnInsert::OnConflict(conflict)) => Ok(Some(conflict)),
        Some(_) => Err(SqlError::unsupported("\"ON DUPLICATE KEY UPDATE\"")),
    }
}

/// `values (...)` and nothing around it.
fn plain_values(query: &ast::Query) -> Option<&ast::Values> {
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
    match body.as_ref() {
        ast::SetExpr::Values(values) if locks.is_empty() && pipe_operators.is_empty() => {
            Some(values)
        }
        _ => None,
    }
}

/// The keyword `default`, which the parser reads as a name.
fn is_default(expr: &ast::Expr) -> bool {
    matches!(
        expr,
        ast::Expr::Identifier(ident)
            if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default")
    )
}

fn check_width(found: usize, wanted: usize) -> Result<(), SqlError> {
    match found.cmp(&wanted) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(SqlError::syntax(
            "INSERT has more expressions than target columns",
        )),
        std::cmp::Ordering::Less => Err(SqlError::syntax(
            "INSERT has more target columns than expressions",
        )
        .with_hint("List the columns that are given.")),
    }
}

fn target_column(table: &Table, name: &str) -> Result<usize, SqlError> {
    table.column(name).ok_or_else(|| {
        SqlError::new(
            sqlstate::UNDEFINED_COLUMN,
            format!(
                "column \"{name}\" of relation \"{}\" does not exist",
                table.name
            ),
        )
    })
}

fn constraint_columns(table: &Table, name: &str) -> Result<Vec<usize>, SqlError> {
    if !table.primary_key.is_empty() && table.primary_key_name == name {
        return Ok(table.primary_key.clone());
    }
    let found = table.unique.iter().find(|unique| unique.name == name);
    found.map(|unique| unique.columns.clone()).ok_or_else(|| {
        SqlError::new(
            sqlstate::UNDEFINED_OBJECT,
            format!(
                "constraint \"{name}\" for table \"{}\" does not exist",
                table.name
            ),
        )
    })
}

fn table_relation(id: RelationId, name: &str, table: &Arc<Table>) -> Relation {
    let columns = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), column.name.as_str(), column.ty));
    Relation {
        name: name.to_owned(),
        schema: None,
        id,
        columns: relation_columns(id, name, columns),
        table: Some(Arc::clone(table)),
    }
}

/// PostgreSQL reads tables as they were before the statement. SQLite does so too, but not inside
/// `do update` of several rows.
fn refuse_second_look(plan: &InsertPlan) -> Result<(), SqlError> {
    let several = !matches!(&plan.source, InsertSource::Rows(rows) if rows.len() == 1);
    let Some(update) = plan
        .conflict
        .as_ref()
        .and_then(|conflict| conflict.update.as_ref())
    else {
        return Ok(());
    };
    let mut has_query = false;
    let exprs = update.assignments.iter().map(|(_, expr)| expr);
    for expr in exprs.chain(&update.filter) {
        expr.walk(&mut |expr| {
            has_query |= expr.subquery().is_some();
            true
        });
    }
    match several && has_query {
        true => Err(SqlError::unsupported(
            "a subquery in DO UPDATE of an INSERT of several rows",
        )),
        false => Ok(()),
    }
}
