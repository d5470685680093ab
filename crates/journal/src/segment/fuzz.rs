//! The decoders of a segment, for fuzzing.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use headwater_event::{Error, Timestamp};

use super::footer::{FOOTER_BYTES, Footer};
use super::postings::{Chunk, KeyValue, List};
use super::stored::{Blocks, Place, Raw, decode_block};
use super::tree::{Tree, TreeRoot, get_all};
use super::{BlockCache, Segment};
use crate::canonical::{Malformed, Reader};
use crate::fuzz::set_last_checksum;
use crate::manifest::SegmentName;
use crate::storage::{Map, SegmentBytes};

/// So many entries are looked at.
const ENTRIES_MAX: usize = 10_000;

/// A file in memory.
struct File(SegmentName, Bytes);

impl SegmentBytes for File {
    fn name(&self) -> SegmentName {
        self.0
    }

    fn len(&self) -> u64 {
        self.1.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        slice(&self.1, offset, length)
    }

    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        let bytes = slice(&self.1, offset, length)?;
        Ok(Some(Arc::new(bytes)))
    }
}

fn slice(bytes: &Bytes, offset: u64, length: usize) -> Result<Bytes, Error> {
    let start = usize::try_from(offset).ok();
    let end = start.and_then(|start| start.checked_add(length));
    match (start, end) {
        (Some(start), Some(end)) if end <= bytes.len() => Ok(bytes.slice(start..end)),
        _ => Err(Error::damaged("the file ends too early")),
    }
}

/// A segment with the footer that it has.
pub fn segment(bytes: &[u8]) {
    let Some(start) = bytes.len().checked_sub(FOOTER_BYTES) else {
        return;
    };
    let mut bytes = bytes.to_vec();
    set_last_checksum(&mut bytes, start);
    let Some((content, crc)) = bytes[start..].split_last_chunk() else {
        return;
    };
    let Some(footer) = Footer::unvouched(content, start as u64) else {
        return;
    };
    let info = footer.info(0, bytes.len() as u64, u32::from_le_bytes(*crc));
    let file = File(info.name, Bytes::from(bytes));
    let segment = Segment::open(info, Arc::new(file), Arc::new(BlockCache::new(1 << 20)));
    let _ = ask(&segment);
    let _ = segment.verify(&mut |_| Ok(()));
}

fn ask(segment: &Segment) -> Result<(), Error> {
    let info = *segment.info();
    let _ = segment.tops();
    let _ = segment.position_of(info.id_min);
    let _ = segment.position_at(Timestamp::MAX);
    let _ = segment.chain_at(info.name.last);
    for position in [info.name.first, info.name.last] {
        let mut next = VecDeque::new();
        if let Ok(run) = segment.runs_upto(position, 10_000, info.name.last, &mut next) {
            let _ = run.event(position);
        }
    }
    for stream in segment.streams("", None)?.take(ENTRIES_MAX) {
        let _ = stream?;
    }
    Ok(())
}

/// A stored block.
pub fn block(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    set_last_checksum(&mut bytes, 0);
    let _ = decode_block(&bytes);
}

/// Blocks that stand there as they are, without checksums.
struct Plain(Bytes);

impl Blocks for Plain {
    fn block(&self, place: Place) -> Result<Raw<'_>, Error> {
        self.stored(place).map(Raw::Kept)
    }

    fn stored(&self, place: Place) -> Result<Bytes, Error> {
        slice(&self.0, place.offset, place.length as usize)
    }
}

/// The root of a tree, and its blocks.
pub fn tree(bytes: &[u8]) {
    let Some((root, blocks)) = bytes.split_at_checked(TreeRoot::BYTES) else {
        return;
    };
    let root = TreeRoot::read(&mut Reader::new(root), blocks.len() as u64);
    let blocks = Plain(Bytes::copy_from_slice(blocks));
    if let Ok(root) = root {
        let _ = walk(&Tree::new(root, &blocks));
    }
}

fn walk(tree: &Tree<'_, Plain>) -> Result<(), Error> {
    let mut cursor = tree.iter()?;
    let mut keys = Vec::new();
    for _ in 0..ENTRIES_MAX {
        if !cursor.advance()? {
            break;
        }
        let key = cursor.key().to_vec();
        let _ = tree.get(&key)?;
        let _ = tree.floor(&key)?;
        keys.push(key);
    }
    let together = get_all(keys.iter().map(|key| (*tree, &key[..])));
    for (key, together) in keys.iter().zip(together) {
        assert_eq!(together?, tree.get(key)?);
    }
    Ok(())
}

/// What a segment knows of a name, or a chunk of its list.
pub fn postings(bytes: &[u8]) {
    let _ = list(bytes);
    let Some((key, value)) = bytes.split_at_checked(12) else {
        return;
    };
    if let Ok(chunk) = Chunk::read(key, value, 1 << 20)
        && chunk.place.is_some()
    {
        let _ = chunk.offsets(value);
    }
}

fn list(bytes: &[u8]) -> Result<(), Malformed> {
    let value = KeyValue::read(bytes)?;
    let _ = value.revision_after();
    let _ = value.list.last();
    if let List::Short(short) = value.list {
        let _ = short.each(|_| ());
    }
    Ok(())
}
