//! `LeaveGroup`: members leave, and what the group has read is kept.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::LeaveGroupResponse;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::protocol::StrBytes;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

type Leaving = (StrBytes, Option<StrBytes>);

pub(crate) fn read(
    mut reader: Reader,
    version: i16,
) -> Result<(StrBytes, Vec<Leaving>), Malformed> {
    let group = reader.string()?;
    if version < 3 {
        return Ok((group, vec![(reader.string()?, None)]));
    }
    let members = reader.list(|reader| {
        let member = (reader.string()?, reader.nullable_string()?);
        reader.tags()?;
        Ok(member)
    })?;
    Ok((group, members))
}

pub(crate) fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<LeaveGroupResponse, Malformed> {
    let (group, members) = read(reader, version)?;
    let group = session.group(group);
    let leave = |(member, instance): &Leaving| {
        session
            .app
            .groups
            .with_known(&session.app.node, &group, |entry, now| {
                entry.cursors.hurry(now);
                entry.group.leave(member, instance.as_ref(), now)
            })
    };
    let left: Vec<Result<(), ResponseError>> = members.iter().map(leave).collect();
    let code = |left: &Result<(), ResponseError>| left.err().map_or(0, |error| error.code());
    let answer = LeaveGroupResponse::default();
    if version < 3 {
        return Ok(answer.with_error_code(left.first().map_or(0, code)));
    }
    let told = members.iter().zip(&left).map(|((member, instance), left)| {
        MemberResponse::default()
            .with_member_id(member.clone())
            .with_group_instance_id(instance.clone())
            .with_error_code(code(left))
    });
    Ok(answer.with_members(told.collect()))
}
