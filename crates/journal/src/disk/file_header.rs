//! The first sector of a file of commits: which log it belongs to and what it goes on from.
//! docs/FORMAT.md draws it.

use headwater_event::{ChainHash, LogId, Position, Timestamp};
use uuid::Uuid;

use super::frame::SECTOR;
use crate::Seq;
use crate::commits::Head;

/// Bytes of the header: a sector of its own, so that no frame shares it.
pub(crate) const FILE_HEADER: usize = SECTOR;

const MAGIC: [u8; 8] = *b"HEADWATR";
/// The version of the format.
pub(crate) const VERSION: u32 = 1;
const CRC_AT: usize = FILE_HEADER - 4;

/// What stands in the first sector of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) log: LogId,
    /// The first commit of the file. It stands here and in no file before.
    pub(crate) first: Seq,
    /// The end of the log before that commit.
    pub(crate) before: Head,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// They do not start as a file of commits does.
    Magic,
    /// They are of this version, which this program does not know.
    Version(u32),
    /// They were changed.
    Checksum,
}

impl FileHeader {
    pub(crate) fn encode(&self) -> [u8; FILE_HEADER] {
        let mut bytes = [0; FILE_HEADER];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..32].copy_from_slice(self.log.0.as_bytes());
        bytes[32..40].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.before.position.0.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.before.recorded_at.as_micros().to_le_bytes());
        bytes[56..88].copy_from_slice(&self.before.chain.0);
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; FILE_HEADER]) -> Result<FileHeader, NoHeader> {
        if bytes[0..8] != MAGIC {
            return Err(NoHeader::Magic);
        }
        if bytes[CRC_AT..] != crc32c::crc32c(&bytes[..CRC_AT]).to_le_bytes() {
            return Err(NoHeader::Checksum);
        }
        let version = u32::from_le_bytes(array(bytes, 8));
        if version != VERSION {
            return Err(NoHeader::Version(version));
        }
        let micros = i64::from_le_bytes(array(bytes, 48));
        Ok(FileHeader {
            log: LogId(Uuid::from_bytes(array(bytes, 16))),
            first: Seq(u64::from_le_bytes(array(bytes, 32))),
            before: Head {
                position: Position(u64::from_le_bytes(array(bytes, 40))),
                recorded_at: Timestamp::from_micros(micros).ok_or(NoHeader::Checksum)?,
                chain: ChainHash(array(bytes, 56)),
            },
        })
    }
}

fn array<const N: usize>(bytes: &[u8; FILE_HEADER], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_header_is_read_back(log: u128, first: u64, position: u64, micros in 0i64..1 << 50, chain: [u8; 32]) {
            let header = FileHeader {
                log: LogId(Uuid::from_u128(log)),
                first: Seq(first),
                before: Head {
                    position: Position(position),
                    recorded_at: Timestamp::from_micros(micros).unwrap(),
                    chain: ChainHash(chain),
                },
            };
            prop_assert_eq!(FileHeader::decode(&header.encode()), Ok(header));
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let header = FileHeader {
            log: LogId(Uuid::from_u128(1)),
            first: Seq(1),
            before: Head::EMPTY,
        };
        for at in 0..FILE_HEADER {
            let mut bytes = header.encode();
            bytes[at] ^= 0x80;
            assert!(FileHeader::decode(&bytes).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_later_version_is_named() {
        let mut bytes = FileHeader {
            log: LogId(Uuid::from_u128(1)),
            first: Seq(1),
            before: Head::EMPTY,
        }
        .encode();
        bytes[8] = 2;
        let crc = crc32c::crc32c(&bytes[..CRC_AT]);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(FileHeader::decode(&bytes), Err(NoHeader::Version(2)));
    }
}
