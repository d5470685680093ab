//! Walks through the positions of a list, wherever they are kept.

use std::ops::{Range, RangeInclusive};

use headwater_event::Error;

use super::{Chunk, Directory, List, Long, SHORT_OFFSETS_MAX, Seek};
use crate::canonical::Malformed;
use crate::index::Way;
use crate::index::postings::gallop;
use crate::segment::stored::Blocks;
use crate::segment::tree;

/// A walk through a list that only goes on. It holds one chunk.
pub(crate) struct ListCursor<'a, B: ?Sized> {
    way: Way,
    /// The segment's first position.
    base: u64,
    part: Part,
    /// The list in chunks; the part is one of them. `None` if the part is all there is.
    long: Option<LongWalk<'a, B>>,
}

/// Offsets that are still ahead.
enum Part {
    Run {
        first: u64,
        last: u64,
    },
    Listed {
        offsets: Vec<u64>,
        ahead: Range<usize>,
    },
    Nothing,
}

struct LongWalk<'a, B: ?Sized> {
    directory: Directory<'a, B>,
    list: Long,
    /// Where a walk up through the directory is.
    walk: Option<tree::Cursor<'a, B>>,
}

impl<'a, B: Blocks + ?Sized> ListCursor<'a, B> {
    /// Walks through the list of a key of the segment that has these positions.
    pub(crate) fn new(
        list: &List<'_>,
        way: Way,
        positions: RangeInclusive<u64>,
        directory: Directory<'a, B>,
    ) -> Result<ListCursor<'a, B>, Error> {
        let damaged = |why| directory.tree.damaged(why);
        let mut long = None;
        let (part, last) = match list {
            List::Run { first, .. } => {
                let (first, last) = (*first, list.last().map_err(damaged)?);
                (Part::Run { first, last }, last)
            }
            List::Short(short) => {
                let mut offsets = Vec::with_capacity(SHORT_OFFSETS_MAX);
                let last = short.each(|offset| offsets.push(offset));
                (Part::of(offsets), last.map_err(damaged)?)
            }
            List::Long(list) => {
                long = Some(LongWalk {
                    directory,
                    list: *list,
                    walk: None,
                });
                (Part::Nothing, list.last)
            }
        };
        let (base, end) = positions.into_inner();
        match base.checked_add(last) {
            Some(last) if last <= end => Ok(ListCursor {
                way,
                base,
                part,
                long,
            }),
            _ => Err(damaged(Malformed("the last offset of a list"))),
        }
    }
}

impl<B: Blocks + ?Sized> Seek for ListCursor<'_, B> {
    fn seek(&mut self, from: u64) -> Result<Option<u64>, Error> {
        let from = match self.way {
            Way::Up => Some(from.saturating_sub(self.base)),
            Way::Down => from.checked_sub(self.base),
        };
        let Some(from) = from else {
            (self.part, self.long) = (Part::Nothing, None);
            return Ok(None);
        };
        if let Some(offset) = self.part.seek(from, self.way) {
            return Ok(Some(self.base + offset));
        }
        if let Some(long) = &mut self.long {
            match long.load(from, self.way)? {
                Some(part) => self.part = part,
                None => self.long = None,
            }
        }
        let found = self.part.seek(from, self.way);
        Ok(found.map(|offset| self.base.saturating_add(offset))) // no offset is beyond the last
    }

    fn len(&self) -> usize {
        let ahead = match (&self.long, &self.part) {
            (Some(long), _) => long.list.count,
            (None, Part::Run { first, last }) => last - first + 1,
            (None, Part::Listed { ahead, .. }) => ahead.len() as u64,
            (None, Part::Nothing) => 0,
        };
        usize::try_from(ahead).unwrap_or(usize::MAX)
    }
}

impl Part {
    fn of(offsets: Vec<u64>) -> Part {
        let ahead = 0..offsets.len();
        Part::Listed { offsets, ahead }
    }

    /// The first offset at `from` or beyond it; leaves it and what follows ahead.
    fn seek(&mut self, from: u64, way: Way) -> Option<u64> {
        match (&mut *self, way) {
            (Part::Run { first, last }, Way::Up) if from <= *last => {
                *first = from.max(*first);
                return Some(*first);
            }
            (Part::Run { first, last }, Way::Down) if from >= *first => {
                *last = from.min(*last);
                return Some(*last);
            }
            (Part::Listed { offsets, ahead }, Way::Up) => {
                let left = &offsets[ahead.clone()];
                ahead.start += gallop(left.len(), |at| left[at] < from);
                if ahead.start < ahead.end {
                    return Some(offsets[ahead.start]);
                }
            }
            (Part::Listed { offsets, ahead }, Way::Down) => {
                let left = &offsets[ahead.clone()];
                ahead.end -= gallop(left.len(), |at| left[left.len() - 1 - at] > from);
                if ahead.start < ahead.end {
                    return Some(offsets[ahead.end - 1]);
                }
            }
            _ => {}
        }
        *self = Part::Nothing;
        None
    }
}

impl<B: Blocks + ?Sized> LongWalk<'_, B> {
    /// The next chunk that has an offset at `from` or beyond it.
    fn load(&mut self, from: u64, way: Way) -> Result<Option<Part>, Error> {
        let chunk = match way {
            Way::Up => self.chunk_up(from)?,
            Way::Down => self.directory.floor(self.list.number, from)?,
        };
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        if chunk.first < self.list.first || chunk.last > self.list.last {
            let wrong = Malformed("the chunks of a list");
            return Err(self.directory.tree.damaged(wrong));
        }
        Ok(Some(match chunk.place {
            None => Part::Run {
                first: chunk.first,
                last: chunk.last,
            },
            Some(place) => Part::of(self.directory.offsets(&chunk, place)?),
        }))
    }

    fn chunk_up(&mut self, from: u64) -> Result<Option<Chunk>, Error> {
        // Often it is the next one.
        if let Some(walk) = &mut self.walk {
            match self.directory.next(walk)? {
                Some(chunk) if chunk.number == self.list.number && chunk.last < from => {}
                next => return Ok(next.filter(|chunk| chunk.number == self.list.number)),
            }
        }
        let walk = self
            .walk
            .insert(self.directory.walk(self.list.number, from)?);
        // The first one may be of the list before, or end before `from`.
        for _ in 0..2 {
            match self.directory.next(walk)? {
                Some(chunk) if chunk.number < self.list.number || chunk.last < from => {}
                next => return Ok(next.filter(|chunk| chunk.number == self.list.number)),
            }
        }
        Ok(None)
    }
}
