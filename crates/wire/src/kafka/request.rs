//! A request is given to the file that answers it.

use bytes::Bytes;
use headwater_event::Error;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;

use crate::gate::Reserved;
use crate::kafka::api;
use crate::kafka::header::Header;
use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;
use crate::kafka::{
    api_versions, create_topics, delete_groups, delete_topics, describe_cluster, describe_configs,
    describe_groups, fetch, find_coordinator, guest, heartbeat, init_producer_id, join_group,
    leave_group, list_groups, list_offsets, metadata, offset_commit, offset_fetch, produce,
    sync_group,
};

/// What a client is told.
pub(crate) enum Answer {
    /// This, and the room that it takes until it is written.
    Frame(Bytes, Reserved),
    /// Nothing: it asked for no answer.
    Nothing,
}

/// Why a request is not answered and its connection is closed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot be read.
    Malformed(Malformed),
    /// There is no such request, or not in this version.
    Unknown { key: i16, version: i16 },
    /// Records were not written, and their producer asked for no answer.
    Lost,
    /// Its answer cannot be told in the protocol.
    Untold(Error),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Malformed(malformed) => malformed.fmt(f),
            Refusal::Unknown { key, version } => write!(
                f,
                "the request {key} in version {version}; expected one that ApiVersions lists"
            ),
            Refusal::Lost => {
                f.write_str("records that were refused, of a producer that asked for no answer")
            }
            Refusal::Untold(error) => error.fmt(f),
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Refusal {
        Refusal::Malformed(malformed)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Untold(error)
    }
}

/// Answers a request. It may wait, and is dropped when the server ends.
pub(crate) async fn answer(
    session: &Session,
    header: &Header,
    reader: Reader,
) -> Result<Answer, Refusal> {
    let key = match header.key {
        Some(ApiKey::ApiVersions) => return Ok(Answer::Frame(answer_versions(header)?, None)),
        _ => check_version(header)?,
    };
    match key {
        ApiKey::Produce => match produce::answer(session, reader).await? {
            Some(told) => Ok(Answer::Frame(header.reply(&told)?, None)),
            None => Ok(Answer::Nothing),
        },
        ApiKey::Fetch => {
            let (told, room) = fetch::answer(session, reader, header.version).await?;
            Ok(Answer::Frame(header.reply(&told)?, room))
        }
        _ => Ok(Answer::Frame(
            frame(session, header, key, reader).await?,
            None,
        )),
    }
}

/// What is asked for, if it is answered in this version.
pub(crate) fn check_version(header: &Header) -> Result<ApiKey, Refusal> {
    let known = header.key;
    let answered = known.filter(|key| api::is_answered(*key, header.version));
    answered.ok_or_else(|| unknown(header))
}

/// `ApiVersions`, whose versions are told in the first one to who asks in one that is not known.
pub(crate) fn answer_versions(header: &Header) -> Result<Bytes, Refusal> {
    Ok(
        match api::is_answered(ApiKey::ApiVersions, header.version) {
            true => header.reply(&api_versions::answer(None))?,
            false => {
                let told = api_versions::answer(Some(ResponseError::UnsupportedVersion));
                header.reply_as(&told, 0)?
            }
        },
    )
}

fn unknown(header: &Header) -> Refusal {
    Refusal::Unknown {
        key: header.key_sent,
        version: header.version,
    }
}

/// The answer of a request that always has one.
async fn frame(
    session: &Session,
    header: &Header,
    key: ApiKey,
    body: Reader,
) -> Result<Bytes, Refusal> {
    let version = header.version;
    let frame = match key {
        ApiKey::Metadata => header.reply(&metadata::answer(session, body, version).await?),
        ApiKey::ListOffsets => header.reply(&list_offsets::answer(session, body, version).await?),
        ApiKey::InitProducerId => header.reply(&init_producer_id::answer(session, body)?),
        ApiKey::FindCoordinator => header.reply(&find_coordinator::answer(session, body, version)?),
        ApiKey::JoinGroup => header.reply(&join_group::answer(session, header, body).await?),
        ApiKey::SyncGroup => header.reply(&sync_group::answer(session, body, version).await?),
        ApiKey::Heartbeat => header.reply(&heartbeat::answer(session, body, version)?),
        ApiKey::LeaveGroup => header.reply(&leave_group::answer(session, body, version)?),
        ApiKey::OffsetCommit => header.reply(&offset_commit::answer(session, body, version).await?),
        ApiKey::OffsetFetch => header.reply(&offset_fetch::answer(session, body).await?),
        ApiKey::ListGroups => header.reply(&list_groups::answer(session, body, version).await?),
        ApiKey::DescribeGroups => {
            header.reply(&describe_groups::answer(session, body, version).await?)
        }
        ApiKey::DeleteGroups => header.reply(&delete_groups::answer(session, body).await?),
        ApiKey::CreateTopics => header.reply(&create_topics::answer(body)?),
        ApiKey::DeleteTopics => header.reply(&delete_topics::answer(body, version)?),
        ApiKey::DescribeCluster => header.reply(&describe_cluster::answer(session)),
        ApiKey::DescribeConfigs => header.reply(&describe_configs::answer(session, body)?),
        // Who is known already is not asked again.
        ApiKey::SaslHandshake => header.reply(&guest::refuse_handshake()),
        ApiKey::SaslAuthenticate => header.reply(&guest::refuse_authenticate()),
        _ => return Err(unknown(header)),
    };
    Ok(frame?)
}
