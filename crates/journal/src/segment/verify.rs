//! Verifying a segment: every byte is read again, and everything that it says is compared with what
//! its events say.
//!
//! What the lists and the ids say of the events is compared by sums of hashes, which do not depend
//! on the order: one for each name of each event, with its position and its revision, and one for
//! each id. So what is held in memory does not grow with the segment.

use headwater_event::{ChainHash, Error, EventId, Position, Timestamp};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::chain::ChainWalk;
use super::dictionary::Dictionary;
use super::facet::{Facet, parse_key};
use super::filter::{Filter, hash_of_key, key_hash};
use super::footer::Footer;
use super::ids::{IdStream, id_hash};
use super::keys::Keys;
use super::paged::PAGES_START_AT;
use super::places::{dictionary_key, position_of_key, read_dictionary, read_mark, time_key};
use super::postings::{Chunk, Directory, KeyValue, List, Long};
use super::reader::Segment;
use super::sink::Pacer;
use super::stored::{Place, decode_block};
use super::stream::{ItemStream, Stream};
use super::tops::Tops;
use super::tree::{Cursor, Tree, TreeRoot, Visit};
use crate::canonical::{Malformed, RawEvent};
use crate::commits::Head;
use crate::index::category;
use crate::run::{AppendSlot, Run};

impl Segment {
    /// Reads every byte of the segment again and checks all that can be checked. `progress` is told
    /// up to which position the events are as they were appended; its error ends it. The first
    /// thing that is wrong is the error.
    pub(crate) fn verify(
        &self,
        progress: &mut dyn FnMut(Position) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let footer = self.read_footer()?.footer;
        let mut no_pace = |_| Ok(());
        let pacer = Pacer::new(&mut no_pace);
        let check = Check {
            segment: self,
            footer: &footer,
            pacer: &pacer,
        };
        check.trees()?;
        let said = check.events(progress)?;
        check.dictionaries()?;
        check.lists(&said)?;
        check.ids(&said)?;
        check.pages()
    }
}

struct Check<'a> {
    segment: &'a Segment,
    footer: &'a Footer,
    pacer: &'a Pacer<'a>,
}

impl<'a> Check<'a> {
    /// A way to read the segment, for what is read at the same time as other parts.
    fn stream(&self) -> Stream<'a> {
        Stream::new(&self.segment.file, self.pacer)
    }

    fn damaged(&self, offset: u64, part: &'static str) -> Error {
        self.segment.file.damaged(offset, Malformed(part))
    }

    /// Reads all events; says what they say.
    fn events(
        &self,
        progress: &mut dyn FnMut(Position) -> Result<(), Error>,
    ) -> Result<Said, Error> {
        let (footer, segment) = (self.footer, self.segment);
        let (blocks, times, marks, data) =
            (self.stream(), self.stream(), self.stream(), self.stream());
        let mut blocks = Tree::new(footer.blocks, &blocks).iter()?;
        let mut times = Tree::new(footer.times, &times).iter()?;
        let mut walk = Walk::new(self, Tree::new(footer.marks, &marks).iter()?)?;
        let mut end = 0;
        while blocks.advance()? {
            let block = segment.block_of(blocks.key(), blocks.value(), footer)?;
            if block.place.offset != end {
                return Err(self.damaged(end, "the place of a block"));
            }
            let stored = data.read(end, block.place.length as usize)?;
            let dictionary = segment.dictionary(block.dictionary, footer)?;
            let run = segment.decode_with(&block, &stored, dictionary.as_deref())?;
            let recorded_at = run.append_of(run.first()).recorded_at;
            let time = time_key(segment.first(), recorded_at, run.first());
            if !times.advance()? || times.key() != time {
                return Err(self.damaged(footer.ends.lists, "the time of a block"));
            }
            walk.run(&run)?;
            progress(run.last())?;
            end += u64::from(block.place.length);
        }
        if end != footer.ends.data {
            return Err(self.damaged(end, "the end of the data"));
        }
        if times.advance()? {
            return Err(self.damaged(footer.ends.lists, "the number of times"));
        }
        walk.end()
    }

    /// Checks that the dictionaries stand one after another, and can be used.
    fn dictionaries(&self) -> Result<(), Error> {
        let (footer, segment) = (self.footer, self.segment);
        let stream = self.stream();
        let mut tree = Tree::new(footer.dictionaries, &stream).iter()?;
        let mut end = footer.ends.data;
        for number in 1.. {
            if !tree.advance()? {
                break;
            }
            let value = read_dictionary(tree.value(), footer);
            let (place, packs_to) = value.map_err(|why| segment.file.damaged(end, why))?;
            if place.offset != end || tree.key() != dictionary_key(number) {
                return Err(self.damaged(end, "the place of a dictionary"));
            }
            let stored = segment.file.read_place(place)?;
            let made = decode_block(&stored).and_then(|bytes| Dictionary::new(bytes, packs_to));
            made.map_err(|why| segment.file.damaged(end, why))?;
            end += u64::from(place.length);
        }
        match end == footer.ends.dictionaries {
            true => Ok(()),
            false => Err(self.damaged(end, "the end of the dictionaries")),
        }
    }

    /// Checks that the lists, the filter and the tops are those of the events.
    fn lists(&self, said: &Said) -> Result<(), Error> {
        let (footer, segment) = (self.footer, self.segment);
        let (names, chunks) = (self.stream(), self.stream());
        let filter = Filter::new(footer.filter);
        let mut found = Listed::default();
        let mut walk = Tree::new(footer.keys.names, &names).iter()?;
        let chunks = Keys::new(footer.keys, &chunks).chunks;
        let mut lists = Lists::new(footer.events(), chunks)?;
        while walk.advance()? {
            let key =
                KeyValue::read(walk.value()).and_then(|value| Ok((value, parse_key(walk.key())?)));
            let (value, (facet, name)) = key.map_err(|why| walk.damaged(why))?;
            let hash = hash_of_key(walk.key());
            if !filter.may_have(&segment.file, hash)? {
                return Err(segment.file.wrong("a name does not pass the filter"));
            }
            found.name(facet, name, &value);
            let (first, mut revision) = (segment.first(), value.revision_before);
            lists.each(&value.list, &walk, |offset| {
                revision = revision.wrapping_add(u64::from(facet == Facet::Stream));
                found.add(name_hash(hash, first.plus(offset), revision));
            })?;
        }
        lists.end()?;
        let tops = decode_block(&segment.file.read_place(footer.tops)?);
        let tops = tops.map_err(|why| segment.file.damaged(footer.tops.offset, why))?;
        let fits = [
            (
                found.sum == said.names,
                "the lists are not those of the events",
            ),
            (
                found.names == footer.names,
                "there is another number of names",
            ),
            (
                found.streams_new == footer.streams_new,
                "there is another number of new streams",
            ),
            (
                found.tops.encode() == tops,
                "the tops are not those of the lists",
            ),
        ];
        first_wrong(segment, &fits)
    }

    /// Checks that the ids are those of the events.
    fn ids(&self, said: &Said) -> Result<(), Error> {
        let segment = self.segment;
        let mut ids = IdStream::new(self.footer, || self.stream());
        let mut sum = 0u128;
        while let Some((hash, offset)) = ids.next()? {
            sum = sum.wrapping_add(id_place_hash(hash, segment.first().plus(offset)));
        }
        match sum == said.ids {
            true => Ok(()),
            false => Err(segment.file.wrong("the ids are not those of the events")),
        }
    }

    /// Checks all pages of the filter, and what stands between the parts that are made of pages.
    fn pages(&self) -> Result<(), Error> {
        let (footer, file) = (self.footer, &self.segment.file);
        let mut filter = ItemStream::new(footer.filter, self.stream());
        while filter.next()?.is_some() {}
        let mut end = footer.ends.places;
        for items in [footer.ids.entries, footer.ids.directory, footer.filter] {
            // The footer was read with parts that follow each other.
            let between = items.offset - end;
            let is_short = between < PAGES_START_AT;
            let zeros = file.read(end, between.min(PAGES_START_AT) as usize)?;
            if !is_short || zeros.iter().any(|byte| *byte != 0) {
                return Err(self.damaged(end, "what stands before pages"));
            }
            end = items.end();
        }
        Ok(())
    }

    /// Checks that the trees can be searched, and that there is nothing between their blocks.
    fn trees(&self) -> Result<(), Error> {
        let (footer, ends) = (self.footer, self.footer.ends);
        let (names, chunks) = (footer.keys.names, footer.keys.chunks);
        let lists = [(names, false), (chunks, true)];
        self.check_trees(&lists, ends.dictionaries, ends.lists)?;
        let places = [
            footer.dictionaries,
            footer.blocks,
            footer.times,
            footer.marks,
        ];
        self.check_trees(&places.map(|tree| (tree, false)), ends.lists, ends.places)
    }

    /// Checks the trees that fill a part, perhaps together with chunks that one of them finds.
    fn check_trees(&self, trees: &[(TreeRoot, bool)], start: u64, end: u64) -> Result<(), Error> {
        let mut filled = Filled {
            bytes: 0,
            chunks_end: None,
        };
        for (root, has_chunks) in trees {
            filled.chunks_end = has_chunks.then_some(end);
            let stream = self.stream();
            Tree::new(*root, &stream).check(&mut filled)?;
        }
        match filled.bytes == end - start {
            true => Ok(()),
            false => Err(self.damaged(start, "the length of the trees")),
        }
    }
}

/// Counts the bytes of the blocks of trees, and of the chunks that a directory finds.
struct Filled {
    bytes: u64,
    /// Where chunks end, if the tree is their directory.
    chunks_end: Option<u64>,
}

impl Visit for Filled {
    fn block(&mut self, place: Place) -> Result<(), Error> {
        self.bytes += u64::from(place.length);
        Ok(())
    }

    fn entry(&mut self, key: &[u8], value: &[u8]) -> Result<(), Malformed> {
        if let Some(end) = self.chunks_end {
            let place = Chunk::read(key, value, end)?.place;
            self.bytes += place.map_or(0, |place| u64::from(place.length));
        }
        Ok(())
    }
}

/// What walks along with the data blocks.
struct Walk<'a, 'b> {
    check: &'a Check<'b>,
    said: Said,
    chain: ChainWalk,
    recorded_at: Timestamp,
    marks: Cursor<'a, Stream<'b>>,
    /// The next mark.
    mark: Option<(Position, ChainHash)>,
}

impl<'a, 'b> Walk<'a, 'b> {
    fn new(check: &'a Check<'b>, marks: Cursor<'a, Stream<'b>>) -> Result<Walk<'a, 'b>, Error> {
        let before = check.footer.before;
        let mut walk = Walk {
            check,
            said: Said::default(),
            chain: ChainWalk::new(before.position, before.chain),
            recorded_at: before.recorded_at,
            marks,
            mark: None,
        };
        walk.next_mark()?;
        Ok(walk)
    }

    fn next_mark(&mut self) -> Result<(), Error> {
        self.mark = None;
        if self.marks.advance()? {
            let first = self.check.segment.first();
            let mark = position_of_key(first, self.marks.key());
            let mark = mark.and_then(|end| Ok((end, read_mark(self.marks.value())?)));
            let at = self.check.footer.ends.lists;
            let mark = mark.map_err(|why| self.check.segment.file.damaged(at, why))?;
            self.mark = Some(mark);
        }
        Ok(())
    }

    /// Takes in a run.
    fn run(&mut self, run: &Run) -> Result<(), Error> {
        for append in run.appends() {
            self.append(run, append)?;
        }
        for at in 0..run.len() {
            self.said.add(&run.raw(at)?, run.first().plus(at as u64));
        }
        Ok(())
    }

    /// Takes in what a run has of an append.
    fn append(&mut self, run: &Run, append: &AppendSlot) -> Result<(), Error> {
        let wrong = |what| self.check.segment.file.wrong(what).at(append.first);
        let goes_on = append.first < run.first();
        if append.recorded_at < self.recorded_at
            || (goes_on && append.recorded_at > self.recorded_at)
        {
            return Err(wrong(
                "the recorded time is not that of the append, or goes back",
            ));
        }
        if !self.chain.take(run, append) {
            return Err(wrong("an append does not follow the one before it"));
        }
        self.recorded_at = append.recorded_at;
        self.said.raw_bytes += run.append_bytes(append).len() as u64;
        if !goes_on {
            self.said.raw_bytes += size_of::<u32>() as u64;
            self.said.appends += 1;
        }
        let Some((end, chain)) = self.mark else {
            return Ok(());
        };
        if self.chain.end < end {
            return Ok(());
        }
        if (end, chain) != (self.chain.end, self.chain.chain) {
            return Err(wrong("the chain is not the one that was written down").at(end));
        }
        self.next_mark()
    }

    /// Compares what was found with what the footer says.
    fn end(self) -> Result<Said, Error> {
        let (footer, said) = (self.check.footer, &self.said);
        let found = Head {
            position: self.chain.end,
            recorded_at: self.recorded_at,
            chain: self.chain.chain,
        };
        let fits = [
            (
                found == footer.after,
                "the events do not lead to the end of the log after them",
            ),
            (
                self.mark.is_none(),
                "a chain was written down that is not reached",
            ),
            (
                said.appends == footer.appends,
                "there is another number of appends",
            ),
            (
                said.raw_bytes == footer.raw_bytes,
                "there is another number of bytes",
            ),
            (said.id_min == footer.id_min, "the smallest id is another"),
            (said.id_max == footer.id_max, "the largest id is another"),
        ];
        first_wrong(self.check.segment, &fits)?;
        Ok(self.said)
    }
}

fn first_wrong(segment: &Segment, fits: &[(bool, &str)]) -> Result<(), Error> {
    match fits.iter().find(|(fits, _)| !fits) {
        Some((_, what)) => Err(segment.file.wrong(what)),
        None => Ok(()),
    }
}

/// What the lists say.
#[derive(Default)]
struct Listed {
    /// A sum over each name of each event.
    sum: u128,
    names: [u64; Facet::ALL.len()],
    streams_new: u64,
    tops: Tops,
}

impl Listed {
    fn name(&mut self, facet: Facet, name: &str, value: &KeyValue<'_>) {
        self.tops.add(facet, name, value.list.count());
        self.names[facet.place()] += 1;
        let is_new = facet == Facet::Stream && value.revision_before == 0;
        self.streams_new += u64::from(is_new);
    }

    fn add(&mut self, hash: u128) {
        self.sum = self.sum.wrapping_add(hash);
    }
}

/// All lists, in the order of their names; chunks are in the same order.
struct Lists<'a, 'b> {
    events: u64,
    chunks: Directory<'a, Stream<'b>>,
    walk: Cursor<'a, Stream<'b>>,
}

impl<'a, 'b> Lists<'a, 'b> {
    fn new(events: u64, chunks: Directory<'a, Stream<'b>>) -> Result<Lists<'a, 'b>, Error> {
        Ok(Lists {
            events,
            chunks,
            walk: chunks.tree.iter()?,
        })
    }

    /// Hands out the offsets of the next list, which the walk through the names is at.
    fn each(
        &mut self,
        list: &List<'_>,
        names: &Cursor<'_, Stream<'_>>,
        mut each: impl FnMut(u64),
    ) -> Result<(), Error> {
        let last = list.last().map_err(|why| names.damaged(why))?;
        if last >= self.events {
            return Err(names.damaged(Malformed("the last offset of a list")));
        }
        match list {
            List::Run { first, .. } => (*first..=last).for_each(each),
            List::Short(short) => {
                short.each(each).map_err(|why| names.damaged(why))?;
            }
            List::Long(long) => self.each_of_long(long, &mut each)?,
        }
        Ok(())
    }

    fn each_of_long(&mut self, long: &Long, each: &mut impl FnMut(u64)) -> Result<(), Error> {
        let mut left = long.count;
        let mut next = long.first;
        while left > 0 {
            let chunk = self.chunks.next(&mut self.walk)?;
            let is_first = left == long.count;
            let chunk = chunk.filter(|chunk| {
                chunk.number == long.number
                    && chunk.count <= left
                    && chunk.last <= long.last
                    && chunk.first >= next
                    && (chunk.first == next || !is_first)
            });
            let Some(chunk) = chunk else {
                return Err(self.wrong());
            };
            match chunk.place {
                None => (chunk.first..=chunk.last).for_each(&mut *each),
                Some(place) => {
                    let offsets = self.chunks.offsets(&chunk, place)?;
                    offsets.into_iter().for_each(&mut *each);
                }
            }
            left -= chunk.count;
            next = chunk.last + 1;
        }
        match next == long.last + 1 {
            true => Ok(()),
            false => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> Error {
        self.walk.damaged(Malformed("the chunks of a list"))
    }

    /// Checks that there are no more chunks.
    fn end(mut self) -> Result<(), Error> {
        match self.chunks.next(&mut self.walk)? {
            None => Ok(()),
            Some(_) => Err(self.wrong()),
        }
    }
}

/// What the events say.
struct Said {
    appends: u64,
    raw_bytes: u64,
    id_min: EventId,
    id_max: EventId,
    /// A sum over each name of each event.
    names: u128,
    /// A sum over each id.
    ids: u128,
}

impl Default for Said {
    fn default() -> Said {
        Said {
            appends: 0,
            raw_bytes: 0,
            id_min: EventId(Uuid::max()),
            id_max: EventId(Uuid::nil()),
            names: 0,
            ids: 0,
        }
    }
}

impl Said {
    fn add(&mut self, event: &RawEvent<'_>, position: Position) {
        self.id_min = self.id_min.min(event.id);
        self.id_max = self.id_max.max(event.id);
        let id = id_place_hash(id_hash(event.id), position);
        self.ids = self.ids.wrapping_add(id);
        self.name(Facet::Type, event.event_type, position, 0);
        for tag in event.tags.iter() {
            self.name(Facet::Tag, tag, position, 0);
        }
        if let Some(stream) = event.stream {
            self.name(Facet::Stream, stream, position, event.revision.0);
            self.name(Facet::Category, category(stream), position, 0);
        }
    }

    fn name(&mut self, facet: Facet, name: &str, position: Position, revision: u64) {
        let hash = name_hash(key_hash(facet, name), position, revision);
        self.names = self.names.wrapping_add(hash);
    }
}

/// The hash of a name at a position, and of the revision there, which is 0 but for streams.
fn name_hash(key: u64, position: Position, revision: u64) -> u128 {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&key.to_le_bytes());
    bytes[8..16].copy_from_slice(&position.0.to_le_bytes());
    bytes[16..].copy_from_slice(&revision.to_le_bytes());
    xxh3_128(&bytes)
}

fn id_place_hash(id: u64, position: Position) -> u128 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.to_le_bytes());
    bytes[8..].copy_from_slice(&position.0.to_le_bytes());
    xxh3_128(&bytes)
}
