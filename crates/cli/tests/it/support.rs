//! Running the binary, and talking to the servers it starts.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// The binary with nothing in its environment but what it needs.
pub(crate) fn headwater() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headwater"));
    command.env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // Their usual ports are one for all; a test that wants them says where.
    command.env("HEADWATER_POSTGRES", "off");
    command.env("HEADWATER_KAFKA", "off");
    command
}

/// A data directory, and commands on it.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// A file beside the data.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The data directory; commands make it.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file beside the data.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A command on the data directory.
    pub(crate) fn command<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Command {
        let mut command = headwater();
        command.args(args).arg("--data").arg(self.data());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run<I: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = I>) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Runs a command that reads this text.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &str) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let text = stdin.to_owned();
        let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let ran = Ran::from(child.wait_with_output().unwrap());
        // A command that fails need not have read all of it.
        let _ = writer.join().unwrap();
        ran
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn serve(&self) -> Serve {
        Serve::start(&self.data(), &[])
    }

    /// As [`serve`](Self::serve), with options.
    pub(crate) fn serve_with(&self, options: &[&str]) -> Serve {
        Serve::start(&self.data(), options)
    }
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// It must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Ran {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// It must have failed with this exit code, saying all of these.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, says: &[&str]) -> Ran {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for text in says {
            assert!(
                self.stderr.contains(text),
                "no {text:?} in\n{}",
                self.stderr
            );
        }
        self
    }

    /// The lines of stdout, each JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect()
    }
}

/// A server process. It is killed when it is dropped.
pub(crate) struct Serve {
    child: Child,
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
}

impl Serve {
    pub(crate) fn start(data: &Path, options: &[&str]) -> Serve {
        let mut command = headwater();
        command
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log-level",
                "warn",
                "--data",
            ])
            .arg(data)
            .args(options);
        Serve::wait_for("listening on ", command)
    }

    /// Starts a command that serves, and waits for the line that tells where.
    pub(crate) fn wait_for(before_url: &str, command: Command) -> Serve {
        Serve::wait_for_all(&[before_url], command).0
    }

    /// As [`wait_for`](Self::wait_for), for several lines in their order; what each tells.
    pub(crate) fn wait_for_all(before: &[&str], mut command: Command) -> (Serve, Vec<String>) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = before.iter().map(|before| {
            let told = lines.find_map(|line| {
                let line = line.unwrap();
                line.split_once(before).map(|(_, told)| told.to_owned())
            });
            told.expect("the server ended before it listened")
        });
        let told: Vec<String> = told.collect();
        // What else it prints must not fill the pipe.
        std::thread::spawn(move || lines.count());
        let url = told[0].clone();
        (Serve { child, url }, told)
    }

    /// Bytes of memory that it holds.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() << 10
    }

    /// Ends it as a power cut would, as far as a process can.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits for that; its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `./check` installs.
pub(crate) fn installed(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("target/clients").join(path)
}

/// What clients run.
pub(crate) fn script(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(path)
}

/// The scenarios of confluent-kafka; an address and the name of one follow.
pub(crate) fn confluent_kafka() -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(script("kafka_clients.py"));
    command
}

/// A client that keeps its connections for as long as it lives.
pub(crate) fn http() -> reqwest::Client {
    // It fails if there is one already, which is as good.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// A runtime for tests that speak HTTP.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}
