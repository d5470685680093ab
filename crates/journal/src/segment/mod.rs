//! A segment: a part of the log that is sealed, in one file.
//!
//! ```text
//!  data blocks | dictionaries | lists and trees | ids | filter | tops | footer
//! ```
//!
//! It says everything that a reader asks of its events, by itself: the events in packed blocks of a
//! few, where each block is, the positions of every stream, category, type and tag, which event has
//! an id, a filter that says of most other names that they are not here, and the chain from its
//! start to its end. It is written once, from the start to the end, and read by ranges, so it is
//! the same file on a disk and in a bucket. docs/FORMAT.md draws every byte.
//!
//! [`seal`] makes one of commits, [`merge`] one of several that are next to each other, and
//! [`Segment`] reads it. The parts are put together from few structures: a [`tree`] maps keys to
//! values, [`postings`] are lists of positions, [`stored`] is a packed block under a checksum, and
//! [`paged`] are items that are looked up by number.

mod chain;
mod checked;
mod data;
mod decoders;
pub(crate) mod dictionary;
mod facet;
#[cfg(test)]
mod file;
mod filter;
mod footer;
pub(crate) mod fuzz;
mod ids;
pub(crate) mod keys;
mod mapped;
mod merge;
pub(crate) mod merge_keys;
mod names;
pub(crate) mod output;
mod paged;
mod places;
pub(crate) mod postings;
mod reader;
#[cfg(test)]
mod sample;
mod seal;
mod segment_file;
mod sink;
pub(crate) mod stored;
mod stream;
#[cfg(test)]
mod tests;
mod tops;
pub(crate) mod tree;
mod verify;

use headwater_event::{Error, Kind};

pub(crate) use crate::cache::BlockCache;
pub(crate) use facet::{Facet, key_of};
pub(crate) use filter::key_hash;
pub use footer::FOOTER_BYTES;
pub(crate) use footer::footer_crc;
pub(crate) use merge::merge;
pub(crate) use names::{ListInMemory, ListsInMemory, SegmentList, StreamEnd};
pub(crate) use reader::Segment;
pub(crate) use seal::{Source, seal};
pub(crate) use segment_file::{Takes, is_not_in_memory, missed};
pub(crate) use stored::Raw;
pub(crate) use tree::{TURNS, get_all};

/// What the code of a segment must not ask of another part.
fn defect(what: &str) -> Error {
    Error::new(Kind::Internal, "internal", what).action("report this; the log is as it was")
}
