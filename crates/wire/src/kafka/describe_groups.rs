//! `DescribeGroups`: the members of groups, and what each reads.

use std::collections::BTreeSet;

use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::{DescribeGroupsResponse, GroupId};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::group::{Group, State};
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

/// What a group has that nobody is in, as Kafka's tools name it.
const DEAD: &str = "Dead";

pub(crate) async fn answer(
    session: &Session,
    mut reader: Reader,
    version: i16,
) -> Result<DescribeGroupsResponse, Malformed> {
    let mut groups = Vec::new();
    let names: BTreeSet<_> = reader.list(Reader::string)?.into_iter().collect();
    for name in names {
        let known = session.group(name.clone());
        let open = session
            .app
            .groups
            .peek(&known, |entry| described(&entry.group, version));
        let described = match open {
            Some(described) => described,
            None => DescribedGroup::default().with_group_state(state(session, &known).await),
        };
        groups.push(described.with_group_id(GroupId(name)));
    }
    Ok(DescribeGroupsResponse::default().with_groups(groups))
}

/// The state of a group that is not in memory: it has read something, or it is not there.
async fn state(session: &Session, name: &StrBytes) -> StrBytes {
    let kept = session.app.node.cursors(name).await;
    StrBytes::from_static_str(match kept.is_ok_and(|cursors| !cursors.is_empty()) {
        true => State::Empty.as_str(),
        false => DEAD,
    })
}

fn described(group: &Group, version: i16) -> DescribedGroup {
    let members = group.members.iter().map(|(name, member)| {
        DescribedGroupMember::default()
            .with_member_id(name.clone())
            .with_group_instance_id(member.instance.clone().filter(|_| version >= 4))
            .with_client_id(member.client.clone())
            .with_client_host(member.host.clone())
            .with_member_metadata(member.metadata(&group.protocol))
            .with_member_assignment(member.assignment.clone())
    });
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state.as_str()))
        .with_protocol_type(group.protocol_type.clone())
        .with_protocol_data(group.protocol.clone())
        .with_members(members.collect())
}
