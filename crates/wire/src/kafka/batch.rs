//! A batch of records as it is written: format 2, without compression.
//!
//! ```text
//! base offset  length | epoch  magic  crc32c | attributes  last offset  times  producer  count  records
//!                                              `------------------- crc32c of this ----------------------'
//! ```
//!
//! The last offset may be beyond the last record, as in a topic that was compacted: the reader goes
//! on after it, so that it passes over positions that are not in its partition.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes before the records.
const HEAD_BYTES: usize = 61;
/// Where the fields begin that are known at the end.
const LENGTH_AT: usize = 8;
const CRC_AT: usize = 17;
const ATTRIBUTES_AT: usize = 21;
const LAST_DELTA_AT: usize = 23;
const TIMES_AT: usize = 27;
const COUNT_AT: usize = 57;

/// A batch that grows.
#[derive(Debug)]
pub(crate) struct Batch {
    bytes: BytesMut,
    base: i64,
    times: Option<(i64, i64)>,
    count: i32,
    /// Where a record is made before its length is known.
    scratch: Vec<u8>,
}

/// A header of a record.
pub(crate) type Header<'a> = (&'a str, &'a [u8]);

impl Batch {
    /// An empty batch whose first offset is `base`.
    pub(crate) fn new(base: i64) -> Batch {
        let mut bytes = BytesMut::new();
        bytes.put_i64(base);
        bytes.put_i32(0); // length
        bytes.put_i32(-1); // the epoch of a leader: there is only one
        bytes.put_i8(2); // magic
        bytes.put_u32(0); // crc
        bytes.put_i16(0); // attributes: no compression, times as they are in the records
        bytes.put_i32(0); // last offset
        bytes.put_i64(-1); // first time
        bytes.put_i64(-1); // latest time
        bytes.put_i64(-1); // producer, epoch and sequence: kept by nobody
        bytes.put_i16(-1);
        bytes.put_i32(-1);
        bytes.put_i32(0); // count
        Batch {
            bytes,
            base,
            times: None,
            count: 0,
            scratch: Vec::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes that it has.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The furthest offset that it can hold.
    pub(crate) fn last_max(&self) -> i64 {
        self.base.saturating_add(i64::from(i32::MAX))
    }

    /// Adds a record. `offset` lies between the base and [`last_max`](Batch::last_max).
    pub(crate) fn push(
        &mut self,
        offset: i64,
        millis: i64,
        key: Option<&[u8]>,
        value: &[u8],
        headers: &[Header<'_>],
    ) {
        let (first, latest) = self.times.unwrap_or((millis, millis));
        self.times = Some((first, latest.max(millis)));
        let record = &mut self.scratch;
        record.clear();
        record.push(0); // attributes
        zigzag(record, millis - first);
        zigzag(record, offset - self.base);
        match key {
            Some(key) => sized(record, key),
            None => zigzag(record, -1),
        }
        sized(record, value);
        zigzag(record, headers.len() as i64);
        for (name, value) in headers {
            sized(record, name.as_bytes());
            sized(record, value);
        }
        sized(&mut self.bytes, record);
        self.count += 1;
    }

    /// A batch that says only that there is nothing for the reader up to and with `last`, which is at
    /// most [`last_max`](Batch::last_max): a control record, the mark of a transaction that ended,
    /// which every client steps over. A batch without a record would do by the protocol, but
    /// librdkafka takes many of them for a limit that is too small, and kafkajs stays where it is.
    pub(crate) fn pass_over(mut self, last: i64) -> Bytes {
        const CONTROL: i16 = 0x20;
        const COMMIT: [u8; 4] = [0, 0, 0, 1]; // version, type
        const VALUE: [u8; 6] = [0; 6]; // version, epoch of the coordinator
        self.push(last, 0, Some(&COMMIT), &VALUE, &[]);
        self.bytes[ATTRIBUTES_AT..][..2].copy_from_slice(&CONTROL.to_be_bytes());
        self.finish(last)
    }

    /// The batch up to and with `last`, which is at least the offset of its last record and at most
    /// [`last_max`](Batch::last_max).
    pub(crate) fn finish(mut self, last: i64) -> Bytes {
        let (first, latest) = self.times.unwrap_or((-1, -1));
        let bytes = &mut self.bytes;
        let last = i32::try_from(last - self.base).unwrap_or(i32::MAX);
        bytes[LAST_DELTA_AT..][..4].copy_from_slice(&last.to_be_bytes());
        bytes[TIMES_AT..][..8].copy_from_slice(&first.to_be_bytes());
        bytes[TIMES_AT + 8..][..8].copy_from_slice(&latest.to_be_bytes());
        bytes[COUNT_AT..HEAD_BYTES].copy_from_slice(&self.count.to_be_bytes());
        let length = (bytes.len() - LENGTH_AT - 4) as u32; // an answer is far below 4 GiB
        bytes[LENGTH_AT..][..4].copy_from_slice(&length.to_be_bytes());
        let crc = crc32c::crc32c(&bytes[ATTRIBUTES_AT..]);
        bytes[CRC_AT..][..4].copy_from_slice(&crc.to_be_bytes());
        self.bytes.freeze()
    }
}

/// Bytes after their length.
fn sized(out: &mut impl BufMut, bytes: &[u8]) {
    zigzag(out, bytes.len() as i64);
    out.put_slice(bytes);
}

/// A signed varint in zigzag encoding.
fn zigzag(out: &mut impl BufMut, value: i64) {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64; // the bits, not the number
    while rest >= 0x80 {
        out.put_u8(rest as u8 | 0x80); // the lowest seven bits
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::records::RecordBatchDecoder;

    #[test]
    fn what_is_passed_over_is_a_control_record_at_its_end() {
        let mut bytes = Batch::new(7).pass_over(40);
        let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
        assert_eq!(set.records.len(), 1);
        assert!(set.records[0].control);
        assert_eq!(set.records[0].offset, 40);
    }

    #[test]
    fn a_batch_is_what_another_reader_reads() {
        let mut batch = Batch::new(7);
        batch.push(9, 1_000, Some(b"ada"), b"{}", &[("ce_type", b"Opened")]);
        batch.push(12, 1_003, None, b"null", &[]);
        let mut bytes = batch.finish(40);
        let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
        let offsets: Vec<_> = set.records.iter().map(|one| one.offset).collect();
        assert_eq!(offsets, [9, 12]);
        assert_eq!(set.records[1].timestamp, 1_003);
        assert_eq!(set.records[0].key.as_deref(), Some(&b"ada"[..]));
        assert_eq!(set.records[1].key, None);
        assert_eq!(set.records[0].headers.len(), 1);
    }
}
