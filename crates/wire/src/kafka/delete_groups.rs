//! `DeleteGroups`: what groups have read is forgotten. One that has members stays.

use headwater_node::Role;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::{DeleteGroupsResponse, GroupId};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

/// Durable when it is answered.
pub(crate) async fn answer(
    session: &Session,
    mut reader: Reader,
) -> Result<DeleteGroupsResponse, Malformed> {
    let mut results = Vec::new();
    for name in reader.list(Reader::string)? {
        let deleted = delete(session, &session.group(name.clone())).await;
        let result = DeletableGroupResult::default().with_group_id(GroupId(name));
        results.push(result.with_error_code(deleted.err().map_or(0, |error| error.code())));
    }
    Ok(DeleteGroupsResponse::default().with_results(results))
}

async fn delete(session: &Session, name: &StrBytes) -> Result<(), ResponseError> {
    let may = session.who.has_role(Role::Admin);
    may.map_err(|_| ResponseError::GroupAuthorizationFailed)?;
    session.app.groups.forget(&session.app.node, name).await
}
