//! What is fuzzed: the decoders of the log, of appends, queries and projections, and of what clients
//! of the PostgreSQL and Kafka protocols send. Each takes any bytes, and may neither panic, nor hang,
//! nor take more memory than they are worth. What a whole server makes of bytes is tested in `wire`,
//! with sessions that are cut and changed.
//!
//! The folder `fuzz` of the repository has a program for each, outside the workspace, and the corpora
//! that they start from. With a nightly toolchain and cargo-fuzz:
//!
//! ```text
//! cargo +nightly fuzz run manifest
//! ```
//!
//! A test here runs each over its corpus, and over changes of it, with what every toolchain has.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use headwater_event::json::{self, QueryItemBody};
use headwater_projection::Definition;
use headwater_sql::{Catalog, compile_query, event_table};

/// A decoder, by the name of its program and of its corpus.
pub type Target = (&'static str, fn(&[u8]));

/// All that are fuzzed.
pub const TARGETS: [Target; 17] = [
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
    ("sql", sql),
    ("sign_in", headwater_wire::fuzz::sign_in),
    ("kafka_request", headwater_wire::fuzz::kafka_request),
    ("kafka_batch", headwater_wire::fuzz::kafka_batch),
    ("postgres_message", headwater_wire::fuzz::postgres_message),
    ("postgres_value", headwater_wire::fuzz::postgres_value),
    (
        "postgres_statements",
        headwater_wire::fuzz::postgres_statements,
    ),
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

/// A query in SQL, over the table `event`.
pub fn sql(bytes: &[u8]) {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let mut catalog = Catalog::new();
        let added = catalog.add(None, Arc::new(event_table()));
        assert!(added.is_ok(), "{added:?}");
        catalog
    });
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = compile_query(text, &CATALOG, &[]);
    }
}
