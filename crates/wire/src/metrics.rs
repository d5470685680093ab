//! What the server counts, and the text that Prometheus reads
//! (exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use headwater_node::{LogSizes, Node, NodeStats};
use tokio::task::JoinError;

use crate::protocol::Protocol;

/// Upper bounds of the buckets of latencies, in microseconds, and as Prometheus wants them.
const BUCKETS: [(u64, &str); 14] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
];

/// The counts of one route and method.
#[derive(Debug, Default)]
struct Route {
    statuses: Mutex<BTreeMap<u16, u64>>,
    /// One for each bucket, and one for what is above all of them.
    buckets: [AtomicU64; BUCKETS.len() + 1],
    micros: AtomicU64,
}

/// The connections of one protocol.
#[derive(Debug, Default)]
struct Connections {
    open: AtomicU64,
    total: AtomicU64,
    refused: AtomicU64,
    /// Wrong keys that were shown.
    keys_refused: AtomicU64,
}

/// Route template and method.
type RouteName = (&'static str, &'static str);

/// Everything that is counted in this crate.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    routes: RwLock<BTreeMap<RouteName, Arc<Route>>>,
    /// In the order of [`Protocol::ALL`].
    connections: [Connections; Protocol::ALL.len()],
    /// By command and SQLSTATE.
    statements: Mutex<BTreeMap<&'static str, BTreeMap<String, u64>>>,
    followers: AtomicU64,
    /// Connections that ended in a panic, which none should.
    panics: AtomicU64,
}

/// Something that is there as long as this lives.
#[derive(Debug)]
pub(crate) struct Counted {
    metrics: Arc<Metrics>,
    of: Gauge,
}

#[derive(Clone, Copy, Debug)]
enum Gauge {
    Connections(Protocol),
    Followers,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.metrics.gauge(self.of).fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// Counts a connection that was accepted.
    pub(crate) fn connection(self: &Arc<Metrics>, protocol: Protocol) -> Counted {
        let connections = &self.connections[protocol as usize];
        connections.total.fetch_add(1, Ordering::Relaxed);
        self.counted(Gauge::Connections(protocol))
    }

    /// Counts a connection that was sent away.
    pub(crate) fn connection_refused(&self, protocol: Protocol) {
        let connections = &self.connections[protocol as usize];
        connections.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a connection that ended as none should: in a panic.
    pub(crate) fn ended(&self, connection: &Result<(), JoinError>) {
        if connection.as_ref().is_err_and(JoinError::is_panic) {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a wrong key.
    pub(crate) fn key_refused(&self, protocol: Protocol) {
        let connections = &self.connections[protocol as usize];
        connections.keys_refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one that follows.
    pub(crate) fn follower(self: &Arc<Metrics>) -> Counted {
        self.counted(Gauge::Followers)
    }

    fn gauge(&self, of: Gauge) -> &AtomicU64 {
        match of {
            Gauge::Connections(protocol) => &self.connections[protocol as usize].open,
            Gauge::Followers => &self.followers,
        }
    }

    fn counted(self: &Arc<Metrics>, of: Gauge) -> Counted {
        self.gauge(of).fetch_add(1, Ordering::Relaxed);
        Counted {
            metrics: self.clone(),
            of,
        }
    }

    /// Counts a statement of the PostgreSQL protocol, and what came of it.
    pub(crate) fn statement(&self, command: &'static str, sqlstate: &str) {
        let mut statements = self
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner); // counts are never half changed
        let states = statements.entry(command).or_default();
        match states.get_mut(sqlstate) {
            Some(count) => *count += 1,
            None => {
                states.insert(sqlstate.to_owned(), 1);
            }
        }
    }

    /// Counts a request and how long it took until its answer began.
    pub(crate) fn request(
        &self,
        route: &'static str,
        method: &'static str,
        status: u16,
        took: Duration,
    ) {
        let route = self.route((route, method));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.partition_point(|(most, _)| *most < micros);
        route.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        route.micros.fetch_add(micros, Ordering::Relaxed);
        let mut statuses = route
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner); // counts are never half changed
        *statuses.entry(status).or_default() += 1;
    }

    fn route(&self, name: RouteName) -> Arc<Route> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = routes.get(&name) {
            return found.clone();
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        routes.entry(name).or_default().clone()
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self, node: &Node) -> String {
        let mut out = String::with_capacity(16 << 10);
        self.write_requests(&mut out);
        self.write_latencies(&mut out);
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        self.write_connections(&mut out);
        simple(
            &mut out,
            "connection_panics_total",
            "counter",
            "Connections that ended by an error of the server itself.",
            load(&self.panics),
        );
        self.write_statements(&mut out);
        simple(
            &mut out,
            "followers",
            "gauge",
            "Open follows.",
            load(&self.followers),
        );
        write_node(&mut out, &node.stats());
        out
    }

    fn write_connections(&self, out: &mut String) {
        type Count = fn(&Connections) -> &AtomicU64;
        let counts: [(&str, &str, &str, Count); 4] = [
            ("connections", "gauge", "Open connections.", |of| &of.open),
            (
                "connections_total",
                "counter",
                "Connections that were accepted.",
                |of| &of.total,
            ),
            (
                "connections_refused_total",
                "counter",
                "Connections that were sent away because there were too many.",
                |of| &of.refused,
            ),
            (
                "keys_refused_total",
                "counter",
                "Wrong keys that were shown.",
                |of| &of.keys_refused,
            ),
        ];
        for (name, kind, help, count) in counts {
            head(out, name, kind, help);
            for protocol in Protocol::ALL {
                let labels = format!("protocol=\"{}\"", protocol.as_str());
                let count = count(&self.connections[protocol as usize]);
                line(out, name, &labels, count.load(Ordering::Relaxed));
            }
        }
    }

    fn write_statements(&self, out: &mut String) {
        let name = "statements_total";
        let help = "Statements of the PostgreSQL protocol by command and SQLSTATE.";
        head(out, name, "counter", help);
        let statements = self
            .statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner); // as above
        for (command, states) in &*statements {
            for (sqlstate, count) in states {
                let labels = format!("command=\"{command}\",sqlstate=\"{sqlstate}\"");
                line(out, name, &labels, count);
            }
        }
    }

    fn write_requests(&self, out: &mut String) {
        head(
            out,
            "requests_total",
            "counter",
            "Requests by route, method and status.",
        );
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        for ((path, method), route) in &*routes {
            let statuses = route
                .statuses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for (status, count) in &*statuses {
                line(
                    out,
                    "requests_total",
                    &format!("route=\"{path}\",method=\"{method}\",status=\"{status}\""),
                    count,
                );
            }
        }
    }

    fn write_latencies(&self, out: &mut String) {
        let name = "request_seconds";
        head(out, name, "histogram", "Time until the answer begins.");
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        for ((path, method), route) in &*routes {
            let labels = format!("route=\"{path}\",method=\"{method}\"");
            let bounds = BUCKETS.iter().map(|(_, text)| *text).chain(["+Inf"]);
            let mut below = 0;
            for (bound, count) in bounds.zip(&route.buckets) {
                below += count.load(Ordering::Relaxed);
                let labels = format!("{labels},le=\"{bound}\"");
                line(out, "request_seconds_bucket", &labels, below);
            }
            let seconds = route.micros.load(Ordering::Relaxed) as f64 / 1e6;
            line(out, "request_seconds_sum", &labels, seconds);
            line(out, "request_seconds_count", &labels, below);
        }
    }
}

fn write_node(out: &mut String, stats: &NodeStats) {
    head(out, "databases", "gauge", "Databases by state.");
    for (state, count) in &stats.databases {
        line(out, "databases", &format!("state=\"{state}\""), count);
    }
    for (name, help, value) in counters(stats) {
        simple(out, name, "counter", help, value);
    }
    for (name, help, value) in gauges(&stats.held) {
        simple(out, name, "gauge", help, value);
    }
    write_upkeep(out, stats);
}

type Figure = (&'static str, &'static str, u64);

fn counters(stats: &NodeStats) -> [Figure; 8] {
    let counts = &stats.counts;
    [
        (
            "appends_total",
            "Appends that were written.",
            counts.appends,
        ),
        (
            "append_conflicts_total",
            "Appends that were refused by their condition.",
            counts.conflicts,
        ),
        ("commits_total", "Durable writes.", counts.commits),
        (
            "wakes_total",
            "Times that a database was opened.",
            stats.wakes,
        ),
        (
            "appended_bytes_total",
            "Bytes of appends that were written, before compression.",
            counts.appended_bytes,
        ),
        (
            "sealed_bytes_total",
            "Bytes of segments that were sealed.",
            counts.sealed_bytes,
        ),
        (
            "merged_bytes_total",
            "Bytes of segments that were merged from others.",
            counts.merged_bytes,
        ),
        (
            "slowed_commits_total",
            "Commits that were slowed because sealing or merging was behind.",
            counts.slowed,
        ),
    ]
}

fn gauges(held: &LogSizes) -> [Figure; 9] {
    [
        (
            "append_queue",
            "Appends that wait to be written.",
            held.queue,
        ),
        (
            "cache_bytes",
            "Bytes of commits that are kept in memory for reads.",
            held.cache_bytes,
        ),
        (
            "log_bytes",
            "Bytes of appends in databases that are awake, before compression.",
            held.bytes,
        ),
        (
            "tail_bytes",
            "Bytes of files of databases that are awake that are not sealed.",
            held.tail_bytes,
        ),
        (
            "unsealed_pieces",
            "Pieces of the tail that wait to be sealed; from 3 of a database on its writer is slowed.",
            held.pieces_waiting,
        ),
        (
            "segments",
            "Segments of databases that are awake.",
            held.segments,
        ),
        (
            "segment_bytes",
            "Bytes of segments of databases that are awake.",
            held.segment_bytes,
        ),
        (
            "merge_debt_segments",
            "Segments that are due to be merged; beyond 128 of a database its writer is slowed.",
            held.segments_due,
        ),
        (
            "merge_debt_bytes",
            "Bytes of segments that are due to be merged.",
            held.merge_debt,
        ),
    ]
}

/// What is no whole number, and what has labels.
fn write_upkeep(out: &mut String, stats: &NodeStats) {
    let (counts, held) = (&stats.counts, &stats.held);
    simple(
        out,
        "slowed_seconds_total",
        "counter",
        "How long commits were slowed because sealing or merging was behind.",
        counts.slowed_for.as_secs_f64(),
    );
    let name = "upkeep_failures_total";
    head(out, name, "counter", "Attempts that failed, by work.");
    line(out, name, "work=\"sealing\"", counts.seal_failures);
    line(out, name, "work=\"merging\"", counts.merge_failures);
    simple(
        out,
        "write_amplification",
        "gauge",
        "Bytes written for each byte of appends, in the life of databases that are awake.",
        ratio(held.bytes + held.segment_writes, held.bytes),
    );
    simple(
        out,
        "space_amplification",
        "gauge",
        "Bytes of files for each byte of appends, of databases that are awake.",
        ratio(held.tail_bytes + held.segment_bytes, held.bytes),
    );
}

fn simple(out: &mut String, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
    head(out, name, kind, help);
    let _ = writeln!(out, "headwater_{name} {value}"); // a String takes everything
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP headwater_{name} {help}"); // a String takes everything
    let _ = writeln!(out, "# TYPE headwater_{name} {kind}");
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = writeln!(out, "headwater_{name}{{{labels}}} {value}"); // a String takes everything
}

/// 0 if there is nothing to compare with.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}
