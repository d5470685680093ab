//! The lexical skeleton of SQL: where strings, quoted identifiers and comments begin and end.
//!
//! It knows as much of PostgreSQL's lexer as is needed to tell code from what is not code; it does
//! not know what the code means.

use crate::SqlError;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// Anything outside the others.
    Code,
    /// `'...'`, `E'...'` and `$tag$...$tag$`, with their quotes.
    String,
    /// `"..."`
    QuotedIdentifier,
    /// `-- ...` to the end of the line, and `/* ... */`, which nests.
    Comment,
}

/// A stretch of text of one kind; `start..end` are bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Cuts `text` into pieces that follow each other without a gap.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece>, SqlError> {
    let mut pieces = Vec::new();
    each_piece(text, |piece| {
        pieces.push(piece);
        Ok(())
    })?;
    Ok(pieces)
}

/// Gives the pieces one after another, without keeping them: a text may be long.
pub(crate) fn each_piece(
    text: &str,
    mut take: impl FnMut(Piece) -> Result<(), SqlError>,
) -> Result<(), SqlError> {
    let bytes = text.as_bytes();
    let mut code_start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let Some((kind, end)) = special(text, at)? else {
            at = after_code(bytes, at);
            continue;
        };
        if code_start < at {
            take(piece(PieceKind::Code, code_start, at))?;
        }
        take(piece(kind, at, end))?;
        (at, code_start) = (end, end);
    }
    if code_start < bytes.len() {
        take(piece(PieceKind::Code, code_start, bytes.len()))?;
    }
    Ok(())
}

/// Whether a byte may stand inside an unquoted identifier.
pub(crate) fn is_identifier_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether a byte may begin an unquoted identifier.
pub(crate) fn is_identifier_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn piece(kind: PieceKind, start: usize, end: usize) -> Piece {
    Piece { kind, start, end }
}

/// Steps over one byte of code, or a whole identifier, so that `a$b$` opens no dollar quote and
/// `note'x'` no escape string.
fn after_code(bytes: &[u8], at: usize) -> usize {
    let is_escape_prefix = matches!(bytes[at], b'e' | b'E') && bytes.get(at + 1) == Some(&b'\'');
    if is_escape_prefix || !(is_identifier_start(bytes[at]) || bytes[at].is_ascii_digit()) {
        return at + 1;
    }
    let length = bytes[at..]
        .iter()
        .take_while(|byte| is_identifier_byte(**byte))
        .count();
    at + length
}

/// The piece that begins at `at`, if it is not code.
fn special(text: &str, at: usize) -> Result<Option<(PieceKind, usize)>, SqlError> {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1).copied();
    let found = match bytes[at] {
        b'\'' => {
            let escapes =
                at > 0 && matches!(bytes[at - 1], b'e' | b'E') && opens_word(bytes, at - 1);
            (PieceKind::String, quoted_end(text, at, b'\'', escapes)?)
        }
        b'"' => (
            PieceKind::QuotedIdentifier,
            quoted_end(text, at, b'"', false)?,
        ),
        b'-' if next == Some(b'-') => (PieceKind::Comment, line_end(bytes, at)),
        b'/' if next == Some(b'*') => (PieceKind::Comment, comment_end(text, at)?),
        b'$' => match dollar_tag(bytes, at) {
            Some(tag) => (PieceKind::String, dollar_end(text, at, tag)?),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(found))
}

/// Whether the byte at `at` is the first of its word.
fn opens_word(bytes: &[u8], at: usize) -> bool {
    at == 0 || !is_identifier_byte(bytes[at - 1])
}

fn quoted_end(text: &str, start: usize, quote: u8, escapes: bool) -> Result<usize, SqlError> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Ok(at + 1);
        }
    }
    let what = match quote {
        b'"' => "quoted identifier",
        _ => "quoted string",
    };
    Err(unterminated(text, start, what))
}

fn line_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(bytes.len(), |length| start + length)
}

/// Where the comment ends that begins with `/*` at `start`, in bytes; comments nest.
///
/// # Errors
/// 42601 if it does not end.
pub fn comment_end(text: &str, start: usize) -> Result<usize, SqlError> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = start;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Ok(at);
        }
    }
    Err(unterminated(text, start, "/* comment"))
}

/// `$$` or `$tag$` at the dollar `at`, as the length of the tag with both dollars.
pub fn dollar_tag(bytes: &[u8], at: usize) -> Option<usize> {
    if at > 0 && is_identifier_byte(bytes[at - 1]) {
        return None;
    }
    let name = bytes[at + 1..]
        .iter()
        .take_while(|byte| **byte != b'$' && is_identifier_byte(**byte))
        .count();
    let opens = name == 0 || is_identifier_start(bytes[at + 1]);
    (opens && bytes.get(at + 1 + name) == Some(&b'$')).then_some(name + 2)
}

/// Where the string ends whose tag of so many bytes stands at `start`, in bytes: after the tag that
/// closes it.
///
/// # Errors
/// 42601 if it does not end.
pub fn dollar_end(text: &str, start: usize, tag: usize) -> Result<usize, SqlError> {
    let body = start + tag;
    match text[body..].find(&text[start..body]) {
        Some(length) => Ok(body + length + tag),
        None => Err(unterminated(text, start, "dollar-quoted string")),
    }
}

fn unterminated(text: &str, start: usize, what: &str) -> SqlError {
    let position = text[..start].chars().count() + 1;
    SqlError::syntax(format!("unterminated {what}")).at(Some(position))
}
