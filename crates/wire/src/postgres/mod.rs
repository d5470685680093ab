//! PostgreSQL's protocol, version 3.0: any of its clients is a client of Headwater.
//!
//! ```text
//! client ─ frames ─> frontend ─> session ─> command ─> node
//!                                  │          query, insert, block, set, cursor, listen ...
//!                                  ├ simple    a text of statements, run at once
//!                                  └ extended  prepared, described, bound, executed in parts
//! ```
//!
//! * Every message stands in a frame of its own, and is read with every length checked.
//! * What a connection may hold is bounded; while it waits it holds no buffer and no database.
//! * What is accepted answers as PostgreSQL answers. What is not is refused by name.
//!
//! What clients hear is encoded by the crate `pgwire`; why no more of it is used stands in
//! docs/decisions/0016-postgresql-protocol.md.

mod append;
mod arrays;
mod backends;
mod block;
mod client;
mod command;
mod connection;
mod copy;
mod cursor;
mod execute;
mod explain;
mod extended;
mod failure;
mod frontend;
pub(crate) mod fuzz;
mod insert;
mod listen;
mod numeric;
mod rows;
mod running;
mod session;
mod set;
mod settings;
mod sign_in;
mod simple;
mod startup;
mod transaction;
mod types;
mod unanswered;
mod values;
mod words;

pub(crate) use backends::Backends;
pub(crate) use connection::{refuse, serve};
pub(crate) use unanswered::Unanswered;
