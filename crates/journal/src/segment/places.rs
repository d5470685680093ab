//! The trees that find things by where they are in the log: data blocks by position and by time,
//! and the chain at the ends of some appends. And the one that finds dictionaries by number.
//!
//! ```text
//! blocks         position offset u64 BE               -> place | dictionary varint, 0 is none
//! times          recorded_at, sign flipped, u64 BE
//!                | position offset u64 BE             -> nothing
//! marks          position offset u64 BE               -> chain, 32 bytes
//! dictionaries   number u32 BE, from 1 on             -> place | packs to u32
//! ```
//!
//! Offsets count from the first position of the segment. Numbers in keys are big-endian, so that
//! keys ascend as the numbers do.

use headwater_event::{ChainHash, Error, Position, Timestamp};

use super::data::BlockPlace;
use super::footer::Footer;
use super::output::Output;
use super::stored::Place;
use super::tree::{TreeOptions, TreeWriter};
use crate::canonical::{Malformed, Reader, put_varint};

/// After so many blocks, the chain is written down at the end of an append.
pub(crate) const BLOCKS_PER_MARK: usize = 64;

/// Bytes of the key of a position offset.
const OFFSET_BYTES: usize = size_of::<u64>();

/// The key of a position in the trees of blocks and marks.
pub(crate) fn offset_key(first: Position, position: Position) -> [u8; OFFSET_BYTES] {
    (position.0.saturating_sub(first.0)).to_be_bytes()
}

/// The position of such a key.
pub(crate) fn position_of_key(first: Position, key: &[u8]) -> Result<Position, Malformed> {
    let wrong = Malformed("a position offset");
    let offset = u64::from_be_bytes(key.try_into().map_err(|_| wrong)?);
    first.0.checked_add(offset).map(Position).ok_or(wrong)
}

/// The key of a time and a position in the tree of times.
pub(crate) fn time_key(first: Position, recorded_at: Timestamp, position: Position) -> [u8; 16] {
    let flipped = recorded_at.as_micros() as u64 ^ (1 << 63);
    let mut key = [0; 16];
    key[..8].copy_from_slice(&flipped.to_be_bytes());
    key[8..].copy_from_slice(&offset_key(first, position));
    key
}

/// The position of such a key.
pub(crate) fn position_of_time(first: Position, key: &[u8]) -> Result<Position, Malformed> {
    match key.split_at_checked(8) {
        Some((_, offset)) => position_of_key(first, offset),
        None => Err(Malformed("a time")),
    }
}

/// The time of such a key.
pub(crate) fn time_of_key(key: &[u8]) -> Result<Timestamp, Malformed> {
    let wrong = Malformed("a time");
    let flipped = u64::from_be_bytes(*key.first_chunk().ok_or(wrong)?);
    Timestamp::from_micros((flipped ^ (1 << 63)) as i64).ok_or(wrong)
}

/// The key of a dictionary.
pub(crate) fn dictionary_key(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

/// Where a data block is and which dictionary it was packed with, from the value in the tree.
pub(crate) fn read_block(value: &[u8], footer: &Footer) -> Result<(Place, u32), Malformed> {
    let mut reader = Reader::new(value);
    let place = Place::read(&mut reader, footer.ends.data)?;
    let dictionary = reader.varint("the dictionary of a block")?;
    match reader.left() {
        0 if dictionary <= footer.dictionaries.entries => Ok((place, dictionary as u32)),
        _ => Err(Malformed("the place of a block")),
    }
}

pub(crate) fn read_mark(value: &[u8]) -> Result<ChainHash, Malformed> {
    let hash = value.try_into().map_err(|_| Malformed("a chain"))?;
    Ok(ChainHash(hash))
}

/// Where a dictionary is, and how well it packs.
pub(crate) fn read_dictionary(value: &[u8], footer: &Footer) -> Result<(Place, u32), Malformed> {
    let mut reader = Reader::new(value);
    let place = Place::read(&mut reader, footer.ends.dictionaries)?;
    let packs_to = reader.u32("how well a dictionary packs")?;
    match reader.left() {
        0 if place.offset >= footer.ends.data => Ok((place, packs_to)),
        _ => Err(Malformed("the place of a dictionary")),
    }
}

/// Writes these trees.
pub(crate) struct PlacesWriter {
    first: Position,
    blocks: TreeWriter,
    times: TreeWriter,
    marks: TreeWriter,
    dictionaries: TreeWriter,
}

impl PlacesWriter {
    /// Those of the segment that starts at `first`.
    pub(crate) fn new(first: Position) -> Result<PlacesWriter, Error> {
        let tree = || TreeWriter::new(TreeOptions::default());
        Ok(PlacesWriter {
            first,
            blocks: tree()?,
            times: tree()?,
            marks: tree()?,
            dictionaries: tree()?,
        })
    }

    pub(crate) fn dictionary(
        &mut self,
        out: &mut dyn Output,
        number: u32,
        place: Place,
        packs_to: u32,
    ) -> Result<(), Error> {
        let mut value = Vec::new();
        place.put(&mut value);
        value.extend_from_slice(&packs_to.to_le_bytes());
        let key = dictionary_key(number);
        self.dictionaries.push(out, &key, &value)
    }

    pub(crate) fn block(&mut self, out: &mut dyn Output, block: &BlockPlace) -> Result<(), Error> {
        let mut value = Vec::new();
        block.place.put(&mut value);
        put_varint(&mut value, u64::from(block.dictionary));
        let key = offset_key(self.first, block.first);
        self.blocks.push(out, &key, &value)?;
        let key = time_key(self.first, block.recorded_at, block.first);
        self.times.push(out, &key, &[])
    }

    pub(crate) fn mark(
        &mut self,
        out: &mut dyn Output,
        end: Position,
        chain: ChainHash,
    ) -> Result<(), Error> {
        let key = offset_key(self.first, end);
        self.marks.push(out, &key, &chain.0)
    }

    /// Writes what is left, and says in the footer where the trees are.
    pub(crate) fn finish(self, out: &mut dyn Output, footer: &mut Footer) -> Result<(), Error> {
        footer.dictionaries = self.dictionaries.finish(out)?;
        footer.blocks = self.blocks.finish(out)?;
        footer.times = self.times.finish(out)?;
        footer.marks = self.marks.finish(out)?;
        footer.ends.places = out.position();
        Ok(())
    }
}
