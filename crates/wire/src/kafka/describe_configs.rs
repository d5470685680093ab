//! `DescribeConfigs`: what of Kafka's settings holds here. None can be changed.

use headwater_event::limits::{APPEND_BYTES_MAX, DATA_BYTES_MAX};
use headwater_node::Role;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::DescribeConfigsResponse;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
};
use kafka_protocol::protocol::StrBytes;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::{BROKER, Session};

/// Kinds of what has settings.
const TOPIC: i8 = 2;
const SERVER: i8 = 4;

/// Where a setting comes from: it is the default.
const DEFAULT: i8 = 5;

pub(crate) struct Asked {
    kind: i8,
    name: StrBytes,
    /// None is all.
    settings: Option<Vec<StrBytes>>,
}

pub(crate) fn read(mut reader: Reader) -> Result<Vec<Asked>, Malformed> {
    reader.list(|reader| {
        let (kind, name) = (reader.i8()?, reader.string()?);
        let settings = reader.nullable_list(Reader::string)?;
        reader.tags()?;
        Ok(Asked {
            kind,
            name,
            settings,
        })
    })
}

pub(crate) fn answer(
    session: &Session,
    reader: Reader,
) -> Result<DescribeConfigsResponse, Malformed> {
    let results = read(reader)?.into_iter().map(|asked| {
        let settings = settings(session, &asked);
        let result = DescribeConfigsResult::default()
            .with_resource_type(asked.kind)
            .with_resource_name(asked.name);
        match settings {
            Ok(settings) => result.with_configs(settings),
            Err(error) => result.with_error_code(error.code()),
        }
    });
    Ok(DescribeConfigsResponse::default().with_results(results.collect()))
}

fn settings(
    session: &Session,
    asked: &Asked,
) -> Result<Vec<DescribeConfigsResourceResult>, ResponseError> {
    let all = match asked.kind {
        TOPIC => session
            .topic(Role::Read, &asked.name)
            .map(|_| of_topics())?,
        SERVER if *asked.name == *BROKER.0.to_string() => of_broker(),
        _ => return Err(ResponseError::InvalidRequest),
    };
    let wanted = |name: &str| match &asked.settings {
        Some(names) => names.iter().any(|one| **one == *name),
        None => true,
    };
    let told = all.into_iter().filter(|(name, _)| wanted(name));
    let told = told.map(|(name, value)| {
        DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_string(value)))
            .with_read_only(true)
            .with_config_source(DEFAULT)
    });
    Ok(told.collect())
}

/// The settings of a topic, each with its value.
fn of_topics() -> Vec<(&'static str, String)> {
    vec![
        ("cleanup.policy", "delete".to_owned()),
        ("compression.type", "uncompressed".to_owned()),
        ("max.message.bytes", APPEND_BYTES_MAX.to_string()),
        ("message.timestamp.type", "CreateTime".to_owned()),
        ("min.insync.replicas", "1".to_owned()),
        ("retention.bytes", "-1".to_owned()),
        ("retention.ms", "-1".to_owned()),
    ]
}

/// The settings of the broker.
fn of_broker() -> Vec<(&'static str, String)> {
    vec![
        ("auto.create.topics.enable", "false".to_owned()),
        ("default.replication.factor", "1".to_owned()),
        // Of one record: a batch of them may be as large as its topic says.
        ("message.max.bytes", DATA_BYTES_MAX.to_string()),
    ]
}
