//! `serve`: the databases of a data directory, until ctrl-c or SIGTERM.

use headwater_wire::{CertificateFiles, Limits};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::{Serve, Target, TlsArgs};
use crate::failure::Failure;
use crate::local::{Certificate, LocalServer, Opened, Options};
use crate::output;

/// Serves. On a signal no more requests are accepted, those that were are finished, and the
/// databases are closed.
pub(crate) async fn run(target: &Target, args: Serve) -> Result<(), Failure> {
    let options = Options {
        postgres: args.postgres.0,
        kafka: args.kafka.0,
        certificate: certificate(args.tls)?,
        advertised: args.kafka_advertised,
        sleep_after: args.sleep_after,
        tail_max: args.tail_max,
        limits: Limits {
            connections_max: args.connections_max.get(),
            drain_max: args.drain_max,
            ..Limits::default()
        },
        ..Options::listening(args.listen.listen)
    };
    let server = match LocalServer::open(&target.data, options).await? {
        Opened::Here(server) => server,
        Opened::Elsewhere(server) => {
            return Err(Failure::new(format!(
                "another process serves the data directory {} already",
                target.data.display()
            ))
            .found(format!("a server at {server}"))
            .advice("use that one, stop it, or name another directory with --data"));
        }
    };
    let stop = StopSignal::listen()?;
    if let Some(fingerprint) = server.fingerprint() {
        output::print(format!(
            "certificate with the SHA-256 fingerprint {fingerprint}"
        ))?;
    }
    let scheme = server.fingerprint().map_or("http", |_| "https");
    output::print(format!("listening on {scheme}://{}", server.address()))?;
    if let Some(address) = server.postgres() {
        output::print(format!("listening on postgres://{address}"))?;
    }
    if let Some(address) = server.kafka() {
        output::print(format!("listening on kafka://{address}"))?;
    }
    stop.wait().await;
    tracing::info!("stopping, once what was accepted is finished");
    server.stop().await
}

fn certificate(args: TlsArgs) -> Result<Option<Certificate>, Failure> {
    match (args.tls_cert, args.tls_key, args.tls_self) {
        (Some(_), _, true) => Err(Failure::new("there are two certificates to choose from")
            .found("--tls-cert and --tls-self")
            .expected("one of them")),
        (Some(chain), Some(key), false) => {
            Ok(Some(Certificate::Files(CertificateFiles { chain, key })))
        }
        (.., true) => Ok(Some(Certificate::Made(args.tls_names))),
        _ => Ok(None),
    }
}

/// The wish of somebody that the process ends: ctrl-c or SIGTERM. From
/// [`listen`](StopSignal::listen) on, these no longer end it by themselves.
pub(crate) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignal {
    /// Begins to listen.
    pub(crate) fn listen() -> Result<StopSignal, Failure> {
        Ok(StopSignal {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when one has come since.
    pub(crate) async fn wait(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
