//! The client at the other end: its frames in, our messages out, both bounded.
//!
//! A connection that waits holds no buffer: memory is taken when bytes come, and as much as has
//! come.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pgwire::messages::Message;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::app::Shared;
use crate::postgres::failure::Failure;
use crate::postgres::frontend::{Frontend, may_be_large};
use crate::protocol::Protocol;
use crate::socket::Socket;
use crate::stall::Stalling;

/// Bytes of a start-up message, as PostgreSQL bounds it.
pub(crate) const STARTUP_BYTES_MAX: usize = 10_000;

/// Bytes of a message that holds names and numbers.
const SMALL_MESSAGE_BYTES_MAX: usize = 10_000;

/// Bytes that are read at a time.
const READ_BYTES: usize = 8 << 10;

/// What a client sends while its statement runs is read up to here.
const AHEAD_BYTES_MAX: usize = 64 << 10;

/// Answers wait for one another up to here.
const WRITE_BYTES: usize = 32 << 10;

/// The length stands before the body and counts itself.
const LENGTH_BYTES: usize = 4;

/// A message as it came.
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) body: Bytes,
    /// Memory that was reserved for it, if it is large.
    pub(crate) reserved: Option<OwnedSemaphorePermit>,
}

/// Why nothing more can be read.
pub(crate) enum Lost {
    /// The client is gone, or the network.
    Gone,
    /// What came cannot be understood any more.
    Failure(Failure),
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Lost {
        tracing::debug!(%error, "a connection ended early");
        Lost::Gone
    }
}

impl From<Failure> for Lost {
    fn from(failure: Failure) -> Lost {
        Lost::Failure(failure.fatal())
    }
}

/// The client at the other end of a connection.
pub(crate) struct Client {
    socket: Stalling,
    app: Shared,
    read: BytesMut,
    write: BytesMut,
    /// When the frame that has begun must be here.
    frame_due: Instant,
    /// Memory for the frame that has begun, from when its length is known, if it is large.
    reserved: Option<OwnedSemaphorePermit>,
}

impl Client {
    pub(crate) fn new(socket: Socket, app: Shared) -> Client {
        Client {
            socket: Stalling::new(socket, app.limits.stall_max),
            app,
            read: BytesMut::new(),
            write: BytesMut::new(),
            frame_due: Instant::now(),
            reserved: None,
        }
    }

    /// The next message of a client that is past its start-up. Nothing is lost when it is dropped
    /// while it waits.
    pub(crate) async fn next(&mut self) -> Result<Frame, Lost> {
        loop {
            if let Some(frame) = self.take_frame()? {
                return Ok(frame);
            }
            if self.write.is_empty() {
                self.write = BytesMut::new(); // what large answers took is given back
            }
            self.fill(self.app.limits.body_timeout).await?;
        }
    }

    /// The body of a message as they are before the start-up: without a kind.
    pub(crate) async fn next_startup(&mut self) -> Result<Bytes, Lost> {
        loop {
            if let Some(length) = self.length(0) {
                if !(LENGTH_BYTES + 4..=STARTUP_BYTES_MAX).contains(&length) {
                    return Err(Failure::new("08P01", "invalid length of startup packet").into());
                }
                if self.read.len() >= length {
                    let mut frame = self.read.split_to(length).freeze();
                    return Ok(frame.split_off(LENGTH_BYTES));
                }
            }
            self.fill(self.app.limits.header_timeout).await?;
        }
    }

    /// The length that stands after so many bytes.
    fn length(&self, before: usize) -> Option<usize> {
        let bytes = self.read.get(before..before + LENGTH_BYTES)?;
        let length = u32::from_be_bytes(bytes.try_into().ok()?);
        usize::try_from(length).ok()
    }

    /// The next message, if all of it is here.
    pub(crate) fn take_frame(&mut self) -> Result<Option<Frame>, Lost> {
        let Some(length) = self.length(1) else {
            return Ok(None);
        };
        let kind = self.read[0];
        if !Frontend::is_known(kind) {
            let message = format!("invalid frontend message type {kind}");
            return Err(Failure::new("08P01", message).into());
        }
        let most = match may_be_large(kind) {
            true => self.app.limits.append_body_bytes_max,
            false => SMALL_MESSAGE_BYTES_MAX,
        };
        if !(LENGTH_BYTES..=most).contains(&length) {
            return Err(Failure::new("08P01", "invalid message length")
                .detail(format!("Found {length} bytes, expected 4 to {most}."))
                .into());
        }
        if self.reserved.is_none() {
            self.reserved = self.app.bodies.reserve(length).map_err(Failure::from)?;
        }
        if self.read.len() < 1 + length {
            return Ok(None);
        }
        let mut body = self.read.split_to(1 + length).freeze();
        if self.read.is_empty() || length > READ_BYTES {
            // The rest, if any, does not keep the memory of the whole.
            self.read = BytesMut::from(&self.read[..]);
        }
        self.frame_due = Instant::now() + self.app.limits.body_timeout; // of the next, if it has begun
        Ok(Some(Frame {
            kind,
            body: body.split_off(1 + LENGTH_BYTES),
            reserved: self.reserved.take(),
        }))
    }

    /// Reads what has come. Waits as long as it takes for a frame that has not begun, and for the
    /// rest of one until it is due.
    async fn fill(&mut self, frame_max: Duration) -> Result<(), Lost> {
        let count = if self.read.is_empty() {
            let count = self.read_some().await?;
            self.frame_due = Instant::now() + frame_max;
            count
        } else {
            match timeout_at(self.frame_due, self.read_some()).await {
                Ok(count) => count?,
                Err(_) => {
                    let message = "the message did not arrive in time";
                    return Err(Failure::new("08P01", message)
                        .detail(format!("Expected all of it within {frame_max:?}."))
                        .into());
                }
            }
        };
        match count {
            0 => Err(Lost::Gone),
            _ => Ok(()),
        }
    }

    /// Reads what has come, at least a byte; 0 at the end. The bytes are taken from the stack, so
    /// that nothing is held while none come.
    async fn read_some(&mut self) -> io::Result<usize> {
        let (socket, read) = (&mut self.socket, &mut self.read);
        poll_fn(|context| {
            let mut bytes = [MaybeUninit::uninit(); READ_BYTES];
            let mut bytes = ReadBuf::uninit(&mut bytes);
            ready!(Pin::new(&mut *socket).poll_read(context, &mut bytes))?;
            read.extend_from_slice(bytes.filled());
            Poll::Ready(Ok(bytes.filled().len()))
        })
        .await
    }

    /// Returns when the client is gone. What it sends meanwhile is kept for later, within bounds;
    /// beyond them nobody looks whether it is there. Nothing is lost when it is dropped.
    pub(crate) async fn gone(&mut self) {
        while self.read.len() < AHEAD_BYTES_MAX {
            if self.read.is_empty() {
                self.frame_due = Instant::now() + self.app.limits.body_timeout;
            }
            match self.read_some().await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        std::future::pending().await
    }

    /// The body of a message in which the client shows a key.
    pub(crate) async fn next_password(&mut self) -> Result<Bytes, Lost> {
        loop {
            match self.read.first() {
                None | Some(b'p') => {}
                Some(b'X') => return Err(Lost::Gone), // it asks a person first, and comes again
                Some(kind) => {
                    let message = format!("expected password response, got message type {kind}");
                    return Err(Failure::new("08P01", message).into());
                }
            }
            if let Some(length) = self.length(1) {
                if !(LENGTH_BYTES..=SMALL_MESSAGE_BYTES_MAX).contains(&length) {
                    return Err(Failure::new("08P01", "invalid password packet size").into());
                }
                if self.read.len() > length {
                    let mut frame = self.read.split_to(1 + length).freeze();
                    return Ok(frame.split_off(1 + LENGTH_BYTES));
                }
            }
            self.fill(self.app.limits.header_timeout).await?;
        }
    }

    /// The address of the client's machine.
    pub(crate) fn peer(&self) -> IpAddr {
        self.socket.get_ref().peer()
    }

    /// When it must have said who it is.
    pub(crate) fn due(&self) -> Instant {
        self.socket.get_ref().due()
    }

    /// Whether nobody on the way can read what is said.
    pub(crate) fn is_private(&self) -> bool {
        self.socket.get_ref().is_private()
    }

    /// Whether it must come again under TLS.
    pub(crate) fn must_be_secure(&self) -> bool {
        let socket = self.socket.get_ref();
        socket.must_be_secure(self.app.tls.as_ref())
    }

    /// Goes on under TLS, if the server has a certificate.
    pub(crate) async fn encrypt(&mut self) -> Result<(), Lost> {
        let app = self.app.clone();
        let Some(tls) = app
            .tls
            .as_ref()
            .filter(|_| !self.socket.get_ref().is_secure())
        else {
            return Ok(self.refuse_encryption().await?);
        };
        if !self.read.is_empty() {
            // Somebody on the way may have put it there, to be taken for the client's.
            let message = "received unencrypted data after SSL request";
            return Err(Failure::new("08P01", message).into());
        }
        self.socket.write_all(b"S").await?;
        self.socket.flush().await?;
        let socket = self.socket.get_mut();
        socket.secure(tls, Protocol::Postgres).await?;
        Ok(())
    }

    /// Says that the connection is not encrypted, so that the client goes on without, or away.
    pub(crate) async fn refuse_encryption(&mut self) -> io::Result<()> {
        self.socket.write_all(b"N").await?;
        self.socket.flush().await
    }

    /// Adds a message to what is written next.
    pub(crate) fn say(&mut self, message: &impl Message) {
        if let Err(error) = message.encode(&mut self.write) {
            tracing::error!(%error, "an answer has no form on the wire");
        }
    }

    /// The messages that are written next.
    pub(crate) fn out(&mut self) -> &mut BytesMut {
        &mut self.write
    }

    /// Whether so much has gathered that it should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.write.len() >= WRITE_BYTES
    }

    /// Writes all that was said.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        self.socket.write_all_buf(&mut self.write).await?;
        self.socket.flush().await
    }

    /// Says why the connection ends, and closes it.
    pub(crate) async fn farewell(mut self, failure: &Failure) {
        self.say(&failure.response());
        self.socket.into_inner().farewell(&self.write).await;
    }
}
