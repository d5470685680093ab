//! `FindCoordinator`: who looks after a group, which is this server.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{BrokerId, FindCoordinatorResponse};

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::{BROKER, Session};

/// The key is a group, and not a transaction.
const GROUP: i8 = 0;

/// The kind of the key.
pub(crate) fn read(mut reader: Reader, version: i16) -> Result<i8, Malformed> {
    reader.string()?; // whichever group
    match version {
        0 => Ok(GROUP),
        _ => reader.i8(),
    }
}

/// There is no coordinator of transactions.
pub(crate) fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<FindCoordinatorResponse, Malformed> {
    let answer = FindCoordinatorResponse::default();
    if read(reader, version)? != GROUP {
        return Ok(answer
            .with_error_code(ResponseError::TransactionalIdAuthorizationFailed.code())
            .with_error_message(Some("there are no transactions here".into()))
            .with_node_id(BrokerId(-1))
            .with_port(-1));
    }
    Ok(answer
        .with_node_id(BROKER)
        .with_host(session.host())
        .with_port(session.port()))
}
