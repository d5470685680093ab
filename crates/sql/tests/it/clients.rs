//! What clients ask the catalogs, word for word: PostgreSQL and Headwater have the same tables, and
//! must answer alike.
//!
//! The files of `tests/clients` have the form of the corpus. `{account}` is the number of that table,
//! which differs; in an answer, numbers of tables, indexes and constraints are compared by their
//! names. After `-- only answers` the columns must agree and not the rows, because the two servers
//! have other roles and databases.

use std::collections::BTreeMap;
use std::path::Path;

use super::corpus::paragraphs;
use super::engines::{Outcome, execute_postgres, query_postgres};
use super::headwater::Headwater;
use super::postgres_server::PostgresServer;

const TABLES: &[&str] = &[
    "create table account (id text primary key, email text not null unique, name text, \
     opened timestamptz not null, logins int not null default 0 check (logins >= 0))",
    "create index account_name_idx on account (name)",
    "create table line (a bigint, b int, note text default 'x', primary key (a, b))",
];

const NUMBERED: &[&str] = &[
    "select oid, relname from pg_class where relnamespace = 'public'::regnamespace",
    "select oid, 'constraint ' || conname from pg_constraint where connamespace = 2200",
];

#[test]
fn clients_find_what_they_ask_for() {
    let server = PostgresServer::start();
    let mut client = server.connect();
    let mut headwater = Headwater::new();
    for table in TABLES {
        assert_eq!(execute_postgres(&mut client, table), Outcome::Done);
        assert_eq!(headwater.execute(table), Outcome::Done);
    }
    let theirs = numbers(|sql| query_postgres(&mut client, sql));
    let ours = numbers(|sql| headwater.query(sql));
    let mut disagreements = Vec::new();
    let mut count = 0;
    for file in ["psql", "psycopg", "sqlalchemy", "drivers"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/clients/{file}.sql"));
        for (line, comments, sql) in paragraphs(&path) {
            count += 1;
            let mut expected = query_postgres(&mut client, &numbered(&sql, &theirs));
            let mut found = headwater.query(&numbered(&sql, &ours));
            named(&mut expected, &theirs);
            named(&mut found, &ours);
            if comments
                .iter()
                .any(|comment| comment.contains("only answers"))
            {
                for outcome in [&mut expected, &mut found] {
                    if let Outcome::Rows(answer) = outcome {
                        answer.rows.clear();
                    }
                }
            }
            expected.sort();
            found.sort();
            if !found.agrees_with(&expected) {
                disagreements.push(format!(
                    "{file}.sql:{line}: {sql}\n    PostgreSQL: {}\n    Headwater:  {}",
                    expected.describe(),
                    found.describe()
                ));
            }
        }
    }
    assert!(count >= 100, "only {count} questions are left");
    assert!(
        disagreements.is_empty(),
        "{} of {count} disagree:\n\n{}",
        disagreements.len(),
        disagreements.join("\n\n")
    );
}

/// The number of each table, index and constraint of an engine.
fn numbers(mut query: impl FnMut(&str) -> Outcome) -> BTreeMap<String, String> {
    let mut numbers = BTreeMap::new();
    for sql in NUMBERED {
        let Outcome::Rows(answer) = query(sql) else {
            panic!("{sql} failed");
        };
        for row in answer.rows {
            let [Some(number), Some(name)] = row.as_slice() else {
                panic!("{sql} answered a null");
            };
            numbers.insert(name.clone(), number.clone());
        }
    }
    numbers
}

fn numbered(sql: &str, numbers: &BTreeMap<String, String>) -> String {
    let mut sql = sql.to_owned();
    for (name, number) in numbers {
        sql = sql.replace(&format!("{{{name}}}"), number);
    }
    sql
}

/// Puts names in the place of numbers.
fn named(outcome: &mut Outcome, numbers: &BTreeMap<String, String>) {
    let Outcome::Rows(answer) = outcome else {
        return;
    };
    for value in answer.rows.iter_mut().flatten().flatten() {
        if let Some((name, _)) = numbers.iter().find(|(_, number)| *number == value) {
            *value = format!("{{{name}}}");
        }
    }
}
