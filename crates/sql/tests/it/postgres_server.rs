//! A PostgreSQL 15 server of our own: in a new directory, on a Unix socket, gone at the end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use postgres::{Client, Config, NoTls};

/// The user that runs the server when the tests run as root, which PostgreSQL refuses.
const USER: &str = "postgres";

/// A running server. It stops when this is dropped, also by a panic, and when the test is killed.
pub(crate) struct PostgresServer {
    server: Child,
    // Kept open, so that the server never writes into a closed pipe.
    log: BufReader<ChildStderr>,
    directory: tempfile::TempDir,
}

impl PostgresServer {
    /// Makes a cluster in the locale C.UTF-8 and waits until it accepts connections.
    ///
    /// # Panics
    /// When PostgreSQL 15 is not installed or does not start.
    pub(crate) fn start() -> PostgresServer {
        let directory = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        if is_root() {
            let owner = id("-u", USER);
            std::os::unix::fs::chown(directory.path(), Some(owner), Some(id("-g", USER))).unwrap();
        }
        let data = directory.path().join("data");
        let initdb = as_user(&program("initdb"))
            .args([
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=trust",
            ])
            .args(["--username", USER, "--pgdata"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(
            initdb.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&initdb.stderr)
        );
        let mut server = launch(&data, directory.path());
        let log = BufReader::new(server.stderr.take().unwrap());
        let mut started = PostgresServer {
            server,
            log,
            directory,
        };
        started.wait_until_ready();
        started
    }

    fn wait_until_ready(&mut self) {
        let mut said = String::new();
        while !said.contains("ready to accept connections") {
            let read = self.log.read_line(&mut said).unwrap();
            assert!(read > 0, "PostgreSQL did not start: {said}");
        }
    }

    /// A connection in time zone UTC.
    pub(crate) fn connect(&self) -> Client {
        let mut client = Config::new()
            .host_path(self.directory.path())
            .user(USER)
            .dbname("postgres")
            .connect(NoTls)
            .unwrap();
        client
            .batch_execute(
                "set timezone = 'UTC'; set lc_messages = 'C'; set statement_timeout = '20s'",
            )
            .unwrap();
        client
    }
}

impl PostgresServer {
    /// A client program that is told of this server.
    pub(crate) fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PGHOST", self.directory.path())
            .env("PGUSER", USER)
            .env("PGDATABASE", "postgres");
        command
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; the directory goes when nobody writes to it.
        let pid = self.server.id().to_string();
        let told = Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .is_ok_and(|s| s.success());
        if !told {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

fn launch(data: &Path, socket: &Path) -> Child {
    as_user(&program("postgres"))
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(socket)
        .args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=10",
        ])
        .args(["-c", "shared_buffers=8MB", "-c", "jit=off"])
        .args(["-c", "log_min_messages=log", "-c", "log_checkpoints=off"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A program of PostgreSQL 15, from Debian's place or from `pg_config`'s.
fn program(name: &str) -> PathBuf {
    let debian = PathBuf::from("/usr/lib/postgresql/15/bin").join(name);
    if debian.exists() {
        return debian;
    }
    let asked = Command::new("pg_config").arg("--bindir").output();
    let found = asked
        .ok()
        .map(|out| PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()).join(name));
    match found {
        Some(path) if path.exists() => path,
        _ => panic!(
            "PostgreSQL 15 is needed and {name} was not found: run ./check, or install postgresql-15"
        ),
    }
}

/// A command that runs as a user PostgreSQL accepts, and is told when this process dies.
fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={USER}"))
        .arg(format!("--regid={USER}"))
        .args(["--clear-groups", "--pdeathsig", "INT", "--"])
        .arg(program)
        // A directory the user may enter.
        .current_dir("/");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|of| of.uid() == 0)
}

/// The number of a user or group.
fn id(of: &str, name: &str) -> u32 {
    let out = Command::new("id").args([of, name]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("there is no user \"{name}\": install postgresql-15"))
}
