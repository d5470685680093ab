//! Folding: events of the log become rows, in order, each once.
//!
//! ```text
//! page of events ── one transaction ──> rows + checkpoint
//!      │ a statement fails
//!      └─> rolled back; the events before it again, with a checkpoint right before it that
//!          tells of the failure
//! ```
//!
//! Only the event types that the definition names are read, but the checkpoint moves to where the
//! log was scanned. A statement sees nothing but its own tables and the event, and its work is
//! bounded by steps of SQLite's machine and not by time, so that a fold can be repeated anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use headwater_event::limits::{QUERY_ITEM_NAMES_MAX, QUERY_ITEMS_MAX};
use headwater_event::{Error, Event, Position, Query, QueryItem};
use headwater_journal::{Direction, Page, Read};
use headwater_sql::{SqlError, sqlstate};

use crate::definition::HandlerStatement;
use crate::fields::Fields;
use crate::model_file::{Checkpoint, Lasting, ModelFile, Owner, write_checkpoint};
use crate::trouble::Trouble;
use crate::{Definition, Failure};

/// Steps of SQLite's machine between two looks at the bounds.
const STEPS_BETWEEN: u16 = 10_000;

/// Steps that one statement may take for one event.
pub(crate) const STATEMENT_STEPS_MAX: u64 = 100_000_000;

/// How much is folded in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    /// Events.
    pub events_max: usize,
    /// Bytes of events, about.
    pub bytes_max: usize,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch {
            events_max: 4096,
            bytes_max: 4 << 20,
        }
    }
}

/// Why a batch was not folded.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The projection stands still at an event.
    Failed(Box<Failure>),
    /// The file cannot be trusted any more.
    Damaged(String),
    /// The log or the machine; the same may work later.
    Error(Error),
    /// Folding was called off.
    Interrupted,
}

/// A read model that is open for folding.
pub(crate) struct Fold {
    file: ModelFile,
    definition: Definition,
    query: Query,
    /// Looks at the bounds that the running statement has used up.
    looks: Arc<AtomicU64>,
}

impl Fold {
    /// Opens the file at `path`, or makes it. Setting `stop` interrupts what runs.
    pub(crate) fn open(
        path: &std::path::Path,
        owner: Owner<'_>,
        lasting: Lasting,
        stop: Arc<AtomicBool>,
    ) -> Result<Fold, Error> {
        let mut file = ModelFile::open(path, owner, lasting)?;
        let looks = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&looks);
        file.connection
            .progress_handler(
                i32::from(STEPS_BETWEEN.cast_signed()),
                Some(move || {
                    let used = counted.fetch_add(1, Ordering::Relaxed);
                    used >= STATEMENT_STEPS_MAX / u64::from(STEPS_BETWEEN)
                        || stop.load(Ordering::Relaxed)
                }),
            )
            .map_err(|error| Trouble::of(error, path).into_error(path))?;
        Ok(Fold {
            file,
            query: query_of(owner.definition),
            definition: owner.definition.clone(),
            looks,
        })
    }

    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.file.checkpoint
    }

    /// Whether somebody deleted or replaced the file under us.
    pub(crate) fn is_moved(&self) -> bool {
        self.file.is_moved()
    }

    /// Folds one batch, to `until` at most. The checkpoint tells how far it came.
    pub(crate) fn batch(
        &mut self,
        owner: Owner<'_>,
        until: Position,
        batch: Batch,
    ) -> Result<(), Stop> {
        if let Some(failure) = &self.file.checkpoint.failure
            && owner.skips.binary_search(&failure.position).is_err()
        {
            return Err(Stop::Failed(Box::new(failure.clone())));
        }
        let page = owner
            .journal
            .read(&Read {
                query: self.query.clone(),
                direction: Direction::Forward {
                    after: self.file.checkpoint.position,
                },
                limit: batch.events_max,
                until: Some(until),
                bytes_max: batch.bytes_max,
            })
            .map_err(Stop::Error)?;
        self.page(owner, &page)
    }

    fn page(&mut self, owner: Owner<'_>, page: &Page) -> Result<(), Stop> {
        let failure = match self.apply(owner, &page.events, page.scanned, None) {
            Err(Stop::Failed(failure)) => failure,
            done => return done,
        };
        let before = page
            .events
            .partition_point(|event| event.position < failure.position);
        self.apply(
            owner,
            &page.events[..before],
            Position(failure.position.0 - 1),
            Some((*failure).clone()),
        )?;
        Err(Stop::Failed(failure))
    }

    /// Says in the file that the read model has been at the head.
    pub(crate) fn set_built(&mut self, owner: Owner<'_>) -> Result<(), Stop> {
        let checkpoint = Checkpoint {
            built: true,
            ..self.file.checkpoint.clone()
        };
        self.transaction(|fold| fold.keep(owner, &checkpoint))?;
        self.file.checkpoint = checkpoint;
        Ok(())
    }

    /// The events and the checkpoint at `position`, in one transaction. `failure` is why it goes no
    /// further.
    fn apply(
        &mut self,
        owner: Owner<'_>,
        events: &[Event],
        position: Position,
        failure: Option<Failure>,
    ) -> Result<(), Stop> {
        let up_to = owner.skips.partition_point(|skip| *skip <= position);
        let head = owner.journal.head();
        let checkpoint = Checkpoint {
            position,
            boundary: head.position,
            chain: head.chain,
            built: self.file.checkpoint.built || position == head.position,
            skipped: owner.skips[..up_to].to_vec(),
            failure,
        };
        self.transaction(|fold| {
            fold.file.guard.close();
            for event in events {
                if owner.skips.binary_search(&event.position).is_err() {
                    fold.event(event)?;
                }
            }
            fold.file.guard.open();
            fold.keep(owner, &checkpoint)
        })?;
        self.file.checkpoint = checkpoint;
        Ok(())
    }

    /// Runs `work` in a transaction: all of it or nothing.
    fn transaction(&mut self, work: impl FnOnce(&Fold) -> Result<(), Stop>) -> Result<(), Stop> {
        let own = |fold: &Fold, sql: &str| {
            fold.looks.store(0, Ordering::Relaxed);
            fold.file.guard.open();
            let done = fold.file.connection.execute_batch(sql);
            done.map_err(|error| fold.stop(error))
        };
        own(self, "begin immediate")?;
        let done = work(self).and_then(|()| own(self, "commit"));
        if done.is_err() && !self.file.connection.is_autocommit() {
            // Should this fail too, the next `begin` fails and tells.
            let _ = own(self, "rollback");
        }
        done
    }

    fn keep(&self, owner: Owner<'_>, checkpoint: &Checkpoint) -> Result<(), Stop> {
        self.looks.store(0, Ordering::Relaxed);
        write_checkpoint(
            &self.file.connection,
            owner.definition,
            owner.journal.log_id(),
            checkpoint,
        )
        .map_err(|error| self.stop(error))
    }

    /// An error where no statement of the definition is at work.
    fn stop(&self, error: rusqlite::Error) -> Stop {
        let path = self.file.path();
        match Trouble::of(error, path) {
            Trouble::Damaged(found) => Stop::Damaged(found),
            Trouble::Interrupted => Stop::Interrupted,
            other => Stop::Error(other.into_error(path)),
        }
    }

    /// Runs every statement of the event's type.
    fn event(&self, event: &Event) -> Result<(), Stop> {
        let fields = Fields::new(event);
        for statement in self.definition.statements_of(event.event_type.as_str()) {
            if let Err(trouble) = self.statement(statement, &fields) {
                return Err(self.stopped(trouble, statement, event));
            }
        }
        Ok(())
    }

    fn statement(&self, statement: &HandlerStatement, fields: &Fields<'_>) -> Result<(), Trouble> {
        let trouble = |error| Trouble::of(error, self.file.path());
        let handler = &statement.handler;
        let connection = &self.file.connection;
        let mut prepared = connection
            .prepare_cached(&handler.sqlite)
            .map_err(trouble)?;
        for (index, param) in handler.params.iter().enumerate() {
            let value = fields.value(param).map_err(Trouble::Statement)?;
            prepared
                .raw_bind_parameter(index + 1, value.to_sqlite())
                .map_err(trouble)?;
        }
        self.looks.store(0, Ordering::Relaxed);
        prepared.raw_execute().map_err(trouble)?;
        Ok(())
    }

    /// Why the statement did not do its work for the event.
    fn stopped(&self, trouble: Trouble, statement: &HandlerStatement, event: &Event) -> Stop {
        let error = match trouble {
            Trouble::Machine(error) => return Stop::Error(error),
            Trouble::Damaged(found) => return Stop::Damaged(found),
            Trouble::Interrupted => {
                let looks = self.looks.load(Ordering::Relaxed);
                if looks <= STATEMENT_STEPS_MAX / u64::from(STEPS_BETWEEN) {
                    return Stop::Interrupted;
                }
                too_much_work()
            }
            Trouble::Statement(error) => error,
        };
        Stop::Failed(Box::new(failure(&error, statement, event)))
    }
}

fn too_much_work() -> SqlError {
    SqlError::new(
        sqlstate::STATEMENT_TOO_COMPLEX,
        format!("the statement takes more than {STATEMENT_STEPS_MAX} steps for one event"),
    )
    .with_hint("An index on the columns that it looks for makes it quicker.")
}

fn failure(error: &SqlError, statement: &HandlerStatement, event: &Event) -> Failure {
    let mut message = error.message().to_owned();
    for more in [error.detail(), error.hint()].into_iter().flatten() {
        message.push_str("; ");
        message.push_str(more);
    }
    Failure {
        position: event.position,
        event_id: Some(event.id),
        event_type: event.event_type.to_string(),
        statement: statement.text.clone(),
        line: statement.line,
        code: error.sqlstate().to_owned(),
        message,
    }
}

/// The events that the definition handles.
fn query_of(definition: &Definition) -> Query {
    let items: Vec<QueryItem> = definition
        .types()
        .chunks(QUERY_ITEM_NAMES_MAX)
        .map(|types| QueryItem {
            types: types.to_vec(),
            ..QueryItem::default()
        })
        .collect();
    // More types than a query can name: all events are read, and the others do nothing.
    if items.len() > QUERY_ITEMS_MAX {
        Query::all()
    } else {
        Query { items }
    }
}
