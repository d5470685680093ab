//! A server in this process: a node on a data directory, and its protocols on the loopback.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use headwater_journal::env::SystemEnv;
use headwater_journal::{DataLock, DiskOptions};
use headwater_node::{DiskStorages, Node};
use headwater_wire::{Advertised, CertificateFiles, Limits, Listen, Protocol, Server, Tls};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{Client, KeyText, ServerUrl};
use crate::failure::Failure;

/// How long to wait for a process that holds the lock and has no address: a server that is
/// starting or stopping, or a command that needs the directory for a moment.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// The pause before its lock is looked at again.
const PAUSE: Duration = Duration::from_millis(20);

/// Where a certificate comes from.
#[derive(Clone, Debug)]
pub(crate) enum Certificate {
    /// These files.
    Files(CertificateFiles),
    /// It is made once, and kept with the data: for these names beside those of this machine.
    Made(Vec<String>),
}

/// How it serves.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Where it speaks HTTP.
    pub(crate) listen: SocketAddr,
    /// Where it speaks PostgreSQL's protocol, if it does.
    pub(crate) postgres: Option<SocketAddr>,
    /// Where it speaks Kafka's protocol, if it does.
    pub(crate) kafka: Option<SocketAddr>,
    /// How long a database stays open without use.
    pub(crate) sleep_after: Duration,
    /// How many bytes of a database its tail has at most, about.
    pub(crate) tail_max: u64,
    /// What the server gives to its clients at most.
    pub(crate) limits: Limits,
    /// Where the certificate comes from, if there is one.
    pub(crate) certificate: Option<Certificate>,
    /// What Kafka clients are told to connect to, if that is not what they reached.
    pub(crate) advertised: Option<Advertised>,
    /// Whether other commands on the data directory are told the address.
    pub(crate) announced: bool,
}

impl Options {
    /// The usual, at this address.
    pub(crate) fn listening(listen: SocketAddr) -> Options {
        Options {
            listen,
            postgres: None,
            kafka: None,
            sleep_after: Duration::from_secs(300),
            tail_max: 16 << 20,
            limits: Limits::default(),
            certificate: None,
            advertised: None,
            announced: true,
        }
    }
}

impl Options {
    /// Loads the certificate, if there is to be one, which may have to be made first.
    fn tls(&self, data: &Path) -> Result<Option<Tls>, Failure> {
        let files = match &self.certificate {
            None => return Ok(None),
            Some(Certificate::Files(files)) => files.clone(),
            Some(Certificate::Made(others)) => {
                let mut names = ["localhost", "127.0.0.1", "::1"]
                    .map(str::to_owned)
                    .to_vec();
                let addresses = self.listens().into_iter().map(|listen| listen.address.ip());
                let reached = addresses.filter(|address| !address.is_unspecified());
                names.extend(reached.map(|address| address.to_string()));
                names.extend(others.iter().cloned());
                names.sort();
                names.dedup();
                CertificateFiles::made_in(&data.join("tls"), names)?
            }
        };
        Ok(Some(Tls::load(files)?))
    }

    /// Every address, and what is spoken there.
    fn listens(&self) -> Vec<Listen> {
        let addresses = [
            (Protocol::Http, Some(self.listen)),
            (Protocol::Postgres, self.postgres),
            (Protocol::Kafka, self.kafka),
        ];
        let listen = |(protocol, address): (Protocol, Option<SocketAddr>)| {
            address.map(|address| Listen { protocol, address })
        };
        addresses.into_iter().filter_map(listen).collect()
    }

    /// What is sealed at once is half a tail: the other half grows meanwhile.
    fn of_node(&self) -> headwater_node::Options {
        let piece = self.tail_max / 2;
        let storages = DiskStorages::default().with(DiskOptions {
            file_bytes_max: piece,
        });
        headwater_node::Options {
            sleep_after: Some(self.sleep_after),
            journal: headwater_journal::Options {
                piece_bytes: piece as usize, // at most a gibibyte
                ..headwater_journal::Options::default()
            },
            storages: Arc::new(storages),
            ..headwater_node::Options::default()
        }
    }
}

/// Who serves a data directory.
pub(crate) enum Opened {
    /// This process, from now on.
    Here(LocalServer),
    /// Another one.
    Elsewhere(ServerUrl),
}

/// A node and its server.
pub(crate) struct LocalServer {
    address: SocketAddr,
    /// Of the certificate, if there is one.
    fingerprint: Option<String>,
    postgres: Option<SocketAddr>,
    kafka: Option<SocketAddr>,
    node: Node,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl LocalServer {
    /// Serves the data directory, or tells which process does. The directory is made if it is not
    /// there.
    pub(crate) async fn open(data: &Path, options: Options) -> Result<Opened, Failure> {
        let begun = Instant::now();
        loop {
            let opened = Node::open(data.to_owned(), Arc::new(SystemEnv), options.of_node());
            match opened.await {
                Ok(node) => {
                    let serving = LocalServer::serve(node, data, &options).await;
                    return serving.map(Opened::Here);
                }
                Err(error) if error.code() == "locked" => {
                    if let Some(server) = answering(data).await? {
                        return Ok(Opened::Elsewhere(server));
                    }
                    if begun.elapsed() > WAIT_MAX {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn serve(node: Node, data: &Path, options: &Options) -> Result<LocalServer, Failure> {
        let (server, fingerprint) = match bind(&node, data, options).await {
            Ok(bound) => bound,
            Err(failure) => {
                node.shutdown().await;
                return Err(failure);
            }
        };
        let address = server.address(Protocol::Http).unwrap_or(options.listen);
        let postgres = server.address(Protocol::Postgres);
        let kafka = server.address(Protocol::Kafka);
        if options.announced {
            node.set_address(&ServerUrl::from(from_here(address)).to_string())?;
        }
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(async move {
            // Dropping the sender stops it as well.
            let _ = stopped.await;
        }));
        Ok(LocalServer {
            address,
            fingerprint,
            postgres,
            kafka,
            node,
            stop,
            serving,
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it speaks PostgreSQL's protocol, if it does.
    pub(crate) fn postgres(&self) -> Option<SocketAddr> {
        self.postgres
    }

    /// Where it speaks Kafka's protocol, if it does.
    pub(crate) fn kafka(&self) -> Option<SocketAddr> {
        self.kafka
    }

    /// The fingerprint of its certificate, if it has one.
    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Whether its clients need keys.
    pub(crate) fn asks_for_keys(&self) -> bool {
        self.node.keys().are_needed()
    }

    /// A key that this process alone has.
    pub(crate) fn key(&self) -> Result<KeyText, Failure> {
        Ok(self.node.keys().of_this_process()?.into())
    }

    /// Accepts no more, finishes what was accepted, closes the databases and gives the directory
    /// back.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        // It fails when the server has ended by itself, which the join tells.
        let _ = self.stop.send(());
        let served = self.serving.await;
        self.node.shutdown().await;
        served.map_err(|error| Failure::new("the server stopped by itself").caused_by(&error))
    }
}

/// Binds a server, and tells the fingerprint of its certificate.
async fn bind(
    node: &Node,
    data: &Path,
    options: &Options,
) -> Result<(Server, Option<String>), Failure> {
    let tls = options.tls(data)?;
    let fingerprint = tls.as_ref().map(Tls::fingerprint);
    let serving = headwater_wire::Options {
        limits: options.limits.clone(),
        tls,
        advertised: options.advertised.clone(),
    };
    let server = Server::bind(node.clone(), &options.listens(), serving).await?;
    Ok((server, fingerprint))
}

/// The address that reaches a server from this machine, where it also speaks without TLS.
fn from_here(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The server that has noted its address at the lock of this directory, if it answers there.
pub(crate) async fn answering(data: &Path) -> Result<Option<ServerUrl>, Failure> {
    let Some(held) = DataLock::read_note(data)? else {
        return Ok(None);
    };
    let Ok(server) = held.note.parse::<ServerUrl>() else {
        return Ok(None); // it has not noted one yet
    };
    let client = Client::new(server.clone())?;
    Ok(client.is_healthy().await.then_some(server))
}
