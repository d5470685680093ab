//! The journal, through its public interface.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod appending;
mod chain;
mod faults;
mod following;
mod locking;
mod places;
mod racing;
mod reading;
mod support;
mod two_writers;
