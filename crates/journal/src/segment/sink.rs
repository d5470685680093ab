//! A segment on its way to the storage: buffered, and at a pace that others can live with.

use std::cell::{Cell, RefCell};

use headwater_event::Error;

use super::output::Output;
use crate::storage::SegmentSink;

/// How much is handed to the storage at once, and read or written without asking for the pace.
const AT_ONCE_BYTES: usize = 128 << 10;

/// Told how many bytes were read or written since it was told last; may sleep, and may end it all by
/// an error.
pub(crate) type Pace<'a> = &'a mut dyn FnMut(u64) -> Result<(), Error>;

/// Counts what is read and written, and asks for the pace.
pub(crate) struct Pacer<'a> {
    pace: RefCell<Pace<'a>>,
    spent: Cell<u64>,
}

impl<'a> Pacer<'a> {
    pub(crate) fn new(pace: Pace<'a>) -> Pacer<'a> {
        Pacer {
            pace: RefCell::new(pace),
            spent: Cell::new(0),
        }
    }

    /// So many bytes were read or written.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Error> {
        let spent = self.spent.get() + bytes as u64;
        if spent < AT_ONCE_BYTES as u64 {
            self.spent.set(spent);
            return Ok(());
        }
        self.spent.set(0);
        (self.pace.borrow_mut())(spent)
    }
}

/// The output that a segment is written to.
pub(crate) struct SinkOutput<'a> {
    sink: Box<dyn SegmentSink>,
    pacer: &'a Pacer<'a>,
    buffer: Vec<u8>,
    /// How much was handed to the sink.
    written: u64,
}

impl<'a> SinkOutput<'a> {
    pub(crate) fn new(sink: Box<dyn SegmentSink>, pacer: &'a Pacer<'a>) -> SinkOutput<'a> {
        SinkOutput {
            sink,
            pacer,
            buffer: Vec::with_capacity(AT_ONCE_BYTES),
            written: 0,
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.sink.write(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.pacer.spend(self.buffer.len())?;
        self.buffer.clear();
        Ok(())
    }

    /// Makes the file durable under its name; says how long it is.
    pub(crate) fn finish(mut self) -> Result<u64, Error> {
        self.flush()?;
        self.sink.finish()?;
        Ok(self.written)
    }
}

impl Output for SinkOutput<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for part in bytes.chunks(AT_ONCE_BYTES) {
            if self.buffer.len() + part.len() > AT_ONCE_BYTES {
                self.flush()?;
            }
            self.buffer.extend_from_slice(part);
        }
        Ok(())
    }

    fn position(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }
}
