//! The arguments: each option once, with its environment variable and help that a person can act
//! on. Nothing is interpreted here.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use headwater_wire::Advertised;

use crate::client::{KeyText, ServerUrl};

/// Widest line of `--help`.
const HELP_COLUMNS: usize = 96;

/// The command, as it is parsed and as its help is printed.
pub(crate) fn command() -> clap::Command {
    fn hide_values(command: clap::Command) -> clap::Command {
        command
            .max_term_width(HELP_COLUMNS)
            .mut_args(|arg| arg.hide_env_values(true))
            .mut_subcommands(hide_values)
    }
    hide_values(Cli::command())
}

/// An event-sourced database: record events over HTTP, query tables in SQL.
///
/// Every command talks to a server over HTTP: to --server if it is given, else to the process that
/// serves the data directory, else to one that it starts in this process for as long as it takes.
///
/// Results go to stdout, words and progress to stderr. Exit codes: 0 done, 1 failed, 2 the
/// arguments cannot be used, 3 the condition of an append did not hold.
#[derive(Debug, Parser)]
#[command(name = "headwater", version, max_term_width = HELP_COLUMNS)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) logs: Logs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which server to talk to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where")]
pub(crate) struct Target {
    /// The server to talk to, such as http://127.0.0.1:4280 or https://db:4280
    #[arg(long, value_name = "URL", env = "HEADWATER_SERVER", global = true)]
    pub(crate) server: Option<ServerUrl>,
    /// The directory that holds the databases, used when there is no --server
    #[arg(
        long,
        value_name = "DIR",
        env = "HEADWATER_DATA",
        default_value = "headwater-data",
        global = true
    )]
    pub(crate) data: PathBuf,
    /// The key to show to a server that asks for one; better given by the variable, because others
    /// on this machine can see arguments
    #[arg(long, value_name = "KEY", env = "HEADWATER_KEY", global = true)]
    pub(crate) key: Option<KeyText>,
    /// The certificate that vouches for the --server, in PEM, such as the one that serve --tls-self
    /// made; without it those that this machine trusts
    #[arg(long, value_name = "FILE", env = "HEADWATER_TLS_CA", global = true)]
    pub(crate) tls_ca: Option<PathBuf>,
}

/// What is logged, on stderr.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct Logs {
    /// How log lines look
    #[arg(
        long,
        value_name = "FORMAT",
        env = "HEADWATER_LOG",
        default_value = "text",
        global = true
    )]
    pub(crate) log: LogFormat,
    /// What is logged: error, warn, info, debug or trace, or per module as in
    /// info,headwater_node=debug. Default: info for serve, else warn
    #[arg(
        long,
        value_name = "LEVEL",
        env = "HEADWATER_LOG_LEVEL",
        global = true,
        verbatim_doc_comment
    )]
    pub(crate) log_level: Option<String>,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One object a line, for machines
    Json,
}

/// Which database of the server.
#[derive(Debug, Args)]
pub(crate) struct Database {
    /// The database, by name; `headwater database list` lists them
    #[arg(short, long, value_name = "NAME", env = "HEADWATER_DATABASE")]
    pub(crate) database: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the databases of a data directory until ctrl-c or SIGTERM
    Serve(Serve),
    /// See it work, in under a minute, against a real server
    ///
    /// User accounts in five acts: two writers race for a name, SQL sees the winner at once, a bad
    /// deploy is looked at as of before and now, a question that nobody planned is answered from the
    /// past, and psql and kcat show the same events. Then the server stays up, for you to try things.
    ///
    /// It uses the database `demo` of the data directory, and starts it anew each time.
    Demo(Demo),
    /// Append events, all of them or none, under a condition if wanted
    ///
    /// The events are JSON objects, one after another or in an array, or one object with `events` and
    /// conditions as the HTTP interface takes it. They come from the arguments, a file or stdin.
    ///
    ///   headwater append -d shop '{"type":"AccountOpened","stream":"account/1","data":{"name":"ada"}}'
    ///   headwater append -d shop --stream account/1 --type EmailChanged '{"email":"a@b.example"}'
    #[command(verbatim_doc_comment)]
    Append(Append),
    /// Read events, one JSON object a line
    Read(Read),
    /// Follow events as they are appended, until ctrl-c
    Follow(Follow),
    /// Query the tables of a database in SQL
    Sql(Sql),
    /// Apply and look after projections: files of SQL that fold events into tables
    #[command(subcommand)]
    Projection(Projection),
    /// Create, list, show, set and delete databases
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Ask whether a server answers; exit code 0 says that it does
    Health,
    /// Create, list and revoke keys, which open the server for those who have one
    ///
    /// As long as no key was ever made, everybody who reaches the server may do everything, so it
    /// listens on loopback alone. From the first key on, every request needs one.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Append events from lines of JSON; run again, it goes on where it was interrupted
    Import(Import),
    /// Write all events as lines of JSON; with --resume it goes on where it was interrupted
    Export(Export),
    /// Show where the bytes of a database are, and what keeping them in order costs
    ///
    /// Bytes of the tail, of blocks and of each part of the index; how well they are compressed; the
    /// segments; write and space amplification and merge debt with their bounds; how sealing and merging
    /// go; the largest streams and types.
    ///
    /// The largest are looked for among the 16 largest of each segment and the 10 largest of each piece
    /// of the tail, so that no list of all names is walked.
    Stats(Stats),
    /// Walk the whole log of a database and check every byte of it
    ///
    /// It tells a line `chain POSITION:HASH`, the hash of everything up to there. Whoever keeps that
    /// line elsewhere can give it to --against later, which proves that nothing was changed, inserted or
    /// dropped since.
    Verify(Verify),
    /// Copy a database into a directory while it is in use; run again, it copies only segments that are not there
    ///
    /// The copy holds all events up to the head of this moment, and the definitions of the projections.
    /// It is whole or not there: whatever interrupts the command, an earlier backup in the directory
    /// stays as it was. Each byte that comes is verified. The directory is of this one log alone.
    ///
    /// It prints POSITION:HASH: `headwater verify` of a database restored from it says the same.
    Backup(Backup),
    /// Make a database of a backup, under a name that is free
    ///
    /// Nobody sees the database before all of it was verified. It has the same events, positions and
    /// hashes, and the same projections, which are folded when they are asked for. Its log has a new
    /// identity, so that a cursor of the log that was backed up is refused.
    Restore(Restore),
    /// Measure this machine: appends, reads, folds, opening, beside its raw disk
    ///
    /// Starts a server of its own on a scratch directory inside --data, which is removed afterwards,
    /// and measures it over HTTP on the loopback. The raw disk is measured in between: writing and
    /// syncing the same number of bytes, one after another.
    Bench(Bench),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// The address for PostgreSQL clients, or off; port 0 takes a free one. Other than loopback only
    /// once there is a key
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "HEADWATER_POSTGRES",
        default_value = "127.0.0.1:4281",
        value_parser = address_or_off
    )]
    pub(crate) postgres: AddressOrOff,
    /// The address for Kafka clients, or off; port 0 takes a free one. Other than loopback only once
    /// there is a key
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "HEADWATER_KAFKA",
        default_value = "127.0.0.1:4282",
        value_parser = address_or_off
    )]
    pub(crate) kafka: AddressOrOff,
    /// What Kafka clients are told to connect to, where that is not what they reached: behind a gateway,
    /// or out of a container
    #[arg(long, value_name = "HOST[:PORT]", env = "HEADWATER_KAFKA_ADVERTISED")]
    pub(crate) kafka_advertised: Option<Advertised>,
    /// How long a database stays open without use
    #[arg(
        long,
        value_name = "TIME",
        env = "HEADWATER_SLEEP_AFTER",
        default_value = "5m",
        value_parser = duration
    )]
    pub(crate) sleep_after: Duration,
    /// How much of a database is kept in its tail, about, before it is sealed into a segment: what
    /// is read when it is opened
    #[arg(
        long,
        value_name = "SIZE",
        env = "HEADWATER_TAIL_MAX",
        default_value = "16MiB",
        value_parser = tail_max
    )]
    pub(crate) tail_max: u64,
    /// How many connections there may be at once; one more is refused
    #[arg(
        long,
        value_name = "COUNT",
        env = "HEADWATER_CONNECTIONS_MAX",
        default_value = "1024"
    )]
    pub(crate) connections_max: NonZeroUsize,
    /// How long stopping waits for requests that were accepted
    #[arg(
        long,
        value_name = "TIME",
        env = "HEADWATER_DRAIN_MAX",
        default_value = "20s",
        value_parser = duration
    )]
    pub(crate) drain_max: Duration,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

/// Where a server listens.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The address to listen on; port 0 takes a free one. Other than loopback only once there is a
    /// key
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "HEADWATER_LISTEN",
        default_value = "127.0.0.1:4280"
    )]
    pub(crate) listen: SocketAddr,
}

/// Where something is spoken, if it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressOrOff(pub(crate) Option<SocketAddr>);

fn address_or_off(text: &str) -> Result<AddressOrOff, String> {
    if text == "off" {
        return Ok(AddressOrOff(None));
    }
    let address = text.parse();
    address
        .map(|address| AddressOrOff(Some(address)))
        .map_err(|_| "expected an address such as 127.0.0.1:4281, or off".to_owned())
}

/// How connections are kept from being read on their way.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// A certificate and those that vouch for it, in PEM; a file that changes is loaded anew.
    /// Connections without TLS are then taken from this machine alone
    #[arg(
        long,
        value_name = "FILE",
        env = "HEADWATER_TLS_CERT",
        requires = "tls_key"
    )]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "HEADWATER_TLS_KEY",
        requires = "tls_cert"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    /// Make a certificate instead, which vouches for itself, and keep it in the directory tls of the
    /// data; clients are given tls/certificate.pem to trust
    #[arg(long, env = "HEADWATER_TLS_SELF", value_parser = BoolishValueParser::new())]
    pub(crate) tls_self: bool,
    /// Another name or address of this server in the certificate that is made; may be repeated
    #[arg(
        long = "tls-name",
        value_name = "NAME",
        env = "HEADWATER_TLS_NAME",
        value_delimiter = ','
    )]
    pub(crate) tls_names: Vec<String>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Demo {
    #[command(subcommand)]
    pub(crate) about: Option<DemoAbout>,
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// How many accounts there are before the first act
    #[arg(
        long,
        value_name = "COUNT",
        env = "HEADWATER_DEMO_ACCOUNTS",
        default_value_t = 40_000,
        value_parser = clap::value_parser!(u32).range(1_000..=1_000_000)
    )]
    pub(crate) accounts: u32,
    /// End after the last act instead of staying up
    #[arg(long, env = "HEADWATER_DEMO_EXIT")]
    pub(crate) exit: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DemoAbout {
    /// Record the history of a git repository, and query it as of any commit
    ///
    /// Records the history of a git repository along first parents: each commit is one append, of the
    /// event CommitMade and one of FileAdded, FileChanged or FileRemoved for each changed path. Run
    /// again, it records only what is new.
    Git(DemoGit),
}

#[derive(Debug, Args)]
pub(crate) struct DemoGit {
    /// A directory inside the repository
    #[arg(value_name = "PATH", env = "HEADWATER_GIT_PATH", default_value = ".")]
    pub(crate) path: PathBuf,
    /// The database to record into; it is created. Default: git- and the name of the directory
    #[arg(short, long, value_name = "NAME", env = "HEADWATER_DATABASE")]
    pub(crate) database: Option<String>,
    /// The commit whose history is recorded
    #[arg(
        long,
        value_name = "REVISION",
        env = "HEADWATER_GIT_REVISION",
        default_value = "HEAD"
    )]
    pub(crate) revision: String,
}

#[derive(Debug, Args)]
pub(crate) struct Append {
    #[command(flatten)]
    pub(crate) database: Database,
    /// Events as JSON; with --type, the data of that one event
    #[arg(value_name = "EVENT", conflicts_with = "file")]
    pub(crate) events: Vec<String>,
    /// A file of events as JSON; - is stdin, which is also read when nothing else is given
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "HEADWATER_FILE",
        conflicts_with = "type"
    )]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) event: OneEvent,
    #[command(flatten)]
    pub(crate) condition: Condition,
}

/// One event, part by part.
#[derive(Debug, Args)]
#[command(next_help_heading = "One event")]
pub(crate) struct OneEvent {
    /// What happened
    #[arg(long, value_name = "TYPE", env = "HEADWATER_TYPE")]
    pub(crate) r#type: Option<String>,
    /// The stream it belongs to, as category/key
    #[arg(
        long,
        value_name = "STREAM",
        env = "HEADWATER_STREAM",
        requires = "type"
    )]
    pub(crate) stream: Option<String>,
    /// A tag; may be repeated
    #[arg(
        long = "tag",
        value_name = "TAG",
        env = "HEADWATER_TAG",
        requires = "type"
    )]
    pub(crate) tags: Vec<String>,
    /// Metadata, as a JSON object
    #[arg(
        long,
        value_name = "JSON",
        env = "HEADWATER_METADATA",
        requires = "type"
    )]
    pub(crate) metadata: Option<String>,
    /// When it happened, such as 2026-11-20T10:00:00Z; without it, now
    #[arg(
        long,
        value_name = "TIME",
        env = "HEADWATER_OCCURRED_AT",
        requires = "type"
    )]
    pub(crate) occurred_at: Option<String>,
    /// Its id, a UUID; the same id again is not a second event
    #[arg(long, value_name = "UUID", env = "HEADWATER_ID", requires = "type")]
    pub(crate) id: Option<String>,
}

/// What must hold for an append.
#[derive(Debug, Args)]
#[command(next_help_heading = "Condition")]
pub(crate) struct Condition {
    /// A stream must be at a revision, as STREAM=REVISION with any, none, exists or a number; may
    /// be repeated
    #[arg(long, value_name = "STREAM=REVISION", env = "HEADWATER_EXPECT")]
    pub(crate) expect: Vec<String>,
    /// No event may match: "type=AccountOpened tag=name:ada" with type, tag, stream and category,
    /// or a JSON object with types, tags, stream and category; may be repeated
    #[arg(long, value_name = "ITEM", env = "HEADWATER_FAIL_IF")]
    pub(crate) fail_if: Vec<String>,
    /// Look for matching events only after this position
    #[arg(
        long,
        value_name = "POSITION",
        env = "HEADWATER_AFTER",
        requires = "fail_if"
    )]
    pub(crate) after: Option<u64>,
}

/// Which events.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which events")]
pub(crate) struct Filter {
    /// Of this stream
    #[arg(long, value_name = "STREAM", env = "HEADWATER_STREAM")]
    pub(crate) stream: Option<String>,
    /// Of streams of this category
    #[arg(long, value_name = "CATEGORY", env = "HEADWATER_CATEGORY")]
    pub(crate) category: Option<String>,
    /// Of this type; repeated, of one of these
    #[arg(long = "type", value_name = "TYPE", env = "HEADWATER_TYPE")]
    pub(crate) types: Vec<String>,
    /// With this tag; repeated, with all of these
    #[arg(long = "tag", value_name = "TAG", env = "HEADWATER_TAG")]
    pub(crate) tags: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    #[command(flatten)]
    pub(crate) database: Database,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Any query: a JSON array of items with types, tags, stream and category, of which one must
    /// match
    #[arg(
        long,
        value_name = "JSON",
        env = "HEADWATER_QUERY",
        conflicts_with_all = ["stream", "category", "types", "tags"]
    )]
    pub(crate) query: Option<String>,
    /// Only events after this position, forward
    #[arg(long, value_name = "POSITION", env = "HEADWATER_AFTER")]
    pub(crate) after: Option<u64>,
    /// Only events before this position, backward; 0 begins at the newest
    #[arg(
        long,
        value_name = "POSITION",
        env = "HEADWATER_BEFORE",
        conflicts_with = "after"
    )]
    pub(crate) before: Option<u64>,
    /// How many at most
    #[arg(
        short = 'n',
        long,
        value_name = "COUNT",
        env = "HEADWATER_LIMIT",
        default_value_t = 100
    )]
    pub(crate) limit: u64,
    /// As many as there are
    #[arg(long, env = "HEADWATER_ALL", conflicts_with = "limit")]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Follow {
    #[command(flatten)]
    pub(crate) database: Database,
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Begin after this position; without it, at the head
    #[arg(long, value_name = "POSITION", env = "HEADWATER_AFTER")]
    pub(crate) after: Option<u64>,
    /// End after so many events
    #[arg(short = 'n', long, value_name = "COUNT", env = "HEADWATER_LIMIT")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Sql {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The query; without it and --file, it is read from stdin
    #[arg(value_name = "QUERY", conflicts_with = "file")]
    pub(crate) query: Option<String>,
    /// A file with the query; - is stdin
    #[arg(short, long, value_name = "FILE", env = "HEADWATER_FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The value of $1, $2 ...: JSON, or text if it is not JSON; may be repeated
    #[arg(short, long = "param", value_name = "VALUE", env = "HEADWATER_PARAM")]
    pub(crate) params: Vec<String>,
    /// Answer as of then: a position, or a time such as 2026-11-20T10:00:00Z
    #[arg(long, value_name = "POSITION|TIME", env = "HEADWATER_AT")]
    pub(crate) at: Option<String>,
    /// Answer when the tables reflect this position
    #[arg(
        long,
        value_name = "POSITION",
        env = "HEADWATER_WAIT_FOR",
        conflicts_with = "at"
    )]
    pub(crate) wait_for: Option<u64>,
    /// Answer with what the tables reflect now, however far behind
    #[arg(long, env = "HEADWATER_EVENTUAL", conflicts_with = "at")]
    pub(crate) eventual: bool,
    /// How long to wait for an answer
    #[arg(long, value_name = "TIME", env = "HEADWATER_TIMEOUT", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How rows are printed
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        env = "HEADWATER_OUTPUT",
        default_value = "table"
    )]
    pub(crate) output: RowFormat,
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// Aligned columns, for people
    Table,
    /// One object a line, for machines
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Projection {
    /// Apply a file, and wait until its tables have caught up; the old version answers until then
    Apply(ProjectionApply),
    /// List the projections of a database, their state and how far they are
    List(Database),
    /// Show one projection: state, tables, failure and definition
    Show(ProjectionNamed),
    /// Get a failed projection going again without the event it failed at
    Skip(ProjectionSkip),
    /// Remove a projection and its tables; the events stay
    Remove(ProjectionNamed),
}

#[derive(Debug, Args)]
pub(crate) struct ProjectionApply {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The file, which begins with: -- projection: NAME
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Return at once, while the tables are being built
    #[arg(long, env = "HEADWATER_NO_WAIT")]
    pub(crate) no_wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectionNamed {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The projection's name
    #[arg(value_name = "PROJECTION")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ProjectionSkip {
    #[command(flatten)]
    pub(crate) projection: ProjectionNamed,
    /// The position of the event it failed at
    #[arg(value_name = "POSITION")]
    pub(crate) position: u64,
    /// Why it is right to leave the event out; it is recorded
    #[arg(long, value_name = "TEXT", env = "HEADWATER_REASON")]
    pub(crate) reason: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Create a database
    Create(DatabaseName),
    /// List the databases
    List,
    /// Show one database
    Show(DatabaseName),
    /// Change the settings of a database
    Set(DatabaseSet),
    /// Delete a database with all of its events, for good
    Delete(DatabaseDelete),
}

#[derive(Debug, Args)]
pub(crate) struct DatabaseSet {
    #[command(flatten)]
    pub(crate) database: DatabaseName,
    /// How many partitions the topic of each category has for Kafka clients, 1 to 256
    ///
    /// As many members of a consumer group share the work. Groups go on where they were, without
    /// missing an event; if it is a multiple of what it was, they read nothing twice.
    #[arg(long, value_name = "COUNT", env = "HEADWATER_PARTITIONS")]
    pub(crate) partitions: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DatabaseName {
    /// The name: a to z, 0 to 9, - and _, at most 63 characters
    #[arg(value_name = "NAME", env = "HEADWATER_DATABASE")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct DatabaseDelete {
    #[command(flatten)]
    pub(crate) database: DatabaseName,
    /// Say that you mean it
    #[arg(long, env = "HEADWATER_YES")]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key, and print its text, which is not shown again
    ///
    /// The first key must have the role admin and reach all databases, as no other could be made
    /// after it. The name of the key stands as `actor` in the metadata of what it appends.
    Create(KeyCreate),
    /// List the keys: what they may do, when they were used last, and which are revoked
    List,
    /// Revoke a key; it opens nothing any more, also where it is in use
    Revoke(KeyNamed),
}

#[derive(Debug, Args)]
pub(crate) struct KeyCreate {
    /// Who uses it: a to z, 0 to 9, - and _, at most 63 characters
    #[arg(long, value_name = "NAME", env = "HEADWATER_KEY_NAME")]
    pub(crate) name: String,
    /// What may be done with it
    #[arg(long, value_name = "ROLE", env = "HEADWATER_KEY_ROLE")]
    pub(crate) role: KeyRole,
    /// The one database that it reaches, which need not be there yet; without it, all of them
    #[arg(short, long, value_name = "NAME", env = "HEADWATER_DATABASE")]
    pub(crate) database: Option<String>,
}

/// What may be done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyRole {
    /// Read, follow, query and list
    Read,
    /// The same, and append
    Write,
    /// Everything
    Admin,
}

impl KeyRole {
    /// As the server calls it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            KeyRole::Read => "read",
            KeyRole::Write => "write",
            KeyRole::Admin => "admin",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct KeyNamed {
    /// The key, by name
    #[arg(value_name = "NAME", env = "HEADWATER_KEY_NAME")]
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The file of lines; without it or with -, stdin
    #[arg(value_name = "FILE", env = "HEADWATER_FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Where the lines come from: gives lines without an id one, from this name and their number
    #[arg(long, value_name = "NAME", env = "HEADWATER_SOURCE")]
    pub(crate) source: Option<String>,
    /// How many events are appended at once
    #[arg(
        long,
        value_name = "COUNT",
        env = "HEADWATER_BATCH",
        default_value = "1000"
    )]
    pub(crate) batch: NonZeroUsize,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The file to write; without it or with -, stdout
    #[arg(value_name = "FILE", env = "HEADWATER_FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Go on after the last whole line of FILE
    #[arg(long, env = "HEADWATER_RESUME", requires = "file")]
    pub(crate) resume: bool,
    /// Only events after this position
    #[arg(
        long,
        value_name = "POSITION",
        env = "HEADWATER_AFTER",
        conflicts_with = "resume"
    )]
    pub(crate) after: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Stats {
    #[command(flatten)]
    pub(crate) database: Database,
    /// List every segment, too
    #[arg(long, env = "HEADWATER_SEGMENTS")]
    pub(crate) segments: bool,
    /// How it is printed; json has everything
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        env = "HEADWATER_OUTPUT",
        default_value = "table"
    )]
    pub(crate) output: RowFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) database: Database,
    /// A line that was kept of this database: the chain must still be HASH at POSITION
    #[arg(long, value_name = "POSITION:HASH", env = "HEADWATER_AGAINST")]
    pub(crate) against: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) database: Database,
    /// The directory; it is made if it is not there
    #[arg(value_name = "DIR", env = "HEADWATER_BACKUP")]
    pub(crate) directory: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The directory of the backup
    #[arg(value_name = "DIR", env = "HEADWATER_BACKUP")]
    pub(crate) directory: PathBuf,
    /// The database to make
    #[arg(short, long, value_name = "NAME", env = "HEADWATER_DATABASE")]
    pub(crate) database: String,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How long each measurement of appends, and of rows, takes
    #[arg(
        long,
        value_name = "TIME",
        env = "HEADWATER_BENCH_TIME",
        default_value = "5s",
        value_parser = duration
    )]
    pub(crate) time: Duration,
    /// Fewer and shorter measurements
    #[arg(long, env = "HEADWATER_BENCH_QUICK")]
    pub(crate) quick: bool,
    /// Measure only this
    #[arg(long, value_name = "WHAT", env = "HEADWATER_BENCH_ONLY")]
    pub(crate) only: Option<BenchPart>,
    /// How many clients append at once; may be repeated
    #[arg(
        long,
        value_name = "COUNT",
        env = "HEADWATER_BENCH_CLIENTS",
        value_delimiter = ','
    )]
    pub(crate) clients: Vec<NonZeroUsize>,
    /// How many events each append has; may be repeated
    #[arg(
        long,
        value_name = "COUNT",
        env = "HEADWATER_BENCH_BATCH",
        value_delimiter = ','
    )]
    pub(crate) batch: Vec<NonZeroUsize>,
}

/// A part of the measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchPart {
    /// Appends, for each number of clients and events
    Appends,
    /// Reading, consuming, folding, asking and opening one database
    Reads,
}

/// Reads `500ms`, `30s`, `5m`, `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    match number
        .parse::<u64>()
        .ok()
        .and_then(|n| n.checked_mul(unit_ms))
    {
        Some(ms) if unit_ms > 0 => Ok(Duration::from_millis(ms)),
        _ => Err("expected a number with ms, s, m or h, such as 30s".to_owned()),
    }
}

/// Reads `64KiB`, `16MiB`, `1GiB`, within the bounds of a tail.
fn tail_max(text: &str) -> Result<u64, String> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit());
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    let shift = match unit {
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err("expected a number with KiB, MiB or GiB, such as 16MiB".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    match number.and_then(|number| number.checked_mul(1 << shift)) {
        Some(bytes) if (64 << 10..=1 << 30).contains(&bytes) => Ok(bytes),
        _ => Err("expected at least 64KiB and at most 1GiB".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_option_has_an_environment_variable() {
        fn check(command: &clap::Command) {
            for arg in command.get_arguments() {
                let given = ["help", "version"].contains(&arg.get_id().as_str());
                assert!(
                    given || arg.is_positional() || arg.get_env().is_some(),
                    "{} of {} has none",
                    arg.get_id(),
                    command.get_name()
                );
                assert!(arg.get_help().is_some(), "{} has no help", arg.get_id());
            }
            command.get_subcommands().for_each(check);
        }
        check(&command());
    }

    #[test]
    fn tails_have_bounds() {
        assert_eq!(tail_max("64KiB"), Ok(64 << 10));
        assert_eq!(tail_max("16MiB"), Ok(16 << 20));
        assert_eq!(tail_max("1GiB"), Ok(1 << 30));
        for bad in [
            "",
            "64",
            "MiB",
            "63KiB",
            "2GiB",
            "16 MiB",
            "16MB",
            "99999999999999999999KiB",
        ] {
            assert!(tail_max(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        for bad in ["", "5", "m", "5 m", "-1s", "99999999999999999999s", "1d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
