//! Where a log lives: its tail in commits, what is older in segments, and the manifest that says
//! which.
//!
//! ```text
//!   segments, oldest first, adjacent            tail
//!   [ 1 .. 90,000 ][ 90,001 .. 97,120 ]        commit 411, 412, ... 430
//!   └────────── named by the manifest ─────────┘  ▲ manifest.next
//! ```
//!
//! Commits become a segment in three steps, each durable before the next: [`put`](Storage::put)
//! the segment, [`publish`](Storage::publish) a manifest that names it, [`drop_below`] the commits
//! that it holds. A crash between them leaves a segment that no manifest names or commits that
//! nobody needs; both are removed when the log is opened.
//!
//! The trait is synchronous: it is called from the journal's own threads and from readers that may
//! block. Every method must be truthful: what it answers is what a crash at any later moment
//! leaves.
//!
//! [`drop_below`]: Storage::drop_below

use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Error, LogId};

use crate::manifest::{Manifest, SegmentName};
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

/// What stands at a number.
#[derive(Debug)]
pub enum Stored {
    /// The commits from there on, in order; none is the end of the log.
    Commits(Vec<Commit>),
    /// The number is in a segment. This is the first one that is in none: the manifest's `next`.
    Sealed(Seq),
}

impl Stored {
    /// The commits; an error of kind `Damaged` if the number is in a segment, for callers that know
    /// it is not.
    pub fn commits(self) -> Result<Vec<Commit>, Error> {
        match self {
            Stored::Commits(commits) => Ok(commits),
            Stored::Sealed(next) => Err(Error::damaged("the commit is in a segment")
                .found(format!("a manifest whose first commit is {next}"))
                .expected("a commit of the tail")),
        }
    }
}

/// Where a log lives: commits numbered 1, 2, 3 ..., each written once, segments, and a manifest.
pub trait Storage: Send + Sync + 'static {
    /// The log that is kept here.
    fn log_id(&self) -> LogId;

    /// Writes a commit under the number after the last one, if that number is free. It is durable
    /// when this answers [`Written::Appended`].
    fn append(&self, seq: Seq, commit: &Commit) -> Written;

    /// The commits from `seq` on, in order: as many as fit into about `bytes_max`, at least one if
    /// there is one. Empty is the end of the log. A number below the manifest's `next` is answered
    /// [`Stored::Sealed`], always, whether its commit is still there or not. Bytes that are not
    /// what was written are an error of kind `Damaged` that names where they are.
    fn read(&self, seq: Seq, bytes_max: usize) -> Result<Stored, Error>;

    /// The manifest, as it stands durably. A new log's is [`Manifest::default`]. After a
    /// [`publish`](Self::publish) of unclear outcome this finds out what is true, and fails with
    /// kind `Unavailable` until it could.
    fn manifest(&self) -> Result<Manifest, Error>;

    /// Makes this the manifest, durably, in place of the one with the version before it and of no
    /// other: anything else is the error `manifest_moved` of kind `Conflict`, and nothing changes.
    /// The segments that it names must be there, and the commits below its `next`. An error of kind
    /// `Unavailable` may leave either manifest; [`manifest`](Self::manifest) tells which.
    fn publish(&self, manifest: &Manifest) -> Result<(), Error>;

    /// Lets go of commits below `seq`, as far as they are below the manifest's `next`. Some may
    /// stay; nobody can read them.
    fn drop_below(&self, seq: Seq) -> Result<(), Error>;

    /// Begins a segment. A name that the manifest names is the error `segment_in_use` of kind
    /// `Conflict`; one that is there and that no manifest names is replaced.
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error>;

    /// A segment that is there, to read. One that is not is the error `no_segment` of kind
    /// `NotFound`, and of kind `Damaged` if the manifest names it.
    fn get(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error>;

    /// The segments that are there, in order, whether the manifest names them or not.
    fn list(&self) -> Result<Vec<SegmentName>, Error>;

    /// Removes a segment, if it is there; whoever got it before still reads it. One that the
    /// manifest names is the error `segment_in_use` of kind `Conflict`.
    fn remove(&self, name: SegmentName) -> Result<(), Error>;

    /// Does ahead, off the hot path, what later appends would do otherwise. May do nothing; to be
    /// called again after appends.
    fn make_ready(&self) -> Result<(), Error>;

    /// How many bytes more it may take, if that is known.
    fn space(&self) -> Option<u64> {
        None
    }

    /// How many bytes the tail takes where it is kept, with everything that is not dropped yet or
    /// filled ahead, and with what [`make_ready`](Self::make_ready) made.
    fn tail_bytes(&self) -> u64;
}

/// A log that is being made of segments of another one. It is none, and cannot be opened as one,
/// until it is finished; dropped before that, its place is to be removed.
pub trait NewLog: Send {
    /// Begins a segment.
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error>;

    /// Makes the log that this manifest says: it holds those segments, which must have been put,
    /// and nothing after them. Durable on return. After an error it may be there, whole, or not.
    fn finish(self: Box<Self>, manifest: &Manifest) -> Result<Arc<dyn Storage>, Error>;
}

/// A segment that is being written. Dropped before it is finished, it never was.
pub trait SegmentSink: Send {
    /// Adds bytes at its end.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Ends it: it is there under its name, durably, on return. After an error it may be there or
    /// not; it can be put again.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Bytes that are mapped into memory.
pub type Map = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A segment, open. It stays readable when it is removed.
#[expect(clippy::len_without_is_empty, reason = "none is empty")]
pub trait SegmentBytes: Send + Sync {
    /// Which one.
    fn name(&self) -> SegmentName;

    /// How long it is.
    fn len(&self) -> u64;

    /// Exactly these bytes. Where the segment ends before them is an error of kind `Damaged`.
    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error>;

    /// The same, if that waits for nothing, as for a disk or a network; `None` where it would, where
    /// nobody can tell, and where [`read`](Self::read) would fail.
    fn read_in_memory(&self, offset: u64, length: usize) -> Option<Bytes> {
        let _ = (offset, length);
        None
    }

    /// These bytes, mapped; `None` where that cannot be done, and they must be read. Bounds as in
    /// [`read`](Self::read).
    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error>;

    /// Says that these bytes, as far as they are there, will likely be read soon. A storage may
    /// begin to fetch them, and does not wait.
    fn will_read(&self, offset: u64, length: u64) {
        let _ = (offset, length);
    }
}
