//! Read models, tested through what the crate gives its users.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answer;
mod as_of;
mod brief;
mod catalogs;
mod definition;
mod event_table;
mod failure;
mod files;
mod support;
mod versions;
