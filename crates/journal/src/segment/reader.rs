//! A segment that is read.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use headwater_event::{ChainHash, Error, EventId, Kind, Position, Timestamp};

use super::chain::ChainWalk;
use super::dictionary::Dictionary;
use super::filter::Filter;
use super::footer::{FOOTER_BYTES, Footer};
use super::ids::{Ids, id_hash};
use super::places::{
    dictionary_key, offset_key, position_of_key, position_of_time, read_block, read_dictionary,
    read_mark, time_key,
};
use super::segment_file::{InMemory, SegmentFile, Takes, missed};
use super::stored::{Blocks, Place, decode_data};
use super::tops::Tops;
use super::tree::Tree;
use crate::cache::{BlockCache, Value};
use crate::canonical::Malformed;
use crate::manifest::SegmentInfo;
use crate::run::{Origin, Run};
use crate::storage::SegmentBytes;

/// A part of the log that is sealed.
///
/// Opening one reads nothing. What it is asked for is read by ranges and kept in the cache that it
/// shares; whatever is not as it was written is an error of kind `Damaged` that names the place.
pub(crate) struct Segment {
    pub(super) file: SegmentFile,
    pub(super) inside: OnceLock<Inside>,
}

/// What the footer said.
pub(super) struct Inside {
    pub(super) footer: Footer,
    pub(super) ids: Ids,
    pub(super) filter: Filter,
}

/// Bytes of each part of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// The events.
    pub(crate) data: u64,
    pub(crate) dictionaries: u64,
    /// The positions of each name.
    pub(crate) lists: u64,
    /// Where blocks, times and chains are.
    pub(crate) places: u64,
    pub(crate) ids: u64,
    pub(crate) filter: u64,
    /// The rest.
    pub(crate) rest: u64,
}

impl Segment {
    /// A segment that the manifest says this of. The cache is shared with others.
    pub(crate) fn open(
        info: SegmentInfo,
        bytes: Arc<dyn SegmentBytes>,
        cache: Arc<BlockCache>,
    ) -> Segment {
        Segment {
            file: SegmentFile::new(info, bytes, cache),
            inside: OnceLock::new(),
        }
    }

    /// What the manifest says of it.
    pub(crate) fn info(&self) -> &SegmentInfo {
        &self.file.info
    }

    /// Position of its first event.
    pub(crate) fn first(&self) -> Position {
        self.file.info.name.first
    }

    /// Position of its last event.
    pub(crate) fn last(&self) -> Position {
        self.file.info.name.last
    }

    pub(crate) fn holds(&self, position: Position) -> bool {
        (self.first()..=self.last()).contains(&position)
    }

    /// What the footer says; it is read once.
    pub(super) fn inside(&self) -> Result<&Inside, Error> {
        if let Some(inside) = self.inside.get() {
            return Ok(inside);
        }
        let inside = self.read_footer()?;
        Ok(self.inside.get_or_init(|| inside))
    }

    pub(super) fn read_footer(&self) -> Result<Inside, Error> {
        let info = &self.file.info;
        if self.file.len() != info.bytes {
            let wrong = Malformed("the length of the file");
            let error = self.file.damaged(self.file.len(), wrong);
            return Err(error
                .found(format!("{} bytes", self.file.len()))
                .expected(format!("{} bytes", info.bytes)));
        }
        let offset = info.bytes.saturating_sub(FOOTER_BYTES as u64);
        let length = FOOTER_BYTES.min(info.bytes as usize);
        let footer = Footer::read(&self.file.read(offset, length)?, info)?;
        let ends = footer.ends;
        self.file.has_lists(ends.dictionaries..ends.places);
        let ids = Ids::new(footer.ids, footer.events());
        Ok(Inside {
            footer,
            ids: ids.map_err(|why| self.file.damaged(offset, why))?,
            filter: Filter::new(footer.filter),
        })
    }

    /// The run that holds this position of the segment. Reads the block that it is in if it is not
    /// in the cache.
    pub(crate) fn run_at(&self, position: Position) -> Result<Arc<Run>, Error> {
        self.runs_upto(position, 0, position, &mut VecDeque::new())
    }

    /// As [`run_at`](Self::run_at). With the block, those after it are read that are within `bytes` and
    /// begin at `upto` at the latest; what they hold is put into `next`, in order.
    pub(crate) fn runs_upto(
        &self,
        position: Position,
        bytes: usize,
        upto: Position,
        next: &mut VecDeque<Arc<Run>>,
    ) -> Result<Arc<Run>, Error> {
        let footer = &self.inside()?.footer;
        let blocks = Tree::new(footer.blocks, &self.file);
        let found = blocks.floor(&offset_key(self.first(), position))?;
        let Some(entry) = found.filter(|_| self.holds(position)) else {
            return Err(self.not_here(position));
        };
        let block = self.block_of(&entry.key, &entry.value, footer)?;
        if let Some(Value::Run(run)) = self.file.cached(block.place.offset) {
            return self.holding(run, position);
        }
        if bytes <= block.place.length as usize {
            let stored = self.file.read_place(block.place)?;
            return self.holding(self.decode(&block, &stored, footer)?, position);
        }
        self.read_ahead(block, bytes, upto, footer, next)?;
        let first = next.pop_front().ok_or_else(|| self.not_here(position))?;
        self.holding(first, position)
    }

    /// The run that holds this position, if it takes no read.
    pub(crate) fn cached_run_at(&self, position: Position) -> Option<Arc<Run>> {
        let footer = &self.inside.get()?.footer;
        let cached = InMemory::of_process(&self.file);
        let blocks = Tree::new(footer.blocks, &cached);
        let entry = blocks.floor(&offset_key(self.first(), position)).ok()??;
        let (place, _) = read_block(&entry.value, footer).ok()?;
        match self.file.cached(place.offset) {
            Some(Value::Run(run)) => run.holds(position).then_some(run),
            _ => None,
        }
    }

    /// Reads a block and those after it, in one call, into `runs`.
    fn read_ahead(
        &self,
        block: Block,
        bytes: usize,
        upto: Position,
        footer: &Footer,
        runs: &mut VecDeque<Arc<Run>>,
    ) -> Result<(), Error> {
        let mut wanted = vec![block];
        let mut end = block.place.offset + u64::from(block.place.length);
        let blocks = Tree::new(footer.blocks, &self.file);
        let mut after = blocks.iter_from(&offset_key(self.first(), block.first.next()))?;
        while after.advance()? {
            let next = self.block_of(after.key(), after.value(), footer)?;
            let next_end = next.place.offset + u64::from(next.place.length);
            let within = next.first <= upto && next_end - block.place.offset <= bytes as u64;
            if next.place.offset != end || !within {
                break;
            }
            end = next_end;
            wanted.push(next);
        }
        let start = block.place.offset;
        let stored = self.file.read(start, (end - start) as usize)?; // at most `bytes`
        self.decode_all(&wanted, &stored, footer, runs)
    }

    /// What a tree says of a data block.
    pub(super) fn block_of(
        &self,
        key: &[u8],
        value: &[u8],
        footer: &Footer,
    ) -> Result<Block, Error> {
        let first = position_of_key(self.first(), key);
        let block = first.and_then(|first| {
            if first > self.last() {
                return Err(Malformed("the position of a block"));
            }
            let (place, dictionary) = read_block(value, footer)?;
            Ok(Block {
                first,
                place,
                dictionary,
            })
        });
        block.map_err(|why| self.file.damaged(footer.ends.lists, why))
    }

    /// Decodes blocks that stand one after the other, into `runs`. They push nothing out of the cache
    /// but for the last: whoever reads on begins in it.
    fn decode_all(
        &self,
        blocks: &[Block],
        stored: &[u8],
        footer: &Footer,
        runs: &mut VecDeque<Arc<Run>>,
    ) -> Result<(), Error> {
        runs.clear();
        let mut dictionary = (0, None);
        let mut rest = stored;
        for (at, block) in (1..).zip(blocks) {
            let offset = block.place.offset;
            let (stored, after) = rest.split_at(block.place.length as usize);
            rest = after;
            if let Some(Value::Run(run)) = self.file.cached(offset) {
                runs.push_back(run);
                continue;
            }
            if dictionary.0 != block.dictionary {
                let number = block.dictionary;
                dictionary = (number, self.dictionary(number, footer)?);
            }
            let run = Arc::new(self.decode_with(block, stored, dictionary.1.as_deref())?);
            let kept = Value::Run(Arc::clone(&run));
            match at == blocks.len() {
                true => self.file.keep(offset, kept),
                false => self.file.keep_if_room(offset, kept),
            }
            runs.push_back(run);
        }
        Ok(())
    }

    /// Decodes a data block and keeps it.
    fn decode(&self, block: &Block, stored: &[u8], footer: &Footer) -> Result<Arc<Run>, Error> {
        let dictionary = self.dictionary(block.dictionary, footer)?;
        let run = self.decode_with(block, stored, dictionary.as_deref())?;
        let run = Arc::new(run);
        let kept = Value::Run(Arc::clone(&run));
        self.file.keep(block.place.offset, kept);
        Ok(run)
    }

    pub(super) fn decode_with(
        &self,
        block: &Block,
        stored: &[u8],
        dictionary: Option<&Dictionary>,
    ) -> Result<Run, Error> {
        let offset = block.place.offset;
        let payload = decode_data(stored, dictionary);
        let payload = payload.map_err(|why| self.file.damaged(offset, why))?;
        let segment = self.first();
        let run = Run::of_block(Origin::Block { segment, offset }, &payload)?;
        match run.first() == block.first && run.last() <= self.last() {
            true => Ok(run),
            false => Err(self
                .file
                .damaged(offset, Malformed("the place of the block"))),
        }
    }

    /// The dictionary of this number; 0 is none.
    pub(super) fn dictionary(
        &self,
        number: u32,
        footer: &Footer,
    ) -> Result<Option<Arc<Dictionary>>, Error> {
        if number == 0 {
            return Ok(None);
        }
        let (place, packs_to) = self.dictionary_at(number, footer)?;
        if let Some(Value::Dictionary(dictionary)) = self.file.cached(place.offset) {
            return Ok(Some(dictionary));
        }
        let stored = self.file.read_place(place)?;
        let bytes = super::stored::decode_block(&stored);
        let dictionary = bytes.and_then(|bytes| Dictionary::new(bytes, packs_to));
        let wrong = |why| self.file.damaged(place.offset, why);
        let dictionary = Arc::new(dictionary.map_err(wrong)?);
        let kept = Value::Dictionary(Arc::clone(&dictionary));
        self.file.keep(place.offset, kept);
        Ok(Some(dictionary))
    }

    /// Where a dictionary is, and how well it packs.
    pub(super) fn dictionary_at(
        &self,
        number: u32,
        footer: &Footer,
    ) -> Result<(Place, u32), Error> {
        let tree = Tree::new(footer.dictionaries, &self.file);
        let wrong = |why| self.file.damaged(footer.ends.data, why);
        let value = tree.get(&dictionary_key(number))?;
        let value = value.ok_or_else(|| wrong(Malformed("the number of a dictionary")))?;
        read_dictionary(&value, footer).map_err(wrong)
    }

    /// The dictionary that its last blocks were packed with, if it has one.
    pub(crate) fn last_dictionary(&self) -> Result<Option<Arc<Dictionary>>, Error> {
        let footer = &self.inside()?.footer;
        // There are far fewer.
        self.dictionary(footer.dictionaries.entries as u32, footer)
    }

    fn holding(&self, run: Arc<Run>, position: Position) -> Result<Arc<Run>, Error> {
        match run.holds(position) {
            true => Ok(run),
            false => {
                let what = format!("no block has position {position}");
                Err(self.file.wrong(&what).at(position))
            }
        }
    }

    fn not_here(&self, position: Position) -> Error {
        Error::new(
            Kind::Internal,
            "internal",
            format!("position {position} is looked for in another segment"),
        )
        .found(self.file.info.name)
    }

    /// The event that has this id.
    pub(crate) fn position_of(&self, id: EventId) -> Result<Option<Position>, Error> {
        let info = &self.file.info;
        if id < info.id_min || id > info.id_max {
            return Ok(None);
        }
        let found = Cell::new(None);
        self.inside()?.ids.find(&self.file, id_hash(id), |offset| {
            let position = self.first().plus(offset);
            let is_it = self.run_at(position)?.raw_at(position)?.id == id;
            found.set(is_it.then_some(position));
            Ok(is_it)
        })?;
        Ok(found.get())
    }

    /// Whether a name of this [hash](super::key_hash) may be here, by its filter as it is mapped: yes
    /// where that was not looked at before. No is certain.
    pub(crate) fn glance(&self, hash: u64) -> bool {
        let inside = self.inside.get();
        inside.is_none_or(|inside| inside.filter.glance(hash))
    }

    /// Whether an event may have this id, if memory tells. No is certain.
    pub(crate) fn may_have_id_in_memory(&self, id: EventId, takes: &Takes) -> Result<bool, Error> {
        let info = &self.file.info;
        if id < info.id_min || id > info.id_max {
            return Ok(false);
        }
        let inside = self.inside.get().ok_or_else(missed)?;
        let (ids, file) = (&inside.ids, &self.file);
        ids.may_have_in_memory(file, id_hash(id), takes)
    }

    /// Asks memory for what [`glance`](Self::glance) looks at, and does not wait for it.
    pub(crate) fn touch(&self, hash: u64) {
        if let Some(inside) = self.inside.get() {
            inside.filter.touch(hash);
        }
    }

    /// Whether a name of this [hash](super::key_hash) may be here. No is certain.
    pub(crate) fn may_have(&self, hash: u64) -> Result<bool, Error> {
        self.inside()?.filter.may_have(&self.file, hash)
    }

    /// The last event that was recorded at or before this instant; the end of the log before the
    /// segment, if there is none in it.
    pub(crate) fn position_at(&self, instant: Timestamp) -> Result<Position, Error> {
        let info = &self.file.info;
        if instant >= info.after.recorded_at {
            return Ok(info.after.position);
        }
        let footer = &self.inside()?.footer;
        let times = Tree::new(footer.times, &self.file);
        let last = Position(u64::MAX);
        let Some(entry) = times.floor(&time_key(Position::ZERO, instant, last))? else {
            return Ok(info.before.position);
        };
        let first = position_of_time(self.first(), &entry.key);
        let first = first.map_err(|why| self.file.damaged(footer.ends.lists, why))?;
        let run = self.run_at(first)?;
        let upto = run
            .appends()
            .partition_point(|append| append.recorded_at <= instant);
        let append = upto.checked_sub(1).and_then(|at| run.appends().get(at));
        // It goes on in later blocks only if it is the last one here.
        append.map(|append| append.last).ok_or_else(|| {
            let what = "the time of a block is not that of its first event";
            self.file.wrong(what).at(first)
        })
    }

    /// The end of the last append that ends at or before this position, and the chain there.
    pub(crate) fn chain_at(&self, position: Position) -> Result<(Position, ChainHash), Error> {
        let info = &self.file.info;
        if position >= info.after.position {
            return Ok((info.after.position, info.after.chain));
        }
        let mut walk = ChainWalk::new(info.before.position, info.before.chain);
        if position <= walk.end {
            return Ok((walk.end, walk.chain));
        }
        let footer = &self.inside()?.footer;
        let marks = Tree::new(footer.marks, &self.file);
        if let Some(mark) = marks.floor(&offset_key(self.first(), position))? {
            let wrong = |why| self.file.damaged(footer.ends.lists, why);
            let end = position_of_key(self.first(), &mark.key).map_err(wrong)?;
            assert!(end <= position, "its key is not above that of the position");
            walk = ChainWalk::new(end, read_mark(&mark.value).map_err(wrong)?);
        }
        const AHEAD_BYTES: usize = 64 << 10;
        let mut next = walk.end.next();
        let mut ahead = VecDeque::new();
        while next <= position {
            let run = match ahead.pop_front() {
                Some(run) => run,
                None => self.runs_upto(next, AHEAD_BYTES, position, &mut ahead)?,
            };
            next = run.last().next();
            // A mark may stand in the middle of a block.
            let after = walk.end;
            for append in run.appends().iter().filter(|append| append.first > after) {
                if append.last > position {
                    return Ok((walk.end, walk.chain));
                }
                if !walk.take(&run, append) {
                    let what = "a block goes on with another append than the one before it";
                    return Err(self.file.wrong(what).at(append.first));
                }
            }
        }
        Ok((walk.end, walk.chain))
    }

    /// The largest streams, categories, types and tags.
    pub(crate) fn tops(&self) -> Result<Tops, Error> {
        let footer = &self.inside()?.footer;
        let place = footer.tops;
        let raw = self.file.block(place)?;
        Tops::decode(&raw).map_err(|why| self.file.damaged(place.offset, why))
    }

    /// How many bytes each part takes.
    pub(crate) fn sizes(&self) -> Result<Sizes, Error> {
        let footer = &self.inside()?.footer;
        let ends = footer.ends;
        let ids = footer.ids.entries.bytes() + footer.ids.directory.bytes();
        let filter = footer.filter.bytes();
        Ok(Sizes {
            data: ends.data,
            dictionaries: ends.dictionaries - ends.data,
            lists: ends.lists - ends.dictionaries,
            places: ends.places - ends.lists,
            ids,
            filter,
            rest: self.file.info.bytes - ends.places - ids - filter,
        })
    }

    /// How many bytes of it are mapped into memory.
    pub(crate) fn mapped_bytes(&self) -> u64 {
        let mapped = |inside: &Inside| inside.ids.mapped_bytes() + inside.filter.mapped_bytes();
        self.inside.get().map_or(0, mapped) + self.file.mapped_bytes()
    }
}

/// Where a data block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: Position,
    pub(super) place: Place,
    pub(super) dictionary: u32,
}
