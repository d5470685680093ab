//! What the requests of one connection know: who they come from, and the server.

use std::net::{IpAddr, SocketAddr};

use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;

use crate::app::Shared;

/// The one broker that clients see.
pub(crate) const BROKER: BrokerId = BrokerId(1);

/// A connection, as its requests see it.
pub(crate) struct Session {
    pub(crate) app: Shared,
    /// The address that the client connected to, which is also told to it as the broker's: it
    /// reaches the server there.
    pub(crate) local: SocketAddr,
    /// Where the client is.
    pub(crate) peer: IpAddr,
}

impl Session {
    /// The host of the broker.
    pub(crate) fn host(&self) -> StrBytes {
        StrBytes::from_string(self.local.ip().to_canonical().to_string())
    }

    /// The port of the broker.
    pub(crate) fn port(&self) -> i32 {
        i32::from(self.local.port())
    }

    /// Returns once the server is stopping.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.app.stopping.clone();
        let _ = stopping.wait_for(|stopping| *stopping).await; // or the server is gone
    }
}
