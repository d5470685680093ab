//! Rows as a table of plain text.

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// The name of a column, and whether its values stand at the right, as numbers do.
pub(crate) struct Column {
    /// What stands above it.
    pub(crate) name: String,
    /// Whether its values are aligned at their ends.
    pub(crate) right: bool,
}

impl Column {
    /// A column of text.
    pub(crate) fn left(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            right: false,
        }
    }

    /// A column of numbers.
    pub(crate) fn right(name: &str) -> Column {
        Column {
            name: name.to_owned(),
            right: true,
        }
    }
}

/// The lines of a table: names, a rule, and the rows.
pub(crate) fn lines(columns: &[Column], rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| cell.width()).max().unwrap_or(0);
            widest.max(columns[at].name.width()).max(1)
        })
        .collect();
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    [&names, &rule]
        .into_iter()
        .chain(rows)
        .map(|cells| line(columns, &widths, cells))
        .collect()
}

fn line(columns: &[Column], widths: &[usize], cells: &[String]) -> String {
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        let space = " ".repeat(widths[at].saturating_sub(cell.width()));
        if at > 0 {
            line.push_str("  ");
        }
        if columns[at].right {
            line.push_str(&space);
            line.push_str(cell);
        } else {
            line.push_str(cell);
            line.push_str(&space);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// A value as a cell: text as it is, but on one line; null as nothing.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        other => other.to_string(),
    }
}

/// Text with its control characters escaped, so that it cannot break the table or the terminal.
pub(crate) fn one_line(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_left_and_numbers_right() {
        let columns = [Column::left("name"), Column::right("events")];
        let rows = [
            vec!["ada".to_owned(), "7".to_owned()],
            vec!["日本".to_owned(), "12345".to_owned()],
        ];
        assert_eq!(
            lines(&columns, &rows).join("\n"),
            "name  events\n────  ──────\nada        7\n日本   12345"
        );
    }

    #[test]
    fn cells_cannot_break_the_table() {
        assert_eq!(cell(&Value::Null), "");
        assert_eq!(
            cell(&Value::from("two\nlines\u{1b}[2J")),
            "two\\nlines\\u{1b}[2J"
        );
        assert_eq!(cell(&serde_json::json!({"a": [1]})), r#"{"a":[1]}"#);
    }
}
