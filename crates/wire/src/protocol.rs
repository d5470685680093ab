//! The protocols that the server speaks.

use crate::app::Shared;
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

    /// Whether who connects is asked for a key. Connections of a protocol that asks for none are closed
    /// once keys are needed.
    pub(crate) fn asks_for_keys(self) -> bool {
        match self {
            Protocol::Http => true,
            Protocol::Postgres | Protocol::Kafka => false,
        }
    }

    /// Serves a connection until it ends. When the server stops, what is being answered is
    /// answered, and nothing else is read.
    pub(crate) async fn serve(self, socket: Socket, app: Shared) {
        match self {
            Protocol::Http => http::serve(socket, app).await,
            Protocol::Postgres => postgres::serve(socket, app).await,
            Protocol::Kafka => kafka::serve(socket, app).await,
        }
    }

    /// Tells a client that the server speaks with as many as it can, and closes.
    pub(crate) async fn refuse(self, socket: Socket, connections_max: usize) {
        match self {
            Protocol::Http => http::refuse(socket, connections_max).await,
            Protocol::Postgres => postgres::refuse(socket, connections_max).await,
            Protocol::Kafka => kafka::refuse(socket),
        }
    }
}
