//! HTTP: translates requests to the node, and decides nothing.
//!
//! ```text
//! socket -> connection -> request -> node
//! server    connection    one file for each: append, events, read, follow, streams, sql, ...
//! ```
//!
//! * Everything that a client can make the server hold is bounded: see [`Limits`].
//! * Every failure is a problem (RFC 9457) with a stable code; `code` lists them.
//! * The server listens on loopback and answers requests for loopback names alone.
//! * [`document`] is the OpenAPI document, which also stands in docs/openapi.json.
#![allow(clippy::disallowed_methods)] // the runtime begins here: this crate may spawn and read the clock

mod accept;
mod answer;
mod app;
mod append;
mod backup;
mod body;
mod code;
mod connection;
mod databases;
mod events;
mod follow;
mod gate;
mod health;
mod lanes;
mod limits;
mod metrics;
mod openapi;
mod page;
mod params;
mod problem;
mod projections;
mod read;
mod restore;
mod router;
mod rows;
mod server;
mod sql;
mod stall;
mod stats;
mod streams;
mod verify;

pub use limits::Limits;
pub use openapi::document;
pub use server::Server;
