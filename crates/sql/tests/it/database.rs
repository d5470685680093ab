//! A SQLite database with tables that the crate defined, for tests that run what it translates.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_sql::{
    Catalog, ParamSource, SqlError, Surroundings, Type, Value, compile_handler, compile_query,
    create_index, create_table, install,
};
use rusqlite::{Connection, params_from_iter};

/// Values for the placeholders of a handler, by their text (`:name`, `@position`).
pub(crate) type Given<'a> = BTreeMap<&'a str, Value>;

pub(crate) struct Database {
    pub(crate) conn: Connection,
    pub(crate) catalog: Catalog,
}

impl Database {
    /// A database with these `create table` and `create index` statements applied.
    pub(crate) fn new(definitions: &[&str]) -> Database {
        let conn = Connection::open_in_memory().unwrap();
        install(&conn).unwrap();
        Surroundings::install(&conn).unwrap();
        let mut database = Database {
            conn,
            catalog: Catalog::new(),
        };
        for sql in definitions {
            database.define(sql);
        }
        database
    }

    fn define(&mut self, sql: &str) {
        let sqlite = if sql.starts_with("create table") {
            let table = create_table(sql).unwrap();
            let sqlite = table.sqlite_ddl();
            self.catalog.add(Some("main"), Arc::new(table)).unwrap();
            sqlite
        } else {
            let index = create_index(sql, &self.catalog).unwrap();
            self.catalog.add_index(&index).unwrap();
            index.sqlite
        };
        self.conn
            .execute_batch(&sqlite)
            .unwrap_or_else(|error| panic!("{sqlite}: {error}"));
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
        self.conn
            .execute(&handler.sqlite, params_from_iter(values))
            .map_err(SqlError::from_sqlite)
    }

    /// Runs a handler without placeholders that is expected to work.
    pub(crate) fn run(&self, sql: &str) -> usize {
        self.handle(sql, &Given::new())
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// The SQLSTATE of a handler without placeholders that is expected to fail.
    pub(crate) fn failure(&self, sql: &str) -> String {
        match self.handle(sql, &Given::new()) {
            Err(error) => error.sqlstate().to_owned(),
            Ok(rows) => panic!("{sql} wrote {rows} rows"),
        }
    }

    /// The rows of a query as text, `null` for null, columns joined by `|`.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        self.query(sql, &[])
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    pub(crate) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<String>, SqlError> {
        let types: Vec<Option<Type>> = params.iter().map(Value::ty).collect();
        let query = compile_query(sql, &self.catalog, &types)?;
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

    /// The error of a query that is expected to be refused before it runs.
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
