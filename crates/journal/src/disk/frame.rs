//! The frame: a commit as it stands in a file. docs/FORMAT.md draws it.
//!
//! ```text
//! header 64 bytes | payload | crc32c of both | end bytes, 0 to 63 | ending 16 bytes
//! ```
//!
//! A frame starts and ends on a multiple of 64 bytes, so that its header lies within one sector,
//! and what it fills of any sector of 512 bytes is never all zero: the first part holds the header,
//! the last one the ending, and a payload that would leave a whole sector between them (nearly)
//! zero is masked. A sector that reads zero was therefore lost, and a flipped bit cannot look like
//! a lost sector.
//!
//! Header and ending both say the commit's number: as long as one of them is there, a frame that
//! lost a sector is not taken for another one.

use bytes::Bytes;
use headwater_event::{ChainHash, LogId, Position, Timestamp};

use crate::{Commit, Seq};

/// What a disk writes whole or not at all.
pub(crate) const SECTOR: usize = 512;
/// Frames start and end on a multiple of this.
pub(crate) const ALIGN: usize = 64;
/// Bytes of a frame's header.
pub(crate) const HEADER: usize = 64;

const MARK: [u8; 4] = [0xc5, b'H', b'W', b'C'];
const END: u8 = 0xe5;
/// The number, its checksum, and four end bytes.
const ENDING: usize = 16;
const CRC: usize = 4;
const CHAIN: usize = 32;
/// What a whole sector must hold at least, in words of eight bytes that are not zero.
const WORDS_MIN: usize = 2;

/// What the checksums of a file's frames start from, so that frames of another log or file are no
/// frames here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Salt(u32);

impl Salt {
    pub(crate) fn new(log: LogId, first: Seq) -> Salt {
        let log = crc32c::crc32c(log.0.as_bytes());
        Salt(crc32c::crc32c_append(log, &first.0.to_le_bytes()))
    }
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    payload: u32,
    pub(crate) seq: Seq,
    pub(crate) first: Position,
    recorded_at: Timestamp,
    events: u32,
    /// What the payload is masked with; 0 is not masked.
    mask: u64,
}

impl Header {
    fn encode(&self, salt: Salt) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0..4].copy_from_slice(&MARK);
        bytes[4..8].copy_from_slice(&self.payload.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.0.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.recorded_at.as_micros().to_le_bytes());
        bytes[32..36].copy_from_slice(&self.events.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.mask.to_le_bytes());
        let crc = crc32c::crc32c_append(salt.0, &bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header, if these 64 bytes are one of this file's.
    pub(crate) fn decode(bytes: &[u8], salt: Salt) -> Option<Header> {
        let bytes: &[u8; HEADER] = bytes.first_chunk()?;
        let crc = crc32c::crc32c_append(salt.0, &bytes[..60]).to_le_bytes();
        if bytes[..4] != MARK || bytes[60..] != crc {
            return None;
        }
        let u64_at = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let u32_at = |at: usize| (u64_at(at) & 0xffff_ffff) as u32;
        let header = Header {
            payload: u32_at(4),
            seq: Seq(u64_at(8)),
            first: Position(u64_at(16)),
            recorded_at: Timestamp::from_micros(u64_at(24) as i64)?,
            events: u32_at(32),
            mask: u64_at(40),
        };
        (header.payload as usize >= CHAIN && header.events > 0).then_some(header)
    }

    pub(crate) fn events(&self) -> u32 {
        self.events
    }

    /// How long the whole frame is.
    pub(crate) fn frame_len(&self) -> usize {
        frame_len(self.payload as usize)
    }
}

fn frame_len(payload: usize) -> usize {
    (HEADER + payload + CRC + ENDING).next_multiple_of(ALIGN)
}

fn ending(salt: Salt, seq: Seq) -> [u8; ENDING] {
    let mut bytes = [END; ENDING];
    bytes[..8].copy_from_slice(&seq.0.to_le_bytes());
    let crc = crc32c::crc32c_append(salt.0, &bytes[..8]);
    bytes[8..12].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// The number of the commit that these 64 bytes are the start or the end of the frame of.
pub(crate) fn seq_of(bytes: &[u8], salt: Salt) -> Option<Seq> {
    if let Some(header) = Header::decode(bytes, salt) {
        return Some(header.seq);
    }
    let end: &[u8; ENDING] = bytes.last_chunk()?;
    let mut seq = [0; 8];
    seq.copy_from_slice(&end[..8]);
    let seq = Seq(u64::from_le_bytes(seq));
    (bytes.len() == ALIGN && *end == ending(salt, seq)).then_some(seq)
}

/// How long the frame of a commit is.
pub(crate) fn len_of(commit: &Commit) -> usize {
    frame_len(CHAIN + commit.appends.len())
}

/// Puts the frame of a commit, as it is to stand at `offset` of a file, into an empty buffer.
pub(crate) fn encode(out: &mut Vec<u8>, salt: Salt, offset: u64, seq: Seq, commit: &Commit) {
    let payload = CHAIN + commit.appends.len();
    let length = frame_len(payload);
    out.clear();
    out.reserve(length);
    out.extend_from_slice(&[0; HEADER]);
    out.extend_from_slice(&commit.chain.0);
    out.extend_from_slice(&commit.appends);
    out.extend_from_slice(&[0; CRC]);
    out.resize(length - ENDING, END);
    out.extend_from_slice(&ending(salt, seq));
    let mut header = Header {
        payload: payload as u32, // a batch is far smaller than 4 GiB
        seq,
        first: commit.first,
        recorded_at: commit.recorded_at,
        events: commit.events,
        mask: 0,
    };
    finish(out, &header, salt);
    // The chain depends on what is written and on the time: nobody can choose data for a mask.
    let mut tries = Mask::new(u64::from_le_bytes(first_word(&commit.chain)));
    while has_empty_sector(out, offset) {
        apply(header.mask, &mut out[HEADER..HEADER + payload]); // takes the last mask off
        header.mask = tries.next_seed();
        apply(header.mask, &mut out[HEADER..HEADER + payload]);
        finish(out, &header, salt);
    }
}

/// Puts header and checksum around the payload.
fn finish(out: &mut [u8], header: &Header, salt: Salt) {
    let end = HEADER + header.payload as usize;
    out[..HEADER].copy_from_slice(&header.encode(salt));
    let crc = crc32c::crc32c_append(salt.0, &out[..end]);
    out[end..end + CRC].copy_from_slice(&crc.to_le_bytes());
}

fn first_word(chain: &ChainHash) -> [u8; 8] {
    let mut word = [0; 8];
    word.copy_from_slice(&chain.0[..8]);
    word
}

/// Whether a whole sector within the frame is zero or nearly so.
fn has_empty_sector(frame: &[u8], offset: u64) -> bool {
    let start = (SECTOR - (offset as usize % SECTOR)) % SECTOR;
    let sectors = frame.get(start..).unwrap_or_default();
    let is_empty = |sector: &[u8]| {
        let words = sector.chunks_exact(8).filter(|word| **word != [0; 8]);
        words.take(WORDS_MIN).count() < WORDS_MIN
    };
    sectors.chunks_exact(SECTOR).any(is_empty)
}

/// Whether some part of the frame that fills a sector, or the rest of one, reads zero.
pub(crate) fn has_lost_sector(frame: &[u8], offset: u64) -> bool {
    let head = (SECTOR - (offset as usize % SECTOR)).min(frame.len());
    let (first, rest) = frame.split_at(head);
    is_zero(first) || rest.chunks(SECTOR).any(is_zero)
}

/// Whether all bytes are zero.
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Words that a payload is masked with: SplitMix64 (Steele, Lea, Flood: Fast splittable
/// pseudorandom number generators, 2014).
struct Mask(u64);

impl Mask {
    fn new(seed: u64) -> Mask {
        Mask(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn next_seed(&mut self) -> u64 {
        self.next().max(1)
    }
}

/// Puts a mask on, or takes it off.
fn apply(seed: u64, payload: &mut [u8]) {
    if seed == 0 {
        return;
    }
    let mut mask = Mask::new(seed);
    for chunk in payload.chunks_mut(8) {
        let word = mask.next().to_le_bytes();
        chunk
            .iter_mut()
            .zip(word)
            .for_each(|(byte, with)| *byte ^= with);
    }
}

/// What is wrong with the bytes behind a valid header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The checksum of the whole.
    Checksum,
    /// The end bytes or the ending.
    End,
}

/// Takes the commit out of the frame that starts these bytes and is all there.
pub(crate) fn decode(header: &Header, frame: &Bytes, salt: Salt) -> Result<Commit, Broken> {
    let end = HEADER + header.payload as usize;
    let crc = crc32c::crc32c_append(salt.0, &frame[..end]).to_le_bytes();
    if frame[end..end + CRC] != crc {
        return Err(Broken::Checksum);
    }
    let (fill, last) = frame[end + CRC..header.frame_len()].split_at(
        header.frame_len() - end - CRC - ENDING, // a frame has room for its ending
    );
    if fill.iter().any(|byte| *byte != END) || last != ending(salt, header.seq) {
        return Err(Broken::End);
    }
    let mut payload = frame.slice(HEADER..end);
    if header.mask != 0 {
        let mut plain = payload.to_vec();
        apply(header.mask, &mut plain);
        payload = Bytes::from(plain);
    }
    let mut chain = [0; CHAIN];
    chain.copy_from_slice(&payload[..CHAIN]);
    Ok(Commit {
        first: header.first,
        events: header.events,
        recorded_at: header.recorded_at,
        chain: ChainHash(chain),
        appends: payload.slice(CHAIN..),
    })
}

/// Sets the checksums and the end bytes of a frame right, as far as it has a length.
pub(crate) fn set_right(bytes: &mut [u8], salt: Salt) {
    let Some(header) = bytes.first_chunk_mut::<HEADER>() else {
        return;
    };
    header[..4].copy_from_slice(&MARK);
    let crc = crc32c::crc32c_append(salt.0, &header[..60]).to_le_bytes();
    header[60..].copy_from_slice(&crc);
    let header = Header::decode(bytes, salt);
    if let Some((header, frame)) = header.and_then(|header| {
        let frame = bytes.get_mut(..header.frame_len())?;
        Some((header, frame))
    }) {
        finish(frame, &header, salt);
        let (fill, last) = frame[HEADER + header.payload as usize + CRC..]
            .split_at_mut(header.frame_len() - HEADER - header.payload as usize - CRC - ENDING);
        fill.fill(END);
        last.copy_from_slice(&ending(salt, header.seq));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn salt() -> Salt {
        Salt::new(LogId(Uuid::from_u128(7)), Seq(1))
    }

    fn commit(appends: Vec<u8>) -> Commit {
        Commit {
            first: Position(5),
            events: 3,
            recorded_at: Timestamp::from_micros(1_000_000).unwrap(),
            chain: ChainHash([9; 32]),
            appends: appends.into(),
        }
    }

    /// Mostly zeros, with some bytes among them, so that masks are needed.
    fn sparse() -> impl Strategy<Value = Vec<u8>> {
        let spot = (0usize..5_000, any::<u8>());
        (0usize..5_000, proptest::collection::vec(spot, 0..8)).prop_map(|(length, spots)| {
            let mut bytes = vec![0; length];
            for (at, byte) in spots.into_iter().filter(|(at, _)| *at < length) {
                bytes[at] = byte;
            }
            bytes
        })
    }

    proptest! {
        #[test]
        fn a_frame_gives_the_commit_back(appends in sparse(), at in 0u64..64) {
            let (offset, commit) = (at * ALIGN as u64, commit(appends));
            let mut frame = Vec::new();
            encode(&mut frame, salt(), offset, Seq(4), &commit);
            prop_assert_eq!(frame.len(), len_of(&commit));
            let header = Header::decode(&frame, salt()).unwrap();
            prop_assert_eq!(header.seq, Seq(4));
            prop_assert_eq!(header.frame_len(), frame.len());
            prop_assert_eq!(decode(&header, &frame.into(), salt()), Ok(commit));
        }

        #[test]
        fn no_part_of_a_sector_is_zero_even_with_one_byte_changed(appends in sparse(), at in 0u64..64) {
            let offset = at * ALIGN as u64;
            let mut frame = Vec::new();
            encode(&mut frame, salt(), offset, Seq(4), &commit(appends));
            for at in 0..frame.len() {
                let byte = std::mem::take(&mut frame[at]);
                prop_assert!(!has_lost_sector(&frame, offset));
                frame[at] = byte;
            }
        }

        #[test]
        fn bytes_of_any_kind_are_no_frame_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Header::decode(&bytes, salt()), None);
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let mut frame = Vec::new();
        encode(&mut frame, salt(), 512, Seq(4), &commit(vec![0; 900]));
        for at in 0..frame.len() {
            let mut changed = frame.clone();
            changed[at] ^= 1;
            let decoded = Header::decode(&changed, salt())
                .map(|header| decode(&header, &changed.into(), salt()).is_ok());
            assert!(!decoded.unwrap_or(false), "byte {at}");
        }
    }

    #[test]
    fn a_frame_of_another_file_is_no_frame() {
        let mut frame = Vec::new();
        encode(&mut frame, salt(), 512, Seq(4), &commit(vec![1; 40]));
        let other = Salt::new(LogId(Uuid::from_u128(7)), Seq(2));
        assert_eq!(Header::decode(&frame, other), None);
    }
}
