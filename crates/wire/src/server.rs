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
            bodies: BodyBudget::new(limits.large_bodies_bytes_max),
            answers: BodyBudget::new(limits.large_answers_bytes_max),
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use headwater_node::env::SystemEnv;
    use headwater_node::{MemoryStorages, NewKey, Role};
    use tempfile::TempDir;
    use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
    use tokio::time::timeout;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

    use super::*;
    use crate::tls::{CertificateFiles, Tls};

    const ELSEWHERE: [&str; 3] = ["192.0.2.7:9", "[2001:db8::7]:9", "[::ffff:192.0.2.7]:9"];
    const HERE: [&str; 3] = ["127.0.0.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"];

    async fn node(directory: &Path) -> Node {
        let options = headwater_node::Options {
            storages: Arc::new(MemoryStorages::default()),
            ..headwater_node::Options::default()
        };
        let node = Node::open(directory.to_owned(), Arc::new(SystemEnv), options);
        node.await.unwrap()
    }

    /// A server that nobody reaches but the tests, and where it keeps its certificate.
    async fn server(tls: bool) -> (Server, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let made = || CertificateFiles::made_in(directory.path(), vec!["localhost".to_owned()]);
        let options = Options {
            tls: tls.then(|| Tls::load(made().unwrap()).unwrap()),
            ..Options::default()
        };
        let node = node(&directory.path().join("node")).await;
        (Server::bind(node, &[], options).await.unwrap(), directory)
    }

    /// What a client begins with.
    fn words(protocol: Protocol) -> &'static [u8] {
        match protocol {
            Protocol::Http => {
                b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            }
            Protocol::Postgres => b"\0\0\0\x13\0\x03\0\0user\0shop\0\0",
            Protocol::Kafka => b"\0\0\0\x0c\0\x12\0\0\0\0\0\x07\0\x02me", // ApiVersions
        }
    }

    /// What the server says to a client from this address, until it closes.
    async fn heard(server: &Server, protocol: Protocol, from: &str, tls: Option<&Path>) -> Vec<u8> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, within) = (accepted.unwrap().0, Duration::from_secs(20));
        let socket = Socket::new(stream, from.parse().unwrap(), within);
        let serving = tokio::spawn(protocol.serve(socket, server.app.clone()));
        let said = timeout(within, async {
            match tls {
                Some(trusted) => {
                    talk(secure(client.unwrap(), protocol, trusted).await, protocol).await
                }
                None => talk(client.unwrap(), protocol).await,
            }
        });
        let said = said.await.unwrap();
        serving.await.unwrap();
        said
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut client: S, protocol: Protocol) -> Vec<u8> {
        let _ = client.write_all(words(protocol)).await; // who is sent away need not be read
        if protocol == Protocol::Kafka {
            let _ = client.shutdown().await; // or it would be asked for more
        }
        let mut said = Vec::new();
        let _ = client.read_to_end(&mut said).await; // an end, or a reset
        said
    }

    /// Takes the client into TLS.
    async fn secure(stream: TcpStream, protocol: Protocol, trusted: &Path) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let trusted = CertificateDer::from_pem_file(trusted).unwrap();
        roots.add(trusted).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        if protocol == Protocol::Postgres {
            config.alpn_protocols = vec![b"postgresql".to_vec()]; // it begins with TLS, unasked
        }
        let name = "localhost".try_into().unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.unwrap()
    }

    /// Whether the bytes have this text in them.
    fn says(said: &[u8], text: &[u8]) -> bool {
        said.windows(text.len()).any(|part| part == text)
    }

    /// Whether that is how the protocol answers who may talk with it.
    fn is_taken(protocol: Protocol, said: &[u8]) -> bool {
        match protocol {
            Protocol::Http => said.starts_with(b"HTTP/1.1 200"),
            Protocol::Postgres => says(said, b"C3D000\0"), // there is no database
            Protocol::Kafka => said.get(4..8) == Some(&[0, 0, 0, 7]), // the number of the request
        }
    }

    /// Whether it is how the protocol sends away who does not come with TLS.
    fn is_sent_away(protocol: Protocol, said: &[u8]) -> bool {
        match protocol {
            Protocol::Http => said.starts_with(b"HTTP/1.1 400") && says(said, b"\"tls_needed\""),
            Protocol::Postgres => says(said, b"C28000\0"),
            Protocol::Kafka => said.is_empty(),
        }
    }

    #[tokio::test]
    async fn clients_of_other_machines_need_tls_where_there_is_a_certificate() {
        let (server, directory) = server(true).await;
        let certificate = directory.path().join("certificate.pem");
        for protocol in Protocol::ALL {
            for from in ELSEWHERE {
                let said = heard(&server, protocol, from, None).await;
                assert!(
                    is_sent_away(protocol, &said),
                    "{protocol:?} {from}: {said:?}"
                );
                let said = heard(&server, protocol, from, Some(&certificate)).await;
                assert!(is_taken(protocol, &said), "{protocol:?} {from}: {said:?}");
            }
            for from in HERE {
                let said = heard(&server, protocol, from, None).await;
                assert!(is_taken(protocol, &said), "{protocol:?} {from}: {said:?}");
            }
        }
    }

    #[tokio::test]
    async fn clients_of_other_machines_come_plainly_where_there_is_no_certificate() {
        let (server, _directory) = server(false).await;
        for protocol in Protocol::ALL {
            let said = heard(&server, protocol, ELSEWHERE[0], None).await;
            assert!(is_taken(protocol, &said), "{protocol:?}: {said:?}");
        }
    }

    #[tokio::test]
    async fn any_address_is_listened_on_once_there_is_a_key() {
        let directory = tempfile::tempdir().unwrap();
        let node = node(directory.path()).await;
        let listen = |address: &str| Listen {
            protocol: Protocol::Http,
            address: address.parse().unwrap(),
        };
        let everywhere = [listen("0.0.0.0:0")];
        let refused = Server::bind(node.clone(), &everywhere, Options::default()).await;
        assert_eq!(refused.err().unwrap().code(), "not_loopback");
        let root = NewKey {
            name: "root".parse().unwrap(),
            role: Role::Admin,
            database: None,
        };
        node.keys().create(root).await.unwrap();
        let taken = Server::bind(node, &everywhere, Options::default()).await;
        let address = taken.unwrap().address(Protocol::Http).unwrap();
        assert!(address.ip().is_unspecified());
    }
}
