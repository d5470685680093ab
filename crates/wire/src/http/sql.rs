//! `POST /v1/databases/{db}/sql`

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, stream};
use headwater_event::{Error, LogId, Position, json};
use headwater_node::{Answer, At, Consistency, Identity, Request, RowBatch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::gate::Pass;
use crate::http::accept::{Accept, JSON, NDJSON};
use crate::http::access::Who;
use crate::http::answer;
use crate::http::body::JsonBytes;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;
use crate::http::rows::write_row;

const TIMEOUT_MS_MAX: u64 = 60_000;
const ROWS_MAX: u64 = 1_000_000;

/// A query in SQL.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SqlRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlBody {
    /// One `select`, `values` or `with`.
    sql: String,
    /// The values of `$1` and on.
    #[serde(default)]
    params: Vec<serde_json::Value>,
    /// Answer as of then: a position, or a time in RFC 3339.
    #[schema(value_type = Option<AtBody>)]
    at: Option<AtBody>,
    /// Answer at this position or a later one, and wait for it.
    wait_for: Option<u64>,
    /// How recent the answer must be; `fresh` if not given.
    #[serde(default)]
    consistency: ConsistencyBody,
    /// How long it may take altogether, 1 to 60000; 10000 if not given.
    timeout_ms: Option<u64>,
    /// More rows than this are refused, 1 to 1000000; 100000 if not given.
    max_rows: Option<u64>,
    /// The log that the positions are of; another one is refused.
    log_id: Option<String>,
}

/// A moment of the log: a position, or a time in RFC 3339.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AtBody {
    /// After the event with this position.
    Position(u64),
    /// After the last event that was recorded then or before.
    Time(String),
}

/// How recent an answer must be.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConsistencyBody {
    /// Everything that was committed when the query arrived is in it.
    #[default]
    Fresh,
    /// Whatever the read models hold.
    Eventual,
}

impl SqlBody {
    fn request(self) -> Result<(Request, Option<LogId>), Error> {
        let mut request = Request::new(self.sql);
        request.params = headwater_node::Params::Json(self.params);
        request.at = self.at.map(AtBody::read).transpose()?;
        request.wait_for = self.wait_for.map(Position);
        request.consistency = match self.consistency {
            ConsistencyBody::Fresh => Consistency::Fresh,
            ConsistencyBody::Eventual => Consistency::Eventual,
        };
        if let Some(millis) = within("timeout_ms", self.timeout_ms, TIMEOUT_MS_MAX)? {
            request.timeout = Duration::from_millis(millis);
        }
        if let Some(rows) = within("max_rows", self.max_rows, ROWS_MAX)? {
            request.rows_max = usize::try_from(rows).unwrap_or(usize::MAX); // at most ROWS_MAX
        }
        let log_id = self.log_id.map(|id| id.parse()).transpose();
        Ok((
            request,
            log_id.map_err(|error: Error| error.field("log_id"))?,
        ))
    }
}

impl AtBody {
    fn read(self) -> Result<At, Error> {
        match self {
            AtBody::Position(position) => Ok(At::Position(Position(position))),
            AtBody::Time(text) => match text.parse() {
                Ok(time) => Ok(At::Time(time)),
                Err(error) => Err(Error::field(error, "at")),
            },
        }
    }
}

fn within(field: &str, given: Option<u64>, most: u64) -> Result<Option<u64>, Error> {
    match given {
        Some(found) if !(1..=most).contains(&found) => {
            Err(Error::invalid("bad_limit", "the limit is out of bounds")
                .field(field)
                .found(found)
                .expected(format!("1 to {most}")))
        }
        within => Ok(within),
    }
}

/// The answer of a query; every row has as many values as there are columns.
#[derive(Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// The columns.
    columns: Vec<Column>,
    /// The position that the answer reflects.
    position: u64,
    /// The log that the position is of.
    log_id: String,
    /// How recent it had to be.
    consistency: ConsistencyBody,
    /// The rows. As NDJSON each is a line of its own, and the last line is `{"rows":count}`.
    #[serde(skip)]
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    #[expect(dead_code, reason = "they are written as they come")]
    rows: (),
}

/// A column of an answer.
#[derive(Serialize, ToSchema)]
struct Column {
    /// Its name.
    name: String,
    /// Its type, as PostgreSQL calls it.
    r#type: &'static str,
}

/// Answers a query over the tables of the projections and the table `event`.
///
/// The answer reflects one position: the head when the query arrived, or a later one. A failure
/// after the first rows ends the answer with an `error` member, or with a line `{"error":problem}`.
#[utoipa::path(post, path = "/v1/databases/{db}/sql", tag = "sql", operation_id = "sql",
    params(("db" = String, Path, description = "Name of the database")),
    request_body(content = SqlBody, content_type = "application/json"),
    responses((status = 200, description = "The rows", content(
        (SqlAnswer = "application/json"),
        (String = "application/x-ndjson")))))]
pub(crate) async fn sql(
    State(app): State<Shared>,
    Who(who): Who,
    InPath(name): InPath,
    params: Params,
    accept: Accept,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: SqlBody = json::parse(&body)?;
    let consistency = body.consistency;
    let (request, log_id) = body.request()?;
    let database = app.node.database(&name).await?;
    database.check_cursor(log_id, Position::ZERO)?;
    let pass = app.reads.pass().await?;
    let answer = database.query(request, app.limits.stall_max).await?;
    let head = SqlAnswer {
        columns: columns(&answer),
        position: answer.position.0,
        log_id: database.log_id().to_string(),
        consistency,
        rows: (),
    };
    write(who, answer, &head, pass, accept).await
}

fn columns(answer: &Answer) -> Vec<Column> {
    let column = |column: &headwater_sql::OutputColumn| Column {
        name: column.name.clone(),
        r#type: column.ty.name(),
    };
    answer.columns.iter().map(column).collect()
}

/// Waits for the first rows, so that what fails before them has a status of its own.
async fn write(
    who: Identity,
    mut answer: Answer,
    head: &SqlAnswer,
    pass: Pass,
    accept: Accept,
) -> Result<Response, Problem> {
    let first = answer.next().await.transpose()?;
    let head = serde_json::to_vec(head)
        .map_err(|error| Problem::new("internal", "the columns have no JSON form").found(error))?;
    let lines = accept == Accept::Ndjson;
    let writer = RowWriter {
        who,
        answer,
        ready: Some(first),
        head: Some(head),
        lines,
        count: 0,
        _pass: pass,
    };
    let media = if lines { NDJSON } else { JSON };
    Ok(answer::streamed(media, writer.stream()))
}

/// Writes rows a batch at a time, as they come.
struct RowWriter {
    /// Who asked: nobody is told more once their key is revoked.
    who: Identity,
    answer: Answer,
    /// The batch that was waited for; `None` inside is the end.
    ready: Option<Option<RowBatch>>,
    head: Option<Vec<u8>>,
    lines: bool,
    count: u64,
    _pass: Pass,
}

impl RowWriter {
    fn stream(self) -> impl Stream<Item = Bytes> + Send {
        stream::unfold(Some(self), async |writer| {
            let mut writer = writer?;
            let (bytes, ended) = writer.next().await;
            Some((bytes, (!ended).then_some(writer)))
        })
    }

    async fn next(&mut self) -> (Bytes, bool) {
        let mut out = self.begin();
        let batch = match self.ready.take() {
            Some(ready) => Ok(ready),
            None => self.answer.next().await.transpose(),
        };
        let batch = match self.who.check_living() {
            Ok(()) => batch,
            Err(error) => Err(error.into()),
        };
        let ended = match batch {
            Ok(Some(rows)) => {
                self.rows(&mut out, &rows);
                false
            }
            Ok(None) => {
                self.end(&mut out);
                true
            }
            Err(error) => {
                self.fail(&mut out, &Problem::from(error));
                true
            }
        };
        (out.into(), ended)
    }

    /// What stands before the first row, once.
    fn begin(&mut self) -> Vec<u8> {
        let Some(mut head) = self.head.take() else {
            return Vec::new();
        };
        if self.lines {
            head.push(b'\n');
        } else {
            head.pop(); // the brace that closes the object: the rows are in it
            head.extend_from_slice(b",\"rows\":[");
        }
        head
    }

    fn rows(&mut self, out: &mut Vec<u8>, rows: &RowBatch) {
        for row in rows {
            if !self.lines && self.count > 0 {
                out.push(b',');
            }
            write_row(out, row);
            if self.lines {
                out.push(b'\n');
            }
            self.count += 1;
        }
    }

    fn end(&self, out: &mut Vec<u8>) {
        match self.lines {
            true => out.extend_from_slice(format!("{{\"rows\":{}}}\n", self.count).as_bytes()),
            false => out.extend_from_slice(b"]}"),
        }
    }

    fn fail(&self, out: &mut Vec<u8>, problem: &Problem) {
        out.extend_from_slice(if self.lines {
            b"{\"error\":"
        } else {
            b"],\"error\":"
        });
        out.extend_from_slice(&problem.to_json());
        out.extend_from_slice(if self.lines { b"}\n" } else { b"}" });
    }
}
