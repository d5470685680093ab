//! `ApiVersions`: which requests are answered, in which versions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiVersionsResponse;
use kafka_protocol::messages::api_versions_response::ApiVersion;

use crate::kafka::api::APIS;

/// The list, which a client is told with an error too when it asks in a version that is not known
/// (KIP-511): then in version 0.
pub(crate) fn answer(error: Option<ResponseError>) -> ApiVersionsResponse {
    let versions = APIS.iter().map(|api| {
        ApiVersion::default()
            .with_api_key(api.key as i16)
            .with_min_version(api.min)
            .with_max_version(api.max)
    });
    ApiVersionsResponse::default()
        .with_error_code(error.map_or(0, |error| error.code()))
        .with_api_keys(versions.collect())
}
