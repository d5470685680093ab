//! `COPY (query) TO STDOUT`: rows as lines of text, in PostgreSQL's text format or as CSV.

use bytes::{BufMut as _, BytesMut};
use headwater_sql::{OutputColumn, Value};

use crate::postgres::failure::Failure;
use crate::postgres::words::{Word, Words};

/// How lines are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CopyOptions {
    csv: bool,
    header: bool,
    delimiter: char,
    null: String,
    quote: char,
    escape: char,
    /// The columns that are quoted even where they need not be; `None` inside is all of them.
    force_quote: Option<Option<Vec<String>>>,
}

/// What was said so far; what was not has a default that depends on the rest.
#[derive(Default)]
struct Said {
    csv: bool,
    header: bool,
    delimiter: Option<String>,
    null: Option<String>,
    quote: Option<String>,
    escape: Option<String>,
    force_quote: Option<Option<Vec<String>>>,
}

impl CopyOptions {
    /// Reads `[with] (format csv, header, ...)`, or the older `[with] csv header ...`.
    pub(crate) fn parse(words: &mut Words<'_>) -> Result<CopyOptions, Failure> {
        let mut said = Said::default();
        words.take("with");
        if words.take_symbol("(") {
            loop {
                said.option(words)?;
                if !words.take_symbol(",") {
                    break;
                }
            }
            words.expect_symbol(")")?;
        } else {
            while words.peek()? != Word::End {
                said.older_option(words)?;
            }
        }
        said.checked()
    }

    /// Refuses a name that none of the columns has.
    pub(crate) fn check(&self, columns: &[OutputColumn]) -> Result<(), Failure> {
        let mut named = self.force_quote.iter().flatten().flatten();
        let unknown = |name: &&String| columns.iter().all(|column| column.name != **name);
        match named.find(unknown) {
            None => Ok(()),
            Some(name) => {
                let message = format!("column \"{name}\" does not exist");
                Err(Failure::new("42703", message))
            }
        }
    }

    /// Whether the names of the columns stand before the rows.
    pub(crate) fn has_header(&self) -> bool {
        self.header
    }

    /// Writes the line of names.
    pub(crate) fn write_header(&self, out: &mut BytesMut, columns: &[OutputColumn]) {
        for (at, column) in columns.iter().enumerate() {
            self.separate(out, at);
            let forced = is_end(&column.name, columns);
            self.write_text(out, &column.name, forced);
        }
        out.put_u8(b'\n');
    }

    /// Writes a row as a line.
    pub(crate) fn write_row(&self, out: &mut BytesMut, columns: &[OutputColumn], row: &[Value]) {
        for (at, (value, column)) in row.iter().zip(columns).enumerate() {
            self.separate(out, at);
            match value.to_text() {
                None => out.extend_from_slice(self.null.as_bytes()),
                Some(text) => {
                    let forced = self.is_forced(column) || is_end(&text, columns);
                    self.write_text(out, &text, forced);
                }
            }
        }
        out.put_u8(b'\n');
    }

    fn separate(&self, out: &mut BytesMut, at: usize) {
        if at > 0 {
            push(out, self.delimiter);
        }
    }

    fn is_forced(&self, column: &OutputColumn) -> bool {
        match &self.force_quote {
            None => false,
            Some(None) => true,
            Some(Some(names)) => names.contains(&column.name),
        }
    }

    fn write_text(&self, out: &mut BytesMut, text: &str, forced: bool) {
        if !self.csv {
            return self.write_escaped(out, text);
        }
        let is_special =
            |c: char| c == self.delimiter || c == self.quote || matches!(c, '\n' | '\r');
        if !(forced || text == self.null || text.contains(is_special)) {
            return out.extend_from_slice(text.as_bytes());
        }
        push(out, self.quote);
        for character in text.chars() {
            if character == self.quote || character == self.escape {
                push(out, self.escape);
            }
            push(out, character);
        }
        push(out, self.quote);
    }

    fn write_escaped(&self, out: &mut BytesMut, text: &str) {
        for character in text.chars() {
            let escape = match character {
                '\u{8}' => 'b',
                '\u{c}' => 'f',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\u{b}' => 'v',
                '\\' => '\\',
                other if other == self.delimiter => other,
                other => {
                    push(out, other);
                    continue;
                }
            };
            out.put_u8(b'\\');
            push(out, escape);
        }
    }
}

/// Whether a line of this text alone would be taken for the end.
fn is_end(text: &str, columns: &[OutputColumn]) -> bool {
    columns.len() == 1 && text == "\\."
}

fn push(out: &mut BytesMut, character: char) {
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

impl Said {
    /// `name [value]`
    fn option(&mut self, words: &mut Words<'_>) -> Result<(), Failure> {
        match words.name()?.as_str() {
            "format" => self.csv = format(&word_or_text(words)?)?,
            "header" => self.header = switch(words)?,
            "delimiter" => self.delimiter = Some(text(words)?),
            "null" => self.null = Some(text(words)?),
            "quote" => self.quote = Some(text(words)?),
            "escape" => self.escape = Some(text(words)?),
            "encoding" => encoding(&text(words)?)?,
            "force_quote" => self.force_quote = Some(columns(words)?),
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    fn older_option(&mut self, words: &mut Words<'_>) -> Result<(), Failure> {
        match words.name()?.as_str() {
            "csv" => self.csv = true,
            "header" => self.header = true,
            "delimiter" | "null" | "quote" | "escape" | "encoding"
                if words.peek()? == Word::End =>
            {
                return Err(words.unexpected());
            }
            "delimiter" => self.delimiter = Some(after_as(words)?),
            "null" => self.null = Some(after_as(words)?),
            "quote" => self.quote = Some(after_as(words)?),
            "escape" => self.escape = Some(after_as(words)?),
            "encoding" => encoding(&text(words)?)?,
            "force" => {
                words.expect("quote")?;
                self.force_quote = Some(match words.take_symbol("*") {
                    true => None,
                    false => Some(names(words)?),
                });
            }
            "binary" => return Err(Failure::unsupported("COPY in binary format")),
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    fn checked(self) -> Result<CopyOptions, Failure> {
        if !self.csv
            && (self.quote.is_some() || self.escape.is_some() || self.force_quote.is_some())
        {
            return Err(Failure::new(
                "0A000",
                "COPY quote available only in CSV mode",
            ));
        }
        let quote = one(self.quote, '"', "quote")?;
        let delimiter = one(
            self.delimiter,
            if self.csv { ',' } else { '\t' },
            "delimiter",
        )?;
        let null = self
            .null
            .unwrap_or_else(|| if self.csv { "" } else { "\\N" }.to_owned());
        let is_bad = |c: char| matches!(c, '\n' | '\r');
        if is_bad(delimiter) || null.contains(is_bad) || delimiter == quote && self.csv {
            return Err(Failure::new(
                "22023",
                "COPY delimiter, quote and null must differ and stand in one line",
            ));
        }
        if null.contains(delimiter) {
            let message = "COPY delimiter must not appear in the NULL specification";
            return Err(Failure::new("0A000", message));
        }
        if self.csv && null.contains(quote) {
            let message = "CSV quote character must not appear in the NULL specification";
            return Err(Failure::new("0A000", message));
        }
        if !self.csv && "\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(delimiter) {
            let message = format!("COPY delimiter cannot be \"{delimiter}\"");
            return Err(Failure::new("22023", message));
        }
        Ok(CopyOptions {
            csv: self.csv,
            header: self.header,
            delimiter,
            null,
            quote,
            escape: one(self.escape, quote, "escape")?,
            force_quote: self.force_quote,
        })
    }
}

/// One character of one byte, as PostgreSQL wants it.
fn one(said: Option<String>, default: char, name: &str) -> Result<char, Failure> {
    let Some(said) = said else {
        return Ok(default);
    };
    let mut characters = said.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) if character.is_ascii() => Ok(character),
        _ => Err(Failure::new(
            "0A000",
            format!("COPY {name} must be a single one-byte character"),
        )),
    }
}

fn format(name: &str) -> Result<bool, Failure> {
    match name {
        "text" => Ok(false),
        "csv" => Ok(true),
        "binary" => Err(Failure::unsupported("COPY in binary format")),
        other => Err(Failure::new(
            "22023",
            format!("COPY format \"{other}\" not recognized"),
        )),
    }
}

fn unknown(name: &str) -> Failure {
    Failure::new("42601", format!("option \"{name}\" not recognized"))
}

fn encoding(name: &str) -> Result<(), Failure> {
    match name.to_ascii_lowercase().replace('-', "").as_str() {
        "utf8" | "unicode" => Ok(()),
        _ => {
            Err(Failure::unsupported(format!("the encoding \"{name}\"")).hint("Text is UTF8 here."))
        }
    }
}

fn text(words: &mut Words<'_>) -> Result<String, Failure> {
    match words.peek()? {
        Word::Text(text) => words.next().map(|_| text),
        _ => Err(words.unexpected()),
    }
}

fn word_or_text(words: &mut Words<'_>) -> Result<String, Failure> {
    match words.peek()? {
        Word::Text(_) => text(words),
        _ => words.name(),
    }
}

fn after_as(words: &mut Words<'_>) -> Result<String, Failure> {
    words.take("as");
    text(words)
}

fn switch(words: &mut Words<'_>) -> Result<bool, Failure> {
    let value = match words.peek()? {
        Word::Plain(value) | Word::Text(value) | Word::Number(value) => value,
        _ => return Ok(true),
    };
    words.next()?;
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(Failure::new("42601", "header requires a Boolean value")),
    }
}

fn columns(words: &mut Words<'_>) -> Result<Option<Vec<String>>, Failure> {
    if words.take_symbol("*") {
        return Ok(None);
    }
    words.expect_symbol("(")?;
    let names = names(words)?;
    words.expect_symbol(")")?;
    Ok(Some(names))
}

fn names(words: &mut Words<'_>) -> Result<Vec<String>, Failure> {
    let mut names = vec![words.name()?];
    while words.take_symbol(",") {
        names.push(words.name()?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use headwater_sql::Type;

    use super::*;

    fn copied(options: &str, row: &[Value]) -> String {
        let options = CopyOptions::parse(&mut Words::new(options)).unwrap();
        let columns: Vec<OutputColumn> = ["a", "b c", "d"]
            .map(|name| OutputColumn {
                name: name.to_owned(),
                ty: Type::Text,
            })
            .into();
        let mut out = BytesMut::new();
        if options.has_header() {
            options.write_header(&mut out, &columns[..row.len()]);
        }
        options.write_row(&mut out, &columns, row);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn lines_are_those_of_postgresql() {
        let text = |text: &str| Value::Text(text.to_owned());
        let row = [text("x\ty\\z\n"), Value::Null, Value::Bool(true)];
        assert_eq!(copied("", &row), "x\\ty\\\\z\\n\t\\N\tt\n");
        assert_eq!(
            copied("(delimiter '|', null '-')", &row),
            "x\\ty\\\\z\\n|-|t\n"
        );
        let row = [text("a,\"b\""), text(""), Value::Null];
        assert_eq!(
            copied("(format 'csv', null '-')", &row),
            "\"a,\"\"b\"\"\",,-\n"
        );
        assert_eq!(copied("(format csv)", &row), "\"a,\"\"b\"\"\",\"\",\n");
        assert_eq!(copied("csv", &[text("\\."), text("")]), "\\.,\"\"\n");
        assert_eq!(
            copied("with csv header", &[text("1"), text("2")]),
            "a,b c\n1,2\n"
        );
        assert_eq!(
            copied(
                "(format csv, force_quote *, escape '\\')",
                &[text("a\"\\"), Value::Null]
            ),
            "\"a\\\"\\\\\",\n"
        );
        let row = [text("1"), text("2"), text("3")];
        assert_eq!(
            copied("csv force quote d, a header", &row),
            "a,b c,d\n\"1\",2,\"3\"\n"
        );
        assert_eq!(copied("csv force quote *", &row), "\"1\",\"2\",\"3\"\n");
    }

    #[test]
    fn columns_that_are_quoted_are_there() {
        let columns = [OutputColumn {
            name: "a".to_owned(),
            ty: Type::Text,
        }];
        let check = |options: &str| {
            let options = CopyOptions::parse(&mut Words::new(options)).unwrap();
            options.check(&columns)
        };
        assert!(check("(format csv, force_quote (a))").is_ok());
        assert!(check("csv force quote *").is_ok());
        let failure = check("csv force quote a, b").unwrap_err();
        assert_eq!(failure.sqlstate(), "42703");
    }

    #[test]
    fn what_postgresql_refuses_is_refused() {
        for (options, sqlstate) in [
            ("(format xml)", "22023"),
            ("(format binary)", "0A000"),
            ("(delimiter 'ab')", "0A000"),
            ("(quote '\"')", "0A000"),
            ("(nonsense 1)", "42601"),
            ("(format csv", "42601"),
            ("delimiter", "42601"),
            ("csv force a", "42601"),
            ("force quote *", "0A000"),
            ("(delimiter 'a')", "22023"),
            ("(format csv, null ',')", "0A000"),
            ("(format csv, null '\"')", "0A000"),
        ] {
            let failure = CopyOptions::parse(&mut Words::new(options)).unwrap_err();
            assert_eq!(failure.sqlstate(), sqlstate, "{options}");
        }
    }
}
