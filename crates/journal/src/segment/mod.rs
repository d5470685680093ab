//! A segment: a part of the log that is sealed, in one file.
//!
//! The parts of a segment are put together from a few structures. A [`tree`] maps keys to values; it
//! is written once, from keys in order, and read by blocks. [`postings`] are lists of positions,
//! kept in values or in chunks. [`stored`] is a block or a chunk: packed, and under a checksum.
//! [`keys`] are the names of a segment, a tree and its lists, and [`merge_keys`] puts those of
//! adjacent segments together.

mod decoders;
#[cfg(test)]
mod file;
pub(crate) mod keys;
pub(crate) mod merge_keys;
pub(crate) mod output;
pub(crate) mod postings;
pub(crate) mod stored;
pub(crate) mod tree;

use headwater_event::{Error, Kind};

/// What the code of a segment must not ask of another part.
fn defect(what: &str) -> Error {
    Error::new(Kind::Internal, "internal", what).action("report this; the log is as it was")
}
