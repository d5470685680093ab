//! A block as it is stored: packed if that is worth it, and with a checksum.
//!
//! ```text
//! stored   codec u8 | raw length varint | bytes | crc32c of all before u32
//! codec    0: bytes are the raw bytes    1: bytes are a Zstandard frame (RFC 8878) of them
//!          2: such a frame, packed with a dictionary
//! ```
//!
//! A block is checked before it is decoded. Its bytes do not depend on where it stands, so that a
//! merge can copy it as it is.

use std::ops::{Deref, Range};

use bytes::Bytes;
use headwater_event::{Error, Kind};
use zstd::bulk::Compressor;

use super::decoders::unpack;
use super::dictionary::Dictionary;
use super::output::Output;
use crate::canonical::{Malformed, Reader, put_varint};

/// The most bytes of a block before it is packed; nothing larger is ever decoded.
pub(crate) const RAW_BYTES_MAX: usize = 2 << 20;

pub(crate) const PLAIN: u8 = 0;
pub(crate) const ZSTD: u8 = 1;
/// A Zstandard frame that was packed with a dictionary.
pub(crate) const ZSTD_DICTIONARY: u8 = 2;

/// Below this, a frame's own header eats what packing saves.
const PACK_BYTES_MIN: usize = 64;

/// The most that is stored around the bytes.
const AROUND_BYTES_MAX: usize = 1 + 4 + 4;

/// Where a block is stored in its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

impl Place {
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        put_varint(out, self.offset);
        put_varint(out, u64::from(self.length));
    }

    /// A place where a block may stand that ends at `end` at the latest.
    pub(crate) fn checked(offset: u64, length: u64, end: u64) -> Result<Place, Malformed> {
        let longest = (RAW_BYTES_MAX + AROUND_BYTES_MAX) as u64;
        let fits = offset.checked_add(length).is_some_and(|last| last <= end);
        match u32::try_from(length) {
            Ok(short) if fits && (1..=longest).contains(&length) => Ok(Place {
                offset,
                length: short,
            }),
            _ => Err(Malformed("the place of a block")),
        }
    }

    /// Reads what [`put`](Place::put) wrote.
    pub(crate) fn read(reader: &mut Reader<'_>, end: u64) -> Result<Place, Malformed> {
        let offset = reader.varint("the offset of a block")?;
        let length = reader.varint("the length of a block")?;
        Place::checked(offset, length, end)
    }
}

/// The raw bytes of a block, or some of them.
#[derive(Clone, Debug)]
pub(crate) enum Raw<'a> {
    /// Where they stand in a map of the file: nobody counts who looks at them.
    Mapped(&'a [u8]),
    Kept(Bytes),
}

impl Raw<'_> {
    /// A part of them, which they have.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        match self {
            Raw::Mapped(bytes) => Raw::Mapped(&bytes[range]),
            Raw::Kept(bytes) => Raw::Kept(bytes.slice(range)),
        }
    }
}

/// Where they stand makes no difference.
impl PartialEq for Raw<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Deref for Raw<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Raw::Mapped(bytes) => bytes,
            Raw::Kept(bytes) => bytes,
        }
    }
}

/// Reads blocks, perhaps through a cache.
pub(crate) trait Blocks {
    /// The raw bytes of the block at `place`, checked and decoded by [`decode_block`].
    fn block(&self, place: Place) -> Result<Raw<'_>, Error>;

    /// Asks memory for what a search looks at first of a block that is mapped, and does not wait for
    /// it. Whoever has something else to do meanwhile finds it closer afterwards.
    fn touch(&self, _place: Place) {}

    /// The bytes at `place` as they are stored, not checked.
    fn stored(&self, place: Place) -> Result<Bytes, Error>;

    /// What is said of a block at `offset` that is not as it was written.
    fn damaged(&self, offset: u64, why: Malformed) -> Error {
        Error::damaged(format!(
            "{} is not as it was written, in the block at byte {offset} of the segment",
            why.0
        ))
        .action("verify the log and restore the segment from a copy")
    }
}

/// Whether blocks are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    /// As they are: what is looked up by chance is looked at through a map of the file.
    Plain,
    /// Zstandard at this level, where it saves at least an eighth.
    Zstd(i32),
}

/// Writes blocks.
pub(crate) struct Packer {
    compressor: Option<Compressor<'static>>,
    packed: Vec<u8>,
    stored: Vec<u8>,
}

impl Packer {
    pub(crate) fn new(packing: Packing) -> Result<Packer, Error> {
        let compressor = match packing {
            Packing::Plain => None,
            Packing::Zstd(level) => Some(Compressor::new(level).map_err(|error| {
                Error::new(Kind::Internal, "internal", "no compressor could be made")
                    .caused_by(error)
            })?),
        };
        Ok(Packer {
            compressor,
            packed: Vec::new(),
            stored: Vec::new(),
        })
    }

    /// Writes a block of at most [`RAW_BYTES_MAX`] bytes; says where.
    pub(crate) fn write(&mut self, out: &mut dyn Output, raw: &[u8]) -> Result<Place, Error> {
        assert!(raw.len() <= RAW_BYTES_MAX);
        let (codec, bytes) = match self.pack(raw) {
            true => (ZSTD, &self.packed[..]),
            false => (PLAIN, raw),
        };
        put_block(out, &mut self.stored, codec, raw.len(), bytes)
    }

    /// Packs into `self.packed`; says whether that is worth it.
    fn pack(&mut self, raw: &[u8]) -> bool {
        let Some(compressor) = &mut self.compressor else {
            return false;
        };
        if raw.len() < PACK_BYTES_MIN {
            return false;
        }
        self.packed.clear();
        // What does not fit is not worth it: the compressor says so by an error.
        self.packed.reserve(raw.len() - raw.len() / 8);
        let room = raw.len() - raw.len() / 8;
        let packed = compressor.compress_to_buffer(raw, &mut self.packed);
        packed.is_ok_and(|length| length <= room)
    }
}

/// The part of a stored block before its checksum, if the checksum holds.
pub(crate) fn check_block(stored: &[u8]) -> Result<&[u8], Malformed> {
    let (checked, crc) = stored
        .split_last_chunk()
        .ok_or(Malformed("the length of a block"))?;
    match crc32c::crc32c(checked) == u32::from_le_bytes(*crc) {
        true => Ok(checked),
        false => Err(Malformed("the checksum of a block")),
    }
}

/// The raw bytes of a stored block, checked. Allocates at most [`RAW_BYTES_MAX`].
pub(crate) fn decode_block(stored: &[u8]) -> Result<Bytes, Malformed> {
    decode_data(stored, None)
}

/// The raw bytes of a stored block that may be packed with a dictionary, checked. Allocates at most
/// [`RAW_BYTES_MAX`].
pub(crate) fn decode_data(
    stored: &[u8],
    dictionary: Option<&Dictionary>,
) -> Result<Bytes, Malformed> {
    let mut reader = Reader::new(check_block(stored)?);
    let codec = reader.take(1, "the codec of a block")?[0];
    let length = reader.varint("the raw length of a block")?;
    let bytes = reader.take(reader.left(), "a block")?;
    if length > RAW_BYTES_MAX as u64 {
        return Err(Malformed("the raw length of a block"));
    }
    let length = length as usize; // at most RAW_BYTES_MAX
    match (codec, dictionary) {
        (PLAIN, None) if bytes.len() == length => Ok(Bytes::copy_from_slice(bytes)),
        (PLAIN, None) => Err(Malformed("the raw length of a block")),
        (ZSTD, None) | (ZSTD_DICTIONARY, Some(_)) => {
            Ok(Bytes::from(unpack(bytes, length, dictionary)?))
        }
        _ => Err(Malformed("the codec of a block")),
    }
}

/// The raw bytes of a stored block that was checked before and is stored as it is.
pub(crate) fn plain_block(stored: &[u8]) -> Option<&[u8]> {
    let (checked, _) = stored.split_last_chunk::<4>()?;
    let mut reader = Reader::new(checked);
    let codec = reader.take(1, "the codec of a block").ok()?[0];
    let length = reader.varint("the raw length of a block").ok()?;
    let bytes = reader.take(reader.left(), "a block").ok()?;
    (codec == PLAIN && bytes.len() as u64 == length).then_some(bytes)
}

/// Puts a stored block around these bytes, which are the packing of `raw` ones; writes it, and says
/// where. `stored` is reused.
pub(crate) fn put_block(
    out: &mut dyn Output,
    stored: &mut Vec<u8>,
    codec: u8,
    raw: usize,
    bytes: &[u8],
) -> Result<Place, Error> {
    stored.clear();
    stored.push(codec);
    put_varint(stored, raw as u64);
    stored.extend_from_slice(bytes);
    let crc = crc32c::crc32c(stored);
    stored.extend_from_slice(&crc.to_le_bytes());
    put_stored(out, stored)
}

/// Writes a stored block; says where.
pub(crate) fn put_stored(out: &mut dyn Output, stored: &[u8]) -> Result<Place, Error> {
    let place = Place {
        offset: out.position(),
        length: stored.len() as u32, // a little over RAW_BYTES_MAX at most
    };
    out.write(stored)?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(packing: Packing, raw: &[u8]) -> Vec<u8> {
        let mut out = vec![7; 3];
        let place = Packer::new(packing).unwrap().write(&mut out, raw).unwrap();
        assert_eq!(place.offset, 3);
        assert_eq!(place.length as usize, out.len() - 3);
        out.split_off(3)
    }

    fn a_packing() -> impl Strategy<Value = Packing> {
        prop_oneof![Just(Packing::Plain), (1i32..4).prop_map(Packing::Zstd)]
    }

    proptest! {
        #[test]
        fn a_block_is_read_back(
            raw in proptest::collection::vec(0u8..4, 0..2000),
            packing in a_packing(),
        ) {
            let stored = stored(packing, &raw);
            prop_assert_eq!(&decode_block(&stored).unwrap()[..], &raw[..]);
            prop_assert!(stored.len() <= raw.len() + AROUND_BYTES_MAX);
        }

        #[test]
        fn a_changed_bit_and_a_part_are_refused(
            raw in proptest::collection::vec(0u8..4, 0..300),
            packing in a_packing(),
            at: prop::sample::Index,
            bit in 0u32..8,
        ) {
            let mut stored = stored(packing, &raw);
            let at = at.index(stored.len());
            prop_assert!(decode_block(&stored[..at]).is_err());
            stored[at] ^= 1 << bit;
            prop_assert_eq!(decode_block(&stored), Err(Malformed("the checksum of a block")));
        }

        /// Even with a checksum that holds, nothing but a block is taken for one.
        #[test]
        fn any_bytes_are_a_block_or_an_error(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(codec) = bytes.first_mut() {
                *codec %= 3;
            }
            let crc = crc32c::crc32c(&bytes);
            bytes.extend_from_slice(&crc.to_le_bytes());
            if let Ok(raw) = decode_block(&bytes) {
                prop_assert!(raw.len() <= RAW_BYTES_MAX);
            }
        }
    }

    #[test]
    fn only_what_packs_well_is_packed() {
        let mut noise = vec![0; 4096];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let zeros = vec![0; 4096];
        assert_eq!(stored(Packing::Zstd(1), &zeros)[0], ZSTD);
        assert_eq!(stored(Packing::Plain, &zeros)[0], PLAIN);
        assert_eq!(stored(Packing::Zstd(1), &zeros[..63])[0], PLAIN);
        assert!(stored(Packing::Zstd(1), &zeros).len() < 64);
        assert_eq!(stored(Packing::Zstd(1), &noise).len(), 4096 + 1 + 2 + 4);
    }

    #[test]
    fn a_raw_length_beyond_the_limit_is_refused_before_it_is_allocated() {
        for (codec, length) in [(PLAIN, u64::MAX), (ZSTD, RAW_BYTES_MAX as u64 + 1), (2, 0)] {
            let mut bytes = vec![codec];
            put_varint(&mut bytes, length);
            let crc = crc32c::crc32c(&bytes);
            bytes.extend_from_slice(&crc.to_le_bytes());
            assert!(decode_block(&bytes).is_err());
        }
    }

    #[test]
    fn a_place_ends_before_what_points_at_it() {
        let read = |offset, length, end| {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, offset);
            put_varint(&mut bytes, length);
            Place::read(&mut Reader::new(&bytes), end)
        };
        assert_eq!(
            read(5, 7, 12),
            Ok(Place {
                offset: 5,
                length: 7
            })
        );
        assert!(read(5, 7, 11).is_err());
        assert!(read(5, 0, 11).is_err());
        assert!(read(u64::MAX, 7, u64::MAX).is_err());
        assert!(read(0, 4 << 20, u64::MAX).is_err());
    }
}
