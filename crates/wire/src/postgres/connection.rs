//! One connection, from its first byte to its last.

use pgwire::messages::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::{App, Shared};
use crate::postgres::client::{Client, Lost, STARTUP_BYTES_MAX};
use crate::postgres::failure::Failure;
use crate::postgres::startup::{self, Opening, QUESTION_BYTES, QUESTIONS_MAX, SSL_REQUEST};
use crate::protocol::Protocol;
use crate::socket::{FAREWELL_MAX, Socket};

/// Serves the connection until it ends. When the server stops, the statement that is being
/// answered is answered, and no other is read.
pub(crate) async fn serve(socket: Socket, app: Shared, guest: OwnedSemaphorePermit) {
    let stopping = app.stopping.clone();
    let client = Client::new(socket, app.clone());
    // In boxes: what a connection holds while it waits is what it needs for that.
    let opening = Box::pin(startup::open(client, app)).await;
    drop(guest);
    match opening {
        Ok(Opening::Session(session)) => session.run(stopping).await,
        Ok(Opening::Cancel) => {} // whether anything was called off is not told
        Err((client, Lost::Failure(failure))) => client.farewell(&failure).await,
        Err((_, Lost::Gone)) => {}
    }
}

/// Tells a client that the server speaks with as many as it can. Questions about encryption are
/// answered first, because clients do not take an error for that.
pub(crate) async fn refuse(mut socket: Socket, app: &App) {
    let connections_max = app.limits.connections_max;
    let failure = Failure::new("53300", "sorry, too many clients already")
        .detail(format!("Expected at most {connections_max} connections."))
        .hint("Try again after a pause, or keep connections and use them again.")
        .fatal();
    let mut words = bytes::BytesMut::new();
    if let Err(error) = failure.response().encode(&mut words) {
        tracing::error!(%error, "an answer has no form on the wire");
    }
    let farewell = async {
        let mut first = [0; STARTUP_BYTES_MAX];
        for _ in 0..=QUESTIONS_MAX {
            let count = socket.read(&mut first).await?;
            let code = first[..count]
                .last_chunk()
                .map(|code| u32::from_be_bytes(*code));
            match (count, code) {
                (0, _) => return Ok(()),
                (QUESTION_BYTES, Some(SSL_REQUEST)) if !socket.is_secure() && app.tls.is_some() => {
                    socket.write_all(b"S").await?;
                    if let Some(tls) = &app.tls {
                        socket.secure(tls, Protocol::Postgres).await?;
                    }
                }
                (QUESTION_BYTES, _) => socket.write_all(b"N").await?,
                _ => break,
            }
        }
        socket.farewell(&words).await;
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(FAREWELL_MAX, Box::pin(farewell)).await; // who does not listen is not told
}
