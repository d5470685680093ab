//! `bench`: what this machine does, beside what its disk does.
//!
//! Each measurement runs against a server in this process, on the loopback, over HTTP where no other
//! protocol is named, with the load in the same process: the figures are what is left for a server
//! that shares its processors with its clients. Before each measurement of appends the raw disk is measured with as many
//! bytes as one append's events have.

mod appends;
mod consume;
mod disk;
mod load;
mod reads;
mod rows;
mod samples;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::args::{Bench, BenchPart, Target};
use crate::bench::appends::Grid;
use crate::bench::samples::Samples;
use crate::failure::Failure;
use crate::output;

/// Measures everything, and prints the table.
pub(crate) async fn run(target: &Target, args: Bench) -> Result<(), Failure> {
    let grid = Grid::of(&args);
    let scratch = scratch(&target.data)?;
    output::print(format!(
        "{} processors, shared by server and load; in {}\n",
        std::thread::available_parallelism().map_or(1, usize::from),
        scratch.path().display()
    ))?;
    if args.only != Some(BenchPart::Reads) {
        appends::run(scratch.path(), &grid).await?;
        output::print("")?;
    }
    if args.only != Some(BenchPart::Appends) {
        let events = if args.quick { 100_000 } else { 500_000 };
        reads::run(scratch.path(), events, grid.time).await?;
    }
    scratch.close().map_err(Failure::from)
}

/// A directory on the disk that the data would be on.
fn scratch(data: &Path) -> Result<TempDir, Failure> {
    let made = fs::create_dir_all(data)
        .and_then(|()| tempfile::Builder::new().prefix("bench-").tempdir_in(data));
    made.map_err(|error: io::Error| {
        Failure::new(format!("{} cannot be written", data.display()))
            .caused_by(&error)
            .advice("name another directory with --data")
    })
}

/// Customers of the load.
const CUSTOMERS: usize = 997;

/// One event of the load, as JSON: about the size that events have.
fn event(number: usize) -> String {
    format!(
        r#"{{"type":"OrderPlaced","stream":"order/{number}","tags":["customer:{}"],"data":{{"customer":{},"sku":"A-{}","quantity":{},"price_cents":{},"note":"leave it at the door"}}}}"#,
        number % CUSTOMERS,
        number % CUSTOMERS,
        number % 10_007,
        1 + number % 5,
        100 + number % 9_900,
    )
}

/// The body of an append of these events.
fn body(events: std::ops::Range<usize>) -> String {
    let events: Vec<String> = events.map(event).collect();
    format!("{{\"events\":[{}]}}", events.join(","))
}

/// A duration in three digits.
fn short(took: Option<Duration>) -> String {
    let Some(took) = took else {
        return "-".to_owned();
    };
    match took.as_micros() {
        micros if micros < 1_000 => format!("{micros} µs"),
        micros if micros < 10_000 => format!("{:.2} ms", micros as f64 / 1e3),
        micros if micros < 100_000 => format!("{:.1} ms", micros as f64 / 1e3),
        micros if micros < 1_000_000 => format!("{:.0} ms", micros as f64 / 1e3),
        micros => format!("{:.2} s", micros as f64 / 1e6),
    }
}

/// The three percentiles of the table.
fn percentiles(samples: &mut Samples) -> [String; 3] {
    [500, 990, 999].map(|permille| short(samples.permille(permille)))
}

#[cfg(test)]
mod tests {
    use headwater_event::json::parse_append;

    use super::*;

    #[test]
    fn the_load_is_an_append() {
        let append = parse_append(body(0..100).as_bytes()).unwrap();
        append.check().unwrap();
        assert_eq!(append.events.len(), 100);
    }

    #[test]
    fn durations_have_three_digits() {
        let shown = [7, 950, 1_234, 45_678, 456_789, 4_567_890]
            .map(|micros| short(Some(Duration::from_micros(micros))));
        assert_eq!(
            shown,
            ["7 µs", "950 µs", "1.23 ms", "45.7 ms", "457 ms", "4.57 s"]
        );
    }
}
