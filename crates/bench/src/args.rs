//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::results::Contender;

/// Measurements of Headwater beside its rivals and the raw disk.
#[derive(Debug, Parser)]
#[command(name = "headwater-bench", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure everything, rivals and disk in turns, and write the results. `crates/bench/compare`
    /// installs what this needs and then runs it
    Compare(Box<Compare>),
    /// Measure the journal in this process, beside the raw disk
    Embedded(Embedded),
    /// Write docs/benchmarks.md and its charts from the results
    Report(Report),
    /// Load one database, as told on stdin: what `compare` runs
    #[command(hide = true)]
    Drive {
        /// Which one.
        contender: Contender,
        /// Ask its table of orders, in PostgreSQL's protocol.
        #[arg(long)]
        table: bool,
    },
}

/// A part of what is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Work {
    /// Appends of one event, 1 to 256 clients
    Append,
    /// Latency where requests come at 25, 50 and 75 % of the most that was measured
    Paced,
    /// Appends of 100 and of 1000 events
    Batch,
    /// Appends of one event by 16 clients, long enough to seal many times
    Sealing,
    /// A filled log: its size, opening, conditions, reads
    Filled,
    /// Rows of a table by their primary key, 1 to 64 clients, in PostgreSQL's protocol
    Points,
    /// A log that grows and grows; only where --volume or --volume-rivals is given
    Volume,
    /// Headwater under full load for long; only where --steady-minutes is given
    Steady,
    /// The journal in the process of its user
    Embedded,
}

impl Work {
    /// The key in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Work::Append => "append",
            Work::Paced => "paced",
            Work::Batch => "batch",
            Work::Sealing => "sealing",
            Work::Filled => "filled",
            Work::Points => "points",
            Work::Volume => "volume",
            Work::Steady => "steady",
            Work::Embedded => "embedded",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Only these parts; repeat it or separate them with commas
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<Work>,

    /// Only these contenders
    #[arg(long, value_delimiter = ',')]
    pub(crate) contenders: Vec<Contender>,

    /// Small sizes and short times: about ten minutes in all
    #[arg(long)]
    pub(crate) quick: bool,

    /// Rounds; in each one all contenders take turns. Usual: 5, and 3 with --quick
    #[arg(long)]
    pub(crate) rounds: Option<u32>,

    /// Seconds of one measurement. Usual: 8, and 1 with --quick
    #[arg(long)]
    pub(crate) seconds: Option<f64>,

    /// Seconds of one measurement of batches or of sealing. Usual: 60, and 3 with --quick
    #[arg(long)]
    pub(crate) long_seconds: Option<f64>,

    /// Events of the filled log. Usual: 10 million, and 300,000 with --quick
    #[arg(long)]
    pub(crate) events: Option<u64>,

    /// Events of the log that grows: 100000000 for a hundred million
    #[arg(long)]
    pub(crate) volume: Option<u64>,

    /// The same for the rivals
    #[arg(long, default_value_t = 0)]
    pub(crate) volume_rivals: u64,

    /// Minutes of full load: 60 for an hour
    #[arg(long)]
    pub(crate) steady_minutes: Option<f64>,

    /// The results; parts that are measured now replace those that are there
    #[arg(long, default_value = "docs/benchmarks.json")]
    pub(crate) results: PathBuf,

    /// Where the databases are while they are measured
    #[arg(long, default_value = "target/bench")]
    pub(crate) scratch: PathBuf,

    /// The server of Headwater
    #[arg(long, default_value = "target/dist/headwater")]
    pub(crate) headwater: PathBuf,

    /// The server of UmaDB
    #[arg(long, default_value = "target/rivals/bin/umadb")]
    pub(crate) umadb: PathBuf,

    /// The load for UmaDB
    #[arg(
        long,
        default_value = "target/rivals/driver/release/headwater-bench-umadb"
    )]
    pub(crate) umadb_driver: PathBuf,

    /// The directory of PostgreSQL's programs
    #[arg(long, default_value = "/usr/lib/postgresql/15/bin")]
    pub(crate) postgres: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Embedded {
    /// Only the cases whose name has this in it
    #[arg(long, default_value = "")]
    pub(crate) only: String,

    /// Events of the filled log; 0 is none
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) events: u64,

    /// Seconds of one measurement
    #[arg(long, default_value_t = 4.0)]
    pub(crate) seconds: f64,

    /// Rounds
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: u32,

    /// Where the log is
    #[arg(long, default_value = "target/bench")]
    pub(crate) scratch: PathBuf,

    /// Print each measurement as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Embedded {
    /// Whether this case is to be measured.
    pub(crate) fn asks_for(&self, case: &str) -> bool {
        case.contains(&self.only)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The results
    #[arg(long, default_value = "docs/benchmarks.json")]
    pub(crate) results: PathBuf,

    /// Where the document and its charts go
    #[arg(long, default_value = "docs")]
    pub(crate) directory: PathBuf,
}
