//! The socket of one connection, as every protocol has it: plain, or under TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::server::TlsStream;

use crate::app::App;
use crate::eager::Eager;
use crate::protocol::Protocol;
use crate::tls::{HANDSHAKE, Tls};

/// How long the last words of a connection may take.
pub(crate) const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// How often it is looked whether a client is gone whose bytes nobody reads.
const LOOK_AFTER: Duration = Duration::from_millis(100);

/// A connection to a client, whose address is known.
pub(crate) struct Socket {
    stream: Stream,
    peer: SocketAddr,
    eager: Eager,
    /// When the client must have said who it is, where a protocol asks.
    due: Instant,
}

enum Stream {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
    /// While a handshake runs, and after one that failed.
    Closed,
}

impl Stream {
    /// What carries it, unless it is closed.
    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Stream::Plain(stream) => Some(stream),
            Stream::Secure(stream) => Some(stream.get_ref().0),
            Stream::Closed => None,
        }
    }
}

impl Socket {
    /// A connection that was accepted from `peer`, who has so long to say who it is.
    pub(crate) fn new(stream: TcpStream, peer: SocketAddr, within: Duration) -> Socket {
        Socket {
            stream: Stream::Plain(stream),
            peer,
            eager: Eager::default(),
            due: Instant::now() + within,
        }
    }

    /// When the client must have said who it is: first byte, handshake and sign-in together.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// The address of the client's machine. One of version 4 is told as such.
    pub(crate) fn peer(&self) -> IpAddr {
        self.peer.ip().to_canonical()
    }

    /// The address that the client connected to: it reaches the server there.
    pub(crate) fn local(&self) -> io::Result<SocketAddr> {
        self.stream.tcp().ok_or_else(closed)?.local_addr()
    }

    /// The name by which the client asked for the server, if it is under TLS and gave one.
    pub(crate) fn server_name(&self) -> Option<&str> {
        match &self.stream {
            Stream::Secure(stream) => stream.get_ref().1.server_name(),
            Stream::Plain(_) | Stream::Closed => None,
        }
    }

    /// Whether it is under TLS.
    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.stream, Stream::Secure(_))
    }

    /// Whether nobody on the way can read what it carries: it is under TLS, or does not leave this
    /// machine.
    pub(crate) fn is_private(&self) -> bool {
        let stays_here = || {
            let local = self.local().map(|local| local.ip().to_canonical());
            local.is_ok_and(|local| local == self.peer())
        };
        self.is_secure() || self.peer().is_loopback() || stays_here()
    }

    /// Whether it is one that the server does not take: where there is a certificate, plain
    /// connections are for this machine alone.
    pub(crate) fn must_be_secure(&self, tls: Option<&Tls>) -> bool {
        tls.is_some() && !self.is_private()
    }

    /// Waits for the first byte, where there is a certificate, and takes a client that begins with
    /// TLS through the handshake.
    pub(crate) async fn open(&mut self, app: &App, protocol: Protocol) -> io::Result<()> {
        let (Some(tls), Stream::Plain(stream)) = (&app.tls, &self.stream) else {
            return Ok(());
        };
        let mut first = [0];
        match timeout_at(self.due, stream.peek(&mut first)).await?? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first[0] == HANDSHAKE => self.secure(tls, protocol).await,
            _ => Ok(()),
        }
    }

    /// Takes the client through a handshake of TLS.
    pub(crate) async fn secure(&mut self, tls: &Tls, protocol: Protocol) -> io::Result<()> {
        let Stream::Plain(stream) = std::mem::replace(&mut self.stream, Stream::Closed) else {
            return Err(closed());
        };
        let handshake = tls.acceptor(protocol).accept(stream);
        let stream = timeout_at(self.due, handshake).await??;
        self.stream = Stream::Secure(Box::new(stream));
        Ok(())
    }

    /// Returns when the client says no more, whatever it has said before. Nothing is read.
    pub(crate) async fn gone(&self) {
        let Some(stream) = self.stream.tcp() else {
            return;
        };
        while let Ok(ready) = stream.ready(Interest::READABLE).await
            && !ready.is_read_closed()
        {
            tokio::time::sleep(LOOK_AFTER).await;
        }
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

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "its handshake has failed")
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let tried = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Secure(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Closed => Poll::Ready(Err(closed())),
        };
        let Socket { stream, eager, .. } = &mut *self;
        match (&tried, stream.tcp()) {
            (Poll::Pending, Some(stream)) => eager.watch(stream),
            _ => eager.read(Instant::now),
        }
        tried
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.eager.wrote(Instant::now());
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Secure(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Closed => Poll::Ready(Err(closed())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.eager.wrote(Instant::now());
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Secure(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Closed => Poll::Ready(Err(closed())),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Secure(stream) => stream.is_write_vectored(),
            Stream::Closed => false,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Secure(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Closed => Poll::Ready(Err(closed())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Closed => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::tls::CertificateFiles;

    /// A connection on this machine that is taken for one from elsewhere.
    async fn from(peer: &str) -> Socket {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        drop(client.unwrap());
        let within = Duration::from_secs(30);
        Socket::new(accepted.unwrap().0, peer.parse().unwrap(), within)
    }

    #[tokio::test]
    async fn a_client_that_says_no_more_is_gone_whatever_it_said() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut client, (stream, peer)) = (client.unwrap(), accepted.unwrap());
        let socket = Socket::new(stream, peer, Duration::from_secs(30));
        assert!(timeout(3 * LOOK_AFTER, socket.gone()).await.is_err());
        client.write_all(b"unread").await.unwrap();
        assert!(timeout(3 * LOOK_AFTER, socket.gone()).await.is_err());
        drop(client);
        timeout(Duration::from_secs(20), socket.gone())
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn plain_connections_are_for_this_machine_where_there_is_a_certificate() {
        let directory = tempfile::tempdir().unwrap();
        let files = CertificateFiles::made_in(directory.path(), vec!["localhost".to_owned()]);
        let tls = Tls::load(files.unwrap()).unwrap();
        for here in [
            "127.0.0.1:9",
            "127.1.2.3:9",
            "[::1]:9",
            "[::ffff:127.0.0.1]:9",
        ] {
            assert!(!from(here).await.must_be_secure(Some(&tls)), "{here}");
        }
        for elsewhere in ["10.0.0.1:9", "[2001:db8::1]:9", "[::ffff:10.0.0.1]:9"] {
            let socket = from(elsewhere).await;
            assert!(socket.must_be_secure(Some(&tls)), "{elsewhere}");
            assert!(!socket.must_be_secure(None) && !socket.is_private());
        }
    }
}
