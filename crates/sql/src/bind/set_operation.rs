//! `union`, `intersect` and `except`.

use sqlparser::ast;

use super::Binder;
use super::coerce::common_type;
use super::query::plain;
use crate::plan::{Body, PlanColumn, QueryPlan, SetOp};
use crate::{SqlError, Type};

impl Binder<'_> {
    pub(super) fn set_operation(
        &mut self,
        op: ast::SetOperator,
        quantifier: ast::SetQuantifier,
        left: &ast::SetExpr,
        right: &ast::SetExpr,
    ) -> Result<QueryPlan, SqlError> {
        let (op, all) = operation(op, quantifier)?;
        let left = self.operand(left)?;
        let right = self.operand(right)?;
        self.combine(op, all, left, right)
    }

    /// Gives both sides the same types.
    pub(super) fn combine(
        &mut self,
        op: SetOp,
        all: bool,
        left: QueryPlan,
        right: QueryPlan,
    ) -> Result<QueryPlan, SqlError> {
        if left.columns.len() != right.columns.len() {
            return Err(SqlError::syntax(format!(
                "each {} query must have the same number of columns",
                op.name()
            )));
        }
        let mut types = Vec::new();
        for (one, other) in left.columns.iter().zip(&right.columns) {
            let ty = common_type([one.ty, other.ty], op.name())?;
            types.push(ty.unwrap_or(Type::Text));
        }
        let left = self.convert_output(left, &types)?;
        let right = self.convert_output(right, &types)?;
        let columns = left
            .columns
            .iter()
            .zip(&types)
            .map(|(column, ty)| PlanColumn {
                name: column.name.clone(),
                ty: Some(*ty),
            })
            .collect();
        let body = Body::SetOperation {
            op,
            all,
            left: Box::new(left),
            right: Box::new(right),
        };
        Ok(plain(body, columns))
    }
}

/// Which operation, and whether it keeps duplicates.
pub(super) fn operation(
    op: ast::SetOperator,
    quantifier: ast::SetQuantifier,
) -> Result<(SetOp, bool), SqlError> {
    use ast::SetQuantifier as Q;
    let op = match op {
        ast::SetOperator::Union => SetOp::Union,
        ast::SetOperator::Intersect => SetOp::Intersect,
        ast::SetOperator::Except => SetOp::Except,
        ast::SetOperator::Minus => {
            return Err(SqlError::unsupported("\"MINUS\"").with_hint("Write EXCEPT."));
        }
    };
    let all = match quantifier {
        Q::All => true,
        Q::Distinct | Q::None => false,
        Q::ByName | Q::AllByName | Q::DistinctByName => {
            return Err(SqlError::unsupported("\"BY NAME\""));
        }
    };
    Ok((op, all))
}
