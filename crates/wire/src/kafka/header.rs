//! The header of a request, and the frame of its answer.

use bytes::{BufMut as _, Bytes, BytesMut};
use headwater_event::{Error, Kind};
use kafka_protocol::messages::ApiKey;
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

use crate::kafka::reader::{Malformed, Reader};

/// The first fields of every request; all versions have them.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// What is asked for, if this crate knows it.
    pub(crate) key: Option<ApiKey>,
    /// The number that was sent.
    pub(crate) key_sent: i16,
    pub(crate) version: i16,
    correlation_id: i32,
    /// What the client calls itself.
    pub(crate) client_id: StrBytes,
}

/// Bytes of the header's fields of fixed size.
pub(crate) const FIXED_BYTES: usize = 8;

impl Header {
    /// Reads the header, and gives what follows it: a reader that is flexible if the version of the
    /// request is, because the header of such a version is and no other.
    ///
    /// The end of the header of a version that is not known is not known either: then what follows
    /// is not to be read.
    pub(crate) fn read(frame: Bytes) -> Result<(Header, Reader), Malformed> {
        let mut reader = Reader::new(frame, false);
        let key_sent = reader.i16()?;
        let mut header = Header {
            key: ApiKey::try_from(key_sent).ok(),
            key_sent,
            version: reader.i16()?,
            correlation_id: reader.i32()?,
            client_id: StrBytes::default(),
        };
        header.client_id = reader.nullable_string()?.unwrap_or_default();
        let flexible = header
            .key
            .is_some_and(|key| key.request_header_version(header.version) >= 2);
        let mut reader = reader.flexible(flexible);
        reader.tags()?;
        Ok((header, reader))
    }

    /// The frame of the answer, as this version of the request expects it.
    pub(crate) fn reply<R: Encodable + HeaderVersion>(&self, answer: &R) -> Result<Bytes, Error> {
        self.reply_as(answer, self.version)
    }

    /// The frame of an answer of another version.
    pub(crate) fn reply_as<R: Encodable + HeaderVersion>(
        &self,
        answer: &R,
        version: i16,
    ) -> Result<Bytes, Error> {
        let failed = |error: String| {
            Error::new(Kind::Internal, "internal", "an answer has no Kafka form").found(error)
        };
        let mut frame = BytesMut::with_capacity(256);
        frame.put_i32(0); // the size, known at the end
        frame.put_i32(self.correlation_id);
        if R::header_version(version) >= 1 {
            frame.put_u8(0); // no tagged fields
        }
        answer
            .encode(&mut frame, version)
            .map_err(|error| failed(error.to_string()))?;
        let size = i32::try_from(frame.len() - 4).map_err(|error| failed(error.to_string()))?;
        frame[..4].copy_from_slice(&size.to_be_bytes());
        Ok(frame.freeze())
    }
}
