//! The lines that give a projection's file its structure: `-- projection: name` and
//! `-- on: Type, Type`.
//!
//! To PostgreSQL they are comments, so the same file runs there.

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkerKind {
    /// `-- projection:`
    Projection,
    /// `-- on:`
    On,
}

/// One such line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marker<'a> {
    pub(crate) kind: MarkerKind,
    /// What stands after the colon, without blanks around it.
    pub(crate) value: &'a str,
    /// Where the line begins in the text, in bytes.
    pub(crate) offset: usize,
    /// The line, counted from 1.
    pub(crate) line: usize,
}

impl Marker<'_> {
    /// The column that the value begins in, counted from 1.
    pub(crate) fn value_column(&self, text: &str) -> usize {
        let line = text[self.offset..].lines().next().unwrap_or_default();
        let colon = line.find(':').map_or(0, |at| at + 1);
        let blanks = line[colon..].len() - line[colon..].trim_start().len();
        line[..colon + blanks].chars().count() + 1
    }
}

/// The markers of a text, in order.
pub(crate) fn markers(text: &str) -> Vec<Marker<'_>> {
    let mut markers = Vec::new();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if let Some((kind, value)) = marker(line) {
            markers.push(Marker {
                kind,
                value,
                offset,
                line: index + 1,
            });
        }
        offset += line.len();
    }
    markers
}

fn marker(line: &str) -> Option<(MarkerKind, &str)> {
    let (word, value) = line.trim_start().strip_prefix("--")?.split_once(':')?;
    let kind = match word.trim().to_ascii_lowercase().as_str() {
        "projection" => MarkerKind::Projection,
        "on" => MarkerKind::On,
        _ => return None,
    };
    Some((kind, value.trim()))
}
