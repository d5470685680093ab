//! The doors of the crate: one function for each kind of statement.

use sqlparser::ast;

use crate::bind::{Binder, Mode};
use crate::catalog::{Catalog, Index, Table};
use crate::parse::parse_statement;
use crate::placeholder::{self, Numbered};
use crate::plan::WritePlan;
use crate::translate;
use crate::{SqlError, Type};

/// A statement of a projection, ready to run for each event.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    /// The SQLite statement, with parameters `?1` and on.
    pub sqlite: String,
    /// What to bind to `?1` and on.
    pub params: Vec<Param>,
    /// The table it writes.
    pub table: String,
}

/// One parameter of a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Where the value comes from.
    pub source: ParamSource,
    /// The type it is bound as.
    pub ty: Type,
}

/// Where the value of a handler's parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamSource {
    /// `:name` or `:name?`: a field of the event's data.
    Field {
        /// The field.
        name: String,
        /// Whether a missing field is null (`:name?`) rather than a failure (`:name`).
        optional: bool,
    },
    /// `@name`: a part of the envelope.
    Envelope(EnvelopeField),
}

/// A part of an event's envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum EnvelopeField {
    Position,
    Id,
    Stream,
    Category,
    Key,
    Revision,
    Type,
    OccurredAt,
    RecordedAt,
    Tags,
    Data,
    Metadata,
}

impl EnvelopeField {
    /// All parts, in the order of the documentation.
    pub const ALL: [EnvelopeField; 12] = [
        EnvelopeField::Position,
        EnvelopeField::Id,
        EnvelopeField::Stream,
        EnvelopeField::Category,
        EnvelopeField::Key,
        EnvelopeField::Revision,
        EnvelopeField::Type,
        EnvelopeField::OccurredAt,
        EnvelopeField::RecordedAt,
        EnvelopeField::Tags,
        EnvelopeField::Data,
        EnvelopeField::Metadata,
    ];

    /// The name, as written after `@`.
    pub fn name(self) -> &'static str {
        match self {
            EnvelopeField::Position => "position",
            EnvelopeField::Id => "id",
            EnvelopeField::Stream => "stream",
            EnvelopeField::Category => "category",
            EnvelopeField::Key => "key",
            EnvelopeField::Revision => "revision",
            EnvelopeField::Type => "type",
            EnvelopeField::OccurredAt => "occurred_at",
            EnvelopeField::RecordedAt => "recorded_at",
            EnvelopeField::Tags => "tags",
            EnvelopeField::Data => "data",
            EnvelopeField::Metadata => "metadata",
        }
    }

    /// The part with this name.
    pub fn parse(name: &str) -> Option<EnvelopeField> {
        EnvelopeField::ALL
            .into_iter()
            .find(|field| field.name() == name)
    }

    /// The type it is bound as: that of the column of `event` with the same name.
    pub fn ty(self) -> Type {
        match self {
            EnvelopeField::Position | EnvelopeField::Revision => Type::BigInt,
            EnvelopeField::Id => Type::Uuid,
            EnvelopeField::Stream
            | EnvelopeField::Category
            | EnvelopeField::Key
            | EnvelopeField::Type => Type::Text,
            EnvelopeField::OccurredAt | EnvelopeField::RecordedAt => Type::Timestamptz,
            EnvelopeField::Tags | EnvelopeField::Data | EnvelopeField::Metadata => Type::Jsonb,
        }
    }
}

/// A query, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The SQLite statement, with parameters `?1` and on.
    pub sqlite: String,
    /// The columns of the answer.
    pub columns: Vec<OutputColumn>,
    /// The types of `$1` and on, given or inferred.
    pub params: Vec<Type>,
    /// The tables of the catalog that it names, each once, sorted.
    pub tables: Vec<String>,
}

/// A column of a query's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputColumn {
    /// The name, as PostgreSQL makes it.
    pub name: String,
    /// The type.
    pub ty: Type,
}

/// Reads one `create table`.
///
/// Columns with constants as defaults; primary key, unique and check constraints. Everything else
/// that may stand there is refused by name.
pub fn create_table(sql: &str) -> Result<Table, SqlError> {
    crate::define::table(sql)
}

/// Reads one `create index` on columns of a table of the catalog, plain or unique.
pub fn create_index(sql: &str, catalog: &Catalog) -> Result<Index, SqlError> {
    crate::define::index(sql, catalog)
}

/// Translates one `insert`, `update` or `delete` over tables of the catalog.
///
/// Placeholders (`:name`, `:name?`, `@name`) become parameters, one for each place. Positions of
/// errors count in `sql` as given.
pub fn compile_handler(sql: &str, catalog: &Catalog) -> Result<Handler, SqlError> {
    let numbered = placeholder::number(sql)?;
    handler(&numbered, catalog)
        .map_err(|error| error.map_position(|position| numbered.original_position(position)))
}

fn handler(numbered: &Numbered, catalog: &Catalog) -> Result<Handler, SqlError> {
    let (statement, source) = parse_statement(&numbered.text)?;
    let known: Vec<Option<Type>> = numbered
        .sources
        .iter()
        .map(|source| match source {
            ParamSource::Field { .. } => None,
            ParamSource::Envelope(field) => Some(field.ty()),
        })
        .collect();
    let mut binder = Binder::new(catalog, &source, Mode::Handler, &known);
    let plan = binder.write(&statement)?;
    let types = binder.param_types()?;
    let params = numbered.sources.iter().zip(types);
    let table = match &plan {
        WritePlan::Insert(insert) => &insert.target,
        WritePlan::Update(update) => &update.target,
        WritePlan::Delete(delete) => &delete.target,
    };
    Ok(Handler {
        sqlite: translate::write(&plan)?,
        table: table.table.name.clone(),
        params: params
            .map(|(source, ty)| Param {
                source: source.clone(),
                ty,
            })
            .collect(),
    })
}

/// Translates one `select`, `values` or `with`. `params` are the types of `$1` and on that the
/// caller knows; the others are inferred.
pub fn compile_query(
    sql: &str,
    catalog: &Catalog,
    params: &[Option<Type>],
) -> Result<Query, SqlError> {
    let (statement, source) = parse_statement(sql)?;
    let ast::Statement::Query(query) = &statement else {
        return Err(SqlError::unsupported(format_args!(
            "a query that is not SELECT, VALUES or WITH ({})",
            first_word(sql)
        ))
        .with_hint("Tables are written by projections: append an event instead."));
    };
    let mut binder = Binder::new(catalog, &source, Mode::Query, params);
    let mut plan = binder.query(query)?;
    binder.settle(&mut plan)?;
    let plan = binder.shown(plan)?;
    let columns = plan.columns.iter().map(|column| OutputColumn {
        name: column.name.clone(),
        ty: column.ty.unwrap_or(Type::Text),
    });
    Ok(Query {
        columns: columns.collect(),
        params: binder.param_types()?,
        tables: binder.tables(),
        sqlite: translate::query(&plan)?,
    })
}

fn first_word(sql: &str) -> String {
    let word = sql.split_whitespace().next().unwrap_or_default();
    word.chars().take(20).collect::<String>().to_uppercase()
}
