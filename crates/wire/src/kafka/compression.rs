//! The compressions of batches, undone up to a bound: a few bytes may claim to be very many.

use std::io::{self, Read};

use bytes::Bytes;
use headwater_event::limits::APPEND_BYTES_MAX;
use headwater_event::{Error, Kind};

/// Bytes of one batch, decompressed: what does not fit into an append need not be looked at.
const BYTES_MAX: usize = APPEND_BYTES_MAX;

/// The window of zstd, as a power of two: what a decoder keeps of what it wrote.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// What snappy-java writes before its blocks.
const SNAPPY_BLOCKS: &[u8] = &[0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];

/// How the records of a batch are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Compression {
    /// As the attributes of a batch say.
    pub(crate) fn of(attributes: i16) -> Option<Compression> {
        match attributes & 7 {
            0 => Some(Compression::None),
            1 => Some(Compression::Gzip),
            2 => Some(Compression::Snappy),
            3 => Some(Compression::Lz4),
            4 => Some(Compression::Zstd),
            _ => None,
        }
    }

    /// Undoes it. Takes processor time: not for a lane.
    pub(crate) fn undo(self, bytes: &Bytes) -> Result<Bytes, Error> {
        let read = match self {
            Compression::None => return Ok(bytes.clone()),
            Compression::Gzip => bounded(flate2::read::MultiGzDecoder::new(&bytes[..])),
            Compression::Snappy => snappy(bytes),
            Compression::Lz4 => bounded(lz4_flex::frame::FrameDecoder::new(&bytes[..])),
            Compression::Zstd => zstd(bytes),
        };
        match read {
            Ok(bytes) if bytes.len() > BYTES_MAX => Err(too_large()),
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(error) => Err(Error::invalid(
                "bad_compression",
                "the records cannot be decompressed",
            )
            .found(error)
            .expected("records that are compressed as the batch says")),
        }
    }
}

fn too_large() -> Error {
    Error::new(Kind::TooLarge, "too_large", "the records are too large")
        .found(format!("more than {BYTES_MAX} bytes, decompressed"))
        .expected(format!("at most {BYTES_MAX}"))
        .action("send smaller batches")
}

/// Reads all of it, and one byte beyond the bound if there is more.
fn bounded(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(BYTES_MAX as u64 + 1).read_to_end(&mut out)?;
    Ok(out)
}

fn zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoder = zstd::Decoder::with_buffer(bytes)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    bounded(decoder)
}

/// One block, or the blocks of snappy-java: a head of 16 bytes, then each block after its length.
fn snappy(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    if !bytes.starts_with(SNAPPY_BLOCKS) {
        block(bytes, &mut out)?;
        return Ok(out);
    }
    let short = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut rest = bytes.get(16..).ok_or_else(short)?;
    while !rest.is_empty() && out.len() <= BYTES_MAX {
        let (length, after) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (one, after) = after.split_at_checked(length).ok_or_else(short)?;
        block(one, &mut out)?;
        rest = after;
    }
    Ok(out)
}

/// Appends a block, whose length it says itself, before any of it is looked at.
fn block(bytes: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
    let length = snap::raw::decompress_len(bytes)?;
    let from = out.len();
    if length > BYTES_MAX.saturating_sub(from) {
        out.resize(BYTES_MAX + 1, 0); // beyond the bound, which the caller says
        return Ok(());
    }
    out.resize(from + length, 0);
    let written = snap::raw::Decoder::new().decompress(bytes, &mut out[from..])?;
    out.truncate(from + written);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn compress(compression: Compression, bytes: &[u8]) -> Bytes {
        let out = match compression {
            Compression::None => bytes.to_vec(),
            Compression::Gzip => {
                let level = flate2::Compression::fast();
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Snappy => snap::raw::Encoder::new().compress_vec(bytes).unwrap(),
            Compression::Lz4 => {
                let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
        };
        Bytes::from(out)
    }

    const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    #[test]
    fn all_are_undone() {
        let text = b"all of this, all of this, all of this".repeat(1_000);
        for (at, compression) in ALL.into_iter().enumerate() {
            assert_eq!(Compression::of(at as i16), Some(compression));
            let bytes = compress(compression, &text);
            assert_eq!(compression.undo(&bytes).unwrap(), text, "{compression:?}");
        }
        assert_eq!(Compression::of(5), None);
    }

    #[test]
    fn a_bomb_is_refused() {
        let zeros = vec![0; BYTES_MAX + 1];
        for compression in &ALL[1..] {
            let bytes = compress(*compression, &zeros);
            let error = compression.undo(&bytes).unwrap_err();
            assert_eq!(error.code(), "too_large", "{compression:?}");
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        let text = b"all of this".repeat(1_000);
        for compression in &ALL[1..] {
            let bytes = compress(*compression, &text);
            for broken in [
                bytes.slice(..bytes.len() / 2),
                Bytes::from_static(&[0xff; 40]),
            ] {
                let error = compression.undo(&broken).unwrap_err();
                assert_eq!(error.code(), "bad_compression", "{compression:?}");
            }
        }
    }

    #[test]
    fn blocks_of_snappy_java_are_read() {
        let mut bytes = SNAPPY_BLOCKS.to_vec();
        bytes.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 1]);
        for part in [&b"one "[..], b"two"] {
            let block = snap::raw::Encoder::new().compress_vec(part).unwrap();
            bytes.extend_from_slice(&(block.len() as u32).to_be_bytes());
            bytes.extend_from_slice(&block);
        }
        let undone = Compression::Snappy.undo(&Bytes::from(bytes)).unwrap();
        assert_eq!(undone, "one two");
    }
}
