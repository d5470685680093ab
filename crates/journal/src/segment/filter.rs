//! The filter: says of most names that are not in a segment that they are not, by one look.
//!
//! A split block Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom
//! Filters, 2007; the layout is the one that Parquet specifies). A block has eight words of 32
//! bits. A name has one bit in each word of one block: the upper half of its hash chooses the
//! block, the lower half the bits.

use std::hint::black_box;

use headwater_event::Error;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Facet;
use super::output::Output;
use super::paged::{ItemWriter, Items, Paged};
use super::segment_file::{SegmentFile, Takes};

/// Bits of the filter for each name: one of about 250 names that are not there passes.
const BITS_PER_KEY: u64 = 12;

const WORDS: usize = 8;
pub(crate) const FILTER_BLOCK_BYTES: usize = WORDS * size_of::<u32>();
const BLOCK_BITS: u64 = 8 * FILTER_BLOCK_BYTES as u64;

/// Odd numbers that spread the lower half of a hash; Parquet's.
const SALT: [u32; WORDS] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Bytes of a filter that are made at once: a quarter of it, within these bounds. All names are
/// walked through for each part, so those of a large merge are larger.
const PART_BYTES_MIN: u64 = 32 << 20;
const PART_BYTES_MAX: u64 = 64 << 20;

/// Blocks that are near each other.
const NEAR_BLOCKS: usize = 2048;

/// So many hashes wait for blocks that are near each other.
const WAITING_MAX: usize = 128;

/// The hash of a name in every filter.
pub(crate) fn key_hash(facet: Facet, name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), u64::from(facet.byte()))
}

/// The same, of a key: the byte of the facet, and the name.
pub(crate) fn hash_of_key(key: &[u8]) -> u64 {
    match key.split_first() {
        Some((facet, name)) => xxh3_64_with_seed(name, u64::from(*facet)),
        None => 0,
    }
}

/// How many blocks a filter for so many names has.
pub(crate) fn blocks_for(keys: u64) -> u64 {
    let blocks = keys.saturating_mul(BITS_PER_KEY).div_ceil(BLOCK_BITS);
    blocks.clamp(1, u64::from(u32::MAX))
}

/// The block of a name among so many, at most 2^32.
fn block_of(hash: u64, blocks: u64) -> u64 {
    ((hash >> 32) * blocks) >> 32
}

/// The bit of each word.
fn mask(hash: u64) -> [u32; WORDS] {
    SALT.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

/// A filter that is being made, a part of its blocks at a time, so that what it takes in memory is
/// bounded. Each part sees all names.
pub(crate) struct FilterPart {
    /// How many the whole filter has.
    blocks: u64,
    first: u64,
    words: Vec<[u32; WORDS]>,
    /// Hashes that wait until several can be put into blocks near each other: memory is slow where
    /// it was not just used.
    waiting: Vec<Vec<u64>>,
}

impl FilterPart {
    /// The parts of a filter for so many names.
    pub(crate) fn all(keys: u64) -> impl Iterator<Item = FilterPart> {
        let blocks = blocks_for(keys);
        let bytes = blocks * FILTER_BLOCK_BYTES as u64;
        let at_once = (bytes / 4).clamp(PART_BYTES_MIN, PART_BYTES_MAX);
        parts(blocks, at_once as usize / FILTER_BLOCK_BYTES)
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        let within = block_of(hash, self.blocks).checked_sub(self.first);
        let group = within.map(|at| at as usize / NEAR_BLOCKS); // at most all blocks
        let waiting = group.and_then(|group| self.waiting.get_mut(group));
        if let Some(waiting) = waiting {
            waiting.push(hash);
            if waiting.len() == WAITING_MAX {
                put_all(&mut self.words, self.blocks, self.first, waiting);
            }
        }
    }

    pub(crate) fn write(
        &mut self,
        writer: &mut ItemWriter,
        out: &mut dyn Output,
    ) -> Result<(), Error> {
        for waiting in &mut self.waiting {
            put_all(&mut self.words, self.blocks, self.first, waiting);
        }
        for block in &self.words {
            let bytes = block.map(u32::to_le_bytes);
            writer.push(out, bytes.as_flattened())?;
        }
        Ok(())
    }
}

/// Puts hashes into the blocks from `first` on, of so many.
fn put_all(words: &mut [[u32; WORDS]], blocks: u64, first: u64, hashes: &mut Vec<u64>) {
    for hash in hashes.drain(..) {
        let within = (block_of(hash, blocks) - first) as usize; // it was looked at when it came
        if let Some(block) = words.get_mut(within) {
            for (word, bit) in block.iter_mut().zip(mask(hash)) {
                *word |= bit;
            }
        }
    }
}

fn parts(blocks: u64, most: usize) -> impl Iterator<Item = FilterPart> {
    (0..blocks.div_ceil(most as u64)).map(move |part| {
        let first = part * most as u64;
        let count = (blocks - first).min(most as u64) as usize;
        FilterPart {
            blocks,
            first,
            words: vec![[0; WORDS]; count],
            waiting: vec![Vec::new(); count.div_ceil(NEAR_BLOCKS)],
        }
    })
}

/// Whether each word of a block has the bit of a name.
fn passes(block: &[u8], hash: u64) -> bool {
    let (words, _) = block.as_chunks();
    let words = words.iter().map(|word| u32::from_le_bytes(*word));
    let missing =
        (mask(hash).iter().zip(words)).fold(0, |missing, (bit, word)| missing | bit & !word);
    missing == 0
}

/// A filter that is looked at.
pub(crate) struct Filter {
    blocks: Paged,
}

impl Filter {
    pub(crate) fn new(items: Items) -> Filter {
        Filter {
            blocks: Paged::new(items),
        }
    }

    /// Whether a name may be there. No is certain.
    pub(crate) fn may_have(&self, file: &SegmentFile, hash: u64) -> Result<bool, Error> {
        let number = block_of(hash, self.blocks.count());
        self.blocks.with(file, number, |block| passes(block, hash))
    }

    /// The same, by the map alone: yes where the filter was not looked at before.
    pub(crate) fn glance(&self, hash: u64) -> bool {
        let number = block_of(hash, self.blocks.count());
        let block = self.blocks.ready(number);
        block.is_none_or(|block| passes(block, hash))
    }

    /// The same, if memory tells.
    pub(crate) fn may_have_in_memory(
        &self,
        file: &SegmentFile,
        hash: u64,
        takes: &Takes,
    ) -> Option<bool> {
        let number = block_of(hash, self.blocks.count());
        let passes = |block: &[u8]| passes(block, hash);
        self.blocks.with_in_memory(file, number, takes, passes)
    }

    /// Asks memory for what [`glance`](Self::glance) looks at, and does not wait for it.
    pub(crate) fn touch(&self, hash: u64) {
        let number = block_of(hash, self.blocks.count());
        black_box(self.blocks.ready(number).map(|block| block[0]));
    }

    pub(crate) fn mapped_bytes(&self) -> u64 {
        self.blocks.mapped_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(keys: &[u64], most: usize) -> Vec<[u32; WORDS]> {
        let blocks = blocks_for(keys.len() as u64);
        let mut words = Vec::new();
        for mut part in parts(blocks, most) {
            keys.iter().for_each(|key| part.insert(*key));
            let mut out = Vec::new();
            let mut writer = ItemWriter::new(&mut out, FILTER_BLOCK_BYTES).unwrap();
            part.write(&mut writer, &mut out).unwrap();
            words.extend(part.words);
        }
        words
    }

    fn hashes(from: u64, to: u64) -> Vec<u64> {
        let name = |number| key_hash(Facet::Tag, &format!("order:{number}"));
        (from..to).map(name).collect()
    }

    fn passes(words: &[[u32; WORDS]], hash: u64) -> bool {
        let block = words[block_of(hash, words.len() as u64) as usize];
        mask(hash)
            .iter()
            .zip(block)
            .all(|(bit, word)| word & bit != 0)
    }

    #[test]
    fn all_names_pass_and_few_others() {
        let keys = hashes(0, 50_000);
        let words = words(&keys, usize::MAX);
        assert_eq!(words.len() as u64, blocks_for(50_000));
        assert!(keys.iter().all(|key| passes(&words, *key)));
        let others = hashes(50_000, 150_000);
        let passed = others.iter().filter(|key| passes(&words, **key)).count();
        assert!(passed < 800, "{passed} of 100,000");
    }

    #[test]
    fn parts_make_the_filter_that_is_made_at_once() {
        let keys = hashes(0, 20_000);
        let once = words(&keys, usize::MAX);
        for most in [1, 100, once.len() - 1, once.len()] {
            assert!(words(&keys, most) == once, "{most} blocks at once");
        }
    }

    #[test]
    fn a_filter_for_nothing_has_a_block() {
        assert_eq!(blocks_for(0), 1);
        assert!(!passes(&words(&[], 10), key_hash(Facet::Type, "x")));
        assert_eq!(blocks_for(u64::MAX), u64::from(u32::MAX));
    }

    /// Whatever else changes, files that are there were written with this.
    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(key_hash(Facet::Stream, "order/1"), hash_of_key(b"sorder/1"));
        let long = "x".repeat(400);
        let found = ["", "order/1", &long].map(|name| key_hash(Facet::Stream, name));
        assert_eq!(
            found,
            [
                7542323035865851229,
                9970941532036318279,
                16674410815785819383
            ]
        );
        let found = mask(0x1234_5678_9abc_def0).map(u32::trailing_zeros);
        assert_eq!(found, [13, 22, 15, 20, 11, 2, 11, 7]);
    }
}
