//! The error code of the protocol for each failure of the node.

use headwater_event::{Error, Kind};
use kafka_protocol::ResponseError;

/// What a producer is told. What may be tried again has a code that clients try again by
/// themselves; the event ids make sure that nothing is written twice.
pub(crate) fn of_write(error: &Error) -> ResponseError {
    match (error.kind(), error.code()) {
        (_, "system_database" | "forbidden") => ResponseError::TopicAuthorizationFailed,
        (Kind::NotFound, _) => ResponseError::UnknownTopicOrPartition,
        (Kind::Invalid | Kind::Conflict, _) => ResponseError::InvalidRecord,
        (Kind::TooLarge, _) => ResponseError::MessageTooLarge,
        (Kind::Busy | Kind::Deadline | Kind::Unavailable, _) => ResponseError::RequestTimedOut,
        (Kind::Full | Kind::Damaged, _) => ResponseError::KafkaStorageError,
        (Kind::Internal, _) => ResponseError::UnknownServerError,
    }
}

/// What a reader is told.
pub(crate) fn of_read(error: &Error) -> ResponseError {
    match error.kind() {
        Kind::NotFound => ResponseError::UnknownTopicOrPartition,
        Kind::Busy | Kind::Deadline | Kind::Unavailable => ResponseError::NotLeaderOrFollower,
        Kind::Full | Kind::Damaged => ResponseError::KafkaStorageError,
        _ => ResponseError::UnknownServerError,
    }
}
