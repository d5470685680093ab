//! `BEGIN` to `COMMIT`: one position for what is read, one append for what is written.

use std::sync::Arc;

use crate::postgres::command::Command;
use crate::postgres::failure::Failure;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};
use crate::postgres::settings::Settings;

impl Session {
    /// Writes what a transaction has gathered, and ends it.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let mut transaction = self.transaction.end();
        self.portals.clear();
        let written = match transaction.rows() {
            Ok(Some(rows)) if !rows.events.is_empty() => self.append(rows).await.map(drop),
            Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        };
        let settings = match written {
            Ok(()) => transaction.committed(),
            Err(_) => transaction.rolled_back(),
        };
        self.use_settings(settings);
        written
    }

    /// Forgets what a transaction has gathered, and ends it, if there is one.
    pub(crate) fn roll_back(&mut self) {
        let settings = self.transaction.end().rolled_back();
        self.use_settings(settings);
        self.portals.clear();
    }

    /// Goes on with other settings, if there are any, and tells the client what differs.
    fn use_settings(&mut self, settings: Option<Arc<Settings>>) {
        if let Some(settings) = settings {
            let before = std::mem::replace(&mut self.settings, settings);
            self.tell_changes(&before);
        }
    }

    pub(crate) async fn of_transaction(&mut self, command: &Command) -> Result<Running, Ended> {
        let outside = !self.transaction.is_block();
        match command {
            Command::Begin { read_only } => {
                if !outside {
                    self.warn("25001", "there is already a transaction in progress");
                } else {
                    let read_only = read_only.unwrap_or(self.settings.read_only());
                    self.transaction.begin(&self.settings, read_only);
                }
                return Ok(Running::done("BEGIN"));
            }
            Command::SetTransaction { read_only } => {
                let read_only = read_only.unwrap_or(self.transaction.read_only);
                return Ok(self.set_read_only(read_only));
            }
            Command::Savepoint(_) | Command::Release(_) | Command::RollbackTo(_) if outside => {
                let message = "savepoints can only be used in transaction blocks";
                return Err(Failure::new("25P01", message).into());
            }
            Command::Savepoint(name) => {
                self.transaction.savepoint(name.clone(), &self.settings)?;
                return Ok(Running::done("SAVEPOINT"));
            }
            Command::Release(name) => {
                self.transaction.release(name)?;
                let depth = self.transaction.depth();
                for portal in self.portals.values_mut() {
                    portal.depth = portal.depth.min(depth);
                }
                return Ok(Running::done("RELEASE"));
            }
            Command::RollbackTo(name) => {
                let settings = self.transaction.rollback_to(name)?;
                self.use_settings(Some(settings));
                let depth = self.transaction.depth();
                // The savepoint itself stays, and what was made behind it does not.
                self.portals.retain(|_, portal| portal.depth < depth);
                return Ok(Running::done("ROLLBACK"));
            }
            Command::Commit { chain: true } | Command::Rollback { chain: true } if outside => {
                let message = "AND CHAIN can only be used in transaction blocks";
                return Err(Failure::new("25P01", message).into());
            }
            _ if outside => self.warn("25P01", "there is no transaction in progress"),
            _ => {}
        }
        self.end_transaction(command).await
    }

    /// `commit` or `rollback`; a transaction that failed is rolled back either way.
    async fn end_transaction(&mut self, command: &Command) -> Result<Running, Ended> {
        let read_only = self.transaction.read_only;
        let (chain, word) = match command {
            Command::Commit { chain } if !self.transaction.is_failed() => {
                self.commit().await?;
                (*chain, "COMMIT")
            }
            Command::Commit { chain } | Command::Rollback { chain } => {
                self.roll_back();
                (*chain, "ROLLBACK")
            }
            _ => (false, "ROLLBACK"),
        };
        if chain {
            self.transaction.begin(&self.settings, read_only);
        }
        Ok(Running::done(word))
    }

    pub(crate) fn warn(&mut self, sqlstate: &str, message: &str) {
        let warning = Failure::new(sqlstate, message);
        self.client.say(&warning.notice("WARNING"));
    }
}
