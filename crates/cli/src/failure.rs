//! What a person at the terminal is told when something cannot be done.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::client::Problem;

/// The exit code of a command whose condition did not hold.
const EXIT_CONFLICT: u8 = 3;
const EXIT_FAILED: u8 = 1;
const EXIT_USAGE: u8 = 2;

/// A failure: one sentence, and labelled lines under it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    lines: Vec<(&'static str, String)>,
    exit: u8,
    silent: bool,
    code: Option<String>,
    sql_position: Option<usize>,
}

impl Failure {
    /// Something could not be done; `message` is a sentence without a full stop that names the
    /// thing.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure {
            message: message.into(),
            lines: Vec::new(),
            exit: EXIT_FAILED,
            silent: false,
            code: None,
            sql_position: None,
        }
    }

    /// The arguments do not go together, in a way that only looking at them all shows.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure {
            exit: EXIT_USAGE,
            ..Failure::new(message)
        }
    }

    /// Nobody reads what the command prints any more, as under `| head`: no failure to speak of.
    pub(crate) fn closed_pipe() -> Failure {
        Failure {
            silent: true,
            exit: 0,
            ..Failure::new("the reader of the output has gone")
        }
    }

    /// The same failure with another sentence before it, which says what was being done.
    pub(crate) fn while_doing(mut self, what: &str) -> Failure {
        if !self.silent {
            self.message = format!("{what}: {}", self.message);
        }
        self
    }

    /// What was found.
    pub(crate) fn found(self, found: impl fmt::Display) -> Failure {
        self.line("found", found)
    }

    /// What was expected instead.
    pub(crate) fn expected(self, expected: impl fmt::Display) -> Failure {
        self.line("expected", expected)
    }

    /// What to do about it.
    pub(crate) fn advice(self, action: impl fmt::Display) -> Failure {
        self.line("to do", action)
    }

    /// What caused it, with everything under it.
    pub(crate) fn caused_by(self, source: &dyn StdError) -> Failure {
        let mut text = source.to_string();
        let mut next = source.source();
        while let Some(cause) = next {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            next = cause.source();
        }
        self.line("cause", text)
    }

    /// A labelled line.
    pub(crate) fn line(mut self, label: &'static str, text: impl fmt::Display) -> Failure {
        self.lines.push((label, text.to_string()));
        self
    }

    /// The exit code.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The stable code of the server's problem, if a server said it.
    pub(crate) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The place in the query that it is about, in characters from 1.
    pub(crate) fn sql_position(&self) -> Option<usize> {
        self.sql_position
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for (label, text) in &self.lines {
            let mut lines = text.lines();
            write!(f, "\n  {label:<9} {}", lines.next().unwrap_or_default())?;
            for line in lines {
                write!(f, "\n  {:<9} {line}", "")?;
            }
        }
        Ok(())
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        let conflicts = ["revision_conflict", "boundary_conflict", "id_reused"];
        let exit = if conflicts.contains(&problem.code.as_str()) {
            EXIT_CONFLICT
        } else {
            EXIT_FAILED
        };
        let mut failure = Failure {
            exit,
            code: Some(problem.code.clone()),
            sql_position: problem.sql_position,
            ..Failure::new(problem.sentence())
        };
        failure.lines = problem.lines();
        failure
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::closed_pipe();
        }
        Failure::new("a read or write failed").caused_by(&error)
    }
}

impl From<headwater_event::Error> for Failure {
    fn from(error: headwater_event::Error) -> Failure {
        let mut failure = Failure::new(match error.field_name() {
            Some(field) => format!("{field}: {}", error.message()),
            None => error.message().to_owned(),
        });
        failure.code = Some(error.code().to_owned());
        let parts = [
            ("found", error.what_found()),
            ("expected", error.what_expected()),
            ("to do", error.what_to_do()),
        ];
        for (label, part) in parts {
            if let Some(text) = part {
                failure = failure.line(label, text);
            }
        }
        match StdError::source(&error) {
            Some(source) => failure.caused_by(source),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_what_was_found_and_what_to_do() {
        let failure = Failure::new("the file accounts.sql has no projection")
            .found("an empty file")
            .expected("a first line\nsuch as -- projection: accounts");
        assert_eq!(
            failure.to_string(),
            "error: the file accounts.sql has no projection\n  found     an empty file\n  \
             expected  a first line\n            such as -- projection: accounts"
        );
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(failure.is_silent());
        assert_eq!(failure.exit_code(), 0);
    }
}
