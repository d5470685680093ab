//! `:name`, `:name?` and `@name` become `$1`, `$2` ... before the parser sees the statement.
//!
//! Only code is looked at, never strings, quoted identifiers or comments. `::` stays a cast;
//! `@>`, `<@` and `@@` stay operators. Each place is a parameter of its own, so that one field can
//! be stored both as text and as a number.

use crate::scan::{PieceKind, is_identifier_byte, is_identifier_start, pieces};
use crate::statement::{EnvelopeField, ParamSource};
use crate::{SqlError, sqlstate};

/// A statement whose placeholders are numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbered {
    /// The statement with `$1`, `$2` ...
    pub(crate) text: String,
    /// What each of them stands for.
    pub(crate) sources: Vec<ParamSource>,
    /// Pairs of characters (counted from 0): place in `text`, place in the original.
    offsets: Vec<(usize, usize)>,
}

impl Numbered {
    /// The position (from 1) in the original of a position in the numbered text.
    pub(crate) fn original_position(&self, position: usize) -> usize {
        let index = position - 1;
        let following = self.offsets.partition_point(|(at, _)| *at <= index);
        match following.checked_sub(1).map(|last| self.offsets[last]) {
            Some((at, original)) => original + (index - at) + 1,
            None => position,
        }
    }
}

/// Replaces the placeholders of a handler.
pub(crate) fn number(text: &str) -> Result<Numbered, SqlError> {
    let mut numbering = Numbering {
        original: text,
        out: String::with_capacity(text.len()),
        sources: Vec::new(),
        offsets: vec![(0, 0)],
    };
    for piece in pieces(text)? {
        match piece.kind {
            PieceKind::Code => numbering.code(piece.start, piece.end)?,
            _ => numbering.out.push_str(&text[piece.start..piece.end]),
        }
    }
    Ok(Numbered {
        text: numbering.out,
        sources: numbering.sources,
        offsets: numbering.offsets,
    })
}

struct Numbering<'a> {
    original: &'a str,
    out: String,
    sources: Vec<ParamSource>,
    offsets: Vec<(usize, usize)>,
}

impl Numbering<'_> {
    fn code(&mut self, start: usize, end: usize) -> Result<(), SqlError> {
        let mut copied = start;
        let mut at = start;
        while at < end {
            let Some(name_end) = self.placeholder_end(at, end) else {
                at += 1;
                continue;
            };
            self.out.push_str(&self.original[copied..at]);
            at = self.replace(at, name_end)?;
            copied = at;
        }
        self.out.push_str(&self.original[copied..end]);
        Ok(())
    }

    /// Past the name, when a placeholder begins at `at`.
    fn placeholder_end(&self, at: usize, end: usize) -> Option<usize> {
        let bytes = self.original.as_bytes();
        let before = at.checked_sub(1).map(|index| bytes[index]);
        let begins = match bytes[at] {
            b':' => before != Some(b':'),
            b'@' => !before.is_some_and(|byte| b"+-*/<>~!@#%^&|`?".contains(&byte)),
            _ => false,
        };
        if !begins || at + 1 >= end || !is_identifier_start(bytes[at + 1]) {
            return None;
        }
        let length = bytes[at + 1..end]
            .iter()
            .take_while(|byte| is_identifier_byte(**byte))
            .count();
        Some(at + 1 + length)
    }

    /// Writes the next `$n` for the placeholder at `at..name_end`; returns where the text goes on.
    fn replace(&mut self, at: usize, name_end: usize) -> Result<usize, SqlError> {
        let bytes = self.original.as_bytes();
        let name = &self.original[at + 1..name_end];
        let optional = bytes[at] == b':' && bytes.get(name_end) == Some(&b'?');
        let source = match bytes[at] {
            b':' => ParamSource::Field {
                name: name.to_owned(),
                optional,
            },
            _ => ParamSource::Envelope(self.envelope(at, name)?),
        };
        self.sources.push(source);
        let end = name_end + usize::from(optional);
        // Blanks around it, so that it never joins what stands beside it.
        self.mark(at);
        self.out.push_str(&format!(" ${} ", self.sources.len()));
        self.mark(end);
        Ok(end)
    }

    fn mark(&mut self, original: usize) {
        let original = self.original[..original].chars().count();
        self.offsets.push((self.out.chars().count(), original));
    }

    fn envelope(&self, at: usize, name: &str) -> Result<EnvelopeField, SqlError> {
        EnvelopeField::parse(name).ok_or_else(|| {
            let known: Vec<String> = EnvelopeField::ALL
                .iter()
                .map(|field| format!("@{}", field.name()))
                .collect();
            SqlError::new(
                sqlstate::UNDEFINED_PARAMETER,
                format!("@{name} is not a part of the envelope"),
            )
            .with_hint(format!("There are {}.", known.join(", ")))
            .at(Some(self.original[..at].chars().count() + 1))
        })
    }
}
