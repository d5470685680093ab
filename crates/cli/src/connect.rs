//! Which server a command talks to: the one it was told, the one that has the data directory, or
//! one in this process.

use std::net::{Ipv4Addr, SocketAddr};

use crate::args::Target;
use crate::client::Client;
use crate::failure::Failure;
use crate::local::{LocalServer, Opened, Options};

/// A server to talk to. [`close`](Connection::close) it at the end.
pub(crate) struct Connection {
    client: Client,
    local: Option<LocalServer>,
}

impl Connection {
    /// The client.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Whether the server runs in this process, and ends with it.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Where the server speaks PostgreSQL's protocol, if it runs in this process and does.
    pub(crate) fn postgres(&self) -> Option<SocketAddr> {
        self.local.as_ref()?.postgres()
    }

    /// The same for Kafka's protocol.
    pub(crate) fn kafka(&self) -> Option<SocketAddr> {
        self.local.as_ref()?.kafka()
    }

    /// Whether the server runs in this process and asks its clients for keys.
    pub(crate) fn asks_for_keys(&self) -> bool {
        self.local.as_ref().is_some_and(LocalServer::asks_for_keys)
    }

    /// Stops the server, if it runs in this process, and closes its databases.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.local {
            Some(local) => local.stop().await,
            None => Ok(()),
        }
    }
}

/// How long a command needs a server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// For a moment: other commands on the same data directory wait that long. They are not told
    /// the address, as it would be gone when they use it.
    Moment,
    /// For longer: other commands may use it.
    While,
}

/// Connects; the data directory must be there.
pub(crate) async fn open(target: &Target, need: Need) -> Result<Connection, Failure> {
    if target.server.is_none() && !target.data.is_dir() {
        let data = target.data.display();
        return Err(Failure::new(format!("there is no data directory {data}"))
            .expected("a directory that Headwater made, or a server")
            .advice(
                "name it with --data or a server with --server, or make one: headwater serve, \
                 or headwater database create NAME",
            ));
    }
    open_or_create(target, need).await
}

/// Connects; the data directory is made if it is not there.
pub(crate) async fn open_or_create(target: &Target, need: Need) -> Result<Connection, Failure> {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options = Options {
        announced: need == Need::While,
        ..Options::listening(any_port)
    };
    listening(target, options).await
}

/// Connects; if no other process serves the data directory, the server in this process has these
/// options.
pub(crate) async fn listening(target: &Target, options: Options) -> Result<Connection, Failure> {
    if let Some(server) = &target.server {
        return Ok(Connection {
            client: Client::trusting(server.clone(), target.tls_ca.as_deref())?
                .with_key(target.key.clone()),
            local: None,
        });
    }
    match LocalServer::open(&target.data, options).await? {
        Opened::Here(local) => {
            // Who has the files has them; a key that is given says under which name to append.
            let key = target.key.clone().map_or_else(|| local.key(), Ok)?;
            Ok(Connection {
                client: Client::new(local.address().into())?.with_key(Some(key)),
                local: Some(local),
            })
        }
        Opened::Elsewhere(server) => Ok(Connection {
            client: Client::new(server)?.with_key(target.key.clone()),
            local: None,
        }),
    }
}
