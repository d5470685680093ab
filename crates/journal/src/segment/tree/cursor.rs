//! Walks through a tree in order, without an allocation per entry.

use std::ops::Range;

use headwater_event::Error;

use super::block::{Bound, HEADER_BYTES, Spot};
use super::reader::{Entry, Fetched, Tree};
use crate::canonical::Malformed;
use crate::segment::stored::{Blocks, Raw};

/// A walk through the entries of a tree, upwards. As an iterator it hands out copies of the keys;
/// [`advance`](Cursor::advance) lends them.
pub(crate) struct Cursor<'a, B: ?Sized> {
    tree: Tree<'a, B>,
    /// The blocks that lead to where the walk is, the root first. Empty at the end.
    path: Vec<Step<'a>>,
    /// The key of the entry that was reached; empty before the first one.
    key: Vec<u8>,
    /// Where its value is in the last block of the path.
    value: Range<usize>,
}

/// A block of the path.
struct Step<'a> {
    block: Fetched<'a>,
    /// Where the next entry is.
    at: usize,
    /// Where the entries end.
    end: usize,
}

impl<'a, B: Blocks + ?Sized> Cursor<'a, B> {
    fn new(tree: Tree<'a, B>) -> Cursor<'a, B> {
        Cursor {
            tree,
            path: Vec::new(),
            key: Vec::new(),
            value: 0..0,
        }
    }

    /// Before the first entry.
    pub(super) fn at_start(tree: Tree<'a, B>) -> Result<Cursor<'a, B>, Error> {
        let mut cursor = Cursor::new(tree);
        if let Some(root) = tree.root_block()? {
            cursor.enter(root)?;
            cursor.descend()?;
        }
        Ok(cursor)
    }

    /// Before the first entry whose key is not below `key`.
    pub(super) fn at_ceil(tree: Tree<'a, B>, key: &[u8]) -> Result<Cursor<'a, B>, Error> {
        Cursor::at(tree, key, Bound::Below, |spot| spot.slot.value.end)
    }

    /// Before the last entry whose key is not above `key`, or before the first one of all.
    pub(super) fn at_floor(tree: Tree<'a, B>, key: &[u8]) -> Result<Cursor<'a, B>, Error> {
        Cursor::at(tree, key, Bound::AtMost, |spot| spot.slot.at)
    }

    fn at(
        tree: Tree<'a, B>,
        key: &[u8],
        bound: Bound,
        place: impl Fn(&Spot) -> usize,
    ) -> Result<Cursor<'a, B>, Error> {
        let mut cursor = Cursor::new(tree);
        let Some(mut block) = tree.root_block()? else {
            return Ok(cursor);
        };
        loop {
            let spot = tree.in_block(&block, tree.view(&block)?.find(key, bound))?;
            let is_leaf = block.level == 0;
            cursor.enter(block)?;
            match spot {
                None => {
                    cursor.descend()?;
                    return Ok(cursor);
                }
                Some(spot) if is_leaf => {
                    cursor.go_to(spot.restart, place(&spot))?;
                    return Ok(cursor);
                }
                Some(spot) => {
                    cursor.top().at = spot.slot.at;
                    block = cursor.next_child()?;
                }
            }
        }
    }

    /// The last block of the path, which is not empty.
    fn top(&mut self) -> &mut Step<'a> {
        let last = self.path.len() - 1;
        &mut self.path[last]
    }

    fn enter(&mut self, block: Fetched<'a>) -> Result<(), Error> {
        let end = self.tree.view(&block)?.end();
        if end <= HEADER_BYTES {
            return self
                .tree
                .good(&block, Err(Malformed("the number of entries")));
        }
        self.path.push(Step {
            block,
            at: HEADER_BYTES,
            end,
        });
        Ok(())
    }

    /// Goes down from the last block of the path to a leaf, by the next children.
    fn descend(&mut self) -> Result<(), Error> {
        while self.top().block.level > 0 {
            let child = self.next_child()?;
            self.enter(child)?;
        }
        Ok(())
    }

    /// The block that the next entry of the last block of the path points at. Goes past it.
    fn next_child(&mut self) -> Result<Fetched<'a>, Error> {
        let tree = self.tree;
        let step = self.top();
        let view = tree.view(&step.block)?;
        let slot = tree.good(&step.block, view.slot(step.at))?;
        step.at = slot.value.end;
        tree.child_at(&step.block, &step.block.raw[slot.value])
    }

    /// Reads from the restart at `from` until the next entry is the one at `to`.
    fn go_to(&mut self, from: usize, to: usize) -> Result<(), Error> {
        self.top().at = from;
        while self.top().at < to {
            self.read_entry()?;
        }
        Ok(())
    }

    /// Goes to the next entry; says whether there is one. After an error there is none.
    pub(crate) fn advance(&mut self) -> Result<bool, Error> {
        let advanced = self.try_advance();
        if advanced.is_err() {
            self.path.clear();
        }
        advanced
    }

    fn try_advance(&mut self) -> Result<bool, Error> {
        let Some(leaf) = self.path.last() else {
            return Ok(false);
        };
        if leaf.at >= leaf.end {
            while self.path.last().is_some_and(|step| step.at >= step.end) {
                self.path.pop();
            }
            if self.path.is_empty() {
                return Ok(false);
            }
            self.descend()?;
        }
        self.read_entry()?;
        Ok(true)
    }

    /// Reads the next entry of the leaf.
    fn read_entry(&mut self) -> Result<(), Error> {
        let tree = self.tree;
        let last = self.path.len() - 1;
        let step = &mut self.path[last];
        let view = tree.view(&step.block)?;
        let slot = tree.good(&step.block, view.slot(step.at))?;
        let suffix = view.suffix(&slot);
        // An empty key is the one before the first; no entry has it.
        let above = |rest: &[u8]| suffix > rest;
        if !self.key.get(slot.shared..).is_some_and(above) {
            return tree.good(&step.block, Err(Malformed("the order of the keys")));
        }
        self.key.truncate(slot.shared);
        self.key.extend_from_slice(suffix);
        step.at = slot.value.end;
        self.value = slot.value;
        Ok(())
    }

    /// The key of the entry that [`advance`](Cursor::advance) went to.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Its value.
    pub(crate) fn value(&self) -> &[u8] {
        self.path
            .last()
            .map_or(&[], |leaf| &leaf.block.raw[self.value.clone()])
    }

    /// What is said of a key or value that is not as it was written.
    pub(crate) fn damaged(&self, why: Malformed) -> Error {
        match self.path.last() {
            Some(leaf) => self.tree.blocks().damaged(leaf.block.place.offset, why),
            None => self.tree.damaged(why),
        }
    }

    /// Its value, to keep: a part of the block.
    pub(crate) fn value_raw(&self) -> Raw<'a> {
        let leaf = self.path.last();
        leaf.map_or(Raw::Mapped(&[]), |leaf| {
            leaf.block.raw.slice(self.value.clone())
        })
    }
}

impl<'a, B: Blocks + ?Sized> Iterator for Cursor<'a, B> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => Some(Ok(Entry {
                key: self.key.clone(),
                value: self.value_raw(),
            })),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
