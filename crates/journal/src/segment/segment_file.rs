//! The file of a segment, read by ranges, through the cache.

use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Error, Kind};

use super::stored::{Blocks, Place, decode_block};
use crate::cache::{BlockCache, Key, Value};
use crate::canonical::Malformed;
use crate::manifest::SegmentInfo;
use crate::storage::{Map, SegmentBytes};

/// The file, and the cache that it shares with others.
pub(crate) struct SegmentFile {
    pub(crate) info: SegmentInfo,
    bytes: Arc<dyn SegmentBytes>,
    cache: Arc<BlockCache>,
}

impl SegmentFile {
    pub(crate) fn new(
        info: SegmentInfo,
        bytes: Arc<dyn SegmentBytes>,
        cache: Arc<BlockCache>,
    ) -> SegmentFile {
        SegmentFile { info, bytes, cache }
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

    /// What is kept of the place at this offset.
    pub(crate) fn cached(&self, offset: u64) -> Option<Value> {
        self.cache.get(self.key(offset))
    }

    pub(crate) fn keep(&self, offset: u64, value: Value) {
        self.cache.put(self.key(offset), value);
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
    fn block(&self, place: Place) -> Result<Bytes, Error> {
        if let Some(Value::Bytes(raw)) = self.cached(place.offset) {
            return Ok(raw);
        }
        let stored = self.read_place(place)?;
        let raw = decode_block(&stored).map_err(|why| self.damaged(place.offset, why))?;
        self.keep(place.offset, Value::Bytes(raw.clone()));
        Ok(raw)
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        self.read_place(place)
    }

    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        SegmentFile::damaged(self, offset, why)
    }
}

/// The blocks of a file as far as they are in the cache: looks, and does not read.
pub(crate) struct Cached<'a>(pub(crate) &'a SegmentFile);

fn missed() -> Error {
    Error::new(Kind::Unavailable, "not_in_memory", String::new())
}

impl Blocks for Cached<'_> {
    fn block(&self, place: Place) -> Result<Bytes, Error> {
        match self.0.cached(place.offset) {
            Some(Value::Bytes(raw)) => Ok(raw),
            _ => Err(missed()),
        }
    }

    fn stored(&self, _: Place) -> Result<Bytes, Error> {
        Err(missed())
    }

    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        self.0.damaged(offset, why)
    }
}
