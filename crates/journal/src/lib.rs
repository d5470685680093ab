//! The engine of Headwater: one log of events, appended to under conditions, read, followed and
//! verified.
//!
//! ```
//! use std::sync::Arc;
//! use headwater_event::{Append, EventType, NewEvent, Outcome, StreamName};
//! use headwater_journal::env::{Env, SystemEnv};
//! use headwater_journal::{Journal, MemoryStorage, Options, Read};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), headwater_event::Error> {
//! let storage = Arc::new(MemoryStorage::new(SystemEnv.log_id()));
//! let journal = Journal::open(storage, Arc::new(SystemEnv), Options::default())?;
//! let opened = NewEvent::json(EventType::new("AccountOpened")?, r#"{"email":"ada@example.org"}"#)
//!     .in_stream(StreamName::new("account/ada")?);
//! let Outcome::Appended(appended) = journal.append(Append::of(vec![opened]), None).await? else {
//!     panic!("an append without a condition cannot conflict");
//! };
//! let page = journal.read(&Read::default())?;
//! assert_eq!(page.events[0].position, appended.first);
//! # Ok(()) }
//! ```
//!
//! An append is checked against everything before it, durable or in flight, and answered when it is
//! durable, together with all that were written in the same commit. Reads see what is durable and
//! say up to which position.

mod absorb;
mod append;
pub mod backup;
mod cache;
mod canonical;
mod commit;
mod commits;
pub mod conformance;
mod core;
mod debt;
mod decision;
pub mod disk;
pub mod env;
mod errors;
mod follow;
#[doc(hidden)]
pub mod fuzz;
mod index;
mod journal;
mod keeper;
mod layout;
mod loaded;
mod lock;
mod log;
mod look_back;
mod manifest;
mod memory;
mod queue;
mod read;
mod repeat;
mod run;
mod segment;
mod stats;
mod storage;
mod stream_ends;
mod streams;
mod verify;
mod work;
mod writer;

pub use append::Ticket;
pub use commit::{Commit, Seq};
pub use commits::Head;
pub use disk::{DiskOptions, DiskStorage, NewDiskLog};
pub use follow::{Batch, Follower};
pub use journal::{Journal, Options, Writer};
pub use layout::{Layout, Level, Parts};
pub use lock::{DataLock, Note};
pub use manifest::{Manifest, SegmentInfo, SegmentName};
pub use memory::{Fault, MemoryStorage, NewMemoryLog, PublishFault};
pub use read::{Direction, Page, Read};
pub use stats::Stats;
pub use storage::{Map, NewLog, SegmentBytes, SegmentSink, Storage, Stored, Written};
pub use streams::{StreamInfo, StreamPage};
pub use verify::{Progress, Verified};
pub use work::{Work, WorkFailure, WorkState};
pub use writer::Step;
