//! One projection: the version that answers, and the one that is being built to replace it.
//!
//! ```text
//! recorded texts ──> target (the last one)
//!                      │ its file has been at the head, or no older one has
//!                      ├─────> live = target
//!                      └─else> live = the newest older version whose file has, building = target
//! ```
//!
//! Which it is takes a look at files, so it is settled at the first use and not before.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use headwater_event::{Error, Kind, Position};

use crate::definition::Definition;
use crate::model::{Model, Place};
use crate::model_file::{self, Lasting, Owner};
use crate::reader::Readers;
use crate::skips::Skips;
use crate::status::{Building, Failure, State, Status};
use crate::{Batch, DefinitionError, Version};

/// One projection.
pub(crate) struct Projection {
    name: String,
    /// The schema that statements know its tables by.
    schema: String,
    /// The text that was applied last.
    text: String,
    versions: Versions,
    skips: HashMap<Version, Skips>,
}

enum Versions {
    /// The text cannot be read any more.
    Unreadable(DefinitionError),
    /// Nobody asked yet. The older versions may have files, the newest last.
    Unsettled {
        target: Definition,
        older: Vec<Definition>,
    },
    Settled {
        live: Arc<Model>,
        building: Option<Arc<Model>>,
    },
}

/// What a projection needs from its surroundings to place read models.
pub(crate) struct Surroundings<'a> {
    pub(crate) journal: &'a headwater_journal::Journal,
    pub(crate) dir: &'a Path,
    pub(crate) batch: Batch,
    pub(crate) readers: &'a Readers,
}

impl Surroundings<'_> {
    fn path(&self, definition: &Definition) -> std::path::PathBuf {
        let file = format!("{}-{}.sqlite", definition.name(), definition.version());
        self.dir.join(file)
    }

    fn model(&self, definition: Definition, skips: Skips) -> Arc<Model> {
        let place = Place {
            journal: self.journal.clone(),
            path: self.path(&definition),
            lasting: Lasting::Kept,
            batch: self.batch,
            readers: Some(self.readers.clone()),
        };
        Arc::new(Model::new(definition, skips, place))
    }
}

impl Projection {
    /// A projection of this name whose texts [`record`](Self::record) gives.
    pub(crate) fn new(name: &str, number: u64, text: &str) -> Projection {
        let mut projection = Projection {
            name: name.to_owned(),
            schema: format!("p{number}"),
            text: String::new(),
            versions: Versions::Unreadable(DefinitionError::on_line(1, "no text was applied")),
            skips: HashMap::new(),
        };
        projection.record(text);
        projection
    }

    /// Takes a text that was recorded. Nothing is opened.
    pub(crate) fn record(&mut self, text: &str) {
        let mut older = match std::mem::replace(
            &mut self.versions,
            Versions::Unreadable(DefinitionError::on_line(1, "no text was applied")),
        ) {
            Versions::Unsettled { target, mut older } => {
                older.push(target);
                older
            }
            _ => Vec::new(),
        };
        text.clone_into(&mut self.text);
        self.versions = match Definition::parse(text) {
            Ok(target) => {
                older.retain(|definition| definition.version() != target.version());
                Versions::Unsettled { target, older }
            }
            Err(error) => Versions::Unreadable(error),
        };
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn schema(&self) -> &str {
        &self.schema
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The definitions whose tables are in use: those that answer, and those that will.
    pub(crate) fn definitions(&self) -> Vec<&Definition> {
        match &self.versions {
            Versions::Unreadable(_) => Vec::new(),
            Versions::Unsettled { target, older } => older.iter().chain([target]).collect(),
            Versions::Settled { live, building } => {
                let models = [Some(live), building.as_ref()];
                models
                    .into_iter()
                    .flatten()
                    .map(|model| model.definition())
                    .collect()
            }
        }
    }

    /// The events that a version passes over.
    pub(crate) fn skips(&mut self, version: Version) -> Skips {
        self.skips.entry(version).or_default().clone()
    }

    /// The read model that answers.
    pub(crate) fn live(&self) -> Option<&Arc<Model>> {
        match &self.versions {
            Versions::Settled { live, .. } => Some(live),
            _ => None,
        }
    }

    /// The read model that is being built to replace it.
    pub(crate) fn building(&self) -> Option<&Arc<Model>> {
        match &self.versions {
            Versions::Settled { building, .. } => building.as_ref(),
            _ => None,
        }
    }

    /// Finds out which version answers. Looks at files only where there is a choice.
    pub(crate) fn settle(&mut self, around: &Surroundings<'_>) -> Result<(), Error> {
        let Versions::Unsettled { target, older } = &self.versions else {
            return Ok(());
        };
        let (target, older) = (target.clone(), older.clone());
        let mut answering = None;
        if !older.is_empty() && !self.is_built(&target, around)? {
            for definition in older.into_iter().rev() {
                if self.is_built(&definition, around)? {
                    answering = Some(definition);
                    break;
                }
            }
        }
        let skips = self.skips(target.version());
        let target = around.model(target, skips);
        self.versions = match answering {
            None => Versions::Settled {
                live: target,
                building: None,
            },
            Some(definition) => {
                let skips = self.skips(definition.version());
                Versions::Settled {
                    live: around.model(definition, skips),
                    building: Some(target),
                }
            }
        };
        Ok(())
    }

    fn is_built(
        &mut self,
        definition: &Definition,
        around: &Surroundings<'_>,
    ) -> Result<bool, Error> {
        let skips = self.skips(definition.version()).positions();
        let owner = Owner {
            definition,
            journal: around.journal,
            skips: &skips,
        };
        let checkpoint = model_file::peek(&around.path(definition), owner)?;
        Ok(checkpoint.is_some_and(|checkpoint| checkpoint.built))
    }

    /// Applies another definition. Gives the read models that nobody needs any more.
    pub(crate) fn change(
        &mut self,
        definition: Definition,
        around: &Surroundings<'_>,
    ) -> Vec<Arc<Model>> {
        definition.text().clone_into(&mut self.text);
        let skips = self.skips(definition.version());
        let unsettled = Versions::Unreadable(DefinitionError::on_line(1, "no text was applied"));
        let (live, building) = match std::mem::replace(&mut self.versions, unsettled) {
            Versions::Settled { live, building } => (Some(live), building),
            _ => (None, None),
        };
        let (versions, gone) = match live {
            Some(live) if live.definition().version() == definition.version() => {
                let versions = Versions::Settled {
                    live,
                    building: None,
                };
                (versions, building)
            }
            Some(live) if live.is_built() => {
                let versions = Versions::Settled {
                    live,
                    building: Some(around.model(definition, skips)),
                };
                (versions, building)
            }
            // What answers now has never been at the head: there is nothing to keep.
            never_built => {
                let versions = Versions::Settled {
                    live: around.model(definition, skips),
                    building: None,
                };
                (versions, never_built)
            }
        };
        self.versions = versions;
        gone.into_iter().collect()
    }

    /// Lets `built` answer, if it still is what is being built. Gives what it replaced.
    pub(crate) fn switch(&mut self, built: &Arc<Model>) -> Option<Arc<Model>> {
        let Versions::Settled { live, building } = &mut self.versions else {
            return None;
        };
        if !building
            .as_ref()
            .is_some_and(|model| Arc::ptr_eq(model, built))
        {
            return None;
        }
        let built = building.take()?;
        Some(std::mem::replace(live, built))
    }

    /// All read models that there are.
    pub(crate) fn models(&self) -> Vec<Arc<Model>> {
        let models = [self.live(), self.building()];
        models.into_iter().flatten().cloned().collect()
    }

    /// Where it stands. Looks into files that are not open.
    pub(crate) fn status(&self, head: Position) -> Result<Status, Error> {
        match &self.versions {
            Versions::Unreadable(error) => Ok(self.unreadable(error, head)),
            Versions::Settled { live, building } => self.settled(live, building.as_ref(), head),
            Versions::Unsettled { .. } => Err(Error::new(
                Kind::Internal,
                "internal",
                format!("the projection {} was not settled", self.name),
            )),
        }
    }

    fn unreadable(&self, error: &DefinitionError, head: Position) -> Status {
        Status {
            name: self.name.clone(),
            state: State::Failed,
            version: None,
            position: Position::ZERO,
            head,
            lag: head.0,
            tables: Vec::new(),
            types: Vec::new(),
            building: None,
            failure: Some(Failure {
                position: Position::ZERO,
                event_id: None,
                event_type: String::new(),
                statement: String::new(),
                line: error.line,
                code: error.sqlstate.clone().unwrap_or_default(),
                message: format!("the text that was applied cannot be read any more: {error}"),
            }),
            trouble: None,
            skipped: Vec::new(),
        }
    }

    fn settled(
        &self,
        live: &Arc<Model>,
        building: Option<&Arc<Model>>,
        head: Position,
    ) -> Result<Status, Error> {
        live.look()?;
        let building = match building {
            Some(model) => {
                model.look()?;
                Some(Building {
                    version: model.definition().version(),
                    position: model.position(),
                    head,
                    failure: model.failure(),
                })
            }
            None => None,
        };
        let failure = live.failure();
        let state = match (&failure, live.is_built()) {
            (Some(_), _) => State::Failed,
            (None, true) => State::Live,
            (None, false) => State::Building,
        };
        let of_build = building
            .as_ref()
            .and_then(|building| building.failure.clone());
        let tables = live.definition().tables().iter();
        Ok(Status {
            name: self.name.clone(),
            state,
            version: Some(live.definition().version()),
            position: live.position(),
            head,
            lag: head.0.saturating_sub(live.position().0),
            tables: tables.map(|table| table.name.clone()).collect(),
            types: live.definition().types().to_vec(),
            failure: failure.or(of_build),
            trouble: live.trouble(),
            skipped: live.skips().list(),
            building,
        })
    }
}
