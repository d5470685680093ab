//! Everything that is compiled in may be given on under our own licence.

use crate::repository::{metadata, root};

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    let list = text
        .split("allow = [")
        .nth(1)
        .expect("deny.toml has a list `allow`");
    let list = list.split(']').next().unwrap_or_default();
    list.split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_licence_is_allowed() {
    let allowed = allowed();
    let fits = |expression: &str| {
        let flat = expression.replace(['(', ')'], "").replace('/', " OR ");
        flat.split(" OR ").any(|choice| {
            choice
                .split(" AND ")
                .all(|part| allowed.iter().any(|name| name == part.trim()))
        })
    };
    assert!(fits("MIT") && !fits("GPL-3.0-only") && !fits("MIT AND GPL-3.0-only"));
    let metadata = metadata(true);
    for package in metadata["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(
            fits(licence),
            "{} has the licence {licence}",
            package["name"]
        );
    }
}
