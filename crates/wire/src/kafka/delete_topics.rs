//! `DeleteTopics`: refused, with the reason.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{DeleteTopicsResponse, TopicName};

use crate::kafka::reader::{Malformed, Reader};

const REASON: &str = "topics are not deleted here: nothing in a log is ever removed, and a whole \
    database is deleted with headwater database delete NAME";

pub(crate) fn answer(mut reader: Reader, version: i16) -> Result<DeleteTopicsResponse, Malformed> {
    let refused = reader.list(Reader::string)?.into_iter().map(|name| {
        DeletableTopicResult::default()
            .with_name(Some(TopicName(name)))
            .with_error_code(ResponseError::PolicyViolation.code())
            .with_error_message((version >= 5).then(|| REASON.into()))
    });
    Ok(DeleteTopicsResponse::default().with_responses(refused.collect()))
}
