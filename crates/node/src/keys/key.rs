//! One key, as the node has it in memory.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use headwater_event::Timestamp;
use tokio::sync::watch;

use crate::DatabaseName;
use crate::keys::{KeyName, Role, Verifier};

/// A use is recorded if the one that was recorded last is so much older, in microseconds: a key in
/// constant use costs `_system` 24 small events a day.
const RECORD_AFTER_MICROS: i64 = 3_600_000_000;

/// No use.
const NEVER: i64 = i64::MIN;

/// Identity of a key, which stands in its text. It is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) u64);

impl KeyId {
    /// Reads 16 digits of base 16, in lower case.
    pub(super) fn of_text(text: &str) -> Option<KeyId> {
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let whole = text.len() == 16 && text.bytes().all(plain);
        whole.then(|| u64::from_str_radix(text, 16).ok().map(KeyId))?
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A key, as it is listed.
#[derive(Clone, Debug)]
pub struct KeyInfo {
    /// Who uses it.
    pub name: KeyName,
    /// Its identity, which stands in its text.
    pub id: KeyId,
    /// What may be done with it.
    pub role: Role,
    /// The one database that it reaches, if it does not reach all.
    pub database: Option<DatabaseName>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was used last. After a restart this may be an hour too early.
    pub used_at: Option<Timestamp>,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

/// One key.
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) name: KeyName,
    pub(super) role: Role,
    pub(super) database: Option<DatabaseName>,
    pub(super) verifier: Verifier,
    created_at: Timestamp,
    /// Made for this process and recorded nowhere.
    of_this_process: bool,
    /// The hash of its text, once that was verified.
    remembered: OnceLock<blake3::Hash>,
    /// Microseconds since 1970, or [`NEVER`].
    used: AtomicI64,
    /// The use that was recorded last.
    recorded: AtomicI64,
    revoked_at: OnceLock<Timestamp>,
    revoked: watch::Sender<bool>,
}

/// What a key is, when it is folded in.
pub(super) struct NewKey {
    pub(super) id: KeyId,
    pub(super) name: KeyName,
    pub(super) role: Role,
    pub(super) database: Option<DatabaseName>,
    pub(super) verifier: Verifier,
    pub(super) created_at: Timestamp,
    pub(super) of_this_process: bool,
}

impl Key {
    pub(super) fn new(new: NewKey) -> Key {
        Key {
            id: new.id,
            name: new.name,
            role: new.role,
            database: new.database,
            verifier: new.verifier,
            created_at: new.created_at,
            of_this_process: new.of_this_process,
            remembered: OnceLock::new(),
            used: AtomicI64::new(NEVER),
            recorded: AtomicI64::new(NEVER),
            revoked_at: OnceLock::new(),
            revoked: watch::Sender::new(false),
        }
    }

    /// Whether this is its text, if that is known without verifying it.
    pub(super) fn remembers(&self, text: &str) -> Option<bool> {
        let remembered = self.remembered.get()?;
        Some(*remembered == blake3::hash(text.as_bytes())) // in constant time
    }

    /// Whether this is its text, which is remembered by a hash. Costs about a millisecond.
    pub(super) fn verify(&self, text: &str) -> bool {
        if let Some(right) = self.remembers(text) {
            return right;
        }
        let right = self.verifier.fits(text);
        if right {
            self.remembered
                .get_or_init(|| blake3::hash(text.as_bytes()));
        }
        right
    }

    pub(super) fn is_of_this_process(&self) -> bool {
        self.of_this_process
    }

    /// Notes a use; says whether it is to be recorded.
    pub(super) fn used(&self, now: Timestamp) -> bool {
        let now = now.as_micros();
        self.used.store(now, Ordering::Relaxed);
        let recorded = self.recorded.load(Ordering::Relaxed);
        let due = now.saturating_sub(recorded) >= RECORD_AFTER_MICROS;
        if !due || self.of_this_process {
            return false;
        }
        let swapped =
            self.recorded
                .compare_exchange(recorded, now, Ordering::Relaxed, Ordering::Relaxed);
        swapped.is_ok()
    }

    /// Folds in a use that was recorded.
    pub(super) fn was_used(&self, at: Timestamp) {
        let at = at.as_micros();
        self.used.fetch_max(at, Ordering::Relaxed);
        self.recorded.fetch_max(at, Ordering::Relaxed);
    }

    pub(super) fn is_revoked(&self) -> bool {
        *self.revoked.borrow()
    }

    /// Tells when it is revoked.
    pub(super) fn revoked(&self) -> watch::Receiver<bool> {
        self.revoked.subscribe()
    }

    pub(super) fn revoke(&self, at: Timestamp) {
        self.revoked_at.get_or_init(|| at);
        self.revoked.send_replace(true);
    }

    pub(super) fn info(&self) -> KeyInfo {
        KeyInfo {
            name: self.name.clone(),
            id: self.id,
            role: self.role,
            database: self.database.clone(),
            created_at: self.created_at,
            used_at: Timestamp::from_micros(self.used.load(Ordering::Relaxed)),
            revoked_at: self.revoked_at.get().copied(),
        }
    }
}
