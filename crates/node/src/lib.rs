//! Many databases in one process: opened on first use, closed when idle, each failing alone.
//!
//! ```text
//!            Node  --- _system: which databases there are, what was decided about them
//!             |
//!   name -> Database (asleep | waking | awake | falling asleep | poisoned)
//!                        |
//!                      Awake: Journal, and read models once somebody asks for them
//! ```
//!
//! * A database that sleeps is a name, an id and a few words of memory: no thread, timer or file.
//! * What keeps one awake is a [`DatabaseHandle`], a [`Follow`] or an [`Answer`] that somebody
//!   holds: a request that is being answered, a follow that is open.
//! * An append wakes the log, and not the read models.
//! * Who may do what is decided here, by keys: [`Keys`].
//! * What the node knows it has recorded as events in `_system` first; docs/SYSTEM.md lists them.
//!
//! It is not the place for protocols, and knows no format of a storage.
#![allow(clippy::disallowed_methods)] // the runtime begins here: this crate may spawn and read the clock

mod awake;
mod backup;
mod categories;
mod database;
mod handle;
mod heads;
mod info;
mod keys;
mod layout;
mod name;
mod node;
mod projections;
mod query;
mod readers;
mod registry;
mod restore;
mod settings;
mod storages;
mod sweep;
mod system;

pub use backup::{Backup, Sending};
pub use database::DatabaseState;
pub use handle::{DatabaseHandle, Follow};
pub use headwater_journal::backup::{Held, parts};
pub use headwater_journal::{
    Batch, DataLock, Direction, Layout, NewLog, Options as JournalOptions, Page, Progress, Read,
    Stats, Storage, StreamInfo, StreamPage, Verified, Work, env,
};
pub use headwater_projection::{
    Applied, At, Building, CancelHandle, Consistency, DefinitionError, Description,
    Error as ProjectionError, Failure, Options as ProjectionOptions, Params, Request, Skipped,
    State, Status, Version,
};
pub use info::{DatabaseFigures, DatabaseInfo, LogCounts, LogSizes, NodeStats};
pub use keys::{Claim, Identity, KeyId, KeyInfo, KeyName, Keys, NewKey, Role, Verifier};
pub use name::{DATABASE_NAME_CHARS_MAX, DatabaseName};
pub use node::{Node, Options};
pub use query::{Answer, RowBatch};
pub use readers::{Cursor, CursorOf, Cursors, Keep};
pub use restore::{Restore, Restored};
pub use settings::Parts;
pub use storages::{DiskStorages, MemoryStorages, Storages};
pub use system::DatabaseId;
