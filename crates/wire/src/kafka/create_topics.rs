//! `CreateTopics`: refused, with the reason.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::{CreateTopicsResponse, TopicName};

use crate::kafka::reader::{Malformed, Reader};

const REASON: &str = "topics are not created here: a database is a topic as soon as it is created \
    (headwater database create NAME), and each of its categories is one, database.category";

pub(crate) fn answer(mut reader: Reader) -> Result<CreateTopicsResponse, Malformed> {
    let names = reader.list(|reader| {
        let name = reader.string()?;
        reader.i32()?; // partitions
        reader.i16()?; // replicas
        reader.list(|reader| {
            reader.i32()?;
            reader.list(Reader::i32)?;
            reader.tags()
        })?;
        reader.list(|reader| {
            reader.string()?;
            reader.nullable_string()?;
            reader.tags()
        })?;
        reader.tags()?;
        Ok(name)
    })?;
    let refused = names.into_iter().map(|name| {
        CreatableTopicResult::default()
            .with_name(TopicName(name))
            .with_error_code(ResponseError::PolicyViolation.code())
            .with_error_message(Some(REASON.into()))
    });
    Ok(CreateTopicsResponse::default().with_topics(refused.collect()))
}
