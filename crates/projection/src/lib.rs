//! Read models: tables that are folded from the log, and queries over them.
//!
//! ```text
//! log ── fold, in order ──> read model (one SQLite file for each version of a projection)
//!  │                              │ attached, pinned at one position
//!  └── table `event` ──────> query ─> rows, and the position that they reflect
//! ```
//!
//! A [`Definition`] is the file of a projection. [`Projections`] are all read models of a database:
//! it applies definitions, folds, tells where they stand and answers queries. What people decided
//! (which definitions, which events are passed over) is given to it as [`Recorded`] facts; every
//! file that it keeps may be deleted at any time and comes back the same.

mod as_of;
mod brief;
mod deadline;
mod definition;
mod definition_error;
mod envelope;
mod error;
mod event_scan;
mod event_source;
mod event_table;
mod fields;
mod fold;
mod guard;
mod live;
mod marker;
mod model;
mod model_file;
mod prepared;
mod projection;
mod projections;
mod query;
mod reader;
mod recorded;
mod rehearsal;
mod request;
mod rows;
mod skips;
mod status;
mod sync;
mod trouble;
mod worker;

pub use brief::Whole;
pub use definition::{Definition, NAME_BYTES_MAX, Version};
pub use definition_error::DefinitionError;
pub use error::Error;
pub use fold::Batch;
pub use projections::{Options, Projections};
pub use recorded::{Applied, Change, Recorded};
pub use request::{At, CancelHandle, Consistency, Description, Params, Request};
pub use rows::Rows;
pub use status::{Building, Failure, Skipped, State, Status};
