//! Finding events of a segment by the names that they have.

use headwater_event::{Error, Position, Revision};

use super::facet::{Facet, key_of, parse_key};
use super::keys::Keys;
use super::postings::{KeyValue, ListCursor};
use super::reader::{Inside, Segment};
use super::segment_file::{InMemory, SegmentFile, Takes, missed};
use super::stored::{Blocks, Raw};
use super::tree::{Cursor, Tree};
use crate::canonical::Malformed;
use crate::index::Way;

/// Where a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamEnd {
    pub(crate) revision: Revision,
    /// Position of its last event.
    pub(crate) last: Position,
}

impl Segment {
    /// The positions of the events that have a name, to be walked this way; none if there are none.
    /// The hash is that of the [name](super::key_hash).
    pub(crate) fn list(
        &self,
        facet: Facet,
        name: &str,
        hash: u64,
        way: Way,
    ) -> Result<Option<SegmentList<'_>>, Error> {
        self.list_of(&self.file, (facet, name, hash), way)
    }

    fn list_of<'a, B: Blocks>(
        &self,
        blocks: &'a B,
        name: (Facet, &str, u64),
        way: Way,
    ) -> Result<Option<ListCursor<'a, B>>, Error> {
        let value = self.value(blocks, name)?;
        let list = |value: Raw<'_>| self.list_in(blocks, &value, way);
        value.map(list).transpose()
    }

    /// The positions that such a value tells of.
    fn list_in<'a, B: Blocks>(
        &self,
        blocks: &'a B,
        value: &[u8],
        way: Way,
    ) -> Result<ListCursor<'a, B>, Error> {
        let keys = Keys::new(self.inside()?.footer.keys, blocks);
        let value = KeyValue::read(value).map_err(|why| self.bad_list(why))?;
        let positions = self.first().0..=self.last().0;
        ListCursor::new(&value.list, way, positions, keys.chunks)
    }

    /// How many events have a name.
    pub(crate) fn count(&self, facet: Facet, name: &str, hash: u64) -> Result<u64, Error> {
        match self.value(&self.file, (facet, name, hash))? {
            Some(value) => Ok(self.key_value(&value)?.0.list.count()),
            None => Ok(0),
        }
    }

    /// Where a stream ends within the segment; none if it has no event here.
    pub(crate) fn stream(&self, name: &str, hash: u64) -> Result<Option<StreamEnd>, Error> {
        let value = self.value(&self.file, (Facet::Stream, name, hash))?;
        value.map(|value| self.stream_end(&value)).transpose()
    }

    fn stream_end(&self, value: &[u8]) -> Result<StreamEnd, Error> {
        let (value, last) = self.key_value(value)?;
        let revision = value.revision_after().map_err(|why| self.bad_list(why))?;
        Ok(StreamEnd {
            revision: Revision(revision),
            last,
        })
    }

    /// What is known of a name.
    fn value<'a, B: Blocks>(
        &self,
        blocks: &'a B,
        (facet, name, hash): (Facet, &str, u64),
    ) -> Result<Option<Raw<'a>>, Error> {
        if !self.may_have(hash)? {
            return Ok(None);
        }
        let keys = Keys::new(self.inside()?.footer.keys, blocks);
        keys.names.get(&key_of(facet, name))
    }

    /// Reads such a value, and the last position of its list, which is within the segment.
    fn key_value<'a>(&self, value: &'a [u8]) -> Result<(KeyValue<'a>, Position), Error> {
        let value = KeyValue::read(value).map_err(|why| self.bad_list(why))?;
        let last = value.list.last().map_err(|why| self.bad_list(why))?;
        match self.first().0.checked_add(last) {
            Some(last) if last <= self.last().0 => Ok((value, Position(last))),
            _ => Err(self.bad_list(Malformed("the last offset of a list"))),
        }
    }

    fn bad_list(&self, why: Malformed) -> Error {
        let start = self
            .inside
            .get()
            .map(|inside| inside.footer.ends.dictionaries);
        self.file.damaged(start.unwrap_or_default(), why)
    }

    /// The streams whose names start with `prefix` and are above `after`, in order, each with its
    /// end within the segment.
    pub(crate) fn streams<'a>(
        &'a self,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<impl Iterator<Item = Result<(Box<str>, StreamEnd), Error>> + use<'a>, Error> {
        let names = Names::new(self, Facet::Stream, prefix, after)?;
        Ok(names.map(|next| {
            let (name, value) = next?;
            Ok((name, self.stream_end(&value)?))
        }))
    }

    /// All names of a facet in order, each with how many events have it.
    #[cfg(test)]
    pub(crate) fn names<'a>(
        &'a self,
        facet: Facet,
    ) -> Result<impl Iterator<Item = Result<(Box<str>, u64), Error>> + use<'a>, Error> {
        let names = Names::new(self, facet, "", None)?;
        Ok(names.map(|next| {
            let (name, value) = next?;
            Ok((name, self.key_value(&value)?.0.list.count()))
        }))
    }

    /// How many different names there are of a facet.
    #[cfg(test)]
    pub(crate) fn count_names(&self, facet: Facet) -> Result<u64, Error> {
        Ok(self.inside()?.footer.names[facet.place()])
    }
}

/// A walk through the positions of a name.
pub(crate) type SegmentList<'a> = ListCursor<'a, SegmentFile>;

/// A segment as far as it is in memory: what would have to be read is an error that
/// [says so](is_not_in_memory).
pub(crate) struct ListsInMemory<'a> {
    segment: &'a Segment,
    inside: &'a Inside,
    blocks: InMemory<'a>,
    takes: &'a Takes,
}

impl<'a> ListsInMemory<'a> {
    /// Not of a segment of which nothing was read yet.
    pub(crate) fn of(segment: &'a Segment, takes: &'a Takes) -> Option<ListsInMemory<'a>> {
        Some(ListsInMemory {
            segment,
            inside: segment.inside.get()?,
            blocks: InMemory::of(&segment.file, takes),
            takes,
        })
    }

    pub(crate) fn may_have(&self, hash: u64) -> Result<bool, Error> {
        let (filter, file) = (&self.inside.filter, &self.segment.file);
        let may_have = filter.may_have_in_memory(file, hash, self.takes);
        may_have.ok_or_else(missed)
    }

    /// As [`Segment::list`].
    pub(crate) fn list(
        &self,
        name: (Facet, &str, u64),
        way: Way,
    ) -> Result<Option<ListInMemory<'_>>, Error> {
        match self.may_have(name.2)? {
            true => self.segment.list_of(&self.blocks, name, way),
            false => Ok(None),
        }
    }

    /// The tree of its names, from [keys](super::key_of) to values.
    pub(crate) fn names(&self) -> Tree<'_, InMemory<'a>> {
        Keys::new(self.inside.footer.keys, &self.blocks).names
    }

    /// The list that a value of this tree tells of.
    pub(crate) fn list_in(&self, value: &[u8], way: Way) -> Result<ListInMemory<'_>, Error> {
        self.segment.list_in(&self.blocks, value, way)
    }

    /// Where the stream ends that a value of this tree tells of.
    pub(crate) fn stream_end(&self, value: &[u8]) -> Result<StreamEnd, Error> {
        self.segment.stream_end(value)
    }
}

/// A walk through the positions of a name, in memory.
pub(crate) type ListInMemory<'a> = ListCursor<'a, InMemory<'a>>;

/// A walk through names.
struct Names<'a> {
    segment: &'a Segment,
    walk: Cursor<'a, SegmentFile>,
    /// What the keys start with.
    prefix: Vec<u8>,
    /// The key that they are above.
    after: Vec<u8>,
}

impl<'a> Names<'a> {
    fn new(
        segment: &'a Segment,
        facet: Facet,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Names<'a>, Error> {
        let keys = Keys::new(segment.inside()?.footer.keys, &segment.file);
        let start = key_of(facet, prefix);
        let above = after.map_or_else(Vec::new, |after| key_of(facet, after));
        Ok(Names {
            segment,
            walk: keys.names.iter_from(start.as_slice().max(&above))?,
            prefix: start,
            after: above,
        })
    }

    fn step(&mut self) -> Result<Option<(Box<str>, Raw<'a>)>, Error> {
        while self.walk.advance()? {
            let key = self.walk.key();
            if key == self.after {
                continue;
            }
            if !key.starts_with(&self.prefix) {
                return Ok(None);
            }
            let (_, name) = parse_key(key).map_err(|why| self.segment.bad_list(why))?;
            return Ok(Some((name.into(), self.walk.value_raw())));
        }
        Ok(None)
    }
}

impl<'a> Iterator for Names<'a> {
    type Item = Result<(Box<str>, Raw<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
