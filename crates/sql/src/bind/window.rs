//! Window functions and the windows they look through.

use sqlparser::ast;

use super::call::Call;
use super::operator::collated;
use super::{Binder, Clause, Typed, refuse_if};
use crate::functions::signatures::Resolved;
use crate::plan::{Expr, Frame, FrameBound, SortKey, Window};
use crate::{SqlError, Type, Value, sqlstate};

impl Binder<'_> {
    pub(super) fn window(
        &mut self,
        call: Call<'_>,
        resolved: &Resolved,
        over: &ast::WindowType,
    ) -> Result<Typed, SqlError> {
        if !matches!(self.clause, Clause::Select | Clause::OrderBy) {
            return Err(SqlError::new(
                sqlstate::WINDOWING_ERROR,
                format!("window functions are not allowed in {}", self.clause.name()),
            ));
        }
        refuse_if(call.distinct, "DISTINCT with OVER")?;
        refuse_if(
            !call.order_by.is_empty(),
            "ORDER BY in the arguments with OVER",
        )?;
        let args = self.convert_args(call.args.unwrap_or_default(), resolved)?;
        let filter = match call.filter {
            Some(_) if resolved.kind == crate::functions::signatures::Kind::Window => {
                return Err(SqlError::unsupported(
                    "FILTER with a function that is no aggregate",
                ));
            }
            Some(filter) => {
                Some(self.within(Clause::Filter, |binder| binder.condition(filter, "FILTER"))?)
            }
            None => None,
        };
        let spec = self.window_spec(over)?;
        let (partition_by, order_by, frame) =
            self.within(Clause::WindowDefinition, |binder| binder.definition(&spec))?;
        let window = Window {
            function: resolved.sqlite,
            args,
            filter,
            partition_by,
            order_by,
            frame,
        };
        not_nested(&window)?;
        Ok(Typed::new(Expr::Window(Box::new(window)), resolved.returns))
    }

    /// The specification with everything it takes from a named window.
    fn window_spec(&self, over: &ast::WindowType) -> Result<ast::WindowSpec, SqlError> {
        match over {
            ast::WindowType::NamedWindow(name) => self.named_window(name),
            ast::WindowType::WindowSpec(spec) => self.completed(spec),
        }
    }

    fn named_window(&self, ident: &ast::Ident) -> Result<ast::WindowSpec, SqlError> {
        let name = self.name(ident)?;
        let windows = self
            .scopes
            .last()
            .map_or([].as_slice(), |scope| &scope.windows);
        windows
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, spec)| spec.clone())
            .ok_or_else(|| {
                SqlError::new(
                    sqlstate::UNDEFINED_OBJECT,
                    format!("window \"{name}\" does not exist"),
                )
                .at(self.source.ident(ident))
            })
    }

    /// `(base order by ...)`: the base gives its partition, and its order if it has one.
    pub(super) fn completed(&self, spec: &ast::WindowSpec) -> Result<ast::WindowSpec, SqlError> {
        let ast::WindowSpec {
            window_name,
            partition_by,
            order_by,
            window_frame,
        } = spec;
        let Some(name) = window_name else {
            return Ok(spec.clone());
        };
        let base = self.named_window(name)?;
        let overridden = match () {
            () if !partition_by.is_empty() => Some("override PARTITION BY clause of"),
            () if !order_by.is_empty() && !base.order_by.is_empty() => {
                Some("override ORDER BY clause of")
            }
            () if base.window_frame.is_some() => Some("copy, because it has a frame clause,"),
            () => None,
        };
        if let Some(what) = overridden {
            return Err(SqlError::new(
                sqlstate::WINDOWING_ERROR,
                format!("cannot {what} window \"{name}\""),
            )
            .at(self.source.ident(name)));
        }
        Ok(ast::WindowSpec {
            window_name: None,
            partition_by: base.partition_by,
            order_by: match order_by.is_empty() {
                true => base.order_by,
                false => order_by.clone(),
            },
            window_frame: window_frame.clone(),
        })
    }

    #[allow(clippy::type_complexity)] // the three parts of a window, used at once
    fn definition(
        &mut self,
        spec: &ast::WindowSpec,
    ) -> Result<(Vec<Expr>, Vec<SortKey>, Option<Frame>), SqlError> {
        let mut partition_by = Vec::new();
        for expr in &spec.partition_by {
            let typed = self.expr(expr)?;
            let ty = typed.ty.unwrap_or(Type::Text);
            partition_by.push(collated(self.convert(typed, ty)?, ty));
        }
        let order_by = self.sort_keys(&spec.order_by)?;
        let frame = spec.window_frame.as_ref();
        let frame = frame
            .map(|frame| self.frame(frame, order_by.is_empty()))
            .transpose()?;
        Ok((partition_by, order_by, frame))
    }

    fn frame(&mut self, frame: &ast::WindowFrame, unordered: bool) -> Result<Frame, SqlError> {
        let ast::WindowFrame {
            units,
            start_bound,
            end_bound,
        } = frame;
        let unit = match units {
            ast::WindowFrameUnits::Rows => "ROWS",
            ast::WindowFrameUnits::Range => "RANGE",
            ast::WindowFrameUnits::Groups => "GROUPS",
        };
        if unit == "GROUPS" && unordered {
            return Err(SqlError::new(
                sqlstate::WINDOWING_ERROR,
                "GROUPS mode requires an ORDER BY clause",
            ));
        }
        let start = self.bound(start_bound, unit, false)?;
        let end = match end_bound {
            Some(bound) => self.bound(bound, unit, true)?,
            None => FrameBound::CurrentRow,
        };
        check_bounds(&start, &end)?;
        Ok(Frame { unit, start, end })
    }

    fn bound(
        &mut self,
        bound: &ast::WindowFrameBound,
        unit: &str,
        is_end: bool,
    ) -> Result<FrameBound, SqlError> {
        let misplaced =
            |what: &str| SqlError::new(sqlstate::WINDOWING_ERROR, format!("frame {what}"));
        Ok(match bound {
            ast::WindowFrameBound::CurrentRow => FrameBound::CurrentRow,
            ast::WindowFrameBound::Preceding(None) if is_end => {
                return Err(misplaced("end cannot be UNBOUNDED PRECEDING"));
            }
            ast::WindowFrameBound::Following(None) if !is_end => {
                return Err(misplaced("start cannot be UNBOUNDED FOLLOWING"));
            }
            ast::WindowFrameBound::Preceding(None) => FrameBound::UnboundedPreceding,
            ast::WindowFrameBound::Following(None) => FrameBound::UnboundedFollowing,
            ast::WindowFrameBound::Preceding(Some(rows)) => {
                FrameBound::Preceding(self.frame_offset(rows, unit)?)
            }
            ast::WindowFrameBound::Following(Some(rows)) => {
                FrameBound::Following(self.frame_offset(rows, unit)?)
            }
        })
    }

    /// Only a number that is written down: SQLite asks for a constant.
    fn frame_offset(&mut self, rows: &ast::Expr, unit: &str) -> Result<Expr, SqlError> {
        refuse_if(unit == "RANGE", "RANGE with an offset")?;
        match self.expr(rows)?.expr {
            Expr::Constant(Value::Int(rows)) if rows >= 0 => Ok(Expr::Constant(Value::Int(rows))),
            Expr::Constant(Value::Int(_)) => {
                Err(SqlError::new("22013", "frame offset must not be negative"))
            }
            _ => Err(SqlError::unsupported(
                "a frame offset that is not a plain integer",
            )),
        }
    }

    /// The keys of an `order by` inside a call or a window: expressions, never ordinals or aliases.
    pub(super) fn sort_keys(
        &mut self,
        keys: &[ast::OrderByExpr],
    ) -> Result<Vec<SortKey>, SqlError> {
        keys.iter()
            .map(|key| {
                let (expr, descending, nulls_first) = sort_options(key)?;
                let typed = self.expr(expr)?;
                let ty = typed.ty.unwrap_or(Type::Text);
                Ok(SortKey {
                    expr: collated(self.convert(typed, ty)?, ty),
                    descending,
                    nulls_first,
                })
            })
            .collect()
    }
}

/// The expression of a key, whether it is descending, and whether nulls come first: in PostgreSQL
/// null is greater than everything unless the statement says otherwise.
pub(super) fn sort_options(key: &ast::OrderByExpr) -> Result<(&ast::Expr, bool, bool), SqlError> {
    let ast::OrderByExpr {
        expr,
        options,
        with_fill,
    } = key;
    refuse_if(with_fill.is_some(), "WITH FILL")?;
    let ast::OrderByOptions { sort, nulls_first } = options;
    let descending = match sort {
        None | Some(ast::OrderBySort::Asc) => false,
        Some(ast::OrderBySort::Desc) => true,
        Some(ast::OrderBySort::Using(_)) => {
            return Err(
                SqlError::unsupported("\"ORDER BY ... USING\"").with_hint("Write ASC or DESC.")
            );
        }
    };
    Ok((expr, descending, nulls_first.unwrap_or(descending)))
}

fn check_bounds(start: &FrameBound, end: &FrameBound) -> Result<(), SqlError> {
    let wrong = match (start, end) {
        (FrameBound::CurrentRow, FrameBound::Preceding(_)) => {
            "frame starting from current row cannot have preceding rows"
        }
        (FrameBound::Following(_), FrameBound::Preceding(_) | FrameBound::CurrentRow) => {
            "frame starting from following row cannot have preceding rows"
        }
        _ => return Ok(()),
    };
    Err(SqlError::new(sqlstate::WINDOWING_ERROR, wrong))
}

fn not_nested(window: &Window) -> Result<(), SqlError> {
    let whole = Expr::Window(Box::new(window.clone()));
    let mut windows = 0;
    whole.walk(&mut |expr| {
        windows += usize::from(matches!(expr, Expr::Window(_)));
        true
    });
    match windows {
        1 => Ok(()),
        _ => Err(SqlError::new(
            sqlstate::WINDOWING_ERROR,
            "window function calls cannot be nested",
        )),
    }
}
