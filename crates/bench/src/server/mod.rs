//! The servers that are measured: one at a time, each on a directory of its own.

mod memory;
mod postgres;
mod process;
mod watch;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use headwater_load::{Failure, Job, Outcome, Work};

pub(crate) use process::first_line;

use crate::results::Contender;
use crate::server::memory::MemoryWatch;
use crate::server::process::{disk_bytes, settle};
use crate::server::watch::UpkeepWatch;
use crate::table;

/// The database at Headwater.
const DATABASE: &str = "bench";

/// How long a server may take to start.
const START_MAX: Duration = Duration::from_secs(600);

/// The programs.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// This one, which drives Headwater and PostgreSQL.
    pub(crate) bench: PathBuf,
    /// The server of Headwater.
    pub(crate) headwater: PathBuf,
    /// The server of UmaDB, and what drives it.
    pub(crate) umadb: PathBuf,
    /// The load for UmaDB.
    pub(crate) umadb_driver: PathBuf,
    /// Where PostgreSQL's programs are.
    pub(crate) postgres: PathBuf,
}

/// How the rivals are set up.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Arguments of `umadb`.
    pub(crate) umadb: Vec<String>,
    /// The same where few events are read at once.
    pub(crate) umadb_reads: Vec<String>,
    /// Settings of PostgreSQL, `name=value`.
    pub(crate) postgres: Vec<String>,
    /// Tables are asked in PostgreSQL's protocol, over TCP.
    pub(crate) tables: bool,
}

impl Settings {
    /// What the rivals' own documents advise for a machine with so many bytes of memory, where a
    /// sync of the disk takes so many microseconds.
    pub(crate) fn advised(memory: u64, sync_micros: f64) -> Settings {
        let megabytes = memory >> 20;
        Settings {
            // Measured: its cache of pages makes small reads faster, and everything else slower.
            umadb: Vec::new(),
            umadb_reads: vec![format!("--page-cache-max-mb={}", megabytes / 4)],
            postgres: postgres::advised(megabytes, sync_micros),
            tables: false,
        }
    }

    /// How everybody with tables is set up where these are asked.
    pub(crate) fn for_tables(&self) -> Settings {
        Settings {
            tables: true,
            ..self.clone()
        }
    }

    /// How they are set up where few events are read at once.
    pub(crate) fn for_reads(&self) -> Settings {
        Settings {
            umadb: self.umadb_reads.clone(),
            ..self.clone()
        }
    }
}

/// A server that runs, and is ended when this is dropped.
pub(crate) struct Server {
    contender: Contender,
    process: Child,
    address: String,
    /// It is known by its address in PostgreSQL's protocol.
    tables: bool,
}

/// A server that is to be started, at an address that is known already.
pub(crate) struct Ready {
    contender: Contender,
    command: Command,
    address: String,
    tables: bool,
}

/// A directory for a contender's data.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Whose.
    pub(crate) contender: Contender,
    /// Where.
    pub(crate) directory: PathBuf,
}

impl Place {
    /// Makes what a server needs before it starts for the first time.
    pub(crate) fn prepare(&self, programs: &Programs) -> Result<(), Failure> {
        std::fs::create_dir_all(&self.directory)?;
        match self.contender {
            Contender::PostgreSql => postgres::initialize(&programs.postgres, &self.directory),
            _ => Ok(()),
        }
    }

    /// Starts the server.
    pub(crate) fn start(
        &self,
        programs: &Programs,
        settings: &Settings,
    ) -> Result<Server, Failure> {
        self.ready(programs, settings)?.start()
    }

    /// Makes everything ready for a start.
    pub(crate) fn ready(&self, programs: &Programs, settings: &Settings) -> Result<Ready, Failure> {
        let (mut command, address) = self.command(programs, settings, free_port()?)?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.log())?);
        Ok(Ready {
            contender: self.contender,
            command,
            address,
            tables: settings.tables,
        })
    }

    fn command(
        &self,
        programs: &Programs,
        settings: &Settings,
        port: u16,
    ) -> Result<(Command, String), Failure> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).to_string();
        match self.contender {
            Contender::Headwater => {
                let mut command = Command::new(&programs.headwater);
                command.arg("--data").arg(self.directory.join("data"));
                command.args(["--log-level", "error", "serve", "--listen", &listen]);
                command.env("HEADWATER_KAFKA", "off");
                if !settings.tables {
                    command.env("HEADWATER_POSTGRES", "off");
                    return Ok((command, format!("{listen}/{DATABASE}")));
                }
                let port = free_port()?;
                command.env("HEADWATER_POSTGRES", format!("127.0.0.1:{port}"));
                Ok((command, postgres::over_tcp(port, DATABASE)))
            }
            Contender::UmaDb => {
                let mut command = Command::new(&programs.umadb);
                command.args(["--listen", &listen, "--db-path"]);
                command.arg(self.directory.join("uma.db"));
                command.args(&settings.umadb);
                Ok((command, format!("http://{listen}")))
            }
            Contender::PostgreSql => {
                let (programs, tables) = (&programs.postgres, settings.tables);
                let port = tables.then_some(port);
                postgres::command(programs, &self.directory, &settings.postgres, port)
            }
            Contender::Embedded | Contender::Disk => Err("this contender has no server".into()),
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// Makes the database empty: what is in the directory, and was there before, is gone.
    pub(crate) fn fresh(
        &self,
        programs: &Programs,
        settings: &Settings,
    ) -> Result<Server, Failure> {
        // PostgreSQL keeps its cluster: the files of its log are made once and used again.
        if self.contender != Contender::PostgreSql {
            self.clear()?;
        }
        self.prepare(programs)?;
        let mut server = self.start(programs, settings)?;
        server.wait()?;
        match self.contender {
            Contender::Headwater => server.create_database()?,
            Contender::PostgreSql => {
                let schema = format!("drop table if exists event;{}", crate::postgres::SCHEMA);
                self.sql(programs, &schema)?;
                self.sql(programs, "checkpoint")?;
            }
            _ => {}
        }
        Ok(server)
    }

    /// Removes the directory, if it is there.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        match std::fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// What the documents advise after much was written.
    pub(crate) fn after_filling(&self, programs: &Programs) -> Result<(), Failure> {
        match self.contender {
            Contender::PostgreSql => self.sql(programs, "vacuum analyze event"),
            _ => Ok(()),
        }
    }

    /// Makes the table of orders, of the events that the server has.
    pub(crate) fn make_table(&self, programs: &Programs, server: &Server) -> Result<(), Failure> {
        match self.contender {
            Contender::PostgreSql => {
                self.sql(programs, &table::in_postgres())?;
                self.sql(programs, "vacuum analyze placed")?;
                self.sql(programs, "checkpoint")
            }
            _ => server.apply("placed", table::PROJECTION),
        }
    }

    fn sql(&self, programs: &Programs, text: &str) -> Result<(), Failure> {
        postgres::sql(&programs.postgres, &self.directory, text)
    }

    /// Bytes of all files. The log that PostgreSQL keeps for crashes is not counted: it is of a
    /// size that was configured.
    pub(crate) fn bytes(&self) -> Result<u64, Failure> {
        let without = match self.contender {
            Contender::PostgreSql => Some("pg_wal"),
            _ => None,
        };
        Ok(disk_bytes(&self.directory, without)?)
    }
}

impl Ready {
    /// Where the server will be.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Result<Server, Failure> {
        let name = self.contender.name();
        let process = self.command.spawn();
        Ok(Server {
            process: process.map_err(|error| format!("{name} cannot be started: {error}"))?,
            contender: self.contender,
            address: self.address,
            tables: self.tables,
        })
    }
}

impl Server {
    /// Waits until it accepts connections.
    pub(crate) fn wait(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        while !self.answers() {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("{} ended: {status}", self.contender.name()).into());
            }
            if begun.elapsed() > START_MAX {
                return Err(format!("{} does not answer", self.contender.name()).into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn answers(&self) -> bool {
        match self.contender {
            _ if self.tables => postgres::answers(&self.address),
            Contender::PostgreSql => postgres::answers(&self.address),
            _ => TcpStream::connect(self.host()).is_ok(),
        }
    }

    /// Host and port, without what is before or behind them.
    fn host(&self) -> &str {
        let address = self.address.trim_start_matches("http://");
        address.split('/').next().unwrap_or(address)
    }

    fn create_database(&self) -> Result<(), Failure> {
        let body = format!("{{\"name\":\"{DATABASE}\"}}");
        request(self.host(), "POST /v1/databases", "application/json", &body)?;
        Ok(())
    }

    /// Lets Headwater fold a projection; that goes on when this returns.
    fn apply(&self, name: &str, text: &str) -> Result<(), Failure> {
        let place = format!("PUT /v1/databases/{DATABASE}/projections/{name}");
        request(self.host(), &place, "application/sql", text)?;
        Ok(())
    }

    /// Where it is, as its driver understands it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Processor seconds so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.process.id())
    }

    /// Watches how much memory it takes, from now on.
    pub(crate) fn watch_memory(&self) -> Result<MemoryWatch, Failure> {
        Ok(MemoryWatch::start(self.process.id())?)
    }

    /// Watches what Headwater tells of its upkeep, from now on.
    pub(crate) fn watch_upkeep(&self) -> Result<UpkeepWatch, Failure> {
        UpkeepWatch::start(self.process.id(), self.host().to_owned())
    }

    /// Waits until it does nothing more; how many seconds it was busy.
    pub(crate) fn settle(&self) -> f64 {
        settle(self.process.id())
    }

    /// Ends it as an operator would, and waits.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        let signal = match self.contender {
            Contender::PostgreSql => "-INT", // its fast shutdown
            _ => "-TERM",
        };
        Ok(process::stop(&mut self.process, signal)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` the process is gone; else its data does not matter any more.
        let _ = process::stop(&mut self.process, "-INT");
    }
}

/// A driver that has connected and waits for its start.
pub(crate) struct Driver {
    process: Child,
    stdin: ChildStdin,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Driver {
    /// Starts the driver of a contender; it has connected on return.
    pub(crate) fn start(
        contender: Contender,
        programs: &Programs,
        job: &Job,
    ) -> Result<Driver, Failure> {
        let mut command = match contender {
            Contender::UmaDb => Command::new(&programs.umadb_driver),
            _ => {
                let mut command = Command::new(&programs.bench);
                command.args(["drive", &contender.name().to_lowercase()]);
                if matches!(job.work, Work::Find(_)) {
                    command.arg("--table");
                }
                command
            }
        };
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("a driver has no pipes".into());
        };
        let mut driver = Driver {
            process,
            stdin,
            lines: BufReader::new(stdout).lines(),
        };
        driver.say(&serde_json::to_string(job)?)?;
        match driver.hear()?.as_str() {
            "ready" => Ok(driver),
            other => Err(format!("a driver said {other:?}, not \"ready\"").into()),
        }
    }

    /// Tells it to begin.
    pub(crate) fn go(&mut self) -> Result<(), Failure> {
        self.say("go")
    }

    /// Waits for its outcome.
    pub(crate) fn outcome(&mut self) -> Result<Outcome, Failure> {
        Ok(serde_json::from_str(&self.hear()?)?)
    }

    /// Processor seconds so far.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.process.id())
    }

    /// Disconnects.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        drop(self.stdin);
        let status = self.process.wait()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("a driver ended: {status}").into()),
        }
    }

    fn say(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.stdin, "{line}")?;
        Ok(self.stdin.flush()?)
    }

    fn hear(&mut self) -> Result<String, Failure> {
        match self.lines.next() {
            Some(line) => Ok(line?),
            None => Err("a driver ended early; what it said is above".into()),
        }
    }
}

/// One request over HTTP that must succeed; its answer, head and all.
fn request(host: &str, what: &str, kind: &str, body: &str) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(START_MAX))?;
    write!(
        stream,
        "{what} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.1 2") {
        true => Ok(answer),
        false => Err(format!("{what} was answered {answer}").into()),
    }
}

/// A port that nobody listens on now.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
