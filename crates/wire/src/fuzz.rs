//! What clients of the PostgreSQL and Kafka protocols send, for fuzzing. Each takes any bytes, and
//! may neither panic, nor hang, nor take more memory than they are worth. No server runs: what the
//! node would be asked is left out. Not a part of the interface: it changes as it is needed.

pub use crate::kafka::fuzz::{batch as kafka_batch, request as kafka_request};
pub use crate::postgres::fuzz::{
    message as postgres_message, statements as postgres_statements, value as postgres_value,
};
pub use crate::scram::fuzz::sign_in;
