//! How the demos look: plain text of at most [`COLUMNS`], good with and without colour.

use std::path::Path;

use serde_json::Value;

use crate::args::Target;
use crate::client::Rows;
use crate::command::sql::columns;
use crate::output;
use crate::table;

/// The widest line.
pub(super) const COLUMNS: usize = 96;

/// What stands before the lines of a paragraph.
const INDENT: &str = "   ";

/// A heading, with a rule under it.
pub(super) fn title(text: &str) -> String {
    let rule = "─".repeat(text.chars().count());
    format!("{}\n{rule}", bold(text))
}

/// Every line moved to the right.
pub(super) fn indented(text: &str) -> String {
    let line = |line: &str| match line {
        "" => String::new(),
        line => format!("{INDENT}{line}"),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A heading with commands under it, and what each is for.
pub(super) fn list(heading: &str, commands: &[(&str, String)]) -> String {
    let lines: Vec<String> = commands
        .iter()
        .map(|(what, command)| format!("{what:<18}{command}"))
        .collect();
    format!("\n{}\n\n{}", title(heading), indented(&lines.join("\n")))
}

/// The program as it was called, so that what is printed can be pasted.
pub(super) fn program() -> String {
    let called = std::env::args().next().filter(|name| !name.is_empty());
    called.unwrap_or_else(|| "headwater".to_owned())
}

/// The options that lead another command to the same server, as a shell takes them.
pub(super) fn options(target: &Target) -> String {
    match &target.server {
        Some(server) => format!(" --server {server}"),
        None if target.data == Path::new("headwater-data") => String::new(),
        None => format!(" --data '{}'", target.data.display()),
    }
}

/// The last words.
pub(super) fn closing(lines: &[&str]) -> String {
    format!("\n{}", lines.join("\n"))
}

/// Text that stands out where that can be shown.
pub(super) fn bold(text: &str) -> String {
    match output::is_styled() {
        true => format!("\u{1b}[1m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// The rows of an answer as a table.
pub(super) fn rows(rows: &Rows) -> String {
    let cells: Vec<Vec<String>> = rows
        .rows
        .iter()
        .map(|row| row.iter().map(table::cell).collect())
        .collect();
    table::lines(&columns(&rows.columns), &cells).join("\n")
}

/// JSON on as few lines as fit, to be read by people.
pub(super) fn json(value: &Value) -> String {
    fit(value, 0, COLUMNS - INDENT.len())
}

fn fit(value: &Value, indent: usize, columns: usize) -> String {
    let whole = value.to_string();
    if indent + whole.chars().count() <= columns {
        return whole;
    }
    let (open, close, parts): (char, char, Vec<String>) = match value {
        Value::Array(items) => {
            let parts = items.iter().map(|item| fit(item, indent + 1, columns));
            ('[', ']', parts.collect())
        }
        Value::Object(fields) => {
            let part = |(name, item): (&String, &Value)| {
                let name = format!("{}:", Value::from(name.as_str()));
                let item = fit(item, indent + 1 + name.chars().count(), columns);
                format!("{name}{item}")
            };
            ('{', '}', fields.iter().map(part).collect())
        }
        _ => return whole,
    };
    let break_line = format!(",\n{}", " ".repeat(indent + 1));
    format!("{open}{}{close}", parts.join(&break_line))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_broken_where_it_does_not_fit() {
        let value = json!({"a": [1, 2], "b": {"c": "x".repeat(12), "d": 1}});
        assert_eq!(fit(&value, 0, 60), value.to_string());
        assert_eq!(
            fit(&value, 0, 24),
            "{\"a\":[1,2],\n \"b\":{\"c\":\"xxxxxxxxxxxx\",\n      \"d\":1}}"
        );
    }

    #[test]
    fn empty_lines_stay_empty() {
        assert_eq!(indented("a\n\nb"), "   a\n\n   b");
    }
}
