//! `DescribeCluster`: the one broker.

use kafka_protocol::messages::DescribeClusterResponse;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;

use crate::kafka::metadata;
use crate::kafka::session::{BROKER, Session};

pub(crate) fn answer(session: &Session) -> DescribeClusterResponse {
    let broker = DescribeClusterBroker::default()
        .with_broker_id(BROKER)
        .with_host(session.host())
        .with_port(session.port());
    DescribeClusterResponse::default()
        .with_cluster_id(metadata::cluster_id(session))
        .with_controller_id(BROKER)
        .with_brokers(vec![broker])
}
