//! A backup of a database, on its way out: its log up to a position, and its projections.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Error, LogId};
use headwater_journal::backup::{self, FOOTER_BYTES, Held, parts};
use headwater_journal::{SegmentBytes, SegmentInfo};

use crate::DatabaseHandle;
use crate::database::Use;
use crate::node::blocking;
use crate::system::Fact;

/// How much of a segment is read at once.
const READ_BYTES: u64 = 512 << 10;

/// A database up to a position. It keeps the database awake.
pub struct Backup {
    log: backup::Backup,
    facts: Vec<Fact>,
    using: Use,
}

impl DatabaseHandle {
    /// Takes a backup: seals the log up to its head of this moment or later, while appends go on.
    /// Nothing of it is lost when nobody waits for it: the log then is sealed, and that is all.
    pub async fn backup(&self) -> Result<Backup, Error> {
        // First, so that no fact is about an event that the backup does not have.
        let facts = self.node.facts(self.id()).await?;
        let journal = self.using.awake.journal.clone();
        let log = blocking(move || journal.backup()).await;
        Ok(Backup {
            log: log.map_err(|error| self.using.judge(error))?,
            facts: Fact::of_a_backup(facts),
            using: self.using.clone(),
        })
    }
}

impl Backup {
    /// The identity of the log.
    pub fn log_id(&self) -> LogId {
        self.log.log_id()
    }

    /// The backup as it travels, without the segments that the receiver holds.
    pub fn sending(self, held: &[Held]) -> Result<Sending, Error> {
        let manifest = self.log.manifest();
        let mut first = parts::start();
        first.extend(parts::manifest(self.log.log_id(), manifest));
        for fact in &self.facts {
            first.extend(parts::fact(&fact.to_json()?));
        }
        let is_held = |info: &SegmentInfo| held.iter().any(|held| held.is(info));
        let missing = manifest.segments.iter().filter(|info| !is_held(info));
        let missing: VecDeque<SegmentInfo> = missing.copied().collect();
        Ok(Sending {
            first: Some(first.into()),
            missing,
            segment: None,
            ended: false,
            log: self.log,
            using: self.using,
        })
    }
}

/// A backup that is being sent.
pub struct Sending {
    first: Option<Bytes>,
    missing: VecDeque<SegmentInfo>,
    segment: Option<OpenSegment>,
    ended: bool,
    log: backup::Backup,
    using: Use,
}

/// Looks whether a segment is there as the manifest says, as far as its length and footer tell.
fn look(segment: &dyn SegmentBytes, info: &SegmentInfo) -> Result<(), Error> {
    let start = info.bytes.saturating_sub(FOOTER_BYTES as u64);
    let footer = segment.read(start, FOOTER_BYTES)?;
    match Held::of(info.name, segment.len(), &footer).is_some_and(|held| held.is(info)) {
        true => Ok(()),
        false => Err(
            Error::damaged(format!("{} is not as it was written", info.name))
                .found("another length or footer")
                .expected("the segment that the manifest names")
                .action("verify the log, and restore it from a backup"),
        ),
    }
}

/// The segment that is being sent.
struct OpenSegment {
    bytes: Arc<dyn SegmentBytes>,
    offset: u64,
    left: u64,
    crc: u32,
}

impl Sending {
    /// The next bytes; nothing after the end. After an error there is no end, so that nobody takes
    /// for a backup what came until then.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if let Some(bytes) = self.read().await? {
            return Ok(Some(bytes));
        }
        if let Some(info) = self.missing.pop_front() {
            let bytes = self.log.segment(info.name)?;
            let checked = bytes.clone();
            let looked = blocking(move || look(&*checked, &info)).await;
            looked.map_err(|error| self.using.judge(error))?;
            self.segment = Some(OpenSegment {
                left: info.bytes,
                bytes,
                offset: 0,
                crc: 0,
            });
            return Ok(Some(parts::segment(&info).into()));
        }
        let is_over = std::mem::replace(&mut self.ended, true);
        Ok((!is_over).then(|| parts::end().into()))
    }

    /// Whether another part may begin here: not in the middle of a segment.
    pub fn is_between_parts(&self) -> bool {
        self.segment.is_none()
    }

    /// More of the segment that is being sent, or what stands behind it; nothing if there is none.
    async fn read(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(ended) = self.segment.take_if(|segment| segment.left == 0) {
            return Ok(Some(Bytes::copy_from_slice(&ended.crc.to_le_bytes())));
        }
        let Some(segment) = &mut self.segment else {
            return Ok(None);
        };
        let (bytes, offset) = (segment.bytes.clone(), segment.offset);
        let length = segment.left.min(READ_BYTES) as usize;
        let read = blocking(move || bytes.read(offset, length)).await;
        let read = read.map_err(|error| self.using.judge(error))?;
        segment.offset += length as u64;
        segment.left -= length as u64;
        segment.crc = parts::checksum(segment.crc, &read);
        Ok(Some(read))
    }
}
