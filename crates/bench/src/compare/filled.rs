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

const PURPOSE: &str = "filled";

/// Fills a log of each contender, and measures.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    let orders = plan::filled(lab.events);
    for contender in lab.turns(&SERVERS, 0) {
        fill(lab, contender, orders)?;
    }
    let mut next = orders.filled;
    for round in 1..=lab.rounds {
        for contender in lab.turns(&SERVERS, round) {
            let server = open(lab, contender, orders, round)?;
            let appended = conditions(lab, contender, &server, orders, (next, round))?;
            next = next.max(appended);
            reads(lab, contender, server, orders, round)?;
        }
    }
    for contender in lab.turns(&SERVERS, 0) {
        lab.place(contender, PURPOSE).clear()?;
    }
    Ok(())
}

fn label(case: &str, round: u32) -> Label<'_> {
    Label {
        work: Work::Filled,
        case,
        round,
    }
}

/// Appends all events, and tells how many bytes they take when nothing more is to be done.
fn fill(lab: &mut Lab, contender: Contender, orders: Orders) -> Result<(), Failure> {
    let place = lab.place(contender, PURPOSE);
    place.clear()?;
    let server = place.fresh(&lab.programs, &lab.settings)?;
    let empty = place.bytes()?;
    let loaded = lab.load(contender, &server, plan::filling(orders))?;
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
    lab.note(&label("fill", 1), contender, loaded, figures)
}

/// Starts the server, and tells how long it took until a read was answered.
fn open(
    lab: &mut Lab,
    contender: Contender,
    orders: Orders,
    round: u32,
) -> Result<Server, Failure> {
    let ready = lab
        .place(contender, PURPOSE)
        .ready(&lab.programs, &lab.settings)?;
    let mut job = plan::opening(orders);
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
        &label("open", round),
        contender,
        outcome.into(),
        BTreeMap::new(),
    )?;
    Ok(server)
}

/// Appends under each condition; the number of the next order.
fn conditions(
    lab: &mut Lab,
    contender: Contender,
    server: &Server,
    orders: Orders,
    (mut next, round): (u64, u32),
) -> Result<u64, Failure> {
    for (case, condition) in CONDITIONS {
        let job = plan::conditional(orders, next, condition, lab.seconds);
        let loaded = lab.load(contender, server, job)?;
        next += loaded.outcome.events_all;
        lab.note(&label(case, round), contender, loaded, BTreeMap::new())?;
    }
    Ok(next)
}

/// Reads everything, and then groups of events, for which a rival may be set up otherwise.
fn reads(
    lab: &mut Lab,
    contender: Contender,
    server: Server,
    orders: Orders,
    round: u32,
) -> Result<(), Failure> {
    let [all, groups @ ..] = READS;
    read(lab, contender, &server, orders, (all, round))?;
    server.stop()?;
    let place = lab.place(contender, PURPOSE);
    let mut server = place.start(&lab.programs, &lab.settings.for_reads())?;
    server.wait()?;
    for group in groups {
        read(lab, contender, &server, orders, (group, round))?;
    }
    server.stop()
}

fn read(
    lab: &mut Lab,
    contender: Contender,
    server: &Server,
    orders: Orders,
    ((case, what), round): ((&str, What), u32),
) -> Result<(), Failure> {
    let job = plan::reading(orders, what, lab.seconds);
    let loaded = lab.load(contender, server, job)?;
    let events = loaded.outcome.events.max(1) as f64;
    let bytes = loaded.outcome.bytes as f64 / events;
    let figures = BTreeMap::from([("answer_bytes_per_event".to_owned(), bytes)]);
    lab.note(&label(case, round), contender, loaded, figures)
}
