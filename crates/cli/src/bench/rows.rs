//! Rows of a read model by their primary key, in PostgreSQL's protocol: a statement is prepared once,
//! and then given one value after another. Of an answer it is only checked that it has one row.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::bench::load::{Connection, read_more};
use crate::bench::reads::DATABASE;

/// The statement. One key is one row.
const SQL: &str = "select orders, cents, latest from customer where id = $1";

/// Version 3.0 of the protocol.
const VERSION: i32 = 3 << 16;

/// Values and columns in their binary form.
const BINARY: i16 = 1;

/// A connection that has prepared the statement.
pub(super) struct Rows {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What of an answer must be known.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    rows: u64,
    bytes: u64,
}

impl Connection for Rows {
    async fn connect(address: SocketAddr) -> io::Result<Rows> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut rows = Rows {
            stream,
            buffer: vec![0; 16 << 10],
        };
        rows.ask(&startup()).await?;
        rows.ask(&prepare()).await?;
        Ok(rows)
    }

    async fn request(&mut self, request: &[u8]) -> io::Result<u64> {
        match self.ask(request).await? {
            Answer { rows: 1, bytes } => Ok(bytes),
            Answer { rows, .. } => Err(io::Error::other(format!("a key has {rows} rows"))),
        }
    }
}

impl Rows {
    /// Sends messages, and reads until the server is ready for more.
    async fn ask(&mut self, messages: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(messages).await?;
        let mut filled = 0;
        loop {
            filled += read_more(&mut self.stream, &mut self.buffer, filled).await?;
            if let Some(answer) = answer(&self.buffer[..filled])? {
                return Ok(answer);
            }
        }
    }
}

/// The answer that these bytes are, or `None` when it is not whole yet.
fn answer(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let mut answer = Answer::default();
    let mut rest = bytes;
    while let [kind, a, b, c, d, after @ ..] = rest {
        // The length counts itself, and not the kind.
        let body = (u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_sub(4);
        let Some((body, next)) = after.split_at_checked(body) else {
            return Ok(None);
        };
        match kind {
            b'D' => {
                answer.rows += 1;
                answer.bytes += body.len() as u64;
            }
            b'E' => {
                let told = String::from_utf8_lossy(body).replace('\0', " ");
                return Err(io::Error::other(format!("the server answered {told}")));
            }
            b'Z' => return Ok(Some(answer)),
            _ => {}
        }
        rest = next;
    }
    Ok(None)
}

/// One message: its kind, its length, and its parts.
fn message(out: &mut Vec<u8>, kind: &[u8], parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(kind);
    out.extend_from_slice(&(length as u32 + 4).to_be_bytes()); // some dozen bytes
    out.extend(parts.iter().copied().flatten());
}

fn startup() -> Vec<u8> {
    let mut out = Vec::new();
    let database = DATABASE.as_bytes();
    let version = VERSION.to_be_bytes();
    message(
        &mut out,
        b"",
        &[&version, b"user\0bench\0database\0", database, b"\0\0"],
    );
    out
}

/// Prepares the statement under the name `row`.
fn prepare() -> Vec<u8> {
    let mut out = Vec::new();
    message(&mut out, b"P", &[b"row\0", SQL.as_bytes(), b"\0\0\0"]);
    message(&mut out, b"S", &[]);
    out
}

/// Asks for the row of a customer.
pub(super) fn question(customer: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let binary = [1_i16.to_be_bytes(), BINARY.to_be_bytes()].concat();
    let value = (customer as u64).to_be_bytes();
    let count = 1_i16.to_be_bytes();
    let length = (value.len() as u32).to_be_bytes(); // eight
    message(
        &mut out,
        b"B",
        &[b"\0row\0", &binary, &count, &length, &value, &binary],
    );
    message(&mut out, b"E", &[b"\0", &0_i32.to_be_bytes()]);
    message(&mut out, b"S", &[]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_known_when_they_are_whole() {
        let mut whole = Vec::new();
        message(&mut whole, b"2", &[]);
        message(&mut whole, b"D", &[b"row"]);
        message(&mut whole, b"C", &[b"SELECT 1\0"]);
        message(&mut whole, b"Z", &[b"I"]);
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end]).unwrap(), None, "{end}");
        }
        let expected = Answer { rows: 1, bytes: 3 };
        assert_eq!(answer(&whole).unwrap(), Some(expected));
        let mut failed = Vec::new();
        message(&mut failed, b"E", &[b"SERROR\0C42P01\0\0"]);
        assert!(answer(&failed).is_err());
    }

    #[test]
    fn a_question_is_three_messages() {
        let question = question(7);
        assert_eq!(question[..6], [b'B', 0, 0, 0, 31, 0]);
        assert_eq!(question[32], b'E');
        assert_eq!(question[42..], [b'S', 0, 0, 0, 4]);
    }
}
