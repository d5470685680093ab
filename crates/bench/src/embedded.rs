//! `embedded`: the journal in this process, beside the raw disk.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use headwater_load::{Failure, Outcome};

use crate::args;
use crate::disk::RawDisk;
use crate::log::Embedded;
use crate::plan::{self, BATCH_CLIENTS, CONDITIONS, READS};
use crate::results::{Contender, Measure};

/// Measures, and prints each measurement.
pub(crate) fn run(args: &args::Embedded) -> Result<(), Failure> {
    fs::create_dir_all(&args.scratch)?;
    let scratch = tempfile::Builder::new()
        .prefix("embedded-")
        .tempdir_in(&args.scratch)?;
    let print = |measure: &Measure| {
        let line = match args.json {
            true => serde_json::to_string(measure)?,
            false => line(measure),
        };
        writeln!(io::stdout(), "{line}")?;
        Ok(())
    };
    measure(args, scratch.path(), &print)
}

fn line(measure: &Measure) -> String {
    let Outcome {
        events,
        seconds,
        latency,
        ..
    } = &measure.outcome;
    let (case, contender) = (&measure.case, measure.contender.name());
    if *events == 0 {
        return format!("{case:<42} {contender:<20} {:>10.1} ms", seconds * 1e3);
    }
    format!(
        "{case:<42} {contender:<20} {:>10.0} events/s  p50 {:>9.1} µs  p99 {:>9.1} µs  p99.9 {:>9.1} µs",
        *events as f64 / seconds,
        latency.p50,
        latency.p99,
        latency.p999,
    )
}

type Tell<'a> = &'a dyn Fn(&Measure) -> Result<(), Failure>;

/// Measures, and tells each measurement.
pub(crate) fn measure(
    args: &args::Embedded,
    scratch: &Path,
    tell: Tell<'_>,
) -> Result<(), Failure> {
    let mut disk = RawDisk::open(&scratch.join("raw-disk"))?;
    for round in 1..=args.rounds {
        appends(args, scratch, round, &mut disk, tell)?;
    }
    if args.events == 0 {
        return Ok(());
    }
    let directory = scratch.join("filled");
    let mut log = Embedded::create(&directory)?;
    let orders = plan::filled(args.events);
    log.run(&plan::filling(orders))?;
    let mut next = orders.filled;
    for round in 1..=args.rounds {
        let seconds = log.reopen()?;
        let opened = Outcome {
            requests: 1,
            seconds,
            ..Outcome::default()
        };
        if args.asks_for("open") {
            tell(&of("open", round, opened))?;
        }
        let asked = |case: &str| args.asks_for(case);
        for (case, condition) in CONDITIONS.into_iter().filter(|(case, _)| asked(case)) {
            let job = plan::conditional(orders, next, condition, args.seconds);
            let outcome = log.run(&job)?;
            next += outcome.events_all;
            tell(&of(case, round, outcome))?;
        }
        for (case, what) in READS.into_iter().filter(|(case, _)| asked(case)) {
            tell(&of(
                case,
                round,
                log.run(&plan::reading(orders, what, args.seconds))?,
            ))?;
        }
    }
    log.close();
    Ok(())
}

/// On a new log each, beside the disk.
fn appends(
    args: &args::Embedded,
    scratch: &Path,
    round: u32,
    disk: &mut RawDisk,
    tell: Tell<'_>,
) -> Result<(), Failure> {
    let cases = [
        ("append, 1 client", 1, 1),
        ("append, 64 clients", 64, 1),
        ("append 100 at once", BATCH_CLIENTS, 100),
        ("append 1000 at once", BATCH_CLIENTS, 1_000),
    ];
    for (case, clients, batch) in cases {
        if !args.asks_for(case) {
            continue;
        }
        let outcome = disk.measure(clients, batch, args.seconds)?;
        tell(&Measure {
            contender: Contender::Disk,
            ..of(case, round, outcome)
        })?;
        let directory = scratch.join("new");
        let log = Embedded::create(&directory)?;
        let job = plan::appending(clients, batch, args.seconds);
        tell(&of(case, round, log.run(&job)?))?;
        log.close();
        fs::remove_dir_all(&directory)?;
    }
    Ok(())
}

fn of(case: &str, round: u32, outcome: Outcome) -> Measure {
    Measure {
        case: case.to_owned(),
        contender: Contender::Embedded,
        round,
        outcome,
        server_cpu: 0.0,
        load_cpu: 0.0,
        figures: BTreeMap::new(),
        looks: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_no_events_tells_how_long_it_took() {
        let outcome = |events| Outcome {
            requests: 1,
            events,
            seconds: 0.0125,
            ..Outcome::default()
        };
        let opened = line(&of("open", 1, outcome(0)));
        assert!(opened.ends_with(" 12.5 ms"), "{opened}");
        let read = line(&of("read all", 1, outcome(25)));
        assert!(read.contains(" 2000 events/s "), "{read}");
    }
}
