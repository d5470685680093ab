//! The socket of one connection, as every protocol has it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long the last words of a connection may take.
pub(crate) const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// A connection to a client, whose address is known.
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
}

impl Socket {
    /// A connection that was accepted from `peer`.
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr) -> Socket {
        Socket { stream, peer }
    }

    /// The address of the client's machine. One of version 4 is told as such.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// The address that the client connected to: it reaches the server there.
    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Says the last words, and closes. What the client still sends is read for a moment: closing
    /// over unread bytes would throw them away on its side.
    pub(crate) async fn farewell(mut self, words: &[u8]) {
        let said = async {
            self.write_all(words).await?;
            self.shutdown().await?;
            let mut scratch = [0; 1024];
            while self.read(&mut scratch).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = timeout(FAREWELL_MAX, said).await; // who does not listen is not told
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
