//! The columns that an expression may name, and the relations that bring them.

/// What stands in a `from`.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// Columns as they are named, with their types.
    pub(super) columns: Vec<(String, &'static str)>,
    /// Columns of which no two rows have the same values.
    pub(super) keys: Vec<String>,
}

/// Tables of `tests/random/fixture.sql`; `id` is the key of each.
pub(super) const TABLES: &[(&str, &[(&str, &str)])] = &[
    (
        "v",
        &[
            ("id", "int"),
            ("b", "bool"),
            ("i", "int"),
            ("l", "bigint"),
            ("d", "double"),
            ("s", "text"),
            ("t", "timestamptz"),
            ("y", "date"),
            ("u", "uuid"),
            ("j", "jsonb"),
            ("x", "bytea"),
        ],
    ),
    (
        "p",
        &[
            ("id", "int"),
            ("k", "int"),
            ("s", "text"),
            ("n", "bigint"),
            ("y", "date"),
        ],
    ),
    (
        "q",
        &[
            ("id", "int"),
            ("k", "bigint"),
            ("s", "text"),
            ("d", "double"),
            ("b", "bool"),
        ],
    ),
    ("nobody", &[("id", "int"), ("k", "int"), ("s", "text")]),
];

impl Scope {
    /// A relation under a name, with a key `id`.
    pub(super) fn of(name: &str, columns: &[(&str, &'static str)]) -> Scope {
        let columns = columns.iter();
        Scope {
            columns: columns
                .map(|(column, ty)| (format!("{name}.{column}"), *ty))
                .collect(),
            keys: vec![format!("{name}.id")],
        }
    }

    /// Both beside each other, as a join has them.
    pub(super) fn and(mut self, other: Scope) -> Scope {
        self.columns.extend(other.columns);
        self.keys.extend(other.keys);
        self
    }

    /// The columns of a type.
    pub(super) fn of_type(&self, ty: &str) -> Vec<&str> {
        let matching = self.columns.iter().filter(|(_, found)| *found == ty);
        matching.map(|(name, _)| name.as_str()).collect()
    }
}
