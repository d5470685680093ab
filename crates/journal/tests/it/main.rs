//! The journal, through its public interface.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "tests stand above the journal")]

mod appending;
mod backup;
mod chain;
mod damage;
mod disk_faults;
mod disk_segments;
mod fault_fs;
mod faults;
mod following;
mod format;
mod here;
mod locking;
mod merging;
mod model;
mod ordered;
mod places;
mod racing;
mod reading;
mod sealing;
mod support;
mod two_writers;
mod upkeep;
