//! The vocabulary, from outside.

mod append;
mod json;
mod limits;
mod names;
mod query;
mod time;
