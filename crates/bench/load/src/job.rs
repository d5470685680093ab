//! What a driver is told to do, and what it tells of it.
//!
//! ```text
//! compare                      driver of one database, a process of its own
//!    | -- Job, one line of JSON -->  |  connects
//!    | <-- "ready" ----------------  |
//!    | -- "go" ------------------->  |  loads the database
//!    | <-- Outcome, one line ------  |
//!    | -- end of input ----------->  |  disconnects
//! ```
//!
//! So the processor time of the server can be read right before and right after the load.

use serde::{Deserialize, Serialize};

use crate::order::Orders;
use crate::samples::Latency;

/// One measurement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Where the database is, as its driver understands it.
    pub address: String,
    /// How many connections, each with one request at a time.
    pub clients: usize,
    /// The events of the log.
    pub orders: Orders,
    /// What to do.
    pub work: Work,
}

/// What to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Work {
    /// Append.
    Append(Append),
    /// Read.
    Read(Read),
    /// Ask a table for rows.
    Find(Find),
    /// Wait for a server that is being started: connect and read a hundred events next to each
    /// other, again and again until it works.
    Open,
}

/// Appends of new events.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Append {
    /// Number of the first order to append.
    pub first: u64,
    /// Events in each append.
    pub batch: u64,
    /// Under which condition.
    pub condition: Condition,
    /// How fast.
    pub pace: Pace,
    /// How long.
    pub until: Until,
}

/// Under which condition an append is made. All of them hold: it is never refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// None.
    None,
    /// No event has a tag that no event has: a name is taken once.
    Absent,
    /// No event has two tags together, that are on events of long ago, but on none together.
    Cold,
    /// No event with such tags came after the position that this client saw last.
    Recent,
}

/// How fast.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Pace {
    /// Each client sends the next request when it has its answer.
    Closed,
    /// Requests come at random times, so many in a second, whether or not others are answered;
    /// their latency counts from when they came.
    Open {
        /// Requests in a second.
        per_second: f64,
    },
}

/// How long.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Until {
    /// So many seconds, after a warming up that is not counted.
    Seconds {
        /// Not counted.
        warm: f64,
        /// Counted.
        counted: f64,
    },
    /// Until so many events are appended.
    Events(u64),
}

/// Reads of a filled log.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Read {
    /// Of which events.
    pub what: What,
    /// How long; a read of all is made once, whatever it takes.
    pub seconds: f64,
}

/// Questions to the table that has a row for each order of a filled log, one row at a time by its
/// primary key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Find {
    /// Seconds that are not counted.
    pub warm: f64,
    /// Seconds that are.
    pub counted: f64,
}

/// Of which events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// All, in order.
    All,
    /// One stream, whose hundred events are scattered over the log.
    Stream,
    /// One tag, of about a hundred events at random places.
    Tag,
    /// One tag, of a hundred events next to each other.
    Neighbours,
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests that were counted.
    pub requests: u64,
    /// Events that were counted: appended, or read.
    pub events: u64,
    /// Seconds that were counted.
    pub seconds: f64,
    /// Requests in all, also those of the warming up: what the server's work is divided by.
    pub requests_all: u64,
    /// Events in all.
    pub events_all: u64,
    /// Bytes of answers.
    pub bytes: u64,
    /// How long the requests took.
    pub latency: Latency,
    /// Seconds since the start, and events appended by then.
    pub progress: Vec<(f64, u64)>,
}
