//! One statement, two engines: what each answers, in a form that can be compared.

use postgres::error::ErrorPosition;
use postgres::{Client, SimpleQueryMessage};

/// What a statement came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Columns and rows of a query.
    Rows(Answer),
    /// A statement without rows.
    Done,
    /// SQLSTATE, message, and the character to blame.
    Failed(String, String, Option<u32>),
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// Names and types (as in `pg_type.typname`).
    pub(crate) columns: Vec<(String, String)>,
    /// Values as PostgreSQL prints them.
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

impl Outcome {
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Outcome::Failed(state, ..) if state == "0A000")
    }

    /// The same but for words, which a message may choose.
    pub(crate) fn agrees_with(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Failed(left, ..), Outcome::Failed(right, ..)) => left == right,
            _ => self == other,
        }
    }

    /// Whether both blame a character, and not the same one; but for errors of syntax.
    pub(crate) fn blames_another(&self, other: &Outcome) -> bool {
        match (self, other) {
            (Outcome::Failed(state, _, Some(left)), Outcome::Failed(.., Some(right))) => {
                state != "42601" && left != right
            }
            _ => false,
        }
    }

    /// Sorts the rows, where a statement promises no order.
    pub(crate) fn sort(&mut self) {
        if let Outcome::Rows(answer) = self {
            answer.rows.sort();
        }
    }

    /// In a few lines.
    pub(crate) fn describe(&self) -> String {
        match self {
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(state, message, None) => format!("{state}: {message}"),
            Outcome::Failed(state, message, Some(at)) => {
                format!("{state}: {message} (at character {at})")
            }
            Outcome::Rows(answer) => {
                let columns: Vec<_> = answer
                    .columns
                    .iter()
                    .map(|(n, t)| format!("{n} {t}"))
                    .collect();
                let mut text = format!("({})", columns.join(", "));
                for row in answer.rows.iter().take(20) {
                    let values: Vec<_> =
                        row.iter().map(|v| v.as_deref().unwrap_or("NULL")).collect();
                    text += &format!("\n        {}", values.join(" | "));
                }
                text
            }
        }
    }
}

/// Runs a query in PostgreSQL.
pub(crate) fn query_postgres(client: &mut Client, sql: &str) -> Outcome {
    match try_query(client, sql) {
        Ok(answer) => Outcome::Rows(answer),
        Err(error) => failed(&error),
    }
}

/// Runs a statement that answers no rows in PostgreSQL.
pub(crate) fn execute_postgres(client: &mut Client, sql: &str) -> Outcome {
    match client.batch_execute(sql) {
        Ok(()) => Outcome::Done,
        Err(error) => failed(&error),
    }
}

/// The types of a statement's columns in PostgreSQL, without running it.
pub(crate) fn describe_postgres(client: &mut Client, sql: &str) -> Outcome {
    match client.prepare(sql) {
        Ok(statement) => Outcome::Rows(Answer {
            columns: columns(&statement),
            rows: Vec::new(),
        }),
        Err(error) => failed(&error),
    }
}

fn try_query(client: &mut Client, sql: &str) -> Result<Answer, postgres::Error> {
    let statement = client.prepare(sql)?;
    let mut rows = Vec::new();
    for message in client.simple_query(sql)? {
        if let SimpleQueryMessage::Row(row) = message {
            rows.push(
                (0..row.len())
                    .map(|at| row.get(at).map(str::to_owned))
                    .collect(),
            );
        }
    }
    Ok(Answer {
        columns: columns(&statement),
        rows,
    })
}

fn columns(statement: &postgres::Statement) -> Vec<(String, String)> {
    let named = statement.columns().iter();
    named
        .map(|column| (column.name().to_owned(), column.type_().name().to_owned()))
        .collect()
}

fn failed(error: &postgres::Error) -> Outcome {
    match error.as_db_error() {
        Some(error) => {
            let at = match error.position() {
                Some(ErrorPosition::Original(at)) => Some(*at),
                _ => None,
            };
            let state = error.code().code().to_owned();
            Outcome::Failed(state, error.message().to_owned(), at)
        }
        None => panic!("the connection to PostgreSQL failed: {error}"),
    }
}
