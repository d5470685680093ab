//! The vocabulary, from outside.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod actor;
mod append;
mod json;
mod limits;
mod names;
mod query;
mod time;
