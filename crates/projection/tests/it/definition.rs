//! The file of a projection: what is read from it, and what is said of what is wrong.

use headwater_projection::{Definition, DefinitionError};

use crate::support::ACCOUNTS;

fn refused(text: &str) -> DefinitionError {
    match Definition::parse(text) {
        Ok(definition) => panic!("{definition:?} was read from {text}"),
        Err(error) => error,
    }
}

#[test]
fn a_file_says_its_name_its_tables_and_its_types() {
    let definition = Definition::parse(ACCOUNTS).unwrap();
    assert_eq!(definition.name(), "accounts");
    assert_eq!(definition.text(), ACCOUNTS);
    let tables: Vec<&str> = definition
        .tables()
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(tables, ["account"]);
    let types: Vec<&str> = definition
        .types()
        .iter()
        .map(|name| name.as_str())
        .collect();
    assert_eq!(types, ["AccountClosed", "AccountOpened", "EmailChanged"]);
}

#[test]
fn the_version_is_that_of_the_text() {
    let version = |text: &str| Definition::parse(text).unwrap().version();
    assert_eq!(version(ACCOUNTS), version(ACCOUNTS));
    let changed = ACCOUNTS.replace("email text not null", "email text");
    assert_ne!(version(ACCOUNTS), version(&changed));
    assert_eq!(version(ACCOUNTS).to_string().len(), 16);
}
