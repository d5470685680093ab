//! Chunks of long lists, and the directory that finds them.
//!
//! ```text
//! key      number of the list u32 | first offset u64, both big-endian
//! value    count varint | offsets left out varint | place, unless none is left out
//! chunk    gap varint ...
//! ```

use headwater_event::Error;

use super::{CHUNK_OFFSETS_MAX, read_gaps};
use crate::canonical::{Malformed, Reader, put_varint};
use crate::segment::stored::{Blocks, Place};
use crate::segment::tree::{Cursor, Tree};

/// Bytes of a key of the directory.
pub(crate) const KEY_BYTES: usize = 4 + 8;

const WRONG: Malformed = Malformed("an entry of the directory of chunks");

/// A part of a long list, as the directory says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The number of its list.
    pub(crate) number: u32,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u64,
    /// Where its gaps are stored; a run has none.
    pub(crate) place: Option<Place>,
}

impl Chunk {
    /// The key of a chunk that starts at `first`.
    pub(crate) fn key(number: u32, first: u64) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        let (of_list, of_first) = key.split_at_mut(4);
        of_list.copy_from_slice(&number.to_be_bytes());
        of_first.copy_from_slice(&first.to_be_bytes());
        key
    }

    pub(crate) fn put_value(&self, out: &mut Vec<u8>) {
        put_varint(out, self.count);
        put_varint(out, self.last - self.first - (self.count - 1));
        if let Some(place) = self.place {
            place.put(out);
        }
    }

    /// Reads an entry of the directory. The gaps end at `end` at the latest.
    pub(crate) fn read(key: &[u8], value: &[u8], end: u64) -> Result<Chunk, Malformed> {
        let (number, first) = key.split_first_chunk().ok_or(WRONG)?;
        let first = u64::from_be_bytes(first.try_into().map_err(|_| WRONG)?);
        let mut reader = Reader::new(value);
        let count = reader.varint(WRONG.0)?;
        let left_out = reader.varint(WRONG.0)?;
        let last = count
            .checked_sub(1)
            .and_then(|more| first.checked_add(more)?.checked_add(left_out))
            .ok_or(WRONG)?;
        let place = match left_out {
            0 => None,
            _ if count > CHUNK_OFFSETS_MAX as u64 => return Err(WRONG),
            _ => Some(Place::read(&mut reader, end)?),
        };
        match reader.left() {
            0 => Ok(Chunk {
                number: u32::from_be_bytes(*number),
                first,
                last,
                count,
                place,
            }),
            _ => Err(WRONG),
        }
    }

    /// The offsets of a chunk that is no run, from its raw bytes.
    pub(crate) fn offsets(&self, raw: &[u8]) -> Result<Vec<u64>, Malformed> {
        let mut offsets = Vec::with_capacity(self.count as usize); // at most CHUNK_OFFSETS_MAX
        let last = read_gaps(raw, self.first, self.count, |offset| offsets.push(offset))?;
        match last == self.last {
            true => Ok(offsets),
            false => Err(Malformed("the last offset of a chunk")),
        }
    }
}

/// The directory of the chunks of a segment.
#[derive(Debug)]
pub(crate) struct Directory<'a, B: ?Sized> {
    pub(crate) tree: Tree<'a, B>,
}

impl<B: ?Sized> Clone for Directory<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: ?Sized> Copy for Directory<'_, B> {}

impl<'a, B: Blocks + ?Sized> Directory<'a, B> {
    /// The last chunk of the list that starts at `offset` or before.
    pub(super) fn floor(&self, number: u32, offset: u64) -> Result<Option<Chunk>, Error> {
        let found = self.tree.floor(&Chunk::key(number, offset))?;
        let chunk = found.map(|entry| Chunk::read(&entry.key, &entry.value, self.tree.end()));
        let chunk = chunk.transpose().map_err(|why| self.tree.damaged(why))?;
        Ok(chunk.filter(|chunk| chunk.number == number))
    }

    /// Walks through the chunks from the last one of the list that starts at `offset` or before;
    /// if there is none, from the one that is before or behind it in the directory.
    pub(super) fn walk(&self, number: u32, offset: u64) -> Result<Cursor<'a, B>, Error> {
        self.tree.iter_from_floor(&Chunk::key(number, offset))
    }

    /// The chunk that a walk goes to next.
    pub(crate) fn next(&self, walk: &mut Cursor<'a, B>) -> Result<Option<Chunk>, Error> {
        if !walk.advance()? {
            return Ok(None);
        }
        let chunk = Chunk::read(walk.key(), walk.value(), self.tree.end());
        chunk.map(Some).map_err(|why| walk.damaged(why))
    }

    /// The offsets of a chunk that is stored at `place`.
    pub(crate) fn offsets(&self, chunk: &Chunk, place: Place) -> Result<Vec<u64>, Error> {
        let raw = self.tree.blocks().block(place)?;
        let damaged = |why| self.tree.blocks().damaged(place.offset, why);
        chunk.offsets(&raw).map_err(damaged)
    }
}
