//! Lists of positions: where the events of a name are.
//!
//! Inside a segment a position is an **offset**: how far it is behind the segment's first position.
//! What a name has stands in its [`KeyValue`], the value of its key:
//!
//! ```text
//! Run     consecutive offsets, however many; most names have one event     nothing else
//! Short   up to 64 offsets                                                 gaps, in the value itself
//! Long    all others                                                       chunks, found by a directory
//! ```
//!
//! A [chunk](Chunk) has up to 1,024 offsets as gaps, or is a run, which takes no bytes. The
//! directory is a tree: (number of the list, first offset) -> what the chunk has and where it is.
//! The bytes of a chunk do not depend on where the list or the segment starts, so a merge copies
//! them as they are.
//!
//! A **gap** is how many offsets lie between one and the next.

mod chunk;
mod cursor;
#[cfg(test)]
mod tests;
mod value;
mod writer;

use headwater_event::Error;

pub(crate) use chunk::{Chunk, Directory};
pub(crate) use cursor::ListCursor;
pub(crate) use value::{KeyValue, List, Long, Short};
pub(crate) use writer::ListWriter;

use crate::canonical::{Malformed, Reader, put_varint};

/// The most offsets of a short list.
pub(crate) const SHORT_OFFSETS_MAX: usize = 64;

/// The most offsets of a chunk that is no run.
pub(crate) const CHUNK_OFFSETS_MAX: usize = 1024;

/// A walk through positions that only goes on.
pub(crate) trait Seek {
    /// The first position at `from` or beyond it, in the direction of the walk. `from` never goes
    /// back.
    fn seek(&mut self, from: u64) -> Result<Option<u64>, Error>;

    /// How many positions are still ahead: not more than this, and 0 only at the end.
    fn len(&self) -> usize;
}

/// Writes how far each offset is behind the one before; the first one is not written.
fn put_gaps(out: &mut Vec<u8>, offsets: &[u64]) {
    for pair in offsets.windows(2) {
        put_varint(out, pair[1] - pair[0] - 1);
    }
}

/// Reads `count` offsets, of which the first is known, to the end of `gaps`. Hands out the last.
fn read_gaps(
    gaps: &[u8],
    first: u64,
    count: u64,
    mut each: impl FnMut(u64),
) -> Result<u64, Malformed> {
    const WRONG: Malformed = Malformed("the offsets of a list");
    let mut reader = Reader::new(gaps);
    let mut offset = first;
    each(offset);
    for _ in 1..count {
        let gap = reader.varint(WRONG.0)?;
        offset = gap
            .checked_add(1)
            .and_then(|step| offset.checked_add(step))
            .ok_or(WRONG)?;
        each(offset);
    }
    match reader.left() {
        0 => Ok(offset),
        _ => Err(WRONG),
    }
}
