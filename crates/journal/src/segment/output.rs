//! Where the bytes of a segment go while it is written.

use headwater_event::Error;

/// A file that is written from its start to its end.
pub(crate) trait Output {
    /// Writes all of `bytes` behind what was written before. After an error nothing more may be
    /// written.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// How many bytes were written: the offset of the next one.
    fn position(&self) -> u64;
}

impl Output for Vec<u8> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.extend_from_slice(bytes);
        Ok(())
    }

    fn position(&self) -> u64 {
        self.len() as u64
    }
}
