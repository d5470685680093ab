//! Headwater's side: a SQLite in memory, the tables of a catalog, statements through the crate.

use std::sync::Arc;

use headwater_sql::{
    Catalog, Session, SqlError, Surroundings, Value, compile_handler, compile_query, create_index,
    create_table, install,
};
use rusqlite::Connection;

use super::engines::{Answer, Outcome};

/// Steps of SQLite's machine between two ticks, and ticks until it is stopped.
const STEPS_PER_TICK: i32 = 100_000;
const TICKS_MAX: u32 = 10_000;

/// An empty database with the functions of the language.
pub(crate) struct Headwater {
    conn: Connection,
    catalog: Catalog,
    surroundings: Surroundings,
}

/// A moment of 2024, for what asks the clock.
const NOW: i64 = 1_709_210_096_789_012;

impl Headwater {
    pub(crate) fn new() -> Headwater {
        let mut conn = Connection::open_in_memory().unwrap();
        install(&conn).unwrap();
        let surroundings = Surroundings::install(&conn).unwrap();
        // As PostgreSQL's `statement_timeout` in these tests, but counted instead of timed.
        let mut ticks = 0;
        conn.progress_handler(
            STEPS_PER_TICK,
            Some(move || {
                ticks += 1;
                ticks > TICKS_MAX
            }),
        )
        .unwrap();
        Headwater {
            conn,
            catalog: Catalog::new(),
            surroundings,
        }
    }

    fn surround(&self) {
        let session = Session {
            database: "postgres".to_owned(),
            user: "postgres".to_owned(),
            now: NOW,
            settings: None,
        };
        self.surroundings.set(&self.catalog, session);
    }

    /// Runs what changes tables or their rows.
    pub(crate) fn execute(&mut self, sql: &str) -> Outcome {
        let done = match first_word(sql).as_str() {
            "create" if sql.to_lowercase().contains(" index ") => self.create_index(sql),
            "create" => self.create_table(sql),
            _ => self.write(sql),
        };
        done.map_or_else(failed, |()| Outcome::Done)
    }

    /// Runs a query to its end.
    pub(crate) fn query(&self, sql: &str) -> Outcome {
        self.try_query(sql).map_or_else(failed, Outcome::Rows)
    }

    /// The types of a query's columns, without running it.
    pub(crate) fn describe(&self, sql: &str) -> Outcome {
        match compile_query(sql, &self.catalog, &[]) {
            Ok(query) => Outcome::Rows(Answer {
                columns: columns(&query),
                rows: Vec::new(),
            }),
            Err(error) => failed(error),
        }
    }

    /// What SQLite is asked, to tell about a disagreement.
    pub(crate) fn translation(&self, sql: &str) -> String {
        let query = compile_query(sql, &self.catalog, &[]).map(|query| query.sqlite);
        query
            .or_else(|_| compile_handler(sql, &self.catalog).map(|h| h.sqlite))
            .unwrap_or_default()
    }

    /// Starts what [`Headwater::undo`] takes back, and gives the catalog to return to.
    pub(crate) fn begin(&self) -> Catalog {
        self.conn.execute_batch("begin").unwrap();
        self.catalog.clone()
    }

    pub(crate) fn undo(&mut self, catalog: Catalog) {
        if !self.conn.is_autocommit() {
            self.conn.execute_batch("rollback").unwrap();
        }
        self.catalog = catalog;
    }

    fn create_table(&mut self, sql: &str) -> Result<(), SqlError> {
        let table = create_table(sql)?;
        let definition = table.sqlite_ddl();
        self.catalog.add(None, Arc::new(table))?;
        self.conn
            .execute_batch(&definition)
            .map_err(SqlError::from_sqlite)
    }

    fn create_index(&mut self, sql: &str) -> Result<(), SqlError> {
        let index = create_index(sql, &self.catalog)?;
        self.catalog.add_index(&index)?;
        self.conn
            .execute_batch(&index.sqlite)
            .map_err(SqlError::from_sqlite)
    }

    fn write(&mut self, sql: &str) -> Result<(), SqlError> {
        let handler = compile_handler(sql, &self.catalog)?;
        assert!(
            handler.params.is_empty(),
            "statements of the corpus have no parameters: {sql}"
        );
        self.conn
            .execute(&handler.sqlite, [])
            .map(drop)
            .map_err(SqlError::from_sqlite)
    }

    fn try_query(&self, sql: &str) -> Result<Answer, SqlError> {
        self.surround();
        let query = compile_query(sql, &self.catalog, &[])?;
        let mut statement = self
            .conn
            .prepare(&query.sqlite)
            .map_err(SqlError::from_sqlite)?;
        let mut found = statement.query([]).map_err(SqlError::from_sqlite)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(SqlError::from_sqlite)? {
            let values = query.columns.iter().enumerate().map(|(at, column)| {
                let stored = row.get_ref(at).map_err(SqlError::from_sqlite)?;
                Ok(Value::from_sqlite(column.ty, stored)?.to_text())
            });
            rows.push(values.collect::<Result<_, SqlError>>()?);
        }
        Ok(Answer {
            columns: columns(&query),
            rows,
        })
    }
}

fn columns(query: &headwater_sql::Query) -> Vec<(String, String)> {
    let named = query.columns.iter();
    named
        .map(|column| (column.name.clone(), column.ty.catalog_name().to_owned()))
        .collect()
}

fn failed(error: SqlError) -> Outcome {
    let at = error.position().and_then(|at| u32::try_from(at).ok());
    Outcome::Failed(error.sqlstate().to_owned(), error.message().to_owned(), at)
}

/// The keyword a statement begins with, in lower case.
pub(crate) fn first_word(sql: &str) -> String {
    sql.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_lowercase()
}
