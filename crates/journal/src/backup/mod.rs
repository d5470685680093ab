//! A backup: all of a log up to a position, as it stands at one moment, while appends go on.
//!
//! Everything up to the head is sealed into segments first. Then the manifest says what the log is,
//! and its segments are files that never change: they are copied as bytes, and those that an earlier
//! backup of the log has need not be copied again.
//!
//! [`parts`] is how a backup travels, and what its file says; docs/FORMAT.md draws the bytes.

pub mod parts;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use headwater_event::{Error, Kind, LogId, Position};

use crate::Journal;
use crate::cache::BlockCache;
use crate::commits::Head;
use crate::disk;
use crate::disk::fs::StdFs;
use crate::manifest::{Manifest, SegmentInfo, SegmentName};
use crate::segment::{Segment, footer_crc};
use crate::storage::SegmentBytes;
use crate::writer::Step;

pub use crate::segment::FOOTER_BYTES;

/// How long to wait for a commit that is on its way.
const COMMIT_PAUSE: Duration = Duration::from_millis(1);

/// What of a segment is kept in memory while it is verified.
const VERIFY_CACHE_BYTES: usize = 8 << 20;

/// A log up to a position. It stays readable whatever becomes of the log.
pub struct Backup {
    log_id: LogId,
    manifest: Manifest,
    segments: Vec<Arc<dyn SegmentBytes>>,
}

impl Journal {
    /// Seals everything up to the head into segments, and opens them. The backup ends at the head of
    /// this moment or later, and at the end of an append.
    ///
    /// Blocks, for a commit that is on its way and for what is to be sealed. Dropping who waits for
    /// it does not end it; closing the journal does (`closed`). Where the storage cannot take
    /// segments, that is the error; nothing is lost, and it can be tried again.
    ///
    /// A journal without threads must have no open batch.
    pub fn backup(&self) -> Result<Backup, Error> {
        self.seal_all()?;
        let (manifest, segments) = self.shared.keeper.snapshot()?;
        Ok(Backup {
            log_id: self.log_id(),
            manifest,
            segments,
        })
    }

    /// Seals everything up to the head of this moment.
    fn seal_all(&self) -> Result<(), Error> {
        let head = self.head().position;
        self.log.check_alive()?;
        let _turn = self.shared.keeper.turn_to_seal_all();
        while self.log.index.view()?.sealed() < head {
            self.log.check_alive()?;
            self.log.check_settled()?;
            self.shared.turn(head)?;
            if self.shared.keeper.seal()? != Step::Done {
                self.log.env.sleep(COMMIT_PAUSE);
            }
        }
        Ok(())
    }
}

impl Backup {
    /// The log's identity.
    pub fn log_id(&self) -> LogId {
        self.log_id
    }

    /// The manifest: what the log is made of up to the end of the backup.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The end of the backup.
    pub fn head(&self) -> Head {
        self.manifest.end()
    }

    /// A segment that the manifest names.
    pub fn segment(&self, name: SegmentName) -> Result<Arc<dyn SegmentBytes>, Error> {
        let found = self.segments.iter().find(|one| one.name() == name);
        found.cloned().ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                "no_segment",
                format!("there is no segment {name} in the backup"),
            )
        })
    }
}

/// What tells a segment of a backup from another one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which events it holds.
    pub name: SegmentName,
    /// How long it is.
    pub bytes: u64,
    /// crc32c of its footer, which vouches for the rest of it.
    pub footer_crc: u32,
}

impl Held {
    /// That of a file whose last [`FOOTER_BYTES`] are these; nothing if it does not end as a segment
    /// does.
    pub fn of(name: SegmentName, bytes: u64, footer: &[u8]) -> Option<Held> {
        footer_crc(footer).map(|footer_crc| Held {
            name,
            bytes,
            footer_crc,
        })
    }

    /// Whether it is the segment that a manifest says this of.
    pub fn is(&self, info: &SegmentInfo) -> bool {
        (self.name, self.bytes, self.footer_crc) == (info.name, info.bytes, info.footer_crc)
    }
}

/// Reads every byte of a file and checks that it is the segment that a manifest says this of, with the
/// chain computed anew. Blocks. What is wrong is an error of kind `Damaged`.
pub fn verify_file(path: &Path, info: &SegmentInfo) -> Result<(), Error> {
    let file = disk::open_file(&StdFs, path, info.name)?;
    let cache = Arc::new(BlockCache::new(VERIFY_CACHE_BYTES));
    Segment::open(*info, Arc::new(file), cache).verify(&mut |_: Position| Ok(()))
}

/// Bytes that are no backup, or not as it was written.
fn bad(found: impl std::fmt::Display) -> Error {
    Error::invalid("bad_backup", "the backup is not as it was written")
        .found(found)
        .action("take another copy of the backup; nothing was changed")
}
