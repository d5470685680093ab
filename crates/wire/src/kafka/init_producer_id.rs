//! `InitProducerId`: an identity under which a producer numbers its records.

use headwater_node::Role;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{InitProducerIdResponse, ProducerId};
use uuid::Uuid;

use crate::kafka::reader::{Malformed, Reader};
use crate::kafka::session::Session;

/// A new identity, also for a producer that has one and wants its next epoch: 62 random bits, so
/// that no two ever have the same and nothing need be kept. Who asks for transactions is refused.
pub(crate) fn answer(
    session: &Session,
    mut reader: Reader,
) -> Result<InitProducerIdResponse, Malformed> {
    let transactional = reader.nullable_string()?.is_some();
    let answer = InitProducerIdResponse::default();
    let refused = match session.who.has_role(Role::Write) {
        _ if transactional => Some(ResponseError::TransactionalIdAuthorizationFailed),
        Err(_) => Some(ResponseError::ClusterAuthorizationFailed),
        Ok(()) => None,
    };
    if let Some(error) = refused {
        return Ok(answer
            .with_error_code(error.code())
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1));
    }
    Ok(answer
        .with_producer_id(ProducerId(new_id()))
        .with_producer_epoch(0))
}

/// The random part of a UUIDv7 (RFC 9562, section 5.7).
fn new_id() -> i64 {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    (random & (u64::MAX >> 2)) as i64 // 62 bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_are_not_negative() {
        let ids: std::collections::BTreeSet<i64> = (0..1_000).map(|_| new_id()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(ids.first().is_some_and(|least| *least >= 0));
    }
}
