//! What is measured, as jobs: the same for everybody.

use headwater_load::{Append, Condition, Find, Job, Orders, Pace, Read, Until, What, Work};

/// Clients of the measurements of appends of one event.
pub(crate) const CLIENTS: [usize; 4] = [1, 16, 64, 256];

/// Clients where requests come at a pace: more than ever wait at once.
pub(crate) const PACED_CLIENTS: usize = 256;

/// Parts of the most that was measured, at which requests come.
pub(crate) const PACES: [u32; 3] = [25, 50, 75];

/// Events of each append, and how many clients append, while the log is filled.
pub(crate) const FILL_BATCH: u64 = 1_000;
pub(crate) const FILL_CLIENTS: usize = 4;

/// The same while a log grows, and events of each of its streams.
pub(crate) const GROWING_BATCH: u64 = 100;
pub(crate) const GROWING_CLIENTS: usize = 8;
const GROWN_STREAM_EVENTS: u64 = 10;

/// More events than anybody appends while a steady load is measured.
const STEADY_EVENTS: u64 = 10_000_000_000;

/// Clients of the measurements of batches, and of conditions.
pub(crate) const BATCH_CLIENTS: usize = 4;
pub(crate) const CONDITION_CLIENTS: usize = 16;

/// Clients that ask a table for rows, and how many rows it has at most.
pub(crate) const POINT_CLIENTS: [usize; 3] = [1, 16, 64];
pub(crate) const POINT_ROWS_MAX: u64 = 1_000_000;

/// Every condition, by the name of its case.
pub(crate) const CONDITIONS: [(&str, Condition); 4] = [
    ("append without a condition", Condition::None),
    ("append unless a new tag is there", Condition::Absent),
    ("append unless two old tags are together", Condition::Cold),
    ("append unless something came lately", Condition::Recent),
];

/// Every read, by the name of its case.
pub(crate) const READS: [(&str, What); 4] = [
    ("read all", What::All),
    ("read a stream, 100 events, scattered", What::Stream),
    ("read a tag, about 100 events, scattered", What::Tag),
    ("read a tag, 100 events, clustered", What::Neighbours),
];

/// The orders of a log that is filled with so many events, rounded up to whole appends.
pub(crate) fn filled(events: u64) -> Orders {
    Orders {
        filled: events.div_ceil(FILL_BATCH) * FILL_BATCH,
        ..Orders::default()
    }
}

/// The orders of a log that grows to so many events: ten in each stream.
pub(crate) fn grown(events: u64) -> Orders {
    Orders {
        stream_events: GROWN_STREAM_EVENTS,
        ..filled(events)
    }
}

/// Seconds of a measurement, after a warming up.
pub(crate) fn timed(seconds: f64) -> Until {
    Until::Seconds {
        warm: seconds / 8.0,
        counted: seconds,
    }
}

/// Appends to a new log; batches as where a log is filled, single events each of a new stream.
pub(crate) fn appending(clients: usize, batch: u64, seconds: f64) -> Job {
    let filled = if batch > 1 { 10_000_000 } else { 0 };
    Job {
        address: String::new(),
        clients,
        orders: Orders {
            filled,
            ..Orders::default()
        },
        work: Work::Append(Append {
            first: 0,
            batch,
            condition: Condition::None,
            pace: Pace::Closed,
            until: timed(seconds),
        }),
    }
}

/// Fills a log.
pub(crate) fn filling(orders: Orders) -> Job {
    until_full(orders, FILL_CLIENTS, FILL_BATCH)
}

/// Lets a log grow.
pub(crate) fn growing(orders: Orders) -> Job {
    until_full(orders, GROWING_CLIENTS, GROWING_BATCH)
}

/// Lets a log grow for so many seconds, as [`growing`] does: no log is full by then.
pub(crate) fn steady(seconds: f64) -> Job {
    let mut job = growing(grown(STEADY_EVENTS));
    if let Work::Append(append) = &mut job.work {
        append.until = Until::Seconds {
            warm: 0.0,
            counted: seconds,
        };
    }
    job
}

fn until_full(orders: Orders, clients: usize, batch: u64) -> Job {
    Job {
        address: String::new(),
        clients,
        orders,
        work: Work::Append(Append {
            first: 0,
            batch,
            condition: Condition::None,
            pace: Pace::Closed,
            until: Until::Events(orders.filled),
        }),
    }
}

/// Appends to a filled log.
pub(crate) fn conditional(orders: Orders, first: u64, condition: Condition, seconds: f64) -> Job {
    Job {
        address: String::new(),
        clients: CONDITION_CLIENTS,
        orders,
        work: Work::Append(Append {
            first,
            batch: 1,
            condition,
            pace: Pace::Closed,
            until: timed(seconds),
        }),
    }
}

/// Reads of a filled log.
pub(crate) fn reading(orders: Orders, what: What, seconds: f64) -> Job {
    Job {
        address: String::new(),
        clients: 1,
        orders,
        work: Work::Read(Read { what, seconds }),
    }
}

/// Questions for single rows of the table that was made of a filled log.
pub(crate) fn finding(orders: Orders, clients: usize, seconds: f64) -> Job {
    Job {
        address: String::new(),
        clients,
        orders,
        work: Work::Find(Find {
            warm: seconds / 8.0,
            counted: seconds,
        }),
    }
}

/// Appends of one event to a new log, so many in a second.
pub(crate) fn paced(per_second: f64, seconds: f64) -> Job {
    let mut job = appending(PACED_CLIENTS, 1, seconds);
    if let Work::Append(append) = &mut job.work {
        append.pace = Pace::Open { per_second };
    }
    job
}

/// Waits for a server with a filled log.
pub(crate) fn opening(orders: Orders) -> Job {
    Job {
        address: String::new(),
        clients: 1,
        orders,
        work: Work::Open,
    }
}
