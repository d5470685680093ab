//! `POST /v1/databases/{db}/verify`

use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use headwater_event::{ChainPoint, Error, Kind};
use headwater_node::Progress;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::accept::NDJSON;
use crate::http::answer;
use crate::http::body::NoBody;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

/// How often progress is told.
const PROGRESS_PAUSE: Duration = Duration::from_millis(200);

/// Lines that wait for their reader; progress beyond is not told.
pub(crate) const LINES_MAX: usize = 8;

/// A line of the answer: `{"progress":...}` until the last one, which is `{"verified":...}` or
/// `{"error":problem}`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VerifyLine {
    /// How far it is.
    Progress {
        /// Everything up to here is as it was appended.
        position: u64,
        /// Where it will end.
        head: u64,
    },
    /// All of it is as it was appended.
    Verified {
        /// The last position.
        head: u64,
        /// The hash of everything up to there, in hexadecimal digits. Whoever keeps `head:chain` can
        /// ask later with `against`.
        chain: String,
        /// How many appends.
        appends: u64,
        /// How many events.
        events: u64,
        /// Bytes of the appends.
        bytes: u64,
    },
    /// What is wrong.
    Error(#[schema(inline = false)] Problem),
}

impl VerifyLine {
    fn bytes(&self) -> Bytes {
        match self {
            VerifyLine::Error(problem) => error_line(problem),
            other => line(other),
        }
    }
}

/// A line of an answer: numbers and text alone.
pub(crate) fn line(line: &impl Serialize) -> Bytes {
    let mut line = serde_json::to_vec(line).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// The last line of an answer that fails, with all that a problem says.
pub(crate) fn error_line(problem: &Problem) -> Bytes {
    [b"{\"error\":", problem.to_json().as_slice(), b"}\n"]
        .concat()
        .into()
}

/// Reads the whole log again and checks every byte and every hash. With `against`, a line that an
/// auditor kept, it also proves that nothing up to there was changed, inserted or dropped since; if
/// something was, the last line is the error `chain_differs`, or `position_ahead` when the log ends
/// before it.
#[utoipa::path(post, path = "/v1/databases/{db}/verify", tag = "databases",
    operation_id = "verify_database",
    params(
        ("db" = String, Path, description = "Name of the database"),
        ("against" = Option<String>, Query, description = "`POSITION:HASH`: the `head` and `chain` that a verification told before")),
    responses((status = 200, description = "Progress, and what came of it", body = VerifyLine,
        content_type = "application/x-ndjson")))]
pub(crate) async fn verify(
    State(app): State<Shared>,
    InPath(name): InPath,
    mut params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    let against: Option<ChainPoint> = params.parsed("against")?;
    params.finish()?;
    let database = app.node.database(&name).await?;
    let pass = app.reads.pass().await?;
    let (lines, told) = mpsc::channel(LINES_MAX);
    tokio::spawn(async move {
        let _pass = pass;
        let progress = told_from_time_to_time(lines.clone());
        let last = match database.verify(against, progress).await {
            Ok(verified) => VerifyLine::Verified {
                head: verified.head.0,
                chain: verified.chain.to_string(),
                appends: verified.appends,
                events: verified.events,
                bytes: verified.bytes,
            },
            Err(error) => VerifyLine::Error(error.into()),
        };
        let _ = lines.send(last.bytes()).await; // nobody waits any more
    });
    let body = stream::unfold(told, async |mut told| Some((told.recv().await?, told)));
    Ok(answer::streamed(NDJSON, body))
}

/// Tells progress, and ends the verification when nobody listens any more.
pub(crate) fn told_from_time_to_time(
    lines: mpsc::Sender<Bytes>,
) -> impl FnMut(Progress) -> Result<(), Error> + Send + 'static {
    let mut last: Option<Instant> = None;
    move |progress| {
        if lines.is_closed() {
            return Err(Error::new(Kind::Unavailable, "gone", "the caller has left"));
        }
        if last.is_some_and(|last| last.elapsed() < PROGRESS_PAUSE) {
            return Ok(());
        }
        last = Some(Instant::now());
        let line = VerifyLine::Progress {
            position: progress.position.0,
            head: progress.head.0,
        };
        let _ = lines.try_send(line.bytes()); // a slow reader misses some of it
        Ok(())
    }
}
