//! A tree of keys in order, each with a value: written once, read by blocks.
//!
//! ```text
//!                 [ b0 | b3 ]                  the root: an inner block of level 2
//!                /           \
//!      [ b0 | b1 | b2 ]   [ b3 | b4 ]          level 1: first key of a block -> where it is stored
//!       /     |    \        |     \
//!     [b0]   [b1]  [b2]    [b3]   [b4]         level 0, leaves: key -> value
//! ```
//!
//! Keys are bytes, ascending, each once, none empty. All leaves are equally deep. Blocks are written
//! as they fill, children before their parents, so that a block only ever points at what stands
//! before it: whatever the bytes say, a walk down ends. The writer holds one block per level.
//!
//! Blocks are [stored](super::stored) packed and with a checksum; [`block`] draws what is in them.

pub(crate) mod block;
mod builder;
mod check;
mod cursor;
mod descent;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

use super::stored::Place;
use crate::canonical::{Malformed, Reader};

pub(crate) use check::Visit;
pub(crate) use cursor::Cursor;
pub(crate) use descent::{TURNS, get_all};
pub(crate) use reader::Tree;
pub(crate) use writer::{TreeOptions, TreeWriter};

/// The most bytes of a key.
pub(crate) const KEY_BYTES_MAX: usize = 128 << 10;

/// The most bytes of a value.
pub(crate) const VALUE_BYTES_MAX: usize = 128 << 10;

/// The most levels above the leaves. Inner blocks have at least four children, but for the last of
/// each level, so that more entries than bytes in a file would not need as many.
const HEIGHT_MAX: u8 = 32;

/// Where a tree begins, and how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TreeRoot {
    /// Where the root block is; `None` if the tree is empty.
    pub(crate) place: Option<Place>,
    /// Levels above the leaves.
    pub(crate) height: u8,
    /// How many keys it has.
    pub(crate) entries: u64,
}

impl TreeRoot {
    /// Bytes of an encoded root.
    pub(crate) const BYTES: usize = 21;

    /// The root of a tree without keys.
    pub(crate) const EMPTY: TreeRoot = TreeRoot {
        place: None,
        height: 0,
        entries: 0,
    };

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let place = self.place.unwrap_or(Place {
            offset: 0,
            length: 0,
        });
        out.extend_from_slice(&place.offset.to_le_bytes());
        out.extend_from_slice(&place.length.to_le_bytes());
        out.push(self.height);
        out.extend_from_slice(&self.entries.to_le_bytes());
    }

    /// Reads what [`put`](TreeRoot::put) wrote. The root block ends at `end` at the latest.
    pub(crate) fn read(reader: &mut Reader<'_>, end: u64) -> Result<TreeRoot, Malformed> {
        let offset = reader.u64("the offset of a tree")?;
        let length = reader.u32("the length of the root of a tree")?;
        let height = reader.take(1, "the height of a tree")?[0];
        let entries = reader.u64("the number of entries of a tree")?;
        if entries == 0 {
            return match (offset, length, height) {
                (0, 0, 0) => Ok(TreeRoot::EMPTY),
                _ => Err(Malformed("the number of entries of a tree")),
            };
        }
        if height > HEIGHT_MAX {
            return Err(Malformed("the height of a tree"));
        }
        Ok(TreeRoot {
            place: Some(Place::checked(offset, u64::from(length), end)?),
            height,
            entries,
        })
    }
}
