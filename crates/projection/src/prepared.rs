//! Statements that were asked before: as they were translated, and whether they were brief.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use headwater_sql::{Query, Type};

use crate::live::LiveModel;
use crate::sync::lock;

/// Statements that are kept; one more, and all of them are forgotten.
const STATEMENTS_MAX: usize = 128;

/// Bytes of a statement that is kept.
const STATEMENT_BYTES_MAX: usize = 4 << 10;

/// It is not known whether the statement is brief.
const UNKNOWN: u32 = u32::MAX;

/// After a statement took longer than was hoped it is not hoped again for so many runs with little
/// work: it may be a long one, or somebody else had the processor.
const REST: u32 = 16;

/// A translated query, and the read models that it names.
pub(crate) struct Prepared {
    pub(crate) query: Query,
    pub(crate) models: Vec<LiveModel>,
    /// Whether it names tables that no read model keeps: those of the log.
    pub(crate) reads_log: bool,
    /// How many runs with little work are to come until it is taken for brief.
    rest: AtomicU32,
}

impl Prepared {
    pub(crate) fn new(query: Query, models: Vec<LiveModel>, reads_log: bool) -> Prepared {
        Prepared {
            query,
            models,
            reads_log,
            rest: AtomicU32::new(UNKNOWN),
        }
    }

    /// Whether it takes so little that nobody minds to wait for it.
    pub(crate) fn is_brief(&self) -> bool {
        !self.reads_log && self.rest.load(Ordering::Relaxed) == 0
    }

    /// It ran to its end, with little work or much. Of runs at the same time some may not count.
    pub(crate) fn ran(&self, little: bool) {
        match self.rest.load(Ordering::Relaxed) {
            rest if rest == 0 || !little => {}
            UNKNOWN => self.rest.store(0, Ordering::Relaxed),
            rest => self.rest.store(rest - 1, Ordering::Relaxed),
        }
    }

    /// It was taken for brief, and was not.
    pub(crate) fn was_long(&self) {
        self.rest.store(REST, Ordering::Relaxed);
    }
}

/// Statements of the same tables, by their text.
#[derive(Default)]
pub(crate) struct Statements {
    known: Mutex<HashMap<String, Known>>,
}

struct Known {
    /// Types of parameters that were given, which the translation rests on.
    types: Vec<Option<Type>>,
    prepared: Arc<Prepared>,
}

impl Statements {
    /// The statement, if it was asked with parameters of these types before.
    pub(crate) fn find(&self, sql: &str, types: &[Option<Type>]) -> Option<Arc<Prepared>> {
        let known = lock(&self.known);
        let found = known.get(sql).filter(|known| known.types == types)?;
        Some(Arc::clone(&found.prepared))
    }

    /// Keeps a statement, within bounds.
    pub(crate) fn keep(&self, sql: &str, types: Vec<Option<Type>>, prepared: Arc<Prepared>) {
        if sql.len() > STATEMENT_BYTES_MAX {
            return;
        }
        let mut known = lock(&self.known);
        if known.len() >= STATEMENTS_MAX {
            known.clear();
        }
        known.insert(sql.to_owned(), Known { types, prepared });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared() -> Arc<Prepared> {
        let query = Query {
            sqlite: String::new(),
            columns: Vec::new(),
            params: Vec::new(),
            tables: Vec::new(),
        };
        Arc::new(Prepared::new(query, Vec::new(), false))
    }

    #[test]
    fn a_statement_is_known_with_the_same_types_alone() {
        let statements = Statements::default();
        let types = vec![Some(Type::BigInt)];
        statements.keep("select $1", types.clone(), prepared());
        assert!(statements.find("select $1", &types).is_some());
        assert!(statements.find("select $1", &[None]).is_none());
        assert!(statements.find("select $2", &types).is_none());
    }

    #[test]
    fn statements_are_bounded_in_number_and_length() {
        let statements = Statements::default();
        let long = " ".repeat(STATEMENT_BYTES_MAX + 1);
        statements.keep(&long, Vec::new(), prepared());
        assert!(statements.find(&long, &[]).is_none());
        for number in 0..=STATEMENTS_MAX {
            statements.keep(&format!("select {number}"), Vec::new(), prepared());
        }
        assert_eq!(lock(&statements.known).len(), 1);
    }

    #[test]
    fn one_that_was_long_rests_before_it_is_brief_again() {
        let one = prepared();
        assert!(!one.is_brief(), "nobody knows yet");
        one.ran(false);
        assert!(!one.is_brief());
        one.ran(true);
        assert!(one.is_brief());
        one.was_long();
        for _ in 0..REST {
            one.ran(false);
            assert!(!one.is_brief());
            one.ran(true);
        }
        assert!(one.is_brief());
    }
}
