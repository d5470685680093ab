//! The SQL crate from outside: against a real SQLite, against a real PostgreSQL 15 (which
//! `./check` installs), and against laws.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod clients;
mod corpus;
mod database;
mod definitions;
mod engines;
mod handlers;
mod headwater;
mod overloads;
mod placeholders;
mod postgres_server;
mod queries;
mod random;
mod refusals;
mod statements;
mod texts;
mod values;
