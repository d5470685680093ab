//! Words of a protocol stay above the node.

use crate::repository::{files, short};

/// Words that belong to the interfaces of `wire`.
const ABOVE_NODE: &[&str] = &["kafka", "http::", "axum", "topic", "portal", "endpoint"];

/// The crates below `wire`.
const BELOW: &[&str] = &["event", "journal", "sql", "projection", "node"];

#[test]
fn protocol_words_stay_in_wire() {
    for file in files(".rs") {
        let path = short(&file);
        if !BELOW
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/src")))
        {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap().to_lowercase();
        for word in ABOVE_NODE {
            assert!(!text.contains(word), "{path} says `{word}`");
        }
    }
}
