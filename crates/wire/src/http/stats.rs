//! `GET /v1/databases/{db}/stats`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use headwater_node::{Layout, Work};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::answer;
use crate::http::body::NoBody;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::request::InPath;
use crate::metrics::ratio;

/// Where the bytes of a database's log are, and what keeping it in order costs. "Appends" are bytes
/// in their canonical encoding, before compression.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stats {
    /// The log that the positions are of.
    log_id: String,
    /// The position of the last committed event, which is how many there are.
    head: u64,
    /// How many appends.
    appends: u64,
    /// How many streams.
    streams: u64,
    bytes: Bytes,
    /// Bytes on the disk for each event.
    bytes_per_event: f64,
    /// Bytes of appends for each byte of the blocks that they are compressed to, with their
    /// dictionaries. 0 while nothing is sealed.
    data_ratio: f64,
    /// Bytes of appends for each byte of the segments that they are in, with their index. 0 while
    /// nothing is sealed.
    segment_ratio: f64,
    tail: Tail,
    /// What the segments of each level have, the lowest level first.
    levels: Vec<Level>,
    /// The segments, oldest first.
    segments: Vec<Segment>,
    write_amplification: Amplification,
    space_amplification: Amplification,
    merge_debt: MergeDebt,
    slowed: Slowed,
    sealing: Progress,
    merging: Progress,
    /// The largest streams. They are looked for among the 16 largest of each segment, and the 10
    /// largest of each piece of the tail.
    largest_streams: Vec<Name>,
    /// The types with the most events, looked for in the same way.
    largest_types: Vec<Name>,
}

/// Bytes, by where they are. `disk` is the sum of those after it.
#[derive(Serialize, ToSchema)]
struct Bytes {
    /// Bytes of appends.
    appends: u64,
    /// Bytes of the files of the log.
    disk: u64,
    /// Of the tail, with what is filled ahead.
    tail: u64,
    /// Of compressed blocks of events.
    blocks: u64,
    /// Of dictionaries that they are compressed with.
    dictionaries: u64,
    /// Of the positions of each stream, category, type and tag.
    lists: u64,
    /// Of where each block, time and hash is.
    places: u64,
    /// Of the ids of events.
    ids: u64,
    /// Of filters.
    filters: u64,
    /// Of footers and the like.
    rest: u64,
    /// Of the manifest.
    manifest: u64,
}

/// What is not in a segment yet.
#[derive(Serialize, ToSchema)]
struct Tail {
    /// Bytes of appends in it.
    appends: u64,
    /// Pieces of it that wait to be sealed.
    pieces_waiting: u64,
    /// So many may wait before the writer is slowed.
    pieces_free: u64,
}

/// The segments of a level.
#[derive(Serialize, ToSchema)]
struct Level {
    /// 0 is sealed, the others are merged.
    level: u8,
    /// How many.
    segments: u64,
    /// Events in them.
    events: u64,
    /// Bytes of them.
    bytes: u64,
    /// Bytes of the appends in them.
    appends: u64,
}

/// A segment.
#[derive(Serialize, ToSchema)]
struct Segment {
    /// Position of its first event.
    first: u64,
    /// Position of its last event.
    last: u64,
    /// How often it was merged.
    level: u8,
    /// Bytes of it.
    bytes: u64,
    /// Bytes of the appends in it.
    appends: u64,
}

/// Bytes that were written, or that are kept, for each byte of appends. 0 of an empty log.
#[derive(Serialize, ToSchema)]
struct Amplification {
    /// What it is.
    value: f64,
    /// What it is at most. A byte is written into a commit, sealed, and merged `log n` times where
    /// `n` pieces were sealed, to the base of 8. Bytes are there twice while they are sealed or
    /// merged.
    max: f64,
}

/// Segments that are due to be merged.
#[derive(Serialize, ToSchema)]
struct MergeDebt {
    /// Bytes of them.
    bytes: u64,
    /// How many.
    segments: u64,
    /// So many may be due before the writer is slowed.
    segments_free: u64,
}

/// How the writer was slowed because sealing or merging was behind, since the log was opened. It
/// is never stopped for that.
#[derive(Serialize, ToSchema)]
struct Slowed {
    /// How many commits.
    commits: u64,
    /// How long together.
    seconds: f64,
}

/// How sealing or merging goes, since the log was opened.
#[derive(Serialize, ToSchema)]
struct Progress {
    /// `idle`, `working`, or `failing`: then it is tried again after a pause.
    state: &'static str,
    /// Segments that it made.
    segments: u64,
    /// Bytes of them.
    bytes: u64,
    /// Attempts that failed.
    failures: u64,
    /// The last of them, also when it went well since.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<Failure>,
}

/// An attempt that failed.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkFailure)]
struct Failure {
    /// When, RFC 3339.
    at: String,
    /// Why.
    error: Problem,
}

/// A name, and how many events have it.
#[derive(Serialize, ToSchema)]
struct Name {
    /// The name.
    name: String,
    /// How many events.
    events: u64,
}

/// Shows where the bytes of a database are: tail, blocks, index, segments, largest streams and
/// types; and what keeping them in order costs.
#[utoipa::path(get, path = "/v1/databases/{db}/stats", tag = "databases", operation_id = "stats",
    params(("db" = String, Path, description = "Name of the database")),
    responses((status = 200, description = "Where the bytes are", body = Stats)))]
pub(crate) async fn stats(
    State(app): State<Shared>,
    InPath(name): InPath,
    params: Params,
    _: NoBody,
) -> Result<Response, Problem> {
    params.finish()?;
    let database = app.node.database(&name).await?;
    let layout = {
        let _pass = app.reads.pass().await?;
        database.layout().await?
    };
    let log_id = database.log_id().to_string();
    answer::json(StatusCode::OK, &Stats::of(log_id, layout))
}

impl Stats {
    fn of(log_id: String, layout: Layout) -> Stats {
        let log = &layout.stats;
        let bytes = Bytes::of(&layout);
        let amplification = |value, max| Amplification { value, max };
        Stats {
            log_id,
            head: log.head.position.0,
            appends: log.appends,
            streams: log.streams,
            bytes_per_event: ratio(bytes.disk, log.head.position.0),
            data_ratio: ratio(log.sealed_bytes, bytes.blocks + bytes.dictionaries),
            segment_ratio: ratio(log.sealed_bytes, log.segment_bytes),
            bytes,
            tail: Tail {
                appends: layout.tail_raw_bytes,
                pieces_waiting: log.pieces_waiting as u64,
                pieces_free: log.pieces_free as u64,
            },
            write_amplification: amplification(
                log.write_amplification(),
                log.write_amplification_max(),
            ),
            space_amplification: amplification(
                log.space_amplification(),
                log.space_amplification_max(),
            ),
            merge_debt: MergeDebt {
                bytes: log.merge_debt,
                segments: log.segments_due as u64,
                segments_free: log.segments_due_free as u64,
            },
            slowed: Slowed {
                commits: log.slowed.0,
                seconds: log.slowed.1.as_secs_f64(),
            },
            levels: levels(&layout),
            segments: segments(&layout),
            sealing: Progress::of(layout.sealing),
            merging: Progress::of(layout.merging),
            largest_streams: names(layout.streams),
            largest_types: names(layout.types),
        }
    }
}

impl Bytes {
    fn of(layout: &Layout) -> Bytes {
        let (log, parts) = (&layout.stats, &layout.parts);
        Bytes {
            appends: log.bytes,
            disk: log.tail_bytes + log.segment_bytes + layout.manifest_bytes,
            tail: log.tail_bytes,
            blocks: parts.blocks,
            dictionaries: parts.dictionaries,
            lists: parts.lists,
            places: parts.places,
            ids: parts.ids,
            filters: parts.filters,
            rest: parts.rest,
            manifest: layout.manifest_bytes,
        }
    }
}

impl Progress {
    fn of(work: Work) -> Progress {
        Progress {
            state: work.state.as_str(),
            segments: work.segments,
            bytes: work.bytes,
            failures: work.failures,
            last_failure: work.failure.map(|failure| Failure {
                at: failure.at.to_string(),
                error: failure.error.into(),
            }),
        }
    }
}

fn levels(layout: &Layout) -> Vec<Level> {
    let levels = layout.levels.iter().map(|level| Level {
        level: level.level,
        segments: level.segments,
        events: level.events,
        bytes: level.bytes,
        appends: level.raw_bytes,
    });
    levels.collect()
}

fn segments(layout: &Layout) -> Vec<Segment> {
    let segments = layout.segments.iter().map(|segment| Segment {
        first: segment.name.first.0,
        last: segment.name.last.0,
        level: segment.level,
        bytes: segment.bytes,
        appends: segment.raw_bytes,
    });
    segments.collect()
}

fn names(names: Vec<(String, u64)>) -> Vec<Name> {
    let names = names
        .into_iter()
        .map(|(name, events)| Name { name, events });
    names.collect()
}
