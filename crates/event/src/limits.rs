//! Every limit on what a caller may send, in one place.
//!
//! A limit is inclusive: the value itself is accepted and one more is refused
//! with [`Kind::TooLarge`](crate::Kind::TooLarge) or
//! [`Kind::Invalid`](crate::Kind::Invalid).

/// Bytes of one event's data.
pub const DATA_BYTES_MAX: usize = 1 << 20;

/// Bytes of one event's metadata, as JSON text.
pub const METADATA_BYTES_MAX: usize = 64 << 10;

/// Levels of nesting in JSON data and metadata.
pub const JSON_DEPTH_MAX: usize = 100;

/// Bytes of one append in its canonical encoding.
pub const APPEND_BYTES_MAX: usize = 32 << 20;

/// Events in one append.
pub const APPEND_EVENTS_MAX: usize = 100_000;

/// Bytes of a stream name or an event type.
pub const NAME_BYTES_MAX: usize = 400;

/// Tags of one event.
pub const TAGS_MAX: usize = 32;

/// Bytes of one tag.
pub const TAG_BYTES_MAX: usize = 256;

/// Bytes of a content type.
pub const CONTENT_TYPE_BYTES_MAX: usize = 128;

/// Items of one query.
pub const QUERY_ITEMS_MAX: usize = 64;

/// Types, and tags, of one query item.
pub const QUERY_ITEM_NAMES_MAX: usize = 64;

/// Streams whose revision one append may expect.
pub const EXPECTED_STREAMS_MAX: usize = 10_000;

/// Events in one page of a read.
pub const READ_EVENTS_MAX: usize = 10_000;

/// How far the clock may be behind the last commit before appends are
/// refused, in microseconds: ten minutes.
pub const CLOCK_BEHIND_MICROS_MAX: i64 = 10 * 60 * 1_000_000;
