//! Dictionaries: what the blocks of a segment have in common, so that no block says it again.
//!
//! A block is small, so that one event can be read without many others, and a small block packs
//! badly by itself. A dictionary is trained on a sample of blocks, and serves later segments too as
//! long as it packs nearly as well as it did.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use zstd::zstd_safe::{CCtx, CDict, DDict, compress_bound, train_from_buffer};

use crate::canonical::Malformed;

/// The level of compression: the next ones take longer and save nothing on such blocks.
const LEVEL: i32 = 1;

/// How large a new dictionary is. More did not pack blocks of 8 KiB better.
const TRAINED_BYTES: usize = 16 << 10;

/// The most bytes of a dictionary.
pub(crate) const DICTIONARY_BYTES_MAX: usize = 256 << 10;

/// Blocks that a dictionary is trained on. With fewer, it costs more than it saves.
const TRAINED_ON: usize = 64;

/// Blocks that tell how well a dictionary packs.
const TRIED_ON: usize = 16;

/// A dictionary is trained anew when the one before packs worse by more than a tenth than it did.
const WORSE: (u64, u64) = (11, 10);

/// A new one takes its place if it packs better by at least a twentieth.
const BETTER: (u64, u64) = (19, 20);

/// A dictionary, ready to unpack blocks.
pub(crate) struct Dictionary {
    bytes: Bytes,
    /// How many bytes a million raw ones are packed to.
    packs_to: u32,
    decoder: DDict<'static>,
}

impl Dictionary {
    /// Makes ready what was stored.
    pub(crate) fn new(bytes: Bytes, packs_to: u32) -> Result<Dictionary, Malformed> {
        let wrong = Malformed("the dictionary");
        if bytes.is_empty() || bytes.len() > DICTIONARY_BYTES_MAX {
            return Err(wrong);
        }
        let decoder = DDict::try_create(&bytes).ok_or(wrong)?;
        Ok(Dictionary {
            bytes,
            packs_to,
            decoder,
        })
    }

    /// As it is stored.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many bytes a million raw ones were packed to, where it was last looked at.
    pub(crate) fn packs_to(&self) -> u32 {
        self.packs_to
    }

    pub(crate) fn decoder(&self) -> &DDict<'static> {
        &self.decoder
    }

    /// Bytes that it takes in memory.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.decoder.sizeof()
    }

    /// The dictionary for blocks such as these, the first of a segment: the one before if
    /// it still serves, a new one if that is better, none if they are few or do not need one.
    pub(crate) fn choose(
        blocks: &[Bytes],
        before: Option<&Arc<Dictionary>>,
    ) -> Option<Arc<Dictionary>> {
        if blocks.len() < TRAINED_ON {
            return None;
        }
        let tried = spread(blocks, TRIED_ON);
        let before = before.map(|before| (before, packs_to(&tried, Some(before))));
        if let Some((before, now)) = before
            && now * WORSE.1 <= u64::from(before.packs_to) * WORSE.0
        {
            return Some(Arc::clone(before));
        }
        let trained = train(blocks).map(|bytes| {
            let now = packs_to_with(&tried, &bytes);
            (bytes, now)
        });
        match (trained, before) {
            (Some((_, new)), Some((before, now))) if new * BETTER.1 > now * BETTER.0 => {
                again(before, now)
            }
            (None, Some((before, now))) => again(before, now),
            (Some((bytes, new)), _) => {
                let saves = packs_to(&tried, None).saturating_sub(new);
                is_worth(&bytes, blocks, saves).then(|| made(bytes, new))?
            }
            (None, None) => None,
        }
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("bytes", &self.bytes.len())
            .field("packs_to", &self.packs_to)
            .finish()
    }
}

const MILLION: u64 = 1_000_000;

fn made(bytes: Bytes, packs_to: u64) -> Option<Arc<Dictionary>> {
    let packs_to = u32::try_from(packs_to).unwrap_or(u32::MAX);
    Dictionary::new(bytes, packs_to).ok().map(Arc::new)
}

/// The same dictionary, of which no more is expected from now on than it does.
fn again(before: &Dictionary, packs_to: u64) -> Option<Arc<Dictionary>> {
    made(before.bytes.clone(), packs_to)
}

/// Whether it takes less than it saves of these blocks alone, so many bytes of a million raw ones.
fn is_worth(dictionary: &Bytes, blocks: &[Bytes], saves: u64) -> bool {
    let stored = Encoder::new(None).and_then(|mut it| it.pack(dictionary).map(<[u8]>::len));
    let raw: usize = blocks.iter().map(Bytes::len).sum();
    saves * raw as u64 / MILLION > stored.unwrap_or(dictionary.len()) as u64
}

/// So many of the blocks, evenly, and never the first.
fn spread(blocks: &[Bytes], count: usize) -> Vec<&Bytes> {
    let step = (blocks.len() / count).max(1);
    blocks
        .iter()
        .skip(step / 2)
        .step_by(step)
        .take(count)
        .collect()
}

fn train(blocks: &[Bytes]) -> Option<Bytes> {
    let sample = spread(blocks, TRAINED_ON);
    let lengths: Vec<usize> = sample.iter().map(|block| block.len()).collect();
    let together: Vec<u8> = sample
        .iter()
        .flat_map(|block| block.iter().copied())
        .collect();
    let mut trained = Vec::with_capacity(TRAINED_BYTES);
    train_from_buffer(&mut trained, &together, &lengths).ok()?;
    Some(Bytes::from(trained))
}

/// How many bytes a million of these are packed to.
fn packs_to(blocks: &[&Bytes], dictionary: Option<&Arc<Dictionary>>) -> u64 {
    measure(blocks, Encoder::new(dictionary.map(|known| known.bytes())))
}

fn packs_to_with(blocks: &[&Bytes], dictionary: &Bytes) -> u64 {
    measure(blocks, Encoder::new(Some(dictionary)))
}

fn measure(blocks: &[&Bytes], encoder: Option<Encoder>) -> u64 {
    let Some(mut encoder) = encoder else {
        return MILLION;
    };
    let raw: usize = blocks.iter().map(|block| block.len()).sum();
    let packed = |block: &&Bytes| encoder.pack(block).map_or(block.len(), <[u8]>::len);
    let packed: usize = blocks.iter().map(packed).sum();
    packed as u64 * MILLION / (raw as u64).max(1)
}

/// Packs blocks.
pub(crate) struct Encoder {
    context: CCtx<'static>,
    dictionary: Option<CDict<'static>>,
    packed: Vec<u8>,
}

impl Encoder {
    /// One that packs with a dictionary, or without; `None` if there is no memory for it.
    pub(crate) fn new(dictionary: Option<&Bytes>) -> Option<Encoder> {
        let dictionary = match dictionary {
            Some(bytes) => Some(CDict::try_create(bytes, LEVEL)?),
            None => None,
        };
        Some(Encoder {
            context: CCtx::try_create()?,
            dictionary,
            packed: Vec::new(),
        })
    }

    /// The block as a Zstandard frame, if that saves at least an eighth of it.
    pub(crate) fn pack(&mut self, raw: &[u8]) -> Option<&[u8]> {
        self.packed.clear();
        self.packed.reserve(compress_bound(raw.len()));
        let packed = match &self.dictionary {
            Some(dictionary) => {
                self.context
                    .compress_using_cdict(&mut self.packed, raw, dictionary)
            }
            None => self.context.compress(&mut self.packed, raw, LEVEL),
        };
        let worth = packed.is_ok_and(|length| length <= raw.len() - raw.len() / 8);
        worth.then_some(&self.packed[..])
    }
}
