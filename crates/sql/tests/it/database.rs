//! A SQLite database with tables that the crate defined, for tests that run what it translates.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sql::{
    Catalog, EnvelopeField, Handler, ParamSource, Query, SqlError, Type, Value, compile_handler,
    compile_query, create_table, install,
};
use rusqlite::{Connection, params_from_iter};

/// Values for the placeholders of a handler, by their text (`:name`, `@position`).
pub(crate) type Given<'a> = BTreeMap<&'a str, Value>;

pub(crate) struct Database {
    pub(crate) conn: Connection,
    pub(crate) catalog: Catalog,
}

impl Database {
    /// A database with these `create table` statements applied.
    pub(crate) fn new(tables: &[&str]) -> Database {
        let conn = Connection::open_in_memory().unwrap();
        install(&conn).unwrap();
        let mut catalog = Catalog::new();
        for sql in tables {
            let table = create_table(sql).unwrap();
            conn.execute_batch(&table.sqlite_ddl())
                .unwrap_or_else(|error| panic!("{}: {error}", table.sqlite_ddl()));
            catalog.add(Some("main"), Arc::new(table)).unwrap();
        }
        Database { conn, catalog }
    }

    /// Runs a handler; gives the number of rows it wrote.
    pub(crate) fn handle(&self, sql: &str, given: &Given<'_>) -> Result<usize, SqlError> {
        let handler = compile_handler(sql, &self.catalog)?;
        let values = handler.params.iter().map(|param| {
            let name = match &param.source {
                ParamSource::Field { name, .. } => format!(":{name}"),
                ParamSource::Envelope(field) => format!("@{}", field.name()),
            };
            let value = given.get(name.as_str()).unwrap_or(&Value::Null);
            assert!(
                value.ty().is_none_or(|ty| ty == param.ty),
                "{name} is bound as {}, the test gives {value:?}",
                param.ty
            );
            value.to_sqlite()
        });
        self.prepare_and_run(&handler, values)
    }

    fn prepare_and_run(
        &self,
        handler: &Handler,
        values: impl Iterator<Item = rusqlite::types::Value>,
    ) -> Result<usize, SqlError> {
        self.conn
            .execute(&handler.sqlite, params_from_iter(values))
            .map_err(SqlError::from_sqlite)
    }

    /// Runs a handler without placeholders that is expected to work.
    pub(crate) fn run(&self, sql: &str) -> usize {
        self.handle(sql, &Given::new())
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The rows of a query as text, `null` for null, columns joined by `|`.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        self.query(sql, &[])
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<String>, SqlError> {
        let types: Vec<Option<Type>> = params.iter().map(Value::ty).collect();
        let query = compile_query(sql, &self.catalog, &types)?;
        self.run_query(&query, params)
    }

    fn run_query(&self, query: &Query, params: &[Value]) -> Result<Vec<String>, SqlError> {
        let mut statement = self
            .conn
            .prepare(&query.sqlite)
            .map_err(SqlError::from_sqlite)?;
        let values = params.iter().map(Value::to_sqlite);
        let mut rows = statement
            .query(params_from_iter(values))
            .map_err(SqlError::from_sqlite)?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next().map_err(SqlError::from_sqlite)? {
            let mut line = Vec::new();
            for (index, column) in query.columns.iter().enumerate() {
                let value = Value::from_sqlite(column.ty, row.get_ref(index).unwrap())?;
                line.push(value.to_text().unwrap_or_else(|| "null".to_owned()));
            }
            lines.push(line.join("|"));
        }
        Ok(lines)
    }

    /// The error of a query, which is expected to be refused before it runs.
    pub(crate) fn refusal(&self, sql: &str) -> SqlError {
        match compile_query(sql, &self.catalog, &[]) {
            Err(error) => error,
            Ok(query) => panic!("{sql} was accepted as {}", query.sqlite),
        }
    }
}

/// Placeholder values from pairs.
pub(crate) fn given<'a>(pairs: &[(&'a str, Value)]) -> Given<'a> {
    pairs.iter().cloned().collect()
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

/// Every part of the envelope that is a plain name, for exhaustive tests.
pub(crate) fn envelope_names() -> Vec<&'static str> {
    EnvelopeField::ALL
        .iter()
        .map(|field| field.name())
        .collect()
}
