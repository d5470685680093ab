//! headwater
#![allow(clippy::disallowed_methods)] // the runtime begins above node
fn main() {}
