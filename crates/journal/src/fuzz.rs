//! The decoders of what a storage keeps, for fuzzing. Each takes any bytes, and may neither panic,
//! nor hang, nor take more memory than they are worth. Checksums are set right first, so that what
//! stands behind them is reached. Not a part of the interface: it changes as it is needed.

use bytes::Bytes;
use headwater_event::{ChainHash, LogId, Position, Timestamp};
use uuid::Uuid;

use crate::disk::frame::{self, Header, Salt};
use crate::loaded::Loaded;
use crate::{Commit, Manifest, Seq};

pub use crate::segment::fuzz::{block, postings, segment, tree};

/// A frame of a file of commits, and the appends in it.
pub fn frame(bytes: &[u8]) {
    let salt = Salt::new(LogId(Uuid::nil()), Seq::FIRST);
    let mut bytes = bytes.to_vec();
    frame::set_right(&mut bytes, salt);
    let Some(header) = Header::decode(&bytes, salt) else {
        return;
    };
    if header.frame_len() <= bytes.len()
        && let Ok(commit) = frame::decode(&header, &Bytes::from(bytes), salt)
    {
        read(&commit);
    }
}

/// The appends of a commit of a few events.
pub fn commit(bytes: &[u8]) {
    let Some((events, appends)) = bytes.split_first() else {
        return;
    };
    read(&Commit {
        first: Position(1),
        events: u32::from(*events),
        recorded_at: Timestamp::MIN,
        chain: ChainHash::START,
        appends: Bytes::copy_from_slice(appends),
    });
}

fn read(commit: &Commit) {
    let Ok(loaded) = Loaded::parse(Seq::FIRST, commit) else {
        return;
    };
    for at in 0..loaded.run.len() {
        let _ = loaded.run.event(loaded.first().plus(at as u64));
    }
}

/// A manifest. One that is good is written as it was read.
pub fn manifest(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    set_last_checksum(&mut bytes, 0);
    if let Ok((log, manifest)) = Manifest::decode(&bytes) {
        assert_eq!(manifest.encode(log), bytes);
    }
}

/// Makes the last four bytes the checksum of those before them, from a start on.
pub(crate) fn set_last_checksum(bytes: &mut [u8], start: usize) {
    if let Some((content, crc)) = bytes
        .get_mut(start..)
        .and_then(<[u8]>::split_last_chunk_mut)
    {
        *crc = crc32c::crc32c(content).to_le_bytes();
    }
}
