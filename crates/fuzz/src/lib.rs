//! What is fuzzed: the decoders of the log, and of appends, queries and projections. Each takes any
//! bytes, and may neither panic, nor hang, nor take more memory than they are worth. Those of the
//! PostgreSQL and Kafka protocols are not among them yet: tests of `wire` send them any bytes.
//!
//! The folder `fuzz` of the repository has a program for each, outside the workspace, and the corpora
//! that they start from. With a nightly toolchain and cargo-fuzz:
//!
//! ```text
//! cargo +nightly fuzz run manifest
//! ```
//!
//! A test here runs each over its corpus, and over changes of it, with what every toolchain has.

use bytes::Bytes;
use headwater_event::json::{self, QueryItemBody};
use headwater_projection::Definition;

/// A decoder, by the name of its program and of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All that are fuzzed.
pub const TARGETS: [Target; 10] = [
    ("frame", headwater_journal::fuzz::frame),
    ("commit", headwater_journal::fuzz::commit),
    ("manifest", headwater_journal::fuzz::manifest),
    ("segment", headwater_journal::fuzz::segment),
    ("block", headwater_journal::fuzz::block),
    ("tree", headwater_journal::fuzz::tree),
    ("postings", headwater_journal::fuzz::postings),
    ("append", append),
    ("query", query),
    ("projection", projection),
];

/// Runs the decoder of this name.
///
/// # Panics
///
/// If there is none, or if it has a defect.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, decode) = target.unwrap_or_else(|| panic!("there is no target {name}"));
    decode(bytes);
}

/// The body of an append. Both ways to read one say the same.
pub fn append(bytes: &[u8]) {
    let read = json::parse_append(bytes).and_then(|append| append.check().map(|()| append));
    let checked = json::parse_checked(&Bytes::copy_from_slice(bytes));
    assert_eq!(read.is_ok(), checked.is_ok(), "{read:?} {checked:?}");
}

/// A query.
pub fn query(bytes: &[u8]) {
    let items = json::parse::<Vec<QueryItemBody>>(bytes);
    let Ok(query) = items.and_then(|items| json::query(items, "query")) else {
        return;
    };
    let again = json::query(json::query_items(&query), "query");
    assert_eq!(again.ok(), Some(query));
}

/// The file of a projection.
pub fn projection(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Definition::parse(text);
    }
}
