//! Bodies: bounded in bytes and time, and of the media type that they should have.

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;

use crate::app::Shared;
use crate::gate::{BodyBudget, Reserved, SMALL_BODY_BYTES};
use crate::http::problem::Problem;

/// How long the rest of a body that was refused is read and thrown away, so that its writer comes
/// to read the answer.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// The body of an append: up to `append_body_bytes_max`. Its memory is reserved as long as this
/// lives.
pub(crate) struct AppendBytes {
    pub(crate) bytes: Bytes,
    pub(crate) reserved: Reserved,
}

/// A JSON body of up to `body_bytes_max`.
pub(crate) struct JsonBytes(pub(crate) Bytes);

/// The text of a projection, of up to `body_bytes_max`.
pub(crate) struct SqlText(pub(crate) String);

/// The media type of a backup.
pub(crate) const BACKUP: &str = "application/octet-stream";

/// A backup that arrives, of any length: as long as more of it comes within `body_timeout`, it is
/// waited for.
pub(crate) struct BackupStream {
    stream: BodyDataStream,
    pause_max: Duration,
    /// Its writer waits to be told to begin (RFC 9110, section 10.1.1).
    waits: bool,
}

/// No body, or one that is empty.
pub(crate) struct NoBody;

impl FromRequest<Shared> for AppendBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<AppendBytes, Problem> {
        check_media_type(request.headers(), &["application/json"])?;
        let bound = Bound {
            bytes_max: app.limits.append_body_bytes_max,
            time_max: app.limits.body_timeout,
            budget: Some(&app.bodies),
        };
        let (bytes, reserved) = read(request, &bound).await?;
        Ok(AppendBytes { bytes, reserved })
    }
}

/// How much of a body is read.
struct Bound<'a> {
    bytes_max: usize,
    time_max: Duration,
    /// Where memory for a large one is reserved.
    budget: Option<&'a BodyBudget>,
}

impl Bound<'_> {
    fn small(app: &Shared) -> Bound<'static> {
        Bound {
            bytes_max: app.limits.body_bytes_max,
            time_max: app.limits.body_timeout,
            budget: None,
        }
    }

    fn reserve(&self, bytes: usize) -> Result<Reserved, Problem> {
        self.budget
            .map_or(Ok(None), |budget| Ok(budget.reserve(bytes)?))
    }
}

impl FromRequest<Shared> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<JsonBytes, Problem> {
        check_media_type(request.headers(), &["application/json"])?;
        let (bytes, _) = read(request, &Bound::small(app)).await?;
        Ok(JsonBytes(bytes))
    }
}

impl FromRequest<Shared> for SqlText {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<SqlText, Problem> {
        check_media_type(request.headers(), &["application/sql", "text/plain"])?;
        let (bytes, _) = read(request, &Bound::small(app)).await?;
        match String::from_utf8(bytes.into()) {
            Ok(text) => Ok(SqlText(text)),
            Err(error) => Err(Problem::new("bad_request", "the text is not UTF-8")
                .found(format!(
                    "a bad byte after {} bytes",
                    error.utf8_error().valid_up_to()
                ))
                .expected("SQL text in UTF-8")),
        }
    }
}

impl FromRequest<Shared> for BackupStream {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<BackupStream, Problem> {
        check_media_type(request.headers(), &[BACKUP])?;
        Ok(BackupStream {
            waits: request.headers().contains_key(header::EXPECT),
            stream: request.into_body().into_data_stream(),
            pause_max: app.limits.body_timeout,
        })
    }
}

impl BackupStream {
    /// The next bytes; nothing at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.waits = false;
        match tokio::time::timeout(self.pause_max, self.stream.next()).await {
            Ok(part) => part.transpose().map_err(|error| {
                Problem::new("bad_request", "the body could not be read").found(error)
            }),
            Err(_) => Err(Problem::new("timeout", "the body does not go on")
                .expected(format!("more of it within {:?}", self.pause_max))
                .closing()),
        }
    }

    /// The problem, after which the rest is not worth reading.
    pub(crate) async fn refuse(self, problem: Problem) -> Problem {
        if !self.waits {
            drain(self.stream).await;
        }
        problem.closing()
    }
}

impl FromRequest<Shared> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Shared) -> Result<NoBody, Problem> {
        let (bytes, _) = read(request, &Bound::small(app)).await?;
        if bytes.is_empty() {
            return Ok(NoBody);
        }
        Err(Problem::new("bad_request", "the request takes no body")
            .found(format!("{} bytes", bytes.len()))
            .expected("an empty body"))
    }
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// A body without a media type is taken for what is expected.
fn check_media_type(headers: &HeaderMap, expected: &[&str]) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or("");
    let media = text.split(';').next().unwrap_or("").trim();
    if expected.iter().any(|name| name.eq_ignore_ascii_case(media)) {
        return Ok(());
    }
    Err(
        Problem::new("unsupported_media_type", "the body has another media type")
            .field("content-type")
            .found(String::from_utf8_lossy(value.as_bytes()))
            .expected(expected.join(" or "))
            .action(format!("send the header `content-type: {}`", expected[0])),
    )
}

async fn read(request: Request, bound: &Bound<'_>) -> Result<(Bytes, Reserved), Problem> {
    let announced = length(request.headers());
    let waits = request.headers().contains_key(header::EXPECT);
    let mut stream = request.into_body().into_data_stream();
    if let Some(bytes) = announced.filter(|bytes| *bytes > bound.bytes_max) {
        if !waits {
            drain(stream).await;
        }
        return Err(too_large(bytes, bound.bytes_max));
    }
    let collecting = collect(&mut stream, announced, bound);
    match tokio::time::timeout(bound.time_max, collecting).await {
        Ok(Ok(Some(collected))) => Ok(collected),
        Ok(Ok(None)) => {
            drain(stream).await;
            Err(too_large(bound.bytes_max + 1, bound.bytes_max))
        }
        Ok(Err(problem)) => {
            drain(stream).await;
            Err(problem.closing())
        }
        Err(_) => Err(Problem::new("timeout", "the body did not arrive in time")
            .expected(format!("all of it within {:?}", bound.time_max))
            .closing()),
    }
}

/// All of the body, or nothing when it is larger than it may be. One part, as most have, is not
/// copied.
async fn collect(
    stream: &mut BodyDataStream,
    announced: Option<usize>,
    bound: &Bound<'_>,
) -> Result<Option<(Bytes, Reserved)>, Problem> {
    let mut reserved = bound.reserve(announced.unwrap_or(0))?;
    let (mut only, mut whole) = (Bytes::new(), BytesMut::new());
    while let Some(part) = stream.next().await {
        let part = part.map_err(|error| {
            Problem::new("bad_request", "the body could not be read").found(error)
        })?;
        let bytes = only.len() + whole.len() + part.len();
        if bytes > bound.bytes_max {
            return Ok(None);
        }
        if announced.is_none() && bytes > SMALL_BODY_BYTES && reserved.is_none() {
            reserved = bound.reserve(bound.bytes_max)?;
        }
        if only.is_empty() && whole.is_empty() {
            only = part;
            continue;
        }
        whole.extend_from_slice(&std::mem::take(&mut only));
        whole.extend_from_slice(&part);
    }
    let body = match whole.is_empty() {
        true => only,
        false => whole.freeze(),
    };
    Ok(Some((body, reserved)))
}

async fn drain(mut stream: BodyDataStream) {
    let all = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = tokio::time::timeout(DRAIN_MAX, all).await; // whoever still writes meets a closed connection
}

fn too_large(found: usize, bytes_max: usize) -> Problem {
    Problem::new("too_large", "the body is too large")
        .found(format!("{found} bytes or more"))
        .expected(format!("at most {bytes_max} bytes"))
        .action("send less at once")
        .closing()
}
