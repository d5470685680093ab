//! Read models, tested through what the crate gives its users.

mod definition;
mod smoke;
mod support;
