//! What clients speak: translates it to the node, and decides nothing.
//!
//! ```text
//! socket -> connection -> request -> node
//! server    http, kafka   one file for each: append, events, read, follow, streams, sql, ...
//!           postgres      one file for each kind: queries, inserts, transactions, settings, ...
//! ```
//!
//! The server, its lanes and its bounds are the same for every [`Protocol`].
//!
//! * Everything that a client can make the server hold is bounded: see [`Limits`].
//! * Over HTTP every failure is a problem (RFC 9457) with a stable code; `http::code` lists them.
//! * Without keys the server listens on loopback and answers requests for loopback names alone.
//!   With keys everybody needs one; which, `http::router` says of each request over HTTP, and of the
//!   other protocols what answers a request. TLS stands under all of them alike.
//! * [`document`] is the OpenAPI document, which also stands in docs/openapi.json.
#![allow(clippy::disallowed_methods)] // the runtime begins here: this crate may spawn and read the clock

mod app;
mod attempts;
mod eager;
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod http;
mod kafka;
mod lanes;
mod limits;
mod metrics;
mod options;
mod postgres;
mod protocol;
mod scram;
mod server;
mod socket;
mod stall;
mod tls;

pub use http::document;
pub use limits::Limits;
pub use options::{Advertised, Options};
pub use protocol::Protocol;
pub use server::{Listen, Server};
pub use tls::{CertificateFiles, Tls};
