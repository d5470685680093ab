//! `ListGroups`: the groups that have members or have read something, of those that the client
//! sees.

use std::collections::BTreeMap;

use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{GroupId, ListGroupsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::group::State;
use crate::kafka::groups::not_available;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

/// Groups that are listed at most.
const LISTED_MAX: usize = 1_000;

pub(crate) async fn answer(
    session: &Session,
    mut reader: Reader,
    version: i16,
) -> Result<ListGroupsResponse, Malformed> {
    let states = match version >= 4 {
        true => reader.list(Reader::string)?,
        false => Vec::new(),
    };
    let mut groups: BTreeMap<StrBytes, (StrBytes, &'static str)> = BTreeMap::new();
    let kept = session
        .app
        .node
        .readers(&session.groups(), LISTED_MAX)
        .await;
    let error = match kept {
        Ok(names) => {
            let asleep = |name| {
                (
                    StrBytes::from_string(name),
                    (StrBytes::default(), State::Empty.as_str()),
                )
            };
            groups.extend(names.into_iter().map(asleep));
            0
        }
        Err(error) => not_available(error).code(),
    };
    for (name, kind, state) in session.app.groups.list() {
        groups.insert(name, (kind, state));
    }
    let wanted = |state: &str| states.is_empty() || states.iter().any(|one| **one == *state);
    let listed = groups.into_iter().filter(|(_, (_, state))| wanted(state));
    let listed = listed.filter_map(|(name, (kind, state))| {
        let name = session.name_of_group(name)?;
        let state = match version >= 4 {
            true => StrBytes::from_static_str(state),
            false => StrBytes::default(),
        };
        let listed = ListedGroup::default()
            .with_group_id(GroupId(name))
            .with_protocol_type(kind)
            .with_group_state(state);
        Some(listed)
    });
    Ok(ListGroupsResponse::default()
        .with_error_code(error)
        .with_groups(listed.collect()))
}
