//! The load: clients that send one request after another on connections that stay open.
//!
//! It shares the processors with the server, so it does as little as it can: requests are built
//! beforehand, one thread drives all clients, and of an answer only the status and the length are
//! read.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::bench::samples::Samples;

/// What clients send.
#[derive(Clone)]
pub(super) struct Load {
    /// The server.
    pub(super) address: SocketAddr,
    /// Whole requests, as their protocol has them; client `n` begins with the `n`th and goes round.
    pub(super) requests: Arc<[Vec<u8>]>,
    /// How many clients.
    pub(super) clients: usize,
    /// How long.
    pub(super) time: Duration,
}

/// A connection, with one request at a time.
pub(super) trait Connection: Sized + 'static {
    /// Connects.
    async fn connect(address: SocketAddr) -> io::Result<Self>;

    /// Sends a request and reads its answer to the end; the length of the answer's body. An answer
    /// that tells of no success is an error.
    async fn request(&mut self, request: &[u8]) -> io::Result<u64>;
}

/// What came of it.
pub(super) struct Outcome {
    /// One for each answer.
    pub(super) samples: Samples,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// Bytes of all answers' bodies.
    pub(super) bytes: u64,
}

impl Load {
    /// Runs on a thread of its own, and returns when every client has its last answer.
    pub(super) async fn run<C: Connection>(self) -> io::Result<Outcome> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("load".to_owned())
            .spawn(move || {
                // The receiver waits; it is only gone when the command was stopped.
                let _ = sender.send(self.drive::<C>());
            })?;
        receiver
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the load's thread stopped")))
    }

    fn drive<C: Connection>(self) -> io::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, async move {
            let mut clients = Vec::new();
            for _ in 0..self.clients {
                clients.push(C::connect(self.address).await?);
            }
            let begun = Instant::now();
            let tasks: Vec<_> = clients
                .into_iter()
                .enumerate()
                .map(|(number, client)| {
                    let requests = self.requests.clone();
                    tokio::task::spawn_local(ask(client, number, requests, begun + self.time))
                })
                .collect();
            let mut outcome = Outcome {
                samples: Samples::default(),
                took: Duration::ZERO,
                bytes: 0,
            };
            for task in tasks {
                let (samples, bytes) = task.await.map_err(io::Error::other)??;
                outcome.samples.extend(samples);
                outcome.bytes += bytes;
            }
            outcome.took = begun.elapsed();
            Ok(outcome)
        })
    }
}

/// One client, until it is time.
async fn ask(
    mut client: impl Connection,
    number: usize,
    requests: Arc<[Vec<u8>]>,
    end: Instant,
) -> io::Result<(Samples, u64)> {
    let mut samples = Samples::default();
    let mut bytes = 0;
    let mut next = number;
    while Instant::now() < end {
        let started = Instant::now();
        bytes += client.request(&requests[next % requests.len()]).await?;
        samples.add(started.elapsed());
        next += 1;
    }
    Ok((samples, bytes))
}

/// A connection over HTTP, and what arrived on it.
pub(super) struct Http {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection for Http {
    async fn connect(address: SocketAddr) -> io::Result<Http> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Http {
            stream,
            buffer: vec![0; 16 << 10],
        })
    }

    async fn request(&mut self, request: &[u8]) -> io::Result<u64> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            filled += read_more(&mut self.stream, &mut self.buffer, filled).await?;
            if let Some(head) = Head::find(&self.buffer[..filled])? {
                return self.body(head, filled).await;
            }
        }
    }
}

impl Http {
    /// Reads what is left of a body; it is not kept.
    async fn body(&mut self, head: Head, filled: usize) -> io::Result<u64> {
        if !head.success {
            let body = String::from_utf8_lossy(&self.buffer[..filled]).into_owned();
            return Err(io::Error::other(format!("the server answered {body}")));
        }
        let mut body = head.body;
        body.take(&self.buffer[head.end..filled])?;
        while !body.is_whole() {
            let read = self.stream.read(&mut self.buffer).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            body.take(&self.buffer[..read])?;
        }
        Ok(body.bytes)
    }
}

/// What must be known of an answer's head.
struct Head {
    success: bool,
    /// Where the body begins.
    end: usize,
    body: Body,
}

impl Head {
    /// The head at the start of `bytes`, or `None` when it is not whole yet.
    fn find(bytes: &[u8]) -> io::Result<Option<Head>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(&bytes[..end]).map_err(io::Error::other)?;
        let value = |wanted: &str| {
            head.split("\r\n").find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim())
            })
        };
        let length = value("content-length").and_then(|text| text.parse().ok());
        let left = match (length, value("transfer-encoding")) {
            (Some(length), _) => Left::Bytes(length),
            (None, Some("chunked")) => Left::Size(0),
            _ => return Err(io::Error::other(format!("an answer has no length: {head}"))),
        };
        Ok(Some(Head {
            success: head.starts_with("HTTP/1.1 2"),
            end: end + 4,
            body: Body { left, bytes: 0 },
        }))
    }
}

/// A body, of which only the length is kept.
struct Body {
    left: Left,
    bytes: u64,
}

/// What of a body is to come.
enum Left {
    /// So many bytes.
    Bytes(u64),
    /// The line with the size of a chunk (RFC 9112, section 7.1), read as far as this number.
    Size(u64),
    /// So many bytes of a chunk and its line end.
    Chunk(u64),
    /// The line end after the last chunk.
    End,
    /// Nothing.
    Nothing,
}

impl Body {
    fn is_whole(&self) -> bool {
        matches!(self.left, Left::Nothing | Left::Bytes(0))
    }

    /// Goes on with these bytes.
    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let [first, rest @ ..] = bytes {
            let mut skip = |left: u64| {
                let most = left.min(bytes.len() as u64);
                bytes = &bytes[most as usize..]; // at most its length
                most
            };
            match self.left {
                Left::Bytes(left) => {
                    let read = skip(left);
                    self.bytes += read;
                    self.left = Left::Bytes(left - read);
                    if read == 0 {
                        return Err(io::Error::other("an answer is longer than it said"));
                    }
                }
                Left::Chunk(left) => {
                    let read = skip(left);
                    self.left = match left - read {
                        0 => Left::Size(0),
                        left => Left::Chunk(left),
                    };
                }
                Left::Size(size) => {
                    self.size(*first, size)?;
                    bytes = rest;
                }
                Left::End if *first == b'\n' => {
                    self.left = Left::Nothing;
                    bytes = rest;
                }
                Left::End => bytes = rest,
                Left::Nothing => return Err(io::Error::other("an answer has no end")),
            }
        }
        Ok(())
    }

    /// One byte of the line with the size of a chunk.
    fn size(&mut self, byte: u8, size: u64) -> io::Result<()> {
        let digit = char::from(byte).to_digit(16);
        self.left = match (byte, digit) {
            (_, Some(digit)) => Left::Size(size << 4 | u64::from(digit)),
            (b'\r', _) => Left::Size(size),
            (b'\n', _) if size == 0 => Left::End,
            (b'\n', _) => {
                self.bytes += size;
                Left::Chunk(size + 2)
            }
            _ => return Err(io::Error::other("the size of a chunk cannot be read")),
        };
        Ok(())
    }
}

/// A whole request without a body.
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

/// A whole request with a body of JSON.
pub(super) fn post(path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads more behind what a buffer is filled with, which grows when it is full; how many bytes came.
pub(super) async fn read_more(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    filled: usize,
) -> io::Result<usize> {
    if filled == buffer.len() {
        buffer.resize(2 * filled, 0);
    }
    match stream.read(&mut buffer[filled..]).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => Ok(read),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_found_when_they_are_whole() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
        assert!(Head::find(&whole[..20]).unwrap().is_none());
        let mut head = Head::find(whole).unwrap().unwrap();
        assert!(head.success);
        head.body.take(&whole[head.end..]).unwrap();
        assert!(head.body.is_whole());
        assert_eq!(head.body.bytes, 5);
        assert!(Head::find(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        let refused = b"HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n";
        assert!(!Head::find(refused).unwrap().unwrap().success);
    }
    #[test]
    fn chunks_are_followed_byte_by_byte_or_at_once() {
        let whole = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                      5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
        for step in [1, 3, whole.len()] {
            let mut head = Head::find(whole).unwrap().unwrap();
            for part in whole[head.end..].chunks(step) {
                assert!(!head.body.is_whole());
                head.body.take(part).unwrap();
            }
            assert!(head.body.is_whole());
            assert_eq!(head.body.bytes, 31);
        }
    }
}
