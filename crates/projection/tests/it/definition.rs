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

/// What is wrong, a text, the line and column, and words of the message and of what was expected.
type Case = (
    &'static str,
    &'static str,
    (usize, usize),
    &'static str,
    &'static str,
);

const ILL_FORMED: &[Case] = &[
    (
        "no name",
        "create table t (id text primary key);\n-- on: A\ndelete from t;",
        (1, 1),
        "has no name",
        "-- projection: accounts",
    ),
    (
        "the name after a statement",
        "create table t (id text primary key);\n-- projection: p\n-- on: A\ndelete from t;",
        (2, 1),
        "comes after a statement",
        "before the first statement",
    ),
    (
        "two names",
        "-- projection: p\n-- projection: p\ncreate table t (id text primary key);\n-- on: A\ndelete from t;",
        (2, 1),
        "named twice",
        "the first stands on line 1",
    ),
    (
        "a name that is no file name",
        "-- projection: Über uns\ncreate table t (id text primary key);\n-- on: A\ndelete from t;",
        (1, 16),
        "cannot be named `Über uns`",
        "a-z",
    ),
    (
        "no table",
        "-- projection: p\n-- on: A\ndelete from t;",
        (1, 1),
        "has no table",
        "create table",
    ),
    (
        "no handler",
        "-- projection: p\ncreate table t (id text primary key);\n",
        (2, 1),
        "no event type is handled",
        "-- on: AccountOpened",
    ),
    (
        "a handler that does nothing",
        "-- projection: p\ncreate table t (id text primary key);\n-- on: A\n\n-- on: B\ndelete from t;",
        (3, 1),
        "nothing is done on A",
        "insert",
    ),
    (
        "a missing semicolon",
        "-- projection: p\ncreate table t (id text primary key);\n-- on: A\ndelete from t\n\n-- on: B\ndelete from t;",
        (6, 1),
        "begins on line 4 has no end",
        "semicolon",
    ),
    (
        "no type",
        "-- projection: p\ncreate table t (id text primary key);\n-- on: \ndelete from t;",
        (3, 8),
        "event type is empty",
        "commas",
    ),
    (
        "a type twice",
        "-- projection: p\ncreate table t (id text primary key);\n-- on: A, B, A\ndelete from t;",
        (3, 8),
        "A is named twice",
        "once",
    ),
    (
        "a handler before the first type",
        "-- projection: p\ncreate table t (id text primary key);\ndelete from t;\n-- on: A\ndelete from t;",
        (3, 1),
        "belongs to no event type",
        "create table",
    ),
    (
        "the table of the log",
        "-- projection: p\ncreate table \"Event\" (id text);\n-- on: A\ndelete from \"Event\";",
        (2, 1),
        "Headwater's own",
        "another name",
    ),
];

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_was_expected() {
    for (what, text, place, message, expected) in ILL_FORMED {
        let error = refused(text);
        assert_eq!((error.line, error.column), *place, "{what}: {error}");
        assert!(error.message.contains(message), "{what}: {error}");
        let told = error.expected.as_deref().unwrap_or_default();
        assert!(told.contains(expected), "{what}: {error}");
    }
}

#[test]
fn what_the_sql_says_is_told_with_its_line_in_the_file() {
    let cases = [
        ("update account set mail = :mail;", "42703", (6, 20)),
        (
            "update account\n   set email = clock_timestamp();",
            "0A000",
            (7, 16),
        ),
        ("insert into account (id) values (@keys);", "42P02", (6, 34)),
        ("select id from account;", "0A000", (6, 1)),
        ("delete from event;", "42P01", (6, 13)),
        ("delete from account where id = 'open", "42601", (6, 32)),
    ];
    for (statement, sqlstate, place) in cases {
        let text = format!(
            "-- a comment\n-- projection: p\n\ncreate table account (id text primary key, email text);\n-- on: A\n{statement}\n"
        );
        let error = refused(&text);
        assert_eq!(
            error.sqlstate.as_deref(),
            Some(sqlstate),
            "{statement}: {error}"
        );
        assert_eq!((error.line, error.column), place, "{statement}: {error}");
        let told = headwater_event::Error::from(error);
        assert_eq!(told.code(), "bad_projection");
        assert!(
            told.to_string().contains(&format!("line {}", place.0)),
            "{told}"
        );
    }
}

/// What the SQL crate lets through and SQLite does not take: an index of the same name in another
/// case, and a call with more arguments than it counts.
#[test]
fn what_sqlite_does_not_take_is_refused_when_it_is_read() {
    let many = vec!["id"; 101].join(", ");
    for (more, statement, line) in [
        ("create index \"A\" on t (id);", "delete from t", 4),
        (
            &format!("create table u (id text primary key check (concat({many}) <> ''));"),
            "delete from t",
            4,
        ),
        ("", &format!("delete from t where id = concat({many})"), 6),
    ] {
        let text = format!(
            "-- projection: p\ncreate table t (id text primary key);\ncreate index a on t (id);\n\
             {more}\n-- on: A\n{statement};\n"
        );
        let error = refused(&text);
        assert_eq!(error.sqlstate.as_deref(), Some("XX000"), "{error}");
        assert_eq!((error.line, error.column), (line, 1), "{error}");
    }
}
