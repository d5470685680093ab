//! A PostgreSQL server of our own: in its own directory, on a Unix socket.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use headwater_load::Failure;

/// The user that runs the server when this process is root's, which PostgreSQL refuses.
const USER: &str = "postgres";

/// Half of a sync, in microseconds, and no more than this.
const COMMIT_DELAY_MAX: f64 = 1_000.0;

/// What its documentation advises for a machine with so much memory (chapter 20.4 "Resource
/// Consumption": a quarter of the memory; 20.5 "Write Ahead Log" and 30.5 "WAL Configuration":
/// checkpoints far apart, `commit_delay` of half a sync where five others commit; 20.7 "Query
/// Planning": random reads cost nearly what sequential ones do on a solid-state disk).
pub(super) fn advised(megabytes: u64, sync_micros: f64) -> Vec<String> {
    let delay = (sync_micros / 2.0).min(COMMIT_DELAY_MAX);
    vec![
        "synchronous_commit=on".to_owned(),
        "fsync=on".to_owned(),
        "wal_sync_method=fdatasync".to_owned(),
        format!("commit_delay={delay:.0}"),
        "commit_siblings=5".to_owned(),
        format!("shared_buffers={}MB", megabytes / 4),
        format!("effective_cache_size={}MB", megabytes * 3 / 4),
        format!("maintenance_work_mem={}MB", (megabytes / 16).min(1024)),
        "work_mem=32MB".to_owned(),
        "wal_buffers=64MB".to_owned(),
        "wal_compression=lz4".to_owned(),
        "min_wal_size=4GB".to_owned(),
        "max_wal_size=8GB".to_owned(),
        "checkpoint_timeout=15min".to_owned(),
        "checkpoint_completion_target=0.9".to_owned(),
        "random_page_cost=1.1".to_owned(),
        "effective_io_concurrency=200".to_owned(),
        "max_connections=300".to_owned(),
        "jit=off".to_owned(),
    ]
}

/// Makes a cluster, unless there is one.
pub(super) fn initialize(programs: &Path, directory: &Path) -> Result<(), Failure> {
    if directory.join("data/PG_VERSION").exists() {
        return Ok(());
    }
    if is_root()? {
        chown(directory, Some(id("-u")?), Some(id("-g")?))?;
    }
    let data = directory.canonicalize()?.join("data");
    let output = as_user(&programs.join("initdb"))?
        .args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust"])
        .args(["--username", USER, "--pgdata"])
        .arg(data)
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("initdb: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// The server, and where it listens: at a port of loopback if one is given, else at a socket in its
/// directory alone.
pub(super) fn command(
    programs: &Path,
    directory: &Path,
    settings: &[String],
    port: Option<u16>,
) -> Result<(Command, String), Failure> {
    let directory = directory.canonicalize()?;
    let mut command = as_user(&programs.join("postgres"))?;
    command.arg("-D").arg(directory.join("data"));
    command.arg("-k").arg(&directory);
    match port {
        Some(port) => command.args(["-c", "listen_addresses=127.0.0.1", "-p", &port.to_string()]),
        None => command.args(["-c", "listen_addresses="]),
    };
    for setting in settings {
        command.args(["-c", setting]);
    }
    let address = match port {
        Some(port) => over_tcp(port, "postgres"),
        None => format!("host={} user={USER} dbname=postgres", directory.display()),
    };
    Ok((command, address))
}

/// The address of a database at a port of loopback.
pub(super) fn over_tcp(port: u16, database: &str) -> String {
    format!("host=127.0.0.1 port={port} user={USER} dbname={database}")
}

/// Whether the server at the address accepts connections.
pub(super) fn answers(address: &str) -> bool {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return false;
    };
    let connected = runtime.block_on(tokio_postgres::connect(address, tokio_postgres::NoTls));
    connected.is_ok()
}

/// Runs statements.
pub(super) fn sql(programs: &Path, directory: &Path, text: &str) -> Result<(), Failure> {
    let output = Command::new(programs.join("psql"))
        .arg("--host")
        .arg(directory.canonicalize()?)
        .args([
            "--username",
            USER,
            "--dbname",
            "postgres",
            "--quiet",
            "--no-psqlrc",
        ])
        .args(["--set", "ON_ERROR_STOP=1", "--command", text])
        .output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// A command that runs as a user PostgreSQL accepts, and is told when this process dies.
fn as_user(program: &Path) -> Result<Command, Failure> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={USER}"))
        .arg(format!("--regid={USER}"))
        .args(["--clear-groups", "--pdeathsig", "INT", "--"])
        .arg(program)
        .current_dir(PathBuf::from("/")); // a directory the user may enter
    Ok(command)
}

fn is_root() -> Result<bool, Failure> {
    Ok(fs::metadata("/proc/self")?.uid() == 0)
}

/// The number of the user or of its group.
fn id(of: &str) -> Result<u32, Failure> {
    let output = Command::new("id").args([of, USER]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.trim().parse();
    number.map_err(|_| format!("there is no user {USER}: install postgresql-15").into())
}
