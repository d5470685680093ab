//! The protocols that the server speaks.

use crate::app::{App, Shared};
use crate::socket::Socket;
use crate::{http, kafka, postgres};

/// What is spoken on a connection: each protocol has an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// PostgreSQL's, version 3.0.
    Postgres,
    /// Kafka's.
    Kafka,
}

impl Protocol {
    /// All of them, in the order of declaration.
    pub const ALL: [Protocol; 3] = [Protocol::Http, Protocol::Postgres, Protocol::Kafka];

    /// The name, as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Postgres => "postgres",
            Protocol::Kafka => "kafka",
        }
    }

    /// Serves a connection until it ends. When the server stops, what is being answered is
    /// answered, and nothing else is read.
    pub(crate) async fn serve(self, mut socket: Socket, app: Shared) {
        let Ok(guest) = app.guests.clone().try_acquire_owned() else {
            let (protocol, peer) = (self.as_str(), socket.peer());
            tracing::debug!(protocol, %peer, "closed: too many connections have not said who they are");
            return app.metrics.connection_refused(self);
        };
        let mut stopping = app.stopping.clone();
        let opened = tokio::select! {
            opened = Box::pin(socket.open(&app, self)) => opened,
            _ = stopping.wait_for(|stopping| *stopping) => return, // or the server is gone
        };
        if let Err(error) = opened {
            let (protocol, peer) = (self.as_str(), socket.peer());
            tracing::debug!(protocol, %peer, %error, "a connection was not opened");
            return;
        }
        match self {
            Protocol::Http => {
                drop(guest); // each request says who makes it
                http::serve(socket, app).await;
            }
            Protocol::Postgres => postgres::serve(socket, app, guest).await,
            Protocol::Kafka => kafka::serve(socket, app, guest).await,
        }
    }

    /// Tells a client that the server speaks with as many as it can, and closes. One that begins
    /// with TLS is told under it.
    pub(crate) async fn refuse(self, mut socket: Socket, app: &App) {
        if Box::pin(socket.open(app, self)).await.is_err() {
            return;
        }
        match self {
            Protocol::Http => http::refuse(socket, app.limits.connections_max).await,
            Protocol::Postgres => postgres::refuse(socket, app).await,
            Protocol::Kafka => kafka::refuse(socket),
        }
    }
}
