//! `SyncGroup`: a member asks for its share, and the leader says what everybody's is.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::SyncGroupResponse;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

pub(crate) struct Asked {
    group: StrBytes,
    generation: i32,
    member: StrBytes,
    instance: Option<StrBytes>,
    /// What the leader shares out: to whom, and what.
    assignments: Vec<(StrBytes, Bytes)>,
}

pub(crate) fn read(mut reader: Reader, version: i16) -> Result<Asked, Malformed> {
    let group = reader.string()?;
    let generation = reader.i32()?;
    let member = reader.string()?;
    let instance = match version >= 3 {
        true => reader.nullable_string()?,
        false => None,
    };
    if version >= 5 {
        reader.nullable_string()?; // type and name of the way to share, which the generation says
        reader.nullable_string()?;
    }
    let assignments = reader.list(|reader| {
        let assignment = (reader.string()?, reader.kept_bytes()?);
        reader.tags()?;
        Ok(assignment)
    })?;
    Ok(Asked {
        group,
        generation,
        member,
        instance,
        assignments,
    })
}

/// Waits until the leader has shared out.
pub(crate) async fn answer(
    session: &Session,
    reader: Reader,
    version: i16,
) -> Result<SyncGroupResponse, Malformed> {
    let Asked {
        group,
        generation,
        member,
        instance,
        assignments,
    } = read(reader, version)?;
    let group = session.group(group);
    let groups = &session.app.groups;
    let (told, telling) = oneshot::channel();
    let bytes = assignments.iter().map(|(_, bytes)| bytes.len()).sum();
    let asked = groups.check_room(&group, bytes).and_then(|()| {
        groups.with_known(&session.app.node, &group, |entry, now| {
            let members = &mut entry.group;
            members.check_instance(&member, instance.as_ref())?;
            members.share(&member, generation, assignments, now, told)
        })
    });
    let share = match asked {
        Err(error) => Err(error),
        Ok(()) => tokio::select! {
            share = telling => share.unwrap_or(Err(ResponseError::RebalanceInProgress)),
            () = session.stopped() => Err(ResponseError::CoordinatorNotAvailable),
        },
    };
    let answer = SyncGroupResponse::default();
    Ok(match share {
        Err(error) => answer.with_error_code(error.code()),
        Ok(share) if version >= 5 => answer
            .with_protocol_type(Some(share.protocol_type))
            .with_protocol_name(Some(share.protocol))
            .with_assignment(share.assignment),
        Ok(share) => answer.with_assignment(share.assignment),
    })
}
