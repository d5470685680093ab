//! Queries: each runs on a thread of its own that works ahead of its reader by a batch or two; one that
//! is known to be brief on the thread that asks.

use std::time::Duration;

use headwater_event::Position;
use headwater_projection::{CancelHandle, Description, Error, Request, Rows};
use headwater_sql::{OutputColumn, Type, Value};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::DatabaseHandle;
use crate::database::panicked;
use crate::node::blocking;

/// Batches that are ready before their reader has asked for them.
const BATCHES_AHEAD: usize = 1;

/// Rows of an answer.
pub type RowBatch = Vec<Vec<Value>>;

/// The answer of a query: its rows are made while they are read. Dropping it calls the query off.
/// The database stays awake as long as it lives.
pub struct Answer {
    /// The columns.
    pub columns: Vec<OutputColumn>,
    /// The position that the answer reflects.
    pub position: Position,
    rows: Source,
    handle: DatabaseHandle,
    _cancel: CancelOnDrop,
}

/// Where the rows come from.
enum Source {
    /// All of them are here, until they are taken.
    Here(Option<RowBatch>),
    /// A thread makes them.
    Made {
        batches: mpsc::Receiver<Result<RowBatch, Error>>,
        thread: Option<JoinHandle<Ended>>,
    },
}

/// How the thread of a query came to its end.
enum Ended {
    /// Every row was taken.
    Whole,
    /// Its reader took nothing for so long.
    Stalled(Duration),
}

/// What is known before the first row.
struct Head {
    columns: Vec<OutputColumn>,
    position: Position,
}

struct CancelOnDrop(CancelHandle);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl DatabaseHandle {
    /// Answers a query; returns when its first rows can be read. A reader that takes nothing for
    /// `stall_max` loses it. Dropping the future calls the query off.
    pub async fn query(&self, mut request: Request, stall_max: Duration) -> Result<Answer, Error> {
        let cancel = CancelOnDrop(request.cancel.clone());
        request.database = self.name().to_string();
        let projections = self.open_projections().await?;
        if let Some(whole) = projections.query_at_once(&request) {
            return Ok(Answer {
                columns: whole.columns,
                position: whole.position,
                rows: Source::Here((!whole.rows.is_empty()).then_some(whole.rows)),
                handle: self.clone(),
                _cancel: cancel,
            });
        }
        let (head, told) = oneshot::channel();
        let (rows, batches) = mpsc::channel(BATCHES_AHEAD);
        let runtime = Handle::current();
        let thread = tokio::task::spawn_blocking(move || {
            match projections.query(request) {
                Ok(answer) => run(answer, head, &rows, &runtime, stall_max),
                Err(error) => {
                    drop(head.send(Err(error))); // nobody waits any more
                    Ended::Whole
                }
            }
        });
        match told.await {
            Ok(Ok(head)) => Ok(Answer {
                columns: head.columns,
                position: head.position,
                rows: Source::Made {
                    batches,
                    thread: Some(thread),
                },
                handle: self.clone(),
                _cancel: cancel,
            }),
            Ok(Err(error)) => Err(self.judge(error)),
            Err(_) => Err(self.judge(ended(thread).await)),
        }
    }
}

impl DatabaseHandle {
    /// Looks at a statement without running it: its parameters, of which `params` are the types
    /// that are known, and its columns. No read model is folded.
    pub async fn describe(
        &self,
        sql: String,
        params: Vec<Option<Type>>,
    ) -> Result<Description, Error> {
        let projections = self.open_projections().await?;
        let described = blocking(move || projections.describe(&sql, &params)).await;
        described.map_err(|error| self.judge(error))
    }
}

impl Answer {
    /// The next rows; `None` at the end. After an error there are no more.
    pub async fn next(&mut self) -> Option<Result<RowBatch, Error>> {
        let (batches, thread) = match &mut self.rows {
            Source::Here(rows) => return rows.take().map(Ok),
            Source::Made { batches, thread } => (batches, thread),
        };
        let batch = match batches.recv().await {
            Some(batch) => batch,
            None => match thread.take()?.await {
                Ok(Ended::Whole) => return None,
                Ok(Ended::Stalled(stall_max)) => Err(stalled(stall_max).into()),
                Err(error) => Err(panicked(&error).into()),
            },
        };
        Some(batch.map_err(|error| self.handle.judge(error)))
    }
}

/// Hands the rows out until their end, or until nobody takes them.
fn run(
    mut answer: Rows,
    head: oneshot::Sender<Result<Head, Error>>,
    rows: &mpsc::Sender<Result<RowBatch, Error>>,
    runtime: &Handle,
    stall_max: Duration,
) -> Ended {
    let known = Head {
        columns: answer.columns().to_vec(),
        position: answer.position(),
    };
    if head.send(Ok(known)).is_err() {
        return Ended::Whole; // nobody waits any more
    }
    while let Some(batch) = answer.next_batch().transpose() {
        let last = batch.is_err();
        let taken = runtime.block_on(rows.send_timeout(batch, stall_max));
        match taken {
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => return Ended::Stalled(stall_max),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Ended::Whole,
            Ok(()) if last => return Ended::Whole,
            Ok(()) => {}
        }
    }
    Ended::Whole
}

/// The rest of the rows is gone: an answer that is cut short must not look whole.
fn stalled(stall_max: Duration) -> headwater_event::Error {
    headwater_event::Error::new(
        headwater_event::Kind::Deadline,
        "deadline",
        "the rest of the answer was given up, because nobody took it",
    )
    .expected(format!("a reader that takes rows within {stall_max:?}"))
    .action("ask again, and read without long pauses or in smaller parts")
}

async fn ended(thread: JoinHandle<Ended>) -> Error {
    match thread.await {
        Err(error) => panicked(&error).into(),
        Ok(_) => headwater_event::Error::new(
            headwater_event::Kind::Internal,
            "internal",
            "the query ended without an answer",
        )
        .into(),
    }
}
