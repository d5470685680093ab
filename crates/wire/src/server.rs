//! The server: sockets, one for each protocol, and a bounded number of connections.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use headwater_event::{Error, Kind};
use headwater_node::Node;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::app::{App, Shared};
use crate::attempts::Attempts;
use crate::gate::{BodyBudget, Gate};
use crate::kafka::{self, Groups, Sequences, Settling};
use crate::lanes::Lanes;
use crate::options::Options;
use crate::protocol::Protocol;
use crate::socket::{FAREWELL_MAX, Socket};

/// Connections that are told at the same time that there are too many; one more is closed
/// without a word.
const REFUSALS_MAX: usize = 64;

/// Restores at the same time: each keeps a disk and a processor busy, and takes some memory.
pub(crate) const RESTORES_MAX: usize = 4;

/// Batches of records that are decompressed at the same time: each may become large.
const DECOMPRESSIONS_MAX: usize = 4;

/// Pause after an error of the socket, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// What is spoken there.
    pub protocol: Protocol,
    /// An address of loopback, or any once keys are needed; port 0 takes a free one.
    pub address: SocketAddr,
}

/// A socket, and what is spoken there.
struct Listener {
    socket: TcpListener,
    listen: Listen,
}

/// A connection that was accepted, and who opened it.
type Accepted = (TcpStream, SocketAddr);

/// A server that is bound to its addresses.
pub struct Server {
    listeners: Vec<Listener>,
    app: Shared,
    lanes: Lanes,
    stop: watch::Sender<bool>,
}

impl Listener {
    async fn bind(listen: Listen, keys_needed: bool) -> Result<Listener, Error> {
        let address = listen.address;
        if !keys_needed && !is_loopback(address) {
            return Err(not_loopback(address));
        }
        let cannot = |error| cannot_listen(error, address);
        let socket = TcpListener::bind(address).await.map_err(cannot)?;
        let address = socket.local_addr().map_err(cannot)?;
        let listen = Listen { address, ..listen };
        Ok(Listener { socket, listen })
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn not_loopback(address: SocketAddr) -> Error {
    Error::invalid(
        "not_loopback",
        "the server listens on loopback addresses only, because it has no keys to ask for",
    )
    .found(address)
    .expected("an address such as 127.0.0.1:4437 or [::1]:4437")
    .action("make a key first, with `headwater key create`; then any address will do")
}

fn cannot_listen(error: io::Error, address: SocketAddr) -> Error {
    Error::new(
        Kind::Unavailable,
        "cannot_listen",
        "the server cannot listen",
    )
    .found(format!("{error} ({address})"))
    .action("stop what listens there, or take another port")
    .caused_by(error)
}

impl Server {
    /// Binds to its addresses.
    ///
    /// While nobody needs a key, an address that is not of loopback is refused with
    /// `not_loopback`: whoever reaches the server may do everything.
    pub async fn bind(node: Node, listen: &[Listen], options: Options) -> Result<Server, Error> {
        let Options {
            limits,
            tls,
            advertised,
        } = options;
        let mut listeners = Vec::with_capacity(listen.len());
        for listen in listen {
            let keys_needed = node.keys().are_needed();
            listeners.push(Listener::bind(*listen, keys_needed).await?);
        }
        let lanes = Lanes::start().map_err(|error| {
            Error::new(
                Kind::Unavailable,
                "cannot_listen",
                "the server has no threads",
            )
            .found(&error)
            .action("allow this user more threads")
            .caused_by(error)
        })?;
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(App {
            node,
            reads: Gate::new(&limits),
            bodies: BodyBudget::new(&limits),
            resting: Arc::new(Semaphore::new(limits.resting_max)),
            guests: Arc::new(Semaphore::new(limits.connections_max.div_ceil(2))),
            restores: Arc::new(Semaphore::new(RESTORES_MAX)),
            decompressions: Arc::new(Semaphore::new(DECOMPRESSIONS_MAX)),
            groups: Groups::default(),
            settling: Settling::default(),
            sequences: Sequences::default(),
            limits,
            backends: Arc::default(),
            unanswered: crate::postgres::Unanswered::default(),
            metrics: Arc::default(),
            tls,
            advertised,
            attempts: Attempts::default(),
            stopping,
        });
        Ok(Server {
            listeners,
            app,
            lanes,
            stop,
        })
    }

    /// The address of a protocol, with the port that was taken.
    pub fn address(&self, protocol: Protocol) -> Option<SocketAddr> {
        let mut listens = self.listeners.iter().map(|listener| listener.listen);
        listens
            .find(|listen| listen.protocol == protocol)
            .map(|listen| listen.address)
    }

    /// Serves until `shutdown` is ready, then accepts no more, finishes the requests that were
    /// accepted (follows are ended) and returns. What takes longer than `drain_max` is cut off.
    /// The node is left open: its owner shuts it down.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        self.warn_of_plain();
        let mut connections = JoinSet::new();
        let app = self.app.clone();
        let upkeep = tokio::spawn(async move { kafka::upkeep(&app).await });
        tokio::select! {
            () = self.accept(&mut connections) => {}
            () = shutdown => {}
        }
        drop(self.listeners);
        self.stop.send_replace(true);
        let all = async {
            while let Some(ended) = connections.join_next().await {
                self.app.metrics.ended(&ended);
            }
        };
        if tokio::time::timeout(self.app.limits.drain_max, all)
            .await
            .is_err()
        {
            tracing::warn!(
                connections = connections.len(),
                "stopped with requests unanswered, after {:?}",
                self.app.limits.drain_max
            );
            connections.shutdown().await;
        }
        let _ = upkeep.await; // a panic in it has told of itself
        self.app.groups.keep_all(&self.app.node).await;
    }

    /// Says once what goes over a network in the open.
    fn warn_of_plain(&self) {
        for Listener { listen, .. } in &self.listeners {
            if self.app.tls.is_none() && !is_loopback(listen.address) {
                let (protocol, address) = (listen.protocol.as_str(), listen.address);
                tracing::warn!(
                    protocol,
                    %address,
                    "without --tls-cert or --tls-self, whoever is on the way can read keys and events"
                );
            }
        }
    }

    async fn accept(&self, connections: &mut JoinSet<()>) {
        let room = Arc::new(Semaphore::new(self.app.limits.connections_max));
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        loop {
            let (protocol, accepted) = tokio::select! {
                accepted = self.accepted() => accepted,
                Some(ended) = connections.join_next() => {
                    self.app.metrics.ended(&ended);
                    continue;
                }
            };
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    let protocol = protocol.as_str();
                    tracing::warn!(%error, protocol, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            match room.clone().try_acquire_owned() {
                Ok(permit) => self.serve(protocol, accepted, permit, connections),
                Err(_) => self.refuse(protocol, accepted, &refusals, connections),
            }
        }
    }

    /// The next connection, of whichever protocol.
    async fn accepted(&self) -> (Protocol, io::Result<Accepted>) {
        poll_fn(|context| {
            for listener in &self.listeners {
                if let Poll::Ready(accepted) = listener.socket.poll_accept(context) {
                    return Poll::Ready((listener.listen.protocol, accepted));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn serve(
        &self,
        protocol: Protocol,
        (stream, peer): Accepted,
        permit: tokio::sync::OwnedSemaphorePermit,
        connections: &mut JoinSet<()>,
    ) {
        let ended = |error| tracing::debug!(%error, "a connection ended before it began");
        let stream = match stream.set_nodelay(true).and_then(|()| stream.into_std()) {
            Ok(stream) => stream,
            Err(error) => return ended(error),
        };
        let counted = self.app.metrics.connection(protocol);
        let app = self.app.clone();
        self.lanes.run(connections, async move || {
            match TcpStream::from_std(stream) {
                Ok(stream) => {
                    let socket = Socket::new(stream, peer, app.limits.header_timeout);
                    protocol.serve(socket, app).await;
                }
                Err(error) => ended(error),
            }
            drop((permit, counted));
        });
    }

    fn refuse(
        &self,
        protocol: Protocol,
        (stream, peer): Accepted,
        refusals: &Arc<Semaphore>,
        connections: &mut JoinSet<()>,
    ) {
        self.app.metrics.connection_refused(protocol);
        let Ok(permit) = refusals.clone().try_acquire_owned() else {
            return;
        };
        let app = self.app.clone();
        connections.spawn(async move {
            let socket = Socket::new(stream, peer, FAREWELL_MAX);
            protocol.refuse(socket, &app).await;
            drop(permit);
        });
    }
}
