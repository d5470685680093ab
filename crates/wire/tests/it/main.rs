//! The server as its clients see it: a real socket, a real client, a directory of its own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests may wait, and fail"
)]

mod harness;

mod append;
mod backups;
mod databases;
mod documented;
mod events;
mod faults;
mod fresh;
mod kafka;
mod kafka_requests;
mod keys;
mod keys_kafka;
mod keys_postgres;
mod limits;
mod malformed;
mod postgres;
mod postgres_bounds;
mod postgres_sessions;
mod postgres_transactions;
mod projections;
mod seeds;
mod sessions;
mod sleep;
mod sql;
mod stats;
mod tls;
