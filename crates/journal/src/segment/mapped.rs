//! Blocks that are stored as they are, looked at through a map of the file: a look into a tree of
//! them copies nothing, unpacks nothing, and takes no room in the cache.
//!
//! A block is read and checked through a call before it is first looked at through the map, as
//! [pages](super::paged) are, so that a disk that cannot read it says so by an error.

use std::hint::black_box;

use super::checked::Checked;
use super::stored::{Place, plain_block};
use crate::storage::Map;

/// Shorter blocks are not worth a look through the map, and could share a bit.
const BLOCK_BYTES_MIN: u64 = 1024;

/// What a processor fetches from memory at once.
pub(crate) const LINE_BYTES: usize = 64;

/// The part of a file in which the blocks are, mapped, and which of them were checked.
pub(crate) struct MappedBlocks {
    /// Where it begins in the file.
    start: u64,
    map: Map,
    /// A bit for each stretch of [`BLOCK_BYTES_MIN`] in which such a block may begin.
    checked: Checked,
}

impl MappedBlocks {
    /// Of a file that was mapped from `start` on.
    pub(crate) fn new(start: u64, map: Map) -> MappedBlocks {
        let bytes = (*map).as_ref().len() as u64;
        MappedBlocks {
            start,
            map,
            checked: Checked::new(bytes.div_ceil(BLOCK_BYTES_MIN)),
        }
    }

    /// How many bytes are mapped.
    pub(crate) fn bytes(&self) -> u64 {
        (*self.map).as_ref().len() as u64
    }

    /// The raw bytes of a block, if it was checked before.
    pub(crate) fn block(&self, place: Place) -> Option<&[u8]> {
        plain_block(self.stored(place)?)
    }

    /// Asks memory for the ends of a block that was checked before: a search looks at its start, at
    /// its end, and at what stands before that.
    pub(crate) fn touch(&self, place: Place) {
        if let Some(stored) = self.stored(place) {
            let end = stored.len();
            let ends = [0, end - 1, end - LINE_BYTES, end - 2 * LINE_BYTES];
            black_box(ends.map(|at| stored[at]));
        }
    }

    /// A block as it is stored, if it was checked before.
    fn stored(&self, place: Place) -> Option<&[u8]> {
        let within = place.offset.checked_sub(self.start)?;
        if !is_worth_it(place) || !self.checked.has(within / BLOCK_BYTES_MIN) {
            return None;
        }
        let first = usize::try_from(within).ok()?;
        let end = first.checked_add(place.length as usize)?;
        (*self.map).as_ref().get(first..end)
    }

    /// Remembers that a block was read and is as it was written, if it is mapped.
    pub(crate) fn checked(&self, place: Place) {
        let within = place.offset.checked_sub(self.start);
        if let Some(within) = within.filter(|within| *within < self.bytes()) {
            self.checked.set(within / BLOCK_BYTES_MIN);
        }
    }
}

/// Whether a block that is stored as it is, is looked at through the map.
pub(crate) fn is_worth_it(place: Place) -> bool {
    u64::from(place.length) >= BLOCK_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::stored::{Packer, Packing, decode_block};
    use super::*;

    /// A file of blocks that are stored as they are, and where they are.
    fn file(lengths: &[usize]) -> (Vec<u8>, Vec<Place>) {
        let mut file = vec![7; 5];
        let mut packer = Packer::new(Packing::Plain).unwrap();
        let raw = |length: usize| (0..length).map(|at| at as u8).collect::<Vec<u8>>();
        let places = lengths
            .iter()
            .map(|length| packer.write(&mut file, &raw(*length)).unwrap())
            .collect();
        (file, places)
    }

    #[test]
    fn a_block_is_shown_once_it_was_checked_and_no_other() {
        let (bytes, places) = file(&[2_000, 4_000, 1_017, 1_100]);
        let mapped = MappedBlocks::new(3, Arc::new(bytes[3..].to_vec()));
        for (at, place) in places.iter().enumerate() {
            assert_eq!(mapped.block(*place), None, "block {at}");
            mapped.checked(*place);
            let stored = &bytes[place.offset as usize..][..place.length as usize];
            let expected = decode_block(stored).unwrap();
            assert_eq!(mapped.block(*place), Some(&expected[..]), "block {at}");
            let later = &places[at + 1..];
            assert!(later.iter().all(|place| mapped.block(*place).is_none()));
        }
    }

    #[test]
    fn short_and_packed_blocks_and_places_beyond_the_end_are_not_shown() {
        let (mut bytes, places) = file(&[2_000, 1_000]);
        let packed = Packer::new(Packing::Zstd(1));
        let noise = |at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x3f;
        let raw: Vec<u8> = (0..4_000).map(noise).collect();
        let packed = packed.unwrap().write(&mut bytes, &raw).unwrap();
        let start = places[0].offset + 1; // behind the beginning of the first
        let mapped = MappedBlocks::new(start, Arc::new(bytes[start as usize..].to_vec()));
        let beyond = Place {
            offset: bytes.len() as u64 - 10,
            length: 2_000,
        };
        for place in [places[0], places[1], packed, beyond] {
            mapped.checked(place);
            assert_eq!(mapped.block(place), None, "{place:?}");
        }
    }
}
