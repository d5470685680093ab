//! What events are looked up by, besides their ids and positions.

use crate::canonical::Malformed;

/// What a name is a name of. In the order of their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum Facet {
    /// The part of a stream's name before the first `/`.
    Category = b'c',
    /// A tag.
    Tag = b'g',
    /// A stream.
    Stream = b's',
    /// A type.
    Type = b't',
}

impl Facet {
    /// In the order of their bytes.
    pub(crate) const ALL: [Facet; 4] = [Facet::Category, Facet::Tag, Facet::Stream, Facet::Type];

    /// What stands before a name of it in a key.
    pub(crate) fn byte(self) -> u8 {
        self as u8
    }

    /// The facet of this byte.
    pub(crate) fn of(byte: u8) -> Option<Facet> {
        match byte {
            b'c' => Some(Facet::Category),
            b'g' => Some(Facet::Tag),
            b's' => Some(Facet::Stream),
            b't' => Some(Facet::Type),
            _ => None,
        }
    }

    /// Its place among all of them.
    pub(crate) fn place(self) -> usize {
        match self {
            Facet::Category => 0,
            Facet::Tag => 1,
            Facet::Stream => 2,
            Facet::Type => 3,
        }
    }
}

/// Makes `key` the key of a name: the byte of its facet, and its bytes.
pub(crate) fn put_key(key: &mut Vec<u8>, facet: Facet, name: &str) {
    key.clear();
    key.push(facet.byte());
    key.extend_from_slice(name.as_bytes());
}

/// The key of a name.
pub(crate) fn key_of(facet: Facet, name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + name.len());
    put_key(&mut key, facet, name);
    key
}

/// What a key is the key of.
pub(crate) fn parse_key(key: &[u8]) -> Result<(Facet, &str), Malformed> {
    let wrong = Malformed("a name");
    let (facet, name) = key.split_first().ok_or(wrong)?;
    let name = std::str::from_utf8(name).map_err(|_| wrong)?;
    Ok((Facet::of(*facet).ok_or(wrong)?, name))
}
