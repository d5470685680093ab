//! A table with a row for each order of a filled log, asked for one row at a time by its primary key:
//! a read model of Headwater, and a table of PostgreSQL with the same rows.

use std::collections::BTreeMap;

use headwater_load::{Failure, Orders};

use crate::args::Work;
use crate::compare::clients_case;
use crate::compare::lab::{Lab, Label};
use crate::plan::{self, POINT_CLIENTS, POINT_ROWS_MAX};
use crate::results::Contender;

/// Everybody with tables.
const TABLES: [Contender; 2] = [Contender::Headwater, Contender::PostgreSql];

/// The name of the directories.
const PURPOSE: &str = "points";

/// Makes the table of each contender, and asks them in turns.
pub(super) fn run(lab: &mut Lab) -> Result<(), Failure> {
    let orders = plan::filled(lab.events.min(POINT_ROWS_MAX));
    for contender in lab.turns(&TABLES, 0) {
        fill(lab, contender, orders)?;
    }
    for round in 1..=lab.rounds {
        for contender in lab.turns(&TABLES, round) {
            ask(lab, contender, orders, round)?;
        }
    }
    for contender in lab.turns(&TABLES, 0) {
        lab.place(contender, PURPOSE).clear()?;
    }
    Ok(())
}

/// Appends the events and makes a table of them.
fn fill(lab: &Lab, contender: Contender, orders: Orders) -> Result<(), Failure> {
    let place = lab.place(contender, PURPOSE);
    place.clear()?;
    let server = place.fresh(&lab.programs, &lab.settings)?;
    lab.load(contender, &server, plan::filling(orders))?;
    place.make_table(&lab.programs, &server)?;
    server.settle();
    server.stop()
}

/// Asks for rows, with more and more clients.
fn ask(lab: &mut Lab, contender: Contender, orders: Orders, round: u32) -> Result<(), Failure> {
    let place = lab.place(contender, PURPOSE);
    let mut server = place.start(&lab.programs, &lab.settings.for_tables())?;
    server.wait()?;
    for clients in POINT_CLIENTS {
        let case = clients_case(clients);
        let label = Label {
            work: Work::Points,
            case: &case,
            round,
        };
        let job = plan::finding(orders, clients, lab.seconds);
        let loaded = lab.load(contender, &server, job)?;
        let figures = BTreeMap::from([("rows".to_owned(), orders.filled as f64)]);
        lab.note(&label, contender, loaded, figures)?;
    }
    server.stop()
}
