//! A file in memory, for tests.

use std::cell::Cell;

use bytes::Bytes;
use headwater_event::Error;

use super::stored::{Blocks, Place, Raw, decode_block};
use crate::canonical::Malformed;

/// A file in memory.
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    /// How many blocks were read.
    pub(crate) fetched: Cell<usize>,
}

impl File {
    pub(crate) fn of(bytes: Vec<u8>) -> File {
        File {
            bytes,
            fetched: Cell::new(0),
        }
    }
}

impl Blocks for File {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        self.fetched.set(self.fetched.get() + 1);
        let raw = decode_block(&self.stored(place)?);
        raw.map(Raw::Kept)
            .map_err(|why| self.damaged(place.offset, why))
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        let (start, length) = (place.offset as usize, place.length as usize);
        let bytes = self.bytes.get(start..start + length);
        let short = || self.damaged(place.offset, Malformed("the length of the file"));
        bytes.map(Bytes::copy_from_slice).ok_or_else(short)
    }
}
