//! Where and why the file of a projection is not well formed.

use std::fmt;

use headwater_sql::SqlError;

/// Where and why the file of a projection is not well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionError {
    /// The line to blame, counted from 1.
    pub line: usize,
    /// The character of that line to blame, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was expected instead, where one thing can be named.
    pub expected: Option<String>,
    /// What to do about it, where one thing can be named.
    pub hint: Option<String>,
    /// The SQLSTATE, when a statement was refused.
    pub sqlstate: Option<String>,
}

impl DefinitionError {
    /// An error at the beginning of a line.
    pub(crate) fn on_line(line: usize, message: impl Into<String>) -> DefinitionError {
        DefinitionError {
            line,
            column: 1,
            message: message.into(),
            expected: None,
            hint: None,
            sqlstate: None,
        }
    }

    /// Adds what was expected instead.
    pub(crate) fn expected(mut self, expected: impl Into<String>) -> DefinitionError {
        self.expected = Some(expected.into());
        self
    }

    /// What the SQL crate refused, in the part of `text` that begins at byte `offset`.
    pub(crate) fn from_sql(text: &str, offset: usize, error: &SqlError) -> DefinitionError {
        let blamed = error.position().unwrap_or(1) - 1;
        let byte = text[offset..]
            .char_indices()
            .nth(blamed)
            .map_or(text.len(), |(at, _)| offset + at);
        let line_start = text[..byte].rfind('\n').map_or(0, |at| at + 1);
        let message = match error.detail() {
            Some(detail) => format!("{}; {detail}", error.message()),
            None => error.message().to_owned(),
        };
        DefinitionError {
            line: line_of(text, byte),
            column: text[line_start..byte].chars().count() + 1,
            message,
            expected: None,
            hint: error.hint().map(str::to_owned),
            sqlstate: Some(error.sqlstate().to_owned()),
        }
    }
}

/// The line, counted from 1, of a byte of the text.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

impl fmt::Display for DefinitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        f.write_str(&self.message)?;
        if let Some(sqlstate) = &self.sqlstate {
            write!(f, " [{sqlstate}]")?;
        }
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DefinitionError {}

impl From<DefinitionError> for headwater_event::Error {
    fn from(error: DefinitionError) -> headwater_event::Error {
        let field = format!("line {}, column {}", error.line, error.column);
        let message = match &error.sqlstate {
            Some(sqlstate) => format!("{} [{sqlstate}]", error.message),
            None => error.message,
        };
        let mut told = headwater_event::Error::invalid("bad_projection", message).field(field);
        if let Some(expected) = error.expected {
            told = told.expected(expected);
        }
        if let Some(hint) = error.hint {
            told = told.action(hint);
        }
        told
    }
}
