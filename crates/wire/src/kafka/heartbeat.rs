//! `Heartbeat`: a member is alive, and hears whether it should join again.

use kafka_protocol::messages::HeartbeatResponse;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

pub(crate) fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<HeartbeatResponse, Malformed> {
    let mut reader = reader.flexible(version >= 4);
    let (group, generation, member) = (reader.string()?, reader.i32()?, reader.string()?);
    let heard = session.app.groups.with(&group, |entry, now| {
        entry.group.heartbeat(&member, generation, now)
    });
    let error = heard.err().map_or(0, |error| error.code());
    Ok(HeartbeatResponse::default().with_error_code(error))
}
