//! All groups, in memory, and the task that sees to what is due.
//!
//! A group is made when somebody first speaks of it, and forgotten when nobody is in it and its
//! cursors are kept. While there is none, the task waits without a timer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headwater_event::Error;
use headwater_node::{Keep, Node};
use kafka_protocol::ResponseError;
use kafka_protocol::protocol::StrBytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::app::App;
use crate::kafka::cursors::GroupCursors;
use crate::kafka::group::Group;
use crate::kafka::session::OF_A_DATABASE;

/// Groups that are held in memory.
const GROUPS_MAX: usize = 500;

/// Those of them that belong to one database, because the keys do that named them.
const GROUPS_OF_ONE_MAX: usize = 100;

/// Bytes of what the members of all groups say.
const MEMBERS_BYTES_MAX: usize = 32 << 20;

/// Bytes of the name of a group.
const NAME_BYTES_MAX: usize = 255;

/// A group that nobody speaks of leaves the memory after so long.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// How often it is looked what is due.
const TICK: Duration = Duration::from_millis(100);

/// A group and what it has read.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) group: Group,
    pub(crate) cursors: GroupCursors,
    used: Instant,
}

/// The groups of a server.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    all: Mutex<HashMap<StrBytes, Entry>>,
    /// Told when there is one.
    made: Notify,
}

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<StrBytes, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner) // a group is changed step by step
    }

    /// Does something with a group, which is made if it is not there.
    pub(crate) fn with<T>(
        &self,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        check_name(name)?;
        let now = Instant::now();
        let mut all = self.lock();
        if !all.contains_key(name) && !has_room(&all, name) {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        let entry = all.entry(name.clone()).or_insert_with(|| {
            self.made.notify_one();
            Entry {
                group: Group::default(),
                cursors: GroupCursors::new(now),
                used: now,
            }
        });
        entry.used = now;
        work(entry, now)
    }

    /// Does something with a group that has members; who is in none is told that.
    pub(crate) fn with_known<T>(
        &self,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        check_name(name)?;
        let now = Instant::now();
        let mut all = self.lock();
        let entry = all.get_mut(name).ok_or(ResponseError::UnknownMemberId)?;
        entry.used = now;
        work(entry, now)
    }

    /// As [`with`](Groups::with), once what the group has read before is in memory.
    pub(crate) async fn with_cursors<T>(
        &self,
        node: &Node,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        let loaded = self.with(name, |entry, _| Ok(entry.cursors.all().is_some()))?;
        if loaded {
            return self.with(name, work);
        }
        let kept = node.cursors(name).await.map_err(not_available)?;
        self.with(name, |entry, now| {
            entry.cursors.load(kept);
            work(entry, now)
        })
    }

    /// Does something with a group if it is in memory.
    pub(crate) fn peek<T>(&self, name: &StrBytes, work: impl FnOnce(&Entry) -> T) -> Option<T> {
        self.lock().get(name).map(work)
    }

    /// Names and types of the groups in memory that have members, and their states.
    pub(crate) fn list(&self) -> Vec<(StrBytes, StrBytes, &'static str)> {
        let all = self.lock();
        let described = |(name, entry): (&StrBytes, &Entry)| {
            let group = &entry.group;
            (
                name.clone(),
                group.protocol_type.clone(),
                group.state.as_str(),
            )
        };
        let lasting = |(_, entry): &(&StrBytes, &Entry)| {
            !entry.group.is_empty() || entry.cursors.all().is_some_and(|all| !all.is_empty())
        };
        all.iter().filter(lasting).map(described).collect()
    }

    /// Refuses more than the members of all groups may say together.
    pub(crate) fn check_room(&self, bytes: usize) -> Result<(), ResponseError> {
        let all = self.lock();
        let members = all.values().flat_map(|entry| entry.group.members.values());
        let held: usize = members.map(|member| member.bytes()).sum();
        match held + bytes <= MEMBERS_BYTES_MAX {
            true => Ok(()),
            false => Err(ResponseError::GroupMaxSizeReached),
        }
    }

    /// Takes a group out that has nobody; its cursors are gone with it.
    pub(crate) fn remove(&self, name: &StrBytes) -> Result<(), ResponseError> {
        let mut all = self.lock();
        match all.get(name) {
            Some(entry) if !entry.group.is_empty() => Err(ResponseError::NonEmptyGroup),
            _ => {
                all.remove(name);
                Ok(())
            }
        }
    }

    /// Does what is due; gives what is to be kept.
    fn tick(&self, now: Instant) -> Vec<Keep> {
        let mut keep = Vec::new();
        self.lock().retain(|name, entry| {
            entry.group.tick(now);
            let members = entry.group.members.len();
            let was_kept = entry.cursors.is_kept(); // what is taken now is not kept yet
            keep.extend(entry.cursors.take(name, members, now, false));
            let idle = now.saturating_duration_since(entry.used) > IDLE_MAX;
            !(idle && entry.group.is_empty() && was_kept)
        });
        keep
    }

    /// Keeps what is not kept yet, of all groups.
    pub(crate) async fn keep_all(&self, node: &Node) {
        let now = Instant::now();
        let mut keep = Vec::new();
        for (name, entry) in &mut *self.lock() {
            keep.extend(entry.cursors.take(name, 1, now, true));
        }
        self.keep(node, keep).await;
    }

    async fn keep(&self, node: &Node, keep: Vec<Keep>) {
        if keep.is_empty() || node.keep_cursors(&keep).await.is_ok() {
            return;
        }
        // What one group has read may be what cannot be kept: the others are kept without it.
        for keep in &keep {
            let Err(error) = node.keep_cursors(std::slice::from_ref(keep)).await else {
                continue;
            };
            tracing::warn!(%error, group = %keep.reader, "what a group has read could not be kept; it is tried again");
            if let Some(entry) = self.lock().get_mut(keep.reader.as_bytes()) {
                entry.cursors.not_kept(keep, Instant::now());
            }
        }
    }
}

/// Sees to the groups until the server stops.
pub(crate) async fn upkeep(app: &App) {
    let groups = &app.groups;
    let mut stopping = app.stopping.clone();
    while !*stopping.borrow() {
        let keep = groups.tick(Instant::now());
        groups.keep(&app.node, keep).await; // to its end: what was taken is not lost
        let none = groups.lock().is_empty();
        let pause = async {
            match none {
                true => groups.made.notified().await,
                false => tokio::time::sleep(TICK).await,
            }
        };
        tokio::select! {
            () = pause => {}
            _ = stopping.wait_for(|stopping| *stopping) => {} // or the server is gone
        }
    }
}

/// Whether one more group may be held, by this name.
fn has_room(all: &HashMap<StrBytes, Entry>, name: &str) -> bool {
    let owner = |name: &str| {
        name.split_once(OF_A_DATABASE)
            .map(|(owner, _)| owner.to_owned())
    };
    let own = owner(name);
    let others = || all.keys().filter(|other| owner(other) == own).count();
    all.len() < GROUPS_MAX && (own.is_none() || others() < GROUPS_OF_ONE_MAX)
}

fn check_name(name: &str) -> Result<(), ResponseError> {
    let usable =
        !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.chars().any(char::is_control);
    match usable {
        true => Ok(()),
        false => Err(ResponseError::InvalidGroupId),
    }
}

/// What clients try again.
pub(crate) fn not_available(error: Error) -> ResponseError {
    tracing::warn!(%error, "what a group has read could not be looked up");
    ResponseError::CoordinatorNotAvailable
}
