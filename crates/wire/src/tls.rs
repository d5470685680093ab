//! TLS, through rustls: a certificate from two files, which may be replaced while the server runs,
//! or one that the server makes for itself.
//!
//! The files are looked at when somebody connects, at most once a second; so nothing waits for a
//! change, and no signal is needed. Files that cannot be used are told in the log, and what was
//! loaded before stays in use.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use headwater_event::{Error, Kind};
use ring::digest;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::protocol::Protocol;

/// How often the files are looked at, at most.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// The file with the names that are in a certificate that was made, one in a line.
const NAMES: &str = "names";

/// The first byte of a connection that begins with TLS: a record of a handshake (RFC 8446, section
/// 5.1). No protocol that is spoken here begins with it.
pub(crate) const HANDSHAKE: u8 = 22;

/// The name of PostgreSQL's protocol within TLS (RFC 7301), which clients that begin with TLS want to
/// hear.
const POSTGRES_ALPN: &[u8] = b"postgresql";

/// The files of a certificate, both PEM.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    /// The certificate, and those that vouch for it.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A certificate that connections are opened with.
#[derive(Debug)]
pub struct Tls {
    files: CertificateFiles,
    loaded: Mutex<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    /// The same for PostgreSQL's protocol, whose clients name it.
    postgres: Arc<ServerConfig>,
    fingerprint: String,
    stamp: Stamp,
    looked: Instant,
}

/// What changes when the files do.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Loads the certificate. `bad_certificate`: the files cannot be used.
    pub fn load(files: CertificateFiles) -> Result<Tls, Error> {
        let loaded = Mutex::new(Loaded::from(&files)?);
        Ok(Tls { files, loaded })
    }

    /// The SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub fn fingerprint(&self) -> String {
        self.current().fingerprint.clone()
    }

    /// What opens a connection of a protocol, with the certificate that the files hold now.
    pub(crate) fn acceptor(&self, protocol: Protocol) -> TlsAcceptor {
        let loaded = self.current();
        let config = match protocol {
            Protocol::Postgres => &loaded.postgres,
            Protocol::Http | Protocol::Kafka => &loaded.config,
        };
        TlsAcceptor::from(Arc::clone(config))
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Loaded> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner); // replaced whole
        if loaded.looked.elapsed() >= LOOK_AFTER {
            loaded.looked = Instant::now();
            let stamp = stamp(&self.files);
            if stamp != loaded.stamp {
                loaded.stamp = stamp; // before they are read: a change between is seen next time
                self.reload(&mut loaded);
            }
        }
        loaded
    }

    fn reload(&self, loaded: &mut Loaded) {
        match Loaded::from(&self.files) {
            Ok(new) => {
                tracing::info!(
                    fingerprint = new.fingerprint,
                    "the certificate was loaded anew"
                );
                *loaded = new;
            }
            Err(error) => {
                tracing::warn!(%error, "the certificate changed, and the one before stays in use");
            }
        }
    }
}

impl Loaded {
    fn from(files: &CertificateFiles) -> Result<Loaded, Error> {
        let stamp = stamp(files); // before they are read: a change between is seen next time
        let chain = CertificateDer::pem_file_iter(&files.chain)
            .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
            .map_err(|error| unusable(&files.chain, "a certificate in PEM").caused_by(error))?;
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| unusable(&files.key, "a private key in PEM").caused_by(error))?;
        let first = chain.first();
        let first = first.ok_or_else(|| unusable(&files.chain, "a certificate in PEM"))?;
        let fingerprint = fingerprint(first);
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| {
                let expected = "a certificate and the private key that belongs to it";
                unusable(&files.chain, expected).caused_by(error)
            })?;
        let mut postgres = config.clone();
        postgres.alpn_protocols = vec![POSTGRES_ALPN.to_vec()];
        Ok(Loaded {
            config: Arc::new(config),
            postgres: Arc::new(postgres),
            fingerprint,
            stamp,
            looked: Instant::now(),
        })
    }
}

fn stamp(files: &CertificateFiles) -> Stamp {
    [&files.chain, &files.key].map(|path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    })
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let hash = digest::digest(&digest::SHA256, certificate);
    let pairs = hash.as_ref().iter().map(|byte| format!("{byte:02X}"));
    pairs.collect::<Vec<_>>().join(":")
}

fn unusable(path: &Path, expected: &'static str) -> Error {
    Error::invalid(
        "bad_certificate",
        format!("the certificate cannot be used, from {}", path.display()),
    )
    .expected(expected)
    .action("name the files with --tls-cert and --tls-key, or let one be made with --tls-self")
}

impl CertificateFiles {
    /// Makes a certificate that vouches for itself in a directory, for these names and addresses,
    /// unless there is one already. Whoever is to trust it is given the file `certificate.pem`.
    ///
    /// The private key is readable for its owner alone. Durable on return.
    ///
    /// `storage`: it cannot be kept there.
    pub fn made_in(directory: &Path, names: Vec<String>) -> Result<CertificateFiles, Error> {
        let files = CertificateFiles {
            chain: directory.join("certificate.pem"),
            key: directory.join("key.pem"),
        };
        match files.chain.exists() {
            true => warn_of_missing(directory, &names),
            false => files.make(directory, names)?,
        }
        Ok(files)
    }

    fn make(&self, directory: &Path, names: Vec<String>) -> Result<(), Error> {
        let told = names.join("\n");
        let made = rcgen::generate_simple_self_signed(names).map_err(|error| {
            Error::new(Kind::Internal, "internal", "a certificate cannot be made").caused_by(error)
        })?;
        let (chain, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        // The key first: a certificate that is there has one.
        let written = std::fs::create_dir_all(directory)
            .and_then(|()| write(&directory.join(NAMES), &told, 0o644))
            .and_then(|()| write(&self.key, &key, 0o600))
            .and_then(|()| write(&self.chain, &chain, 0o644))
            .and_then(|()| std::fs::File::open(directory)?.sync_all());
        written.map_err(|error| {
            Error::new(
                Kind::Unavailable,
                "storage",
                format!("no certificate can be kept in {}", directory.display()),
            )
            .found(&error)
            .caused_by(error)
        })
    }
}

/// Says in the log which names a certificate has not that was made before they were wished for.
fn warn_of_missing(directory: &Path, names: &[String]) {
    let known = std::fs::read_to_string(directory.join(NAMES)).unwrap_or_default(); // or it has none
    let missing = |name: &&String| !known.lines().any(|known| known == **name);
    let missing: Vec<&String> = names.iter().filter(missing).collect();
    if !missing.is_empty() {
        tracing::warn!(
            ?missing,
            "the certificate was made without these names: remove {} to have another one made",
            directory.display()
        );
    }
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let begun = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(mode);
    let mut file = options.open(&begun)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&begun, path)
}
