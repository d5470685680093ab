//! The primitive types of the protocol, read from bytes that a stranger sent.
//!
//! Every length is checked against what is there, and nothing is allocated because a count says so.
//! The schemas are those of <https://kafka.apache.org/protocol>; flexible versions (KIP-482) have
//! compact lengths and tagged fields.

use bytes::{Buf as _, Bytes};
use kafka_protocol::protocol::StrBytes;

/// Items of all lists of one request: what they become takes more room than their bytes.
const ITEMS_MAX: usize = 20_000;

/// The bytes are no request of the kind that they should be. The connection is closed, because
/// nobody knows what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the request has no {} where one was expected", self.0)
    }
}

/// Reads a request from its front.
#[derive(Debug)]
pub(crate) struct Reader {
    bytes: Bytes,
    flexible: bool,
    items_left: usize,
}

impl Reader {
    /// Of these bytes; `flexible` as the version of the request says.
    pub(crate) fn new(bytes: Bytes, flexible: bool) -> Reader {
        Reader {
            bytes,
            flexible,
            items_left: ITEMS_MAX,
        }
    }

    /// The same bytes from here on, read as another version says.
    pub(crate) fn flexible(mut self, flexible: bool) -> Reader {
        self.flexible = flexible;
        self
    }

    pub(crate) fn i8(&mut self) -> Result<i8, Malformed> {
        self.bytes.try_get_i8().map_err(|_| Malformed("int8"))
    }

    pub(crate) fn i16(&mut self) -> Result<i16, Malformed> {
        self.bytes.try_get_i16().map_err(|_| Malformed("int16"))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.bytes.try_get_i32().map_err(|_| Malformed("int32"))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.bytes.try_get_i64().map_err(|_| Malformed("int64"))
    }

    pub(crate) fn string(&mut self) -> Result<StrBytes, Malformed> {
        self.nullable_string()?.ok_or(Malformed("string"))
    }

    pub(crate) fn nullable_string(&mut self) -> Result<Option<StrBytes>, Malformed> {
        let length = match self.flexible {
            true => self.compact_length()?,
            false => length(i32::from(self.i16()?))?,
        };
        let bytes = length.map(|length| self.take(length)).transpose()?;
        // A copy: a name that is kept must not keep all of the request.
        let text = bytes
            .map(|bytes| String::from_utf8(bytes.to_vec()))
            .transpose();
        let text = text.map_err(|_| Malformed("text in UTF-8"))?;
        Ok(text.map(StrBytes::from_string))
    }

    /// Bytes that are kept, without the rest of the request.
    pub(crate) fn kept_bytes(&mut self) -> Result<Bytes, Malformed> {
        Ok(Bytes::copy_from_slice(&self.bytes()?))
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        self.nullable_bytes()?.ok_or(Malformed("bytes"))
    }

    pub(crate) fn nullable_bytes(&mut self) -> Result<Option<Bytes>, Malformed> {
        let length = self.length()?;
        length.map(|length| self.take(length)).transpose()
    }

    /// A list whose items are read with `item`.
    pub(crate) fn list<T>(
        &mut self,
        item: impl FnMut(&mut Reader) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        self.nullable_list(item)?.ok_or(Malformed("list"))
    }

    /// A list that may be null.
    pub(crate) fn nullable_list<T>(
        &mut self,
        mut item: impl FnMut(&mut Reader) -> Result<T, Malformed>,
    ) -> Result<Option<Vec<T>>, Malformed> {
        let Some(count) = self.length()? else {
            return Ok(None);
        };
        self.items_left = self
            .items_left
            .checked_sub(count)
            .ok_or(Malformed("list of that length"))?;
        let mut items = Vec::new(); // grows with what is really there
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(Some(items))
    }

    /// Passes over the tagged fields at the end of a structure, if this version has them.
    pub(crate) fn tags(&mut self) -> Result<(), Malformed> {
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.unsigned_varint()? {
            self.unsigned_varint()?;
            let size = self.unsigned_varint()?;
            self.take(size as usize)?;
        }
        Ok(())
    }

    fn length(&mut self) -> Result<Option<usize>, Malformed> {
        match self.flexible {
            true => self.compact_length(),
            false => length(self.i32()?),
        }
    }

    fn compact_length(&mut self) -> Result<Option<usize>, Malformed> {
        let length = self.unsigned_varint()? as usize;
        Ok(length.checked_sub(1))
    }

    fn unsigned_varint(&mut self) -> Result<u32, Malformed> {
        let value = varint(&mut self.bytes)?;
        u32::try_from(value).map_err(|_| Malformed("varint"))
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Malformed> {
        if length > self.bytes.len() {
            return Err(Malformed("field of that length"));
        }
        Ok(self.bytes.split_to(length))
    }
}

/// A length of the versions that are not flexible; -1 is null.
fn length(length: i32) -> Result<Option<usize>, Malformed> {
    match length {
        -1 => Ok(None),
        length => match usize::try_from(length) {
            Ok(length) => Ok(Some(length)),
            Err(_) => Err(Malformed("length")),
        },
    }
}

/// Bytes of the longest varint.
const VARINT_BYTES_MAX: u32 = 10;

/// An unsigned varint of at most 64 bits: seven bits a byte, the lowest first.
pub(crate) fn varint(bytes: &mut Bytes) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for at in 0..VARINT_BYTES_MAX {
        let byte = bytes.try_get_u8().map_err(|_| Malformed("varint"))?;
        let part = u64::from(byte & 0x7f);
        let shifted = part << (7 * at);
        if shifted >> (7 * at) != part {
            return Err(Malformed("varint"));
        }
        value |= shifted;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed("varint"))
}

/// A signed number in zigzag encoding, as records have them.
pub(crate) fn zigzag(bytes: &mut Bytes) -> Result<i64, Malformed> {
    let value = varint(bytes)?;
    Ok((value >> 1) as i64 ^ -((value & 1) as i64)) // the two's complement of the encoding
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &'static [u8], flexible: bool) -> Reader {
        Reader::new(Bytes::from_static(bytes), flexible)
    }

    #[test]
    fn a_count_is_not_believed() {
        let mut many = reader(&[0x7f, 0xff, 0xff, 0xff, 0, 0], false);
        assert!(many.list(Reader::i8).is_err());
        let mut few = reader(&[0, 0, 0, 9, 0, 0], false);
        assert!(few.list(Reader::i8).is_err());
        let mut compact = reader(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0], true);
        assert!(compact.list(Reader::i8).is_err());
    }

    #[test]
    fn strings_and_lists_of_both_kinds() {
        assert_eq!(&*reader(&[0, 2, b'h', b'i'], false).string().unwrap(), "hi");
        assert_eq!(&*reader(&[3, b'h', b'i'], true).string().unwrap(), "hi");
        assert_eq!(reader(&[0xff, 0xff], false).nullable_string(), Ok(None));
        assert_eq!(reader(&[0], true).nullable_string(), Ok(None));
        assert_eq!(reader(&[3, 1, 2], true).list(Reader::i8), Ok(vec![1, 2]));
        assert!(reader(&[2, 0xff], true).string().is_err());
    }

    #[test]
    fn tagged_fields_are_passed_over() {
        let mut one = reader(&[1, 5, 2, 0xaa, 0xbb, 7], true);
        one.tags().unwrap();
        assert_eq!(one.i8(), Ok(7));
        assert!(reader(&[1, 5, 9, 0xaa], true).tags().is_err());
    }

    #[test]
    fn varints_end() {
        assert_eq!(varint(&mut Bytes::from_static(&[0xac, 0x02])), Ok(300));
        assert!(varint(&mut Bytes::from_static(&[0xff; 11])).is_err());
        assert_eq!(zigzag(&mut Bytes::from_static(&[3])), Ok(-2));
    }
}
