//! The SQL crate from outside, against a real SQLite.

mod database;
mod handlers;
