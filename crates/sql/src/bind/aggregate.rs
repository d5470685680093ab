//! Aggregates: where they may stand and what may stand in them.

use super::call::Call;
use super::operator::collated;
use super::{Binder, Clause, Typed};
use crate::functions::signatures::Resolved;
use crate::plan::{Aggregate, Expr, SortKey};
use crate::{SqlError, Type, sqlstate};

impl Binder<'_> {
    pub(super) fn aggregate(
        &mut self,
        call: Call<'_>,
        resolved: &Resolved,
    ) -> Result<Typed, SqlError> {
        self.aggregate_may_stand_here()?;
        let args = call.args.unwrap_or_default();
        if call.distinct && args.len() != 1 {
            return Err(SqlError::unsupported(format_args!(
                "DISTINCT with several arguments ({})",
                call.name
            ))
            .with_hint("Take the distinct values in a subquery first."));
        }
        let is_inner = |arg: &&Typed| matches!(arg.expr, Expr::Aggregate(_) | Expr::Window(_));
        let inner = args.iter().find(is_inner).and_then(|arg| arg.at);
        let mut args = self.convert_args(args, resolved)?;
        let order_by = self.sort_keys(call.order_by)?;
        // PostgreSQL sorts what it tells apart; an element is told apart by its text here.
        let is_converted = matches!(args.first(), Some(Expr::Call { .. }));
        if call.distinct
            && resolved.sqlite == "hw_array_agg"
            && (order_by.is_empty() || is_converted)
        {
            return Err(
                SqlError::unsupported("DISTINCT in this array_agg").with_hint(
                    "Take the distinct values in a subquery first: array(select distinct ...).",
                ),
            );
        }
        if call.distinct && order_by.is_empty() && resolved.sqlite == "hw_jsonb_agg" {
            return Err(
                SqlError::unsupported("DISTINCT in jsonb_agg without ORDER BY")
                    .with_hint("Order it by its argument."),
            );
        }
        if call.distinct {
            distinct_order(&mut args, &order_by, &resolved.args)?;
        }
        let filter = match call.filter {
            Some(filter) => {
                Some(self.within(Clause::Filter, |binder| binder.condition(filter, "FILTER"))?)
            }
            None => None,
        };
        let aggregate = Aggregate {
            function: resolved.sqlite,
            args,
            distinct: call.distinct,
            order_by,
            filter,
        };
        self.check_contents(&aggregate)
            .map_err(|error| error.at(inner))?;
        if let Some(scope) = self.scopes.last_mut() {
            scope.aggregates = true;
        }
        Ok(Typed::new(
            Expr::Aggregate(Box::new(aggregate)),
            resolved.returns,
        ))
    }

    fn aggregate_may_stand_here(&self) -> Result<(), SqlError> {
        match self.clause {
            Clause::Select | Clause::Having | Clause::OrderBy | Clause::WindowDefinition => Ok(()),
            clause => Err(SqlError::new(
                sqlstate::GROUPING_ERROR,
                format!("aggregate functions are not allowed in {}", clause.name()),
            )),
        }
    }

    /// No aggregate or window function inside, and something of this level, if of any.
    fn check_contents(&self, aggregate: &Aggregate) -> Result<(), SqlError> {
        let whole = Expr::Aggregate(Box::new(aggregate.clone()));
        let mut error = None;
        let mut levels = (false, false);
        let own = self.scopes.last().map(|scope| &scope.ids);
        let mut is_top = true;
        whole.walk_all(&mut |expr| {
            match expr {
                Expr::Aggregate(_) if !std::mem::take(&mut is_top) => {
                    error = Some("aggregate function calls cannot be nested");
                }
                Expr::Window(_) => {
                    error = Some("aggregate function calls cannot contain window function calls");
                }
                Expr::Column(column) => match own.is_some_and(|own| own.contains(&column.relation))
                {
                    true => levels.0 = true,
                    false => levels.1 = true,
                },
                _ => {}
            }
            // What a subquery of the argument aggregates is its own affair.
            expr.subquery().is_none()
        });
        match (error, levels) {
            (Some(message), _) => Err(SqlError::new(sqlstate::GROUPING_ERROR, message)),
            (None, (false, true)) => Err(SqlError::unsupported(
                "an aggregate over columns of an outer query only",
            )),
            _ => Ok(()),
        }
    }
}

/// With `distinct` the order can only be that of the argument; and values are told apart as they
/// are compared.
fn distinct_order(args: &mut [Expr], order_by: &[SortKey], types: &[Type]) -> Result<(), SqlError> {
    for key in order_by {
        let expr = match &key.expr {
            Expr::Collate(expr, _) => expr,
            expr => expr,
        };
        if expr != &args[0] {
            return Err(SqlError::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
            ));
        }
    }
    for (arg, ty) in args.iter_mut().zip(types) {
        *arg = collated(arg.clone(), *ty);
    }
    Ok(())
}
