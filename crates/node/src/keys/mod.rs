//! Keys: who may do what, and how somebody proves to be who they say.
//!
//! ```text
//!   text of a key  --id-->  Key (name, role, database, verifier)  -->  Identity  --may--> yes or no
//!                            |
//!                            +-- a fold of `_system`: KeyCreated, KeyRevoked, KeyUsed
//! ```
//!
//! * Where no key was ever made, everybody may do everything. From the first key on everybody needs
//!   one, also when all are revoked: taking a key away never opens a door.
//! * A key is kept as what SCRAM-SHA-256 needs to verify it (RFC 5802), from which its text cannot
//!   be found. So one key serves as a token, as a password and for SCRAM.
//! * A key that is revoked is refused from that moment on, also where it was let in before.

mod fact;
mod identity;
mod key;
mod name;
mod secret;
mod table;
mod verifier;

use std::sync::Arc;

use headwater_event::{Append, Error, EventType, Kind, Position, Query, QueryItem, Tag};

pub(crate) use fact::types;
pub use identity::{Claim, Identity, Role};
pub use key::{KeyId, KeyInfo};
pub use name::KeyName;
pub use verifier::Verifier;

use crate::node::{Inner, Node, blocking, finish};
use crate::{DatabaseHandle, DatabaseName};
use fact::{CREATED, Created, Fact, REVOKED, Revoked};
use key::Key;
use secret::Secret;
pub(crate) use table::KeyTable;

/// What a key that is to be made is.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Who uses it. No other key that is not revoked has this name.
    pub name: KeyName,
    /// What may be done with it.
    pub role: Role,
    /// The one database that it reaches; `None` is all of them.
    pub database: Option<DatabaseName>,
}

/// The keys of a node.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    node: &'a Arc<Inner>,
}

impl Node {
    /// The keys of this node.
    pub fn keys(&self) -> Keys<'_> {
        Keys { node: &self.inner }
    }

    /// Uses a database as [`database`](Node::database) does, if `who` has this role there: it is
    /// not woken otherwise. What is appended by the handle bears the name of the key.
    pub async fn database_for(
        &self,
        who: &Identity,
        role: Role,
        name: &DatabaseName,
    ) -> Result<DatabaseHandle, Error> {
        who.may(role, Some(name))?;
        Ok(self.database(name).await?.by(who))
    }
}

impl Keys<'_> {
    /// Whether everybody needs a key: since the first one was made.
    pub fn are_needed(self) -> bool {
        self.node.keys.are_needed()
    }

    /// Somebody who shows no key. Refused with `key_needed` once keys are needed.
    pub fn nobody(self) -> Result<Identity, Error> {
        match self.are_needed() {
            true => Err(key_needed()),
            false => Ok(self.node.keys.nobody()),
        }
    }

    /// Whoever shows this text of a key, which is refused with `bad_key` if it is not one. Where
    /// no keys are needed, none is looked at.
    ///
    /// The first time that a key is shown costs about a millisecond on a thread of its own; later
    /// it costs the hash of the text.
    pub async fn of_text(self, text: &str) -> Result<Identity, Error> {
        if !self.are_needed() {
            return Ok(self.node.keys.nobody());
        }
        let key = Secret::id_in(text).and_then(|id| self.node.keys.living(id));
        let key = key.ok_or_else(bad_key)?;
        let right = match key.remembers(text) {
            Some(right) => right,
            None => self.verify(&key, text).await?,
        };
        if !right || key.is_revoked() {
            return Err(bad_key());
        }
        self.used(&key);
        Ok(Identity::of(key))
    }

    /// As [`of_text`](Self::of_text), for a protocol that says a name with it: another name than
    /// the key has is refused.
    pub async fn of_password(self, name: &str, text: &str) -> Result<Identity, Error> {
        let of_another = |id| {
            let key = self.node.keys.living(id);
            key.is_some_and(|key| key.name.as_str() != name)
        };
        match Secret::id_in(text).is_some_and(of_another) {
            true if self.are_needed() => Err(bad_key()),
            _ => self.of_text(text).await,
        }
    }

    /// What it takes to let somebody prove by SCRAM-SHA-256 to have the key of this name. A name
    /// that no key has gets a verifier that nothing fulfils, so that names cannot be guessed.
    pub fn claim(self, name: &str) -> Claim {
        match self.node.keys.named(name) {
            Some(key) => Claim::of(key),
            None => Claim::nobody(self.node.keys.verifier_of_nobody(name)),
        }
    }

    /// Notes that a key opened a connection by a [`Claim`].
    pub fn opened(self, who: &Identity) {
        if let Some(key) = who.key() {
            self.used(key);
        }
    }

    /// Makes a key, and gives its text, which is not kept. Durable on return.
    ///
    /// `key_exists`: another one has this name. `first_key`: the first key must be able to make
    /// others.
    pub async fn create(self, new: NewKey) -> Result<(String, KeyInfo), Error> {
        let node = self.node.clone();
        let runtime = node.runtime.clone();
        finish(&runtime, async move { create(&node, &new).await }).await
    }

    /// Revokes the key of this name. It is durable on return, and the key opens nothing any more.
    ///
    /// `unknown_key`: no key that is not revoked has this name.
    pub async fn revoke(self, name: &KeyName) -> Result<(), Error> {
        let (node, name) = (self.node.clone(), name.clone());
        let runtime = node.runtime.clone();
        finish(&runtime, async move { revoke(&node, &name).await }).await
    }

    /// All keys, also the revoked ones, in the order in which they were made.
    pub fn list(self) -> Vec<KeyInfo> {
        self.node.keys.list()
    }

    /// The text of a key that may do everything, which is known to this process alone and recorded
    /// nowhere: for whoever has the files. It gives no name to what it appends.
    pub fn of_this_process(self) -> Result<String, Error> {
        self.node.keys.of_this_process(self.node.env.now())
    }

    /// Verifies a text for the first time. One after another, so that guesses keep one processor
    /// busy at most.
    async fn verify(self, key: &Arc<Key>, text: &str) -> Result<bool, Error> {
        let _turn = self.node.keys.verifying.lock().await;
        let (key, text) = (key.clone(), text.to_owned());
        blocking(move || Ok::<_, Error>(key.verify(&text))).await
    }

    /// Notes that a key was used, and records it if that was not done for a while.
    fn used(self, key: &Arc<Key>) {
        if !key.used(self.node.env.now()) {
            return;
        }
        let (node, key) = (self.node.clone(), key.clone());
        let runtime = node.runtime.clone();
        runtime.spawn(async move {
            let recorded = async { node.record(Append::of(vec![Fact::used(key.id)?])).await };
            if let Err(error) = recorded.await {
                tracing::warn!(key = %key.name, %error, "the use of a key was not recorded");
            }
        });
    }
}

async fn create(node: &Arc<Inner>, new: &NewKey) -> Result<(String, KeyInfo), Error> {
    if !node.keys.are_needed() && (new.role != Role::Admin || new.database.is_some()) {
        return Err(first_key(new));
    }
    let secret = Secret::draw()?;
    let verifier = {
        let text = secret.text();
        blocking(move || Verifier::of(&text)).await?
    };
    let seen = node.position();
    if node.keys.named(new.name.as_str()).is_some() {
        return Err(key_exists(&new.name));
    }
    let created = Created {
        name: new.name.to_string(),
        role: new.role,
        database: new.database.as_ref().map(ToString::to_string),
        verifier: verifier.to_string(),
    };
    let taken = QueryItem {
        types: vec![EventType::new(CREATED)?],
        tags: vec![Tag::new(format!("key:{}", new.name))?],
        ..QueryItem::default()
    };
    let event = Fact::Created(created).to_event(secret.id)?;
    let append = Append::of(vec![event]).unless(Query { items: vec![taken] }, seen);
    let conflict = node.record(append).await?;
    node.catch_up().await?;
    match (conflict, node.keys.living(secret.id)) {
        (None, Some(key)) => {
            tracing::info!(key = %new.name, role = %new.role, "a key was made");
            Ok((secret.text(), key.info()))
        }
        _ => Err(key_exists(&new.name)),
    }
}

async fn revoke(node: &Arc<Inner>, name: &KeyName) -> Result<(), Error> {
    let key = node.keys.named(name.as_str());
    let key = key.ok_or_else(|| unknown_key(name))?;
    let already = QueryItem {
        types: vec![EventType::new(REVOKED)?],
        stream: Some(fact::stream(key.id)?),
        ..QueryItem::default()
    };
    let already = Query {
        items: vec![already],
    };
    let revoked = Fact::Revoked(Revoked {
        name: name.to_string(),
    });
    let append = Append::of(vec![revoked.to_event(key.id)?]).unless(already, Position::ZERO);
    let conflict = node.record(append).await?;
    node.catch_up().await?;
    match conflict {
        Some(_) => Err(unknown_key(name)),
        None => {
            tracing::info!(key = %name, "a key was revoked");
            Ok(())
        }
    }
}

fn key_needed() -> Error {
    Error::invalid("key_needed", "the server asks for a key")
        .found("none")
        .expected("the text of a key, as `headwater key create` tells it")
        .action("send it: over HTTP in the header `authorization: Bearer <key>`, else as password")
}

/// Whether the key is unknown, revoked or of another name is not told.
pub(crate) fn bad_key() -> Error {
    Error::invalid(
        "bad_key",
        "the key is not one of this server, or was revoked",
    )
    .expected("the whole text of a key, as `headwater key create` told it, and its name")
    .action("ask whoever looks after the server for a key")
}

fn key_exists(name: &KeyName) -> Error {
    Error::new(
        Kind::Conflict,
        "key_exists",
        format!("there is a key {name} already"),
    )
    .field("name")
    .action("take another name, or revoke that one first")
}

fn unknown_key(name: &KeyName) -> Error {
    Error::new(
        Kind::NotFound,
        "unknown_key",
        format!("there is no key {name}, or it is revoked"),
    )
    .action("look at the list of keys")
}

fn first_key(new: &NewKey) -> Error {
    let found = match &new.database {
        Some(database) => format!("{} of the database {database}", new.role),
        None => new.role.to_string(),
    };
    Error::invalid(
        "first_key",
        "the first key must be able to make others, because everybody needs one from then on",
    )
    .field("role")
    .found(found)
    .expected("the role admin, and all databases")
    .action("make a key for yourself first, then this one")
}
