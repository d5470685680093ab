//! The chain of hashes over the appends of a log.
//!
//! h(0) is 32 zero bytes; h(n) = BLAKE3(h(n-1), canonical bytes of append n). It depends on
//! nothing but what was appended, so commits, compression and files can change under it.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Position};

/// The hash of everything up to the end of one append.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// h(0): nothing was appended yet.
    pub const START: ChainHash = ChainHash([0; 32]);

    /// h(n) from h(n-1) and the canonical bytes of append n.
    pub fn then(&self, append: &[u8]) -> ChainHash {
        let mut link = self.link();
        link.add(append);
        link.end()
    }

    /// The same, for an append that is at hand in parts.
    pub fn link(&self) -> ChainLink {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        ChainLink { hasher }
    }
}

/// The hash after an append whose bytes are being taken in.
pub struct ChainLink {
    hasher: blake3::Hasher,
}

impl ChainLink {
    /// Takes in the next of the append's canonical bytes.
    pub fn add(&mut self, part: &[u8]) {
        self.hasher.update(part);
    }

    /// The hash after the append.
    pub fn end(self) -> ChainHash {
        ChainHash(*self.hasher.finalize().as_bytes())
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ChainHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<ChainHash, Error> {
        let mut hash = [0; 32];
        let bad = || {
            Error::invalid("bad_hash", "the hash cannot be read")
                .found(text)
                .expected("64 hexadecimal digits")
        };
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(bad());
        }
        for (at, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| bad())?;
        }
        Ok(ChainHash(hash))
    }
}

/// The chain at the end of an append, `POSITION:HASH`: whoever keeps it can prove later that
/// nothing up to there was changed, inserted or dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPoint {
    /// The position of the append's last event; 0 before the first append.
    pub position: Position,
    /// The hash of everything up to there.
    pub chain: ChainHash,
}

impl fmt::Display for ChainPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.chain)
    }
}

impl FromStr for ChainPoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<ChainPoint, Error> {
        let parse = || {
            let (position, chain) = text.trim().split_once(':')?;
            if !position.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            Some(ChainPoint {
                position: Position(position.parse().ok()?),
                chain: chain.parse().ok()?,
            })
        };
        parse().ok_or_else(|| {
            Error::invalid("bad_request", "the position and hash cannot be read")
                .found(text)
                .expected("POSITION:HASH with 64 hexadecimal digits, as verify told it")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_read_as_it_is_written() {
        let point = ChainPoint {
            position: Position(1234),
            chain: ChainHash::START.then(b"append"),
        };
        assert_eq!(point.to_string().parse::<ChainPoint>().unwrap(), point);
        let hash = point.chain.to_string();
        for bad in [
            String::new(),
            "12".to_owned(),
            format!("1,234:{hash}"),
            format!("+1:{hash}"),
            format!("-1:{hash}"),
            format!(":{hash}"),
            format!("99999999999999999999:{hash}"),
            format!("1:{}", &hash[1..]),
            format!("1:{hash}0"),
            format!("1:+{}", &hash[1..]),
            format!("1:{}g", &hash[1..]),
            format!("1:ä{}", &hash[2..]),
        ] {
            let error = bad.parse::<ChainPoint>().unwrap_err();
            assert_eq!(error.code(), "bad_request", "{bad}");
        }
    }
}
