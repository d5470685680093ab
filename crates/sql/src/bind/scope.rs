//! What names mean: the columns that a query level sees, and those of the levels around it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::Ident;

use super::{Binder, Typed};
use crate::plan::{ColumnRef, Expr, RelationId};
use crate::{SqlError, Table, Type, sqlstate};

/// Columns that PostgreSQL adds to each table, and that are told by no `*`. `oid` is an ordinary one.
const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"];

/// A column that can be named without its table.
#[derive(Debug, Clone)]
pub(super) struct VisibleColumn {
    pub(super) name: String,
    pub(super) expr: Expr,
    pub(super) ty: Type,
}

/// A relation that can be named before a dot.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) name: String,
    /// The schema that may stand before the name.
    pub(super) schema: Option<&'static str>,
    pub(super) id: RelationId,
    pub(super) columns: Vec<VisibleColumn>,
    /// The table, when it is one: grouping by its primary key determines its columns.
    pub(super) table: Option<Arc<Table>>,
}

impl Relation {
    /// Whether it is a table, and not a query or a function.
    fn is_stored(&self) -> bool {
        self.table.is_some() || self.schema == Some("pg_catalog")
    }
}

/// The names of one query level.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) relations: Vec<Relation>,
    /// In the order of `*`.
    pub(super) columns: Vec<VisibleColumn>,
    /// Relations of this level, also those without a name of their own.
    pub(super) ids: BTreeSet<RelationId>,
    /// Set when an aggregate belongs to this level.
    pub(super) aggregates: bool,
    /// Of these, relations that may not be named: the left side of a right or full join, while
    /// its right side is bound.
    pub(super) barred: BTreeSet<RelationId>,
    /// `window name as (...)`
    pub(super) windows: Vec<(String, sqlparser::ast::WindowSpec)>,
    /// Expressions with rows of their own that were bound at this level.
    pub(super) bound: Vec<(sqlparser::ast::Expr, Typed)>,
}

impl Scope {
    /// A scope that sees one relation.
    pub(super) fn of(relation: Relation) -> Scope {
        Scope {
            columns: relation.columns.clone(),
            ids: BTreeSet::from([relation.id]),
            relations: vec![relation],
            ..Scope::default()
        }
    }

    /// Adds the names of `other` beside those of this one. 42712 when both have a relation with
    /// the same name.
    pub(super) fn join(&mut self, other: Scope) -> Result<(), SqlError> {
        for relation in &other.relations {
            let taken = self
                .relations
                .iter()
                .any(|known| known.name == relation.name);
            if taken {
                return Err(SqlError::new(
                    sqlstate::DUPLICATE_ALIAS,
                    format!("table name \"{}\" specified more than once", relation.name),
                ));
            }
        }
        self.relations.extend(other.relations);
        self.columns.extend(other.columns);
        self.ids.extend(other.ids);
        Ok(())
    }

    /// Says which schema may stand before the names of the relations.
    pub(super) fn set_schema(&mut self, schema: &'static str, is_named: bool) {
        for relation in &mut self.relations {
            relation.schema = is_named.then_some(schema);
        }
    }

    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }
}

/// What a name without a dot was found to be.
pub(super) enum Found {
    Nothing,
    One(VisibleColumn),
    Many,
}

/// The column with this name among `columns`.
pub(super) fn find(columns: &[VisibleColumn], name: &str) -> Found {
    let mut matches = columns.iter().filter(|column| column.name == name);
    match (matches.next(), matches.next()) {
        (None, _) => Found::Nothing,
        (Some(column), None) => Found::One(column.clone()),
        (Some(_), Some(_)) => Found::Many,
    }
}

/// The columns of a relation whose SQLite names are `names`.
pub(super) fn relation_columns<'a>(
    id: RelationId,
    relation: &str,
    columns: impl Iterator<Item = (String, &'a str, Type)>,
) -> Vec<VisibleColumn> {
    columns
        .map(|(sqlite, name, ty)| VisibleColumn {
            name: name.to_owned(),
            ty,
            expr: Expr::Column(ColumnRef {
                relation: id,
                column: sqlite,
                display: format!("{relation}.{name}"),
                position: None,
            }),
        })
        .collect()
}

impl Binder<'_> {
    /// A name without a dot: the innermost level that has it wins.
    pub(super) fn column(&self, ident: &Ident) -> Result<Typed, SqlError> {
        let name = self.name(ident)?;
        let position = self.source.ident(ident);
        for scope in self.scopes.iter().rev() {
            match find(&scope.columns, &name) {
                Found::Nothing => {}
                Found::One(column) => return Ok(placed(column, position)),
                Found::Many => return Err(ambiguous(&name).at(position)),
            }
        }
        if self
            .scopes
            .iter()
            .any(|scope| scope.relation(&name).is_some())
        {
            return Err(
                SqlError::unsupported(format_args!("the whole row \"{name}\""))
                    .with_hint("Name its columns.")
                    .at(position),
            );
        }
        let seen = self.scopes.iter().flat_map(|scope| &scope.relations);
        Err(self
            .undefined_column(&name, &format!("column \"{name}\" does not exist"), seen)
            .at(position))
    }

    /// `relation.column`
    pub(super) fn qualified_column(
        &self,
        schema: Option<&Ident>,
        relation: &Ident,
        column: &Ident,
    ) -> Result<Typed, SqlError> {
        let position = self.source.ident(schema.unwrap_or(relation));
        let schema = schema.map(|schema| self.name(schema)).transpose()?;
        let relation_name = self.name(relation)?;
        let name = self.label(column)?;
        let is_meant = |found: &&Relation| match &schema {
            Some(schema) => found.schema == Some(schema.as_str()),
            None => true,
        };
        let found = self.relation(&relation_name).filter(is_meant);
        let found = found.ok_or_else(|| {
            SqlError::new(
                sqlstate::UNDEFINED_TABLE,
                format!("missing FROM-clause entry for table \"{relation_name}\""),
            )
            .at(position)
        })?;
        match find(&found.columns, &name) {
            Found::One(column) => Ok(placed(column, position)),
            Found::Many => Err(ambiguous(&name).at(position)),
            Found::Nothing => Err(self
                .undefined_column(
                    &name,
                    &format!("column {relation_name}.{name} does not exist"),
                    std::iter::once(found),
                )
                .at(position)),
        }
    }

    /// The relation with this name, of the innermost level that has one.
    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.scopes
            .iter()
            .rev()
            .find_map(|scope| scope.relation(name))
    }

    /// 42703, or 0A000 for a column that each table has among those that might be meant.
    fn undefined_column<'r>(
        &self,
        name: &str,
        message: &str,
        mut meant: impl Iterator<Item = &'r Relation>,
    ) -> SqlError {
        if SYSTEM_COLUMNS.contains(&name) && meant.any(Relation::is_stored) {
            return SqlError::unsupported(format_args!("the system column {name}"));
        }
        let error = SqlError::new(sqlstate::UNDEFINED_COLUMN, message);
        let close = self
            .scopes
            .iter()
            .flat_map(|scope| &scope.relations)
            .flat_map(|relation| {
                let columns = relation.columns.iter();
                columns.map(|column| (relation.name.as_str(), column.name.as_str()))
            })
            .filter(|(_, candidate)| is_close(name, candidate))
            .min_by_key(|(_, candidate)| distance(name, candidate));
        match close {
            Some((relation, column)) => error.with_hint(format!(
                "Perhaps you meant to reference the column \"{relation}.{column}\"."
            )),
            None => error,
        }
    }
}

fn placed(column: VisibleColumn, position: Option<usize>) -> Typed {
    let mut expr = column.expr;
    if let Expr::Column(reference) = &mut expr {
        reference.position = position;
    }
    Typed::new(expr, column.ty)
}

fn ambiguous(name: &str) -> SqlError {
    SqlError::new(
        sqlstate::AMBIGUOUS_COLUMN,
        format!("column reference \"{name}\" is ambiguous"),
    )
}

fn is_close(name: &str, candidate: &str) -> bool {
    distance(name, candidate) <= name.chars().count().min(candidate.chars().count()) / 2
}

/// The edit distance of Levenshtein.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, to) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
