//! The projections of a database: each change is checked, recorded in `_system`, and then done.

use std::collections::BTreeSet;
use std::sync::Arc;

use headwater_event::Position;
use headwater_projection::{Applied, Error, Projections, Status};

use crate::DatabaseHandle;
use crate::node::{blocking, deleted, finish, refuse_system};
use crate::system::{self, Fact};

/// The names of the projections that were applied and not removed.
pub(crate) fn names(facts: &[Fact]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for fact in facts {
        match fact {
            Fact::Applied(applied) => {
                names.insert(applied.projection.as_str());
            }
            Fact::Removed(removed) => {
                names.remove(removed.projection.as_str());
            }
            _ => {}
        }
    }
    names
}

impl DatabaseHandle {
    /// Applies the file of a projection that must be called `name`. Recorded on return; folding
    /// goes on in the background.
    pub async fn apply(&self, name: &str, text: String) -> Result<(Applied, Status), Error> {
        refuse_system(self.name())?;
        let named = name.to_owned();
        self.change(async move |handle, projections| {
            let change = {
                let (projections, text) = (projections.clone(), text.clone());
                blocking(move || projections.check(&text)).await?
            };
            if change.name != named {
                return Err(other_name(&named, &change.name).into());
            }
            if change.applied != Applied::Unchanged {
                let applied = system::Applied {
                    projection: change.name.clone(),
                    definition: text.clone(),
                };
                handle.record(&Fact::Applied(applied)).await?;
                let projections = projections.clone();
                blocking(move || projections.apply(&text)).await?;
            }
            let status = blocking(move || projections.status(&change.name)).await?;
            Ok((change.applied, status))
        })
        .await
    }

    /// Removes a projection and its read model. Recorded on return.
    pub async fn remove_projection(&self, name: &str) -> Result<(), Error> {
        refuse_system(self.name())?;
        let name = name.to_owned();
        self.change(async move |handle, projections| {
            let (asked, named) = (projections.clone(), name.clone());
            blocking(move || asked.definition(&named)).await?;
            let removed = system::Removed {
                projection: name.clone(),
            };
            handle.record(&Fact::Removed(removed)).await?;
            blocking(move || projections.remove(&name)).await
        })
        .await
    }

    /// Passes over the event at which a projection has stopped. Recorded on return.
    pub async fn skip(
        &self,
        name: &str,
        position: Position,
        reason: String,
    ) -> Result<Status, Error> {
        refuse_system(self.name())?;
        let name = name.to_owned();
        self.change(async move |handle, projections| {
            let (asked, named) = (projections.clone(), name.clone());
            blocking(move || asked.check_skip(&named, position)).await?;
            let skipped = system::Skipped {
                projection: name.clone(),
                position,
                reason: reason.clone(),
            };
            handle.record(&Fact::Skipped(skipped)).await?;
            blocking(move || {
                projections.skip(&name, position, &reason)?;
                projections.status(&name)
            })
            .await
        })
        .await
    }

    /// Where every projection stands, by name.
    pub async fn projections(&self) -> Result<Vec<Status>, Error> {
        self.ask(|projections| projections.list()).await
    }

    /// Where a projection stands, and the text that was applied last.
    pub async fn projection(&self, name: &str) -> Result<(Status, String), Error> {
        let name = name.to_owned();
        self.ask(move |projections| {
            Ok((projections.status(&name)?, projections.definition(&name)?))
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Projections) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let projections = self.open_projections().await?;
        let answer = blocking(move || question(&projections)).await;
        answer.map_err(|error| self.judge(error))
    }

    /// Makes a change to its end, also when nobody waits for it any more; one at a time.
    async fn change<T, F, C>(&self, change: C) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
        C: FnOnce(DatabaseHandle, Arc<Projections>) -> F + Send + 'static,
    {
        let handle = self.clone();
        let changed = finish(&self.node.runtime, async move {
            let projections = handle.open_projections().await?;
            let _changing = handle.using.awake.changing.lock().await;
            change(handle.clone(), projections).await
        });
        changed.await.map_err(|error| self.judge(error))
    }

    /// The read models, opened now if nobody has yet.
    pub(crate) async fn open_projections(&self) -> Result<Arc<Projections>, Error> {
        let opened = self.using.awake.projections(|| async {
            let facts = self.node.facts(self.id()).await?;
            let recorded = facts.into_iter().filter_map(Fact::recorded).collect();
            let journal = self.using.awake.journal.clone();
            let (env, options) = (self.node.env.clone(), self.node.options.projection);
            let directory = self.place().projections();
            blocking(move || Projections::open(journal, env, directory, recorded, options)).await
        });
        opened.await.map_err(|error| self.judge(error))
    }

    async fn record(&self, fact: &Fact) -> Result<(), Error> {
        let append = system::while_there(self.id(), fact)?;
        match self.node.record(append).await? {
            None => Ok(()),
            Some(_) => Err(deleted(self.name()).into()),
        }
    }

    /// As for the log: a panic or damage closes the database.
    pub(crate) fn judge(&self, error: Error) -> Error {
        match error {
            Error::Other(error) => self.using.judge(error).into(),
            of_the_statement => of_the_statement,
        }
    }
}

fn other_name(asked: &str, found: &str) -> headwater_event::Error {
    headwater_event::Error::invalid(
        "bad_projection",
        "the file is of a projection with another name",
    )
    .field("name")
    .found(found)
    .expected(asked)
    .action("write the same name into its first line and into the path")
}
