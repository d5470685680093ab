//! The value of a key: what a segment knows of a name.
//!
//! ```text
//! value    count and flags varint | revision before varint? | list
//!          count * 8 + (4 if the revision before follows) + (0 run, 1 short, 2 long)
//! run      first varint
//! short    first varint | gap varint ...
//! long     first varint | offsets left out varint | number varint
//! ```

use super::{SHORT_OFFSETS_MAX, put_gaps, read_gaps};
use crate::canonical::{Malformed, Reader, put_varint};

const RUN: u64 = 0;
const SHORT: u64 = 1;
const LONG: u64 = 2;
const KIND: u64 = 3;
const REVISION: u64 = 4;
const COUNT_SHIFT: u32 = 3;

/// What a segment knows of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue<'a> {
    /// Of a stream, its revision before the segment; 0 of other names.
    pub(crate) revision_before: u64,
    /// Where its events are.
    pub(crate) list: List<'a>,
}

/// Where the events of a name are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List<'a> {
    /// Consecutive offsets, at least one.
    Run { first: u64, count: u64 },
    /// A few offsets.
    Short(Short<'a>),
    /// Offsets in chunks.
    Long(Long),
}

/// A few offsets, at least two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short<'a> {
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(super) gaps: &'a [u8],
}

/// A list in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Long {
    /// Its number in the directory of chunks.
    pub(crate) number: u32,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) count: u64,
}

impl<'a> Short<'a> {
    /// Encodes offsets into `gaps`.
    pub(super) fn of(offsets: &[u64], gaps: &'a mut Vec<u8>) -> Short<'a> {
        assert!((2..=SHORT_OFFSETS_MAX).contains(&offsets.len()));
        gaps.clear();
        put_gaps(gaps, offsets);
        Short {
            first: offsets[0],
            count: offsets.len() as u64,
            gaps,
        }
    }

    /// Hands out the offsets; says which is the last.
    pub(crate) fn each(&self, each: impl FnMut(u64)) -> Result<u64, Malformed> {
        read_gaps(self.gaps, self.first, self.count, each)
    }
}

impl<'a> List<'a> {
    /// How many events there are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            List::Run { count, .. } | List::Short(Short { count, .. }) => *count,
            List::Long(long) => long.count,
        }
    }

    /// The first offset.
    pub(crate) fn first(&self) -> u64 {
        match self {
            List::Run { first, .. } | List::Short(Short { first, .. }) => *first,
            List::Long(long) => long.first,
        }
    }

    /// The last offset.
    pub(crate) fn last(&self) -> Result<u64, Malformed> {
        match self {
            List::Run { first, count } => Ok(first + (count - 1)),
            List::Short(short) => short.each(|_| ()),
            List::Long(long) => Ok(long.last),
        }
    }

    fn kind(&self) -> u64 {
        match self {
            List::Run { .. } => RUN,
            List::Short(_) => SHORT,
            List::Long(_) => LONG,
        }
    }

    fn read(kind: u64, count: u64, reader: &mut Reader<'a>) -> Result<List<'a>, Malformed> {
        const WRONG: Malformed = Malformed("the number of offsets of a list");
        let first = reader.varint("the first offset of a list")?;
        let last_of_run = count
            .checked_sub(1)
            .and_then(|more| first.checked_add(more));
        let last_of_run = last_of_run.ok_or(WRONG)?;
        match kind {
            RUN => Ok(List::Run { first, count }),
            SHORT if (2..=SHORT_OFFSETS_MAX as u64).contains(&count) => {
                let gaps = reader.take(reader.left(), "the offsets of a list")?;
                Ok(List::Short(Short { first, count, gaps }))
            }
            LONG if count >= 2 => {
                let left_out = reader.varint(WRONG.0)?;
                let last = last_of_run.checked_add(left_out).ok_or(WRONG)?;
                let number = reader.varint("the number of a list")?;
                let number =
                    u32::try_from(number).map_err(|_| Malformed("the number of a list"))?;
                Ok(List::Long(Long {
                    number,
                    first,
                    last,
                    count,
                }))
            }
            _ => Err(WRONG),
        }
    }
}

impl<'a> KeyValue<'a> {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        let revision = if self.revision_before > 0 {
            REVISION
        } else {
            0
        };
        let head = self.list.count() << COUNT_SHIFT | revision | self.list.kind();
        put_varint(out, head);
        if self.revision_before > 0 {
            put_varint(out, self.revision_before);
        }
        put_varint(out, self.list.first());
        match &self.list {
            List::Run { .. } => {}
            List::Short(short) => out.extend_from_slice(short.gaps),
            List::Long(long) => {
                put_varint(out, long.last - long.first - (long.count - 1));
                put_varint(out, u64::from(long.number));
            }
        }
    }

    /// Reads what [`put`](KeyValue::put) wrote. The gaps of a short list are checked when they are
    /// read.
    pub(crate) fn read(value: &'a [u8]) -> Result<KeyValue<'a>, Malformed> {
        let mut reader = Reader::new(value);
        let head = reader.varint("the number of offsets of a list")?;
        let revision_before = match head & REVISION {
            0 => 0,
            _ => match reader.varint("the revision before")? {
                0 => return Err(Malformed("the revision before")),
                revision => revision,
            },
        };
        let list = List::read(head & KIND, head >> COUNT_SHIFT, &mut reader)?;
        match reader.left() {
            0 => Ok(KeyValue {
                revision_before,
                list,
            }),
            _ => Err(Malformed("the length of a value")),
        }
    }

    /// The revision of a stream at the end of the segment.
    pub(crate) fn revision_after(&self) -> Result<u64, Malformed> {
        let after = self.revision_before.checked_add(self.list.count());
        after.ok_or(Malformed("the revision before"))
    }
}
