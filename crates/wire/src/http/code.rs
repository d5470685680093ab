//! Every code that a problem can carry, with its status and its title.

use headwater_event::Kind;

/// A code, the status it is told with, and a short sentence that is always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) title: &'static str,
}

const fn code(code: &'static str, status: u16, title: &'static str) -> Code {
    Code {
        code,
        status,
        title,
    }
}

/// All of them, by status.
pub(crate) const CODES: &[Code] = &[
    code("bad_request", 400, "A part of the request cannot be read"),
    code("bad_json", 400, "It is not JSON"),
    code("bad_id", 400, "An id cannot be read"),
    code("bad_time", 400, "A time cannot be read"),
    code("bad_name", 400, "A name cannot be used"),
    code(
        "bad_database_name",
        400,
        "The name of a database cannot be used",
    ),
    code("bad_partitions", 400, "There cannot be so many partitions"),
    code(
        "bad_projection_name",
        400,
        "The name of a projection cannot be used",
    ),
    code("bad_query", 400, "The query cannot be used"),
    code("bad_revision", 400, "An expected revision cannot be read"),
    code("bad_metadata", 400, "The metadata is not an object"),
    code("bad_content_type", 400, "A content type cannot be used"),
    code("bad_tags", 400, "The tags are not a set"),
    code("too_deep", 400, "The JSON is nested too deeply"),
    code("too_many_tags", 400, "An event has too many tags"),
    code("too_many_streams", 400, "Too many revisions are expected"),
    code("empty_append", 400, "The append has no events"),
    code("id_twice", 400, "Two events of the append have one id"),
    code("stream_twice", 400, "A stream is expected twice"),
    code("bad_limit", 400, "The limit is out of bounds"),
    code("position_ahead", 400, "The position is beyond the head"),
    code("other_log", 400, "The cursor belongs to another log"),
    code("bad_backup", 400, "The backup is not as it was written"),
    code(
        "bad_segment_name",
        400,
        "The name of a segment cannot be read",
    ),
    code("bad_projection", 400, "The projection is not well formed"),
    code("sql_error", 400, "The SQL was refused or failed"),
    code("bad_key_name", 400, "The name of a key cannot be used"),
    code("bad_role", 400, "There is no such role"),
    code(
        "first_key",
        400,
        "The first key must be able to make others",
    ),
    code(
        "other_actor",
        400,
        "The event names somebody else as its actor",
    ),
    code("tls_needed", 400, "The server speaks TLS to other machines"),
    code("key_needed", 401, "The server asks for a key"),
    code("bad_key", 401, "The key opens nothing here"),
    code("forbidden", 403, "The key may not do this"),
    code("bad_origin", 403, "A web page of another origin asks"),
    code("bad_host", 403, "The request names another host"),
    code(
        "system_database",
        403,
        "The system database is written by the node alone",
    ),
    code("unknown_path", 404, "There is nothing under this path"),
    code("unknown_database", 404, "There is no such database"),
    code("unknown_key", 404, "There is no such key"),
    code("unknown_projection", 404, "There is no such projection"),
    code(
        "method_not_allowed",
        405,
        "The path does not know this method",
    ),
    code("timeout", 408, "The request did not arrive in time"),
    code(
        "revision_conflict",
        409,
        "A stream is not where it was expected",
    ),
    code("boundary_conflict", 409, "An event is in the way"),
    code("id_reused", 409, "An event id is in the log already"),
    code("key_exists", 409, "The name is taken"),
    code("database_exists", 409, "The name is taken"),
    code(
        "table_exists",
        409,
        "Another projection has a table of this name",
    ),
    code("chain_differs", 409, "The log is not the one that was kept"),
    code("not_failed", 409, "The projection has not failed there"),
    code("too_large", 413, "It is larger than a limit"),
    code(
        "unsupported_media_type",
        415,
        "The body has another media type",
    ),
    code("busy", 429, "Too many requests wait already"),
    code("internal", 500, "The server made a mistake"),
    code("panicked", 500, "The server made a mistake"),
    code("damaged", 500, "Stored bytes are not what was written"),
    code(
        "newer_format",
        500,
        "The log was written by a newer version",
    ),
    code(
        "overloaded",
        503,
        "The server has no room for the request now",
    ),
    code("clock_behind", 503, "The clock is behind the last commit"),
    code("closed", 503, "The database is closed"),
    code("poisoned", 503, "The database has stopped"),
    code("deadline", 503, "The deadline passed first"),
    code(
        "fold_behind",
        503,
        "The read model did not reach the position in time",
    ),
    code(
        "projection_failed",
        503,
        "The projection has stopped at an event",
    ),
    code("unavailable", 503, "The database cannot answer now"),
    code("storage", 503, "The files of the log cannot be used now"),
    code("not_writable", 503, "The data directory cannot be written"),
    code("stopping", 503, "The server is stopping"),
    code("disk_full", 507, "The storage has no room"),
];

/// The entry of a code, if it is known.
pub(crate) fn lookup(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code == code)
}

/// The status that stands for a kind, where the code does not say otherwise.
pub(crate) fn status_of(kind: Kind) -> u16 {
    match kind {
        Kind::Invalid => 400,
        Kind::NotFound => 404,
        Kind::Conflict => 409,
        Kind::TooLarge => 413,
        Kind::Busy => 429,
        Kind::Full => 507,
        Kind::Deadline | Kind::Unavailable => 503,
        Kind::Damaged | Kind::Internal => 500,
    }
}

/// A title for a code that the list does not know.
pub(crate) fn title_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid => "The request cannot succeed as it is",
        Kind::NotFound => "It is not there",
        Kind::Conflict => "It contradicts what is there",
        Kind::TooLarge => "It is larger than a limit",
        Kind::Busy => "A queue is full",
        Kind::Full => "The storage has no room",
        Kind::Deadline => "The deadline passed first",
        Kind::Unavailable => "The database cannot answer now",
        Kind::Damaged => "Stored bytes are not what was written",
        Kind::Internal => "The server made a mistake",
    }
}
