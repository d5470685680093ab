//! `create table` and `create index`.

use std::collections::BTreeSet;

use sqlparser::ast;
use sqlparser::ast::helpers::stmt_create_table::CreateTableBuilder;

use crate::bind::{Binder, Mode, data_type, of_type, refuse_if};
use crate::catalog::{Catalog, Check, Column, Index, Table, Unique};
use crate::parse::{Source, name_of, parse_statement, simple_ident};
use crate::translate::ddl;
use crate::{SqlError, Type, Value, sqlstate};

/// Reads one `create table`.
pub(crate) fn table(sql: &str) -> Result<Table, SqlError> {
    let (statement, source) = parse_statement(sql)?;
    let ast::Statement::CreateTable(create) = &statement else {
        return Err(SqlError::unsupported(
            "a statement other than CREATE TABLE here",
        ));
    };
    refuse_table_options(create)?;
    let name = object(&create.name, &source)?;
    if name.to_ascii_lowercase().starts_with("sqlite_") {
        return Err(SqlError::unsupported(
            "a table whose name begins with \"sqlite_\"",
        ));
    }
    let mut definition = Definition {
        source: &source,
        names: BTreeSet::new(),
        nullable: BTreeSet::new(),
        checks: Vec::new(),
        table: Table {
            primary_key_name: format!("{name}_pkey"),
            name,
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique: Vec::new(),
            checks: Vec::new(),
        },
    };
    for column in &create.columns {
        definition.column(column)?;
    }
    for constraint in &create.constraints {
        definition.constraint(constraint)?;
    }
    definition.finish()
}

/// Reads one `create index`.
pub(crate) fn index(sql: &str, catalog: &Catalog) -> Result<Index, SqlError> {
    let (statement, source) = parse_statement(sql)?;
    let ast::Statement::CreateIndex(create) = &statement else {
        return Err(SqlError::unsupported(
            "a statement other than CREATE INDEX here",
        ));
    };
    let ast::CreateIndex {
        name,
        table_name,
        using,
        columns,
        unique,
        concurrently,
        r#async,
        if_not_exists,
        include,
        nulls_distinct,
        with,
        predicate,
        index_options,
        alter_options,
    } = create;
    let by_tree = matches!(using, None | Some(ast::IndexType::BTree));
    refuse_if(!by_tree, "an index that is not a B-tree")?;
    refuse_if(*concurrently, "CONCURRENTLY")?;
    refuse_if(*r#async, "ASYNC")?;
    refuse_if(*if_not_exists, "IF NOT EXISTS")?;
    refuse_if(!include.is_empty(), "INCLUDE")?;
    refuse_if(*nulls_distinct == Some(false), "NULLS NOT DISTINCT")?;
    refuse_if(!with.is_empty(), "WITH")?;
    refuse_if(predicate.is_some(), "a partial index (WHERE)")?;
    refuse_if(
        !index_options.is_empty() || !alter_options.is_empty(),
        "an option of an index",
    )?;
    let table_name = object(table_name, &source)?;
    let entry = catalog.entry(&table_name).ok_or_else(|| {
        SqlError::new(
            sqlstate::UNDEFINED_TABLE,
            format!("relation \"{table_name}\" does not exist"),
        )
    })?;
    let table = &entry.table;
    let columns = index_columns(columns, table, &source)?;
    let name = match name {
        Some(name) => object(name, &source)?,
        None => generated_name(table, columns.iter().map(|(index, _)| *index), "idx"),
    };
    let sqlite = ddl::create_index(&name, *unique, entry.schema.as_deref(), table, &columns);
    let keys = columns.iter().map(|(index, _)| *index).collect();
    Ok(Index {
        name,
        table: table_name,
        sqlite,
        unique: unique.then_some(keys),
        keys: columns,
    })
}

/// A table while its parts are read.
struct Definition<'a> {
    source: &'a Source,
    /// The names of constraints.
    names: BTreeSet<String>,
    /// The columns that are said to be nullable.
    nullable: BTreeSet<usize>,
    /// Checks, bound when all columns are known: the name if given, the column if it has one.
    checks: Vec<(Option<String>, Option<String>, &'a ast::Expr)>,
    table: Table,
}

impl<'a> Definition<'a> {
    fn column(&mut self, column: &'a ast::ColumnDef) -> Result<(), SqlError> {
        let ast::ColumnDef {
            name: ident,
            data_type: ty,
            options,
        } = column;
        let name = name_of(ident, self.source)?;
        let position = self.source.ident(ident);
        let same = |known: &Column| known.name.eq_ignore_ascii_case(&name);
        if let Some(known) = self.table.columns.iter().find(|known| same(known)) {
            return Err(match known.name == name {
                true => SqlError::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column \"{name}\" specified more than once"),
                ),
                false => SqlError::unsupported(format_args!(
                    "columns whose names differ only in case (\"{}\" and \"{name}\")",
                    known.name
                )),
            }
            .at(position));
        }
        let ty = column_type(ty)
            .map_err(|error| error.at(of_type(ty, self.source)))
            .map_err(|error| error.at(position))?;
        let index = self.table.columns.len();
        self.table.columns.push(Column {
            name: name.clone(),
            ty,
            not_null: false,
            default: None,
        });
        for option in options {
            self.column_option(index, option)
                .map_err(|error| error.at(position))?;
        }
        Ok(())
    }

    fn column_option(
        &mut self,
        index: usize,
        option: &'a ast::ColumnOptionDef,
    ) -> Result<(), SqlError> {
        use ast::ColumnOption as O;
        let ast::ColumnOptionDef { name, option } = option;
        let name = name.as_ref();
        match option {
            O::Null => self.nullability(index, true),
            O::NotNull => self.nullability(index, false),
            O::Default(expr) => self.default(index, expr),
            O::PrimaryKey(key) => self.primary_key(name, key, Some(index)),
            O::Unique(unique) => self.unique(name, unique, Some(index)),
            O::Check(check) => self.check(name, check, Some(index)),
            O::ForeignKey(_) => Err(SqlError::unsupported("a foreign key (REFERENCES)")
                .with_hint("Events are facts: a read model keeps what they say.")),
            O::Generated { .. } | O::Identity(_) => {
                Err(SqlError::unsupported("a generated column")
                    .with_hint("Compute the value in the handler."))
            }
            O::Collation(_) => Err(SqlError::unsupported("\"COLLATE\"")),
            other => Err(SqlError::unsupported(format_args!(
                "the column option \"{other}\""
            ))),
        }
    }

    /// `null` and `not null` exclude each other.
    fn nullability(&mut self, index: usize, null: bool) -> Result<(), SqlError> {
        let column = &mut self.table.columns[index];
        let opposite = match null {
            true => column.not_null,
            false => self.nullable.contains(&index),
        };
        if opposite {
            return Err(SqlError::syntax(format!(
                "conflicting NULL/NOT NULL declarations for column \"{}\" of table \"{}\"",
                column.name, self.table.name
            )));
        }
        match null {
            true => {
                self.nullable.insert(index);
            }
            false => column.not_null = true,
        }
        Ok(())
    }

    fn default(&mut self, index: usize, expr: &ast::Expr) -> Result<(), SqlError> {
        let catalog = Catalog::new();
        let column = &mut self.table.columns[index];
        let mut binder = Binder::new(&catalog, self.source, Mode::Definition, &[]);
        let value = binder.default_value(&column.name, column.ty, expr)?;
        column.default = (value != Value::Null).then_some(value);
        Ok(())
    }

    fn constraint(&mut self, constraint: &'a ast::TableConstraint) -> Result<(), SqlError> {
        use ast::TableConstraint as C;
        match constraint {
            C::PrimaryKey(key) => self.primary_key(None, key, None),
            C::Unique(unique) => self.unique(None, unique, None),
            C::Check(check) => self.check(None, check, None),
            C::ForeignKey(_) => Err(SqlError::unsupported("a foreign key (REFERENCES)")
                .with_hint("Events are facts: a read model keeps what they say.")),
            C::Exclude(_) => Err(SqlError::unsupported("\"EXCLUDE\"")),
            C::Index(_)
            | C::FulltextOrSpatial(_)
            | C::PrimaryKeyUsingIndex(_)
            | C::UniqueUsingIndex(_) => Err(SqlError::unsupported("an index inside CREATE TABLE")
                .with_hint("Write CREATE INDEX after the table.")),
        }
    }

    fn primary_key(
        &mut self,
        outer_name: Option<&ast::Ident>,
        key: &ast::PrimaryKeyConstraint,
        column: Option<usize>,
    ) -> Result<(), SqlError> {
        let ast::PrimaryKeyConstraint {
            name,
            index_name,
            index_type,
            columns,
            include,
            index_options,
            characteristics,
        } = key;
        plain_key(
            index_name,
            index_type,
            include,
            index_options,
            characteristics,
        )?;
        if !self.table.primary_key.is_empty() {
            return Err(SqlError::new(
                "42P16",
                format!(
                    "multiple primary keys for table \"{}\" are not allowed",
                    self.table.name
                ),
            ));
        }
        let columns = self.key_columns(columns, column)?;
        for index in &columns {
            self.nullability(*index, false)?;
        }
        if let Some(name) = name.as_ref().or(outer_name) {
            self.table.primary_key_name = name_of(name, self.source)?;
        }
        self.claim(self.table.primary_key_name.clone())?;
        self.table.primary_key = columns;
        Ok(())
    }

    fn unique(
        &mut self,
        outer_name: Option<&ast::Ident>,
        unique: &ast::UniqueConstraint,
        column: Option<usize>,
    ) -> Result<(), SqlError> {
        let ast::UniqueConstraint {
            name,
            index_name,
            index_type_display,
            index_type,
            columns,
            include,
            index_options,
            characteristics,
            nulls_distinct,
        } = unique;
        plain_key(
            index_name,
            index_type,
            include,
            index_options,
            characteristics,
        )?;
        refuse_if(
            !matches!(index_type_display, ast::KeyOrIndexDisplay::None),
            "UNIQUE KEY or UNIQUE INDEX",
        )?;
        refuse_if(
            matches!(nulls_distinct, ast::NullsDistinctOption::NotDistinct),
            "NULLS NOT DISTINCT",
        )?;
        let columns = self.key_columns(columns, column)?;
        let name = match name.as_ref().or(outer_name) {
            Some(name) => name_of(name, self.source)?,
            None => self.free_name(generated_name(&self.table, columns.iter().copied(), "key")),
        };
        self.claim(name.clone())?;
        self.table.unique.push(Unique { name, columns });
        Ok(())
    }

    fn check(
        &mut self,
        outer_name: Option<&ast::Ident>,
        check: &'a ast::CheckConstraint,
        column: Option<usize>,
    ) -> Result<(), SqlError> {
        let ast::CheckConstraint {
            name,
            expr,
            no_inherit,
            enforced,
        } = check;
        refuse_if(*no_inherit, "NO INHERIT")?;
        refuse_if(enforced.is_some(), "ENFORCED")?;
        let name = name.as_ref().or(outer_name);
        let name = name.map(|name| name_of(name, self.source)).transpose()?;
        let column = column.map(|index| self.table.columns[index].name.clone());
        self.checks.push((name, column, expr));
        Ok(())
    }

    /// The listed columns, or the one that the constraint stands at.
    fn key_columns(
        &self,
        columns: &[ast::IndexColumn],
        own: Option<usize>,
    ) -> Result<Vec<usize>, SqlError> {
        if let Some(own) = own {
            indexable(&self.table, own)?;
            return Ok(vec![own]);
        }
        let columns = index_columns(columns, &self.table, self.source)?;
        let mut keys = Vec::new();
        for (index, descending) in columns {
            refuse_if(descending, "DESC in a constraint")?;
            if keys.contains(&index) {
                return Err(SqlError::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!(
                        "column \"{}\" appears twice in a constraint",
                        self.table.columns[index].name
                    ),
                ));
            }
            keys.push(index);
        }
        Ok(keys)
    }

    fn free_name(&self, wanted: String) -> String {
        let numbered = |number: usize| match number {
            0 => wanted.clone(),
            number => format!("{wanted}{number}"),
        };
        (0..)
            .map(numbered)
            .find(|name| !self.names.contains(name))
            .unwrap_or(wanted)
    }

    fn claim(&mut self, name: String) -> Result<(), SqlError> {
        match self.names.contains(&name) {
            true => Err(SqlError::new(
                "42710",
                format!(
                    "constraint \"{name}\" for relation \"{}\" already exists",
                    self.table.name
                ),
            )),
            false => {
                self.names.insert(name);
                Ok(())
            }
        }
    }

    /// Binds the checks, now that all columns are known.
    fn finish(mut self) -> Result<Table, SqlError> {
        refuse_if(
            self.table.columns.is_empty(),
            "CREATE TABLE without columns",
        )?;
        let catalog = Catalog::new();
        for (name, column, expr) in std::mem::take(&mut self.checks) {
            let mut binder = Binder::new(&catalog, self.source, Mode::Definition, &[]);
            let condition = binder.check_condition(&self.table, expr)?;
            let name = match (name, column) {
                (Some(name), _) => name,
                (None, Some(column)) => {
                    self.free_name(format!("{}_{column}_check", self.table.name))
                }
                (None, None) => self.free_name(format!("{}_check", self.table.name)),
            };
            self.claim(name.clone())?;
            let sqlite = ddl::condition(&condition);
            let text = expr.to_string();
            self.table.checks.push(Check { name, sqlite, text });
        }
        Ok(self.table)
    }
}

fn object(name: &ast::ObjectName, source: &Source) -> Result<String, SqlError> {
    name_of(simple_ident(name, source)?, source)
}

fn column_type(ty: &ast::DataType) -> Result<Type, SqlError> {
    // No types, but a way to write defaults that count.
    const SERIAL: &[&str] = &[
        "serial",
        "serial2",
        "serial4",
        "serial8",
        "smallserial",
        "bigserial",
    ];
    let name = ty.to_string().to_lowercase();
    refuse_if(SERIAL.contains(&name.as_str()), &name)?;
    match data_type(ty)? {
        Type::Numeric => Err(SqlError::unsupported("a column of type numeric").with_hint(
            "Keep exact amounts as bigint in their smallest unit, or use double precision.",
        )),
        ty if Type::ALL.contains(&ty) => Ok(ty),
        ty => Err(SqlError::unsupported(format_args!("a column of type {ty}"))),
    }
}

/// Columns and nothing else; each with whether it is descending.
fn index_columns(
    columns: &[ast::IndexColumn],
    table: &Table,
    source: &Source,
) -> Result<Vec<(usize, bool)>, SqlError> {
    columns
        .iter()
        .map(
            |ast::IndexColumn {
                 column,
                 operator_class,
             }| {
                refuse_if(operator_class.is_some(), "an operator class")?;
                let ast::OrderByExpr {
                    expr,
                    options,
                    with_fill,
                } = column;
                refuse_if(with_fill.is_some(), "WITH FILL")?;
                let ast::OrderByOptions { sort, nulls_first } = options;
                refuse_if(nulls_first.is_some(), "NULLS FIRST or LAST in an index")?;
                let descending = match sort {
                    None | Some(ast::OrderBySort::Asc) => false,
                    Some(ast::OrderBySort::Desc) => true,
                    Some(ast::OrderBySort::Using(_)) => {
                        return Err(SqlError::unsupported("\"USING\" in an index"));
                    }
                };
                let ast::Expr::Identifier(ident) = expr else {
                    return Err(SqlError::unsupported("an index on an expression"));
                };
                let name = name_of(ident, source)?;
                let index = table.column(&name).ok_or_else(|| {
                    SqlError::new(
                        sqlstate::UNDEFINED_COLUMN,
                        format!("column \"{name}\" named in key does not exist"),
                    )
                    .at(source.ident(ident))
                })?;
                indexable(table, index)?;
                Ok((index, descending))
            },
        )
        .collect()
}

/// jsonb is equal in more ways than its text is.
fn indexable(table: &Table, index: usize) -> Result<(), SqlError> {
    let column = &table.columns[index];
    match column.ty {
        Type::Jsonb => Err(SqlError::unsupported(format_args!(
            "a key or index on the jsonb column \"{}\"",
            column.name
        ))
        .with_hint("Store the part that is looked up in a column of its own.")),
        _ => Ok(()),
    }
}

/// `table_column_column_suffix`, as PostgreSQL names what has no name.
fn generated_name(table: &Table, columns: impl Iterator<Item = usize>, suffix: &str) -> String {
    let mut name = table.name.clone();
    for index in columns {
        name.push('_');
        name.push_str(&table.columns[index].name);
    }
    format!("{name}_{suffix}")
}

fn plain_key(
    index_name: &Option<ast::Ident>,
    index_type: &Option<ast::IndexType>,
    include: &[ast::Ident],
    index_options: &[ast::IndexOption],
    characteristics: &Option<ast::ConstraintCharacteristics>,
) -> Result<(), SqlError> {
    refuse_if(index_name.is_some(), "a named index in a constraint")?;
    refuse_if(index_type.is_some(), "USING in a constraint")?;
    refuse_if(!include.is_empty(), "INCLUDE")?;
    refuse_if(!index_options.is_empty(), "an option of a constraint")?;
    refuse_if(characteristics.is_some(), "DEFERRABLE")
}

/// Everything that may stand around the columns of a table. What is not named here is found by
/// comparison with a table that has none of it, so that nothing passes unseen.
fn refuse_table_options(create: &ast::CreateTable) -> Result<(), SqlError> {
    let present = [
        (create.or_replace, "OR REPLACE"),
        (create.temporary || create.global.is_some(), "TEMPORARY"),
        (create.unlogged, "UNLOGGED"),
        (create.if_not_exists, "IF NOT EXISTS"),
        (create.query.is_some(), "CREATE TABLE ... AS"),
        (create.like.is_some(), "LIKE"),
        (create.on_commit.is_some(), "ON COMMIT"),
        (create.partition_by.is_some(), "PARTITION BY"),
        (create.partition_of.is_some(), "PARTITION OF"),
        (create.inherits.is_some(), "INHERITS"),
        (
            create.table_options != ast::CreateTableOptions::None,
            "WITH (...)",
        ),
    ];
    present
        .iter()
        .try_for_each(|(present, what)| refuse_if(*present, what))?;
    let plain = CreateTableBuilder::new(create.name.clone())
        .columns(create.columns.clone())
        .constraints(create.constraints.clone())
        // The parser leaves an empty format where none was written.
        .hive_formats(
            create
                .hive_formats
                .as_ref()
                .map(|_| ast::HiveFormat::default()),
        )
        .build();
    match *create == plain {
        true => Ok(()),
        false => Err(SqlError::unsupported("this option of CREATE TABLE")),
    }
}
