//! `headwater-bench`: one script, one run, one machine, the same events, durable before they are
//! acknowledged everywhere. See the library for the picture.

#![allow(clippy::disallowed_methods)] // time, threads and the runtime are free above `node`

mod args;
mod compare;
mod embedded;
mod plan;
mod report;
mod results;
mod server;

use std::process::ExitCode;

use clap::Parser as _;
use headwater_bench::{Failure, HttpSession, PostgresSession};

use crate::args::{Cli, Command};
use crate::results::Contender;

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
        Command::Drive { contender } => match contender {
            Contender::Headwater => headwater_bench::drive::<HttpSession>(),
            Contender::PostgreSql => headwater_bench::drive::<PostgresSession>(),
            other => Err(format!("{} is driven by another program", other.name()).into()),
        },
    }
}
