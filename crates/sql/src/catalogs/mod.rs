//! PostgreSQL's catalogs: the tables of `pg_catalog` and `information_schema`, and the functions
//! that tell about a schema and a session.
//!
//! ```text
//! relations.rs  every table and view of PostgreSQL 15, with its columns    types.rs  every type
//! schema.rs     the tables, indexes and constraints of a database, numbered
//! rows.rs       what each relation shows of them; information.rs for information_schema
//! table.rs      hw_catalog(oid): the virtual table that a statement reads
//! functions.rs  format_type, pg_get_indexdef, current_user ...   signatures.rs  their types
//! ```
//!
//! Nothing is stored: rows are made of a [`Catalog`] when a statement reads them. A relation that
//! tells of what Headwater has not (triggers, replication, statistics) is empty, with its columns.
//! A connection is told what its next statement runs in through [`Surroundings`].

pub(crate) mod definitions;
pub(crate) mod functions;
mod information;
pub(crate) mod names;
pub(crate) mod relations;
mod rows;
pub(crate) mod schema;
pub(crate) mod signatures;
mod table;
pub(crate) mod types;

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::Catalog;
use rows::Rows;
pub(crate) use schema::Schema;

/// Who asks, where and when.
#[derive(Debug, Clone)]
pub struct Session {
    /// What `current_database()` answers.
    pub database: String,
    /// What `current_user` answers.
    pub user: String,
    /// What `now()` answers: microseconds since 1970-01-01 UTC.
    pub now: i64,
    /// What it has set, where it can set anything.
    pub settings: Option<Arc<dyn SessionSettings>>,
}

/// What `current_setting()` and `pg_settings` answer in a session beside what holds for all.
pub trait SessionSettings: Debug + Send + Sync {
    /// Names and values.
    fn each(&self) -> Vec<(&str, &str)>;
}

impl Session {
    /// Everything that is set, each name once.
    pub(crate) fn settings(&self) -> Vec<(&str, &str)> {
        let mut all = self.settings.as_ref().map_or(Vec::new(), |own| own.each());
        for (name, value) in rows::SETTINGS {
            if !all.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                all.push((name, value));
            }
        }
        all
    }
}

/// What the statements of one connection run in. A clone is the same connection's.
#[derive(Clone)]
pub struct Surroundings {
    shown: Arc<Mutex<Arc<Shown>>>,
}

/// What a statement runs in.
pub(crate) struct Shown {
    pub(crate) catalog: Catalog,
    pub(crate) session: Session,
    rows: Mutex<HashMap<u32, Arc<Rows>>>,
}

impl Surroundings {
    /// Registers the catalogs and the functions that tell of them. Once for each connection that
    /// queries run on; projections have no such functions.
    pub fn install(conn: &Connection) -> rusqlite::Result<Surroundings> {
        let session = Session {
            database: String::new(),
            user: String::new(),
            now: 0,
            settings: None,
        };
        let surroundings = Surroundings {
            shown: Arc::new(Mutex::new(Arc::new(Shown::new(Catalog::new(), session)))),
        };
        table::install(conn, surroundings.clone())?;
        functions::install(conn, &surroundings)?;
        Ok(surroundings)
    }

    /// From now on statements of the connection run in these tables and this session.
    pub fn set(&self, catalog: &Catalog, session: Session) {
        let shown = Arc::new(Shown::new(catalog.clone(), session));
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    pub(crate) fn get(&self) -> Arc<Shown> {
        Arc::clone(&self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shown {
    fn new(catalog: Catalog, session: Session) -> Shown {
        Shown {
            catalog,
            session,
            rows: Mutex::default(),
        }
    }

    pub(crate) fn schema(&self) -> &Schema {
        self.catalog.schema()
    }

    /// The rows of a relation, made once for a statement.
    pub(crate) fn rows(&self, relation: &'static relations::SystemRelation) -> Arc<Rows> {
        let mut made = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = made
            .entry(relation.oid)
            .or_insert_with(|| Arc::new(rows::of(self, relation)));
        Arc::clone(rows)
    }
}
