//! Which keys there are: a fold of the log `_system`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use headwater_event::{Error, Event, Timestamp};
use ring::hmac;
use tokio::sync::watch;

use crate::keys::fact::{Created, Fact};
use crate::keys::key::{Key, NewKey};
use crate::keys::secret::Secret;
use crate::keys::{Identity, KeyId, KeyInfo, KeyName, Role, Verifier};

/// The name of the key that a process makes for itself. No other can have it.
const THIS_PROCESS: &str = "this process";

/// All keys.
pub(crate) struct KeyTable {
    fold: RwLock<Fold>,
    /// Whether everybody needs a key.
    needed: watch::Sender<bool>,
    /// Held while a text is verified.
    pub(super) verifying: tokio::sync::Mutex<()>,
    /// From which what is told of names that no key has is made: a secret that is kept with the keys.
    decoy: OnceLock<hmac::Key>,
}

/// What the events say.
#[derive(Default)]
struct Fold {
    /// In the order in which they were made.
    all: Vec<Arc<Key>>,
    /// Those that open something.
    living: HashMap<KeyId, Arc<Key>>,
    by_name: BTreeMap<KeyName, Arc<Key>>,
}

impl KeyTable {
    /// Before the first event.
    pub(crate) fn new() -> KeyTable {
        KeyTable {
            fold: RwLock::default(),
            needed: watch::Sender::new(false),
            verifying: tokio::sync::Mutex::default(),
            decoy: OnceLock::new(),
        }
    }

    /// Folds in an event of `_system`, each once and in order.
    pub(crate) fn apply(&self, event: &Event) -> Result<(), Error> {
        let Some((id, fact)) = Fact::of_event(event)? else {
            return Ok(());
        };
        let mut fold = self.write();
        match fact {
            Fact::Created(created) => {
                fold.created(id, &created, event)?;
                drop(fold);
                let secret = created.verifier.as_bytes(); // of the first key, which nobody else sees
                self.decoy
                    .get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, secret));
                self.needed.send_replace(true);
            }
            Fact::Revoked(_) => fold.revoked(id, event.recorded_at),
            Fact::Used(_) => {
                if let Some(key) = fold.living.get(&id) {
                    key.was_used(event.recorded_at);
                }
            }
        }
        Ok(())
    }

    pub(super) fn are_needed(&self) -> bool {
        *self.needed.borrow()
    }

    pub(super) fn nobody(&self) -> Identity {
        Identity::nobody(self.needed.subscribe())
    }

    pub(super) fn living(&self, id: KeyId) -> Option<Arc<Key>> {
        self.read().living.get(&id).cloned()
    }

    pub(super) fn named(&self, name: &str) -> Option<Arc<Key>> {
        let name: KeyName = name.parse().ok()?;
        self.read().by_name.get(&name).cloned()
    }

    pub(super) fn list(&self) -> Vec<KeyInfo> {
        self.read().all.iter().map(|key| key.info()).collect()
    }

    /// What somebody is told who claims a name that no key has: the same each time, also after a
    /// restart, as it is of a name that one has.
    pub(super) fn verifier_of_nobody(&self, name: &str) -> Verifier {
        let nothing = || hmac::Key::new(hmac::HMAC_SHA256, &[]); // nobody is asked for a key then
        let decoy = self.decoy.get_or_init(nothing);
        let salt = hmac::sign(decoy, name.as_bytes());
        let keys = hmac::sign(decoy, salt.as_ref());
        let (mut short, mut long) = ([0; 16], [0; 32]);
        short.copy_from_slice(&salt.as_ref()[..16]);
        long.copy_from_slice(keys.as_ref());
        Verifier::of_nothing(short, long)
    }

    pub(super) fn of_this_process(&self, now: Timestamp) -> Result<String, Error> {
        let secret = Secret::draw()?;
        let text = secret.text();
        let key = Key::new(NewKey {
            id: secret.id,
            name: KeyName::of_this_process(THIS_PROCESS),
            role: Role::Admin,
            database: None,
            verifier: Verifier::of(&text)?,
            created_at: now,
            of_this_process: true,
        });
        self.write().living.insert(secret.id, Arc::new(key));
        Ok(text)
    }

    fn read(&self) -> RwLockReadGuard<'_, Fold> {
        self.fold.read().unwrap_or_else(PoisonError::into_inner) // folded whole, event by event
    }

    fn write(&self) -> RwLockWriteGuard<'_, Fold> {
        self.fold.write().unwrap_or_else(PoisonError::into_inner) // as above
    }
}

impl Fold {
    fn created(&mut self, id: KeyId, fact: &Created, event: &Event) -> Result<(), Error> {
        let database = fact.database.as_deref().map(str::parse).transpose();
        let key = Arc::new(Key::new(NewKey {
            id,
            name: fact.name.parse()?,
            role: fact.role,
            database: database?,
            verifier: fact.verifier.parse()?,
            created_at: event.recorded_at,
            of_this_process: false,
        }));
        self.all.push(key.clone());
        self.by_name.insert(key.name.clone(), key.clone());
        self.living.insert(id, key);
        Ok(())
    }

    fn revoked(&mut self, id: KeyId, at: Timestamp) {
        if let Some(key) = self.living.remove(&id) {
            self.by_name.remove(&key.name);
            key.revoke(at);
        }
    }
}
