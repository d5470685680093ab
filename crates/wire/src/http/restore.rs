//! `POST /v1/databases/{db}/restore`: a database from a backup.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use headwater_node::Restored;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::accept::NDJSON;
use crate::http::answer;
use crate::http::backup::BackupBytes;
use crate::http::body::BackupStream;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;
use crate::http::verify::{LINES_MAX, error_line, line, told_from_time_to_time};
use crate::server::RESTORES_MAX;

/// A line of the answer: `{"progress":...}` until the last one, which is `{"restored":...}` or
/// `{"error":problem}`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RestoreLine {
    /// How far the verification is.
    #[allow(dead_code, reason = "it is written as the line of a verification")]
    Progress {
        /// Everything up to here is as it was appended.
        position: u64,
        /// Where it will end.
        head: u64,
    },
    /// The database is there, and all of it was verified.
    Restored {
        /// Its name.
        name: String,
        /// Its identity.
        id: String,
        /// The identity of its log, which is a new one: cursors of the log that the backup was taken
        /// of are refused.
        log_id: String,
        /// The last position.
        head: u64,
        /// The hash of everything up to there, in hexadecimal digits: the same as in the log that the
        /// backup was taken of.
        chain: String,
        /// How many appends.
        appends: u64,
        /// How many events.
        events: u64,
        /// Bytes of the appends.
        bytes: u64,
        /// How many projections it has; they are folded when they are asked for.
        projections: u64,
    },
    /// What is wrong. Nothing was kept.
    Error(#[schema(inline = false)] Problem),
}

impl RestoreLine {
    fn of(restored: &Restored) -> RestoreLine {
        let (info, verified) = (&restored.info, &restored.verified);
        RestoreLine::Restored {
            name: info.name.to_string(),
            id: info.id.to_string(),
            log_id: info.log_id.to_string(),
            head: verified.head.0,
            chain: verified.chain.to_string(),
            appends: verified.appends,
            events: verified.events,
            bytes: verified.bytes,
            projections: restored.projections as u64,
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            RestoreLine::Error(problem) => error_line(problem),
            other => line(other),
        }
    }
}

/// Makes a database of a backup, under a name that is free.
///
/// Nobody sees it before all of it has come and was verified: every checksum, every position, and the
/// chain, which is computed anew. A failure, or a caller that leaves, leaves nothing of it. Its log
/// has a new identity and the same events, positions and hashes. Its projections have the same
/// definitions.
#[utoipa::path(post, path = "/v1/databases/{db}/restore", tag = "databases",
    operation_id = "restore_database",
    params(("db" = String, Path, description = "Name of the database to make")),
    request_body(content = BackupBytes, content_type = "application/octet-stream",
        description = "The backup, with all of its segments"),
    responses((status = 200, description = "Progress of the verification, and what came of it",
        body = RestoreLine, content_type = "application/x-ndjson")))]
pub(crate) async fn restore(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    mut body: BackupStream,
) -> Result<Response, Problem> {
    params.finish()?;
    let Ok(turn) = app.restores.clone().try_acquire_owned() else {
        return Err(body.refuse(too_many()).await); // before all of it is sent for nothing
    };
    let mut restore = match app.node.restore(&name).await {
        Ok(restore) => restore,
        Err(error) => return Err(body.refuse(error.into()).await),
    };
    while let Some(bytes) = body.next().await? {
        if let Err(error) = restore.take(bytes).await {
            return Err(body.refuse(error.into()).await);
        }
    }
    let (lines, told) = mpsc::channel(LINES_MAX);
    tokio::spawn(async move {
        let _turn = turn;
        let progress = told_from_time_to_time(lines.clone());
        let last = match restore.finish(progress).await {
            Ok(restored) => RestoreLine::of(&restored),
            Err(error) => RestoreLine::Error(error.into()),
        };
        let _ = lines.send(last.bytes()).await; // nobody waits any more
    });
    let body = stream::unfold(told, async |mut told| Some((told.recv().await?, told)));
    Ok(answer::streamed(NDJSON, body))
}

fn too_many() -> Problem {
    Problem::new("overloaded", "the server runs as many restores as it may")
        .expected(format!("at most {RESTORES_MAX} at the same time"))
        .action("try again when one has ended")
}
