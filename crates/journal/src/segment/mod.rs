//! A segment: a part of the log that is sealed, in one file.
//!
//! The parts of a segment are put together from two structures. A [`tree`] maps keys to values; it
//! is written once, from keys in order, and read by blocks. [`stored`] is a block: packed, and
//! under a checksum.

mod decoders;
pub(crate) mod output;
pub(crate) mod stored;
pub(crate) mod tree;
