//! Arrows between crates only point down, and each dependency has its reason.

use std::collections::BTreeSet;

use crate::repository::{metadata, root};

/// What each crate may know of the workspace. A crate that is not here fails the test.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("headwater-event", &[]),
    ("headwater-journal", &["event"]),
    ("headwater-sql", &[]),
    ("headwater-projection", &["event", "journal", "sql"]),
    ("headwater-node", &["event", "journal", "sql", "projection"]),
    ("headwater-wire", &["event", "sql", "node"]),
    ("headwater", &["event", "journal", "node", "wire"]),
    ("headwater-sim", &["event", "journal"]),
    (
        "headwater-fuzz",
        &["event", "journal", "sql", "projection", "wire"],
    ),
    ("headwater-load", &[]),
    ("headwater-bench", &["event", "journal", "load"]),
    ("headwater-tidy", &[]),
];

fn names(list: &serde_json::Value, normal_only: bool) -> impl Iterator<Item = &str> {
    let list = list.as_array().expect("cargo lists them");
    list.iter()
        .filter(move |item| !normal_only || item["kind"].is_null())
        .map(|item| item["name"].as_str().expect("each has a name"))
}

#[test]
fn arrows_between_crates_point_down() {
    let metadata = metadata(false);
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some((_, may_know)) = MAY_KNOW.iter().find(|(known, _)| *known == name) else {
            panic!("{name} is new: say in this file what it may know");
        };
        for dependency in names(&package["dependencies"], true) {
            if let Some(short) = dependency.strip_prefix("headwater-") {
                assert!(
                    may_know.contains(&short),
                    "{name} must not depend on {dependency}"
                );
            }
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let file = root().join("docs/decisions/0002-dependencies.md");
    let reasons = std::fs::read_to_string(file).unwrap();
    let metadata = metadata(false);
    let mut unexplained = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        unexplained.extend(
            names(&package["dependencies"], false)
                .filter(|name| !name.starts_with("headwater"))
                .filter(|name| !reasons.contains(&format!("`{name}`"))),
        );
    }
    assert!(
        unexplained.is_empty(),
        "say why in 0002-dependencies.md: {unexplained:?}"
    );
}
