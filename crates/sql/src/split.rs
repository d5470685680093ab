//! Cutting a text into statements at the semicolons that are not inside anything.

use crate::SqlError;
use crate::scan::{Piece, PieceKind, pieces};

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
/// respected; statements without a token are left out. 42601 when one of those does not end.
pub fn split_statements(text: &str) -> Result<Vec<StatementText<'_>>, SqlError> {
    let mut splitter = Splitter {
        text,
        begin: None,
        end: 0,
        statements: Vec::new(),
    };
    for piece in pieces(text)? {
        splitter.take(piece);
    }
    splitter.finish();
    Ok(splitter.statements)
}

struct Splitter<'a> {
    text: &'a str,
    /// The first byte of the statement at hand, once it has a token.
    begin: Option<usize>,
    /// Past the last byte of a token of the statement at hand.
    end: usize,
    statements: Vec<StatementText<'a>>,
}

impl Splitter<'_> {
    fn take(&mut self, piece: Piece) {
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
                        b';' => self.finish(),
                        byte if byte.is_ascii_whitespace() => {}
                        _ => self.extend(at, at + 1),
                    }
                }
            }
        }
    }

    fn extend(&mut self, start: usize, end: usize) {
        self.begin.get_or_insert(start);
        self.end = end;
    }

    fn finish(&mut self) {
        let Some(begin) = self.begin.take() else {
            return;
        };
        self.statements.push(StatementText {
            text: &self.text[begin..self.end],
            offset: begin,
            line: self.text[..begin].matches('\n').count() + 1,
        });
    }
}
