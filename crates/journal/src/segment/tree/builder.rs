//! Builds a [block](super::block) of a tree, one entry after another.

use std::ops::Range;

use super::block::{ENDING_BYTES, HEADER_BYTES, PREFIX_MAX, RESTART_BYTES, common, head};
use crate::canonical::put_varint;

/// A key is written whole after so many entries.
const RESTART_ENTRIES: u32 = 16;

/// Bytes of an entry's three lengths at most, as long as keys and values keep their limits.
const LENGTHS_BYTES_MAX: usize = 3 + 3 + 3;

/// A block that is being filled, and filled again.
#[derive(Debug)]
pub(crate) struct Builder {
    /// The block as far as it is built.
    raw: Vec<u8>,
    restarts: Vec<Restart>,
    entries: u32,
    /// The first key of this block.
    first: Vec<u8>,
    /// The last key, of this block or of the one before.
    last: Vec<u8>,
}

/// An entry whose key stands whole in the block.
#[derive(Debug)]
struct Restart {
    at: u16,
    key: Range<usize>,
}

impl Builder {
    pub(crate) fn new(level: u8) -> Builder {
        Builder {
            raw: vec![level],
            restarts: Vec::new(),
            entries: 0,
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    pub(crate) fn entries(&self) -> u32 {
        self.entries
    }

    /// What `key` has in common with the last one, if it is above it.
    pub(crate) fn above_last(&self, key: &[u8]) -> Option<usize> {
        let shared = common(&self.last, key);
        let above = match (self.last.get(shared), key.get(shared)) {
            (Some(last), Some(next)) => last < next,
            (None, Some(_)) => true,
            (_, None) => false,
        };
        above.then_some(shared)
    }

    /// The most bytes that the block would have with one entry more.
    pub(crate) fn bytes_with(&self, key: &[u8], value: &[u8]) -> usize {
        let restarts = RESTART_BYTES * (self.restarts.len() + 1);
        self.raw.len() + LENGTHS_BYTES_MAX + key.len() + value.len() + restarts + ENDING_BYTES
    }

    /// Adds an entry; `shared` is what [`above_last`](Builder::above_last) said.
    pub(crate) fn push(&mut self, key: &[u8], shared: usize, value: &[u8]) {
        let restart = match self.entries.is_multiple_of(RESTART_ENTRIES) {
            true => u16::try_from(self.raw.len()).ok(),
            false => None,
        };
        let shared = restart.map_or(shared, |_| 0);
        if self.entries == 0 {
            self.first = key.to_vec();
        }
        self.put_lengths(shared, key.len() - shared, value.len());
        if let Some(at) = restart {
            let key = self.raw.len()..self.raw.len() + key.len();
            self.restarts.push(Restart { at, key });
        }
        self.raw.extend_from_slice(&key[shared..]);
        self.raw.extend_from_slice(value);
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.entries += 1;
    }

    fn put_lengths(&mut self, shared: usize, suffix: usize, value: usize) {
        if (shared | suffix | value) < 0x80 {
            let lengths = [shared as u8, suffix as u8, value as u8]; // each below 0x80
            self.raw.extend_from_slice(&lengths);
            return;
        }
        for length in [shared, suffix, value] {
            put_varint(&mut self.raw, length as u64);
        }
    }

    /// The whole block.
    pub(crate) fn finish(&mut self) -> &[u8] {
        let prefix = common(&self.first, &self.last).min(PREFIX_MAX);
        for Restart { at, key } in &self.restarts {
            let head = head(&self.raw[key.start + prefix..key.end]);
            self.raw.extend_from_slice(&head.to_be_bytes());
            self.raw.extend_from_slice(&at.to_le_bytes());
        }
        let count = self.restarts.len() as u16; // they are 16 bits and ascend
        self.raw.extend_from_slice(&(prefix as u16).to_le_bytes()); // at most PREFIX_MAX
        self.raw.extend_from_slice(&count.to_le_bytes());
        &self.raw
    }

    /// Starts the next block of the same level; hands out the first key of this one.
    pub(crate) fn restart(&mut self) -> Vec<u8> {
        self.raw.truncate(HEADER_BYTES);
        self.restarts.clear();
        self.entries = 0;
        std::mem::take(&mut self.first)
    }
}
