//! Reads all of a tree and checks what lookups take for granted.

use std::slice;

use headwater_event::Error;

use super::block::{Block, HEADER_BYTES, PREFIX_MAX, Restart, common, head, head_of, starts_at};
use super::reader::{Fetched, Tree};
use crate::canonical::Malformed;
use crate::segment::stored::{Blocks, Place};

/// Is told what stands in a tree.
pub(crate) trait Visit {
    /// A block of the tree; its entries follow.
    fn block(&mut self, place: Place) -> Result<(), Error>;

    /// An entry. What is wrong with its value is laid to the block it is in.
    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed>;
}

impl<B: Blocks + ?Sized> Tree<'_, B> {
    /// Reads every block: that keys ascend through all leaves, that each can be found by what
    /// stands above it, and that there are as many as the root says.
    pub(crate) fn check(&self, visit: &mut dyn Visit) -> Result<(), Error> {
        let Some(root) = self.root_block()? else {
            return Ok(());
        };
        let mut walk = Walk {
            last: Vec::new(),
            entries: 0,
            visit,
        };
        self.check_block(&root, None, &mut walk)?;
        match walk.entries == self.entries() {
            true => Ok(()),
            false => self.good(&root, Err(Malformed("the number of entries of a tree"))),
        }
    }

    /// Checks a block whose first key should be `first`, and those below it.
    fn check_block(
        &self,
        block: &Fetched<'_>,
        first: Option<&[u8]>,
        walk: &mut Walk<'_>,
    ) -> Result<(), Error> {
        walk.visit.block(block.place)?;
        let mut entries = Entries::new(self.view(block)?);
        let mut first = first;
        while let Some(value) = self.good(block, entries.next())? {
            if first.take().is_some_and(|first| first != entries.key) {
                return self.good(block, Err(Malformed("the first key")));
            }
            if block.level > 0 {
                let child = self.child_at(block, value)?;
                self.check_block(&child, Some(&entries.key), walk)?;
            } else {
                self.good(block, walk.leaf_entry(&entries.key, value))?;
            }
        }
        Ok(())
    }
}

struct Walk<'a> {
    /// The last key of the leaf entry before.
    last: Vec<u8>,
    entries: u64,
    visit: &'a mut dyn Visit,
}

impl Walk<'_> {
    fn leaf_entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed> {
        if key <= &self.last[..] {
            return Err(Malformed("the order of the keys"));
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.entries += 1;
        self.visit.entry(key, value)
    }
}

/// The entries of a block one after another, each checked.
struct Entries<'a> {
    block: Block<'a>,
    /// Where the next entry starts.
    at: usize,
    /// The restarts that were not met yet.
    restarts: slice::Iter<'a, Restart>,
    /// The first key.
    first: Vec<u8>,
    /// The key that was reached.
    key: Vec<u8>,
}

impl<'a> Entries<'a> {
    fn new(block: Block<'a>) -> Entries<'a> {
        Entries {
            block,
            at: HEADER_BYTES,
            restarts: block.restarts.iter(),
            first: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Goes to the next entry; hands out its value. `None` is the end.
    fn next(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        if self.at >= self.block.end() {
            return self.end().map(|()| None);
        }
        let slot = self.block.slot(self.at)?;
        let suffix = self.block.suffix(&slot);
        let rest = self.key.get(slot.shared..);
        if rest.is_none_or(|rest| suffix <= rest) {
            return Err(Malformed("the order of the keys"));
        }
        let restart = self.restarts.as_slice().first();
        let restart = restart.filter(|restart| starts_at(restart) == self.at);
        let in_common = slot.shared + common(&self.key[slot.shared..], suffix);
        self.key.truncate(slot.shared);
        self.key.extend_from_slice(suffix);
        if self.first.is_empty() {
            self.first.clone_from(&self.key);
        }
        match restart {
            Some(restart) => self.check_restart(restart, slot.shared)?,
            None if slot.shared == in_common && self.at > HEADER_BYTES => {}
            None => return Err(Malformed("the shared length of a key")),
        }
        self.at = slot.value.end;
        Ok(Some(&self.block.bytes[slot.value]))
    }

    fn check_restart(&mut self, restart: &Restart, shared: usize) -> Result<(), Malformed> {
        self.restarts.next();
        let after_prefix = self.key.get(self.block.prefix..).map(head);
        match shared == 0 && after_prefix == Some(head_of(restart)) {
            true => Ok(()),
            false => Err(Malformed("a restart")),
        }
    }

    fn end(&self) -> Result<(), Malformed> {
        if !self.restarts.as_slice().is_empty() || self.first.is_empty() {
            return Err(Malformed("the number of restarts"));
        }
        match common(&self.first, &self.key).min(PREFIX_MAX) == self.block.prefix {
            true => Ok(()),
            false => Err(Malformed("the prefix of a block")),
        }
    }
}
