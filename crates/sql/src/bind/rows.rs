//! Functions that answer rows: `generate_series`, `unnest`, `jsonb_array_elements` and others, in
//! `from` and in the select list.

use sqlparser::ast;

use super::array::{column, read, row_value};
use super::coerce::common_type;
use super::from::Source;
use super::scope::{Relation, Scope, VisibleColumn};
use super::{Binder, Typed, refuse_if};
use crate::functions::rows::ARRAYS_MAX;
use crate::functions::signatures::missing_function;
use crate::parse::schema_and_name;
use crate::plan::{Expr, From, RelationId};
use crate::{SqlError, Type, sqlstate};

/// A call, as the arrays whose elements its rows are made of.
pub(super) struct RowsCall {
    /// Each array, the type of its elements, and the column's name.
    pub(super) columns: Vec<(Expr, Type, String)>,
    /// Whether an alias of the call names its column too.
    named_by_alias: bool,
}

/// The functions that answer rows here.
const NAMES: &[&str] = &[
    "generate_series",
    "generate_subscripts",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_each",
    "jsonb_each_text",
    "jsonb_object_keys",
    "string_to_table",
    "unnest",
];

/// The name of a call of such a function.
pub(super) fn rows_function(function: &ast::Function) -> Option<String> {
    let (schema, ident) = schema_and_name(&function.name).ok()?;
    let name = ident.value.to_ascii_lowercase();
    let is_ours = schema.is_none_or(|schema| schema.value.eq_ignore_ascii_case("pg_catalog"));
    (is_ours && NAMES.contains(&name.as_str())).then_some(name)
}

impl Binder<'_> {
    /// A call in `from`, which may name what stands to its left.
    pub(super) fn rows_in_from(
        &mut self,
        name: &ast::ObjectName,
        args: &[ast::FunctionArg],
        with_ordinality: bool,
        alias: Option<&ast::TableAlias>,
    ) -> Result<Source, SqlError> {
        let (schema, ident) = schema_and_name(name)?;
        self.check_function_schema(schema)?;
        let name = self.label(ident)?;
        self.scopes.push(self.lateral.clone());
        let args: Result<Vec<Typed>, SqlError> =
            args.iter().map(|arg| self.argument(arg)).collect();
        // Pushed above; every push inside was popped again.
        self.scopes.pop();
        let args = args?;
        self.check_barred(&args)?;
        let call = self.rows_call(&name, args)?;
        let relation = self.next_relation();
        let mut columns: Vec<VisibleColumn> = Vec::new();
        let mut arrays = Vec::new();
        for (index, (array, element, column_name)) in call.columns.into_iter().enumerate() {
            arrays.push(array);
            columns.push(VisibleColumn {
                name: column_name,
                expr: read(row_value(relation, index), element),
                ty: element,
            });
        }
        if with_ordinality {
            columns.push(VisibleColumn {
                name: "ordinality".to_owned(),
                expr: column(relation, "ordinality".to_owned()),
                ty: Type::BigInt,
            });
        }
        let relation_name = self.name_rows(&name, call.named_by_alias, alias, &mut columns)?;
        let scope = Scope::of(Relation {
            name: relation_name,
            schema: None,
            id: relation,
            columns,
            table: None,
        });
        let from = From::Rows { relation, arrays };
        Ok(Source { from, scope })
    }

    /// 42P10 for arguments that name the left side of a right or full join: some rows of the call
    /// are to go with no row of it.
    fn check_barred(&self, args: &[Typed]) -> Result<(), SqlError> {
        let mut named = None;
        for arg in args {
            arg.expr.walk_all(&mut |expr| {
                if let Expr::Column(column) = expr
                    && self.lateral.barred.contains(&column.relation)
                {
                    named = Some(column.clone());
                }
                named.is_none()
            });
        }
        let Some(column) = named else {
            return Ok(());
        };
        Err(SqlError::new(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!("invalid reference to \"{}\" from here", column.display),
        )
        .with_detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
        .at(column.position))
    }

    /// Gives the relation and its columns the names of the alias.
    fn name_rows(
        &mut self,
        function: &str,
        named_by_alias: bool,
        alias: Option<&ast::TableAlias>,
        columns: &mut [VisibleColumn],
    ) -> Result<String, SqlError> {
        let Some(ast::TableAlias {
            explicit: _,
            name,
            columns: names,
            at,
        }) = alias
        else {
            return Ok(function.to_owned());
        };
        refuse_if(at.is_some(), "AT in an alias")?;
        let name = self.name(name)?;
        if named_by_alias && let Some(first) = columns.first_mut() {
            first.name.clone_from(&name);
        }
        if names.len() > columns.len() {
            return Err(SqlError::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                format!(
                    "table \"{name}\" has {} columns available but {} columns specified",
                    columns.len(),
                    names.len()
                ),
            ));
        }
        for (column, alias) in columns.iter_mut().zip(names) {
            refuse_if(alias.data_type.is_some(), "a column alias with a type")?;
            column.name = self.name(&alias.name)?;
        }
        Ok(name)
    }

    /// A call that is an output column by itself. Its rows are those of a relation that is joined to
    /// `from`; all such calls of a query run side by side.
    pub(super) fn rows_in_select(
        &mut self,
        name: &str,
        function: &ast::Function,
        relation: RelationId,
        arrays: &mut Vec<Expr>,
    ) -> Result<Typed, SqlError> {
        let ast::FunctionArguments::List(list) = &function.args else {
            return Err(SqlError::unsupported(format_args!("\"{function}\"")));
        };
        refuse_if(
            list.duplicate_treatment.is_some() || !list.clauses.is_empty(),
            "DISTINCT or ORDER BY in a function that answers rows",
        )?;
        let args = list
            .args
            .iter()
            .map(|arg| self.argument(arg))
            .collect::<Result<_, _>>()?;
        let mut call = self.rows_call(name, args)?;
        if call.columns.len() != 1 {
            return Err(SqlError::unsupported(format_args!(
                "{name}() outside of FROM"
            )));
        }
        let (array, element, _) = call.columns.remove(0);
        let index = arrays.len();
        if index == ARRAYS_MAX {
            return Err(SqlError::unsupported(format_args!(
                "more than {ARRAYS_MAX} functions that answer rows in one SELECT"
            )));
        }
        arrays.push(array);
        Ok(Typed::new(
            read(row_value(relation, index), element),
            element,
        ))
    }

    fn rows_call(&mut self, name: &str, args: Vec<Typed>) -> Result<RowsCall, SqlError> {
        match (name, args.as_slice()) {
            ("unnest", _) => return self.unnest(args),
            ("generate_series", [_, _] | [_, _, _]) => return self.series(args),
            ("generate_subscripts", [_, _]) => return self.subscripts(args),
            _ => {}
        }
        let types: Vec<Option<Type>> = args.iter().map(|arg| arg.ty).collect();
        let Some((wanted, element, functions)) = listed(name, args.len()) else {
            return Err(match NAMES.contains(&name) {
                true => missing_function(name, &types),
                false => SqlError::unsupported(format_args!("a function in FROM ({name})")),
            });
        };
        let fits = |ty: &Option<Type>| match ty {
            None => true,
            Some(ty) => *ty == wanted || (ty.is_string() && wanted == Type::Text),
        };
        if !types.iter().all(fits) {
            return Err(missing_function(name, &types));
        }
        let mut converted = Vec::new();
        for arg in args {
            converted.push(self.convert(arg, wanted)?);
        }
        let column = |(function, column): &(&'static str, &str)| {
            let element = if *column == "key" {
                Type::Text
            } else {
                element
            };
            let args = converted.clone();
            (Expr::Call { function, args }, element, (*column).to_owned())
        };
        Ok(RowsCall {
            columns: functions.iter().map(column).collect(),
            named_by_alias: !matches!(functions[0].1, "key" | "value"),
        })
    }

    fn subscripts(&mut self, args: Vec<Typed>) -> Result<RowsCall, SqlError> {
        const NAME: &str = "generate_subscripts";
        let types: Vec<Option<Type>> = args.iter().map(|arg| arg.ty).collect();
        let function = match types.first() {
            Some(Some(Type::Vector(_))) => "hw_vector_subscripts",
            Some(Some(Type::Array(_))) => "hw_array_subscripts",
            _ => return Err(missing_function(NAME, &types)),
        };
        let mut args = args.into_iter();
        let (Some(array), Some(dimension)) = (args.next(), args.next()) else {
            return Err(missing_function(NAME, &types));
        };
        let dimension = self.convert(dimension, Type::Int)?;
        Ok(one(function, vec![array.expr, dimension], Type::Int, NAME))
    }

    fn unnest(&mut self, args: Vec<Typed>) -> Result<RowsCall, SqlError> {
        let types: Vec<Option<Type>> = args.iter().map(|arg| arg.ty).collect();
        let mut columns = Vec::new();
        for arg in args {
            let element = arg.ty.and_then(Type::element);
            let Some(element) = element else {
                return Err(match arg.ty {
                    None => SqlError::new("42725", "function unnest(unknown) is not unique"),
                    Some(_) => missing_function("unnest", &types),
                });
            };
            columns.push((arg.expr, element, "unnest".to_owned()));
        }
        if columns.is_empty() || columns.len() > ARRAYS_MAX {
            return Err(SqlError::unsupported(format_args!(
                "unnest() of {} arrays",
                columns.len()
            )));
        }
        Ok(RowsCall {
            named_by_alias: columns.len() == 1,
            columns,
        })
    }

    fn series(&mut self, args: Vec<Typed>) -> Result<RowsCall, SqlError> {
        const NAME: &str = "generate_series";
        let types: Vec<Option<Type>> = args.iter().map(|arg| arg.ty).collect();
        if types.contains(&Some(Type::Timestamptz)) || types.contains(&Some(Type::Date)) {
            let [start, stop, step] =
                <[Typed; 3]>::try_from(args).map_err(|_| missing_function(NAME, &types))?;
            if start.ty != Some(Type::Timestamptz) && stop.ty != Some(Type::Timestamptz) {
                return Err(SqlError::unsupported("a timestamp without time zone")
                    .with_hint("Cast the bounds of the series to timestamptz."));
            }
            let args = vec![
                self.convert(start, Type::Timestamptz)?,
                self.convert(stop, Type::Timestamptz)?,
                self.convert(step, Type::Interval)?,
            ];
            return Ok(one("hw_timestamptz_series", args, Type::Timestamptz, NAME));
        }
        let ty =
            common_type(types.iter().copied(), NAME).map_err(|_| missing_function(NAME, &types))?;
        let ty = match ty {
            Some(Type::SmallInt | Type::Int) => Type::Int,
            Some(Type::BigInt) => Type::BigInt,
            Some(Type::Numeric) => {
                return Err(SqlError::unsupported("generate_series() of numeric"));
            }
            Some(_) => return Err(missing_function(NAME, &types)),
            None => return Err(SqlError::unsupported("generate_series() of unknown types")),
        };
        let args = args
            .into_iter()
            .map(|arg| self.convert(arg, ty))
            .collect::<Result<_, _>>()?;
        Ok(one("hw_series", args, ty, NAME))
    }
}

/// What a function takes, of which type its last column is, and for each column the function that
/// makes the array, and its name.
type Listed = (Type, Type, &'static [(&'static str, &'static str)]);

fn listed(name: &str, count: usize) -> Option<Listed> {
    Some(match (name, count) {
        ("jsonb_array_elements", 1) => {
            (Type::Jsonb, Type::Jsonb, &[("hw_jsonb_elements", "value")])
        }
        ("jsonb_array_elements_text", 1) => (
            Type::Jsonb,
            Type::Text,
            &[("hw_jsonb_elements_text", "value")],
        ),
        ("jsonb_object_keys", 1) => (
            Type::Jsonb,
            Type::Text,
            &[("hw_jsonb_object_keys", "jsonb_object_keys")],
        ),
        ("jsonb_each", 1) => (
            Type::Jsonb,
            Type::Jsonb,
            &[("hw_jsonb_keys", "key"), ("hw_jsonb_values", "value")],
        ),
        ("jsonb_each_text", 1) => (
            Type::Jsonb,
            Type::Text,
            &[("hw_jsonb_keys", "key"), ("hw_jsonb_values_text", "value")],
        ),
        ("string_to_table", 2 | 3) => (
            Type::Text,
            Type::Text,
            &[("hw_string_to_array", "string_to_table")],
        ),
        _ => return None,
    })
}

/// A call of one array, whose column has the function's name.
fn one(function: &'static str, args: Vec<Expr>, element: Type, name: &str) -> RowsCall {
    let array = Expr::Call { function, args };
    RowsCall {
        columns: vec![(array, element, name.to_owned())],
        named_by_alias: true,
    }
}
