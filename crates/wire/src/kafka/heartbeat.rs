//! `Heartbeat`: a member is alive, and hears whether it should join again.

use kafka_protocol::messages::HeartbeatResponse;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

pub(crate) fn answer(
    session: &Session,
    mut reader: Reader,
    version: i16,
) -> Result<HeartbeatResponse, Malformed> {
    let group = session.group(reader.string()?);
    let (generation, member) = (reader.i32()?, reader.string()?);
    let instance = match version >= 3 {
        true => reader.nullable_string()?,
        false => None,
    };
    let heard = session
        .app
        .groups
        .with_known(&session.app.node, &group, |entry, now| {
            let members = &mut entry.group;
            members.check_instance(&member, instance.as_ref())?;
            members.heartbeat(&member, generation, now)
        });
    let error = heard.err().map_or(0, |error| error.code());
    Ok(HeartbeatResponse::default().with_error_code(error))
}
