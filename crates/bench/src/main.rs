//! `headwater-bench`: measurements of Headwater beside its rivals and the raw disk. One script, one
//! run, one machine, the same events, durable before they are acknowledged everywhere.
//!
//! ```text
//! headwater-bench compare       starts one server at a time, loads it, writes the results
//!    |-- headwater serve  <== HTTP ======== headwater-bench drive headwater
//!    |-- postgres         <== its own ===== headwater-bench drive postgresql
//!    |-- umadb            <== gRPC ======== headwater-bench-umadb (rivals/umadb, built on demand)
//!    |-- headwater, postgres <== PostgreSQL's == headwater-bench drive --table
//!    |-- the disk         <== write, sync   in this process
//!    |-- headwater-bench embedded           the journal without a server, in its own process
//! headwater-bench report        writes docs/benchmarks.md and its charts from the results
//! ```

#![allow(clippy::disallowed_methods)] // time, threads and the runtime are free above `node`

mod args;
mod compare;
mod disk;
mod embedded;
mod http;
mod log;
mod plan;
mod postgres;
mod report;
mod results;
mod server;
mod table;

use std::process::ExitCode;

use clap::Parser as _;
use headwater_load::Failure;

use crate::args::{Cli, Command};
use crate::http::HttpSession;
use crate::postgres::PostgresSession;
use crate::results::Contender;
use crate::table::TableSession;

/// As in the binary that is measured; the driver of UmaDB has it as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("headwater-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Compare(args) => compare::run(*args),
        Command::Embedded(args) => embedded::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Drive { table: true, .. } => headwater_load::drive::<TableSession>(),
        Command::Drive { contender, .. } => match contender {
            Contender::Headwater => headwater_load::drive::<HttpSession>(),
            Contender::PostgreSql => headwater_load::drive::<PostgresSession>(),
            other => Err(format!("{} is driven by another program", other.name()).into()),
        },
    }
}
