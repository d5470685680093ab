//! TLS: a certificate, plain connections beside it, and a certificate that is replaced.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use headwater_wire::{CertificateFiles, Limits, Options, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::harness::{PATIENCE, TestServer};

const ASK: &[u8] = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn made(directory: &Path) -> CertificateFiles {
    CertificateFiles::made_in(directory, vec!["localhost".to_owned()]).unwrap()
}

/// A client that trusts this certificate and no other.
fn connector(trusted: &Path) -> TlsConnector {
    speaking(trusted, &[])
}

/// The same, which wants to speak one of these protocols.
fn speaking(trusted: &Path, protocols: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted).unwrap())
        .unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| (*name).into()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(address: &str, trusted: &Path) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address.parse::<SocketAddr>().unwrap()).await?;
    let name = "localhost".try_into().unwrap();
    connector(trusted).connect(name, stream).await
}

async fn ask(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin) -> String {
    stream.write_all(ASK).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn server(files: &CertificateFiles) -> TestServer {
    limited(files, Limits::default()).await
}

async fn limited(files: &CertificateFiles, limits: Limits) -> TestServer {
    let tls = Tls::load(files.clone()).unwrap();
    let serving = Options {
        tls: Some(tls),
        limits,
        ..Options::default()
    };
    TestServer::serving(serving).await
}

#[tokio::test]
async fn http_is_spoken_under_tls_and_plainly_on_this_machine() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let server = server(&files).await;
    let secure = connect(server.address(), &files.chain).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 200"));
    let plain = TcpStream::connect(server.address()).await.unwrap();
    assert!(ask(plain).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_trusts_another_certificate_is_not_connected() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(&directory.path().join("one"));
    let other = made(&directory.path().join("other"));
    let server = server(&files).await;
    assert!(connect(server.address(), &other.chain).await.is_err());
    let secure = connect(server.address(), &files.chain).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn broken_handshakes_harm_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let server = server(&files).await;
    for bytes in [&[22][..], &[22, 3, 1, 0xff, 0xff], &[22; 4096]] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await; // an alert, or a reset
        assert!(!answer.starts_with(b"HTTP"));
    }
    let secure = connect(server.address(), &files.chain).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_used_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(&directory.path().join("used"));
    let server = server(&files).await;
    let new = made(&directory.path().join("new"));
    let (chain, key) = (&files.chain, &files.key);

    let kept = directory.path().join("kept.pem");
    std::fs::copy(chain, &kept).unwrap();
    std::fs::write(chain, "no certificate").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await; // it looks once a second
    let secure = connect(server.address(), &kept).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 200"), "the old one");
    assert!(connect(server.address(), &new.chain).await.is_err());
    let plain = TcpStream::connect(server.address()).await.unwrap();
    assert!(ask(plain).await.starts_with("HTTP/1.1 200"));

    std::fs::copy(&new.key, key).unwrap();
    std::fs::copy(&new.chain, chain).unwrap();
    let replaced = async {
        while connect(server.address(), &new.chain).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, replaced).await.unwrap();
    assert!(connect(server.address(), &kept).await.is_err());
}

#[test]
fn a_certificate_is_made_once_and_its_key_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let first = Tls::load(files.clone()).unwrap().fingerprint();
    assert_eq!(first.len(), 32 * 3 - 1);
    assert_eq!(
        Tls::load(made(directory.path())).unwrap().fingerprint(),
        first
    );
    let mode = std::fs::metadata(&files.key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(&directory.path().join("one"));
    let other = made(&directory.path().join("other"));
    let missing = directory.path().join("missing.pem");
    for (chain, key) in [
        (&missing, &files.key),
        (&files.chain, &missing),
        (&files.key, &files.key),
        (&files.chain, &files.chain),
        (&files.chain, &other.key),
    ] {
        let (chain, key) = (chain.clone(), key.clone());
        let error = Tls::load(CertificateFiles { chain, key }).unwrap_err();
        assert_eq!(error.code(), "bad_certificate");
    }
}

/// Asks for TLS as PostgreSQL clients do, and for more at once if there is `more`.
async fn ask_for_tls(server: &TestServer, more: &[u8]) -> TcpStream {
    const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
    let mut stream = TcpStream::connect(server.postgres()).await.unwrap();
    stream
        .write_all(&[SSL_REQUEST, more].concat())
        .await
        .unwrap();
    stream
}

/// Begins a session of the database `shop`.
const START: &[u8] = b"\0\0\0\x1f\0\x03\0\0user\0me\0database\0shop\0\0";

#[tokio::test]
async fn a_postgresql_client_may_begin_with_tls() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let server = server(&files).await;
    server.create("shop").await;
    let name = || "localhost".try_into().unwrap();
    let stream = TcpStream::connect(server.postgres()).await.unwrap();
    let connector = speaking(&files.chain, &["postgresql"]);
    let mut secure = connector.connect(name(), stream).await.unwrap();
    let agreed = secure.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    assert_eq!(agreed.as_deref(), Some(&b"postgresql"[..]));
    secure.write_all(START).await.unwrap();
    assert_eq!(secure.read_u8().await.unwrap(), b'R', "it is let in");

    let stream = TcpStream::connect(server.postgres()).await.unwrap();
    let other = speaking(&files.chain, &["http/1.1"]);
    let refused = other.connect(name(), stream).await;
    assert!(refused.is_err(), "another protocol is not spoken here");
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let secure = other.connect(name(), stream).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 200"));
    server.stop().await;
}

#[tokio::test]
async fn who_is_one_too_many_is_told_under_tls() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let limits = Limits {
        connections_max: 1,
        ..Limits::default()
    };
    let server = limited(&files, limits).await;
    let mut held = TcpStream::connect(server.address()).await.unwrap();
    held.write_all(&ASK[..10]).await.unwrap();

    let secure = connect(server.address(), &files.chain).await.unwrap();
    assert!(ask(secure).await.starts_with("HTTP/1.1 503"));

    let mut stream = ask_for_tls(&server, b"").await;
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let name = "localhost".try_into().unwrap();
    let mut secure = connector(&files.chain).connect(name, stream).await.unwrap();
    secure.write_all(START).await.unwrap();
    let mut told = Vec::new();
    secure.read_to_end(&mut told).await.unwrap();
    let told = String::from_utf8_lossy(&told);
    assert!(told.starts_with('E') && told.contains("C53300"), "{told:?}");
    drop(held);
}

#[tokio::test]
async fn a_postgresql_client_is_taken_into_tls_when_it_asks_and_never_with_bytes_from_before() {
    let directory = tempfile::tempdir().unwrap();
    let files = made(directory.path());
    let server = server(&files).await;
    server.create("shop").await;
    let mut stream = ask_for_tls(&server, b"").await;
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let name = "localhost".try_into().unwrap();
    let mut secure = connector(&files.chain).connect(name, stream).await.unwrap();
    secure.write_all(START).await.unwrap();
    assert_eq!(secure.read_u8().await.unwrap(), b'R', "it is let in");
    // Who asks once more under TLS is told no.
    let mut stream = ask_for_tls(&server, b"").await;
    assert_eq!(stream.read_u8().await.unwrap(), b'S');
    let name = "localhost".try_into().unwrap();
    let mut secure = connector(&files.chain).connect(name, stream).await.unwrap();
    secure
        .write_all(&[0, 0, 0, 8, 4, 210, 22, 47])
        .await
        .unwrap();
    assert_eq!(secure.read_u8().await.unwrap(), b'N');

    let mut stream = ask_for_tls(&server, START).await;
    let mut told = Vec::new();
    stream.read_to_end(&mut told).await.unwrap();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.starts_with('E') && told.contains("08P01"), "{told:?}");
    server.stop().await;
}
