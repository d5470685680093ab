//! Logs, through `tracing`, on stderr.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::args::{LogFormat, Logs};

/// Starts logging. Without `--log-level`, a server tells what it does, and other commands only
/// what is wrong.
pub(crate) fn start(logs: &Logs, server: bool) {
    let level = match (&logs.log_level, server) {
        (Some(level), _) => level.clone(),
        (None, true) => "info".to_owned(),
        (None, false) => "warn".to_owned(),
    };
    let filter = EnvFilter::builder().parse_lossy(level);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match logs.log {
        LogFormat::Json => builder.json().init(),
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .init(),
    }
}
