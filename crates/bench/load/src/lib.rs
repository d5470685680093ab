//! The load of every measurement: the same events, sent in the same way, to whichever database.
//!
//! A database is driven by implementing [`Session`] and calling [`drive`]. This is all that the
//! load of a rival needs of Headwater, so that its own lock file does not change with Headwater's.

#![allow(clippy::disallowed_methods)] // time, threads and the runtime are free above `node`

mod drive;
mod find;
mod job;
mod order;
mod samples;

pub use drive::{Answer, Appended, Failure, Session, Unless, Which, main as drive, run};
pub use job::{Append, Condition, Find, Job, Outcome, Pace, Read, Until, What, Work};
pub use order::{EVENT_TYPE, GROUP_EVENTS, Order, Orders, digits};
pub use samples::{Latency, Samples};
