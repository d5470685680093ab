//! The names of a segment: a tree from names to what the segment knows of them, and the lists that
//! are too long to stand in it.
//!
//! Both are written at once, from names in order: blocks of the two trees and chunks of lists stand
//! between each other.

use headwater_event::Error;

use super::output::Output;
use super::postings::{Directory, KeyValue, ListWriter};
use super::stored::{Blocks, Packing};
use super::tree::{Tree, TreeOptions, TreeRoot, TreeWriter};
use crate::canonical::{Malformed, Reader};

/// Where the names of a segment are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRoots {
    /// The tree of names.
    pub(crate) names: TreeRoot,
    /// The directory of chunks.
    pub(crate) chunks: TreeRoot,
}

impl KeyRoots {
    /// Bytes of encoded roots.
    pub(crate) const BYTES: usize = 2 * TreeRoot::BYTES;

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        self.names.put(out);
        self.chunks.put(out);
    }

    /// Reads what [`put`](KeyRoots::put) wrote. All blocks end at `end` at the latest.
    pub(crate) fn read(reader: &mut Reader<'_>, end: u64) -> Result<KeyRoots, Malformed> {
        Ok(KeyRoots {
            names: TreeRoot::read(reader, end)?,
            chunks: TreeRoot::read(reader, end)?,
        })
    }
}

/// The names of a segment, to be read.
pub(crate) struct Keys<'a, B: ?Sized> {
    pub(crate) names: Tree<'a, B>,
    pub(crate) chunks: Directory<'a, B>,
}

impl<B: ?Sized> Clone for Keys<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B: ?Sized> Copy for Keys<'_, B> {}

impl<'a, B: Blocks + ?Sized> Keys<'a, B> {
    pub(crate) fn new(roots: KeyRoots, blocks: &'a B) -> Keys<'a, B> {
        Keys {
            names: Tree::new(roots.names, blocks),
            chunks: Directory {
                tree: Tree::new(roots.chunks, blocks),
            },
        }
    }
}

/// Writes the names of a segment, ascending, each with its offsets before it.
pub(crate) struct KeysWriter {
    names: TreeWriter,
    pub(super) lists: ListWriter,
    value: Vec<u8>,
}

impl KeysWriter {
    pub(crate) fn new(options: TreeOptions) -> Result<KeysWriter, Error> {
        Ok(KeysWriter {
            // Looked up by chance, in every segment: unpacking would cost more than all else.
            names: TreeWriter::new(TreeOptions {
                packing: Packing::Plain,
                ..options
            })?,
            lists: ListWriter::new(options)?,
            value: Vec::new(),
        })
    }

    /// Adds an offset, beyond all others, of the name that ends next.
    pub(crate) fn push(&mut self, out: &mut dyn Output, offset: u64) -> Result<(), Error> {
        self.lists.push(out, offset)
    }

    /// Ends a name that is above all others; of a stream, `revision_before` is its revision before
    /// the segment.
    pub(crate) fn end_name(
        &mut self,
        out: &mut dyn Output,
        name: &[u8],
        revision_before: u64,
    ) -> Result<KeyValue<'_>, Error> {
        let value = self.lists.end_list(out, revision_before)?;
        self.value.clear();
        value.put(&mut self.value);
        self.names.push(out, name, &self.value)?;
        Ok(value)
    }

    /// Writes what is left; says where it all is.
    pub(crate) fn finish(self, out: &mut dyn Output) -> Result<KeyRoots, Error> {
        Ok(KeyRoots {
            chunks: self.lists.finish(out)?,
            names: self.names.finish(out)?,
        })
    }
}
