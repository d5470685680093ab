//! `BEGIN` to `COMMIT`: one position for what is read, one append for what is written.

use crate::postgres::command::Command;
use crate::postgres::failure::Failure;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};

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
        let before = self.settings.clone();
        match written {
            Ok(()) => transaction.committed(&mut self.settings),
            Err(_) => transaction.rolled_back(&mut self.settings),
        }
        self.tell_changes(&before);
        written
    }

    /// Forgets what a transaction has gathered, and ends it, if there is one.
    pub(crate) fn roll_back(&mut self) {
        let before = self.settings.clone();
        self.transaction.end().rolled_back(&mut self.settings);
        self.tell_changes(&before);
        self.portals.clear();
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
                self.transaction.savepoint(name.clone())?;
                return Ok(Running::done("SAVEPOINT"));
            }
            Command::Release(name) => {
                self.transaction.release(name)?;
                return Ok(Running::done("RELEASE"));
            }
            Command::RollbackTo(name) => {
                self.transaction.rollback_to(name)?;
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
