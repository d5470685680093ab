//! How PostgreSQL names output columns that nobody named (`FigureColname`).

use sqlparser::ast::{self, Expr as E};

use super::coerce::data_type;

/// The name of an unnamed output column.
pub(super) fn column_name(expr: &ast::Expr) -> String {
    figure(expr).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// A name, and whether it is better than the fallbacks `case` and the name of a type.
fn figure(expr: &ast::Expr) -> Option<(String, bool)> {
    let good = |name: &str| Some((name.to_owned(), true));
    match expr {
        E::Identifier(ident) => Some((folded(ident), true)),
        E::CompoundIdentifier(parts) => parts.last().map(|ident| (folded(ident), true)),
        E::Nested(inner) => figure(inner),
        E::Collate { expr, .. } => figure(expr),
        E::CompoundFieldAccess { root, access_chain } => {
            let mut fields = access_chain.iter().filter_map(|step| match step {
                ast::AccessExpr::Dot(E::Identifier(ident)) => Some((folded(ident), true)),
                _ => None,
            });
            fields.next_back().or_else(|| figure(root))
        }
        E::Array(_) => good("array"),
        E::Interval(_) => Some(("interval".to_owned(), false)),
        E::Function(function) => match function.name.0.last() {
            Some(ast::ObjectNamePart::Identifier(ident)) => Some((folded(ident), true)),
            _ => None,
        },
        E::Cast {
            expr,
            data_type: ty,
            ..
        } => match figure(expr) {
            Some((name, true)) => Some((name, true)),
            _ => type_name(ty),
        },
        E::TypedString(typed) => type_name(&typed.data_type),
        E::Case { else_result, .. } => match else_result.as_deref().and_then(figure) {
            Some((name, true)) => Some((name, true)),
            _ => Some(("case".to_owned(), false)),
        },
        E::Exists { negated: false, .. } => good("exists"),
        E::Subquery(query) => subquery_name(query),
        E::Extract { .. } => good("extract"),
        E::Position { .. } => good("position"),
        E::Substring {
            shorthand: false, ..
        } => good("substring"),
        E::Substring {
            shorthand: true, ..
        } => good("substr"),
        E::Overlay { .. } => good("overlay"),
        E::Ceil { .. } => good("ceil"),
        E::Floor { .. } => good("floor"),
        E::Trim { trim_where, .. } => good(match trim_where {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        }),
        _ => None,
    }
}

fn folded(ident: &ast::Ident) -> String {
    match ident.quote_style {
        None => ident.value.to_ascii_lowercase(),
        Some(_) => ident.value.clone(),
    }
}

fn type_name(ty: &ast::DataType) -> Option<(String, bool)> {
    let ty = data_type(ty).ok()?;
    let named = match ty {
        crate::Type::Array(element) => *element,
        ty => ty,
    };
    Some((named.catalog_name().to_owned(), false))
}

/// A scalar subquery is named as its column is, also where that has no name of its own.
fn subquery_name(query: &ast::Query) -> Option<(String, bool)> {
    let ast::SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.projection.first()? {
        ast::SelectItem::ExprWithAlias { alias, .. } => Some((folded(alias), true)),
        ast::SelectItem::UnnamedExpr(expr) => Some((column_name(expr), true)),
        _ => None,
    }
}
