//! What a statement may do inside SQLite.
//!
//! Statements come from people, translated by the SQL crate, which lets nothing through that it
//! does not know. This is the second wall: an authorizer with an allow-list, SQLite's own limits
//! lowered, and a bound on work. Each connection has two modes, because taking an authorizer away
//! and setting it again would make SQLite prepare every cached statement anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

use crate::definition::RESERVED_PREFIX;

/// Bytes of one value, and of one row, within SQLite.
const VALUE_BYTES_MAX: i32 = 64 << 20;

/// Bytes of one translated statement.
const STATEMENT_BYTES_MAX: i32 = 1 << 20;

/// What the statements of a connection may do while it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Read tables.
    Read,
    /// Read and write tables of the file.
    Fold,
}

/// Opens and closes the authorizer of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// Whether Headwater's own statements are being prepared.
    open: Arc<AtomicBool>,
}

impl Guard {
    /// Sets the authorizer and the limits of a connection. It starts open.
    pub(crate) fn install(
        connection: &mut Connection,
        allowed: Allowed,
    ) -> rusqlite::Result<Guard> {
        let open = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&open);
        connection.authorizer(Some(move |context: AuthContext<'_>| {
            if asked.load(Ordering::Relaxed) || is_allowed(&context, allowed) {
                Authorization::Allow
            } else {
                Authorization::Deny
            }
        }))?;
        for (limit, most) in [
            (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX),
            (Limit::SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES_MAX),
            (Limit::SQLITE_LIMIT_COLUMN, 500),
            (Limit::SQLITE_LIMIT_EXPR_DEPTH, 500),
            (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 100),
            (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
            (Limit::SQLITE_LIMIT_FUNCTION_ARG, 100),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 10_000),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        ] {
            connection.set_limit(limit, most)?;
        }
        Ok(Guard { open })
    }

    /// From now on, what is prepared is somebody else's.
    pub(crate) fn close(&self) {
        self.open.store(false, Ordering::Relaxed);
    }

    /// From now on, what is prepared is Headwater's own.
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::Relaxed);
    }
}

fn is_allowed(context: &AuthContext<'_>, allowed: Allowed) -> bool {
    match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        AuthAction::Read { table_name, .. } => is_readable(table_name),
        AuthAction::Function { function_name } => function_name != "load_extension",
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. } => {
            allowed == Allowed::Fold && is_readable(table_name)
        }
        _ => false,
    }
}

fn is_readable(table: &str) -> bool {
    !table.starts_with(RESERVED_PREFIX) && !table.starts_with("sqlite_")
}
