//! Who a connection is. This is the one place where that is asked: nothing is woken before.

use std::collections::BTreeMap;

use crate::postgres::failure::Failure;

/// Whoever a connection belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The name that it gave.
    pub(crate) user: String,
}

/// Takes the client's word for who it is: whoever reaches the server, which listens on loopback
/// alone, may do everything ([decision 8](../../../../docs/decisions/0008-without-keys-only-this-machine.md)).
pub(crate) fn identify(parameters: &BTreeMap<String, String>) -> Result<Identity, Failure> {
    match parameters.get("user") {
        Some(user) if !user.is_empty() => Ok(Identity { user: user.clone() }),
        _ => Err(Failure::new(
            "28000",
            "no PostgreSQL user name specified in startup packet",
        )),
    }
}
