//! One `select`: its output, its groups, its order.

use sqlparser::ast;

use super::expr::bare;
use super::grouping::Grouping;
use super::naming::column_name;
use super::operator::{collated, collation};
use super::query::plain;
use super::rows::rows_function;
use super::scope::{Found, find};
use super::window::sort_options;
use super::{Binder, Clause, Typed, refuse_if};
use crate::plan::{
    Body, Expr, From, JoinKind, PlanColumn, QueryPlan, QuerySort, RelationId, SelectPlan,
    SortTarget,
};
use crate::{SqlError, Type, sqlstate};

/// An output column: its name and what it computes.
struct Item {
    name: String,
    typed: Typed,
}

impl Binder<'_> {
    pub(super) fn select(
        &mut self,
        select: &ast::Select,
        keys: &[ast::OrderByExpr],
    ) -> Result<QueryPlan, SqlError> {
        let parts = Parts::of(select)?;
        let (from, scope) = self.relations(parts.from)?;
        self.scopes.push(scope);
        let result = self.select_within(&parts, from, keys);
        self.scopes.pop();
        result
    }

    /// With the scope of `from` in place.
    fn select_within(
        &mut self,
        parts: &Parts<'_>,
        from: Option<crate::plan::From>,
        keys: &[ast::OrderByExpr],
    ) -> Result<QueryPlan, SqlError> {
        self.define_windows(parts.windows)?;
        let filter = match parts.filter {
            Some(filter) => {
                Some(self.within(Clause::Where, |binder| binder.condition(filter, "WHERE"))?)
            }
            None => None,
        };
        let (items, rows) = self.items(parts.projection)?;
        let columns: Vec<PlanColumn> = items
            .iter()
            .map(|item| PlanColumn {
                name: item.name.clone(),
                ty: item.typed.ty,
            })
            .collect();
        let groups = self.group_by(parts.group_by, &items)?;
        let having = match parts.having {
            Some(having) => {
                Some(self.within(Clause::Having, |binder| binder.condition(having, "HAVING"))?)
            }
            None => None,
        };
        let order_by = self.order_by(keys, &items, &columns, parts.distinct)?;
        let distinct_on = self.distinct_on(parts.distinct_on, &items, &order_by)?;
        let items: Vec<Expr> = items.into_iter().map(|item| item.typed.expr).collect();
        let grouped = self.check_groups(&groups, &items, having.as_ref(), &order_by)?;
        let from = match rows {
            Some(rows) => Some(self.with_rows(from, rows, grouped, &items)?),
            None => from,
        };
        refuse_if(
            grouped && !distinct_on.is_empty(),
            "DISTINCT ON beside groups",
        )?;
        let body = Body::Select(Box::new(SelectPlan {
            distinct: parts.distinct,
            distinct_on,
            items: self.comparable_items(items, &columns, parts.distinct),
            from,
            filter,
            group_by: groups
                .into_iter()
                .map(|(expr, ty)| collated(expr, ty))
                .collect(),
            grouped,
            having,
        }));
        Ok(QueryPlan {
            order_by,
            ..plain(body, columns)
        })
    }

    /// `distinct` tells rows apart as their types are compared.
    fn comparable_items(
        &self,
        items: Vec<Expr>,
        columns: &[PlanColumn],
        distinct: bool,
    ) -> Vec<Expr> {
        let typed = items.into_iter().zip(columns);
        typed
            .map(|(item, column)| match (distinct, column.ty) {
                (true, Some(ty)) => collated(item, ty),
                _ => item,
            })
            .collect()
    }

    fn define_windows(&mut self, windows: &[ast::NamedWindowDefinition]) -> Result<(), SqlError> {
        for ast::NamedWindowDefinition(ident, definition) in windows {
            let name = self.name(ident)?;
            let spec = match definition {
                ast::NamedWindowExpr::WindowSpec(spec) => self.completed(spec)?,
                ast::NamedWindowExpr::NamedWindow(_) => {
                    return Err(SqlError::unsupported(
                        "a window that is only another's name",
                    ));
                }
            };
            let Some(scope) = self.scopes.last_mut() else {
                continue;
            };
            if scope.windows.iter().any(|(known, _)| *known == name) {
                return Err(SqlError::new(
                    sqlstate::WINDOWING_ERROR,
                    format!("window \"{name}\" is already defined"),
                ));
            }
            scope.windows.push((name, spec));
        }
        Ok(())
    }

    /// The output columns, and the rows that functions among them answer.
    fn items(
        &mut self,
        projection: &[ast::SelectItem],
    ) -> Result<(Vec<Item>, Option<From>), SqlError> {
        let relation = self.next_relation();
        let mut arrays = Vec::new();
        let mut items = Vec::new();
        for item in projection {
            match item {
                ast::SelectItem::UnnamedExpr(expr) => items.push(Item {
                    name: column_name(expr),
                    typed: self.item(expr, relation, &mut arrays)?,
                }),
                ast::SelectItem::ExprWithAlias { expr, alias } => {
                    items.push(Item {
                        name: self.label(alias)?,
                        typed: self.item(expr, relation, &mut arrays)?,
                    });
                }
                ast::SelectItem::Wildcard(options) => {
                    plain_wildcard(options)?;
                    items.extend(self.all_columns()?);
                }
                ast::SelectItem::QualifiedWildcard(kind, options) => {
                    plain_wildcard(options)?;
                    items.extend(self.columns_of(kind)?);
                }
                ast::SelectItem::ExprWithAliases { .. } => {
                    return Err(SqlError::unsupported("an output column with several names"));
                }
            }
        }
        match items.is_empty() {
            true => Err(SqlError::unsupported("a SELECT without output columns")),
            false => {
                let has_rows = !arrays.is_empty();
                Ok((items, has_rows.then_some(From::Rows { relation, arrays })))
            }
        }
    }

    /// An output column, which may be a function that answers rows.
    fn item(
        &mut self,
        expr: &ast::Expr,
        relation: RelationId,
        arrays: &mut Vec<Expr>,
    ) -> Result<Typed, SqlError> {
        if let ast::Expr::Function(function) = bare(expr)
            && function.over.is_none()
            && let Some(name) = rows_function(function)
        {
            return self.rows_in_select(&name, function, relation, arrays);
        }
        self.expr(expr)
    }

    /// `from` beside the rows of functions of the select list, which run for each of its rows.
    fn with_rows(
        &mut self,
        from: Option<From>,
        rows: From,
        grouped: bool,
        items: &[Expr],
    ) -> Result<From, SqlError> {
        let mut has_windows = false;
        for item in items {
            item.walk(&mut |expr| {
                has_windows |= matches!(expr, Expr::Window(_));
                true
            });
        }
        refuse_if(
            grouped || has_windows,
            "a function that answers rows beside groups or windows",
        )?;
        Ok(match from {
            None => rows,
            Some(from) => From::Join {
                kind: JoinKind::Inner,
                left: Box::new(from),
                right: Box::new(rows),
                on: None,
            },
        })
    }

    /// `distinct on (...)`, which must be what the order begins with.
    fn distinct_on(
        &mut self,
        keys: &[ast::Expr],
        items: &[Item],
        order_by: &[QuerySort],
    ) -> Result<Vec<Expr>, SqlError> {
        let mut on = Vec::new();
        for key in keys {
            let typed = match self.output_numbered(key, items.len(), "DISTINCT ON")? {
                Some(index) => items[index].typed.clone(),
                None => self.group_expr(key, items)?,
            };
            let ty = typed.ty.unwrap_or(Type::Text);
            let expr = self.convert(typed, ty)?;
            on.push((expr, ty));
        }
        refuse_if(
            !on.is_empty() && order_by.is_empty(),
            "DISTINCT ON without ORDER BY",
        )?;
        let meant = |sort: &QuerySort| match &sort.target {
            SortTarget::Output(index) => items[*index].typed.expr.clone(),
            SortTarget::Expr(expr) => expr.clone(),
        };
        let leading: Vec<Expr> = order_by.iter().take(on.len()).map(meant).collect();
        let agrees = leading
            .iter()
            .all(|key| on.iter().any(|(expr, _)| expr == key));
        if !agrees {
            return Err(SqlError::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
            ));
        }
        Ok(on
            .into_iter()
            .map(|(expr, ty)| collated(expr, ty))
            .collect())
    }

    fn all_columns(&self) -> Result<Vec<Item>, SqlError> {
        let columns = self
            .scopes
            .last()
            .map_or([].as_slice(), |scope| &scope.columns);
        if columns.is_empty() {
            return Err(SqlError::syntax(
                "SELECT * with no tables specified is not valid",
            ));
        }
        Ok(columns.iter().map(item_of).collect())
    }

    fn columns_of(
        &self,
        kind: &ast::SelectItemQualifiedWildcardKind,
    ) -> Result<Vec<Item>, SqlError> {
        let ast::SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
            return Err(SqlError::unsupported("the fields of a row (.*)"));
        };
        let (name, position) = self.object_name(name)?;
        match self.relation(&name) {
            Some(relation) => Ok(relation.columns.iter().map(item_of).collect()),
            None => Err(SqlError::new(
                sqlstate::UNDEFINED_TABLE,
                format!("missing FROM-clause entry for table \"{name}\""),
            )
            .at(position)),
        }
    }

    /// The expressions that make groups, each with its type.
    fn group_by(
        &mut self,
        group_by: &[ast::Expr],
        items: &[Item],
    ) -> Result<Vec<(Expr, Type)>, SqlError> {
        let mut groups = Vec::new();
        for expr in group_by {
            let typed = self.group_expr(expr, items)?;
            let ty = typed.ty.unwrap_or(Type::Text);
            let expr = self.convert(typed, ty)?;
            Grouping::check_key(&expr)?;
            groups.push((expr, ty));
        }
        Ok(groups)
    }

    /// A number is an output column; a name is a column of `from`, else an output column.
    fn group_expr(&mut self, expr: &ast::Expr, items: &[Item]) -> Result<Typed, SqlError> {
        if let Some(index) = self.output_numbered(expr, items.len(), "GROUP BY")? {
            return Ok(items[index].typed.clone());
        }
        if let ast::Expr::Identifier(ident) = bare(expr) {
            let name = self.name(ident)?;
            let columns = self
                .scopes
                .last()
                .map_or([].as_slice(), |scope| &scope.columns);
            if matches!(find(columns, &name), Found::Nothing) {
                let mut matches = items.iter().filter(|item| item.name == name);
                if let Some(item) = matches.next() {
                    return match matches.all(|other| other.typed == item.typed) {
                        true => Ok(item.typed.clone()),
                        false => Err(SqlError::new(
                            sqlstate::AMBIGUOUS_COLUMN,
                            format!("GROUP BY \"{name}\" is ambiguous"),
                        )
                        .at(self.source.ident(ident))),
                    };
                }
            }
        }
        self.within(Clause::GroupBy, |binder| binder.expr(expr))
    }

    /// A name is an output column, else a column of `from`; a number is an output column.
    fn order_by(
        &mut self,
        keys: &[ast::OrderByExpr],
        items: &[Item],
        columns: &[PlanColumn],
        distinct: bool,
    ) -> Result<Vec<QuerySort>, SqlError> {
        let mut order = Vec::new();
        for key in keys {
            let (expr, descending, nulls_first) = sort_options(key)?;
            let (target, ty) = match self.output_meant(expr, items, columns)? {
                Some(index) => (SortTarget::Output(index), columns[index].ty),
                None => self.order_expr(expr, items, distinct)?,
            };
            order.push(QuerySort {
                target,
                collation: ty.and_then(collation),
                descending,
                nulls_first,
            });
        }
        Ok(order)
    }

    /// Two output columns of one name are no ambiguity when they are the same.
    fn output_meant(
        &self,
        expr: &ast::Expr,
        items: &[Item],
        columns: &[PlanColumn],
    ) -> Result<Option<usize>, SqlError> {
        if let ast::Expr::Identifier(ident) = bare(expr) {
            let name = self.name(ident)?;
            let mut matches = items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.name == name);
            if let Some((index, first)) = matches.next()
                && matches.all(|(_, other)| other.typed == first.typed)
            {
                return Ok(Some(index));
            }
        }
        self.output_named(expr, columns)
    }

    fn order_expr(
        &mut self,
        expr: &ast::Expr,
        items: &[Item],
        distinct: bool,
    ) -> Result<(SortTarget, Option<Type>), SqlError> {
        let typed = self.within(Clause::OrderBy, |binder| binder.expr(expr))?;
        if let Some(index) = items.iter().position(|item| item.typed.expr == typed.expr) {
            return Ok((SortTarget::Output(index), typed.ty));
        }
        if distinct {
            return Err(SqlError::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
            ));
        }
        let ty = typed.ty.unwrap_or(Type::Text);
        Ok((SortTarget::Expr(self.convert(typed, ty)?), Some(ty)))
    }

    /// Whether the query has groups; if so, that everything outside aggregates is determined by them.
    fn check_groups(
        &self,
        groups: &[(Expr, Type)],
        items: &[Expr],
        having: Option<&Expr>,
        order_by: &[QuerySort],
    ) -> Result<bool, SqlError> {
        let Some(scope) = self.scopes.last() else {
            return Ok(false);
        };
        if !scope.aggregates && groups.is_empty() {
            refuse_if(having.is_some(), "HAVING without GROUP BY or an aggregate")?;
            return Ok(false);
        }
        let groups: Vec<&Expr> = groups.iter().map(|(expr, _)| expr).collect();
        let grouping = Grouping::new(scope, &groups);
        items
            .iter()
            .chain(having)
            .try_for_each(|expr| grouping.check(expr))?;
        for key in order_by {
            if let SortTarget::Expr(expr) = &key.target {
                grouping.check(expr)?;
            }
        }
        Ok(true)
    }
}

/// The parts of a `select` that have a meaning here.
struct Parts<'a> {
    distinct: bool,
    distinct_on: &'a [ast::Expr],
    projection: &'a [ast::SelectItem],
    from: &'a [ast::TableWithJoins],
    filter: Option<&'a ast::Expr>,
    group_by: &'a [ast::Expr],
    having: Option<&'a ast::Expr>,
    windows: &'a [ast::NamedWindowDefinition],
}

impl<'a> Parts<'a> {
    fn of(select: &'a ast::Select) -> Result<Parts<'a>, SqlError> {
        let ast::Select {
            select_token: _,
            optimizer_hints: _, // comments in PostgreSQL
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _, // says where `top` stood
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _, // says where `qualify` stood
            value_table_mode,
            flavor,
        } = select;
        refuse_if(select_modifiers.is_some(), "a modifier of SELECT")?;
        refuse_if(top.is_some(), "TOP")?;
        refuse_if(exclude.is_some(), "EXCLUDE")?;
        refuse_if(into.is_some(), "SELECT INTO")?;
        refuse_if(!lateral_views.is_empty(), "LATERAL VIEW")?;
        refuse_if(prewhere.is_some(), "PREWHERE")?;
        refuse_if(!connect_by.is_empty(), "CONNECT BY")?;
        refuse_if(!cluster_by.is_empty(), "CLUSTER BY")?;
        refuse_if(!distribute_by.is_empty(), "DISTRIBUTE BY")?;
        refuse_if(!sort_by.is_empty(), "SORT BY")?;
        refuse_if(qualify.is_some(), "QUALIFY")?;
        refuse_if(value_table_mode.is_some(), "SELECT AS STRUCT")?;
        refuse_if(
            !matches!(flavor, ast::SelectFlavor::Standard),
            "FROM before SELECT",
        )?;
        Ok(Parts {
            distinct: matches!(distinct, Some(ast::Distinct::Distinct)),
            distinct_on: match distinct {
                Some(ast::Distinct::On(keys)) => keys,
                _ => &[],
            },
            projection,
            from,
            filter: selection.as_ref(),
            group_by: group_exprs(group_by)?,
            having: having.as_ref(),
            windows: named_window,
        })
    }
}

fn group_exprs(group_by: &ast::GroupByExpr) -> Result<&[ast::Expr], SqlError> {
    match group_by {
        ast::GroupByExpr::All(_) => Err(SqlError::syntax("syntax error behind GROUP BY ALL")),
        ast::GroupByExpr::Expressions(exprs, modifiers) => {
            refuse_if(!modifiers.is_empty(), "GROUP BY ... WITH")?;
            Ok(exprs)
        }
    }
}

fn item_of(column: &super::scope::VisibleColumn) -> Item {
    Item {
        name: column.name.clone(),
        typed: Typed::new(column.expr.clone(), column.ty),
    }
}

fn plain_wildcard(options: &ast::WildcardAdditionalOptions) -> Result<(), SqlError> {
    let ast::WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    refuse_if(opt_ilike.is_some(), "* ILIKE")?;
    refuse_if(opt_exclude.is_some(), "* EXCLUDE")?;
    refuse_if(opt_except.is_some(), "* EXCEPT")?;
    refuse_if(opt_replace.is_some(), "* REPLACE")?;
    refuse_if(opt_rename.is_some(), "* RENAME")?;
    refuse_if(opt_alias.is_some(), "* AS")
}
