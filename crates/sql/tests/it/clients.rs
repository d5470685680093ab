//! What clients ask the catalogs: PostgreSQL and Headwater have the same tables, and must answer
//! alike.
//!
//! The clients are the real ones: each talks to PostgreSQL, and tells what it asks there. Then both
//! servers are asked that. What applications ask stands in `tests/catalogs.sql`. Numbers of tables,
//! indexes and constraints differ between the two: they are compared by the names that they stand for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Commands of psql, whose answers are the same.
const COMMANDS: &[&str] = &[
    r"\d",
    r"\dt",
    r"\d account",
    r"\d line",
    r"\d+ account",
    r"\d account_pkey",
    r"\dt public.*",
    r"\df",
    r"\di",
    r"\dv",
    r"\dm",
    r"\ds",
    r"\dA",
    r"\dD",
    r"\ddp",
    r"\drds",
    r"\det",
    r"\dew",
    r"\des",
    r"\dy",
    r"\dRp",
    r"\dRs",
];

/// Commands of psql, whose answers have the same columns: the servers have other roles, databases
/// and sizes.
const COMMANDS_OF_SERVERS: &[&str] = &[
    r"\l", r"\dn", r"\dn+", r"\du", r"\dt+", r"\di+", r"\dS", r"\dT", r"\dp", r"\dx", r"\db",
];

/// Functions of `asks.py`, and whether their answers have the same columns alone: the version is
/// another, and tables have no type of their rows here.
const PYTHON: &[(&str, bool)] = &[
    ("psycopg_types", false),
    ("psycopg_types_of_rows", true),
    ("sqlalchemy_server", true),
    ("sqlalchemy_tables", false),
];

/// Something that is asked of both.
struct Question {
    /// Who asks.
    of: String,
    sql: String,
    /// The columns of the answers must agree, and not the rows.
    columns_alone: bool,
}

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
    let questions = questions(&server, &theirs);
    let mut disagreements = Vec::new();
    for question in &questions {
        let ask = |mut answer: Outcome, numbers| {
            named(&mut answer, numbers);
            if let (true, Outcome::Rows(answer)) = (question.columns_alone, &mut answer) {
                answer.rows.clear();
            }
            answer.sort();
            answer
        };
        let sql = &question.sql;
        let expected = query_postgres(&mut client, &numbered(sql, &theirs));
        let expected = ask(expected, &theirs);
        let found = ask(headwater.query(&numbered(sql, &ours)), &ours);
        if !found.agrees_with(&expected) {
            disagreements.push(format!(
                "{}: {sql}\n    PostgreSQL: {}\n    Headwater:  {}",
                question.of,
                expected.describe(),
                found.describe()
            ));
        }
    }
    let count = questions.len();
    assert!(count >= 140, "only {count} questions are left");
    assert!(
        disagreements.is_empty(),
        "{} of {count} disagree:\n\n{}",
        disagreements.len(),
        disagreements.join("\n\n")
    );
}

fn questions(server: &PostgresServer, theirs: &BTreeMap<String, String>) -> Vec<Question> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let written = paragraphs(&tests.join("catalogs.sql"));
    let mut questions: Vec<_> = written
        .into_iter()
        .map(|(line, comments, sql)| Question {
            of: format!("catalogs.sql:{line}"),
            sql,
            columns_alone: comments.iter().any(|one| one.contains("only answers")),
        })
        .collect();
    let mut heard = |of: &str, statements: Vec<String>, columns_alone| {
        assert!(!statements.is_empty(), "{of} asks nothing");
        questions.extend(statements.into_iter().map(|sql| Question {
            of: of.to_owned(),
            sql: unnumbered(&sql, theirs),
            columns_alone,
        }));
    };
    for command in COMMANDS {
        heard(command, asked_by_psql(server, command), false);
    }
    for command in COMMANDS_OF_SERVERS {
        heard(command, asked_by_psql(server, command), true);
    }
    for (what, columns_alone) in PYTHON {
        let script = tests.join("clients/asks.py");
        heard(what, asked_by_python(server, &script, what), *columns_alone);
    }
    questions
}

/// What psql sends for a command: it shows that (`-E`) between two lines of stars.
fn asked_by_psql(server: &PostgresServer, command: &str) -> Vec<String> {
    let mut psql = server.client("psql");
    let said = said(psql.args(["-X", "-E", "-c", command]));
    let mut asked = Vec::new();
    let mut rest = said.as_str();
    while let Some((_, begun)) = rest.split_once("* QUERY *") {
        let (_, begun) = begun.split_once('\n').unwrap();
        let (sql, after) = begun.split_once("\n****").unwrap();
        asked.push(sql.trim_end_matches(';').to_owned());
        rest = after;
    }
    asked
}

fn asked_by_python(server: &PostgresServer, script: &Path, what: &str) -> Vec<String> {
    let python =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/clients/python/bin/python");
    let shown = python.display();
    assert!(python.exists(), "there is no {shown}: ./check installs it");
    let mut client = server.client(python);
    let said = said(client.arg(script).arg(what));
    let statements = said.lines().map(|line| serde_json::from_str(line).unwrap());
    // What is shown is a setting of the connection, which is not asked in SQL.
    statements
        .filter(|sql: &String| !sql.starts_with("show "))
        .collect()
}

/// What a client prints. It has to succeed.
fn said(client: &mut Command) -> String {
    let ran = client.output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{client:?}: {errors}");
    String::from_utf8(ran.stdout).unwrap()
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

/// Puts names in the place of the numbers of a statement.
fn unnumbered(sql: &str, numbers: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[at..].find(|c: char| !c.is_ascii_digit());
        let end = digits.map_or(rest.len(), |length| at + length);
        let number = &rest[at..end];
        let name = numbers.iter().find(|(_, one)| *one == number);
        out += &rest[..at];
        match name {
            Some((name, _)) => out += &format!("{{{name}}}"),
            None => out += number,
        }
        rest = &rest[end..];
    }
    out + rest
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
