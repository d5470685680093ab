//! Writes a tree from keys in order.

use headwater_event::Error;

use super::builder::Builder;
use super::{HEIGHT_MAX, KEY_BYTES_MAX, TreeRoot, VALUE_BYTES_MAX};
use crate::segment::defect;
use crate::segment::output::Output;
use crate::segment::stored::{Packer, Packing};

/// An inner block has as many children however long their keys are, so that trees stay low.
const CHILDREN_MIN: u32 = 4;

/// Restarts are numbers of 16 bits.
const BLOCK_BYTES_MAX: usize = 64 << 10;

/// Bytes of an encoded place.
const PLACE_BYTES_MAX: usize = 10 + 5;

/// How a tree is written. What is written says all that a reader needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreeOptions {
    /// About how many bytes a block has before it is packed.
    pub(crate) block_bytes: usize,
    pub(crate) packing: Packing,
}

impl Default for TreeOptions {
    fn default() -> TreeOptions {
        TreeOptions {
            block_bytes: 4096,
            packing: Packing::Zstd(1),
        }
    }
}

/// Writes the blocks of one tree. Blocks of other trees may be written between them.
pub(crate) struct TreeWriter {
    block_bytes: usize,
    packer: Packer,
    /// The block that is being filled of each level, leaves first. Of each level but the last, one
    /// was written already.
    levels: Vec<Builder>,
    entries: u64,
}

impl TreeWriter {
    pub(crate) fn new(options: TreeOptions) -> Result<TreeWriter, Error> {
        Ok(TreeWriter {
            block_bytes: options.block_bytes.min(BLOCK_BYTES_MAX),
            packer: Packer::new(options.packing)?,
            levels: vec![Builder::new(0)],
            entries: 0,
        })
    }

    /// Adds a key above all before it.
    pub(crate) fn push(
        &mut self,
        out: &mut dyn Output,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), Error> {
        if key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
            return Err(defect("a key or a value is too long for a tree"));
        }
        self.put(out, 0, key, value)?;
        self.entries += 1;
        Ok(())
    }

    fn put(
        &mut self,
        out: &mut dyn Output,
        level: usize,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), Error> {
        let block = &self.levels[level];
        let Some(shared) = block.above_last(key) else {
            return Err(defect("the keys of a tree do not ascend"));
        };
        let fewest = if level == 0 { 1 } else { CHILDREN_MIN };
        let bytes = block.bytes_with(key, value);
        if bytes > self.block_bytes && block.entries() >= fewest {
            self.write_block(out, level)?;
        }
        self.levels[level].push(key, shared, value);
        Ok(())
    }

    /// Writes the block of a level, and puts its first key and place into the level above.
    fn write_block(&mut self, out: &mut dyn Output, level: usize) -> Result<(), Error> {
        let place = self.packer.write(out, self.levels[level].finish())?;
        if level + 1 == self.levels.len() {
            match u8::try_from(level + 1) {
                Ok(above) if above <= HEIGHT_MAX => self.levels.push(Builder::new(above)),
                _ => return Err(defect("a tree is too high")),
            }
        }
        let first = self.levels[level].restart();
        let mut value = Vec::with_capacity(PLACE_BYTES_MAX);
        place.put(&mut value);
        self.put(out, level + 1, &first, &value)
    }

    /// Writes what is left of every level; says where the tree is.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<TreeRoot, Error> {
        if self.entries == 0 {
            return Ok(TreeRoot::EMPTY);
        }
        let mut level = 0;
        while level + 1 < self.levels.len() {
            self.write_block(out, level)?;
            level += 1;
        }
        Ok(TreeRoot {
            place: Some(self.packer.write(out, self.levels[level].finish())?),
            height: level as u8, // at most HEIGHT_MAX
            entries: self.entries,
        })
    }
}
