//! A log that grows and grows: how fast it takes events then, and what is left to do at the end.

use std::collections::BTreeMap;
use std::time::Instant;

use headwater_load::Failure;

use crate::args::Work;
use crate::compare::SERVERS;
use crate::compare::lab::{Lab, Label};
use crate::plan;
use crate::results::Contender;

/// Grows a log of each contender that is asked for.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    for contender in lab.turns(&SERVERS, 0) {
        let events = match contender {
            Contender::Headwater => lab.args.volume.unwrap_or(0),
            _ => lab.args.volume_rivals,
        };
        if events > 0 {
            grow(lab, contender, events)?;
        }
    }
    Ok(())
}

fn grow(lab: &mut Lab, contender: Contender, events: u64) -> Result<(), Failure> {
    let place = lab.place(contender, "volume");
    place.clear()?;
    let orders = plan::filled(events);
    let server = place.fresh(&lab.programs, &lab.settings)?;
    let loaded = lab.load(contender, &server, plan::filling(orders))?;
    let settled = server.settle();
    let opened = {
        server.stop()?;
        let begun = Instant::now();
        let mut again = place.start(&lab.programs, &lab.settings)?;
        again.wait()?;
        let opened = begun.elapsed().as_secs_f64();
        again.stop()?;
        opened
    };
    let figures = BTreeMap::from([
        ("settled_seconds".to_owned(), settled),
        ("listening_seconds".to_owned(), opened),
        (
            "bytes_per_event".to_owned(),
            place.bytes()? as f64 / events as f64,
        ),
    ]);
    let label = Label {
        work: Work::Volume,
        case: "grow",
        round: 1,
    };
    lab.note(&label, contender, loaded, figures)?;
    place.clear()
}
