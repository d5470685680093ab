//! The journal, through its public interface.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod appending;
mod disk;
mod support;
