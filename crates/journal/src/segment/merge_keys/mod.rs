//! Puts the names of adjacent segments together.
//!
//! The names of all inputs are walked at once, the lowest first. The lists of a name that several
//! inputs have follow each other in the order of the inputs, whose positions do. Chunks are copied
//! as they are stored; what is held is one block per level of each tree and one chunk.

use headwater_event::Error;

use super::keys::{Keys, KeysWriter};
use super::output::Output;
use super::postings::{Chunk, KeyValue, List, Long};
use super::stored::{Blocks, check_block};
use super::tree;
use crate::canonical::Malformed;

/// The merge pauses after about so many bytes.
const STRETCH_BYTES: u64 = 64 << 10;

/// A segment whose names are merged.
pub(crate) struct Input<'a, B: ?Sized> {
    pub(crate) keys: Keys<'a, B>,
    /// How far its first position is behind that of the result.
    pub(crate) shift: u64,
    /// How many positions it has.
    pub(crate) positions: u64,
}

/// Goes along with a merge.
pub(crate) trait Watch {
    /// A name was written. The offsets are those of the result.
    fn name(&mut self, name: &[u8], value: &KeyValue<'_>);

    /// Some work was done. An error ends the merge.
    fn pause(&mut self) -> Result<(), Error>;
}

/// Writes the names of `inputs`, which are in the order of their positions.
pub(crate) fn merge_keys<B: Blocks + ?Sized>(
    inputs: &[Input<'_, B>],
    out: &mut dyn Output,
    writer: &mut KeysWriter,
    watch: &mut dyn Watch,
) -> Result<(), Error> {
    let mut sources = Sources::new(inputs)?;
    let mut to = Target {
        next_pause: out.position() + STRETCH_BYTES,
        out,
        writer,
        watch,
    };
    let mut name = Vec::new();
    while let Some(source) = sources.lowest() {
        name.clear();
        name.extend_from_slice(source.names.key());
        let mut so_far = SoFar::default();
        while let Some(source) = sources.lowest()
            && source.names.key() == name
        {
            source.copy_list(&mut so_far, &mut to)?;
            sources.advance_lowest()?;
        }
        to.end_name(&name, so_far.revision_before.unwrap_or(0))?;
    }
    Ok(())
}

/// What the inputs said of a name so far.
#[derive(Default)]
struct SoFar {
    /// What the first of them said.
    revision_before: Option<u64>,
    /// How many events it has.
    count: u64,
}

impl SoFar {
    /// Adds what the next input says.
    fn follow(&mut self, value: &KeyValue<'_>) -> Result<(), Malformed> {
        let before = *self.revision_before.get_or_insert(value.revision_before);
        let follows = value.revision_before.checked_sub(before) == Some(self.count);
        // Names of other things than streams have no revisions.
        if !follows && (value.revision_before, before) != (0, 0) {
            return Err(Malformed("the revision before"));
        }
        self.count += value.list.count();
        Ok(())
    }
}

/// Where the result goes.
struct Target<'a> {
    out: &'a mut dyn Output,
    writer: &'a mut KeysWriter,
    watch: &'a mut dyn Watch,
    /// Where in the output the next pause is due.
    next_pause: u64,
}

impl Target<'_> {
    fn end_name(&mut self, name: &[u8], revision_before: u64) -> Result<(), Error> {
        let value = self.writer.end_name(self.out, name, revision_before)?;
        self.watch.name(name, &value);
        self.worked()
    }

    fn worked(&mut self) -> Result<(), Error> {
        if self.out.position() < self.next_pause {
            return Ok(());
        }
        self.next_pause = self.out.position() + STRETCH_BYTES;
        self.watch.pause()
    }
}

/// The inputs, each at the name that it has next.
struct Sources<'a, B: ?Sized> {
    all: Vec<Source<'a, B>>,
    /// Those that have a name left, as a heap: none is above those at twice its place plus one and
    /// plus two.
    heap: Vec<usize>,
}

impl<'a, B: Blocks + ?Sized> Sources<'a, B> {
    fn new(inputs: &[Input<'a, B>]) -> Result<Sources<'a, B>, Error> {
        let mut sources = Sources {
            all: Vec::with_capacity(inputs.len()),
            heap: Vec::with_capacity(inputs.len()),
        };
        for input in inputs {
            let mut source = Source::new(input)?;
            if source.names.advance()? {
                sources.heap.push(sources.all.len());
            }
            sources.all.push(source);
        }
        for at in (0..sources.heap.len()).rev() {
            sources.sink(at);
        }
        Ok(sources)
    }

    /// The input with the lowest name, the first of them.
    fn lowest(&mut self) -> Option<&mut Source<'a, B>> {
        self.heap.first().map(|at| &mut self.all[*at])
    }

    fn advance_lowest(&mut self) -> Result<(), Error> {
        let Some(source) = self.lowest() else {
            return Ok(());
        };
        if !source.names.advance()? {
            source.end()?;
            self.heap.swap_remove(0);
        }
        self.sink(0);
        Ok(())
    }

    fn sink(&mut self, mut at: usize) {
        let below = |a: usize, b: usize| {
            let order = self.all[a].names.key().cmp(self.all[b].names.key());
            order.then(a.cmp(&b)).is_lt()
        };
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.heap.len() {
                return;
            }
            let lower = match right < self.heap.len() && below(self.heap[right], self.heap[left]) {
                true => right,
                false => left,
            };
            if below(self.heap[at], self.heap[lower]) {
                return;
            }
            self.heap.swap(at, lower);
            at = lower;
        }
    }
}

/// An input, at the name that it has next.
struct Source<'a, B: ?Sized> {
    keys: Keys<'a, B>,
    names: tree::Cursor<'a, B>,
    /// Long lists are numbered in the order of their names, so this only goes on, too.
    chunks: tree::Cursor<'a, B>,
    shift: u64,
    positions: u64,
}

impl<'a, B: Blocks + ?Sized> Source<'a, B> {
    fn new(input: &Input<'a, B>) -> Result<Source<'a, B>, Error> {
        Ok(Source {
            keys: input.keys,
            names: input.keys.names.iter()?,
            chunks: input.keys.chunks.tree.iter()?,
            shift: input.shift,
            positions: input.positions,
        })
    }

    fn good<T>(&self, result: Result<T, Malformed>) -> Result<T, Error> {
        result.map_err(|why| self.names.damaged(why))
    }

    /// Checks that nothing is left when the names are at their end.
    fn end(&mut self) -> Result<(), Error> {
        match self.chunks.advance()? {
            true => Err(self.chunks.damaged(Malformed("the number of chunks"))),
            false => Ok(()),
        }
    }

    /// Adds its list of the name to the target.
    fn copy_list(&mut self, so_far: &mut SoFar, to: &mut Target<'_>) -> Result<(), Error> {
        let value = self.good(KeyValue::read(self.names.value()))?;
        let list = value.list;
        if self.good(list.last())? >= self.positions {
            return self.good(Err(Malformed("the last offset of a list")));
        }
        self.good(so_far.follow(&value))?;
        let (shift, lists) = (self.shift, &mut to.writer.lists);
        match list {
            List::Run { first, count } => lists.push_run(to.out, first + shift, count),
            List::Short(short) => {
                let mut pushed = Ok(());
                let push = |offset| {
                    if pushed.is_ok() {
                        pushed = lists.push(to.out, offset + shift);
                    }
                };
                self.good(short.each(push))?;
                pushed
            }
            List::Long(long) => self.copy_chunks(long, to),
        }
    }

    fn copy_chunks(&mut self, long: Long, to: &mut Target<'_>) -> Result<(), Error> {
        let mut left = long.count;
        let mut last = None;
        while left > 0 {
            let chunk = self.keys.chunks.next(&mut self.chunks)?;
            let fits = |chunk: &Chunk| {
                chunk.number == long.number
                    && last.map_or(chunk.first == long.first, |last| chunk.first > last)
                    && chunk.last <= long.last
                    && chunk.count <= left
            };
            let Some(chunk) = chunk.filter(fits) else {
                return Err(self.chunks.damaged(Malformed("the chunks of a list")));
            };
            self.copy_chunk(&chunk, to)?;
            left -= chunk.count;
            last = Some(chunk.last);
            to.worked()?;
        }
        match last == Some(long.last) {
            true => Ok(()),
            false => Err(self.chunks.damaged(Malformed("the chunks of a list"))),
        }
    }

    fn copy_chunk(&self, chunk: &Chunk, to: &mut Target<'_>) -> Result<(), Error> {
        let list = &mut to.writer.lists;
        let Some(place) = chunk.place else {
            return list.push_run(to.out, chunk.first + self.shift, chunk.count);
        };
        if !list.takes_chunk(chunk.count) {
            let offsets = self.keys.chunks.offsets(chunk, place)?;
            return list.push_offsets(to.out, &offsets, self.shift);
        }
        let blocks = self.keys.chunks.tree.blocks();
        let stored = blocks.stored(place)?;
        check_block(&stored).map_err(|why| blocks.damaged(place.offset, why))?;
        list.copy_chunk(to.out, chunk, self.shift, &stored)
    }
}

#[cfg(test)]
mod tests;
