//! Writes lists, one after another: short ones into the values of their keys, long ones in chunks.

use headwater_event::Error;

use super::{CHUNK_OFFSETS_MAX, Chunk, KeyValue, List, Long, SHORT_OFFSETS_MAX, Short, put_gaps};
use crate::segment::defect;
use crate::segment::output::Output;
use crate::segment::stored::{Packer, Place, put_stored};
use crate::segment::tree::{TreeOptions, TreeRoot, TreeWriter};

/// What has at least so many offsets is copied whole; no chunk but the last of a list has fewer.
const COPY_OFFSETS_MIN: usize = CHUNK_OFFSETS_MAX / 2;

/// Writes lists, and the directory of their chunks. Holds one chunk and the directory's path.
pub(crate) struct ListWriter {
    directory: TreeWriter,
    packer: Packer,
    /// The number of the next long list.
    number: u32,
    list: Open,
    /// Gaps that are being encoded.
    gaps: Vec<u8>,
    /// A value of the directory.
    value: Vec<u8>,
}

/// The list that is being written.
#[derive(Debug, Default)]
struct Open {
    first: u64,
    last: u64,
    count: u64,
    /// A run behind what the directory has: its first offset and how many. It may still grow.
    run: Option<(u64, u64)>,
    /// The offsets behind that, fewer than a chunk may have.
    pending: Vec<u64>,
}

impl ListWriter {
    pub(crate) fn new(options: TreeOptions) -> Result<ListWriter, Error> {
        Ok(ListWriter {
            directory: TreeWriter::new(options)?,
            packer: Packer::new(options.packing)?,
            number: 0,
            list: Open::default(),
            gaps: Vec::new(),
            value: Vec::new(),
        })
    }

    /// Adds an offset beyond all others of the list.
    pub(crate) fn push(&mut self, out: &mut dyn Output, offset: u64) -> Result<(), Error> {
        self.list.extend(offset, offset, 1)?;
        if let Some((first, count)) = &mut self.list.run
            && self.list.pending.is_empty()
            && *first + *count == offset
        {
            *count += 1;
            return Ok(());
        }
        self.list.pending.push(offset);
        match self.list.pending.len() >= CHUNK_OFFSETS_MAX {
            true => self.write_pending(out, CHUNK_OFFSETS_MAX),
            false => Ok(()),
        }
    }

    /// Adds `count` consecutive offsets beyond all others, at least one.
    pub(crate) fn push_run(
        &mut self,
        out: &mut dyn Output,
        first: u64,
        count: u64,
    ) -> Result<(), Error> {
        if count < COPY_OFFSETS_MIN as u64 {
            return (first..first + count).try_for_each(|offset| self.push(out, offset));
        }
        let lacking = match self.list.pending.len() {
            0 => 0,
            pending => COPY_OFFSETS_MIN.saturating_sub(pending) as u64,
        };
        (first..first + lacking).try_for_each(|offset| self.push(out, offset))?;
        self.write_pending(out, self.list.pending.len())?;
        let (first, count) = (first + lacking, count - lacking);
        self.list.extend(first, first + (count - 1), count)?;
        self.grow_run(out, first, count)
    }

    /// Adds offsets beyond all others, as many as a chunk may have, each `shift` further.
    pub(crate) fn push_offsets(
        &mut self,
        out: &mut dyn Output,
        offsets: &[u64],
        shift: u64,
    ) -> Result<(), Error> {
        let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
            return Ok(());
        };
        let count = offsets.len() as u64;
        self.list.extend(first + shift, last + shift, count)?;
        let shifted = offsets.iter().map(|offset| offset + shift);
        self.list.pending.extend(shifted);
        match self.list.pending.len() {
            // Two of half the size: the next chunk can be copied behind the second.
            pending if pending >= CHUNK_OFFSETS_MAX => self.write_pending(out, pending.div_ceil(2)),
            _ => Ok(()),
        }
    }

    /// Whether a chunk of so many offsets that is no run may be copied next. Others are to be
    /// decoded and [pushed](ListWriter::push_offsets), so that chunks do not get small.
    pub(crate) fn takes_chunk(&self, count: u64) -> bool {
        let pending = self.list.pending.len();
        count >= COPY_OFFSETS_MIN as u64 && (pending == 0 || pending >= COPY_OFFSETS_MIN)
    }

    /// Adds a chunk of another segment, `shift` further, by its stored bytes, which were checked.
    pub(crate) fn copy_chunk(
        &mut self,
        out: &mut dyn Output,
        chunk: &Chunk,
        shift: u64,
        stored: &[u8],
    ) -> Result<(), Error> {
        let (first, last) = (chunk.first + shift, chunk.last + shift);
        self.list.extend(first, last, chunk.count)?;
        self.write_pending(out, self.list.pending.len())?;
        self.write_run(out)?;
        let place = put_stored(out, stored)?;
        self.write_entry(out, first, last, chunk.count, Some(place))
    }

    /// Ends the list; says what the value of its key is.
    pub(crate) fn end_list(
        &mut self,
        out: &mut dyn Output,
        revision_before: u64,
    ) -> Result<KeyValue<'_>, Error> {
        let Open {
            first, last, count, ..
        } = self.list;
        if count == 0 {
            return Err(defect("a list has no offset"));
        }
        let list = if last - first == count - 1 {
            List::Run { first, count }
        } else if count <= SHORT_OFFSETS_MAX as u64 {
            // So few were never written.
            List::Short(Short::of(&self.list.pending, &mut self.gaps))
        } else {
            self.write_pending(out, self.list.pending.len())?;
            self.write_run(out)?;
            let number = self.number;
            let next = number.checked_add(1);
            self.number = next.ok_or_else(|| defect("a segment has too many long lists"))?;
            List::Long(Long {
                number,
                first,
                last,
                count,
            })
        };
        self.list.clear();
        Ok(KeyValue {
            revision_before,
            list,
        })
    }

    /// Writes the rest of the directory; says where it is.
    pub(crate) fn finish(self, out: &mut dyn Output) -> Result<TreeRoot, Error> {
        self.directory.finish(out)
    }

    /// Writes the first `count` pending offsets as a chunk.
    fn write_pending(&mut self, out: &mut dyn Output, count: usize) -> Result<(), Error> {
        let offsets = &self.list.pending[..count];
        let (Some(&first), Some(&last)) = (offsets.first(), offsets.last()) else {
            return Ok(());
        };
        if last - first == count as u64 - 1 {
            self.grow_run(out, first, count as u64)?;
        } else {
            self.gaps.clear();
            put_gaps(&mut self.gaps, offsets);
            self.write_run(out)?;
            let place = self.packer.write(out, &self.gaps)?;
            self.write_entry(out, first, last, count as u64, Some(place))?;
        }
        self.list.pending.drain(..count);
        Ok(())
    }

    /// Adds to the run, or starts another one.
    fn grow_run(&mut self, out: &mut dyn Output, first: u64, count: u64) -> Result<(), Error> {
        match &mut self.list.run {
            Some((start, length)) if *start + *length == first => *length += count,
            _ => {
                self.write_run(out)?;
                self.list.run = Some((first, count));
            }
        }
        Ok(())
    }

    fn write_run(&mut self, out: &mut dyn Output) -> Result<(), Error> {
        match self.list.run.take() {
            Some((first, count)) => self.write_entry(out, first, first + (count - 1), count, None),
            None => Ok(()),
        }
    }

    fn write_entry(
        &mut self,
        out: &mut dyn Output,
        first: u64,
        last: u64,
        count: u64,
        place: Option<Place>,
    ) -> Result<(), Error> {
        let chunk = Chunk {
            number: self.number,
            first,
            last,
            count,
            place,
        };
        self.value.clear();
        chunk.put_value(&mut self.value);
        let key = Chunk::key(chunk.number, chunk.first);
        self.directory.push(out, &key, &self.value)
    }
}

impl Open {
    /// Counts offsets that are beyond all others.
    fn extend(&mut self, first: u64, last: u64, count: u64) -> Result<(), Error> {
        if self.count == 0 {
            self.first = first;
        } else if first <= self.last {
            return Err(defect("the offsets of a list do not ascend"));
        }
        self.last = last;
        self.count += count;
        Ok(())
    }

    fn clear(&mut self) {
        self.count = 0;
        self.run = None;
        self.pending.clear();
    }
}
