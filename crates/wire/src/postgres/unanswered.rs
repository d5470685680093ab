//! Questions about the catalogs that were not answered: what a driver or a tool asks and Headwater does
//! not know yet. Each is logged once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::postgres::failure::Failure;

/// Different statements that are logged; what comes after them is not.
const STATEMENTS_MAX: usize = 1_000;
/// Characters of a statement, and of what was said about it, that are logged.
const SHOWN_MAX: usize = 1_000;

/// The statements that were logged.
#[derive(Default)]
pub(crate) struct Unanswered {
    known: Mutex<HashSet<u64>>,
}

impl Unanswered {
    /// Logs a statement that failed, if it asked the catalogs for something that there is not, and was
    /// not logged before.
    pub(crate) fn note(&self, sql: &str, failure: &Failure) {
        if is_missing(failure.sqlstate()) && asks_catalogs(sql) && self.is_new(sql) {
            tracing::warn!(
                statement = shown(sql),
                sqlstate = failure.sqlstate(),
                refused = shown(failure.message()),
                "a question about the catalogs was not answered"
            );
        }
    }

    /// Whether it is the first time, while there is room to remember it.
    fn is_new(&self, sql: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        sql.hash(&mut hasher);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner); // one insertion each
        known.len() < STATEMENTS_MAX && known.insert(hasher.finish())
    }
}

/// Whether a SQLSTATE says that something is not known, rather than that a value does not fit or that a
/// statement was called off. Messages of these have no values of tables.
fn is_missing(sqlstate: &str) -> bool {
    ["0A", "42", "XX"]
        .iter()
        .any(|class| sqlstate.starts_with(class))
}

/// Whether a statement names the catalogs or something in them.
fn asks_catalogs(sql: &str) -> bool {
    let has = |word: &str| {
        let starts = sql.as_bytes().windows(word.len());
        starts
            .into_iter()
            .any(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
    };
    has("pg_") || has("information_schema")
}

fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN_MAX);
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{SHOWN_MAX, STATEMENTS_MAX, Unanswered, asks_catalogs, is_missing, shown};

    #[test]
    fn each_statement_is_new_once_and_only_so_many_are_remembered() {
        let unanswered = Unanswered::default();
        let mut count = 0;
        for number in 0..2 * STATEMENTS_MAX {
            let sql = format!("select pg_unknown({number})");
            count += usize::from(unanswered.is_new(&sql));
            assert!(!unanswered.is_new(&sql), "{sql}");
        }
        assert_eq!(count, STATEMENTS_MAX);
    }

    #[test]
    fn only_questions_about_the_catalogs_are_meant() {
        for sql in [
            "select * from pg_class",
            "SELECT PG_UNKNOWN(1)",
            "select 1 from Information_Schema.tables",
        ] {
            assert!(asks_catalogs(sql), "{sql}");
        }
        assert!(!asks_catalogs("select pgp, information from account"));
        for (sqlstate, expected) in [
            ("0A000", true),
            ("42883", true),
            ("42601", true),
            ("XX000", true),
            ("22P02", false),
            ("57014", false),
            ("25P02", false),
        ] {
            assert_eq!(is_missing(sqlstate), expected, "{sqlstate}");
        }
    }

    #[test]
    fn a_long_statement_is_cut_between_characters() {
        assert_eq!(shown("é"), "é");
        let long = "é".repeat(SHOWN_MAX + 1);
        assert_eq!(shown(&long).chars().count(), SHOWN_MAX);
    }
}
