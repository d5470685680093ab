//! Every bound of the server, in one place.

use std::time::Duration;

/// What the server gives to its clients at most. Beyond a bound a client is told so: 408, 413, 429
/// or 503 with `Retry-After`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at the same time. One more is told so (over HTTP 503) and closed.
    pub connections_max: usize,
    /// Bytes of a request's line and headers, at least 8 KiB. More is told 431.
    pub header_bytes_max: usize,
    /// How long a connection may take to send a whole head, from the moment the server waits for
    /// one. One that began is told 408; an idle one is closed. As long, from its begin, a connection
    /// has for its first byte, the handshake of TLS, and where a protocol asks, to say who it is.
    pub header_timeout: Duration,
    /// How long a body may take to arrive: 408.
    pub body_timeout: Duration,
    /// Bytes of the body of an append. An append of 32 MiB fits in, as base64 too.
    pub append_body_bytes_max: usize,
    /// Bytes of any other body.
    pub body_bytes_max: usize,
    /// Bytes of all bodies of more than 64 KiB that are held at the same time: 503 beyond.
    pub large_bodies_bytes_max: usize,
    /// Bytes of all answers of more than 64 KiB to readers of the Kafka protocol that are held at the
    /// same time: answers are small beyond.
    pub large_answers_bytes_max: usize,
    /// How long an append may wait before it is written: 503 then, and it was not.
    pub append_wait_max: Duration,
    /// Reads and queries that run at the same time; more wait for their turn.
    pub reads_max: usize,
    /// Reads and queries that wait for their turn: 429 beyond.
    pub reads_waiting_max: usize,
    /// How long one waits for its turn: 503 then.
    pub read_wait_max: Duration,
    /// Queries of the PostgreSQL protocol that wait until their clients take more of them: 53000
    /// beyond. Well below the readers that a database has.
    pub resting_max: usize,
    /// How long an answer may wait for its reader to take more of it; then the connection is closed,
    /// so that nobody makes the server keep what it does not read.
    pub stall_max: Duration,
    /// How long a transaction of the PostgreSQL protocol may wait for its next statement: 25P03 then,
    /// and the connection is closed.
    pub idle_in_transaction_max: Duration,
    /// How long stopping waits for requests that were accepted.
    pub drain_max: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 1024,
            header_bytes_max: 64 << 10,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            append_body_bytes_max: 64 << 20,
            body_bytes_max: 2 << 20,
            large_bodies_bytes_max: 256 << 20,
            large_answers_bytes_max: 256 << 20,
            append_wait_max: Duration::from_secs(30),
            reads_max: 32,
            reads_waiting_max: 256,
            read_wait_max: Duration::from_secs(5),
            resting_max: 32,
            stall_max: Duration::from_secs(30),
            idle_in_transaction_max: Duration::from_secs(300),
            drain_max: Duration::from_secs(20),
        }
    }
}
