//! `sql`: rows as a table or as JSON.

use std::path::Path;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use unicode_width::UnicodeWidthStr as _;

use crate::args::{self, RowFormat, Target};
use crate::client::{Lines, Problem, RowColumn, Sql, read_json};
use crate::command::input;
use crate::connect::{self, Need};
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::table;

/// The first line of an answer.
#[derive(Deserialize)]
struct Head {
    columns: Vec<RowColumn>,
    position: u64,
}

/// The last line of an answer.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Rows(u64),
    Error(Box<Problem>),
}

/// Asks, and prints the rows on stdout and the position on stderr.
pub(crate) async fn run(target: &Target, args: args::Sql) -> Result<(), Failure> {
    let sql = Sql {
        sql: match (&args.query, &args.file) {
            (Some(query), _) => query.clone(),
            (None, file) => input::text(file.as_deref().unwrap_or(Path::new("-")))?,
        },
        params: args.params.iter().map(|text| value(text)).collect(),
        at: args.at.as_deref().map(value),
        wait_for: args.wait_for,
        consistency: args.eventual.then_some("eventual"),
        timeout_ms: args
            .timeout
            .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
    };
    let connection = connect::open(target, Need::Moment).await?;
    let done = match connection
        .client()
        .sql_lines(&args.database.database, &sql)
        .await
    {
        Ok(lines) => print(lines, args.output).await,
        Err(failure) => Err(failure),
    };
    connection.close().await?;
    done.map_err(|failure| pointing_into(failure, &sql.sql))
}

/// A value from the command line: JSON, or text if it is not JSON.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

async fn print(mut lines: Lines, format: RowFormat) -> Result<(), Failure> {
    let broken = || Failure::new("the answer broke off").advice("run the query again");
    let head: Head = read_json(&lines.next().await?.ok_or_else(broken)?)?;
    let mut printer = Printer::new(head.columns, format);
    loop {
        let line = lines.next().await?.ok_or_else(broken)?;
        if line.first() == Some(&b'[') {
            printer.row(&line)?;
            continue;
        }
        let count = match read_json(&line)? {
            End::Rows(count) => count,
            End::Error(problem) => return Err((*problem).into()),
        };
        printer.finish()?;
        eprintln!("{} as of position {}", counted(count, "row"), head.position);
        return Ok(());
    }
}

/// Prints rows: a table when all are there, as its columns are as wide as their widest value;
/// JSON at once.
struct Printer {
    columns: Vec<RowColumn>,
    format: RowFormat,
    rows: Vec<Vec<String>>,
    output: Output,
}

impl Printer {
    fn new(columns: Vec<RowColumn>, format: RowFormat) -> Printer {
        Printer {
            columns,
            format,
            rows: Vec::new(),
            output: Output::new(),
        }
    }

    fn row(&mut self, line: &Bytes) -> Result<(), Failure> {
        let values: Vec<Value> = read_json(line)?;
        if self.format == RowFormat::Table {
            self.rows.push(values.iter().map(table::cell).collect());
            return Ok(());
        }
        let names = self.columns.iter().map(|column| column.name.clone());
        let object: Map<String, Value> = names.zip(values).collect();
        self.output.line(Value::Object(object).to_string())
    }

    fn finish(mut self) -> Result<(), Failure> {
        if self.format == RowFormat::Table {
            for line in table::lines(&columns(&self.columns), &self.rows) {
                self.output.line(line)?;
            }
        }
        self.output.flush()
    }
}

/// The columns of a table: numbers stand right.
pub(crate) fn columns(columns: &[RowColumn]) -> Vec<table::Column> {
    let numbers = [
        "int",
        "integer",
        "bigint",
        "double precision",
        "numeric",
        "smallint",
    ];
    columns
        .iter()
        .map(|column| table::Column {
            name: table::one_line(&column.name),
            right: numbers.contains(&column.r#type.as_str()),
        })
        .collect()
}

/// The failure with the line of the query that it is about, and a mark under the place.
fn pointing_into(failure: Failure, sql: &str) -> Failure {
    match failure.sql_position().and_then(|place| marked(sql, place)) {
        Some(text) => failure.line("query", text),
        None => failure,
    }
}

/// The line that holds the character `place`, counted from 1, with a mark under it.
fn marked(sql: &str, place: usize) -> Option<String> {
    let before: String = sql.chars().take(place.checked_sub(1)?).collect();
    let line = sql.split('\n').nth(before.matches('\n').count())?;
    let lead = before.rsplit('\n').next().unwrap_or_default();
    let space = " ".repeat(table::one_line(lead).width());
    Some(format!("{}\n{space}^", table::one_line(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_json_or_text() {
        assert_eq!(value("7"), Value::from(7));
        assert_eq!(value("ada"), Value::from("ada"));
        assert_eq!(value("\"7\""), Value::from("7"));
        assert_eq!(value("null"), Value::Null);
        assert_eq!(value("2026-11-20"), Value::from("2026-11-20"));
    }

    #[test]
    fn a_mark_stands_under_the_place() {
        assert_eq!(
            marked("select 1\nfrom nowhere", 15).unwrap(),
            "from nowhere\n     ^"
        );
        assert_eq!(marked("selekt", 1).unwrap(), "selekt\n^");
        assert_eq!(marked("select", 0), None);
    }
}
