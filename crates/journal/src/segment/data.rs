//! Data blocks: the events of a segment, a few at a time.
//!
//! ```text
//! stored   codec u8 | raw length varint | bytes | crc32c of all before u32
//! codec    0: bytes are the payload          1: bytes are a Zstandard frame of it
//!          2: they are one that was packed with a dictionary; the tree of blocks says which
//! payload  block header, 32 bytes | stream of appends, from there on
//! ```
//!
//! Blocks are cut between events: one holds about as many bytes as asked for, or one event that is
//! larger. A block says its place in the log and nothing of its place in the file, so a merge
//! copies it as it is.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use headwater_event::{Error, Position, Timestamp};

use super::defect;
use super::dictionary::{Dictionary, Encoder};
use super::output::Output;
use super::stored::{PLAIN, Place, RAW_BYTES_MAX, ZSTD, ZSTD_DICTIONARY, put_block};
use crate::run::{AppendSlot, BlockHeader, Run};

/// About how many bytes a block has before it is packed. Of larger ones, one event costs more to
/// read; smaller ones pack worse.
const BLOCK_BYTES: usize = 4 << 10;

/// Blocks that the dictionary is chosen by, in bytes.
const CHOSEN_BY_BYTES: usize = 1 << 20;

/// A block that was cut, not yet packed.
#[derive(Clone, Debug)]
pub(crate) struct RawBlock {
    pub(crate) first: Position,
    /// When its first event was recorded.
    pub(crate) recorded_at: Timestamp,
    pub(crate) payload: Bytes,
}

/// Cuts a stream of appends into blocks.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    header: Option<BlockHeader>,
    payload: BytesMut,
}

impl Cutter {
    /// Adds an event, with what stands before it of its append. If it does not go into the block
    /// that is being filled, that block is done, and given.
    fn add(&mut self, position: Position, append: &AppendSlot, bytes: &[u8]) -> Option<RawBlock> {
        let is_full = self.payload.len() + bytes.len() > BLOCK_BYTES;
        let done = if is_full { self.finish() } else { None };
        let header = self.header.get_or_insert_with(|| {
            self.payload
                .reserve(BLOCK_BYTES.max(BlockHeader::BYTES + bytes.len()));
            self.payload.put_bytes(0, BlockHeader::BYTES);
            BlockHeader {
                first: position,
                events: 0,
                append_first: append.first,
                append_events: (append.last.0 - append.first.0 + 1) as u32, // a slot's are
                recorded_at: append.recorded_at,
            }
        });
        header.events += 1;
        self.payload.extend_from_slice(bytes);
        done
    }

    /// The block that is being filled, if it has an event.
    pub(crate) fn finish(&mut self) -> Option<RawBlock> {
        let header = self.header.take()?;
        self.payload[..BlockHeader::BYTES].copy_from_slice(&header.encode());
        Some(RawBlock {
            first: header.first,
            recorded_at: header.recorded_at,
            payload: self.payload.split().freeze(),
        })
    }

    /// Adds the events of an append that is whole in the run, and hands on what is done.
    pub(crate) fn append(
        &mut self,
        run: &Run,
        append: &AppendSlot,
        mut done: impl FnMut(RawBlock) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let stream = run.bytes();
        // The length stands before it.
        let mut start = (append.start as usize).saturating_sub(size_of::<u32>());
        for position in append.first.0..=append.last.0 {
            let end = match position == append.last.0 {
                true => append.end as usize,
                false => run.event_start((position - run.first().0) as usize + 1),
            };
            let block = self.add(Position(position), append, &stream[start..end]);
            block.map_or(Ok(()), &mut done)?;
            start = end;
        }
        Ok(())
    }
}

/// Where a block stands, for the trees that find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockPlace {
    /// Position of its first event.
    pub(crate) first: Position,
    /// When that was recorded.
    pub(crate) recorded_at: Timestamp,
    pub(crate) place: Place,
    /// Which of the segment's dictionaries it was packed with, from 1 on; 0 is none.
    pub(crate) dictionary: u32,
}

/// Writes the data blocks of a segment.
pub(crate) struct DataWriter {
    cutter: Cutter,
    /// Blocks that wait until a dictionary is chosen by them.
    waiting: Vec<RawBlock>,
    waiting_bytes: usize,
    before: Option<Arc<Dictionary>>,
    packer: Option<DataPacker>,
    places: Vec<BlockPlace>,
}

/// What was written.
pub(crate) struct Data {
    pub(crate) places: Vec<BlockPlace>,
    pub(crate) dictionary: Option<Arc<Dictionary>>,
}

impl DataWriter {
    /// One that reuses the dictionary of the segment before if it serves.
    pub(crate) fn new(before: Option<Arc<Dictionary>>) -> DataWriter {
        DataWriter {
            cutter: Cutter::default(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            before,
            packer: None,
            places: Vec::new(),
        }
    }

    /// Adds an append that is whole in the run.
    pub(crate) fn append(
        &mut self,
        out: &mut dyn Output,
        run: &Run,
        append: &AppendSlot,
    ) -> Result<(), Error> {
        let mut cutter = std::mem::take(&mut self.cutter);
        let added = cutter.append(run, append, |block| self.take(out, block));
        self.cutter = cutter;
        added
    }

    /// How many blocks are done.
    pub(crate) fn blocks(&self) -> usize {
        self.places.len() + self.waiting.len()
    }

    fn take(&mut self, out: &mut dyn Output, block: RawBlock) -> Result<(), Error> {
        if self.packer.is_some() {
            return self.write(out, &block);
        }
        self.waiting_bytes += block.payload.len();
        self.waiting.push(block);
        match self.waiting_bytes < CHOSEN_BY_BYTES {
            true => Ok(()),
            false => self.choose(out),
        }
    }

    /// Chooses the dictionary, and writes what waits for it.
    fn choose(&mut self, out: &mut dyn Output) -> Result<(), Error> {
        let payloads: Vec<Bytes> = self.waiting.iter().map(|it| it.payload.clone()).collect();
        let dictionary = Dictionary::choose(&payloads, self.before.as_ref());
        self.packer = Some(DataPacker::new(dictionary)?);
        let waiting = std::mem::take(&mut self.waiting);
        waiting.iter().try_for_each(|block| self.write(out, block))
    }

    fn write(&mut self, out: &mut dyn Output, block: &RawBlock) -> Result<(), Error> {
        if let Some(packer) = &mut self.packer {
            self.places.push(packer.write(out, block)?);
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<Data, Error> {
        if let Some(last) = self.cutter.finish() {
            self.take(out, last)?;
        }
        if self.packer.is_none() {
            self.choose(out)?;
        }
        Ok(Data {
            places: self.places,
            dictionary: self.packer.and_then(|packer| packer.dictionary),
        })
    }
}

/// Packs and writes blocks.
struct DataPacker {
    encoder: Encoder,
    dictionary: Option<Arc<Dictionary>>,
    stored: Vec<u8>,
}

impl DataPacker {
    fn new(dictionary: Option<Arc<Dictionary>>) -> Result<DataPacker, Error> {
        let encoder = Encoder::new(dictionary.as_ref().map(|known| known.bytes()));
        Ok(DataPacker {
            encoder: encoder.ok_or_else(|| defect("no compressor could be made"))?,
            dictionary,
            stored: Vec::new(),
        })
    }

    fn write(&mut self, out: &mut dyn Output, block: &RawBlock) -> Result<BlockPlace, Error> {
        let raw = &block.payload;
        if raw.len() > RAW_BYTES_MAX {
            return Err(too_long(block));
        }
        let packed_codec = match self.dictionary {
            Some(_) => ZSTD_DICTIONARY,
            None => ZSTD,
        };
        let (codec, bytes) = match self.encoder.pack(raw) {
            Some(packed) => (packed_codec, packed),
            None => (PLAIN, &raw[..]),
        };
        let place = put_block(out, &mut self.stored, codec, raw.len(), bytes)?;
        Ok(BlockPlace {
            first: block.first,
            recorded_at: block.recorded_at,
            place,
            dictionary: u32::from(codec == ZSTD_DICTIONARY),
        })
    }
}

fn too_long(block: &RawBlock) -> Error {
    defect("an event is too long for a block")
        .at(block.first)
        .found(format!("{} bytes", block.payload.len()))
        .expected(format!("at most {RAW_BYTES_MAX}"))
}
