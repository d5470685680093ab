//! Appending: at once, or with the others of a transaction.

use std::collections::HashMap;

use headwater_event::{Appended, Outcome, StreamName};
use headwater_node::{Role, RowBatch};
use headwater_sql::Value;

use crate::postgres::execute::{Taking, Values};
use crate::postgres::failure::Failure;
use crate::postgres::insert::{Insert, Returned, Rows, Source};
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};

impl Session {
    /// Appends, now or with the others of its transaction.
    pub(crate) async fn insert(
        &mut self,
        sql: &str,
        insert: &Insert,
        params: Values,
    ) -> Result<Running, Ended> {
        self.who.may(Role::Write, Some(&self.database))?;
        self.refuse_if_read_only()?;
        if self.transaction.is_open() && !insert.returning.is_empty() {
            return Err(Failure::new(
                "0A000",
                "RETURNING within a transaction is not part of Headwater's SQL",
            )
            .detail(
                "The events of a transaction get their positions together, when it is committed.",
            )
            .hint("Leave RETURNING out, or append outside of BEGIN and COMMIT.")
            .into());
        }
        let values = match insert.source {
            Source::Rows(_) => insert.values(&params)?,
            Source::Query { begin, length, .. } => {
                let query = begin..begin + length;
                let running = self.within(sql, query, params, Taking::Gathered).await?;
                self.all(running).await?
            }
        };
        let rows = insert.events(values)?;
        let events = rows.events.len();
        if self.transaction.is_open() {
            self.transaction.keep(rows, &self.app.bodies)?;
            return Ok(Running::inserted(Vec::new(), Vec::new(), events));
        }
        if events == 0 {
            return Ok(Running::inserted(insert.output(), Vec::new(), 0));
        }
        if insert.returning.is_empty() {
            self.append(rows).await?;
            return Ok(Running::inserted(Vec::new(), Vec::new(), events));
        }
        let streams = rows.events.iter().map(|event| event.stream.clone());
        let streams: Vec<_> = streams.collect();
        let appended = self.append(rows).await?;
        let told = told(insert, &streams, &appended);
        Ok(Running::inserted(insert.output(), told, events))
    }

    fn refuse_if_read_only(&self) -> Result<(), Failure> {
        let read_only = |hint: &str| {
            Failure::new("25006", "cannot execute INSERT in a read-only transaction").hint(hint)
        };
        if self.settings.at().is_some() {
            return Err(read_only(
                "The connection looks at the past: connect without @, or reset headwater.at.",
            ));
        }
        match self.is_read_only() {
            true => Err(read_only("The session asked for reads only.")),
            false => Ok(()),
        }
    }

    /// Whether an append would be refused now.
    pub(crate) fn is_read_only(&self) -> bool {
        self.settings.at().is_some()
            || match self.transaction.is_block() {
                true => self.transaction.read_only,
                false => self.settings.read_only(),
            }
    }

    /// Appends: durable when it returns.
    pub(crate) async fn append(&mut self, rows: Rows) -> Result<Appended, Failure> {
        let database = self.use_for(Role::Write).await?;
        let wait_max = self.app.limits.append_wait_max;
        match database.append(rows.append(), Some(wait_max)).await {
            Ok(Outcome::Appended(appended)) => {
                self.reflected = Some(appended.last);
                Ok(appended)
            }
            Ok(Outcome::Conflict(conflict)) => Err((&conflict).into()),
            Err(error) if error.has_no_side_effects() => Err(error.into()),
            Err(error) => Err(Failure::new(
                "08007",
                format!("it is not known whether the events were appended: {error}"),
            )
            .hint("Try again with the same event ids, which never writes twice.")),
        }
    }
}

/// What is told of each event, in their order.
fn told(insert: &Insert, streams: &[Option<StreamName>], appended: &Appended) -> RowBatch {
    let mut left: HashMap<_, u64> = HashMap::new();
    for stream in streams.iter().flatten() {
        *left.entry(stream).or_default() += 1;
    }
    let ends: HashMap<_, _> = appended
        .revisions
        .iter()
        .map(|(stream, revision)| (stream, revision.0))
        .collect();
    let number = |number: u64| Value::BigInt(number.cast_signed());
    let mut rows = Vec::with_capacity(streams.len());
    for (at, stream) in streams.iter().enumerate() {
        let revision = stream.as_ref().and_then(|stream| {
            let left = left.get_mut(stream)?;
            *left -= 1;
            ends.get(stream).map(|end| end - *left)
        });
        let value = |(returned, _): &(Returned, String)| match returned {
            Returned::Position => number(appended.first.0 + at as u64),
            Returned::Revision => revision.map_or(Value::Null, number),
            Returned::Stream => stream
                .as_ref()
                .map_or(Value::Null, |stream| Value::Text(stream.to_string())),
        };
        rows.push(insert.returning.iter().map(value).collect());
    }
    rows
}
