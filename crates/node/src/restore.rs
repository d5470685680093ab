//! A backup on its way in: a database that is being made, and that nobody sees before all of it was
//! verified.
//!
//! ```text
//! mark it | put its segments | make its log of them | verify all of it | record it | unmark it
//! ```
//!
//! A file in `restoring` names it from before its first byte until after it was recorded. Whatever
//! interrupts that, the next opening of the node removes what was not recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use headwater_event::{Error, LogId, Position};
use headwater_journal::backup::parts::{Part, PartsReader};
use headwater_journal::{Journal, NewLog, Progress, SegmentSink, Storage, Verified};
use headwater_projection::{Projections, Recorded};

use crate::layout::{Place, restoring};
use crate::node::{Inner, blocking, finish, refuse_system};
use crate::storages::cannot;
use crate::system::{self, Fact};
use crate::{DatabaseId, DatabaseInfo, DatabaseName, Node};

/// Bytes of all facts of a backup.
const FACTS_BYTES_MAX: usize = 64 << 20;

/// A database that is being restored. Dropped before it is finished, what was written is removed.
pub struct Restore {
    made: Arc<Made>,
    name: DatabaseName,
    log_id: LogId,
    /// It is recorded, or may be, or was removed already.
    settled: bool,
}

/// What a restored database is.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The database.
    pub info: DatabaseInfo,
    /// What was verified.
    pub verified: Verified,
    /// How many projections it has.
    pub projections: usize,
}

/// What is being made, and where. Whoever works on it holds the lock, also who removes it.
struct Made {
    inner: Arc<Inner>,
    id: DatabaseId,
    place: Place,
    state: Mutex<State>,
}

/// How far it is.
#[derive(Default)]
enum State {
    #[default]
    New,
    Begun(Box<Work>),
    /// It is being verified, was, or is removed.
    Over,
}

struct Work {
    reader: PartsReader,
    new: Box<dyn NewLog>,
    sink: Option<Box<dyn SegmentSink>>,
    segments: usize,
    facts: Vec<Fact>,
    facts_bytes: usize,
}

impl Node {
    /// Begins to restore a database of this name. A name that is taken answers `database_exists`.
    pub async fn restore(&self, name: &DatabaseName) -> Result<Restore, Error> {
        refuse_system(name)?;
        self.inner.refuse_taken(name)?;
        let inner = self.inner.clone();
        let log_id = inner.env.log_id();
        let id = DatabaseId(inner.env.event_id().0);
        let restore = Restore {
            made: Arc::new(Made {
                place: Place::of(&inner.root, id),
                inner,
                id,
                state: Mutex::default(),
            }),
            name: name.clone(),
            log_id,
            settled: false,
        };
        let made = restore.made.clone();
        blocking(move || made.begin(log_id)).await?;
        Ok(restore)
    }
}

impl Restore {
    /// Takes in more of the backup. After an error all that was written is removed.
    pub async fn take(&mut self, bytes: Bytes) -> Result<(), Error> {
        let made = self.made.clone();
        let taken = blocking(move || made.with(|work| work.take(&bytes))).await;
        self.or_remove(taken).await
    }

    /// Makes a log of what came, verifies all of it, and records the database. `progress` is told
    /// from time to time how far it is, on another thread; its error ends it. After an error all that
    /// was written is removed.
    pub async fn finish(
        mut self,
        progress: impl FnMut(Progress) -> Result<(), Error> + Send + 'static,
    ) -> Result<Restored, Error> {
        let made = self.made.clone();
        let verified = blocking(move || made.verify(progress)).await;
        let (verified, facts) = self.or_remove(verified).await?;
        let runtime = self.made.inner.runtime.clone();
        finish(&runtime, async move {
            let recorded = self.record(&facts).await;
            let (info, projections) = self.or_remove(recorded).await?;
            Ok(Restored {
                info,
                verified,
                projections,
            })
        })
        .await
    }

    /// Records the database. What it is recorded with comes first, so that it is there with all of
    /// it or not at all.
    async fn record(&mut self, facts: &[Fact]) -> Result<(DatabaseInfo, usize), Error> {
        let inner = self.made.inner.clone();
        for fact in facts {
            inner
                .record(system::while_there(self.made.id, fact)?)
                .await?;
        }
        // From here on it may be recorded. What is certain not to be is removed there, and what is left
        // of it by the next opening of the node.
        self.settled = true;
        let recorded = inner.record_created(self.made.id, &self.name, self.log_id);
        let info = recorded.await?;
        let made = self.made.clone();
        if let Err(error) = blocking(move || made.unmark()).await {
            tracing::warn!(%error, "the next opening of the node tidies up");
        }
        Ok((info, crate::projections::names(facts).len()))
    }

    async fn or_remove<T>(&mut self, done: Result<T, Error>) -> Result<T, Error> {
        if done.is_err() && !std::mem::replace(&mut self.settled, true) {
            let made = self.made.clone();
            let removed = blocking(move || made.remove()).await;
            told(removed);
        }
        done
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        // On the runtime of the node: the one of who asked may be ending. If the node has ended, its
        // next opening removes it.
        let (made, runtime) = (self.made.clone(), self.made.inner.runtime.clone());
        runtime.spawn_blocking(move || told(made.remove()));
    }
}

/// What could not be removed stays marked.
fn told(removed: Result<(), Error>) {
    if let Err(error) = removed {
        tracing::warn!(%error, "a database that was not restored is removed when the node is opened");
    }
}

impl Made {
    fn begin(&self, log_id: LogId) -> Result<(), Error> {
        let mut state = self.state();
        if matches!(*state, State::Over) {
            return Err(gone()); // whoever asked for it has left already
        }
        mark(&self.inner.root, self.id)?;
        let storages = &self.inner.options.storages;
        let new = storages.begin(&self.place.log(), log_id)?;
        *state = State::Begun(Box::new(Work {
            reader: PartsReader::default(),
            new,
            sink: None,
            segments: 0,
            facts: Vec::new(),
            facts_bytes: 0,
        }));
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // after a panic it is only removed
    }

    fn with<T>(&self, act: impl FnOnce(&mut Work) -> Result<T, Error>) -> Result<T, Error> {
        match &mut *self.state() {
            State::Begun(work) => act(work),
            State::New | State::Over => Err(gone()),
        }
    }

    fn verify(
        &self,
        mut progress: impl FnMut(Progress) -> Result<(), Error>,
    ) -> Result<(Verified, Vec<Fact>), Error> {
        let mut state = self.state();
        let State::Begun(work) = std::mem::replace(&mut *state, State::Over) else {
            return Err(gone());
        };
        let work = *work;
        work.check_whole()?;
        let Some((_, manifest)) = work.reader.manifest() else {
            return Err(gone()); // it is whole, so this is not reached
        };
        let storage = work.new.finish(manifest)?;
        let verified = self.verify_log(storage, &work.facts, &mut progress);
        Ok((verified.map_err(as_backup)?, work.facts))
    }

    fn verify_log(
        &self,
        storage: Arc<dyn Storage>,
        facts: &[Fact],
        progress: &mut dyn FnMut(Progress) -> Result<(), Error>,
    ) -> Result<Verified, Error> {
        let (env, options) = (self.inner.env.clone(), self.inner.options.journal.clone());
        // Without threads: nothing is merged of what is not verified.
        let (journal, _writer) = Journal::open_stepped(storage, env, options)?;
        let verified = journal.verify(progress);
        let checked = verified.and_then(|verified| {
            self.check_facts(&journal, facts)?;
            Ok(verified)
        });
        journal.close();
        checked
    }

    /// Checks that the read models could be opened with these facts, and that these are about events
    /// that are there.
    fn check_facts(&self, journal: &Journal, facts: &[Fact]) -> Result<(), Error> {
        let recorded: Vec<Recorded> = facts.iter().cloned().filter_map(Fact::recorded).collect();
        let head = journal.head().position;
        let ahead = recorded.iter().find_map(|recorded| match recorded {
            Recorded::Skipped { position, .. } if *position > head => Some(*position),
            _ => None,
        });
        if let Some(position) = ahead {
            return Err(beyond(position, head));
        }
        let (env, options) = (self.inner.env.clone(), self.inner.options.projection);
        let directory = self.place.projections();
        match Projections::open(journal.clone(), env, directory, recorded, options) {
            Ok(projections) => {
                projections.close();
                Ok(())
            }
            Err(error) => Err(bad("a projection that cannot be read").found(error)),
        }
    }

    fn remove(&self) -> Result<(), Error> {
        let mut state = self.state();
        *state = State::Over;
        self.inner.options.storages.remove(&self.place.whole)?;
        self.unmark()
    }

    fn unmark(&self) -> Result<(), Error> {
        remove_file(&restoring(&self.inner.root).join(self.id.to_string()))
    }
}

impl Work {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reader.push(bytes);
        while let Some(part) = self.reader.part()? {
            match part {
                Part::Manifest(..) | Part::End => {}
                Part::Fact(json) => {
                    self.facts_bytes += json.len();
                    if self.facts_bytes > FACTS_BYTES_MAX {
                        return Err(bad("more than 64 MiB of definitions"));
                    }
                    self.facts.push(Fact::of_json(&json)?);
                }
                Part::Segment(info) => self.sink = Some(self.new.put(info.name)?),
                Part::Bytes(bytes) => {
                    let sink = self.sink.as_mut();
                    sink.map_or_else(|| Err(gone()), |sink| sink.write(&bytes))?;
                }
                Part::SegmentEnd(_) => {
                    self.sink
                        .take()
                        .map_or_else(|| Err(gone()), |sink| sink.finish())?;
                    self.segments += 1;
                }
                Part::Failure(why) => {
                    return Err(bad(format!(
                        "a backup that was given up: {}",
                        String::from_utf8_lossy(&why)
                    )));
                }
            }
        }
        Ok(())
    }

    fn check_whole(&self) -> Result<(), Error> {
        self.reader.finish()?;
        let named = self
            .reader
            .manifest()
            .map_or(0, |(_, manifest)| manifest.segments.len());
        match named == self.segments {
            true => Ok(()),
            false => Err(bad(format!("{} segments", self.segments))
                .expected(format!("all {named} that the manifest names"))),
        }
    }
}

impl Inner {
    /// Removes what is left of databases that were not restored to the end, and were not recorded.
    pub(crate) async fn finish_restores(self: Arc<Self>) -> Result<(), Error> {
        let directory = restoring(&self.root);
        let marked = {
            let directory = directory.clone();
            blocking(move || marked(&directory)).await?
        };
        for (file, id) in marked {
            let unrecorded = id.filter(|id| !self.registry().knows(*id));
            if let Some(id) = unrecorded {
                let place = Place::of(&self.root, id);
                self.storage(&place, |storages, place| storages.remove(&place.whole))
                    .await?;
            }
            let path = directory.join(file);
            blocking(move || remove_file(&path)).await?;
        }
        Ok(())
    }
}

/// The files that mark databases, by name.
fn marked(directory: &Path) -> Result<BTreeMap<PathBuf, Option<DatabaseId>>, Error> {
    let entries = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries,
    };
    let named = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry?.file_name();
        let id = name
            .to_str()
            .and_then(|name| name.parse().ok())
            .map(DatabaseId);
        Ok((name.into(), id))
    };
    let marked = entries.and_then(|entries| entries.map(named).collect());
    marked.map_err(|error| cannot("list", directory, error))
}

/// Marks a database as one that is being restored, durably.
fn mark(root: &Path, id: DatabaseId) -> Result<(), Error> {
    let directory = restoring(root);
    let mark = || {
        std::fs::create_dir_all(&directory)?;
        std::fs::File::create(directory.join(id.to_string()))?.sync_all()?;
        std::fs::File::open(&directory)?.sync_all()?;
        std::fs::File::open(root)?.sync_all()
    };
    mark().map_err(|error| cannot("write", &directory, error))
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(cannot("write", path, error))
        }
        _ => Ok(()),
    }
}

/// What is damaged is the backup, and no log of this node.
fn as_backup(error: Error) -> Error {
    match error.kind() {
        headwater_event::Kind::Damaged => {
            let told = bad(&error);
            match error.position() {
                Some(position) => told.at(position),
                None => told,
            }
        }
        _ => error,
    }
}

fn bad(found: impl std::fmt::Display) -> Error {
    Error::invalid("bad_backup", "the backup is not as it was written")
        .found(found)
        .action("restore from another copy of the backup; nothing was kept of this one")
}

fn beyond(position: Position, head: Position) -> Error {
    bad(format!("a projection that passes over position {position}"))
        .expected(format!("at most {head}, where the backup ends"))
}

fn gone() -> Error {
    Error::new(
        headwater_event::Kind::Unavailable,
        "unavailable",
        "the restore was given up",
    )
    .action("begin it again")
}
