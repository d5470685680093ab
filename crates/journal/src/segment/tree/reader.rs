//! Looks keys up in a tree.

use headwater_event::Error;

use super::block::{Block, Bound, Spot};
use super::cursor::Cursor;
use super::descent::{Descent, Leaf, exact};
use super::{HEIGHT_MAX, TreeRoot};
use crate::canonical::{Malformed, Reader};
use crate::segment::stored::{Blocks, Place, Raw};

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Vec<u8>,
    /// A part of the block that it was read from.
    pub(crate) value: Raw<'a>,
}

/// A tree and what reads its blocks.
#[derive(Debug)]
pub(crate) struct Tree<'a, B: ?Sized> {
    root: TreeRoot,
    blocks: &'a B,
}

impl<B: ?Sized> Clone for Tree<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: ?Sized> Copy for Tree<'_, B> {}

/// A block that was fetched.
#[derive(Clone, Debug)]
pub(super) struct Fetched<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) place: Place,
    pub(super) level: u8,
}

impl<'a, B: Blocks + ?Sized> Tree<'a, B> {
    pub(crate) fn new(root: TreeRoot, blocks: &'a B) -> Tree<'a, B> {
        assert!(root.height <= HEIGHT_MAX, "it was checked when it was read");
        Tree { root, blocks }
    }

    /// How many keys there are.
    pub(crate) fn entries(&self) -> u64 {
        self.root.entries
    }

    /// What it points at, and its blocks but for the root, end here at the latest.
    pub(crate) fn end(&self) -> u64 {
        self.root.place.map_or(0, |place| place.offset)
    }

    /// What reads its blocks.
    pub(crate) fn blocks(&self) -> &'a B {
        self.blocks
    }

    /// What is said of a value of the tree that is not as it was written.
    pub(crate) fn damaged(&self, why: Malformed) -> Error {
        self.blocks.damaged(self.end(), why)
    }

    /// The value of `key`, if it is there.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Raw<'a>>, Error> {
        self.find(key, Bound::AtMost).map(exact)
    }

    /// The last entry whose key is not above `key`.
    pub(crate) fn floor(&self, key: &[u8]) -> Result<Option<Entry<'a>>, Error> {
        self.last(key, Bound::AtMost)
    }

    /// The last entry whose key is below `key`.
    #[cfg(test)]
    pub(crate) fn below(&self, key: &[u8]) -> Result<Option<Entry<'a>>, Error> {
        self.last(key, Bound::Below)
    }

    /// The first entry whose key is not below `key`.
    #[cfg(test)]
    pub(crate) fn ceil(&self, key: &[u8]) -> Result<Option<Entry<'a>>, Error> {
        self.iter_from(key)?.next().transpose()
    }

    /// All entries in order.
    pub(crate) fn iter(&self) -> Result<Cursor<'a, B>, Error> {
        Cursor::at_start(*self)
    }

    /// The entries whose key is not below `key`, in order.
    pub(crate) fn iter_from(&self, key: &[u8]) -> Result<Cursor<'a, B>, Error> {
        Cursor::at_ceil(*self, key)
    }

    /// The entries from the last one whose key is not above `key`, or from the first one of all.
    pub(crate) fn iter_from_floor(&self, key: &[u8]) -> Result<Cursor<'a, B>, Error> {
        Cursor::at_floor(*self, key)
    }

    fn last(&self, key: &[u8], bound: Bound) -> Result<Option<Entry<'a>>, Error> {
        let Some((leaf, spot)) = self.find(key, bound)? else {
            return Ok(None);
        };
        let key = self.view(&leaf)?.key(&spot);
        Ok(Some(Entry {
            key: self.good(&leaf, key)?,
            value: value(&leaf, &spot),
        }))
    }

    /// The last entry within `bound` of `key`, and the leaf it is in.
    fn find(&self, key: &[u8], bound: Bound) -> Result<Leaf<'a>, Error> {
        let mut descent = Descent::new(*self, key, bound);
        loop {
            if let Some(leaf) = descent.step()? {
                return Ok(leaf);
            }
        }
    }

    /// What a search found in `block`: nothing only in the root.
    pub(super) fn in_block<T>(
        &self,
        block: &Fetched<'_>,
        found: Result<Option<T>, Malformed>,
    ) -> Result<Option<T>, Error> {
        let found = self.good(block, found)?;
        if found.is_none() && block.level < self.root.height {
            // The parent led here by the first key, which is within the bound.
            return Err(self.damaged_in(block, Malformed("the first key")));
        }
        Ok(found)
    }

    /// Where the root block is and its level, but of an empty tree.
    pub(super) fn root(&self) -> Option<(Place, u8)> {
        self.root.place.map(|place| (place, self.root.height))
    }

    /// The root block, but of an empty tree.
    pub(super) fn root_block(&self) -> Result<Option<Fetched<'a>>, Error> {
        let fetch = |(place, level)| self.fetch(place, level);
        self.root().map(fetch).transpose()
    }

    pub(super) fn fetch(&self, place: Place, level: u8) -> Result<Fetched<'a>, Error> {
        let raw = self.blocks.block(place)?;
        Ok(Fetched { raw, place, level })
    }

    /// The block that an entry of `parent`, which is no leaf, points at.
    pub(super) fn child_at(
        &self,
        parent: &Fetched<'_>,
        value: &[u8],
    ) -> Result<Fetched<'a>, Error> {
        let (place, level) = self.child(parent, value)?;
        self.fetch(place, level)
    }

    /// Where that block is, and its level.
    pub(super) fn child(&self, parent: &Fetched<'_>, value: &[u8]) -> Result<(Place, u8), Error> {
        let mut reader = Reader::new(value);
        // Children were written before their parents: a walk down ends, whatever the bytes say.
        let place = self.good(parent, Place::read(&mut reader, parent.place.offset))?;
        match reader.left() {
            0 => Ok((place, parent.level - 1)),
            _ => Err(self.damaged_in(parent, Malformed("the place of a block"))),
        }
    }

    pub(super) fn view<'b>(&self, block: &'b Fetched<'_>) -> Result<Block<'b>, Error> {
        self.good(block, Block::new(&block.raw, block.level))
    }

    pub(super) fn good<T>(
        &self,
        block: &Fetched<'_>,
        result: Result<T, Malformed>,
    ) -> Result<T, Error> {
        result.map_err(|why| self.damaged_in(block, why))
    }

    fn damaged_in(&self, block: &Fetched<'_>, why: Malformed) -> Error {
        self.blocks.damaged(block.place.offset, why)
    }
}

pub(super) fn value<'a>(leaf: &Fetched<'a>, spot: &Spot) -> Raw<'a> {
    leaf.raw.slice(spot.slot.value.clone())
}
