//! What `stats` answers.

use serde::Deserialize;

use crate::client::Problem;

/// Where the bytes of a database are, as far as the command shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Stats {
    /// How many events there are.
    pub(crate) head: u64,
    /// How many appends.
    pub(crate) appends: u64,
    /// How many streams.
    pub(crate) streams: u64,
    /// Bytes, by where they are.
    pub(crate) bytes: StatsBytes,
    /// Bytes on the disk for each event.
    pub(crate) bytes_per_event: f64,
    /// Bytes of appends for each byte of blocks.
    pub(crate) data_ratio: f64,
    /// Bytes of appends for each byte of segments.
    pub(crate) segment_ratio: f64,
    /// What is not in a segment yet.
    pub(crate) tail: Tail,
    /// The levels, the lowest first.
    pub(crate) levels: Vec<Level>,
    /// The segments, oldest first.
    pub(crate) segments: Vec<Segment>,
    /// Bytes written for each byte of appends.
    pub(crate) write_amplification: Amplification,
    /// Bytes kept for each byte of appends.
    pub(crate) space_amplification: Amplification,
    /// What is due to be merged.
    pub(crate) merge_debt: MergeDebt,
    /// How the writer was slowed.
    pub(crate) slowed: Slowed,
    /// How sealing goes.
    pub(crate) sealing: Work,
    /// How merging goes.
    pub(crate) merging: Work,
    /// The largest streams.
    pub(crate) largest_streams: Vec<Named>,
    /// The types with the most events.
    pub(crate) largest_types: Vec<Named>,
}

/// Bytes, by where they are.
#[derive(Debug, Deserialize)]
pub(crate) struct StatsBytes {
    pub(crate) appends: u64,
    pub(crate) disk: u64,
    pub(crate) tail: u64,
    pub(crate) blocks: u64,
    pub(crate) dictionaries: u64,
    pub(crate) lists: u64,
    pub(crate) places: u64,
    pub(crate) ids: u64,
    pub(crate) filters: u64,
    pub(crate) rest: u64,
    pub(crate) manifest: u64,
}

/// What is not in a segment yet.
#[derive(Debug, Deserialize)]
pub(crate) struct Tail {
    pub(crate) pieces_waiting: u64,
    pub(crate) pieces_free: u64,
}

/// The segments of a level.
#[derive(Debug, Deserialize)]
pub(crate) struct Level {
    pub(crate) level: u8,
    pub(crate) segments: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    pub(crate) appends: u64,
}

/// A segment.
#[derive(Debug, Deserialize)]
pub(crate) struct Segment {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) level: u8,
    pub(crate) bytes: u64,
    pub(crate) appends: u64,
}

/// Bytes for each byte of appends.
#[derive(Debug, Deserialize)]
pub(crate) struct Amplification {
    pub(crate) value: f64,
    pub(crate) max: f64,
}

/// What is due to be merged.
#[derive(Debug, Deserialize)]
pub(crate) struct MergeDebt {
    pub(crate) bytes: u64,
    pub(crate) segments: u64,
    pub(crate) segments_free: u64,
}

/// How the writer was slowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Slowed {
    pub(crate) commits: u64,
    pub(crate) seconds: f64,
}

/// How sealing or merging goes.
#[derive(Debug, Deserialize)]
pub(crate) struct Work {
    pub(crate) state: String,
    pub(crate) segments: u64,
    pub(crate) bytes: u64,
    pub(crate) failures: u64,
    pub(crate) last_failure: Option<WorkFailure>,
}

/// An attempt that failed.
#[derive(Debug, Deserialize)]
pub(crate) struct WorkFailure {
    pub(crate) at: String,
    pub(crate) error: Problem,
}

/// A name, and how many events have it.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) events: u64,
}
