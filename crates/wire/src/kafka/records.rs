//! A batch of records as a producer sends it: format 2.

use bytes::{Buf as _, Bytes};
use headwater_event::limits::APPEND_EVENTS_MAX;
use headwater_event::{Error, Kind, Text};

use crate::kafka::compression::Compression;
use crate::kafka::reader::{Malformed, zigzag};

/// Bytes of the head of a batch, without its base offset and its length.
const HEAD_BYTES: usize = 49;
/// Where what the checksum is of begins, without base offset and length.
const CHECKED_AT: usize = 9;

const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;

/// Headers of one record.
const HEADERS_MAX: usize = 256;

/// The head of a batch, and its records as they were sent.
#[derive(Clone, Debug)]
pub(crate) struct SentBatch {
    pub(crate) compression: Compression,
    pub(crate) first_millis: i64,
    /// Who sent it, if it must not be written twice.
    pub(crate) producer: Option<Producer>,
    pub(crate) count: usize,
    records: Bytes,
}

/// An idempotent producer, and the sequence number of the first record of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Producer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) sequence: i32,
}

/// A record. What it holds are slices of its batch.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) millis: i64,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    pub(crate) headers: Vec<(Text, Option<Bytes>)>,
}

impl SentBatch {
    /// Reads the head of the only batch, and checks its checksum.
    pub(crate) fn read(mut bytes: Bytes) -> Result<SentBatch, Error> {
        let mut field = || {
            bytes.try_get_i64().ok()?; // the base offset is the log's to give
            let length = usize::try_from(bytes.try_get_i32().ok()?).ok()?;
            (length == bytes.len() && length >= HEAD_BYTES).then_some(())
        };
        field().ok_or_else(|| malformed("exactly one batch"))?;
        if bytes[4] != 2 {
            return Err(malformed("format 2 of batches").found(format!("format {}", bytes[4])));
        }
        let checksum = u32::from_be_bytes([bytes[5], bytes[6], bytes[7], bytes[8]]);
        bytes.advance(CHECKED_AT);
        if crc32c::crc32c(&bytes) != checksum {
            return Err(corrupt());
        }
        let attributes = bytes.get_i16();
        bytes.advance(4); // the last offset: the count says the same
        let first_millis = bytes.get_i64();
        bytes.advance(8); // the latest time
        let (id, epoch, sequence) = (bytes.get_i64(), bytes.get_i16(), bytes.get_i32());
        let count = usize::try_from(bytes.get_i32()).unwrap_or(0);
        if attributes & (TRANSACTIONAL | CONTROL) != 0 {
            return Err(no_transactions());
        }
        if count == 0 {
            return Err(malformed("a count of records").found(count));
        }
        if count > APPEND_EVENTS_MAX {
            return Err(too_many(count));
        }
        let compression = Compression::of(attributes);
        Ok(SentBatch {
            compression: compression.ok_or_else(|| malformed("a known compression"))?,
            first_millis,
            producer: (id >= 0 && sequence >= 0).then_some(Producer {
                id,
                epoch,
                sequence,
            }),
            count,
            records: bytes,
        })
    }

    /// The same batch with its records decompressed, if they are not. Takes processor time: not for
    /// a lane.
    pub(crate) fn decompressed(mut self) -> Result<SentBatch, Error> {
        self.records = self.compression.undo(&self.records)?;
        self.compression = Compression::None;
        Ok(self)
    }

    /// Bytes of the records.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records, one after the other, of a batch that is decompressed.
    pub(crate) fn records(&self) -> impl Iterator<Item = Result<Record, Error>> {
        let mut rest = self.records.clone();
        let first_millis = self.first_millis;
        (0..self.count).map(move |_| {
            record(&mut rest, first_millis).map_err(|malformed| malformed_record(malformed.0))
        })
    }
}

fn record(rest: &mut Bytes, first_millis: i64) -> Result<Record, Malformed> {
    let mut bytes = sized(rest)?.ok_or(Malformed("record"))?;
    bytes.try_get_i8().map_err(|_| Malformed("attributes"))?;
    let millis = first_millis.saturating_add(zigzag(&mut bytes)?);
    zigzag(&mut bytes)?; // the offset in the batch: they come in order
    let key = sized(&mut bytes)?;
    let value = sized(&mut bytes)?;
    let count = usize::try_from(zigzag(&mut bytes)?).unwrap_or(usize::MAX);
    if count > HEADERS_MAX {
        return Err(Malformed("count of at most 256 headers"));
    }
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let name = sized(&mut bytes)?.ok_or(Malformed("name of a header"))?;
        let name = Text::from_utf8(name).map_err(|_| Malformed("name of a header in UTF-8"))?;
        headers.push((name, sized(&mut bytes)?));
    }
    Ok(Record {
        millis,
        key,
        value,
        headers,
    })
}

/// Bytes after their length; -1 is null.
fn sized(bytes: &mut Bytes) -> Result<Option<Bytes>, Malformed> {
    let length = zigzag(bytes)?;
    if length == -1 {
        return Ok(None);
    }
    match usize::try_from(length) {
        Ok(length) if length <= bytes.len() => Ok(Some(bytes.split_to(length))),
        _ => Err(Malformed("field of that length")),
    }
}

/// The batch is not as it was sent: what a producer sends again.
pub(crate) const CORRUPT: &str = "corrupt_batch";

/// The records belong to a transaction.
pub(crate) const TRANSACTION: &str = "no_transactions";

fn corrupt() -> Error {
    Error::new(Kind::Invalid, CORRUPT, "the batch has another checksum").action("send it again")
}

pub(crate) fn no_transactions() -> Error {
    Error::invalid(TRANSACTION, "there are no transactions here")
        .expected("a producer without a transactional id")
        .action("write what must be atomic as one append over HTTP, or as one batch")
}

fn too_many(count: usize) -> Error {
    Error::new(
        Kind::TooLarge,
        "too_large",
        "the batch has too many records",
    )
    .found(count)
    .expected(format!("at most {APPEND_EVENTS_MAX}"))
    .action("send smaller batches: batch.num.messages, or batch.size, of the producer")
}

fn malformed(expected: &'static str) -> Error {
    Error::invalid("bad_batch", "the records cannot be read").expected(expected)
}

fn malformed_record(missing: &'static str) -> Error {
    malformed("as many records as the batch says").found(format!("a record without {missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::batch::Batch;

    fn batch() -> Bytes {
        let mut batch = Batch::new(0);
        batch.push(0, 5, Some(b"ada"), b"{}", &[("a", b"1"), ("a", b"2")]);
        batch.push(1, 9, None, b"[]", &[]);
        batch.finish(1)
    }

    #[test]
    fn what_is_written_is_read() {
        let sent = SentBatch::read(batch()).unwrap();
        assert_eq!((sent.count, sent.producer), (2, None));
        let records: Vec<_> = sent.records().map(Result::unwrap).collect();
        assert_eq!(records[0].key.as_deref(), Some(&b"ada"[..]));
        assert_eq!(records[0].headers.len(), 2);
        assert_eq!((records[1].millis, records[1].key.as_ref()), (9, None));
    }

    #[test]
    fn no_bytes_are_believed() {
        let whole = batch();
        for cut in 0..whole.len() {
            assert!(SentBatch::read(whole.slice(..cut)).is_err());
        }
        for at in 12..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 0x41;
            let read = SentBatch::read(Bytes::from(bytes));
            assert!(at < 16 || read.is_err(), "byte {at}"); // the epoch of a leader is not checked
        }
    }

    #[test]
    fn records_that_are_cut_are_refused() {
        let sent = SentBatch::read(batch()).unwrap();
        for cut in 0..sent.records.len() {
            let broken = SentBatch {
                records: sent.records.slice(..cut),
                ..sent.clone()
            };
            assert!(broken.records().any(|record| record.is_err()), "at {cut}");
        }
    }

    #[test]
    fn records_that_lie_about_their_lengths_do_no_harm() {
        let sent = SentBatch::read(batch()).unwrap();
        for at in 0..sent.records.len() {
            let mut bytes = sent.records.to_vec();
            bytes[at] = 0xff;
            let broken = SentBatch {
                records: Bytes::from(bytes),
                ..sent.clone()
            };
            let _ = broken.records().collect::<Vec<_>>(); // whatever they are: no panic
        }
    }
}
