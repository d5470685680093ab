//! Cutting a text into statements at the semicolons that are not inside anything.

use crate::scan::{Piece, PieceKind, each_piece};
use crate::{SqlError, sqlstate};

/// The most statements of one text, so that a text of semicolons does not fill the memory.
const STATEMENTS_MAX: usize = 10_000;

/// One statement of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementText<'a> {
    /// The statement, without its semicolon and without blanks and comments before it.
    pub text: &'a str,
    /// Where it begins in the whole text, in bytes.
    pub offset: usize,
    /// The line it begins on, counted from 1.
    pub line: usize,
}

/// Cuts `text` at its semicolons. Strings, quoted identifiers, comments and dollar quotes are
/// respected; statements without a token are left out. 42601 when one of those does not end, 54000
/// when there are more than 10,000 statements.
pub fn split_statements(text: &str) -> Result<Vec<StatementText<'_>>, SqlError> {
    let mut splitter = Splitter {
        text,
        begin: None,
        end: 0,
        line: 1,
        counted: 0,
        statements: Vec::new(),
    };
    each_piece(text, |piece| splitter.take(piece))?;
    splitter.finish()?;
    Ok(splitter.statements)
}

struct Splitter<'a> {
    text: &'a str,
    /// The first byte of the statement at hand, once it has a token.
    begin: Option<usize>,
    /// Past the last byte of a token of the statement at hand.
    end: usize,
    /// The line that the text has come to after so many bytes.
    line: usize,
    counted: usize,
    statements: Vec<StatementText<'a>>,
}

impl Splitter<'_> {
    fn take(&mut self, piece: Piece) -> Result<(), SqlError> {
        match piece.kind {
            PieceKind::Comment => {}
            PieceKind::String | PieceKind::QuotedIdentifier => self.extend(piece.start, piece.end),
            PieceKind::Code => {
                for (index, byte) in self.text.as_bytes()[piece.start..piece.end]
                    .iter()
                    .enumerate()
                {
                    let at = piece.start + index;
                    match byte {
                        b';' => self.finish()?,
                        byte if byte.is_ascii_whitespace() => {}
                        _ => self.extend(at, at + 1),
                    }
                }
            }
        }
        Ok(())
    }

    fn extend(&mut self, start: usize, end: usize) {
        self.begin.get_or_insert(start);
        self.end = end;
    }

    fn finish(&mut self) -> Result<(), SqlError> {
        let Some(begin) = self.begin.take() else {
            return Ok(());
        };
        if self.statements.len() >= STATEMENTS_MAX {
            let message = format!("the text has more than {STATEMENTS_MAX} statements");
            return Err(SqlError::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, message)
                .with_hint("Send it in parts."));
        }
        self.line += self.text[self.counted..begin].matches('\n').count();
        self.counted = begin;
        self.statements.push(StatementText {
            text: &self.text[begin..self.end],
            offset: begin,
            line: self.line,
        });
        Ok(())
    }
}
