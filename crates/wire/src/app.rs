//! What all connections share.

use std::sync::Arc;

use headwater_node::Node;
use tokio::sync::{Semaphore, watch};

use crate::attempts::Attempts;
use crate::gate::{BodyBudget, Gate};
use crate::kafka::{Groups, Sequences, Settling};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::options::Advertised;
use crate::postgres::{Backends, Unanswered};
use crate::tls::Tls;

/// What all connections share.
pub(crate) struct App {
    pub(crate) node: Node,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    /// The certificate, if there is one.
    pub(crate) tls: Option<Tls>,
    /// What Kafka clients are told to connect to, if that is not what they reached.
    pub(crate) advertised: Option<Advertised>,
    /// Who showed wrong keys.
    pub(crate) attempts: Attempts,
    pub(crate) reads: Gate,
    pub(crate) bodies: BodyBudget,
    /// The memory for large answers that wait for their readers.
    pub(crate) answers: BodyBudget,
    /// One for each query that may wait until its client takes more of it.
    pub(crate) resting: Arc<Semaphore>,
    /// One for each connection that may have not said yet who it is: those that have are not shut out by
    /// them.
    pub(crate) guests: Arc<Semaphore>,
    /// One for each restore that may run.
    pub(crate) restores: Arc<Semaphore>,
    /// Who is connected with the PostgreSQL protocol.
    pub(crate) backends: Arc<Backends>,
    /// Questions of drivers and tools that were not answered.
    pub(crate) unanswered: Unanswered,
    /// One for each batch of records that may be decompressed.
    pub(crate) decompressions: Arc<Semaphore>,
    /// Consumer groups.
    pub(crate) groups: Groups,
    /// Databases that were just given another number of partitions.
    pub(crate) settling: Settling,
    /// What is known of producers that number their records.
    pub(crate) sequences: Sequences,
    /// True once the server is stopping.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// As every connection has it.
pub(crate) type Shared = Arc<App>;
