//! Links in documents lead somewhere.

use crate::repository::{files, short};

#[test]
fn links_between_documents_lead_somewhere() {
    let mut looked_at = 0;
    for file in files(".md") {
        let text = std::fs::read_to_string(&file).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            looked_at += 1;
            let place = file.parent().expect("a file is in a folder").join(target);
            assert!(
                place.exists(),
                "{} links to {link}, which is not there",
                short(&file)
            );
        }
    }
    assert!(looked_at > 5, "the documents link to each other");
}
