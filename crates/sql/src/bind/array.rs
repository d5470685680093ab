//! Arrays: `array[...]`, `array(select ...)`, subscripts, and `any` and `all` over them.

use sqlparser::ast::{self, BinaryOperator};

use super::operator::{comparison, symbol};
use super::query::plain;
use super::{Binder, Typed, refuse_if};
use crate::functions::array_signatures::array_of;
use crate::functions::signatures::{client_text, input};
use crate::plan::{
    Body, ColumnRef, Expr, From, PlanColumn, Quantified, QueryPlan, RelationId, SelectPlan,
};
use crate::value::array::to_text;
use crate::{SqlError, Type, Value, sqlstate};

/// Arguments that one call of SQLite takes.
const ELEMENTS_MAX: usize = 100;

impl Binder<'_> {
    /// `array[a, b]`; `element` is the type that a cast around it asks for.
    pub(super) fn array(
        &mut self,
        array: &ast::Array,
        element: Option<Type>,
    ) -> Result<Typed, SqlError> {
        let ast::Array { elem, named } = array;
        refuse_if(!named, "an array without the word ARRAY")?;
        let mut items = Vec::with_capacity(elem.len());
        for item in elem {
            items.push(self.expr(item)?);
        }
        if items.is_empty() && element.is_none() {
            return Err(SqlError::new(
                sqlstate::INDETERMINATE_DATATYPE,
                "cannot determine type of empty array",
            )
            .with_hint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."));
        }
        let (items, element) = match element {
            None => self.unify(items, "ARRAY")?,
            Some(element) => {
                let cast = |item| self.cast(item, element).map(|typed| typed.expr);
                (
                    items.into_iter().map(cast).collect::<Result<_, _>>()?,
                    element,
                )
            }
        };
        let ty = array_of(element)?;
        Ok(Typed::new(built(items, element, ty)?, ty))
    }

    /// `array(select ...)`: the only column of a query, in its order.
    pub(super) fn array_query(&mut self, query: &ast::Query) -> Result<Typed, SqlError> {
        let mut query = self.subquery(query)?;
        self.one_column(&query)?;
        self.settle(&mut query)?;
        let element = query.columns[0].ty.unwrap_or(Type::Text);
        let ty = array_of(element)?;
        let query = Box::new(query);
        let text = client_text(element);
        Ok(Typed::new(Expr::ArrayQuery { query, text }, ty))
    }

    /// `a[1]`
    pub(super) fn subscript(
        &mut self,
        root: &ast::Expr,
        chain: &[ast::AccessExpr],
    ) -> Result<Typed, SqlError> {
        let refused = || SqlError::unsupported("a subscript or a field of a row");
        if matches!(root, ast::Expr::Array(_)) {
            return Err(SqlError::syntax("syntax error at or near \"[\"")
                .with_hint("Put parentheses around the array."));
        }
        let Some((ast::AccessExpr::Subscript(ast::Subscript::Index { index }), path)) =
            chain.split_last()
        else {
            return Err(refused());
        };
        let array = match path {
            [] => self.expr(root)?,
            path => self.expr(&dotted(root, path).ok_or_else(refused)?)?,
        };
        let Some((ty, element)) = array.ty.and_then(|ty| Some((ty, ty.element()?))) else {
            return Err(refused());
        };
        let index = self.expr(index)?;
        let index = self.convert(index, Type::Int)?;
        let function = match ty {
            Type::Vector(_) => "hw_vector_element",
            _ => "hw_array_element",
        };
        let found = Expr::Call {
            function,
            args: vec![array.expr, index],
        };
        Ok(Typed::new(read(found, element), element))
    }

    /// `x = any (...)` and `x = all (...)`, over an array or a query.
    pub(super) fn quantified(
        &mut self,
        left: &ast::Expr,
        op: &BinaryOperator,
        right: &ast::Expr,
        all: bool,
    ) -> Result<Typed, SqlError> {
        let symbol = match comparison(op) {
            Some(symbol) => symbol,
            None => symbol(op)?,
        };
        let is_membership = matches!((symbol, all), ("=", false) | ("<>", true));
        let right = super::expr::bare(right);
        if let ast::Expr::Subquery(query) = right {
            return match is_membership {
                true => self.in_query(left, query, all),
                false => self.over_query(left, symbol, query, all),
            };
        }
        let left = self.expr(left)?;
        if let (true, ast::Expr::Array(array)) = (is_membership, right)
            && !array.elem.is_empty()
        {
            return self.in_elements(left, &array.elem, all);
        }
        let array = self.expr(right)?;
        self.over_array(left, symbol, array, all)
    }

    /// `x = any (array[a, b])` is `x in (a, b)`.
    fn in_elements(
        &mut self,
        left: Typed,
        elements: &[ast::Expr],
        negated: bool,
    ) -> Result<Typed, SqlError> {
        let mut items = Vec::with_capacity(elements.len());
        for item in elements {
            items.push(self.expr(item)?);
        }
        let known = items.iter().any(|item| item.ty.is_some());
        let (items, element) = match (known, left.ty) {
            (false, Some(ty)) => {
                let convert = |item| self.convert(item, ty);
                (
                    items.into_iter().map(convert).collect::<Result<_, _>>()?,
                    ty,
                )
            }
            _ => self.unify(items, "ARRAY")?,
        };
        array_of(element)?;
        let mut list = Vec::with_capacity(items.len());
        let mut value = None;
        for item in items {
            let (left, item, _) = self.comparable("=", left.clone(), Typed::new(item, element))?;
            value = Some(left);
            list.push(item);
        }
        let Some(value) = value else {
            return Err(SqlError::unsupported("an empty array here"));
        };
        let expr = Box::new(value);
        Ok(Typed::new(
            Expr::InList {
                expr,
                list,
                negated,
            },
            Type::Bool,
        ))
    }

    /// Over an array that is known when the statement runs.
    pub(super) fn over_array(
        &mut self,
        left: Typed,
        symbol: &'static str,
        array: Typed,
        all: bool,
    ) -> Result<Typed, SqlError> {
        let ty = match array.ty {
            Some(ty) => ty,
            None => array_of(left.ty.unwrap_or(Type::Text))?,
        };
        let Some(element) = ty.element() else {
            return Err(SqlError::new(
                sqlstate::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires array on right side",
            ));
        };
        // Of a null array nothing is known, as of one that has a null.
        let array = Expr::Call {
            function: "hw_array_or_null",
            args: vec![self.convert(array, ty)?],
        };
        let relation = self.next_relation();
        let from = From::Rows {
            relation,
            arrays: vec![array],
        };
        let member = Typed::new(read(row_value(relation, 0), element), element);
        if matches!((symbol, all), ("=", false) | ("<>", true)) {
            let (value, member, ty) = self.comparable("=", left, member)?;
            let query = Box::new(one_column(from, member, ty));
            let expr = Box::new(value);
            return Ok(Typed::new(
                Expr::InQuery {
                    expr,
                    query,
                    negated: all,
                },
                Type::Bool,
            ));
        }
        let test = self.test(symbol, left, member)?;
        let quantified = Quantified { from, test, all };
        Ok(Typed::new(
            Expr::Quantified(Box::new(quantified)),
            Type::Bool,
        ))
    }

    fn over_query(
        &mut self,
        left: &ast::Expr,
        symbol: &'static str,
        query: &ast::Query,
        all: bool,
    ) -> Result<Typed, SqlError> {
        let left = self.expr(left)?;
        let mut query = self.subquery(query)?;
        self.one_column(&query)?;
        self.settle(&mut query)?;
        let ty = query.columns[0].ty.unwrap_or(Type::Text);
        let relation = self.next_relation();
        let member = Typed::new(column(relation, "c0".to_owned()), ty);
        let test = self.test(symbol, left, member)?;
        let from = From::Query {
            relation,
            query: Box::new(query),
        };
        let quantified = Quantified { from, test, all };
        Ok(Typed::new(
            Expr::Quantified(Box::new(quantified)),
            Type::Bool,
        ))
    }

    /// The operator between the left side and one member.
    fn test(&mut self, symbol: &'static str, left: Typed, member: Typed) -> Result<Expr, SqlError> {
        let tested = match symbol {
            "=" | "<>" | "<" | "<=" | ">" | ">=" => self.compare(symbol, left, member)?,
            symbol => self.operate(symbol, left, member)?,
        };
        match tested.ty {
            Some(Type::Bool) => Ok(tested.expr),
            _ => Err(SqlError::new(
                sqlstate::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires operator to yield boolean",
            )),
        }
    }
}

/// `t.a`, of which the parser makes a column `t` and a step to `a` when a subscript follows.
fn dotted(root: &ast::Expr, path: &[ast::AccessExpr]) -> Option<ast::Expr> {
    let mut parts = match root {
        ast::Expr::Identifier(ident) => vec![ident.clone()],
        ast::Expr::CompoundIdentifier(parts) => parts.clone(),
        _ => return None,
    };
    for step in path {
        match step {
            ast::AccessExpr::Dot(ast::Expr::Identifier(ident)) => parts.push(ident.clone()),
            _ => return None,
        }
    }
    Some(ast::Expr::CompoundIdentifier(parts))
}

/// The array of these elements: a constant when they all are.
fn built(items: Vec<Expr>, element: Type, ty: Type) -> Result<Expr, SqlError> {
    let constant = |item: &Expr| match item {
        Expr::Constant(value) => Some(value.to_text()),
        _ => None,
    };
    if let Some(texts) = items.iter().map(constant).collect::<Option<Vec<_>>>() {
        let text = to_text(texts.iter().map(Option::as_deref));
        return Ok(Expr::Constant(Value::Array(ty, text)));
    }
    if items.len() > ELEMENTS_MAX {
        return Err(SqlError::unsupported(format_args!(
            "an array of more than {ELEMENTS_MAX} expressions"
        )));
    }
    let text = |item| match client_text(element) {
        Some(function) => Expr::Call {
            function,
            args: vec![item],
        },
        None => item,
    };
    Ok(Expr::Call {
        function: "hw_array",
        args: items.into_iter().map(text).collect(),
    })
}

/// An element, read from its text as its type is kept.
pub(super) fn read(text: Expr, element: Type) -> Expr {
    match input(element) {
        Some(function) => Expr::Call {
            function,
            args: vec![text],
        },
        None => text,
    }
}

/// The element of the array with this number, in the current row of [`From::Rows`].
pub(super) fn row_value(relation: RelationId, array: usize) -> Expr {
    column(relation, format!("v{array}"))
}

pub(super) fn column(relation: RelationId, column: String) -> Expr {
    Expr::Column(ColumnRef {
        relation,
        display: column.clone(),
        column,
        position: None,
    })
}

/// `select expr from ...`
fn one_column(from: From, expr: Expr, ty: Type) -> QueryPlan {
    let body = Body::Select(Box::new(SelectPlan {
        distinct: false,
        distinct_on: Vec::new(),
        items: vec![expr],
        from: Some(from),
        filter: None,
        group_by: Vec::new(),
        grouped: false,
        having: None,
    }));
    let name = "c0".to_owned();
    plain(body, vec![PlanColumn { name, ty: Some(ty) }])
}
