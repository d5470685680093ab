//! `POST /v1/databases/{db}/backup`: all of a database up to a position, as one stream.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, stream};
use headwater_event::{ChainPoint, Error, LogId, Position, json};
use headwater_node::{Held, Identity, Sending, parts};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::access::Who;
use crate::http::answer;
use crate::http::body::{BACKUP, JsonBytes};
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;

/// What the caller has of an earlier backup.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BackupRequest)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupBody {
    /// Segments that are not sent again. What the log does not have, or has with another length or
    /// checksum, is passed over.
    #[serde(default)]
    segments: Vec<HeldSegment>,
    /// Identity of the log that the caller has a backup of. Another log is refused.
    #[serde(default)]
    log: Option<String>,
    /// `POSITION:HASH`, where the backup ends that the caller has. A log that does not go on from
    /// there is refused: the caller would lose what it has.
    #[serde(default)]
    against: Option<String>,
}

/// A segment that the caller has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HeldSegment {
    /// Its name, such as `00000000000000000001-00000000000000090000.segment`.
    name: String,
    /// Its length.
    bytes: u64,
    /// The last four bytes of it, as a little-endian number: crc32c of its footer.
    footer_crc: u32,
}

impl BackupBody {
    fn log(&self) -> Result<Option<LogId>, Error> {
        let log = self.log.as_deref().map(str::parse);
        log.transpose().map_err(|error: Error| error.field("log"))
    }

    fn against(&self) -> Result<Option<ChainPoint>, Error> {
        let against = self.against.as_deref().map(str::parse);
        against
            .transpose()
            .map_err(|error: Error| error.field("against"))
    }

    fn held(self) -> Result<Vec<Held>, Error> {
        let held = |(at, segment): (usize, HeldSegment)| {
            let name = segment.name.parse();
            Ok(Held {
                name: name.map_err(|error: Error| error.field(format!("segments[{at}].name")))?,
                bytes: segment.bytes,
                footer_crc: segment.footer_crc,
            })
        };
        self.segments.into_iter().enumerate().map(held).collect()
    }
}

/// A backup, as FORMAT.md, part 6, draws it.
#[derive(ToSchema)]
#[schema(as = Backup, value_type = String, format = Binary)]
#[allow(
    dead_code,
    reason = "it is documented, and read and written as it comes"
)]
pub(crate) struct BackupBytes(Vec<u8>);

/// Takes a backup: the log up to its head, and the definitions of its projections.
///
/// Everything up to the head is sealed into segments, which are sent with the manifest that names
/// them, while appends go on. FORMAT.md, part 6, draws the stream; one without its end was cut off.
#[utoipa::path(post, path = "/v1/databases/{db}/backup", tag = "databases",
    operation_id = "backup_database",
    params(("db" = String, Path, description = "Name of the database")),
    request_body(content = BackupBody, content_type = "application/json"),
    responses((status = 200, description = "The backup", body = BackupBytes,
        content_type = "application/octet-stream")))]
pub(crate) async fn backup(
    State(app): State<Shared>,
    Who(who): Who,
    InPath(name): InPath,
    params: Params,
    JsonBytes(body): JsonBytes,
) -> Result<Response, Problem> {
    params.finish()?;
    let body: BackupBody = json::parse(&body)?;
    let against = body.against()?;
    let log = body.log()?;
    let held = body.held()?;
    let database = app.node.database(&name).await?;
    database.check_cursor(log, Position::ZERO)?;
    if let Some(against) = against {
        database.check_goes_on_from(against).await?;
    }
    let backup = {
        let _pass = app.reads.pass().await?; // sealing takes a processor; sending takes none
        database.backup().await?
    };
    let log_id = backup.log_id();
    let mut response = answer::streamed(BACKUP, sent(who, backup.sending(&held)?));
    answer::set_log(&mut response, log_id);
    Ok(response)
}

/// The stream; a failure is its last part, where a part may stand. It ends when the key is revoked.
fn sent(who: Identity, sending: Sending) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Some((who, sending)), async |sending| {
        let (who, mut sending) = sending?;
        let next = match who.check_living() {
            Ok(()) => sending.next().await,
            Err(error) => Err(error),
        };
        match next {
            Ok(bytes) => Some((bytes?, Some((who, sending)))),
            Err(error) if sending.is_between_parts() => {
                let problem = Problem::from(error).to_json();
                Some((parts::failure(&problem).into(), None))
            }
            Err(error) => {
                tracing::error!(%error, "a backup was broken off in the middle of a segment");
                None // without its end, it is none
            }
        }
    })
}
