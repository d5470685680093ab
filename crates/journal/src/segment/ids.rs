//! The ids of a segment: which event has an id, if any.
//!
//! ```text
//! hash       the upper 40 bits of xxh3_64 of the 16 bytes of the id
//! entry      the lower bytes of the hash | position offset, each in as few bytes as do
//! directory  for each value of the upper bits of a hash: number of the first entry u32
//! ```
//!
//! Entries are sorted by hash, then by position. The directory has one number for about 32 entries,
//! so the lower bytes need not say what it says. An entry only says where an event may be that has
//! the id: whoever looks reads the event.

use std::ops::Range;

use headwater_event::{Error, EventId};
use xxhash_rust::xxh3::xxh3_64;

use super::defect;
use super::footer::Footer;
use super::output::Output;
use super::paged::{ItemWriter, Items, Paged};
use super::segment_file::{SegmentFile, Takes, missed};
use super::stream::{ItemStream, Stream};
use crate::canonical::Malformed;

/// How many bits of an id's hash are kept: of ids that are not there, one in 100,000 is looked for
/// in an event, in a segment of ten million.
const HASH_BITS: u32 = 40;

/// About as many entries share a number of the directory, as a power of two.
const SHARE_BITS: u32 = 5;

const DIRECTORY_BITS_MAX: u32 = 24;

/// Bytes of a number of the directory.
const START_BYTES: usize = size_of::<u32>();

/// The hash that an id is found by.
pub(crate) fn id_hash(id: EventId) -> u64 {
    xxh3_64(id.0.as_bytes()) >> (u64::BITS - HASH_BITS)
}

/// How entries are written where there are so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// How many entries.
    pub(crate) count: u64,
    /// Upper bits of a hash that the directory says.
    pub(crate) directory_bits: u32,
    /// Lower bytes of a hash in an entry.
    hash_bytes: usize,
    /// Bytes of a position offset in an entry.
    offset_bytes: usize,
}

impl Shape {
    pub(crate) fn of(count: u64) -> Shape {
        let bits = |number: u64| u64::BITS - number.leading_zeros();
        let directory_bits = bits(count.max(1))
            .saturating_sub(1 + SHARE_BITS)
            .min(DIRECTORY_BITS_MAX);
        Shape {
            count,
            directory_bits,
            hash_bytes: (HASH_BITS - directory_bits).div_ceil(8) as usize,
            offset_bytes: bits(count.saturating_sub(1)).div_ceil(8).max(1) as usize,
        }
    }

    pub(crate) fn entry_bytes(&self) -> usize {
        self.hash_bytes + self.offset_bytes
    }

    /// Numbers of the directory.
    pub(crate) fn starts(&self) -> u64 {
        1 << self.directory_bits
    }

    fn start_of(&self, hash: u64) -> u64 {
        hash >> (HASH_BITS - self.directory_bits)
    }

    fn low(&self, hash: u64) -> u64 {
        hash & low_mask(self.hash_bytes)
    }

    /// The lower bytes of the hash, and the offset.
    fn parse(&self, entry: &[u8]) -> (u64, u64) {
        let (hash, offset) = entry.split_at(self.hash_bytes.min(entry.len()));
        (number_of(hash), number_of(offset))
    }

    /// The whole hash from the number of the directory and the lower bytes; `None` if they do not
    /// fit together.
    pub(crate) fn whole(&self, start: u64, low: u64) -> Option<u64> {
        let below = HASH_BITS - self.directory_bits;
        let hash = (start << below) | (low & ((1 << below) - 1));
        (self.low(hash) == low).then_some(hash)
    }

    fn fits(&self, entries: Items, directory: Items) -> bool {
        entries.count == self.count
            && usize::from(entries.item_bytes) == self.entry_bytes()
            && directory.count == self.starts()
            && usize::from(directory.item_bytes) == START_BYTES
    }
}

/// The number that these are the lower bytes of.
fn number_of(bytes: &[u8]) -> u64 {
    let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    bytes.iter().rev().fold(0, add)
}

fn low_mask(bytes: usize) -> u64 {
    (1 << (8 * bytes)) - 1
}

/// Where ids stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IdsPlace {
    pub(crate) entries: Items,
    pub(crate) directory: Items,
}

/// Writes ids in the order of their hashes.
pub(crate) struct IdsWriter {
    shape: Shape,
    entries: ItemWriter,
    written: u64,
    /// The number of the first entry for each value of the upper bits that was reached.
    starts: Vec<u32>,
}

impl IdsWriter {
    /// One for so many ids.
    pub(crate) fn new(out: &mut dyn Output, count: u64) -> Result<IdsWriter, Error> {
        if u32::try_from(count).is_err() {
            return Err(defect("too many events for a segment"));
        }
        let shape = Shape::of(count);
        Ok(IdsWriter {
            shape,
            entries: ItemWriter::new(out, shape.entry_bytes())?,
            written: 0,
            starts: Vec::with_capacity(shape.starts() as usize),
        })
    }

    /// Adds the next: hashes ascend, and of equal ones the offsets.
    pub(crate) fn push(
        &mut self,
        out: &mut dyn Output,
        hash: u64,
        offset: u64,
    ) -> Result<(), Error> {
        if self.written == self.shape.count || offset >= self.shape.count {
            return Err(defect("an id of an event that is not in the segment"));
        }
        self.reach(self.shape.start_of(hash));
        let (hash_bytes, offset_bytes) = (self.shape.hash_bytes, self.shape.offset_bytes);
        let mut entry = [0; 2 * size_of::<u64>()];
        entry[..8].copy_from_slice(&hash.to_le_bytes());
        entry[hash_bytes..hash_bytes + 8].copy_from_slice(&offset.to_le_bytes());
        self.entries
            .push(out, &entry[..hash_bytes + offset_bytes])?;
        self.written += 1;
        Ok(())
    }

    /// Says that every value of the upper bits up to this one starts here, if not before.
    fn reach(&mut self, start: u64) {
        while (self.starts.len() as u64) <= start {
            self.starts.push(self.written as u32); // at most the count
        }
    }

    /// Writes the directory.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<IdsPlace, Error> {
        if self.written != self.shape.count {
            return Err(defect("fewer ids than events"));
        }
        self.reach(self.shape.starts() - 1);
        let entries = self.entries.finish(out)?;
        let mut directory = ItemWriter::new(out, START_BYTES)?;
        for start in &self.starts {
            directory.push(out, &start.to_le_bytes())?;
        }
        let directory = directory.finish(out)?;
        Ok(IdsPlace { entries, directory })
    }
}

/// Ids that are looked up.
pub(crate) struct Ids {
    shape: Shape,
    entries: Paged,
    directory: Paged,
}

impl Ids {
    /// The ids of so many events.
    pub(crate) fn new(place: IdsPlace, count: u64) -> Result<Ids, Malformed> {
        let shape = Shape::of(count);
        match shape.fits(place.entries, place.directory) {
            true => Ok(Ids {
                shape,
                entries: Paged::new(place.entries),
                directory: Paged::new(place.directory),
            }),
            false => Err(Malformed("the place of the ids")),
        }
    }

    /// Hands out the offsets of events that may have an id of this hash, until one is taken.
    pub(crate) fn find(
        &self,
        file: &SegmentFile,
        hash: u64,
        mut take: impl FnMut(u64) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let start = |number| self.directory.with(file, number, number_of);
        let Some(range) = self.range(hash, start)? else {
            let offset = self.directory.items().offset;
            return Err(file.damaged(offset, Malformed("the directory of the ids")));
        };
        let (low, end) = (self.shape.low(hash), range.end);
        let mut at = first_from(range, |at| Ok(self.entry(file, at)?.0 < low))?;
        while at < end {
            let (found, offset) = self.entry(file, at)?;
            if found != low || take(offset)? {
                break;
            }
            at += 1;
        }
        Ok(())
    }

    /// Whether an event may have an id of this hash, if memory tells. No is certain.
    pub(crate) fn may_have_in_memory(
        &self,
        file: &SegmentFile,
        hash: u64,
        takes: &Takes,
    ) -> Result<bool, Error> {
        let start = |number| {
            let start = (self.directory).with_in_memory(file, number, takes, number_of);
            start.ok_or_else(missed)
        };
        let low_of = |at| {
            let low = |entry: &[u8]| self.shape.parse(entry).0;
            let low = self.entries.with_in_memory(file, at, takes, low);
            low.ok_or_else(missed)
        };
        // Whoever reads it tells what is wrong.
        let range = self.range(hash, start)?.ok_or_else(missed)?;
        let (low, end) = (self.shape.low(hash), range.end);
        let at = first_from(range, |at| Ok(low_of(at)? < low))?;
        Ok(at < end && low_of(at)? == low)
    }

    /// The entries that share a number of the directory with a hash; nothing if there cannot be such.
    fn range(
        &self,
        hash: u64,
        start: impl Fn(u64) -> Result<u64, Error>,
    ) -> Result<Option<Range<u64>>, Error> {
        let number = self.shape.start_of(hash);
        let from = start(number)?;
        let end = match number + 1 < self.shape.starts() {
            true => start(number + 1)?,
            false => self.shape.count,
        };
        Ok((from <= end && end <= self.shape.count).then_some(from..end))
    }

    /// The lower bytes of the hash of an entry, and its offset.
    fn entry(&self, file: &SegmentFile, number: u64) -> Result<(u64, u64), Error> {
        let entry = self
            .entries
            .with(file, number, |entry| self.shape.parse(entry));
        let (low, offset) = entry?;
        match offset < self.shape.count {
            true => Ok((low, offset)),
            false => {
                let at = self.entries.items().offset;
                Err(file.damaged(at, Malformed("the position of an id")))
            }
        }
    }

    pub(crate) fn mapped_bytes(&self) -> u64 {
        self.entries.mapped_bytes() + self.directory.mapped_bytes()
    }
}

/// The first of the range that is not below what is looked for.
fn first_from(
    range: Range<u64>,
    is_below: impl Fn(u64) -> Result<bool, Error>,
) -> Result<u64, Error> {
    let (mut from, mut end) = (range.start, range.end);
    while from < end {
        let middle = from + (end - from) / 2;
        match is_below(middle)? {
            true => from = middle + 1,
            false => end = middle,
        }
    }
    Ok(from)
}

/// All ids of a segment, in order.
pub(crate) struct IdStream<'a> {
    shape: Shape,
    entries: ItemStream<'a>,
    directory: ItemStream<'a>,
    /// How many entries were handed out.
    read: u64,
    /// How many numbers of the directory were passed.
    starts: u64,
    /// The number of the first entry that the next number of the directory stands for.
    end: u64,
    before: Option<(u64, u64)>,
    file: &'a SegmentFile,
}

impl<'a> IdStream<'a> {
    /// The ids of the segment that has this footer, read through `stream`s of it.
    pub(crate) fn new(footer: &Footer, stream: impl Fn() -> Stream<'a>) -> IdStream<'a> {
        let (entries, directory) = (stream(), stream());
        IdStream {
            shape: Shape::of(footer.events()),
            file: entries.file,
            entries: ItemStream::new(footer.ids.entries, entries),
            directory: ItemStream::new(footer.ids.directory, directory),
            read: 0,
            starts: 0,
            end: 0,
            before: None,
        }
    }

    /// The next: the hash of an id, and the offset of its event.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, u64)>, Error> {
        // The directory is one ahead of the entries: it says where the next number's begin.
        while self.read >= self.end && self.starts <= self.shape.starts() {
            let from = self.end;
            self.end = self.next_start()?;
            let is_first = self.starts == 0;
            self.starts += 1;
            if self.end < from || self.end > self.shape.count || (is_first && self.end > 0) {
                return Err(self.damaged("the directory of the ids"));
            }
        }
        let Some(entry) = self.entries.next()? else {
            return Ok(None);
        };
        let (low, offset) = self.shape.parse(&entry);
        // The first number was passed before the first entry.
        let hash = self.shape.whole(self.starts.saturating_sub(2), low);
        let next = hash.map(|hash| (hash, offset));
        if next.is_none() || next <= self.before || offset >= self.shape.count {
            return Err(self.damaged("the order of the ids"));
        }
        self.read += 1;
        self.before = next;
        Ok(next)
    }

    /// The next number of the directory, or behind the last one how many entries there are.
    fn next_start(&mut self) -> Result<u64, Error> {
        if self.starts == self.shape.starts() {
            return Ok(self.shape.count);
        }
        let item = self.directory.next()?;
        let start = item.map(|item| number_of(&item));
        start.ok_or_else(|| self.damaged("the directory of the ids"))
    }

    fn damaged(&self, part: &'static str) -> Error {
        let offset = self.entries.items().offset;
        self.file.damaged(offset, Malformed(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    proptest! {
        #[test]
        fn a_hash_is_whole_again(
            count in prop_oneof![0u64..100, 0u64..1 << 20, 0u64..1 << 32],
            hash in 0..1u64 << HASH_BITS,
        ) {
            let shape = Shape::of(count);
            let (start, low) = (shape.start_of(hash), shape.low(hash));
            prop_assert!(start < shape.starts());
            prop_assert_eq!(shape.whole(start, low), Some(hash));
            prop_assert!(shape.hash_bytes * 8 + shape.directory_bits as usize >= HASH_BITS as usize);
            if count > 0 {
                prop_assert!(count - 1 <= low_mask(shape.offset_bytes));
            }
        }
    }

    #[test]
    fn the_shapes_of_some_sizes() {
        let shape = |count| {
            let shape = Shape::of(count);
            (shape.directory_bits, shape.hash_bytes, shape.offset_bytes)
        };
        assert_eq!(shape(1), (0, 5, 1));
        assert_eq!(shape(63), (0, 5, 1));
        assert_eq!(shape(64), (1, 5, 1));
        assert_eq!(shape(257), (3, 5, 2));
        assert_eq!(shape(30_000), (9, 4, 2));
        assert_eq!(shape(10_000_000), (18, 3, 3));
        assert_eq!(shape(4_000_000_000), (24, 2, 4));
    }

    #[test]
    fn what_is_too_much_or_too_little_is_refused() {
        let mut out = Vec::new();
        assert!(IdsWriter::new(&mut out, 1 << 32).is_err());
        let mut writer = IdsWriter::new(&mut out, 2).unwrap();
        assert!(writer.push(&mut out, 1, 2).is_err());
        writer.push(&mut out, 1, 0).unwrap();
        assert!(
            IdsWriter::new(&mut out, 1)
                .unwrap()
                .finish(&mut out)
                .is_err()
        );
        writer.push(&mut out, 1, 1).unwrap();
        assert!(writer.push(&mut out, 1, 1).is_err());
    }

    /// Whatever else changes, files that are there were written with this.
    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(id_hash(EventId(Uuid::from_u128(1))), 280_552_902_517);
    }
}
