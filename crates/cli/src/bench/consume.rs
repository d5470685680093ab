//! The whole log as a consumer of Kafka has it: one fetch after another, each from the offset behind
//! the last one. Of an answer only the heads of its batches are read.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::bench::samples::Samples;

const FETCH: i16 = 1;
const FETCH_VERSION: i16 = 4;

/// Bytes of one answer at most, about: what consumers ask for unless they are told otherwise is more
/// than the server gives at once.
const FETCH_BYTES: i32 = 50 << 20;

/// Bytes of an answer that are believed.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// How long the server may wait for an event; there always is one.
const WAIT_MILLIS: i32 = 500;

/// Bytes of the head of a batch, before its records.
const BATCH_HEAD_BYTES: usize = 61;

/// What was consumed.
pub(super) struct Consumed {
    /// One for each fetch.
    pub(super) samples: Samples,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// Bytes of all batches.
    pub(super) bytes: u64,
}

/// What an answer holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Records {
    count: u64,
    /// The offset behind the last one.
    next: u64,
    bytes: u64,
}

/// Reads the topic of a database, which has so many events, to its end.
pub(super) async fn all(address: SocketAddr, topic: &str, events: u64) -> io::Result<Consumed> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut consumed = Consumed {
        samples: Samples::default(),
        took: Duration::ZERO,
        bytes: 0,
    };
    let (mut next, mut count) = (1, 0);
    let mut buffer = Vec::new();
    let begun = Instant::now();
    while next <= events {
        let started = Instant::now();
        stream.write_all(&fetch(topic, next)).await?;
        receive(&mut stream, &mut buffer).await?;
        let records = records(&buffer)?;
        consumed.samples.add(started.elapsed());
        if records.next <= next {
            return Err(io::Error::other(format!("nothing came from offset {next}")));
        }
        next = records.next;
        count += records.count;
        consumed.bytes += records.bytes;
    }
    consumed.took = begun.elapsed();
    match count == events {
        true => Ok(consumed),
        false => Err(io::Error::other(format!(
            "{count} records came, where {events} events were appended"
        ))),
    }
}

/// A request for records from an offset on, with its length before it.
fn fetch(topic: &str, offset: u64) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend_from_slice(&FETCH.to_be_bytes());
    body.extend_from_slice(&FETCH_VERSION.to_be_bytes());
    body.extend_from_slice(&0_i32.to_be_bytes()); // the correlation id
    text(&mut body, "bench"); // the name of the client
    body.extend_from_slice(&(-1_i32).to_be_bytes()); // it is no replica
    body.extend_from_slice(&WAIT_MILLIS.to_be_bytes());
    body.extend_from_slice(&1_i32.to_be_bytes()); // it waits for a byte
    body.extend_from_slice(&FETCH_BYTES.to_be_bytes());
    body.push(0); // also what is not committed
    body.extend_from_slice(&1_i32.to_be_bytes()); // one topic
    text(&mut body, topic);
    body.extend_from_slice(&1_i32.to_be_bytes()); // one partition
    body.extend_from_slice(&0_i32.to_be_bytes());
    body.extend_from_slice(&offset.to_be_bytes());
    body.extend_from_slice(&FETCH_BYTES.to_be_bytes());
    let length = body.len() as u32; // some dozen bytes
    [&length.to_be_bytes()[..], &body].concat()
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u16).to_be_bytes()); // names are short
    out.extend_from_slice(text.as_bytes());
}

/// The next answer, without its length.
async fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let length = stream.read_u32().await? as usize;
    if length > ANSWER_BYTES_MAX {
        return Err(io::Error::other(format!("an answer of {length} bytes")));
    }
    buffer.resize(length, 0);
    stream.read_exact(buffer).await.map(drop)
}

/// What is in the one partition that was asked for.
fn records(answer: &[u8]) -> io::Result<Records> {
    let mut at = Bytes(answer);
    at.skip(4 + 4)?; // the correlation id; no throttling
    at.expect_one("topic")?;
    let name = at.number(2)?;
    at.skip(name)?;
    at.expect_one("partition")?;
    at.skip(4)?; // its number
    match at.number(2)? {
        0 => {}
        code => return Err(io::Error::other(format!("the server answered code {code}"))),
    }
    at.skip(8 + 8)?; // how far the topic goes
    match at.number(4)? as u32 {
        0 | u32::MAX => {} // transactions that were given up
        _ => return Err(io::Error::other("there are transactions")),
    }
    let length = at.number(4)?;
    let mut batches = Bytes(at.take(length)?);
    let mut records = Records::default();
    // The last one may be cut off.
    while batches.0.len() >= BATCH_HEAD_BYTES {
        let base = batches.number(8)? as u64;
        let length = batches.number(4)?;
        let Ok(batch) = batches.take(length) else {
            break;
        };
        let mut batch = Bytes(batch);
        batch.skip(4 + 1 + 4 + 2)?; // epoch, version, checksum, attributes
        records.next = base + batch.number(4)? as u64 + 1;
        batch.skip(8 + 8 + 8 + 2 + 4)?; // times, and who wrote it
        records.count += batch.number(4)? as u64;
        records.bytes += length as u64;
    }
    Ok(records)
}

/// Bytes that are read from their begin.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| {
            io::Error::other(format!(
                "an answer ends {} bytes early",
                count - self.0.len()
            ))
        })?;
        self.0 = rest;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> io::Result<()> {
        self.take(count).map(drop)
    }

    /// A number of so many bytes.
    fn number(&mut self, bytes: usize) -> io::Result<usize> {
        let taken = self.take(bytes)?;
        Ok(taken
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    }

    fn expect_one(&mut self, what: &str) -> io::Result<()> {
        match self.number(4)? {
            1 => Ok(()),
            other => Err(io::Error::other(format!("{other} times a {what}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a batch with so many records behind an offset, and one byte for all of them.
    fn batch(base: u64, records: u32) -> Vec<u8> {
        let mut batch = base.to_be_bytes().to_vec();
        batch.extend_from_slice(&(BATCH_HEAD_BYTES as u32 - 12 + 1).to_be_bytes());
        batch.extend_from_slice(&[0; 11]);
        batch.extend_from_slice(&(records - 1).to_be_bytes());
        batch.extend_from_slice(&[0; 30]);
        batch.extend_from_slice(&records.to_be_bytes());
        batch.push(0);
        batch
    }

    fn answer(code: u8, batches: &[u8]) -> Vec<u8> {
        let mut answer = vec![0; 8];
        answer.extend_from_slice(&[0, 0, 0, 1, 0, 1, b't', 0, 0, 0, 1, 0, 0, 0, 0, 0, code]);
        answer.extend_from_slice(&[0; 16]);
        answer.extend_from_slice(&[0xff; 4]);
        answer.extend_from_slice(&(batches.len() as u32).to_be_bytes());
        answer.extend_from_slice(batches);
        answer
    }

    #[test]
    fn records_are_counted_by_the_heads_of_their_batches() {
        let two = [batch(1, 3), batch(4, 2)].concat();
        let expected = Records {
            count: 5,
            next: 6,
            bytes: 100,
        };
        assert_eq!(records(&answer(0, &two)).unwrap(), expected);
        let cut = &two[..two.len() - 1];
        assert_eq!(records(&answer(0, cut)).unwrap().next, 4, "cut off");
        assert!(records(&answer(3, &two)).is_err(), "a code");
        let whole = answer(0, &two);
        assert!(records(&whole[..whole.len() - 1]).is_err(), "not whole");
    }
}
