//! `JoinGroup`: a member joins, and is told when all have.

use std::net::IpAddr;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::JoinGroupResponse;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::kafka::group::{Join, Joined};
use crate::kafka::header::Header;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

/// How long a member may be silent.
const SESSION_MIN: Duration = Duration::from_secs(1);
const SESSION_MAX: Duration = Duration::from_secs(1_800);

/// How long members may take to join anew, whatever they ask for.
const REBALANCE_MAX: Duration = Duration::from_secs(1_800);

/// Ways to share that a member may know.
const PROTOCOLS_MAX: usize = 32;

/// Bytes of the name of an instance, and of what a group is for.
const WORD_BYTES_MAX: usize = 255;

pub(crate) struct Asked {
    group: StrBytes,
    join: Join,
}

pub(crate) fn read(peer: IpAddr, header: &Header, mut reader: Reader) -> Result<Asked, Malformed> {
    let version = header.version;
    let group = reader.string()?;
    let session_timeout = millis(reader.i32()?);
    let rebalance = millis(reader.i32()?);
    let member = reader.string()?;
    let instance = match version >= 5 {
        true => reader.nullable_string()?,
        false => None,
    };
    let protocol_type = reader.string()?;
    let protocols = reader.list(|reader| {
        let protocol = (reader.string()?, reader.kept_bytes()?);
        reader.tags()?;
        Ok(protocol)
    })?;
    let join = Join {
        member,
        instance,
        client: header.client_id.clone(),
        host: StrBytes::from_string(format!("/{peer}")),
        session: session_timeout,
        rebalance: rebalance.clamp(session_timeout.min(REBALANCE_MAX), REBALANCE_MAX),
        protocol_type,
        protocols,
    };
    Ok(Asked { group, join })
}

fn millis(millis: i32) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// Waits until all members have joined.
pub(crate) async fn answer(
    session: &Session,
    header: &Header,
    reader: Reader,
) -> Result<JoinGroupResponse, Malformed> {
    let Asked { group, join } = read(session.peer, header, reader)?;
    let group = session.group(group);
    let member = match join.member.is_empty() {
        true => new_name(&join),
        false => join.member.clone(),
    };
    let joined = joined(session, header.version, &group, join, member.clone()).await;
    Ok(told(joined, member, header.version))
}

/// A name that no member had.
fn new_name(join: &Join) -> StrBytes {
    let begin: String = join.client.chars().take(64).collect();
    StrBytes::from_string(format!("{begin}-{}", Uuid::now_v7()))
}

async fn joined(
    session: &Session,
    version: i16,
    group: &StrBytes,
    mut join: Join,
    name: StrBytes,
) -> Result<Joined, ResponseError> {
    if !(SESSION_MIN..=SESSION_MAX).contains(&join.session) {
        return Err(ResponseError::InvalidSessionTimeout);
    }
    if join.protocols.len() > PROTOCOLS_MAX {
        return Err(ResponseError::InconsistentGroupProtocol);
    }
    let words = [join.instance.as_ref(), Some(&join.protocol_type)];
    if words
        .iter()
        .flatten()
        .any(|word| word.len() > WORD_BYTES_MAX)
    {
        return Err(ResponseError::InvalidRequest);
    }
    let groups = &session.app.groups;
    let words = join.protocols.iter();
    let bytes = words.map(|(name, data)| name.len() + data.len()).sum();
    groups.check_room(group, bytes)?;
    let (told, telling) = oneshot::channel();
    groups.with(&session.app.node, group, |entry, now| {
        let new = join.member.is_empty();
        if new && version >= 4 && join.instance.is_none() {
            // It comes again with this name: one that is lost on the way takes no place (KIP-394).
            entry.group.expect(name, now + join.session)?;
            return Err(ResponseError::MemberIdRequired);
        }
        if !new {
            let instance = join.instance.as_ref();
            entry.group.check_instance(&join.member, instance)?;
        }
        if !new && !entry.group.knows(&join.member) {
            return Err(ResponseError::UnknownMemberId);
        }
        join.member = name;
        entry.group.join(join, now, told)
    })?;
    tokio::select! {
        joined = telling => joined.unwrap_or(Err(ResponseError::UnknownMemberId)),
        () = session.stopped() => Err(ResponseError::CoordinatorNotAvailable),
    }
}

fn told(
    joined: Result<Joined, ResponseError>,
    member: StrBytes,
    version: i16,
) -> JoinGroupResponse {
    let answer = JoinGroupResponse::default();
    let joined = match joined {
        Ok(joined) => joined,
        Err(error) => {
            return answer
                .with_error_code(error.code())
                .with_generation_id(-1)
                .with_protocol_name((version < 7).then(StrBytes::default))
                .with_member_id(member);
        }
    };
    let members = joined
        .members
        .into_iter()
        .map(|(name, instance, metadata)| {
            JoinGroupResponseMember::default()
                .with_member_id(name)
                .with_group_instance_id(instance.filter(|_| version >= 5))
                .with_metadata(metadata)
        });
    answer
        .with_generation_id(joined.generation)
        .with_protocol_type(Some(joined.protocol_type).filter(|_| version >= 7))
        .with_protocol_name(Some(joined.protocol))
        .with_leader(joined.leader)
        .with_member_id(joined.member)
        .with_members(members.collect())
}
