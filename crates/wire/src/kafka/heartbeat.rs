//! `Heartbeat`: a member is alive, and hears whether it should join again.

use kafka_protocol::messages::HeartbeatResponse;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

pub(crate) fn answer(
    session: &Session,
    mut reader: Reader,
) -> Result<HeartbeatResponse, Malformed> {
    let group = session.group(reader.string()?);
    let (generation, member) = (reader.i32()?, reader.string()?);
    let heard = session
        .app
        .groups
        .with_known(&session.app.node, &group, |entry, now| {
            entry.group.heartbeat(&member, generation, now)
        });
    let error = heard.err().map_or(0, |error| error.code());
    Ok(HeartbeatResponse::default().with_error_code(error))
}
