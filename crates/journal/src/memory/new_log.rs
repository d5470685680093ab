//! A log in memory that is made of segments of another one.

use std::sync::Arc;

use headwater_event::Error;

use super::MemoryStorage;
use super::segment::MemorySink;
use crate::manifest::{Manifest, SegmentName};
use crate::storage::{NewLog, SegmentSink, Storage};

/// A log that is being made of segments. It is an empty one for whoever shares it, until it is
/// finished.
pub struct NewMemoryLog {
    storage: Arc<MemoryStorage>,
}

impl NewMemoryLog {
    /// Begins one in a storage that is empty.
    pub fn new(storage: Arc<MemoryStorage>) -> NewMemoryLog {
        NewMemoryLog { storage }
    }
}

impl NewLog for NewMemoryLog {
    fn put(&self, name: SegmentName) -> Result<Box<dyn SegmentSink>, Error> {
        let state = Arc::clone(&self.storage.state);
        Ok(Box::new(MemorySink::new(state, name)))
    }

    fn finish(self: Box<Self>, manifest: &Manifest) -> Result<Arc<dyn Storage>, Error> {
        manifest.check_begins()?;
        let manifest = manifest.of_new_log();
        let mut state = self.storage.lock();
        for info in &manifest.segments {
            state.check_segment(info)?;
        }
        state.dropped = manifest.next.0 - 1;
        state.manifest = manifest;
        drop(state);
        Ok(self.storage)
    }
}
