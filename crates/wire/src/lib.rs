//! wire
#![allow(clippy::disallowed_methods)] // the runtime begins here: this crate may spawn and read the clock
