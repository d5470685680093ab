//! `from`: tables, subqueries, common table expressions and their joins.

use std::sync::Arc;

use sqlparser::ast::{self, Spanned};

use super::coerce::common_type;
use super::operator::collated;
use super::scope::{Found, Relation, Scope, VisibleColumn, find, relation_columns};
use super::{Binder, Clause, Mode, Typed, refuse_if};
use crate::catalogs::relations::{self, SystemRelation};
use crate::plan::{Expr, From, JoinKind, RelationId};
use crate::{SqlError, Table, Type, sqlstate};

/// Rows and the names they are known by.
pub(super) struct Source {
    pub(super) from: From,
    pub(super) scope: Scope,
}

impl Binder<'_> {
    /// The whole clause; `None` when there is none.
    pub(super) fn relations(
        &mut self,
        items: &[ast::TableWithJoins],
    ) -> Result<(Option<From>, Scope), SqlError> {
        let outer = std::mem::take(&mut self.lateral);
        let mut whole: Option<Source> = None;
        for item in items {
            self.lateral = whole
                .as_ref()
                .map_or(Scope::default(), |left| left.scope.clone());
            let source = self.table_with_joins(item)?;
            whole = Some(match whole {
                None => source,
                Some(left) => self.cross(left, source)?,
            });
        }
        self.lateral = outer;
        Ok(match whole {
            Some(Source { from, scope }) => (Some(from), scope),
            None => (None, Scope::default()),
        })
    }

    fn cross(&mut self, left: Source, right: Source) -> Result<Source, SqlError> {
        let mut scope = left.scope;
        let from = beside(left.from, right.from, &scope)?;
        scope.join(right.scope)?;
        Ok(Source { from, scope })
    }

    fn table_with_joins(&mut self, item: &ast::TableWithJoins) -> Result<Source, SqlError> {
        let ast::TableWithJoins { relation, joins } = item;
        let before = self.lateral.clone();
        let mut left = self.table_factor(relation)?;
        for ast::Join {
            relation,
            global,
            join_operator,
        } in joins
        {
            refuse_if(*global, "GLOBAL JOIN")?;
            self.lateral = before.clone();
            // A name that both have is told when they are joined.
            let _ = self.lateral.join(left.scope.clone());
            if keeps_right(join_operator) {
                self.lateral.barred.extend(left.scope.ids.iter().copied());
            }
            let right = self.table_factor(relation)?;
            left = self.join(left, join_operator, right)?;
        }
        Ok(left)
    }

    fn table_factor(&mut self, factor: &ast::TableFactor) -> Result<Source, SqlError> {
        let position = self.source.position(factor.span().start);
        self.nested(|binder| binder.any_table_factor(factor))
            .map_err(|error| error.at(position))
    }

    fn any_table_factor(&mut self, factor: &ast::TableFactor) -> Result<Source, SqlError> {
        use ast::TableFactor as F;
        match factor {
            F::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                refuse_if(!with_hints.is_empty(), "WITH (hints)")?;
                refuse_if(version.is_some(), "FOR SYSTEM_TIME")?;
                refuse_if(!partitions.is_empty(), "PARTITION")?;
                refuse_if(json_path.is_some(), "a path in FROM")?;
                refuse_if(sample.is_some(), "TABLESAMPLE")?;
                refuse_if(!index_hints.is_empty(), "an index hint")?;
                if let Some(ast::TableFunctionArgs { args, settings }) = args {
                    refuse_if(name.to_string().eq_ignore_ascii_case("only"), "FROM ONLY")?;
                    refuse_if(settings.is_some(), "SETTINGS")?;
                    return self.rows_in_from(name, args, *with_ordinality, alias.as_ref());
                }
                refuse_if(*with_ordinality, "WITH ORDINALITY")?;
                self.table(name, alias.as_ref())
            }
            F::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                refuse_if(*lateral, "LATERAL")?;
                refuse_if(sample.is_some(), "TABLESAMPLE")?;
                self.derived(subquery, alias.as_ref())
            }
            F::NestedJoin {
                table_with_joins,
                alias,
            } => {
                refuse_if(alias.is_some(), "an alias of a join")?;
                self.table_with_joins(table_with_joins)
            }
            F::TableFunction { .. } => Err(SqlError::unsupported("TABLE(...) in FROM")),
            F::Function {
                lateral: _, // what stands to the left may be named either way
                name,
                args,
                with_ordinality,
                alias,
            } => self.rows_in_from(name, args, *with_ordinality, alias.as_ref()),
            F::UNNEST { .. } => self.unnest_in_from(factor),
            F::JsonTable { .. } | F::OpenJsonTable { .. } => {
                Err(SqlError::unsupported("\"JSON_TABLE\""))
            }
            F::Pivot { .. } | F::Unpivot { .. } | F::UnpivotExpr { .. } => {
                Err(SqlError::unsupported("\"PIVOT\""))
            }
            F::MatchRecognize { .. } => Err(SqlError::unsupported("\"MATCH_RECOGNIZE\"")),
            F::XmlTable { .. } => Err(SqlError::unsupported("\"XMLTABLE\"")),
            F::SemanticView { .. } => Err(SqlError::unsupported("\"SEMANTIC_VIEW\"")),
        }
    }

    /// `unnest(...)`, for which the parser has a form of its own.
    fn unnest_in_from(&mut self, factor: &ast::TableFactor) -> Result<Source, SqlError> {
        let ast::TableFactor::UNNEST {
            alias,
            array_exprs,
            with_offset,
            with_offset_alias: _, // refused with what it names
            with_ordinality,
        } = factor
        else {
            return Err(SqlError::unsupported("this in FROM"));
        };
        refuse_if(*with_offset, "WITH OFFSET")?;
        let name = ast::ObjectName::from(vec![ast::Ident::new("unnest")]);
        let argument =
            |expr: &ast::Expr| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr.clone()));
        let args: Vec<_> = array_exprs.iter().map(argument).collect();
        self.rows_in_from(&name, &args, *with_ordinality, alias.as_ref())
    }

    fn table(
        &mut self,
        name: &ast::ObjectName,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Source, SqlError> {
        // The parser reads the keyword as the table, and the table as its alias.
        refuse_if(name.to_string().eq_ignore_ascii_case("only"), "FROM ONLY")?;
        let is_function = super::call::WORDS.contains(&&*name.to_string().to_ascii_lowercase());
        refuse_if(is_function, "a function without parentheses in FROM")?;
        let (schema_name, ident) = crate::parse::schema_and_name(name)?;
        let position = self.source.ident(ident);
        let name = self.name(ident)?;
        let namespace = schema_name
            .map(|schema| self.namespace(schema))
            .transpose()?;
        let id = self.next_relation();
        if namespace.is_none()
            && let Some(cte) = self.cte(&name)?
        {
            let columns: Vec<(String, Type)> = cte.columns.clone();
            let from = From::Cte {
                relation: id,
                number: cte.number,
            };
            return self.named(from, id, &name, alias, &output_columns(&columns), None);
        }
        let system = match namespace {
            Some(namespace) => relations::find(namespace, &name),
            None => relations::find(relations::PG_CATALOG, &name),
        };
        if let Some(system) = system {
            return self.system_table(system, id, alias);
        }
        if matches!(namespace, Some(namespace) if namespace != relations::PUBLIC) {
            return Err(SqlError::new(
                sqlstate::UNDEFINED_TABLE,
                format!("relation \"{name}\" does not exist"),
            )
            .at(position));
        }
        let (schema, table) = self
            .catalog_table(&name)
            .map_err(|error| error.at(position))?;
        self.tables.insert(name.clone());
        let columns: Vec<_> = table
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.name.clone(), column.ty))
            .collect();
        let from = From::Table {
            relation: id,
            schema,
            table: Arc::clone(&table),
        };
        self.named(from, id, &name, alias, &columns, Some(table))
    }

    /// The number of a schema. 42P01, as for a table of it, when there is none.
    fn namespace(&self, schema: &ast::Ident) -> Result<u32, SqlError> {
        let name = self.name(schema)?;
        relations::namespace(&name).ok_or_else(|| {
            SqlError::new(
                sqlstate::UNDEFINED_TABLE,
                format!("relation of schema \"{name}\" does not exist"),
            )
            .with_hint("The schemas are public, pg_catalog and information_schema.")
            .at(self.source.ident(schema))
        })
    }

    /// A relation of PostgreSQL's catalogs. Projections read their own tables only.
    fn system_table(
        &mut self,
        system: &'static SystemRelation,
        id: RelationId,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Source, SqlError> {
        let name = system.table.name.as_str();
        if self.mode != Mode::Query {
            return Err(SqlError::unsupported(format_args!(
                "the catalog \"{name}\" in a projection"
            )));
        }
        let columns = system.table.columns.iter().enumerate();
        let columns: Vec<_> = columns
            .map(|(at, column)| (format!("c{at}"), column.name.clone(), column.ty))
            .collect();
        let from = From::System {
            relation: id,
            oid: system.oid,
        };
        let mut source = self.named(from, id, name, alias, &columns, None)?;
        let schema = crate::catalogs::names::namespace(system.namespace);
        source.scope.set_schema(schema, alias.is_none());
        Ok(source)
    }

    /// A table of the catalog and its SQLite schema. 42P01 when there is none.
    pub(super) fn catalog_table(
        &self,
        name: &str,
    ) -> Result<(Option<String>, Arc<Table>), SqlError> {
        let entry = self.catalog.entry(name).ok_or_else(|| {
            let known: Vec<&str> = self
                .catalog
                .tables()
                .map(|table| table.name.as_str())
                .take(20)
                .collect();
            let error = SqlError::new(
                sqlstate::UNDEFINED_TABLE,
                format!("relation \"{name}\" does not exist"),
            );
            match known.as_slice() {
                [] => error.with_hint("There are no tables here."),
                known => error.with_hint(format!("The tables are {}.", known.join(", "))),
            }
        })?;
        Ok((entry.schema.clone(), Arc::clone(&entry.table)))
    }

    fn derived(
        &mut self,
        subquery: &ast::Query,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Source, SqlError> {
        let Some(alias) = alias else {
            return Err(SqlError::syntax("subquery in FROM must have an alias")
                .with_hint("For example, FROM (SELECT ...) [AS] foo."));
        };
        let mut query = self.subquery(subquery)?;
        self.settle(&mut query)?;
        let id = self.next_relation();
        let columns: Vec<(String, Type)> = query
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.ty.unwrap_or(Type::Text)))
            .collect();
        let from = From::Query {
            relation: id,
            query: Box::new(query),
        };
        self.named(from, id, "", Some(alias), &output_columns(&columns), None)
    }

    /// Gives a relation its name and its columns theirs. `columns` are the name in SQLite, the name
    /// and the type.
    fn named(
        &mut self,
        from: From,
        id: RelationId,
        name: &str,
        alias: Option<&ast::TableAlias>,
        columns: &[(String, String, Type)],
        table: Option<Arc<Table>>,
    ) -> Result<Source, SqlError> {
        let mut name = name.to_owned();
        let mut names: Vec<String> = columns.iter().map(|column| column.1.clone()).collect();
        if let Some(ast::TableAlias {
            explicit: _,
            name: alias,
            columns: aliases,
            at,
        }) = alias
        {
            refuse_if(at.is_some(), "AT in an alias")?;
            name = self.name(alias)?;
            if aliases.len() > names.len() {
                return Err(SqlError::new(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    format!(
                        "table \"{name}\" has {} columns available but {} columns specified",
                        names.len(),
                        aliases.len()
                    ),
                ));
            }
            for (index, ast::TableAliasColumnDef { name, data_type }) in aliases.iter().enumerate()
            {
                refuse_if(data_type.is_some(), "a column alias with a type")?;
                names[index] = self.name(name)?;
            }
        }
        let visible = columns
            .iter()
            .zip(&names)
            .map(|((sqlite, _, ty), name)| (sqlite.clone(), name.as_str(), *ty));
        let relation = Relation {
            columns: relation_columns(id, &name, visible),
            schema: table.as_ref().filter(|_| alias.is_none()).map(|_| "public"),
            name,
            id,
            table,
        };
        Ok(Source {
            from,
            scope: Scope::of(relation),
        })
    }

    fn join(
        &mut self,
        left: Source,
        operator: &ast::JoinOperator,
        right: Source,
    ) -> Result<Source, SqlError> {
        use ast::JoinOperator as J;
        let (kind, constraint) = match operator {
            J::Join(constraint) | J::Inner(constraint) => (JoinKind::Inner, constraint),
            J::Left(constraint) | J::LeftOuter(constraint) => (JoinKind::Left, constraint),
            J::Right(constraint) | J::RightOuter(constraint) => (JoinKind::Right, constraint),
            J::FullOuter(constraint) => (JoinKind::Full, constraint),
            J::CrossJoin(ast::JoinConstraint::None) => return self.cross(left, right),
            other => {
                return Err(SqlError::unsupported(format_args!(
                    "this kind of join ({other:?})"
                )));
            }
        };
        match constraint {
            ast::JoinConstraint::On(condition) => self.join_on(kind, left, right, condition),
            ast::JoinConstraint::Using(names) => {
                let mut columns = Vec::new();
                for name in names {
                    columns.push(self.object_name(name)?.0);
                }
                self.join_using(kind, left, right, &columns)
            }
            ast::JoinConstraint::Natural => {
                let common = left.scope.columns.iter().map(|column| &column.name);
                let common: Vec<String> = common
                    .filter(|name| right.scope.columns.iter().any(|other| other.name == **name))
                    .cloned()
                    .collect();
                self.join_using(kind, left, right, &common)
            }
            ast::JoinConstraint::None => Err(SqlError::syntax("a join needs ON, USING or NATURAL")
                .with_hint("CROSS JOIN pairs every row with every row.")),
        }
    }

    fn join_on(
        &mut self,
        kind: JoinKind,
        left: Source,
        right: Source,
        condition: &ast::Expr,
    ) -> Result<Source, SqlError> {
        let left_ids = left.scope.ids.clone();
        let mut scope = left.scope;
        scope.join(right.scope)?;
        self.scopes.push(scope);
        let on = self.within(Clause::JoinOn, |binder| {
            binder.condition(condition, "JOIN/ON")
        });
        // Pushed three lines above; every push inside was popped again.
        let scope = self.scopes.pop().unwrap_or_default();
        let on = on?;
        if kind == JoinKind::Full && !joins_by_equality(&on, &left_ids) {
            return Err(SqlError::unsupported(
                "a FULL JOIN whose condition is not made of equalities between its sides",
            ));
        }
        let from = From::Join {
            kind,
            left: Box::new(left.from),
            right: Box::new(right.from),
            on: Some(on),
        };
        Ok(Source { from, scope })
    }

    fn join_using(
        &mut self,
        kind: JoinKind,
        left: Source,
        right: Source,
        names: &[String],
    ) -> Result<Source, SqlError> {
        let mut merged = Vec::new();
        let mut on: Option<Expr> = None;
        for name in names {
            let from_left = using_column(&left.scope, name, "left")?;
            let from_right = using_column(&right.scope, name, "right")?;
            let (column, equal) = self.merge(kind, name, from_left, from_right)?;
            merged.push(column);
            on = Some(match on {
                None => equal,
                Some(before) => Expr::Infix {
                    op: "AND",
                    left: Box::new(before),
                    right: Box::new(equal),
                },
            });
        }
        let mut scope = left.scope;
        scope.join(right.scope)?;
        scope.columns.retain(|column| !names.contains(&column.name));
        merged.append(&mut scope.columns);
        scope.columns = merged;
        let always = || Expr::Constant(crate::Value::Bool(true));
        let from = From::Join {
            kind,
            left: Box::new(left.from),
            right: Box::new(right.from),
            on: Some(on.unwrap_or_else(always)),
        };
        Ok(Source { from, scope })
    }

    /// The one column that `using` makes of two, and the condition that they are equal.
    fn merge(
        &mut self,
        kind: JoinKind,
        name: &str,
        left: VisibleColumn,
        right: VisibleColumn,
    ) -> Result<(VisibleColumn, Expr), SqlError> {
        let ty = common_type([Some(left.ty), Some(right.ty)], "JOIN/USING")?.unwrap_or(left.ty);
        let left = self.convert(Typed::new(left.expr, left.ty), ty)?;
        let right = self.convert(Typed::new(right.expr, right.ty), ty)?;
        let equal = Expr::Infix {
            op: "=",
            left: Box::new(collated(left.clone(), ty)),
            right: Box::new(right.clone()),
        };
        let expr = match kind {
            JoinKind::Inner | JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full => Expr::Call {
                function: "coalesce",
                args: vec![left, right],
            },
        };
        Ok((
            VisibleColumn {
                name: name.to_owned(),
                expr,
                ty,
            },
            equal,
        ))
    }
}

/// Every row of `left` with every row of `right`. SQLite's parentheses hide `left`, which a function
/// in `right` may name, so the first relation of `right` comes out of them.
fn beside(left: From, right: From, names: &Scope) -> Result<From, SqlError> {
    match right {
        From::Join {
            kind: kind @ (JoinKind::Inner | JoinKind::Left),
            left: first,
            right: second,
            on,
        } => Ok(From::Join {
            kind,
            left: Box::new(beside(left, *first, names)?),
            right: second,
            on,
        }),
        right => {
            let is_hidden = matches!(right, From::Join { .. }) && names_any(&right, names);
            refuse_if(
                is_hidden,
                "a function that names what stands to its left, inside a right or full join",
            )?;
            Ok(From::Join {
                kind: JoinKind::Inner,
                left: Box::new(left),
                right: Box::new(right),
                on: None,
            })
        }
    }
}

/// Whether something in `from` names a relation of `names`.
fn names_any(from: &From, names: &Scope) -> bool {
    let mut found = false;
    from.exprs(&mut |expr| {
        expr.walk_all(&mut |expr| {
            if let Expr::Column(column) = expr {
                found |= names.ids.contains(&column.relation);
            }
            true
        });
    });
    found
}

/// Whether rows of the right side stay that no row of the left side goes with.
fn keeps_right(operator: &ast::JoinOperator) -> bool {
    use ast::JoinOperator as J;
    matches!(operator, J::Right(_) | J::RightOuter(_) | J::FullOuter(_))
}

/// The columns of a query: `c0`, `c1` ... in SQLite.
fn output_columns(columns: &[(String, Type)]) -> Vec<(String, String, Type)> {
    columns
        .iter()
        .enumerate()
        .map(|(index, (name, ty))| (format!("c{index}"), name.clone(), *ty))
        .collect()
}

fn using_column(scope: &Scope, name: &str, side: &str) -> Result<VisibleColumn, SqlError> {
    match find(&scope.columns, name) {
        Found::One(column) => Ok(column),
        Found::Nothing => Err(SqlError::new(
            sqlstate::UNDEFINED_COLUMN,
            format!("column \"{name}\" specified in USING clause does not exist in {side} table"),
        )),
        Found::Many => Err(SqlError::new(
            sqlstate::AMBIGUOUS_COLUMN,
            format!("common column name \"{name}\" appears more than once in {side} table"),
        )),
    }
}

/// PostgreSQL joins fully only by equalities, each with one side on the left and one on the right.
fn joins_by_equality(on: &Expr, left: &std::collections::BTreeSet<RelationId>) -> bool {
    let sides = |expr: &Expr| {
        let mut found = (false, false);
        expr.walk_all(&mut |expr| {
            if let Expr::Column(column) = expr {
                match left.contains(&column.relation) {
                    true => found.0 = true,
                    false => found.1 = true,
                }
            }
            true
        });
        found
    };
    match on {
        Expr::Constant(_) => true,
        Expr::Infix {
            op: "AND",
            left: one,
            right: other,
        } => joins_by_equality(one, left) && joins_by_equality(other, left),
        Expr::Infix {
            op: "=",
            left: one,
            right: other,
        } => matches!(
            (sides(one), sides(other)),
            ((true, false), (false, true)) | ((false, true), (true, false))
        ),
        _ => false,
    }
}
