//! Headwater under full load for long: whether it goes on as it began, and whether what it puts off
//! stays bounded.

use std::collections::BTreeMap;

use headwater_load::Failure;

use crate::args::Work;
use crate::compare::lab::{Lab, Label};
use crate::plan;
use crate::results::Contender;

const PURPOSE: &str = "steady";

/// Loads a new log for so many minutes, and looks at its upkeep meanwhile.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    let Some(minutes) = lab.args.steady_minutes else {
        return Ok(()); // refused before
    };
    let place = lab.place(Contender::Headwater, PURPOSE);
    let server = place.fresh(&lab.programs, &lab.settings)?;
    let watch = server.watch_upkeep()?;
    let mut loaded = lab.load(Contender::Headwater, &server, plan::steady(minutes * 60.0))?;
    loaded.looks = watch.end()?;
    let settled = server.settle();
    server.stop()?;
    let bytes = place.bytes()? as f64 / loaded.outcome.events_all as f64;
    let figures = BTreeMap::from([
        ("bytes_per_event".to_owned(), bytes),
        ("settled_seconds".to_owned(), settled),
    ]);
    let label = Label {
        work: Work::Steady,
        case: "steady",
        round: 1,
    };
    lab.note(&label, Contender::Headwater, loaded, figures)?;
    place.clear()
}
