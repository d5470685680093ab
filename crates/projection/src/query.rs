//! Answering a query: one position for everything that it reads.
//!
//! ```text
//! P = head at arrival ─> read models folded to P, taking turns with others
//!                     ─> all their locks, in the order of names; those behind folded to
//!                        T = the furthest of them, at least P
//!                     ─> one transaction over all files, every one seen at T
//!                     ─> locks let go; the statement runs, and sees T whatever is folded meanwhile
//! ```
//!
//! The answer says T. A read model that another took the place of meanwhile sends the query back to
//! the start, where it finds the new one.

use std::sync::Arc;

use headwater_event::{Error as EventError, Kind, Position, Timestamp};
use headwater_sql::{Catalog, OutputColumn, Session, SqlError, Type, Value};
use rusqlite::types::Value as Stored;

use crate::as_of::Taken;
use crate::deadline::{Deadline, Over};
use crate::live::{Live, LiveModel};
use crate::model::{Behind, Held};
use crate::prepared::Prepared;
use crate::projections::Inner;
use crate::reader::{Attached, FILES_MAX, Lease};
use crate::rows::Bounds;
use crate::trouble::Trouble;
use crate::{At, Consistency, Description, Error, Params, Request, Rows};

/// How often a query looks again for what took the place of a read model.
const ATTEMPTS_MAX: usize = 8;

/// `08P01`, protocol violation, as PostgreSQL has it for a wrong number of parameters.
const WRONG_NUMBER_OF_PARAMETERS: &str = "08P01";

/// A translated query and the read models that it names.
pub(crate) struct Plan {
    prepared: Arc<Prepared>,
    params: Vec<Stored>,
    /// Those that are to be pinned.
    models: Vec<LiveModel>,
    /// The tables that the catalogs tell of.
    catalog: Catalog,
    /// When the query arrived, in microseconds since 1970.
    now: i64,
}

/// How a statement runs.
pub(crate) enum Run {
    /// Until the deadline of the query.
    Usual,
    /// The same, and if it takes more than a few steps until this one as well.
    Brief(Deadline),
}

/// Why an attempt gave no answer.
pub(crate) enum Missed {
    /// A read model was replaced; look again.
    Again,
    Error(Error),
}

impl<E: Into<Error>> From<E> for Missed {
    fn from(error: E) -> Missed {
        Missed::Error(error.into())
    }
}

impl Inner {
    pub(crate) fn query(self: &Arc<Inner>, request: Request) -> Result<Rows, Error> {
        let head = self.journal.head().position;
        let now = self.env.now().as_micros();
        let deadline = Deadline::new(
            Arc::clone(&self.env),
            request.timeout,
            request.cancel.clone(),
        );
        self.wait_for(request.wait_for, &deadline)?;
        let floor = head.max(request.wait_for.unwrap_or(head));
        for _ in 0..ATTEMPTS_MAX {
            let plan = Plan::make(&*self.live()?, &request, now)?;
            let answer = match request.at {
                Some(at) => self.answer_as_of(plan, at, &request, &deadline),
                None => self.answer_now(plan, floor, &request, &deadline),
            };
            match answer {
                Err(Missed::Again) => {}
                Err(Missed::Error(error)) => return Err(error),
                Ok(rows) => return Ok(rows),
            }
        }
        Err(replaced_too_often().into())
    }

    /// Looks at a statement without running it; no read model is folded.
    pub(crate) fn describe(
        self: &Arc<Inner>,
        sql: &str,
        params: &[Option<Type>],
    ) -> Result<Description, Error> {
        let live = self.live()?;
        let query = headwater_sql::compile_query(sql, &live.catalog, params)?;
        let models = live.models_of(&query.tables);
        Ok(Description {
            params: query.params,
            columns: query.columns,
            projections: models.into_iter().map(|live| live.name).collect(),
        })
    }

    /// Blocks until the log has come to a position.
    fn wait_for(&self, position: Option<Position>, deadline: &Deadline) -> Result<(), Error> {
        let Some(position) = position else {
            return Ok(());
        };
        loop {
            let head = self.journal.head().position;
            if head >= position {
                return Ok(());
            }
            match deadline.over() {
                None => deadline.pause(),
                Some(Over::Cancelled) => return Err(Over::Cancelled.error()),
                Some(Over::Passed) => return Err(not_there(position, head).into()),
            }
        }
    }

    fn answer_now(
        self: &Arc<Inner>,
        plan: Plan,
        floor: Position,
        request: &Request,
        deadline: &Deadline,
    ) -> Result<Rows, Missed> {
        let floor = match request.consistency {
            Consistency::Fresh => floor,
            Consistency::Eventual if plan.models.is_empty() => floor,
            Consistency::Eventual => request.wait_for.unwrap_or(Position::ZERO),
        };
        reach_all(&plan.models, floor, deadline)?;
        let (lease, position) = self.pin(&plan.models, floor, deadline)?;
        if !plan.models.is_empty() {
            self.worker.start(self);
        }
        run(plan, lease, position, request, deadline, Run::Usual)
    }

    fn answer_as_of(
        self: &Arc<Inner>,
        mut plan: Plan,
        at: At,
        request: &Request,
        deadline: &Deadline,
    ) -> Result<Rows, Missed> {
        let position = self.moment(at)?;
        if let Some(lease) = self.pin_live(&plan.models, position, deadline)? {
            return run(plan, lease, position, request, deadline, Run::Usual);
        }
        // They go back when this ends; by then the query has fixed what it sees of them.
        let taken: Vec<Taken> = plan
            .models
            .iter()
            .map(|live| self.as_of.take(&live.model, &self.journal, position))
            .collect();
        for (live, taken) in plan.models.iter_mut().zip(&taken) {
            live.model = Arc::clone(taken);
            let reached = live.model.reach(position, deadline);
            reached.map_err(|behind| missed(behind, &live.name, position, deadline))?;
        }
        let (mut lease, position) = self.pin(&plan.models, position, deadline)?;
        if !plan.models.is_empty() {
            lease.close_after();
        }
        run(plan, lease, position, request, deadline, Run::Usual)
    }

    /// Fixes the read models that answer now, if none of them is further than this position: what
    /// was so a moment ago costs no more than what is so now.
    fn pin_live(
        self: &Arc<Inner>,
        models: &[LiveModel],
        position: Position,
        deadline: &Deadline,
    ) -> Result<Option<Lease>, Missed> {
        let is_further = |live: &LiveModel| live.model.position() > position;
        if models.iter().any(is_further) {
            return Ok(None);
        }
        reach_all(models, position, deadline)?;
        if models.iter().any(is_further) {
            return Ok(None);
        }
        let (lease, reached) = self.pin(models, position, deadline)?;
        if !models.is_empty() {
            self.worker.start(self);
        }
        Ok((reached == position).then_some(lease))
    }

    /// The position of a moment that must have come.
    fn moment(&self, at: At) -> Result<Position, EventError> {
        let head = self.journal.head();
        match at {
            At::Position(position) if position > head.position => Err(EventError::invalid(
                "position_ahead",
                "the moment that the query asks for has not come",
            )
            .field("at")
            .found(position)
            .expected(format!("at most {}", head.position))
            .at(head.position)),
            At::Position(position) => Ok(position),
            At::Time(instant) if instant > head.recorded_at.max(self.env.now()) => {
                Err(in_the_future(instant))
            }
            At::Time(instant) => self.journal.position_at(instant),
        }
    }

    /// Fixes what a reader sees of all the read models: one position, at least `floor`.
    fn pin(
        &self,
        models: &[LiveModel],
        floor: Position,
        deadline: &Deadline,
    ) -> Result<(Lease, Position), Missed> {
        let mut held: Vec<Held<'_>> = Vec::with_capacity(models.len());
        for live in models {
            let model = live.model.hold();
            held.push(model.map_err(|behind| missed(behind, &live.name, floor, deadline))?);
        }
        let furthest = held.iter().map(Held::position).max();
        let position = floor.max(furthest.unwrap_or(floor));
        for (live, held) in models.iter().zip(&mut held) {
            let reached = held.reach(position, deadline);
            reached.map_err(|behind| missed(behind, &live.name, position, deadline))?;
        }
        let mut lease = self.readers.lease()?;
        let pinned = lease.reader_mut()?.pin(&attached(models));
        drop(held);
        match pinned {
            Ok(positions) if positions.iter().all(|seen| *seen == position) => {
                Ok((lease, position))
            }
            // Somebody put another file in the place of one of them.
            Ok(_) => Err(discard(models, lease)),
            Err(error) => match Trouble::of(error, std::path::Path::new("read models")) {
                Trouble::Damaged(_) => Err(discard(models, lease)),
                trouble => {
                    lease.close_after();
                    Err(trouble
                        .into_error(std::path::Path::new("read models"))
                        .into())
                }
            },
        }
    }
}

/// The files of read models, as a reader attaches them.
pub(crate) fn attached(models: &[LiveModel]) -> Vec<Attached<'_>> {
    models
        .iter()
        .map(|live| Attached {
            schema: &live.schema,
            path: live.model.path(),
            file: live.model.file(),
        })
        .collect()
}

/// The files are not trusted any more; the query looks again and folds them anew.
fn discard(models: &[LiveModel], mut lease: Lease) -> Missed {
    lease.close_after();
    drop(lease);
    for live in models {
        if let Err(error) = live.model.discard() {
            return error.into();
        }
    }
    Missed::Again
}

pub(crate) fn run(
    plan: Plan,
    mut lease: Lease,
    position: Position,
    request: &Request,
    deadline: &Deadline,
    how: Run,
) -> Result<Rows, Missed> {
    let session = Session {
        database: request.database.clone(),
        user: request.user.clone(),
        now: plan.now,
        settings: request.settings.clone(),
    };
    let reader = lease.reader()?;
    reader.surround(&plan.catalog, session);
    match how {
        Run::Usual => reader.admit(position, deadline.clone()),
        Run::Brief(brief) => {
            reader.admit_briefly(position, brief);
            lease.keep_pinned();
        }
    }
    let bounds = Bounds {
        rows_max: request.rows_max,
        bytes_max: request.bytes_max,
    };
    let rows = Rows::begin(
        lease,
        plan.prepared,
        &plan.params,
        position,
        deadline.clone(),
        bounds,
    )?;
    Ok(rows)
}

impl Plan {
    fn make(live: &Live, request: &Request, now: i64) -> Result<Plan, Error> {
        let prepared = live.prepare(&request.sql, request.params.types())?;
        if prepared.models.len() > FILES_MAX {
            return Err(SqlError::unsupported(format!(
                "a query over the tables of {} projections (at most {FILES_MAX})",
                prepared.models.len()
            ))
            .into());
        }
        let models = prepared.models.clone();
        let plan = Plan {
            models,
            ..Plan::of(prepared, live, request, now)?
        };
        Ok(match request.explain {
            true => plan.explained(),
            false => plan,
        })
    }

    /// A statement with the values of a request, whose read models are pinned.
    pub(crate) fn of(
        prepared: Arc<Prepared>,
        live: &Live,
        request: &Request,
        now: i64,
    ) -> Result<Plan, SqlError> {
        Ok(Plan {
            params: bound(&prepared.query.params, &request.params)?,
            models: Vec::new(),
            catalog: live.catalog.clone(),
            prepared,
            now,
        })
    }

    fn explained(self) -> Plan {
        let Prepared { query, models, .. } = &*self.prepared;
        let query = explained(query.clone());
        Plan {
            prepared: Arc::new(Prepared::new(query, models.clone(), true)),
            ..self
        }
    }
}

/// The query that tells how SQLite would run another: `EXPLAIN QUERY PLAN`, whose rows are the
/// steps, each with its number and that of the step above it.
fn explained(query: headwater_sql::Query) -> headwater_sql::Query {
    let column = |(name, ty): (&str, Type)| OutputColumn {
        name: name.to_owned(),
        ty,
    };
    let columns = [
        ("id", Type::BigInt),
        ("parent", Type::BigInt),
        ("unused", Type::BigInt),
        ("detail", Type::Text),
    ];
    headwater_sql::Query {
        sqlite: format!("explain query plan {}", query.sqlite),
        columns: columns.map(column).into(),
        ..query
    }
}

/// The values of the parameters, as SQLite takes them.
fn bound(types: &[Type], params: &Params) -> Result<Vec<Stored>, SqlError> {
    if types.len() != params.count() {
        return Err(SqlError::new(
            WRONG_NUMBER_OF_PARAMETERS,
            format!(
                "{} parameters were given, but the statement has {}",
                params.count(),
                types.len()
            ),
        ));
    }
    let values = match params {
        Params::Typed(values) => {
            return Ok(values.iter().map(|(_, value)| value.to_sqlite()).collect());
        }
        Params::Json(values) => values,
    };
    let value = |(index, (ty, json)): (usize, (&Type, &serde_json::Value))| {
        let value = Value::from_json(*ty, json).map_err(|error| {
            let message = format!("parameter ${}: {}", index + 1, error.message());
            SqlError::new(error.sqlstate(), message)
        })?;
        Ok(value.to_sqlite())
    };
    types.iter().zip(values).enumerate().map(value).collect()
}

/// Folds all of them up to there, or tells which one is behind.
fn reach_all(models: &[LiveModel], floor: Position, deadline: &Deadline) -> Result<(), Missed> {
    for live in models {
        live.model.want();
        let reached = live.model.reach(floor, deadline);
        reached.map_err(|behind| missed(behind, &live.name, floor, deadline))?;
    }
    Ok(())
}

fn missed(behind: Behind, name: &str, target: Position, deadline: &Deadline) -> Missed {
    match behind {
        Behind::Retired => Missed::Again,
        Behind::Error(error) => error.into(),
        Behind::Late(_) if deadline.over() == Some(Over::Cancelled) => {
            Over::Cancelled.error().into()
        }
        Behind::Late(position) => fold_behind(name, position, target).into(),
    }
}

fn fold_behind(name: &str, position: Position, target: Position) -> EventError {
    let lag = target.0.saturating_sub(position.0);
    EventError::new(
        Kind::Deadline,
        "fold_behind",
        format!("the read model of {name} is {lag} events behind the query"),
    )
    .found(format!("position {position}"))
    .expected(format!("position {target}"))
    .at(position)
    .action("try again, allow more time, or ask for an eventual answer")
}

fn not_there(position: Position, head: Position) -> EventError {
    EventError::new(
        Kind::Deadline,
        "deadline",
        "the log did not come to the position that the query waits for",
    )
    .field("wait_for")
    .found(format!("the head at position {head}"))
    .expected(format!("position {position}"))
    .at(head)
}

fn in_the_future(instant: Timestamp) -> EventError {
    EventError::invalid(
        "position_ahead",
        "the moment that the query asks for has not come",
    )
    .field("at")
    .found(instant)
    .expected("a time that has passed")
}

fn replaced_too_often() -> EventError {
    EventError::new(
        Kind::Unavailable,
        "unavailable",
        "the read models were replaced again and again while the query looked for them",
    )
    .action("try again")
}
