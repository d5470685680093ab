//! All read models of one database.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use headwater_event::{Error as EventError, Kind, Position};
use headwater_journal::Journal;
use headwater_journal::env::Env;
use headwater_sql::Type;

use crate::as_of::AsOf;
use crate::live::{Live, LiveModel};
use crate::model::{Model, closed};
use crate::projection::{Projection, Surroundings};
use crate::reader::Readers;
use crate::sync::lock;
use crate::trouble::file_error;
use crate::worker::Worker;
use crate::{
    Applied, Batch, Change, Definition, Description, Error, Recorded, Request, Rows, Status,
    Version, Whole,
};

/// Where the read models as of earlier positions are, within the folder.
const AS_OF_FOLDER: &str = "as-of";

/// How read models are folded and queried.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much is folded in one transaction.
    pub batch: Batch,
    /// Connections for queries that stay open while nobody uses them.
    pub readers_idle_max: usize,
    /// Queries at once; one more is refused with `busy`.
    pub readers_max: usize,
    /// Read models as of earlier positions that stay behind, for each projection.
    pub as_of_idle_max: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            batch: Batch::default(),
            readers_idle_max: 8,
            readers_max: 64,
            as_of_idle_max: 2,
        }
    }
}

/// All read models of one database. A clone is the same set.
///
/// Every call may block. It is closed by [`close`](Projections::close), or when its last clone is
/// dropped. The journal must be open for as long as it is.
#[derive(Clone)]
pub struct Projections {
    owner: Arc<Owner>,
}

/// Closes when the last clone goes; the worker holds what is inside, and not this.
struct Owner {
    inner: Arc<Inner>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.inner.close();
    }
}

pub(crate) struct Inner {
    pub(crate) journal: Journal,
    pub(crate) env: Arc<dyn Env>,
    pub(crate) readers: Readers,
    pub(crate) as_of: AsOf,
    pub(crate) worker: Worker,
    dir: PathBuf,
    options: Options,
    registry: Mutex<Registry>,
    closed: AtomicBool,
}

#[derive(Default)]
struct Registry {
    projections: BTreeMap<String, Projection>,
    /// Counts the projections that there ever were, to name schemas.
    numbered: u64,
    /// The tables that queries may name, until something changes.
    live: Option<Arc<Live>>,
    /// Whether somebody asked for anything yet.
    in_use: bool,
}

impl Projections {
    /// Takes over the read models in `dir`, which is theirs alone. `recorded` is what was decided
    /// about projections so far, in order.
    ///
    /// No read model is opened and nothing is folded: that happens at the first use. What stayed
    /// behind of questions about the past is deleted.
    pub fn open(
        journal: Journal,
        env: Arc<dyn Env>,
        dir: PathBuf,
        recorded: Vec<Recorded>,
        options: Options,
    ) -> Result<Projections, Error> {
        let as_of = dir.join(AS_OF_FOLDER);
        match std::fs::remove_dir_all(&as_of) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error(&as_of, "deleted", &error).into());
            }
            _ => {}
        }
        let mut registry = Registry::default();
        for record in recorded {
            registry.replay(record)?;
        }
        let inner = Inner {
            readers: Readers::new(
                journal.clone(),
                options.readers_idle_max,
                options.readers_max,
            ),
            as_of: AsOf::new(as_of, options.batch, options.as_of_idle_max),
            worker: Worker::default(),
            registry: Mutex::new(registry),
            closed: AtomicBool::new(false),
            journal,
            env,
            dir,
            options,
        };
        Ok(Projections {
            owner: Arc::new(Owner {
                inner: Arc::new(inner),
            }),
        })
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.owner.inner
    }

    /// What applying this text would do, or why it is refused. Nothing is changed.
    ///
    /// Whoever applies it records it first: check, record, [`apply`](Self::apply), with nothing
    /// else decided in between.
    pub fn check(&self, text: &str) -> Result<Change, Error> {
        let definition = Definition::parse(text)?;
        let registry = self.inner().registry()?;
        registry.check_tables(&definition)?;
        let applied = match registry.projections.get(definition.name()) {
            None => Applied::Created,
            Some(projection) if projection.text() == text => Applied::Unchanged,
            Some(_) => Applied::Building,
        };
        Ok(Change {
            name: definition.name().to_owned(),
            applied,
        })
    }

    /// Applies a text that was checked and recorded. Folding goes on in the background.
    ///
    /// A changed definition takes the place of the one that answers when it has caught up with the
    /// head, at once if the one that answers never had.
    pub fn apply(&self, text: &str) -> Result<Applied, Error> {
        let change = self.check(text)?;
        if change.applied == Applied::Unchanged {
            return Ok(change.applied);
        }
        let definition = Definition::parse(text)?;
        let inner = self.inner();
        let mut registry = inner.in_use()?;
        let around = inner.surroundings();
        let gone = match registry.projections.get_mut(&change.name) {
            Some(projection) => {
                if let Some(live) = projection.live() {
                    live.look()?;
                }
                projection.change(definition, &around)
            }
            None => {
                registry.add(&change.name, text);
                if let Some(projection) = registry.projections.get_mut(&change.name) {
                    projection.settle(&around)?;
                }
                Vec::new()
            }
        };
        registry.live = None;
        for model in registry.models_of(&change.name) {
            model.want();
        }
        drop(registry);
        inner.retire(&gone)?;
        inner.worker.wake(inner);
        Ok(change.applied)
    }

    /// Removes a projection and its read models. Queries that run still finish.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let inner = self.inner();
        let mut registry = inner.in_use()?;
        let gone = registry.models_of(name);
        registry
            .projections
            .remove(name)
            .ok_or_else(|| unknown(name))?;
        registry.live = None;
        drop(registry);
        inner.as_of.forget(name);
        Ok(inner.retire(&gone)?)
    }

    /// Where every projection stands, by name.
    pub fn list(&self) -> Result<Vec<Status>, Error> {
        let inner = self.inner();
        let head = inner.journal.head().position;
        let registry = inner.in_use()?;
        let statuses = registry.projections.values().map(|one| one.status(head));
        Ok(statuses.collect::<Result<_, _>>()?)
    }

    /// Where a projection stands.
    pub fn status(&self, name: &str) -> Result<Status, Error> {
        let inner = self.inner();
        let head = inner.journal.head().position;
        let registry = inner.in_use()?;
        let projection = registry.projections.get(name);
        Ok(projection.ok_or_else(|| unknown(name))?.status(head)?)
    }

    /// The text that was applied last.
    pub fn definition(&self, name: &str) -> Result<String, Error> {
        let registry = self.inner().registry()?;
        let projection = registry.projections.get(name);
        Ok(projection.ok_or_else(|| unknown(name))?.text().to_owned())
    }

    /// Refuses a skip anywhere but at the event where the projection stands still: that of the
    /// version being built, if there is one.
    pub fn check_skip(&self, name: &str, position: Position) -> Result<(), Error> {
        self.stopped_at(name, position).map(drop)
    }

    /// Passes over the event at which the projection stands still, now and whenever it is folded
    /// again with this definition. Whoever does this records it first.
    pub fn skip(&self, name: &str, position: Position, reason: &str) -> Result<(), Error> {
        let model = self.stopped_at(name, position)?;
        model.skips().add(position, reason.to_owned());
        model.want();
        self.inner().worker.wake(self.inner());
        Ok(())
    }

    /// The read model that was applied last, if it stands still at this event.
    fn stopped_at(&self, name: &str, position: Position) -> Result<Arc<Model>, Error> {
        let registry = self.inner().in_use()?;
        let projection = registry
            .projections
            .get(name)
            .ok_or_else(|| unknown(name))?;
        let target = projection.building().or(projection.live());
        let Some(model) = target else {
            return Err(not_failed(name, position, "its text cannot be read any more").into());
        };
        model.look()?;
        match model.failure() {
            Some(failure) if failure.position == position => Ok(Arc::clone(model)),
            Some(failure) => {
                let found = format!("it has stopped at position {}", failure.position);
                Err(not_failed(name, position, &found)
                    .at(failure.position)
                    .into())
            }
            None => {
                let found = format!("it is at position {} and goes on", model.position());
                Err(not_failed(name, position, &found).into())
            }
        }
    }

    /// Answers a query at one position of the log, the same for everything that it reads.
    ///
    /// # Errors
    /// `fold_behind` when a read model did not get there in time; `projection_failed` when it
    /// stands still before; `position_ahead` for a moment that has not come; those of the
    /// statement.
    pub fn query(&self, request: Request) -> Result<Rows, Error> {
        self.inner().query(request)
    }

    /// The whole answer of a query that takes hardly any time, as far as is known, and waits for
    /// nobody; for any other there is [`query`](Projections::query). So this may be called where
    /// others wait.
    pub fn query_at_once(&self, request: &Request) -> Option<Whole> {
        self.inner().query_at_once(request)
    }

    /// Looks at a statement without running it: its parameters, of which `params` are the types that
    /// are known, and its columns. No read model is folded.
    pub fn describe(&self, sql: &str, params: &[Option<Type>]) -> Result<Description, Error> {
        self.inner().describe(sql, params)
    }

    /// Ends the thread and closes every file. Queries that run end with an error or finish.
    /// Everything asked later answers `closed`.
    pub fn close(&self) {
        self.inner().close();
    }
}

impl Registry {
    fn replay(&mut self, record: Recorded) -> Result<(), Error> {
        match record {
            Recorded::Applied { text } => {
                // A text that was recorded had a name when it was checked.
                let name = Definition::name_in(&text)?;
                self.add(&name, &text);
            }
            Recorded::Removed { name } => {
                self.projections.remove(&name);
            }
            Recorded::Skipped {
                name,
                position,
                reason,
            } => {
                if let Some(projection) = self.projections.get_mut(&name) {
                    let version = Version::of(projection.text());
                    projection.skips(version).add(position, reason);
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, name: &str, text: &str) {
        if let Some(projection) = self.projections.get_mut(name) {
            projection.record(text);
            return;
        }
        self.numbered += 1;
        let projection = Projection::new(name, self.numbered, text);
        self.projections.insert(name.to_owned(), projection);
    }

    fn models_of(&self, name: &str) -> Vec<Arc<Model>> {
        let projection = self.projections.get(name);
        projection.map(Projection::models).unwrap_or_default()
    }

    /// Refuses tables that another projection has.
    fn check_tables(&self, definition: &Definition) -> Result<(), Error> {
        let others = self.projections.values();
        for other in others.filter(|other| other.name() != definition.name()) {
            for theirs in other.definitions() {
                // SQLite does not tell `T` from `t`.
                let taken = |name: &str| {
                    let mut tables = theirs.tables().iter();
                    tables.any(|table| table.name.eq_ignore_ascii_case(name))
                };
                let Some(table) = definition.tables().iter().find(|table| taken(&table.name))
                else {
                    continue;
                };
                return Err(EventError::new(
                    Kind::Conflict,
                    "table_exists",
                    format!(
                        "the projections {} and {} both have a table \"{}\"",
                        definition.name(),
                        other.name(),
                        table.name
                    ),
                )
                .action("give one of the tables another name")
                .into());
            }
        }
        Ok(())
    }

    fn live(&mut self) -> Result<Arc<Live>, EventError> {
        if let Some(live) = &self.live {
            return Ok(Arc::clone(live));
        }
        let model = |projection: &Projection| {
            Some(LiveModel {
                name: projection.name().to_owned(),
                schema: projection.schema().to_owned(),
                model: Arc::clone(projection.live()?),
            })
        };
        let models = self.projections.values().filter_map(model).collect();
        let live = Arc::new(Live::new(models)?);
        self.live = Some(Arc::clone(&live));
        Ok(live)
    }
}

impl Inner {
    fn registry(&self) -> Result<MutexGuard<'_, Registry>, EventError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        Ok(lock(&self.registry))
    }

    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            journal: &self.journal,
            dir: &self.dir,
            batch: self.options.batch,
            readers: &self.readers,
        }
    }

    /// The registry, with every projection settled: which version answers, what is being built.
    fn in_use(self: &Arc<Inner>) -> Result<MutexGuard<'_, Registry>, EventError> {
        let mut registry = self.registry()?;
        if registry.in_use {
            return Ok(registry);
        }
        let around = self.surroundings();
        let mut unfinished = false;
        for projection in registry.projections.values_mut() {
            projection.settle(&around)?;
            for model in projection.models() {
                model.look()?;
                if !model.is_built() {
                    model.want();
                    unfinished = true;
                }
            }
        }
        self.remove_strangers(&registry)?;
        registry.in_use = true;
        if unfinished {
            self.worker.wake(self);
        }
        Ok(registry)
    }

    /// Deletes the files of versions and projections that are not there any more.
    fn remove_strangers(&self, registry: &Registry) -> Result<(), EventError> {
        let known: HashSet<PathBuf> = registry
            .projections
            .values()
            .flat_map(Projection::models)
            .map(|model| model.path().to_owned())
            .collect();
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(file_error(&self.dir, "read", &error)),
        };
        for entry in entries {
            let path = entry
                .map_err(|error| file_error(&self.dir, "read", &error))?
                .path();
            if path.is_file() && !known.contains(&database_file(&path)) {
                std::fs::remove_file(&path)
                    .map_err(|error| file_error(&path, "deleted", &error))?;
            }
        }
        Ok(())
    }

    /// The tables that queries may name now.
    pub(crate) fn live(self: &Arc<Inner>) -> Result<Arc<Live>, EventError> {
        self.in_use()?.live()
    }

    /// The same, unless it has to be made or waited for.
    pub(crate) fn live_at_once(&self) -> Option<Arc<Live>> {
        let registry = self.registry.try_lock().ok()?;
        registry.live.clone()
    }

    /// The read models that are kept near the head.
    pub(crate) fn wanted(&self) -> Vec<Arc<Model>> {
        let registry = lock(&self.registry);
        let models = registry.projections.values().flat_map(Projection::models);
        models.filter(|model| model.is_wanted()).collect()
    }

    /// Whether it is the version that will answer, and another one answers now.
    pub(crate) fn is_building(&self, model: &Arc<Model>) -> bool {
        let registry = lock(&self.registry);
        let projection = registry.projections.get(model.definition().name());
        projection
            .and_then(Projection::building)
            .is_some_and(|building| Arc::ptr_eq(building, model))
    }

    /// Lets a version that has caught up answer, if it is one that was being built.
    pub(crate) fn switch(&self, model: &Arc<Model>) {
        let mut registry = lock(&self.registry);
        let name = model.definition().name();
        let switched = registry.projections.get_mut(name);
        let Some(old) = switched.and_then(|projection| projection.switch(model)) else {
            return;
        };
        registry.live = None;
        drop(registry);
        self.as_of.forget(name);
        if let Err(error) = self.retire(&[old]) {
            tracing::warn!(%error, projection = name, "the file of the version before stays behind");
        }
    }

    fn retire(&self, models: &[Arc<Model>]) -> Result<(), EventError> {
        for model in models {
            model.retire()?;
        }
        if !models.is_empty() {
            self.readers.forget_files();
        }
        Ok(())
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let models: Vec<Arc<Model>> = lock(&self.registry)
            .projections
            .values()
            .flat_map(Projection::models)
            .collect();
        for model in &models {
            model.interrupt();
        }
        self.worker.end();
        self.readers.close();
        self.as_of.close();
        for model in &models {
            model.close();
        }
    }
}

/// The database file that a file belongs to: SQLite keeps others beside it.
fn database_file(path: &Path) -> PathBuf {
    let name = path.as_os_str().to_string_lossy();
    let database = ["-wal", "-shm", "-journal"]
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix));
    database.map_or_else(|| path.to_owned(), PathBuf::from)
}

fn unknown(name: &str) -> EventError {
    EventError::new(
        Kind::NotFound,
        "unknown_projection",
        format!("there is no projection {name}"),
    )
}

fn not_failed(name: &str, position: Position, found: &str) -> EventError {
    EventError::new(
        Kind::Conflict,
        "not_failed",
        format!("the projection {name} has not stopped at position {position}"),
    )
    .found(found)
    .expected("the position that its status names")
}
