//! Read models, tested through what the crate gives its users.

mod answer;
mod definition;
mod failure;
mod support;
mod versions;
