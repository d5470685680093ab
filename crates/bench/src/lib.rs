//! Measurements of Headwater beside its rivals and the raw disk: what the binary `headwater-bench`
//! is made of, and what a driver of a database outside of this workspace needs.
//!
//! ```text
//! headwater-bench compare       starts one server at a time, loads it, writes the results
//!    |-- headwater serve  <== HTTP ======== headwater-bench drive headwater
//!    |-- postgres         <== its own ===== headwater-bench drive postgres
//!    |-- umadb            <== gRPC ======== headwater-bench-umadb (rivals/umadb, built on demand)
//!    |-- the disk         <== write, sync   in this process
//!    |-- headwater-bench embedded           the journal without a server, in its own process
//! headwater-bench report        writes docs/benchmarks.md and its charts from the results
//! ```
//!
//! A database is driven by implementing [`Session`] and calling [`drive`].

#![allow(clippy::disallowed_methods)] // time, threads and the runtime are free above `node`

mod disk;
mod drive;
mod http;
mod job;
mod journal;
mod order;
mod postgres;
mod samples;

pub use disk::RawDisk;
pub use drive::{Answer, Appended, Failure, Session, Unless, Which, main as drive};
pub use http::HttpSession;
pub use job::{Append, Condition, Job, Outcome, Pace, Read, Until, What, Work};
pub use journal::{Embedded, JournalSession};
pub use order::{EVENT_TYPE, GROUP_EVENTS, Order, Orders};
pub use postgres::{PostgresSession, SCHEMA};
pub use samples::{Latency, Samples};
