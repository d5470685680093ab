//! The names of a segment that most of its events have, for who wants to know what fills a log.
//!
//! ```text
//! tops     for each facet: number of names u8 | (name, count varint) ...
//! name     length varint | UTF-8
//! ```

use super::Facet;
use crate::canonical::{Malformed, Reader, put_varint};

/// How many names of each facet.
const NAMES_MAX: usize = 16;

/// The largest lists of a segment, the largest first, of equal ones the smaller name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tops {
    names: [Vec<Top>; Facet::ALL.len()],
}

/// A name, and how many events of the segment have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    pub(crate) name: Box<str>,
    pub(crate) events: u64,
}

impl Tops {
    /// Those of a facet.
    pub(crate) fn of(&self, facet: Facet) -> &[Top] {
        &self.names[facet.place()]
    }

    /// Whether a name that so many events have is among them, before others are looked at.
    pub(crate) fn wants(&self, facet: Facet, events: u64) -> bool {
        let tops = &self.names[facet.place()];
        tops.get(NAMES_MAX - 1)
            .is_none_or(|last| last.events < events)
    }

    /// Looks at a name; they come in order.
    pub(crate) fn add(&mut self, facet: Facet, name: &str, events: u64) {
        if !self.wants(facet, events) {
            return;
        }
        let tops = &mut self.names[facet.place()];
        tops.truncate(NAMES_MAX - 1);
        let at = tops.partition_point(|top| top.events >= events);
        let name = name.into();
        tops.insert(at, Top { name, events });
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for tops in &self.names {
            out.push(tops.len() as u8); // at most NAMES_MAX
            for top in tops {
                put_varint(&mut out, top.name.len() as u64);
                out.extend_from_slice(top.name.as_bytes());
                put_varint(&mut out, top.events);
            }
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Tops, Malformed> {
        let mut reader = Reader::new(bytes);
        let mut tops = Tops::default();
        for names in &mut tops.names {
            for _ in 0..reader.take(1, "the number of tops")?[0] {
                names.push(Top {
                    name: reader.text("a top")?.into(),
                    events: reader.varint("the events of a top")?,
                });
            }
        }
        match reader.left() {
            0 => Ok(tops),
            _ => Err(Malformed("the tops")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_the_largest(counts in proptest::collection::vec(1u64..6, 0..60)) {
            let mut tops = Tops::default();
            let mut all: Vec<(String, u64)> = Vec::new();
            for (at, count) in counts.into_iter().enumerate() {
                let name = format!("name-{at:03}");
                tops.add(Facet::Tag, &name, count);
                all.push((name, count));
            }
            all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            all.truncate(NAMES_MAX);
            let found = tops.of(Facet::Tag).iter().map(|top| (top.name.to_string(), top.events));
            prop_assert_eq!(found.collect::<Vec<_>>(), all);
            prop_assert!(tops.of(Facet::Type).is_empty());
            prop_assert_eq!(Tops::decode(&tops.encode()), Ok(tops));
        }

        #[test]
        fn any_bytes_are_tops_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Tops::decode(&bytes);
        }
    }
}
