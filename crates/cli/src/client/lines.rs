//! An answer that comes line by line.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

use crate::client::WithoutUrl as _;
use crate::failure::Failure;

/// The longest line that is accepted: an event with the largest data there is, in base64, several
/// times over.
const LINE_BYTES_MAX: usize = 64 << 20;

/// The lines of an answer, as they arrive.
pub(crate) struct Lines {
    response: Response,
    buffer: BytesMut,
    /// Bytes at the start of the buffer that hold no line end.
    searched: usize,
}

impl Lines {
    pub(super) fn new(response: Response) -> Lines {
        Lines {
            response,
            buffer: BytesMut::new(),
            searched: 0,
        }
    }

    /// The next line without its end, or `None` when the answer is complete. An answer that breaks
    /// off is a failure.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let rest = &self.buffer[self.searched..];
            if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1).freeze();
                self.searched = 0;
                return Ok(Some(line.slice(..line.len() - 1)));
            }
            self.searched = self.buffer.len();
            if self.searched > LINE_BYTES_MAX {
                return Err(Failure::new("a line of the answer has no end")
                    .expected(format!("at most {LINE_BYTES_MAX} bytes")));
            }
            let chunk = self.response.chunk().await.map_err(|error| {
                Failure::new("the answer broke off").caused_by(&error.without_url_ref())
            })?;
            match chunk {
                Some(bytes) => self.buffer.extend_from_slice(&bytes),
                None if self.buffer.is_empty() => return Ok(None),
                None => {
                    self.searched = 0;
                    return Ok(Some(self.buffer.split().freeze()));
                }
            }
        }
    }
}
