//! Where, when and with what something is measured.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::results::About;
use crate::server::{Programs, Settings, first_line};

/// Bytes of memory of this machine.
pub(super) fn memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}

/// Everything that somebody needs to know who measures it again.
pub(super) fn about(programs: &Programs, settings: &Settings, options: String) -> About {
    let postgres = programs.postgres.join("postgres");
    About {
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        commit: commit(),
        machine: machine(),
        options,
        versions: BTreeMap::from([
            (
                "Headwater".to_owned(),
                first_line(&programs.headwater, &["--version"]),
            ),
            (
                "UmaDB".to_owned(),
                first_line(&programs.umadb, &["--version"]),
            ),
            (
                "PostgreSQL".to_owned(),
                first_line(&postgres, &["--version"]),
            ),
        ]),
        settings: BTreeMap::from([
            ("Headwater".to_owned(), "as it comes".to_owned()),
            (
                "UmaDB".to_owned(),
                format!(
                    "as it comes; {} where 100 events are read",
                    settings.umadb_reads.join(" ")
                ),
            ),
            ("PostgreSQL".to_owned(), settings.postgres.join(" ")),
        ]),
    }
}

/// The commit, and whether the sources are others. The results are in git as well: they do not
/// count.
fn commit() -> String {
    let git = |arguments: &[&str]| first_line(Path::new("git"), arguments);
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    match git(&["status", "--porcelain", "--", "crates", "Cargo.lock"]).as_str() {
        "" => commit,
        _ => format!("{commit} with changes"),
    }
}

fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let kernel = first_line(Path::new("uname"), &["-sr"]);
    let filesystem = first_line(
        Path::new("findmnt"),
        &["--noheadings", "--output", "FSTYPE", "--target", "."],
    );
    format!(
        "{} cores ({model}), {} GB of memory, {kernel}, {filesystem}",
        std::thread::available_parallelism().map_or(1, usize::from),
        (memory() + (1 << 29)) >> 30,
    )
}
