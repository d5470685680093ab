//! The node, through its public interface.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests may wait, and fail"
)]

mod lifecycle;
mod readers;
mod waking;
