//! One connection: frames one after the other, until it ends or the server stops.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use headwater_node::{Identity, Role};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{timeout, timeout_at};

use crate::app::Shared;
use crate::gate::Reserved;
use crate::kafka::guest::{Guest, REQUEST_BYTES_MAX, Step};
use crate::kafka::header::{FIXED_BYTES, Header};
use crate::kafka::request::{self, Answer};
use crate::kafka::session::{Broker, Session};
use crate::limits::Limits;
use crate::protocol::Protocol;
use crate::socket::Socket;
use crate::stall::Stalling;

/// A connection that asks for nothing is closed after so long, as Kafka's brokers do.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// The number of the request that may be large.
const PRODUCE: i16 = ApiKey::Produce as i16;

/// A request as it came, and the room that it takes.
type Frame = (Bytes, Reserved);

/// Who sends a request, as far as that says how large it may be.
#[derive(Clone, Copy)]
enum Sender {
    /// Has not said who it is.
    Guest,
    Reader,
    Writer,
}

impl Sender {
    fn of(who: &Identity) -> Sender {
        match who.has_role(Role::Write) {
            Ok(()) => Sender::Writer,
            Err(_) => Sender::Reader,
        }
    }

    /// Bytes of a request at most.
    fn size_max(self, limits: &Limits, key: i16) -> usize {
        match self {
            Sender::Guest => REQUEST_BYTES_MAX,
            Sender::Writer if key == PRODUCE => limits.append_body_bytes_max,
            Sender::Reader | Sender::Writer => limits.body_bytes_max,
        }
    }
}

/// A connection, and what its requests may take.
struct Connection {
    socket: Stalling,
    app: Shared,
    peer: IpAddr,
    local: SocketAddr,
}

/// Serves the connection until it ends. When the server stops, what is being answered is answered,
/// and nothing else is read.
pub(crate) async fn serve(socket: Socket, app: Shared, guest: OwnedSemaphorePermit) {
    let peer = socket.peer();
    if socket.must_be_secure(app.tls.as_ref()) {
        // The protocol has no word for it before TLS.
        return app.turn_away(
            Protocol::Kafka,
            peer,
            "it came from another machine without TLS",
        );
    }
    let Ok(local) = socket.local() else {
        return; // it has ended already
    };
    let connection = Connection {
        socket: Stalling::new(socket, app.limits.stall_max),
        app,
        peer,
        local,
    };
    if let Err(error) = Box::pin(connection.talk(guest)).await {
        tracing::debug!(%error, %peer, "a kafka connection ended early");
    }
}

/// Sends a client away. The protocol has no word for it: the client sees its connection close, and
/// comes again later.
pub(crate) fn refuse(socket: Socket) {
    drop(socket);
}

fn refused(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

impl Connection {
    /// Answers until the client goes, the server stops, or who it is may not be here any more.
    async fn talk(mut self, guest: OwnedSemaphorePermit) -> io::Result<()> {
        let Some((session, first)) = Box::pin(self.welcome()).await? else {
            return self.socket.shutdown().await;
        };
        drop(guest);
        let mut next = first;
        let sender = Sender::of(&session.who);
        loop {
            let frame = match next.take() {
                Some(frame) => Some(frame),
                None => tokio::select! {
                    biased;
                    () = session.who.ended() => None,
                    () = session.stopped() => None,
                    frame = self.read_frame(sender) => frame?,
                },
            };
            let Some(frame) = frame else {
                return self.socket.shutdown().await;
            };
            // Held until it is answered: what was read from it refers to its bytes.
            let (bytes, _reserved) = frame;
            let (header, reader) = Header::read(bytes).map_err(refused)?;
            let answer = tokio::select! {
                biased;
                () = session.who.ended() => return Ok(()),
                answer = request::answer(&session, &header, reader) => answer.map_err(refused)?,
            };
            if let Answer::Frame(frame, _reserved) = answer {
                tokio::select! {
                    biased;
                    () = session.who.ended() => return Ok(()),
                    written = self.write(&frame) => written?,
                }
            }
        }
    }

    /// Answers a client until it is known who it is; gives its first request of another kind, if that
    /// was read. Nothing if it has ended, or is not let in.
    async fn welcome(&mut self) -> io::Result<Option<(Session, Option<Frame>)>> {
        let app = self.app.clone();
        let (keys, mut stopping) = (app.node.keys(), app.stopping.clone());
        let mut guest = Guest::default();
        let due = self.socket.get_ref().due();
        loop {
            let reading = async {
                match keys.are_needed() {
                    true => timeout_at(due, self.read_frame(Sender::Guest)).await?,
                    false => self.read_frame(Sender::Writer).await, // as anybody may, without keys
                }
            };
            let frame = tokio::select! {
                frame = reading => frame?,
                _ = stopping.wait_for(|stopping| *stopping) => None, // or the server is gone
            };
            let Some(frame) = frame else {
                return Ok(None);
            };
            let (header, reader) = Header::read(frame.0.clone()).map_err(refused)?;
            if !Guest::may_ask(header.key) {
                let Ok(nobody) = keys.nobody() else {
                    // The protocol has no word for this either.
                    app.turn_away(Protocol::Kafka, self.peer, "it shows no key");
                    return Ok(None);
                };
                return Ok(Some((self.session(nobody), Some(frame))));
            }
            let step = tokio::select! {
                biased;
                step = guest.answer(&app, self.peer, &header, reader) => step.map_err(refused)?,
                () = self.socket.get_ref().gone() => return Ok(None),
            };
            match step {
                Step::Answer(frame) => self.write(&frame).await?,
                Step::Known(frame, who) => {
                    self.write(&frame).await?;
                    return Ok(Some((self.session(who), None)));
                }
                Step::Refused(frame) => {
                    self.write(&frame).await?;
                    return Ok(None);
                }
            }
        }
    }

    fn session(&self, who: Identity) -> Session {
        let asked_for = self.socket.get_ref().server_name();
        Session {
            app: self.app.clone(),
            who,
            peer: self.peer,
            broker: Broker::of(&self.app, self.local, asked_for),
        }
    }

    async fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.socket.write_all(frame).await?;
        self.socket.flush().await
    }

    /// The next frame; nothing if the client has ended.
    async fn read_frame(&mut self, sender: Sender) -> io::Result<Option<Frame>> {
        let mut size = [0; 4];
        match timeout(IDLE_MAX, self.socket.read_exact(&mut size)).await? {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        let size = usize::try_from(i32::from_be_bytes(size)).unwrap_or(0);
        if size < FIXED_BYTES {
            return Err(refused("the size of the request is no size"));
        }
        let within = self.app.limits.body_timeout;
        let body = timeout(within, self.read_body(size, sender)).await??;
        Ok(Some(body))
    }

    async fn read_body(&mut self, size: usize, sender: Sender) -> io::Result<Frame> {
        let mut fixed = [0; FIXED_BYTES];
        self.socket.read_exact(&mut fixed).await?;
        let key = i16::from_be_bytes([fixed[0], fixed[1]]);
        let size_max = sender.size_max(&self.app.limits, key);
        if size > size_max {
            let told = format!("a request of {size} bytes; expected at most {size_max}");
            return Err(refused(told));
        }
        let reserved = self.app.bodies.reserve(size).map_err(refused)?;
        let mut body = BytesMut::zeroed(size);
        body[..FIXED_BYTES].copy_from_slice(&fixed);
        self.socket.read_exact(&mut body[FIXED_BYTES..]).await?;
        Ok((body.freeze(), reserved))
    }
}
