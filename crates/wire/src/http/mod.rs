//! HTTP/1.1 and JSON: one file for each request.

mod accept;
mod access;
mod answer;
mod append;
mod backup;
mod body;
mod code;
mod connection;
mod databases;
mod events;
mod follow;
mod health;
mod host;
mod keys;
mod metrics;
mod openapi;
mod page;
mod params;
mod problem;
mod projections;
mod read;
mod request;
mod restore;
mod router;
mod rows;
mod sql;
mod stats;
mod streams;
mod verify;

pub(crate) use connection::{refuse, serve};
pub use openapi::document;
