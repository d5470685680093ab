//! What a statement gives while it runs: rows that are there, rows that are made, or a word.

use std::sync::Arc;
use std::vec::IntoIter;

use headwater_node::{Answer, CancelHandle, RowBatch};
use headwater_sql::{OutputColumn, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::gate::{Gate, Growing, Pass};
use crate::postgres::copy::CopyOptions;
use crate::postgres::failure::Failure;

/// A statement that runs, or has run.
pub(crate) struct Running {
    /// The columns of its rows; `None` if it has none.
    pub(crate) columns: Option<Vec<OutputColumn>>,
    source: Source,
    /// The rows that were taken so far.
    taken: u64,
    tag: Tag,
    /// Rows are written as lines of a copy.
    pub(crate) copy: Option<CopyOptions>,
    /// Memory that was reserved for rows that are there.
    _reserved: Growing,
}

/// What is said of a statement when it is complete.
#[derive(Clone, Debug)]
pub(crate) enum Tag {
    /// These words.
    Word(&'static str),
    /// These words and how many rows there were.
    Rows(&'static str),
    /// So many events were appended.
    Inserted(usize),
    /// So many rows were stepped over.
    Moved(u64),
}

enum Source {
    Ready(IntoIter<Vec<Value>>),
    Query(Box<QueryRows>),
}

/// The rows of a query, which are made while they are taken.
struct QueryRows {
    answer: Answer,
    batch: IntoIter<Vec<Value>>,
    ended: bool,
    cancel: CancelHandle,
    /// The right to run, while somebody takes rows.
    pass: Option<Pass>,
    /// The right to wait until somebody takes more.
    resting: Option<OwnedSemaphorePermit>,
}

impl Running {
    /// A command that is done, without rows.
    pub(crate) fn done(word: &'static str) -> Running {
        Running::of(None, Vec::new(), Tag::Word(word))
    }

    /// The end of a query that has no more rows.
    pub(crate) fn empty(columns: Vec<OutputColumn>) -> Running {
        Running::of(Some(columns), Vec::new(), Tag::Rows("SELECT"))
    }

    /// A cursor that stepped over so many rows.
    pub(crate) fn moved(rows: u64) -> Running {
        Running::of(None, Vec::new(), Tag::Moved(rows))
    }

    /// Rows that are there.
    pub(crate) fn rows(columns: Vec<OutputColumn>, rows: RowBatch, tag: Tag) -> Running {
        Running::of(Some(columns), rows, tag)
    }

    /// Rows that were fetched from a cursor, and the memory that was reserved for them.
    pub(crate) fn fetched(
        columns: Vec<OutputColumn>,
        rows: RowBatch,
        reserved: Growing,
    ) -> Running {
        Running {
            _reserved: reserved,
            ..Running::rows(columns, rows, Tag::Rows("FETCH"))
        }
    }

    /// An append that is durable, or waits for the end of its transaction.
    pub(crate) fn inserted(columns: Vec<OutputColumn>, rows: RowBatch, events: usize) -> Running {
        let columns = (!columns.is_empty()).then_some(columns);
        Running::of(columns, rows, Tag::Inserted(events))
    }

    fn of(columns: Option<Vec<OutputColumn>>, rows: RowBatch, tag: Tag) -> Running {
        Running {
            columns,
            source: Source::Ready(rows.into_iter()),
            taken: 0,
            tag,
            copy: None,
            _reserved: Growing::default(),
        }
    }

    /// A query that has begun.
    pub(crate) fn query(mut answer: Answer, cancel: CancelHandle, pass: Pass) -> Running {
        Running {
            columns: Some(std::mem::take(&mut answer.columns)),
            source: Source::Query(Box::new(QueryRows {
                answer,
                batch: Vec::new().into_iter(),
                ended: false,
                cancel,
                pass: Some(pass),
                resting: None,
            })),
            taken: 0,
            tag: Tag::Rows("SELECT"),
            copy: None,
            _reserved: Growing::default(),
        }
    }

    /// The same query, as a copy.
    pub(crate) fn copied(mut self, options: CopyOptions) -> Running {
        self.tag = Tag::Rows("COPY");
        self.copy = Some(options);
        self
    }

    /// What calls it off, if it still works.
    pub(crate) fn cancel(&self) -> Option<CancelHandle> {
        match &self.source {
            Source::Query(query) => Some(query.cancel.clone()),
            Source::Ready(_) => None,
        }
    }

    /// Waits for the right to run again, if it was given back.
    pub(crate) async fn go_on(&mut self, gate: &Gate) -> Result<(), Failure> {
        if let Source::Query(query) = &mut self.source
            && query.pass.is_none()
        {
            query.pass = Some(gate.pass().await?);
            query.resting = None;
        }
        Ok(())
    }

    /// Gives the right to run back: nobody takes rows for a while, and others wait. A query that
    /// rests keeps its reader, so only so many may: 53000 beyond.
    pub(crate) fn rest(&mut self, room: &Arc<Semaphore>) -> Result<(), Failure> {
        let Source::Query(query) = &mut self.source else {
            return Ok(());
        };
        query.pass = None;
        if !query.ended && query.resting.is_none() {
            let permit = Arc::clone(room).try_acquire_owned().map_err(|_| {
                Failure::new("53000", "too many queries wait for their clients")
                    .hint("Read cursors to their end or close them, and try again.")
            })?;
            query.resting = Some(permit);
        }
        Ok(())
    }

    /// The next row that is there without waiting; `None` if one must be waited for, or at the end.
    pub(crate) fn take(&mut self) -> Option<Vec<Value>> {
        let row = match &mut self.source {
            Source::Ready(rows) => rows.next(),
            Source::Query(query) => query.batch.next(),
        };
        self.taken += u64::from(row.is_some());
        row
    }

    /// Waits until there are more rows. `false` at the end.
    pub(crate) async fn fill(&mut self) -> Result<bool, Failure> {
        let query = match &mut self.source {
            Source::Ready(rows) => return Ok(rows.len() > 0),
            Source::Query(query) => query,
        };
        if query.batch.len() == 0 && !query.ended {
            match query.answer.next().await.transpose()? {
                Some(batch) => query.batch = batch.into_iter(),
                None => query.ended = true,
            }
        }
        Ok(query.batch.len() > 0)
    }

    /// What is said when it is complete.
    pub(crate) fn tag(&self) -> String {
        match self.tag {
            Tag::Word(word) => word.to_owned(),
            Tag::Rows(word) => format!("{word} {}", self.taken),
            Tag::Moved(rows) => format!("MOVE {rows}"),
            Tag::Inserted(events) => format!("INSERT 0 {events}"),
        }
    }

    /// From now on rows are counted from 0, as each fetch from a cursor counts its own.
    pub(crate) fn count_from_here(&mut self) {
        self.taken = 0;
    }
}
