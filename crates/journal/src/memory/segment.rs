//! Segments in memory.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use headwater_event::Error;

use super::{State, full, injected};
use crate::manifest::SegmentName;
use crate::storage::{Map, SegmentBytes, SegmentSink};

/// A segment that is being written.
pub(super) struct MemorySink {
    state: Arc<Mutex<State>>,
    name: SegmentName,
    bytes: Vec<u8>,
}

impl MemorySink {
    pub(super) fn new(state: Arc<Mutex<State>>, name: SegmentName) -> MemorySink {
        MemorySink {
            state,
            name,
            bytes: Vec::new(),
        }
    }
}

impl SegmentSink for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.has_room(self.bytes.len() + bytes.len()) {
            return Err(full(state.bytes_max));
        }
        drop(state);
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let MemorySink { state, name, bytes } = *self;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.puts_to_fail > 0 {
            state.puts_to_fail -= 1;
            return Err(injected());
        }
        state.segments.insert(name, bytes.into());
        Ok(())
    }
}

/// A segment as it was when it was opened.
pub(super) struct MemorySegment {
    pub(super) name: SegmentName,
    pub(super) bytes: Bytes,
}

impl MemorySegment {
    fn part(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        let from = usize::try_from(offset).ok();
        let range = from.and_then(|from| Some(from..from.checked_add(length)?));
        match range.filter(|range| range.end <= self.bytes.len()) {
            Some(range) => Ok(self.bytes.slice(range)),
            None => Err(
                Error::damaged(format!("{} in memory ends too early", self.name))
                    .found(format!("{} bytes", self.bytes.len()))
                    .expected(format!("{length} bytes from byte {offset} on"))
                    .action("restore this log from a backup"),
            ),
        }
    }
}

impl SegmentBytes for MemorySegment {
    fn name(&self) -> SegmentName {
        self.name
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, offset: u64, length: usize) -> Result<Bytes, Error> {
        self.part(offset, length)
    }

    fn map(&self, offset: u64, length: usize) -> Result<Option<Map>, Error> {
        let part = self.part(offset, length)?;
        Ok(Some(Arc::new(part)))
    }
}
