//! Where a log's commits live.
//!
//! Only what the journal uses today stands here: `append` and `read`. Segments add `manifest`,
//! `publish`, `put`, `get` and what else the design names (docs/decisions/0004-storage-trait.md).
//!
//! The trait is synchronous: it is called from the journal's own threads and from readers that may
//! block. Every method must be truthful: what it answers is what a crash at any later moment
//! leaves.

use headwater_event::{Error, LogId};

use crate::{Commit, Seq};

/// What came of one attempt to write a commit.
#[derive(Debug)]
pub enum Written {
    /// The commit stands there, durably.
    Appended,
    /// Another commit stands at this number, or one that was made by an attempt before. Reading
    /// the number tells which; if there is nothing to read, it is unknown.
    Taken,
    /// This attempt was not written and never will be. It says nothing of attempts before.
    Failed(Error),
    /// It may stand there now, later or never. Only another attempt with the same bytes at the
    /// same number settles it, by [`Appended`](Written::Appended) or [`Taken`](Written::Taken).
    Unknown(Error),
}

/// Where a log's commits live: numbered 1, 2, 3 ..., each written once.
pub trait Storage: Send + Sync + 'static {
    /// The log that is kept here.
    fn log_id(&self) -> LogId;

    /// Writes a commit under the number after the last one, if that number is free. It is durable
    /// when this answers [`Written::Appended`].
    fn append(&self, seq: Seq, commit: &Commit) -> Written;

    /// The commits from `seq` on, in order: as many as fit into about `bytes_max`, at least one if
    /// there is one. Empty is the end of the log. Bytes that are not what was written are an error
    /// of kind `Damaged` that names where they are.
    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Vec<Commit>, Error>;
}
