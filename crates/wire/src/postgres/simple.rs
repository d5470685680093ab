//! The simple protocol: a text of statements, all of which run now, as one transaction.

use headwater_sql::{StatementText, split_statements};
use pgwire::messages::copy::{CopyDone, CopyOutResponse};
use pgwire::messages::response::EmptyQueryResponse;

use crate::postgres::client::Lost;
use crate::postgres::command::Command;
use crate::postgres::execute::Taking;
use crate::postgres::failure::Failure;
use crate::postgres::rows;
use crate::postgres::running::Running;
use crate::postgres::session::{Ended, Session};

/// Statements that run before others get a turn, if none of them waits for anything.
const STATEMENTS_AT_ONCE: usize = 64;

impl Session {
    /// Runs the statements of a text, up to the first that fails.
    pub(crate) async fn simple(&mut self, text: &str) -> Result<(), Lost> {
        match self.statements_of(text).await {
            Ok(()) => {}
            Err(Ended::Failure(failure)) => self.report(&failure),
            Err(Ended::Lost(lost)) => return Err(lost),
        }
        if !self.transaction.is_block() {
            self.roll_back();
        }
        self.ready();
        self.client.flush().await?;
        Ok(())
    }

    async fn statements_of(&mut self, text: &str) -> Result<(), Ended> {
        let statements = split_statements(text)?;
        if statements.is_empty() {
            self.client.say(&EmptyQueryResponse::new());
            return Ok(());
        }
        if statements.len() > 1 {
            self.read_all(text, &statements).await?;
        }
        let (mut offset, mut before) = (0, 0);
        for (count, statement) in statements.iter().enumerate() {
            if self.client.is_full() {
                self.client.flush().await?;
            }
            if count % STATEMENTS_AT_ONCE == STATEMENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await; // to the other connections of the lane
            }
            if statements.len() > 1 {
                self.transaction.begin_implicit(&self.settings);
            }
            before += text[offset..statement.offset].chars().count();
            offset = statement.offset;
            match self.statement(statement.text).await {
                Err(Ended::Failure(failure)) => return Err(failure.after(before).into()),
                other => other?,
            }
        }
        if self.transaction.is_open() && !self.transaction.is_block() {
            self.commit().await?;
        }
        Ok(())
    }

    /// Reads all statements before the first of them runs: where one cannot be read, none does.
    async fn read_all(&self, text: &str, statements: &[StatementText<'_>]) -> Result<(), Failure> {
        for (count, statement) in statements.iter().enumerate() {
            if count % STATEMENTS_AT_ONCE == STATEMENTS_AT_ONCE - 1 {
                tokio::task::yield_now().await; // as above
            }
            self.read(statement.text)
                .map_err(|failure| failure.after(text[..statement.offset].chars().count()))?;
        }
        Ok(())
    }

    fn read(&self, sql: &str) -> Result<Command, Failure> {
        Command::parse(sql).inspect_err(|failure| {
            self.app.metrics.statement("other", failure.sqlstate());
            self.app.unanswered.note(sql, failure);
        })
    }

    async fn statement(&mut self, sql: &str) -> Result<(), Ended> {
        let command = self.read(sql)?;
        let word = command.word();
        let ended = self.whole(sql, &command).await;
        self.backend.end();
        self.count(word, &ended);
        self.note_unanswered(sql, &ended);
        ended
    }

    async fn whole(&mut self, sql: &str, command: &Command) -> Result<(), Ended> {
        let mut running = self
            .start(sql, command, Vec::new(), Taking::Streamed)
            .await?;
        match (&running.columns, &running.copy) {
            (Some(columns), None) => self.client.say(&rows::description(columns, &[])),
            _ => self.begin_copy(&running)?,
        }
        self.write_rows(&mut running, &[], 0).await?;
        self.end_copy(&running);
        self.complete(&running);
        Ok(())
    }

    /// Says that rows come as a copy, if they do.
    pub(crate) fn begin_copy(&mut self, running: &Running) -> Result<(), Failure> {
        let (Some(columns), Some(options)) = (&running.columns, &running.copy) else {
            return Ok(());
        };
        let count = i16::try_from(columns.len()).unwrap_or(i16::MAX); // SQLite has 500 at most
        self.client
            .say(&CopyOutResponse::new(0, count, vec![0; columns.len()]));
        rows::write_copied_header(self.client.out(), options, columns)
    }

    pub(crate) fn end_copy(&mut self, running: &Running) {
        if running.copy.is_some() {
            self.client.say(&CopyDone::new());
        }
    }

    /// Keeps in mind that a statement failed, if it asked the catalogs.
    pub(crate) fn note_unanswered<T>(&self, sql: &str, ended: &Result<T, Ended>) {
        if let Err(Ended::Failure(failure)) = ended {
            self.app.unanswered.note(sql, failure);
        }
    }

    /// Counts a statement by what came of it.
    pub(crate) fn count<T>(&self, word: &'static str, ended: &Result<T, Ended>) {
        let sqlstate = match ended {
            Ok(_) => "00000",
            Err(Ended::Failure(failure)) => failure.sqlstate(),
            Err(Ended::Lost(_)) => "08006",
        };
        self.app.metrics.statement(word, sqlstate);
    }
}
