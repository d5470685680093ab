//! A log that grows and grows: how fast it takes events then, what memory and bytes that takes, what
//! is left to do at the end, and how it opens and takes conditional appends then.

use std::collections::BTreeMap;

use headwater_load::{Failure, Orders};

use crate::args::{Compare, Work};
use crate::compare::SERVERS;
use crate::compare::filled::{self, Log};
use crate::compare::lab::{Lab, Label};
use crate::plan;
use crate::results::Contender;

/// Grows a log of each contender that is asked for.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    for contender in lab.turns(&SERVERS, 0) {
        let events = events_of(&lab.args, contender);
        if events > 0 {
            grow(lab, contender, events)?;
        }
    }
    Ok(())
}

/// To how many events the log of a contender is to grow; 0 if it is not asked for.
fn events_of(args: &Compare, contender: Contender) -> u64 {
    match contender {
        Contender::Headwater => args.volume.unwrap_or(0),
        _ => args.volume_rivals,
    }
}

/// Refuses to measure this without a number of events, before anything is forgotten.
pub(super) fn check(args: &Compare) -> Result<(), Failure> {
    let asked = |one: &Contender| args.contenders.is_empty() || args.contenders.contains(one);
    match SERVERS
        .iter()
        .any(|one| asked(one) && events_of(args, *one) > 0)
    {
        true => Ok(()),
        false => Err(
            "a log that grows needs its number of events: --volume, or --volume-rivals for \
             the rivals"
                .into(),
        ),
    }
}

fn grow(lab: &mut Lab, contender: Contender, events: u64) -> Result<(), Failure> {
    let log = Log {
        work: Work::Volume,
        purpose: "volume",
        orders: plan::grown(events),
    };
    fill(lab, contender, log)?;
    let mut next = log.orders.filled;
    for round in 1..=lab.rounds {
        let server = filled::open(lab, contender, log, round)?;
        next = filled::conditions(lab, contender, &server, log, (next, round))?;
        server.stop()?;
    }
    lab.place(contender, log.purpose).clear()
}

fn fill(lab: &mut Lab, contender: Contender, log: Log) -> Result<(), Failure> {
    let Orders { filled, .. } = log.orders;
    let place = lab.place(contender, log.purpose);
    place.clear()?;
    let server = place.fresh(&lab.programs, &lab.settings)?;
    let watch = server.watch_memory()?;
    let loaded = lab.load(contender, &server, plan::growing(log.orders))?;
    let settled = server.settle();
    let memory = watch.most();
    server.stop()?;
    let figures = BTreeMap::from([
        ("settled_seconds".to_owned(), settled),
        ("memory_bytes".to_owned(), memory as f64),
        ("streams".to_owned(), log.orders.streams() as f64),
        (
            "bytes_per_event".to_owned(),
            place.bytes()? as f64 / filled as f64,
        ),
    ]);
    let label = Label {
        work: Work::Volume,
        case: "grow",
        round: 1,
    };
    lab.note(&label, contender, loaded, figures)
}
