//! One connection: frames one after the other, until it ends or the server stops.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::ApiKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::app::Shared;
use crate::gate::Reserved;
use crate::kafka::header::{FIXED_BYTES, Header};
use crate::kafka::request::{self, Answer};
use crate::kafka::session::Session;
use crate::limits::Limits;
use crate::socket::Socket;
use crate::stall::Stalling;

/// A connection that asks for nothing is closed after so long, as Kafka's brokers do.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// The number of the request that may be large.
const PRODUCE: i16 = ApiKey::Produce as i16;

/// Serves the connection until it ends. When the server stops, what is being answered is answered,
/// and nothing else is read.
pub(crate) async fn serve(socket: Socket, app: Shared) {
    let peer = socket.peer();
    let Ok(local) = socket.local() else {
        return; // it has ended already
    };
    // Who it is: Kafka clients cannot show a key yet. Once there is one, their connections are closed
    // by the server, also those that are open (docs/security.md).
    let session = Session { app, local, peer };
    let socket = Stalling::new(socket, session.app.limits.stall_max);
    if let Err(error) = Box::pin(talk(&session, socket)).await {
        tracing::debug!(%error, %peer, "a kafka connection ended early");
    }
}

/// Sends a client away. The protocol has no word for it: the client sees its connection close, and
/// comes again later.
pub(crate) fn refuse(socket: Socket) {
    drop(socket);
}

async fn talk(session: &Session, mut socket: Stalling) -> io::Result<()> {
    loop {
        let frame = tokio::select! {
            frame = read_frame(session, &mut socket) => frame?,
            () = session.stopped() => return Ok(()),
        };
        let Some(frame) = frame else {
            return Ok(());
        };
        // Held until it is answered: what was read from it refers to its bytes.
        let (bytes, _reserved) = frame;
        let (header, reader) = Header::read(bytes).map_err(refused)?;
        match request::answer(session, &header, reader).await {
            Ok(Answer::Frame(frame)) => {
                socket.write_all(&frame).await?;
                socket.flush().await?;
            }
            Ok(Answer::Nothing) => {}
            Err(error) => return Err(refused(error)),
        }
    }
}

fn refused(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// The next frame and the room that it takes; nothing if the client has ended.
async fn read_frame(
    session: &Session,
    socket: &mut Stalling,
) -> io::Result<Option<(Bytes, Reserved)>> {
    let limits = &session.app.limits;
    let mut size = [0; 4];
    match timeout(IDLE_MAX, socket.read_exact(&mut size)).await? {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    let size = usize::try_from(i32::from_be_bytes(size)).unwrap_or(0);
    if size < FIXED_BYTES {
        return Err(refused("the size of the request is no size"));
    }
    let body = timeout(limits.body_timeout, read_body(session, socket, size)).await??;
    Ok(Some(body))
}

async fn read_body(
    session: &Session,
    socket: &mut Stalling,
    size: usize,
) -> io::Result<(Bytes, Reserved)> {
    let mut fixed = [0; FIXED_BYTES];
    socket.read_exact(&mut fixed).await?;
    let key = i16::from_be_bytes([fixed[0], fixed[1]]);
    let size_max = size_max(&session.app.limits, key);
    if size > size_max {
        let told = format!("a request of {size} bytes; expected at most {size_max}");
        return Err(refused(told));
    }
    let reserved = session.app.bodies.reserve(size).map_err(refused)?;
    let mut body = BytesMut::zeroed(size);
    body[..FIXED_BYTES].copy_from_slice(&fixed);
    socket.read_exact(&mut body[FIXED_BYTES..]).await?;
    Ok((body.freeze(), reserved))
}

fn size_max(limits: &Limits, key: i16) -> usize {
    match key {
        PRODUCE => limits.append_body_bytes_max,
        _ => limits.body_bytes_max,
    }
}
