//! All groups, in memory, and the task that sees to what is due.
//!
//! A group is made when somebody first speaks of it, and forgotten when nobody is in it and its
//! cursors are kept. While there is none, the task waits without a timer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
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
use crate::kafka::reads::Reads;
use crate::kafka::session::OF_A_DATABASE;

/// Groups that are held in memory.
const GROUPS_MAX: usize = 500;

/// Those of them that belong to one database, because the keys do that named them.
const GROUPS_OF_ONE_MAX: usize = 100;

/// Bytes of what the members of all groups say.
const MEMBERS_BYTES_MAX: usize = 32 << 20;

/// Those of them that are of groups of one database.
const MEMBERS_BYTES_OF_ONE_MAX: usize = 4 << 20;

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
    reads: Reads,
    used: Instant,
    /// No other one that was ever in memory has this number.
    number: u64,
    /// It is being forgotten: nobody speaks of it until it is.
    ending: bool,
}

/// The groups of a server.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    all: Mutex<HashMap<StrBytes, Entry>>,
    /// How many were ever made.
    count: AtomicU64,
    /// Told when there is one.
    made: Notify,
    /// Held from when cursors are taken to be kept until they are.
    keeping: tokio::sync::Mutex<()>,
}

impl Entry {
    fn new(number: u64, now: Instant) -> Entry {
        Entry {
            group: Group::default(),
            cursors: GroupCursors::new(now),
            reads: Reads::default(),
            used: now,
            number,
            ending: false,
        }
    }

    /// Sends the members away if what they read is not what it was when they met.
    fn look(&mut self, node: &Node) {
        if self.reads.are_over(node) {
            self.group.disband();
            self.reads.note(&self.group, node); // nothing: who meets anew keeps no partitions
            let there = node.there();
            self.cursors.retain(|of| there.contains(&of.database));
        }
    }
}

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<StrBytes, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner) // a group is changed step by step
    }

    /// Does something with a group, which is made if it is not there.
    pub(crate) fn with<T>(
        &self,
        node: &Node,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        check_name(name)?;
        let mut all = self.lock();
        if !all.contains_key(name) {
            if !has_room(&all, name) {
                return Err(ResponseError::CoordinatorNotAvailable);
            }
            let number = self.count.fetch_add(1, Ordering::Relaxed);
            all.insert(name.clone(), Entry::new(number, Instant::now()));
            self.made.notify_one();
        }
        enter(&mut all, node, name, work)
    }

    /// Does something with a group that has members; who is in none is told that.
    pub(crate) fn with_known<T>(
        &self,
        node: &Node,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        check_name(name)?;
        enter(&mut self.lock(), node, name, work)
    }

    /// As [`with`](Groups::with), once what the group has read before is in memory.
    pub(crate) async fn with_cursors<T>(
        &self,
        node: &Node,
        name: &StrBytes,
        work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
    ) -> Result<T, ResponseError> {
        let missing = self.with(node, name, |entry, _| {
            Ok(entry.cursors.all().is_none().then_some(entry.number))
        })?;
        let Some(number) = missing else {
            return self.with(node, name, work);
        };
        let kept = node.cursors(name).await.map_err(not_available)?;
        self.with(node, name, |entry, now| {
            // One that came after it, because it was forgotten, has not read that.
            if entry.number == number {
                entry.cursors.load(kept);
            }
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

    /// Refuses more than the members of all groups, or of those of one database, may say together.
    pub(crate) fn check_room(&self, name: &str, bytes: usize) -> Result<(), ResponseError> {
        let all = self.lock();
        let held = |counts: &dyn Fn(&str) -> bool| -> usize {
            let groups = all.iter().filter(|(name, _)| counts(name));
            let members = groups.flat_map(|(_, entry)| entry.group.members.values());
            members.map(|member| member.bytes()).sum()
        };
        let own = owner(name);
        let has_room = held(&|_| true) + bytes <= MEMBERS_BYTES_MAX;
        let of_one = || held(&|other| owner(other) == own) + bytes <= MEMBERS_BYTES_OF_ONE_MAX;
        match has_room && (own.is_none() || of_one()) {
            true => Ok(()),
            false => Err(ResponseError::GroupMaxSizeReached),
        }
    }

    /// Forgets a group that nobody is in. Durable on return: what is told or written of it meanwhile
    /// does not bring it back.
    pub(crate) async fn forget(&self, node: &Node, name: &StrBytes) -> Result<(), ResponseError> {
        let known = self.with_cursors(node, name, |entry, _| {
            if !entry.group.is_empty() {
                return Err(ResponseError::NonEmptyGroup);
            }
            entry.ending = true;
            Ok(entry.cursors.all().is_some_and(|all| !all.is_empty()))
        });
        let known = known.await?;
        let _ending = Ending { groups: self, name };
        if !known {
            return Err(ResponseError::GroupIdNotFound);
        }
        let _turn = self.keeping.lock().await; // what was taken to be kept is kept by now
        node.forget_reader(name).await.map_err(not_available)
    }

    /// Does what is due; gives what is to be kept.
    fn tick(&self, node: &Node, now: Instant) -> Vec<Keep> {
        let mut keep = Vec::new();
        self.lock().retain(|name, entry| {
            if entry.ending {
                return true;
            }
            entry.group.tick(now);
            entry.reads.note(&entry.group, node);
            let members = entry.group.members.len();
            let was_kept = entry.cursors.is_kept(); // what is taken now is not kept yet
            keep.extend(entry.cursors.take(name, members, now, false));
            let idle = now.saturating_duration_since(entry.used) > IDLE_MAX;
            !(idle && entry.group.is_empty() && was_kept)
        });
        keep
    }

    /// Keeps what is due.
    async fn keep_due(&self, node: &Node) {
        let _turn = self.keeping.lock().await;
        let keep = self.tick(node, Instant::now());
        self.keep(node, keep).await;
    }

    /// Keeps what is not kept yet, of all groups.
    pub(crate) async fn keep_all(&self, node: &Node) {
        let _turn = self.keeping.lock().await;
        let now = Instant::now();
        let mut keep = Vec::new();
        for (name, entry) in self.lock().iter_mut().filter(|(_, entry)| !entry.ending) {
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
        groups.keep_due(&app.node).await; // to its end: what was taken is not lost
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

/// A group that is being forgotten. At the end it leaves the memory, also when nobody waits for that
/// any more: who speaks of it then looks up what is true.
struct Ending<'a> {
    groups: &'a Groups,
    name: &'a StrBytes,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.groups.lock().remove(self.name);
    }
}

/// Does something with a group that is in memory.
fn enter<T>(
    all: &mut HashMap<StrBytes, Entry>,
    node: &Node,
    name: &StrBytes,
    work: impl FnOnce(&mut Entry, Instant) -> Result<T, ResponseError>,
) -> Result<T, ResponseError> {
    let now = Instant::now();
    let entry = all.get_mut(name).ok_or(ResponseError::UnknownMemberId)?;
    if entry.ending {
        return Err(ResponseError::CoordinatorNotAvailable);
    }
    entry.used = now;
    entry.look(node);
    let done = work(entry, now);
    entry.reads.note(&entry.group, node);
    done
}

/// The database that a group belongs to, because its keys named it.
fn owner(name: &str) -> Option<&str> {
    name.split_once(OF_A_DATABASE).map(|(owner, _)| owner)
}

/// Whether one more group may be held, by this name.
fn has_room(all: &HashMap<StrBytes, Entry>, name: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use headwater_node::env::SystemEnv;
    use headwater_node::{
        Cursor, CursorOf, Cursors, DatabaseId, DatabaseName, MemoryStorages, Options, Parts,
    };
    use tokio::sync::oneshot;

    use super::*;
    use crate::kafka::group::{Join, Joined};

    const SESSION: Duration = Duration::from_secs(10);

    type Telling = oneshot::Receiver<Result<Joined, ResponseError>>;

    async fn node(root: &std::path::Path) -> Node {
        let options = Options {
            storages: Arc::new(MemoryStorages::default()),
            ..Options::default()
        };
        let node = Node::open(root.to_owned(), Arc::new(SystemEnv), options);
        node.await.unwrap()
    }

    fn word(text: &'static str) -> StrBytes {
        StrBytes::from_static_str(text)
    }

    /// A member joins that reads `shop.account`.
    fn join(groups: &Groups, node: &Node, member: &'static str) -> Telling {
        let topics = b"\0\0\0\0\0\x01\0\x0cshop.account\xff\xff\xff\xff";
        let join = Join {
            member: word(member),
            instance: None,
            client: word("test"),
            host: word("/127.0.0.1"),
            session: SESSION,
            rebalance: SESSION,
            protocol_type: word("consumer"),
            protocols: vec![(word("cooperative-sticky"), Bytes::from_static(topics))],
        };
        let (told, telling) = oneshot::channel();
        let joined = groups.with(node, &word("workers"), |entry, now| {
            entry.group.join(join, now, told)
        });
        joined.unwrap();
        telling
    }

    /// So much later what is due is done.
    fn tick(groups: &Groups, node: &Node, later: Duration) {
        groups.tick(node, Instant::now() + later);
    }

    fn generation(mut telling: Telling) -> i32 {
        telling.try_recv().unwrap().unwrap().generation
    }

    fn share_out(groups: &Groups, node: &Node, leader: &'static str, generation: i32) {
        let (told, _) = oneshot::channel();
        let shared = groups.with_known(node, &word("workers"), |entry, now| {
            entry
                .group
                .share(&word(leader), generation, Vec::new(), now, told)
        });
        shared.unwrap();
    }

    fn heartbeat(
        groups: &Groups,
        node: &Node,
        member: &'static str,
        generation: i32,
    ) -> Result<(), ResponseError> {
        groups.with_known(node, &word("workers"), |entry, now| {
            let member = word(member);
            entry.group.heartbeat(&member, generation, now)
        })
    }

    #[tokio::test]
    async fn a_number_that_changes_while_members_meet_sends_them_away_once() {
        let directory = tempfile::tempdir().unwrap();
        let node = node(directory.path()).await;
        let shop: DatabaseName = "shop".parse().unwrap();
        node.create(&shop).await.unwrap();
        let parts = |count| node.set_parts(&shop, Parts::new(count).unwrap());
        parts(16).await.unwrap();
        let groups = Groups::default();
        let [ada, bob, _gone] = ["ada", "bob", "gone"].map(|name| join(&groups, &node, name));
        tick(&groups, &node, Duration::from_secs(1));
        assert_eq!((generation(ada), generation(bob)), (1, 1));
        share_out(&groups, &node, "ada", 1);

        let [ada, bob] = ["ada", "bob"].map(|name| join(&groups, &node, name));
        parts(8).await.unwrap();
        tick(&groups, &node, SESSION + Duration::from_secs(1)); // one is not waited for any more
        assert_eq!((generation(ada), generation(bob)), (2, 2));
        let told = heartbeat(&groups, &node, "ada", 2);
        assert_eq!(told, Err(ResponseError::UnknownMemberId));

        let ada = join(&groups, &node, "ada");
        tick(&groups, &node, Duration::from_secs(1));
        let met = generation(ada);
        assert_eq!(heartbeat(&groups, &node, "ada", met), Ok(()));
        parts(4).await.unwrap();
        let bob = join(&groups, &node, "bob"); // and the others are sent away
        tick(&groups, &node, Duration::from_secs(1));
        let met = generation(bob);
        node.create(&"other".parse().unwrap()).await.unwrap();
        let told = heartbeat(&groups, &node, "bob", met);
        assert_eq!(told, Ok(()), "they met with what there is");
        node.shutdown().await;
    }

    #[tokio::test]
    async fn a_group_that_meets_anew_has_read_what_it_had_in_databases_that_are_there() {
        let directory = tempfile::tempdir().unwrap();
        let node = node(directory.path()).await;
        let [shop, gone] = ["shop", "gone"].map(|name| name.parse::<DatabaseName>().unwrap());
        let shop_id = node.create(&shop).await.unwrap().id;
        let gone_id = node.create(&gone).await.unwrap().id;
        let system_id = node.show(&DatabaseName::system()).unwrap().id;
        let groups = Groups::default();
        let _ada = join(&groups, &node, "ada");
        tick(&groups, &node, Duration::from_secs(1));
        let cursor = |database: DatabaseId| {
            let (category, parts, part) = (None, Parts::ONE, 0);
            let of = CursorOf {
                database,
                category,
                parts,
                part,
            };
            let (next, note) = (7, String::new());
            (of, Cursor { next, note })
        };
        let kept = Cursors::from([shop_id, gone_id, system_id].map(cursor));
        let load = groups.with(&node, &word("workers"), |entry, _| {
            entry.cursors.load(kept);
            Ok(())
        });
        load.unwrap();

        node.delete(&gone).await.unwrap();
        let parts = Parts::new(16).unwrap();
        node.set_parts(&shop, parts).await.unwrap();
        let told = heartbeat(&groups, &node, "ada", 1);
        assert_eq!(told, Err(ResponseError::UnknownMemberId));
        let left = groups.peek(&word("workers"), |entry| entry.cursors.all().cloned());
        let expected = Cursors::from([shop_id, system_id].map(cursor));
        assert_eq!(left.unwrap().unwrap(), expected);
        node.shutdown().await;
    }
}
