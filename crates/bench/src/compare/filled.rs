//! A filled log: its size, opening it, conditions, reads.

use std::collections::BTreeMap;
use std::time::Instant;

use headwater_load::{Failure, Orders, Outcome, What};

use crate::args::Work;
use crate::compare::SERVERS;
use crate::compare::lab::{Lab, Label};
use crate::plan::{self, CONDITIONS, READS};
use crate::results::Contender;
use crate::server::{Driver, Server};

/// A log that has all of its events.
#[derive(Clone, Copy)]
pub(super) struct Log {
    /// The work that it is measured for.
    pub(super) work: Work,
    /// The name of its directory.
    pub(super) purpose: &'static str,
    pub(super) orders: Orders,
}

/// Fills a log of each contender, and measures.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    let log = Log {
        work: Work::Filled,
        purpose: "filled",
        orders: plan::filled(lab.events),
    };
    for contender in lab.turns(&SERVERS, 0) {
        fill(lab, contender, log)?;
    }
    let mut next = log.orders.filled;
    for round in 1..=lab.rounds {
        for contender in lab.turns(&SERVERS, round) {
            let server = open(lab, contender, log, round)?;
            let appended = conditions(lab, contender, &server, log, (next, round))?;
            next = next.max(appended);
            reads(lab, contender, server, log, round)?;
        }
    }
    for contender in lab.turns(&SERVERS, 0) {
        lab.place(contender, log.purpose).clear()?;
    }
    Ok(())
}

impl Log {
    fn label(self, case: &str, round: u32) -> Label<'_> {
        Label {
            work: self.work,
            case,
            round,
        }
    }
}

/// Appends all events, and tells how many bytes they take when nothing more is to be done.
fn fill(lab: &mut Lab, contender: Contender, log: Log) -> Result<(), Failure> {
    let place = lab.place(contender, log.purpose);
    place.clear()?;
    let server = place.fresh(&lab.programs, &lab.settings)?;
    let empty = place.bytes()?;
    let loaded = lab.load(contender, &server, plan::filling(log.orders))?;
    let begun = Instant::now();
    place.after_filling(&lab.programs)?;
    server.settle();
    let settled = begun.elapsed().as_secs_f64();
    server.stop()?;
    // PostgreSQL's catalogs are there before the first event; the others begin with nothing.
    let before = match contender {
        Contender::PostgreSql => empty,
        _ => 0,
    };
    let bytes = place.bytes()?.saturating_sub(before);
    let figures = BTreeMap::from([
        (
            "bytes_per_event".to_owned(),
            bytes as f64 / loaded.outcome.events_all as f64,
        ),
        ("settled_seconds".to_owned(), settled),
    ]);
    lab.note(&log.label("fill", 1), contender, loaded, figures)
}

/// Starts the server, and tells how long it took until a read was answered.
pub(super) fn open(
    lab: &mut Lab,
    contender: Contender,
    log: Log,
    round: u32,
) -> Result<Server, Failure> {
    let ready = lab
        .place(contender, log.purpose)
        .ready(&lab.programs, &lab.settings)?;
    let mut job = plan::opening(log.orders);
    job.address = ready.address().to_owned();
    let mut driver = Driver::start(contender, &lab.programs, &job)?;
    driver.go()?;
    let begun = Instant::now();
    let server = ready.start()?;
    driver.outcome()?;
    let outcome = Outcome {
        requests: 1,
        seconds: begun.elapsed().as_secs_f64(),
        ..Outcome::default()
    };
    driver.end()?;
    lab.note(
        &log.label("open", round),
        contender,
        outcome.into(),
        BTreeMap::new(),
    )?;
    Ok(server)
}

/// Appends under each condition; the number of the next order.
pub(super) fn conditions(
    lab: &mut Lab,
    contender: Contender,
    server: &Server,
    log: Log,
    (mut next, round): (u64, u32),
) -> Result<u64, Failure> {
    for (case, condition) in CONDITIONS {
        let job = plan::conditional(log.orders, next, condition, lab.seconds);
        let loaded = lab.load(contender, server, job)?;
        next += loaded.outcome.events_all;
        lab.note(&log.label(case, round), contender, loaded, BTreeMap::new())?;
    }
    Ok(next)
}

/// Reads everything, and then groups of events, for which a rival may be set up otherwise.
fn reads(
    lab: &mut Lab,
    contender: Contender,
    server: Server,
    log: Log,
    round: u32,
) -> Result<(), Failure> {
    let [all, groups @ ..] = READS;
    read(lab, contender, &server, log, (all, round))?;
    server.stop()?;
    let place = lab.place(contender, log.purpose);
    let mut server = place.start(&lab.programs, &lab.settings.for_reads())?;
    server.wait()?;
    for group in groups {
        read(lab, contender, &server, log, (group, round))?;
    }
    server.stop()
}

fn read(
    lab: &mut Lab,
    contender: Contender,
    server: &Server,
    log: Log,
    ((case, what), round): ((&str, What), u32),
) -> Result<(), Failure> {
    let job = plan::reading(log.orders, what, lab.seconds);
    let loaded = lab.load(contender, server, job)?;
    let events = loaded.outcome.events.max(1) as f64;
    let bytes = loaded.outcome.bytes as f64 / events;
    let figures = BTreeMap::from([("answer_bytes_per_event".to_owned(), bytes)]);
    lab.note(&log.label(case, round), contender, loaded, figures)
}
