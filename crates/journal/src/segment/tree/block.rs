//! A block of a tree: keys in order, each without the bytes that it shares with the one before.
//!
//! ```text
//! block    level u8 | entry ... | restart ... | prefix u16 | number of restarts u16
//! entry    shared varint | suffix length varint | value length varint | suffix | value
//! restart  head, 4 bytes | where the entry starts u16
//! ```
//!
//! `shared` says how many bytes the key has in common with the key before; the suffix is the rest.
//! Every 16 entries, as far as 16 bits reach, a key is written whole (`shared` is 0) and is a
//! restart. `prefix` is how many bytes all keys of the block have in common, and a head is what
//! follows them in the key of the restart, with zeros behind a key that ends. A search halves among
//! the heads, which stand close together, and then reads on from one restart, without making a key.
//!
//! The value in an inner block is the [place](super::super::stored::Place) of a child, whose first
//! key is the key.

use std::cmp::Ordering;
use std::hint::black_box;
use std::ops::Range;

use crate::canonical::{Malformed, Reader};
use crate::segment::mapped::LINE_BYTES;

/// Bytes before the first entry.
pub(crate) const HEADER_BYTES: usize = 1;

/// Bytes of a head.
const HEAD_BYTES: usize = 4;

/// Bytes of a restart.
pub(crate) const RESTART_BYTES: usize = HEAD_BYTES + 2;

/// Lines of memory that the entries of a restart usually take.
const LINES_TOUCHED: usize = 4;

/// A head and where the entry starts.
pub(super) type Restart = [u8; RESTART_BYTES];

pub(super) fn head_of(restart: &Restart) -> u32 {
    let [a, b, c, d, ..] = *restart;
    u32::from_be_bytes([a, b, c, d])
}

pub(super) fn starts_at(restart: &Restart) -> usize {
    let [.., low, high] = *restart;
    usize::from(u16::from_le_bytes([low, high]))
}

/// The longest prefix that is made use of.
pub(crate) const PREFIX_MAX: usize = u16::MAX as usize;

/// Bytes behind the restarts.
pub(crate) const ENDING_BYTES: usize = 2 + 2;

/// A block, its frame checked; entries are checked when they are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    /// From the start of the block to the end of its entries.
    pub(super) bytes: &'a [u8],
    /// The restarts, at least one.
    pub(super) restarts: &'a [Restart],
    /// How many bytes all keys have in common.
    pub(super) prefix: usize,
}

/// One entry: where it stands and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Where it starts.
    pub(crate) at: usize,
    /// How many bytes its key shares with the key before.
    pub(crate) shared: usize,
    /// The rest of its key.
    pub(crate) suffix: Range<usize>,
    /// Its value. It ends where the next entry starts.
    pub(crate) value: Range<usize>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) slot: Slot,
    /// Where the last restart at or before it is.
    pub(crate) restart: usize,
    /// Whether its key is the one that was looked for.
    pub(crate) exact: bool,
}

/// Which entry is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The last one whose key is not above this.
    AtMost,
    /// The last one whose key is below this.
    Below,
}

impl<'a> Block<'a> {
    /// Takes the raw bytes of a block that should be of `level`.
    pub(crate) fn new(raw: &'a [u8], level: u8) -> Result<Block<'a>, Malformed> {
        let wrong = Malformed("the number of restarts");
        let (rest, count) = raw.split_last_chunk::<2>().ok_or(wrong)?;
        let (rest, prefix) = rest.split_last_chunk::<2>().ok_or(wrong)?;
        let restarts = RESTART_BYTES * usize::from(u16::from_le_bytes(*count));
        let end = rest.len().checked_sub(restarts).ok_or(wrong)?;
        let (bytes, restarts) = rest.split_at(end);
        let (restarts, _) = restarts.as_chunks();
        if restarts.is_empty() {
            return Err(wrong);
        }
        match bytes.first() {
            Some(found) if *found == level => Ok(Block {
                bytes,
                restarts,
                prefix: usize::from(u16::from_le_bytes(*prefix)),
            }),
            _ => Err(Malformed("the level of a block")),
        }
    }

    /// Where the entries end.
    pub(crate) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// The entry that starts at `at`, which is before the end.
    #[inline]
    pub(crate) fn slot(&self, at: usize) -> Result<Slot, Malformed> {
        let (shared, suffix, value, from) = match self.bytes.get(at..at + 3) {
            // Nearly all entries are short.
            Some(&[shared, suffix, value]) if (shared | suffix | value) < 0x80 => {
                (shared.into(), suffix.into(), value.into(), at + 3)
            }
            _ => self.long_header(at)?,
        };
        let left = self.bytes.len() - from;
        if suffix > left || value > left - suffix {
            return Err(Malformed("the length of an entry"));
        }
        Ok(Slot {
            at,
            shared,
            suffix: from..from + suffix,
            value: from + suffix..from + suffix + value,
        })
    }

    /// Shared, suffix length, value length, and where they end.
    fn long_header(&self, at: usize) -> Result<(usize, usize, usize, usize), Malformed> {
        let wrong = Malformed("the length of an entry");
        let mut reader = Reader::new(self.bytes.get(at..).ok_or(wrong)?);
        let mut length = || usize::try_from(reader.varint(wrong.0)?).map_err(|_| wrong);
        let (shared, suffix, value) = (length()?, length()?, length()?);
        Ok((shared, suffix, value, self.bytes.len() - reader.left()))
    }

    pub(crate) fn suffix(&self, slot: &Slot) -> &'a [u8] {
        &self.bytes[slot.suffix.clone()]
    }

    /// The entry at restart `index`, whose suffix is its key.
    fn restart(&self, index: usize) -> Result<Slot, Malformed> {
        let at = starts_at(&self.restarts[index]);
        if at < HEADER_BYTES {
            return Err(Malformed("a restart"));
        }
        let slot = self.slot(at)?;
        match slot.shared {
            0 => Ok(slot),
            _ => Err(Malformed("a restart")),
        }
    }

    /// The key of an entry that was found.
    pub(crate) fn key(&self, spot: &Spot) -> Result<Vec<u8>, Malformed> {
        // What it shares is said by bytes, and not more than the block has.
        let room = spot.slot.shared.min(self.bytes.len()) + spot.slot.suffix.len();
        let mut key = Vec::with_capacity(room);
        let mut at = spot.restart;
        while at <= spot.slot.at {
            let slot = self.slot(at)?;
            if slot.shared > key.len() {
                return Err(Malformed("the length of an entry"));
            }
            key.truncate(slot.shared);
            key.extend_from_slice(self.suffix(&slot));
            at = slot.value.end;
        }
        Ok(key)
    }

    /// The last entry whose key is within `bound` of `key`, if any.
    pub(crate) fn find(&self, key: &[u8], bound: Bound) -> Result<Option<Spot>, Malformed> {
        let restart = self.restart_for(key, bound)?;
        let from = |restart| self.find_from(restart, key, bound);
        restart.map(from).transpose()
    }

    /// The last restart whose key is within `bound` of `key`, if any: what is looked for stands
    /// between it and the next one.
    pub(super) fn restart_for(&self, key: &[u8], bound: Bound) -> Result<Option<usize>, Malformed> {
        let (mut low, mut high) = self.between(key)?;
        while low < high {
            let middle = low + (high - low) / 2;
            let slot = self.restart(middle)?;
            let is_within = match self.suffix(&slot).cmp(key) {
                Ordering::Less => true,
                Ordering::Equal => bound == Bound::AtMost,
                Ordering::Greater => false,
            };
            match is_within {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low.checked_sub(1))
    }

    /// The last entry within `bound` of `key`, from the [restart](Self::restart_for) before it on.
    pub(super) fn find_from(
        &self,
        restart: usize,
        key: &[u8],
        bound: Bound,
    ) -> Result<Spot, Malformed> {
        self.walk(self.restart(restart)?, key, bound)
    }

    /// Asks memory for the entries from a restart on, and does not wait for them.
    pub(super) fn touch(&self, restart: usize) {
        let start = starts_at(&self.restarts[restart]);
        let lines = self.bytes.get(start..).unwrap_or_default();
        let lines = lines.iter().step_by(LINE_BYTES).take(LINES_TOUCHED);
        black_box(lines.fold(0, |all, byte| all | byte));
    }

    /// The restarts that the heads leave open: those before are below `key`, those behind above.
    fn between(&self, key: &[u8]) -> Result<(usize, usize), Malformed> {
        let first = self.restart(0)?;
        let prefix = self.suffix(&first).get(..self.prefix);
        let prefix = prefix.ok_or(Malformed("the prefix of a block"))?;
        let compared = key.len().min(prefix.len());
        match key[..compared].cmp(&prefix[..compared]) {
            Ordering::Equal if compared == prefix.len() => {}
            Ordering::Greater => return Ok((self.restarts.len(), self.restarts.len())),
            _ => return Ok((0, 0)),
        }
        let wanted = head(&key[compared..]);
        let low = self
            .restarts
            .partition_point(|restart| head_of(restart) < wanted);
        let same = |restart: &&Restart| head_of(restart) == wanted;
        let open = self.restarts[low..].iter().take_while(same).count();
        Ok((low, low + open))
    }

    /// Reads on from a restart below `key` to the last entry within `bound`.
    ///
    /// `matched` is what the entry reached, which is below `key`, has in common with it. That
    /// decides about an entry that shares more or less than that with the one before it.
    fn walk(&self, restart: Slot, key: &[u8], bound: Bound) -> Result<Spot, Malformed> {
        let start = restart.at;
        let mut matched = common(self.suffix(&restart), key);
        let mut exact = bound == Bound::AtMost && self.suffix(&restart) == key;
        let mut reached = restart;
        while !exact && reached.value.end < self.bytes.len() {
            let next = self.slot(reached.value.end)?;
            if next.shared < matched {
                break; // above the key, in a byte before the first difference
            }
            if next.shared == matched {
                let suffix = self.suffix(&next);
                let wanted = &key[matched..];
                let more = common(suffix, wanted);
                match suffix[more..].cmp(&wanted[more..]) {
                    Ordering::Greater => break,
                    Ordering::Equal if bound == Bound::Below => break,
                    Ordering::Equal => exact = true,
                    Ordering::Less => {}
                }
                matched += more;
            }
            reached = next;
        }
        Ok(Spot {
            slot: reached,
            restart: start,
            exact,
        })
    }
}

/// The first bytes of a key behind the prefix, as a number that is in order as they are.
pub(crate) fn head(rest: &[u8]) -> u32 {
    let mut head = [0; HEAD_BYTES];
    let length = rest.len().min(HEAD_BYTES);
    head[..length].copy_from_slice(&rest[..length]);
    u32::from_be_bytes(head)
}

/// How many bytes `a` and `b` have in common from their start.
#[inline]
pub(crate) fn common(a: &[u8], b: &[u8]) -> usize {
    let (a_words, _) = a.as_chunks::<8>();
    let (b_words, _) = b.as_chunks::<8>();
    let mut at = 0;
    for (a, b) in a_words.iter().zip(b_words) {
        let different = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if different != 0 {
            return at + different.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = a[at..].iter().zip(&b[at..]);
    at + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::put_varint;
    use proptest::prelude::*;

    #[test]
    fn what_is_in_common_is_counted() {
        for length in 0..40 {
            let a: Vec<u8> = (0..length).collect();
            for cut in 0..=a.len() {
                assert_eq!(common(&a, &a[..cut]), cut);
                let mut b = a.clone();
                b.push(200);
                if let Some(byte) = b.get_mut(cut) {
                    *byte ^= 0x80;
                }
                assert_eq!(common(&a, &b), cut.min(a.len()));
            }
        }
    }

    /// An entry says that it shares more bytes than there are.
    #[test]
    fn what_is_shared_is_bounded_by_what_is_there() {
        let mut raw = b"\0\0\x01\0a".to_vec();
        put_varint(&mut raw, 1 << 62);
        raw.extend_from_slice(b"\x01\0b");
        raw.extend_from_slice(b"a\0\0\0\x01\0\0\0\x01\0"); // the restart, and how many
        let block = Block::new(&raw, 0).unwrap();
        let spot = block.find(b"b", Bound::AtMost).unwrap().unwrap();
        assert!(block.key(&spot).is_err());
    }

    proptest! {
        /// Bytes that no writer made lead to an answer or an error, never further.
        #[test]
        fn any_bytes_are_searched_without_harm(
            mut raw in proptest::collection::vec(0u8..20, 0..200),
            (prefix, restarts) in (0u8..3, 0u8..6),
            key in proptest::collection::vec(0u8..20, 1..6),
        ) {
            raw.extend_from_slice(&[prefix, 0, restarts, 0]);
            for bound in [Bound::AtMost, Bound::Below] {
                let level = raw[0];
                if let Ok(block) = Block::new(&raw, level)
                    && let Ok(Some(spot)) = block.find(&key, bound)
                {
                    prop_assert!(spot.slot.value.end <= block.end());
                    prop_assert!(!(spot.exact && bound == Bound::Below));
                    let _ = block.key(&spot);
                }
            }
        }
    }
}
