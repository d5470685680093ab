//! The SQL crate from outside, against a real SQLite.

mod database;
mod definitions;
mod handlers;
mod placeholders;
mod queries;
mod refusals;
mod statements;
