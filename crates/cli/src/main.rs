//! `headwater`: the one binary.
//!
//! ```text
//! arguments -> connection -> client -> HTTP -> a server: another process, or one in this process
//!                              |
//!                              +-> answers on stdout, words and progress on stderr
//! ```
//!
//! Every command speaks HTTP, also to a database that no other process serves: then a node and a
//! server run in this process for the time of the command. So there is one code path, and what
//! the command line can do, `curl` can do.
//!
//! Exit codes: 0 done, 1 failed, 2 the arguments cannot be used, 3 the condition of an append did
//! not hold.

#![allow(clippy::disallowed_methods)] // time, threads and the runtime are free above `node`

mod args;
mod backup_folder;
mod bench;
mod client;
mod command;
mod connect;
mod demo;
mod failure;
mod local;
mod logs;
mod output;
mod progress;
mod table;

use std::process::ExitCode;

use clap::FromArgMatches as _;

use crate::args::{Cli, Command};
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::from_arg_matches(&args::command().get_matches()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    // It fails if there is one already, which is as good.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    logs::start(&cli.logs, matches!(cli.command, Command::Serve(_)));
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(&Failure::new("the runtime cannot start").caused_by(&error)),
    };
    let done = runtime.block_on(Box::pin(run(cli)));
    // A read of stdin cannot be cancelled; nobody waits for it at the end.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let target = &cli.target;
    match cli.command {
        Command::Serve(serve) => command::serve::run(target, serve).await,
        Command::Demo(demo) => demo::run(target, demo).await,
        Command::Append(append) => command::append::run(target, append).await,
        Command::Read(read) => command::read::run(target, read).await,
        Command::Follow(follow) => command::follow::run(target, follow).await,
        Command::Sql(sql) => command::sql::run(target, sql).await,
        Command::Projection(projection) => command::projection::run(target, projection).await,
        Command::Database(database) => command::database::run(target, database).await,
        Command::Health => command::health::run(target).await,
        Command::Key(key) => command::key::run(target, key).await,
        Command::Import(import) => command::import::run(target, import).await,
        Command::Export(export) => command::export::run(target, export).await,
        Command::Stats(stats) => command::stats::run(target, stats).await,
        Command::Verify(verify) => command::verify::run(target, verify).await,
        Command::Backup(backup) => command::backup::run(target, backup).await,
        Command::Restore(restore) => command::restore::run(target, restore).await,
        Command::Bench(bench) => bench::run(target, bench).await,
    }
}

fn report(failure: &Failure) -> ExitCode {
    if !failure.is_silent() {
        eprintln!("{failure}");
    }
    ExitCode::from(failure.exit_code())
}
