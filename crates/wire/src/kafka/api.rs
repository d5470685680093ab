//! Which requests are answered, in which versions.

use kafka_protocol::messages::ApiKey;

/// A request and its versions, both ends included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api {
    pub(crate) key: ApiKey,
    /// The first version that is announced.
    pub(crate) min: i16,
    pub(crate) max: i16,
    /// The first version that is answered.
    answered: i16,
}

const fn api(key: ApiKey, min: i16, max: i16) -> Api {
    Api {
        key,
        min,
        max,
        answered: min,
    }
}

/// All of them. Topics are named and never known by an id, so versions that have only ids are not
/// here.
pub(crate) const APIS: &[Api] = &[
    // librdkafka does not compress unless version 0 is announced; no client of this decade sends
    // what comes before 3, which had another format of records.
    Api {
        key: ApiKey::Produce,
        min: 0,
        max: 9,
        answered: 3,
    },
    api(ApiKey::Fetch, 4, 12),
    api(ApiKey::ListOffsets, 1, 7),
    api(ApiKey::Metadata, 0, 9),
    api(ApiKey::OffsetCommit, 2, 8),
    api(ApiKey::OffsetFetch, 1, 7),
    api(ApiKey::FindCoordinator, 0, 3),
    api(ApiKey::JoinGroup, 1, 7),
    api(ApiKey::Heartbeat, 0, 4),
    api(ApiKey::LeaveGroup, 0, 4),
    api(ApiKey::SyncGroup, 0, 5),
    api(ApiKey::DescribeGroups, 0, 5),
    api(ApiKey::ListGroups, 0, 4),
    api(ApiKey::ApiVersions, 0, 3),
    api(ApiKey::CreateTopics, 2, 6),
    api(ApiKey::DeleteTopics, 1, 5),
    api(ApiKey::InitProducerId, 0, 4),
    api(ApiKey::DescribeConfigs, 1, 4),
    api(ApiKey::DeleteGroups, 0, 2),
    api(ApiKey::DescribeCluster, 0, 1),
    // librdkafka asks for no key unless version 0 is announced, and sends 1.
    Api {
        key: ApiKey::SaslHandshake,
        min: 0,
        max: 1,
        answered: 1,
    },
    api(ApiKey::SaslAuthenticate, 0, 2),
];

/// Whether this version of a request is answered.
pub(crate) fn is_answered(key: ApiKey, version: i16) -> bool {
    let found = APIS.iter().find(|api| api.key == key);
    found.is_some_and(|api| (api.answered..=api.max).contains(&version))
}
