//! The file of a segment, read by ranges, through the cache.

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use headwater_event::{Error, Kind};

use super::checked::Checked;
use super::mapped::{MappedBlocks, is_worth_it};
use super::stored::{Blocks, Place, Raw, check_block, decode_block, plain_block};
use crate::cache::{BlockCache, Key, Value};
use crate::canonical::Malformed;
use crate::manifest::SegmentInfo;
use crate::storage::{Map, SegmentBytes};

/// What is looked up by chance is fetched in stretches of so many bytes: it is looked at by many, and
/// a disk gives this much as soon as a page.
pub(crate) const STRETCH_BYTES: u64 = 128 << 10;

/// The file, and the cache that it shares with others.
pub(crate) struct SegmentFile {
    pub(crate) info: SegmentInfo,
    bytes: Arc<dyn SegmentBytes>,
    cache: Arc<BlockCache>,
    /// Where its lists and places are, once the footer was read.
    lists: OnceLock<Range<u64>>,
    /// These, mapped; none inside where they cannot be.
    mapped: OnceLock<Option<MappedBlocks>>,
    /// Stretches that the storage was told of.
    told: OnceLock<Checked>,
}

impl SegmentFile {
    pub(crate) fn new(
        info: SegmentInfo,
        bytes: Arc<dyn SegmentBytes>,
        cache: Arc<BlockCache>,
    ) -> SegmentFile {
        SegmentFile {
            info,
            bytes,
            cache,
            lists: OnceLock::new(),
            mapped: OnceLock::new(),
            told: OnceLock::new(),
        }
    }

    /// Says where its lists and places are: these may be mapped.
    pub(crate) fn has_lists(&self, lists: Range<u64>) {
        self.lists.get_or_init(|| lists);
    }

    /// How many bytes of the lists and places are mapped.
    pub(crate) fn mapped_bytes(&self) -> u64 {
        let mapped = self.mapped.get().and_then(Option::as_ref);
        mapped.map_or(0, MappedBlocks::bytes)
    }

    /// How long it is.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len()
    }

    /// Exactly these bytes, as they are stored.
    pub(crate) fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let bytes = self.bytes.read(offset, length)?;
        match bytes.len() == length {
            true => Ok(bytes),
            false => Err(self.damaged(offset, Malformed("the length of the file"))),
        }
    }

    pub(crate) fn read_place(&self, place: Place) -> Result<Bytes, Error> {
        self.read(place.offset, place.length as usize)
    }

    pub(crate) fn map(&self, offset: u64, length: u64) -> Result<Option<Map>, Error> {
        match usize::try_from(length) {
            Ok(length) if length > 0 => self.bytes.map(offset, length),
            _ => Ok(None),
        }
    }

    /// As [`read`](Self::read), of what is looked up by chance and looked at through a map
    /// afterwards: what is around it is fetched, too.
    pub(crate) fn read_near(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let stretches = || Checked::new(self.len().div_ceil(STRETCH_BYTES));
        let (told, stretch) = (self.told.get_or_init(stretches), offset / STRETCH_BYTES);
        if !told.has(stretch) {
            told.set(stretch);
            self.bytes.will_read(stretch * STRETCH_BYTES, STRETCH_BYTES);
        }
        self.read(offset, length)
    }

    /// As [`read`](Self::read), if that waits for nothing.
    pub(crate) fn read_in_memory(&self, offset: u64, length: usize) -> Option<Bytes> {
        let bytes = self.bytes.read_in_memory(offset, length)?;
        (bytes.len() == length).then_some(bytes)
    }

    /// What is kept of the place at this offset.
    pub(crate) fn cached(&self, offset: u64) -> Option<Value> {
        self.cache.get(self.key(offset))
    }

    pub(crate) fn keep(&self, offset: u64, value: Value) {
        self.cache.put(self.key(offset), value);
    }

    /// Keeps what is read once, if nothing else has to go for it.
    pub(crate) fn keep_if_room(&self, offset: u64, value: Value) {
        self.cache.put_if_room(self.key(offset), value);
    }

    /// The raw bytes of a block that is in memory, and was checked: in the cache, or mapped.
    fn ready(&self, place: Place) -> Option<Raw<'_>> {
        if let Some(Some(mapped)) = self.mapped.get()
            && let Some(raw) = mapped.block(place)
        {
            return Some(Raw::Mapped(raw));
        }
        match self.cached(place.offset) {
            Some(Value::Bytes(raw)) => Some(Raw::Kept(raw)),
            _ => None,
        }
    }

    /// The raw bytes of a block that the storage has in memory, and that is as it was written: what
    /// is not is told by who reads it.
    fn take_from_memory(&self, place: Place) -> Option<Raw<'_>> {
        let stored = self.read_in_memory(place.offset, place.length as usize)?;
        self.admit(place, &stored).ok()
    }

    /// The raw bytes of a block that was read, if it is as it was written. What a map may show is
    /// shown by it from now on, others are kept.
    fn admit(&self, place: Place, stored: &[u8]) -> Result<Raw<'_>, Malformed> {
        if is_worth_it(place)
            && plain_block(stored).is_some()
            && let Some(mapped) = self.mapped()
        {
            check_block(stored)?;
            mapped.checked(place);
            if let Some(raw) = mapped.block(place) {
                return Ok(Raw::Mapped(raw));
            }
        }
        let raw = decode_block(stored)?;
        self.keep(place.offset, Value::Bytes(raw.clone()));
        Ok(Raw::Kept(raw))
    }

    /// Whether a block is among the lists and places.
    fn may_be_mapped(&self, place: Place) -> bool {
        let lists = self.lists.get();
        is_worth_it(place) && lists.is_some_and(|lists| lists.contains(&place.offset))
    }

    fn mapped(&self) -> Option<&MappedBlocks> {
        let lists = self.lists.get()?;
        let mapped = self.mapped.get_or_init(|| {
            // What cannot be mapped is read.
            let map = self.map(lists.start, lists.end - lists.start).ok()??;
            Some(MappedBlocks::new(lists.start, map))
        });
        mapped.as_ref()
    }

    fn key(&self, offset: u64) -> Key {
        Key::Block {
            segment: self.info.name.first,
            last: self.info.name.last,
            offset,
        }
    }

    /// What is said of bytes at `offset` that are not as they were written.
    pub(crate) fn damaged(&self, offset: u64, why: Malformed) -> Error {
        Error::damaged(format!(
            "{} is not as it was written, at byte {offset} of the segment {}",
            why.0, self.info.name
        ))
        .at(self.info.name.first)
        .action("verify the log, and restore the segment from a copy; the rest of it can be read")
    }

    /// What is said of the whole of it.
    pub(crate) fn wrong(&self, what: &str) -> Error {
        Error::damaged(format!("{what} in the segment {}", self.info.name))
            .at(self.info.name.first)
            .action("verify the log, and restore the segment from a copy")
    }
}

impl Blocks for SegmentFile {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        if let Some(raw) = self.ready(place) {
            return Ok(raw);
        }
        let stored = match self.may_be_mapped(place) {
            true => self.read_near(place.offset, place.length as usize)?,
            false => self.read_place(place)?,
        };
        let raw = self.admit(place, &stored);
        raw.map_err(|why| self.damaged(place.offset, why))
    }

    fn touch(&self, place: Place) {
        if let Some(Some(mapped)) = self.mapped.get() {
            mapped.touch(place);
        }
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        self.read_place(place)
    }

    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        SegmentFile::damaged(self, offset, why)
    }
}

/// How many blocks and pages may still be taken from the machine's memory, in one file or in several, by who
/// must not be kept for long.
pub(crate) struct Takes(Cell<u32>);

impl Default for Takes {
    fn default() -> Takes {
        const TAKES: u32 = 512;
        Takes(Cell::new(TAKES))
    }
}

impl Takes {
    pub(crate) fn take(&self) -> Option<()> {
        self.0.set(self.0.get().checked_sub(1)?);
        Some(())
    }
}

/// The blocks of a file as far as they are in memory, of this process or of the machine: to look at
/// them waits for nothing.
pub(crate) struct InMemory<'a> {
    file: &'a SegmentFile,
    /// None if nothing may be taken from the machine's.
    takes: Option<&'a Takes>,
}

impl<'a> InMemory<'a> {
    pub(crate) fn of(file: &'a SegmentFile, takes: &'a Takes) -> InMemory<'a> {
        let takes = Some(takes);
        InMemory { file, takes }
    }

    /// What this process has in memory alone.
    pub(crate) fn of_process(file: &'a SegmentFile) -> InMemory<'a> {
        InMemory { file, takes: None }
    }

    fn take(&self, place: Place) -> Option<Raw<'_>> {
        self.takes?.take()?;
        self.file.take_from_memory(place)
    }
}

const NOT_IN_MEMORY: &str = "not_in_memory";

/// What is looked for would have to be read.
pub(crate) fn missed() -> Error {
    Error::new(Kind::Unavailable, NOT_IN_MEMORY, String::new())
}

/// Whether this error says that a block would have to be read.
pub(crate) fn is_not_in_memory(error: &Error) -> bool {
    error.code() == NOT_IN_MEMORY
}

impl Blocks for InMemory<'_> {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        let ready = self.file.ready(place).or_else(|| self.take(place));
        ready.ok_or_else(missed)
    }

    fn touch(&self, place: Place) {
        self.file.touch(place);
    }

    fn stored(&self, _: Place) -> Result<Bytes, Error> {
        Err(missed())
    }

    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        self.file.damaged(offset, why)
    }
}
