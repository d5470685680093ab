//! What the requests of one connection know: who they come from, and the server.

use std::net::{IpAddr, SocketAddr};

use headwater_event::Error;
use headwater_node::{DatabaseHandle, DatabaseName, Identity, Role};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::BrokerId;
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep_until};

use crate::app::{App, Shared};
use crate::kafka::topic::{Served, Topic};

/// The one broker that clients see.
pub(crate) const BROKER: BrokerId = BrokerId(1);

/// Between the database of a key and the name of a group of its own.
pub(crate) const OF_A_DATABASE: char = '/';

/// A connection, as its requests see it.
pub(crate) struct Session {
    pub(crate) app: Shared,
    /// Who it is.
    pub(crate) who: Identity,
    /// Where the client is.
    pub(crate) peer: IpAddr,
    /// Where the client reaches the server, which is told to it as the broker's address.
    pub(crate) broker: Broker,
}

/// Where clients reach the server.
pub(crate) struct Broker {
    host: String,
    port: u16,
}

impl Broker {
    /// What the server was told to say, or else the name by which the client asked for it, or else the
    /// address that it reached.
    pub(crate) fn of(app: &App, local: SocketAddr, asked_for: Option<&str>) -> Broker {
        let reached = || {
            let address = || local.ip().to_canonical().to_string();
            asked_for.map_or_else(address, ToOwned::to_owned)
        };
        let advertised = app.advertised.as_ref();
        Broker {
            host: advertised.map_or_else(reached, |advertised| advertised.host.clone()),
            port: advertised
                .and_then(|advertised| advertised.port)
                .unwrap_or(local.port()),
        }
    }
}

impl Session {
    /// The host of the broker.
    pub(crate) fn host(&self) -> StrBytes {
        StrBytes::from_string(self.broker.host.clone())
    }

    /// The port of the broker.
    pub(crate) fn port(&self) -> i32 {
        i32::from(self.broker.port)
    }

    /// The topic of this name, if its database is there and the client may do this with it. Whether
    /// it is there is not told to who may not.
    pub(crate) fn topic(&self, role: Role, name: &str) -> Result<Served, ResponseError> {
        let topic = Topic::parse(name).ok_or(ResponseError::UnknownTopicOrPartition)?;
        if self.who.may(role, Some(&topic.database)).is_err() {
            return Err(ResponseError::TopicAuthorizationFailed);
        }
        match self.app.node.show(&topic.database) {
            Ok(database) => Ok(Served::new(topic, &database)),
            Err(_) => Err(ResponseError::UnknownTopicOrPartition),
        }
    }

    /// Uses a database, if the client may do this with it.
    pub(crate) async fn database(
        &self,
        role: Role,
        name: &DatabaseName,
    ) -> Result<DatabaseHandle, Error> {
        self.app.node.database_for(&self.who, role, name).await
    }

    /// The name under which the server has a group of this client. Those of keys that reach one
    /// database are their own: nobody joins the groups of another database, or sees them.
    pub(crate) fn group(&self, name: StrBytes) -> StrBytes {
        match self.who.database() {
            Some(_) => StrBytes::from_string(format!("{}{name}", self.groups())),
            None => name,
        }
    }

    /// What the names of all groups that the client sees begin with on the server.
    pub(crate) fn groups(&self) -> String {
        let own = |database: &DatabaseName| format!("{database}{OF_A_DATABASE}");
        self.who.database().map(own).unwrap_or_default()
    }

    /// The name of a group as this client knows it; nothing if it does not see it.
    pub(crate) fn name_of_group(&self, name: StrBytes) -> Option<StrBytes> {
        if self.who.database().is_none() {
            return Some(name);
        }
        let own = name.strip_prefix(&*self.groups())?;
        Some(StrBytes::from_string(own.to_owned()))
    }

    /// Returns then, or once the server is stopping.
    pub(crate) async fn rest(&self, until: Instant) {
        tokio::select! {
            () = sleep_until(until) => {}
            () = self.stopped() => {}
        }
    }

    /// Returns once the server is stopping.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.app.stopping.clone();
        let _ = stopping.wait_for(|stopping| *stopping).await; // or the server is gone
    }
}
