//! Who asks, and what they may do.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use headwater_event::Error;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::DatabaseName;
use crate::keys::key::Key;
use crate::keys::{Verifier, bad_key, key_needed};

/// What may be done with a key. Each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads, follows, queries and lists.
    Read,
    /// Appends.
    Write,
    /// Everything else: databases, projections, backups, keys.
    Admin,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 3] = [Role::Read, Role::Write, Role::Admin];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Write => "write",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Role, Error> {
        let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| {
            Error::invalid("bad_role", "there is no such role")
                .field("role")
                .found(format!("{text:?}"))
                .expected("admin, write or read")
        })
    }
}

/// Who asks: somebody who has shown a key, or anybody, while no key was ever made. A clone is the
/// same one.
#[derive(Clone)]
pub struct Identity {
    key: Option<Arc<Key>>,
    /// True once the key is revoked, or once nobody is let in without one.
    ended: watch::Receiver<bool>,
}

impl Identity {
    /// Whoever has shown this key.
    pub(super) fn of(key: Arc<Key>) -> Identity {
        Identity {
            ended: key.revoked(),
            key: Some(key),
        }
    }

    /// Anybody, until keys are needed.
    pub(super) fn nobody(needed: watch::Receiver<bool>) -> Identity {
        Identity {
            key: None,
            ended: needed,
        }
    }

    pub(super) fn key(&self) -> Option<&Arc<Key>> {
        self.key.as_ref()
    }

    /// The name of the key, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.key.as_ref().map(|key| key.name.as_str())
    }

    /// The one database that they reach, if they do not reach all.
    pub fn database(&self) -> Option<&DatabaseName> {
        self.key.as_ref().and_then(|key| key.database.as_ref())
    }

    /// The name that stands as `actor` in what they append. Nobody's is given to what comes
    /// without a key.
    pub(crate) fn actor(&self) -> Option<&str> {
        let named = self.key.as_ref().filter(|key| !key.is_of_this_process());
        named.map(|key| key.name.as_str())
    }

    /// Refuses what needs another role than they have, or reaches beyond their database. `None` is
    /// what concerns all databases.
    ///
    /// `forbidden`: another key may. `bad_key`, `key_needed`: they were let in, and are not any
    /// more.
    pub fn may(&self, role: Role, database: Option<&DatabaseName>) -> Result<(), Error> {
        self.check_living()?;
        let Some(key) = &self.key else {
            return Ok(());
        };
        // The node's own log holds what is known of all databases and keys.
        let system = database.is_some_and(DatabaseName::is_system);
        self.has_role(if system { Role::Admin } else { role })?;
        match &key.database {
            Some(own) if database != Some(own) => Err(forbidden(key)
                .found(format!("the key {} of the database {own}", key.name))
                .expected(match database {
                    Some(other) => format!("a key that reaches the database {other}"),
                    None => "a key that reaches all databases".to_owned(),
                })),
            _ => Ok(()),
        }
    }

    /// Refuses what needs another role than they have, whichever databases it is about; see
    /// [`may`](Self::may).
    pub fn has_role(&self, role: Role) -> Result<(), Error> {
        self.check_living()?;
        match &self.key {
            Some(key) if key.role < role => Err(forbidden(key)
                .found(format!("the key {} with the role {}", key.name, key.role))
                .expected(format!("a key with the role {role}"))),
            _ => Ok(()),
        }
    }

    /// Refuses who was let in, and is not any more.
    pub fn check_living(&self) -> Result<(), Error> {
        match (*self.ended.borrow(), &self.key) {
            (false, _) => Ok(()),
            (true, Some(_)) => Err(bad_key()),
            (true, None) => Err(key_needed()),
        }
    }

    /// Returns once they are not let in any more: what they have open is to be closed then.
    pub async fn ended(&self) {
        let mut ended = self.ended.clone();
        if ended.wait_for(|ended| *ended).await.is_err() {
            std::future::pending::<()>().await; // the node is gone, which others tell
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.name()).finish()
    }
}

fn forbidden(key: &Key) -> Error {
    let message = format!("the key {} may not do this", key.name);
    Error::invalid("forbidden", message)
        .action("use another key, or ask whoever looks after the server for one")
}

/// Somebody who says to have the key of a name, and has to prove it.
pub struct Claim {
    verifier: Verifier,
    key: Option<Arc<Key>>,
}

impl Claim {
    pub(super) fn of(key: Arc<Key>) -> Claim {
        Claim {
            verifier: key.verifier.clone(),
            key: Some(key),
        }
    }

    pub(super) fn nobody(verifier: Verifier) -> Claim {
        Claim {
            verifier,
            key: None,
        }
    }

    /// What the proof is held against.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Who it is, if this is the `ClientKey` (RFC 5802, section 3), which only the text of the key
    /// gives. `bad_key` otherwise.
    pub fn prove(self, client_key: &[u8; 32]) -> Result<Identity, Error> {
        let fits = self.verifier.fits_client_key(client_key);
        match self.key {
            Some(key) if fits && !key.is_revoked() => Ok(Identity::of(key)),
            _ => Err(bad_key()),
        }
    }
}
