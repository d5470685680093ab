//! The node: the databases of one data root, most of them asleep.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use headwater_event::{Conflict, Error, Kind, LogId, Outcome, Position, Query};
use headwater_journal::env::Env;
use headwater_journal::{DataLock, Direction, Journal, Read};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::awake::Awake;
use crate::database::{Database, Use, panicked};
use crate::info::Retired;
use crate::keys::KeyTable;
use crate::layout::Place;
use crate::registry::Registry;
use crate::storages::{DiskStorages, Storages};
use crate::system::{self, Fact};
use crate::{DatabaseHandle, DatabaseId, DatabaseInfo, DatabaseName, NodeStats};

/// How a node is opened.
#[derive(Clone)]
pub struct Options {
    /// A database that nobody has used for so long falls asleep; `None` keeps all awake.
    pub sleep_after: Option<Duration>,
    /// How the log of each database is opened: its queue, batches and memory.
    pub journal: headwater_journal::Options,
    /// How the read models of each database are opened.
    pub projection: headwater_projection::Options,
    /// Where storages come from.
    pub storages: Arc<dyn Storages>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            sleep_after: Some(Duration::from_secs(300)),
            journal: headwater_journal::Options::default(),
            projection: headwater_projection::Options::default(),
            storages: Arc::new(DiskStorages::default()),
        }
    }
}

/// Many databases in one process. A clone is the same node.
///
/// It must be used within a tokio runtime. Dropping it without [`shutdown`](Node::shutdown) loses
/// nothing that was acknowledged.
#[derive(Clone)]
pub struct Node {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) root: PathBuf,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) options: Options,
    registry: RwLock<Registry>,
    pub(crate) keys: KeyTable,
    /// The one that the node was opened on: what must not end with who asked for it runs there.
    pub(crate) runtime: Handle,
    /// The log `_system`. It never falls asleep; after a panic or damage it is opened again.
    system: Arc<Database>,
    lock: Mutex<Option<DataLock>>,
    pub(crate) wakes: AtomicU64,
    pub(crate) retired: Arc<Retired>,
    leaving: Mutex<Vec<Arc<Database>>>,
    /// Told when a database woke, for the sweeper.
    pub(crate) woke: Arc<Notify>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.woke.notify_one(); // the sweeper looks, and ends
    }
}

impl Node {
    /// Opens the data root, or makes one: takes its lock, opens `_system` and finishes what a
    /// crash interrupted. No other log is opened.
    pub async fn open(root: PathBuf, env: Arc<dyn Env>, options: Options) -> Result<Node, Error> {
        let root = std::path::absolute(&root).unwrap_or(root);
        let runtime = Handle::current();
        let (lock, database, awake) = {
            let (root, env, options) = (root.clone(), env.clone(), options.clone());
            let runtime = runtime.clone();
            blocking(move || {
                make_directory(&root)?;
                let lock = DataLock::acquire(&root)?;
                let (database, awake) = open_system(&root, env, &options, runtime)?;
                Ok::<_, Error>((lock, database, awake))
            })
            .await?
        };
        let system = database.clone();
        database.wake(|_| async move { Ok(awake) }).await?;
        let inner = Arc::new(Inner {
            root,
            env,
            options,
            registry: RwLock::new(Registry::new(runtime.clone())),
            keys: KeyTable::new(),
            runtime,
            system,
            lock: Mutex::new(Some(lock)),
            wakes: AtomicU64::new(0),
            retired: Arc::default(),
            leaving: Mutex::default(),
            woke: Arc::default(),
        });
        inner.catch_up().await?;
        inner.clone().finish_deletions().await?;
        inner.clone().finish_restores().await?;
        crate::sweep::start(&inner);
        Ok(Node { inner })
    }

    /// Makes a database. Durable on return. A name that is taken answers `database_exists`.
    pub async fn create(&self, name: &DatabaseName) -> Result<DatabaseInfo, Error> {
        refuse_system(name)?;
        let (inner, name) = (self.inner.clone(), name.clone());
        let runtime = inner.runtime.clone();
        finish(&runtime, async move { inner.create(&name).await }).await
    }

    /// Deletes a database: its record first, then its files. From then on its name is free.
    pub async fn delete(&self, name: &DatabaseName) -> Result<(), Error> {
        refuse_system(name)?;
        let (inner, database) = (self.inner.clone(), self.inner.find(name)?);
        let runtime = inner.runtime.clone();
        finish(&runtime, async move { inner.delete(&database).await }).await
    }

    /// All databases, by name; none of them is woken.
    pub fn list(&self) -> Vec<DatabaseInfo> {
        self.inner.registry().all().map(DatabaseInfo::of).collect()
    }

    /// A number that grows when a database is made, deleted or set otherwise: while it is the same,
    /// what is listed of names, identities and settings is the same.
    pub fn changes(&self) -> u64 {
        self.inner.position().0
    }

    /// One database, which is not woken.
    pub fn show(&self, name: &DatabaseName) -> Result<DatabaseInfo, Error> {
        Ok(DatabaseInfo::of(&self.inner.find(name)?))
    }

    /// Uses a database, and wakes its log if it sleeps. It stays awake as long as the handle lives.
    ///
    /// Fails with `unknown_database`, or with the reason why its log cannot be opened.
    pub async fn database(&self, name: &DatabaseName) -> Result<DatabaseHandle, Error> {
        let database = self.inner.find(name)?;
        let inner = self.inner.clone();
        let using = database.wake(move |database| inner.wake(database)).await?;
        Ok(DatabaseHandle::new(self.inner.clone(), using))
    }

    /// What the node counts.
    pub fn stats(&self) -> NodeStats {
        NodeStats::of(&self.inner)
    }

    /// Writes down where the node can be reached, for processes that find its lock taken.
    pub fn set_address(&self, address: &str) -> Result<(), Error> {
        match &*self.inner.lock() {
            Some(lock) => lock.set_note(address),
            None => Err(stopping()),
        }
    }

    /// Finishes what was accepted, closes all databases and gives the lock back. What comes later
    /// answers `stopping`.
    pub async fn shutdown(&self) {
        let inner = self.inner.clone();
        let all: Vec<_> = inner.registry().all().cloned().collect();
        let closing = all.iter().map(|database| database.end(stopping()));
        futures::future::join_all(closing).await;
        inner.system.end(stopping()).await;
        drop(inner.lock().take());
    }
}

impl Inner {
    pub(crate) fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner) // folded whole, event by event
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry
            .write()
            .unwrap_or_else(PoisonError::into_inner) // as above
    }

    /// Databases that are being deleted: what they count is counted until they are closed.
    pub(crate) fn leaving(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Database>>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner) // in or not, nothing between
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<DataLock>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner) // taken or not, nothing between
    }

    pub(crate) fn find(&self, name: &DatabaseName) -> Result<Arc<Database>, Error> {
        if name.is_system() {
            return Ok(self.system.clone());
        }
        self.registry().get(name).cloned().ok_or_else(|| {
            Error::new(
                Kind::NotFound,
                "unknown_database",
                format!("there is no database {name}"),
            )
            .action("create it first, or look at the list of databases")
        })
    }

    async fn create(self: Arc<Self>, name: &DatabaseName) -> Result<DatabaseInfo, Error> {
        self.refuse_taken(name)?;
        let id = DatabaseId(self.env.event_id().0);
        let place = Place::of(&self.root, id);
        let log_id = self.env.log_id();
        self.storage(&place, move |storages, place| {
            storages.create(&place.log(), log_id).map(drop)
        })
        .await?;
        self.record_created(id, name, log_id).await
    }

    /// Records a database whose files are there; they are removed if it is certain that it was not
    /// recorded.
    pub(crate) async fn record_created(
        self: &Arc<Self>,
        id: DatabaseId,
        name: &DatabaseName,
        log_id: LogId,
    ) -> Result<DatabaseInfo, Error> {
        let place = Place::of(&self.root, id);
        let seen = self.registry().position();
        let recorded = match self.refuse_taken(name) {
            Ok(()) => self.record(system::create(id, name, log_id, seen)?).await,
            Err(taken) => Err(taken),
        };
        let outcome = match recorded {
            Err(error) if error.has_no_side_effects() => Err(error),
            Err(error) => return Err(error), // it may be there: the next open knows
            Ok(None) => {
                self.catch_up().await?;
                return self.find(name).map(|database| DatabaseInfo::of(&database));
            }
            Ok(Some(_)) => {
                self.catch_up().await?;
                Err(taken(name))
            }
        };
        self.storage(&place, |storages, place| storages.remove(&place.whole))
            .await?;
        outcome
    }

    pub(crate) fn refuse_taken(&self, name: &DatabaseName) -> Result<(), Error> {
        match self.registry().get(name) {
            Some(_) => Err(taken(name)),
            None => Ok(()),
        }
    }

    async fn delete(self: Arc<Self>, database: &Arc<Database>) -> Result<(), Error> {
        self.leaving().push(Arc::clone(database));
        let deleted = self.delete_known(database).await;
        self.leaving().retain(|other| !Arc::ptr_eq(other, database));
        deleted
    }

    async fn delete_known(self: &Arc<Self>, database: &Database) -> Result<(), Error> {
        let fact = Fact::Deleted(system::Deleted {
            name: database.name.to_string(),
        });
        let conflict = self
            .record(system::while_there(database.id, &fact)?)
            .await?;
        self.catch_up().await?;
        if conflict.is_some() {
            return Err(deleted(&database.name));
        }
        database.end(deleted(&database.name)).await;
        let place = Place::of(&self.root, database.id);
        self.storage(&place, |storages, place| storages.remove(&place.whole))
            .await
    }

    /// Appends to `_system`; a condition that did not hold is given back.
    pub(crate) async fn record(
        self: &Arc<Self>,
        append: headwater_event::Append,
    ) -> Result<Option<Conflict>, Error> {
        let system = self.system().await?;
        match system.awake.journal.append(append, None).await {
            Ok(Outcome::Appended(_)) => Ok(None),
            Ok(Outcome::Conflict(conflict)) => Ok(Some(conflict)),
            Err(error) => Err(system.judge(error)),
        }
    }

    /// Folds what `_system` holds by now into the registry and the keys.
    pub(crate) async fn catch_up(self: &Arc<Self>) -> Result<(), Error> {
        loop {
            let after = self.registry().position();
            let page = self.read_system(system::of_node()?, after).await?;
            self.fold(&page.events, page.scanned)?;
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Folds in the next events, up to `scanned`; those that were folded in already are passed
    /// over.
    fn fold(&self, events: &[headwater_event::Event], scanned: Position) -> Result<(), Error> {
        let mut registry = self.registry_mut();
        let position = registry.position();
        for event in events.iter().filter(|event| event.position > position) {
            self.keys.apply(event)?;
            registry.apply(event)?;
        }
        registry.folded(scanned);
        Ok(())
    }

    /// Up to where `_system` was folded.
    pub(crate) fn position(&self) -> Position {
        self.registry().position()
    }

    async fn read_system(
        self: &Arc<Self>,
        query: Query,
        after: Position,
    ) -> Result<headwater_journal::Page, Error> {
        let system = self.system().await?;
        let journal = system.awake.journal.clone();
        let read = blocking(move || {
            journal.read(&Read {
                query,
                direction: Direction::Forward { after },
                ..Read::default()
            })
        });
        read.await.map_err(|error| system.judge(error))
    }

    /// Everything that was recorded about a database, in order.
    pub(crate) async fn facts(self: &Arc<Self>, id: DatabaseId) -> Result<Vec<Fact>, Error> {
        let mut facts = Vec::new();
        let mut after = Position::ZERO;
        loop {
            let query = Query::stream(system::stream(id)?);
            let page = self.read_system(query, after).await?;
            for event in &page.events {
                if let Some((_, fact)) = Fact::of_event(event)? {
                    facts.push(fact);
                }
                after = event.position;
            }
            if !page.more {
                return Ok(facts);
            }
        }
    }

    /// The use of `_system`.
    pub(crate) async fn system(self: &Arc<Self>) -> Result<Use, Error> {
        let inner = self.clone();
        let system = self.system.clone();
        system.wake(move |system| inner.wake(system)).await
    }

    async fn wake(self: Arc<Self>, database: Arc<Database>) -> Result<Awake, Error> {
        let begun = self.env.monotonic();
        let (inner, woken) = (self.clone(), database.clone());
        let place = Place::of_database(&self.root, &database);
        let awake = blocking(move || {
            let storage = open_log(&*inner.options.storages, &place, &woken)?;
            let options = inner.options.journal.clone();
            let journal = Journal::open(storage, inner.env.clone(), options)?;
            let (env, retired) = (inner.env.clone(), inner.retired.clone());
            Ok::<_, Error>(Awake::new(journal, env, retired))
        })
        .await?;
        self.wakes.fetch_add(1, Ordering::Relaxed);
        self.woke.notify_one();
        tracing::info!(
            database = %database.name,
            head = %awake.journal.head().position,
            took = ?self.env.monotonic().saturating_sub(begun),
            "awake"
        );
        Ok(awake)
    }

    /// Removes what is left of databases that were deleted before a crash.
    async fn finish_deletions(self: Arc<Self>) -> Result<(), Error> {
        let deleted: Vec<DatabaseId> = self.registry().deleted().collect();
        let (root, storages) = (self.root.clone(), self.options.storages.clone());
        blocking(move || {
            let places = deleted.iter().map(|id| Place::of(&root, *id));
            for place in places {
                storages.remove(&place.whole)?;
            }
            Ok::<_, Error>(())
        })
        .await
    }

    pub(crate) async fn storage(
        &self,
        place: &Place,
        work: impl FnOnce(&dyn Storages, &Place) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let (storages, place) = (self.options.storages.clone(), place.clone());
        blocking(move || work(&*storages, &place)).await
    }
}

fn open_system(
    root: &std::path::Path,
    env: Arc<dyn Env>,
    options: &Options,
    runtime: Handle,
) -> Result<(Arc<Database>, Awake), Error> {
    let place = Place::system(root);
    let storages = &options.storages;
    let storage = match storages.exists(&place.log())? {
        true => storages.open(&place.log())?,
        false => storages.create(&place.log(), env.log_id())?,
    };
    let log_id = storage.log_id();
    let journal = Journal::open(storage, env.clone(), options.journal.clone())?;
    let database = Database::new(
        DatabaseId(uuid::Uuid::nil()),
        DatabaseName::system(),
        log_id,
        env.now(),
        runtime,
    );
    Ok((Arc::new(database), Awake::new(journal, env, Arc::default())))
}

/// Opens the log of a database that was recorded: it must be there, and be the same.
fn open_log(
    storages: &dyn Storages,
    place: &Place,
    database: &Database,
) -> Result<Arc<dyn headwater_journal::Storage>, Error> {
    let other = |found: String| {
        Error::damaged(format!(
            "the log of the database {} is not there",
            database.name
        ))
        .found(found)
        .expected(format!(
            "log {} in {}",
            database.log_id,
            place.log().display()
        ))
        .action("put its files back from a backup, or delete the database")
    };
    match storages.open(&place.log()) {
        Ok(storage) if storage.log_id() == database.log_id => Ok(storage),
        Ok(storage) => Err(other(format!("log {}", storage.log_id()))),
        Err(error) if error.code() == "no_log" => Err(other("no log".to_owned())),
        Err(error) => Err(error),
    }
}

/// Makes the data root and what is missing above it, each name durable in the directory above.
fn make_directory(root: &std::path::Path) -> Result<(), Error> {
    if root.is_dir() {
        return Ok(());
    }
    let above = match root.parent() {
        Some(above) if above.as_os_str().is_empty() => std::path::Path::new("."),
        Some(above) => above,
        None => return Ok(()), // the root of the file system is there
    };
    make_directory(above)?;
    let made = std::fs::create_dir(root).and_then(|()| std::fs::File::open(above)?.sync_all());
    made.map_err(|error| {
        Error::new(
            Kind::Unavailable,
            "storage",
            format!("the data directory {} cannot be made", root.display()),
        )
        .found(&error)
        .action("make it, or choose another one")
        .caused_by(error)
    })
}

/// Runs work that blocks; a panic in it is an error.
pub(crate) async fn blocking<T: Send + 'static, E: From<Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(panicked(&error).into()))
}

/// Runs work to its end, also when nobody waits for it any more and whoever asked for it is gone.
pub(crate) async fn finish<T: Send + 'static, E: From<Error> + Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, E> {
    let done = runtime.spawn(work).await;
    done.unwrap_or_else(|error| Err(panicked(&error).into()))
}

pub(crate) fn refuse_system(name: &DatabaseName) -> Result<(), Error> {
    if !name.is_system() {
        return Ok(());
    }
    Err(Error::invalid(
        "system_database",
        format!("the database {name} is written by the node alone"),
    )
    .action("read it, and write to a database of your own"))
}

fn taken(name: &DatabaseName) -> Error {
    Error::new(
        Kind::Conflict,
        "database_exists",
        format!("there is a database {name} already"),
    )
    .field("name")
    .action("use it, or take another name")
}

pub(crate) fn deleted(name: &DatabaseName) -> Error {
    Error::new(
        Kind::NotFound,
        "unknown_database",
        format!("the database {name} was deleted"),
    )
}

fn stopping() -> Error {
    Error::new(Kind::Unavailable, "stopping", "the node is shutting down")
        .action("try again when it is back; the same event ids never write twice")
}
