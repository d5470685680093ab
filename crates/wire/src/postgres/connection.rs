//! One connection, from its first byte to its last.

use pgwire::messages::Message as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;

use crate::app::Shared;
use crate::postgres::client::{Client, Lost, STARTUP_BYTES_MAX};
use crate::postgres::failure::Failure;
use crate::postgres::startup::{self, Opening};
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

/// Tells a client that the server speaks with as many as it can. A question about encryption is
/// answered first, because clients do not take an error for that.
pub(crate) async fn refuse(mut socket: Socket, connections_max: usize) {
    let failure = Failure::new("53300", "sorry, too many clients already")
        .detail(format!("Expected at most {connections_max} connections."))
        .hint("Try again after a pause, or keep connections and use them again.")
        .fatal();
    let mut words = bytes::BytesMut::new();
    if let Err(error) = failure.response().encode(&mut words) {
        tracing::error!(%error, "an answer has no form on the wire");
    }
    let farewell = async {
        const QUESTION_BYTES: usize = 8;
        let mut first = [0; STARTUP_BYTES_MAX];
        let count = socket.read(&mut first).await?;
        if count == QUESTION_BYTES {
            socket.write_all(b"N").await?;
            if socket.read(&mut first).await? == 0 {
                return Ok(());
            }
        }
        socket.farewell(&words).await;
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(FAREWELL_MAX, Box::pin(farewell)).await; // who does not listen is not told
}
