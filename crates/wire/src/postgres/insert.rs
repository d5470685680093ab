//! `insert into event (...) values (...) returning ...`: an append, written as SQL.
//!
//! Constants and parameters are read here, so that such an append wakes the log and nothing else.
//! Anything more is a query, whose rows are appended.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::str::FromStr as _;

use bytes::Bytes;
use headwater_event::limits::APPEND_EVENTS_MAX;
use headwater_event::{
    Append, EventType, ExpectedRevision, NewEvent, Revision, StreamName, Tag, Text, Timestamp,
    tag_set,
};
use headwater_sql::{OutputColumn, Type, Value};

use crate::postgres::command::refused_write;
use crate::postgres::failure::Failure;
use crate::postgres::types::ParamType;
use crate::postgres::words::{Word, Words};

/// An append, as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Insert {
    columns: Vec<Column>,
    pub(crate) source: Source,
    /// What is told of each event; nothing if `returning` is not there.
    pub(crate) returning: Vec<(Returned, String)>,
}

/// Where the rows come from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Constants and parameters.
    Rows(ItemRows),
    /// A query of so many bytes, which begins after so many, and its parameters that stand in a column
    /// alone.
    Query {
        begin: usize,
        length: usize,
        lone: BTreeMap<usize, Type>,
    },
}

/// Parameters of one statement: the protocol counts them in 16 bits.
const PARAMS_MAX: usize = 65_535;

/// Rows of constants and parameters.
type ItemRows = Vec<Vec<Item>>;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// `null`, or `default`, which is null in every column.
    Null,
    /// The text of a literal, and the type that it is cast to.
    Constant(String, Option<Type>),
    /// `$1` is 0; and the type that it is cast to.
    Param(usize, Option<Type>),
}

/// A column that an append may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Id,
    Stream,
    Type,
    Data,
    Tags,
    Metadata,
    OccurredAt,
    ExpectedRevision,
}

/// What may be told of an event that was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned {
    Position,
    Revision,
    Stream,
}

impl Column {
    fn parse(name: &str) -> Result<Column, Failure> {
        Ok(match name {
            "id" => Column::Id,
            "stream" => Column::Stream,
            "type" => Column::Type,
            "data" => Column::Data,
            "tags" => Column::Tags,
            "metadata" => Column::Metadata,
            "occurred_at" => Column::OccurredAt,
            "expected_revision" => Column::ExpectedRevision,
            "position" | "revision" | "recorded_at" | "category" | "key" => {
                let message = format!("cannot insert into column \"{name}\"");
                return Err(Failure::new("428C9", message)
                    .detail(format!("Column \"{name}\" is given by the log.")));
            }
            _ => {
                let message = format!("column \"{name}\" of relation \"event\" does not exist");
                return Err(Failure::new("42703", message).hint(
                    "An append gives type, and may give id, stream, data, tags, metadata, occurred_at and expected_revision.",
                ));
            }
        })
    }

    fn ty(self) -> Type {
        match self {
            Column::Id => Type::Uuid,
            Column::Stream | Column::Type => Type::Text,
            Column::Data | Column::Tags | Column::Metadata => Type::Jsonb,
            Column::OccurredAt => Type::Timestamptz,
            Column::ExpectedRevision => Type::BigInt,
        }
    }
}

impl Returned {
    fn parse(name: &str) -> Result<Returned, Failure> {
        match name {
            "position" => Ok(Returned::Position),
            "revision" => Ok(Returned::Revision),
            "stream" => Ok(Returned::Stream),
            _ => Err(Failure::unsupported(format!("RETURNING of \"{name}\""))
                .hint("An append tells position, revision and stream.")),
        }
    }

    fn ty(self) -> Type {
        match self {
            Returned::Position | Returned::Revision => Type::BigInt,
            Returned::Stream => Type::Text,
        }
    }
}

impl Insert {
    /// Reads an insert; one into another table is refused.
    pub(crate) fn parse(sql: &str) -> Result<Insert, Failure> {
        let mut words = Words::new(sql);
        words.expect("insert")?;
        words.expect("into")?;
        let mut table = words.name()?;
        if words.take_symbol(".") {
            table = match table.as_str() {
                "public" => words.name()?,
                _ => return Err(refused_write("insert")),
            };
        }
        if table != "event" {
            return Err(refused_write("insert"));
        }
        if !words.take_symbol("(") {
            return Err(words
                .unexpected()
                .hint("Name the columns: insert into event (stream, type, data) ..."));
        }
        let columns = columns(&mut words)?;
        let begin = words.place();
        let mut after = words.clone();
        let source = match simple_rows(&mut after, columns.len())? {
            Some(rows) if ends_source(&after.peek()?) => {
                words = after;
                Source::Rows(rows)
            }
            _ => Source::Query {
                begin,
                lone: lone_params(words.clone(), &columns)?,
                length: skip_source(&mut words)? - begin,
            },
        };
        let returning = returning(&mut words)?;
        Ok(Insert {
            columns,
            source,
            returning,
        })
    }

    /// Bytes that its rows have in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        let rows = match &self.source {
            Source::Rows(rows) => rows,
            Source::Query { lone, .. } => return lone.len() * size_of::<(usize, Type)>(),
        };
        let text = |item: &Item| match item {
            Item::Constant(text, _) => text.len(),
            Item::Null | Item::Param(..) => 0,
        };
        let row = |row: &Vec<Item>| {
            size_of::<Vec<Item>>() + size_of_val(&row[..]) + row.iter().map(text).sum::<usize>()
        };
        rows.iter().map(row).sum()
    }

    /// The columns that `returning` asks for.
    pub(crate) fn output(&self) -> Vec<OutputColumn> {
        let column = |(returned, name): &(Returned, String)| OutputColumn {
            name: name.clone(),
            ty: returned.ty(),
        };
        self.returning.iter().map(column).collect()
    }

    /// The types of the parameters, of which the client declared some. A parameter that stands
    /// in a column has its type.
    pub(crate) fn params(&self, declared: &[Option<ParamType>]) -> Result<Vec<ParamType>, Failure> {
        let Source::Rows(rows) = &self.source else {
            return Ok(Vec::new());
        };
        let mut found: Vec<Option<ParamType>> = declared.to_vec();
        for row in rows {
            for (item, column) in row.iter().zip(&self.columns) {
                let Item::Param(index, ty) = item else {
                    continue;
                };
                if found.len() <= *index {
                    found.resize(*index + 1, None);
                }
                found[*index].get_or_insert(ParamType::of(ty.unwrap_or(column.ty())));
            }
        }
        let known = |(index, param): (usize, Option<ParamType>)| {
            param.ok_or_else(|| {
                let message = format!("could not determine data type of parameter ${}", index + 1);
                Failure::new("42P18", message)
            })
        };
        found.into_iter().enumerate().map(known).collect()
    }

    /// What is known of the parameters of the query whose rows are appended: what the client
    /// declared, and the columns that some stand in alone.
    pub(crate) fn known(&self, declared: &[Option<ParamType>]) -> Vec<Option<ParamType>> {
        let mut known = declared.to_vec();
        if let Source::Query { lone, .. } = &self.source {
            for (index, ty) in lone {
                if known.len() <= *index {
                    known.resize(*index + 1, None);
                }
                known[*index].get_or_insert(ParamType::of(*ty));
            }
        }
        known
    }

    /// The rows, if they are constants and parameters.
    pub(crate) fn values(&self, params: &[(Type, Value)]) -> Result<Vec<Vec<Value>>, Failure> {
        let Source::Rows(rows) = &self.source else {
            return Ok(Vec::new());
        };
        let value = |item: &Item| match item {
            Item::Null => Ok(Value::Null),
            Item::Constant(text, None) => Ok(Value::Text(text.clone())),
            Item::Constant(text, Some(ty)) => Ok(Value::from_text(*ty, text)?),
            Item::Param(index, ty) => match params.get(*index) {
                Some((_, value)) => ty.map_or(Ok(value.clone()), |ty| cast(value.clone(), ty)),
                None => {
                    let message = format!("there is no parameter ${}", index + 1);
                    Err(Failure::new("42P02", message))
                }
            },
        };
        rows.iter()
            .map(|row| row.iter().map(value).collect())
            .collect()
    }

    /// The events of so many rows, and the revision that each row expects of its stream.
    pub(crate) fn events(&self, rows: Vec<Vec<Value>>) -> Result<Rows, Failure> {
        let mut events = Rows::default();
        for row in rows {
            let (event, expected) = self.event(row)?;
            events.add(event, expected)?;
        }
        Ok(events)
    }

    fn event(&self, row: Vec<Value>) -> Result<(NewEvent, Option<Revision>), Failure> {
        let mut given: [Value; 8] = std::array::from_fn(|_| Value::Null);
        match row.len().cmp(&self.columns.len()) {
            Ordering::Greater => return Err(more("expressions", "target columns")),
            Ordering::Less => return Err(more("target columns", "expressions")),
            Ordering::Equal => {}
        }
        for (column, value) in self.columns.iter().zip(row) {
            given[*column as usize] = cast(value, column.ty())?;
        }
        let mut text =
            |column: Column| match std::mem::replace(&mut given[column as usize], Value::Null) {
                Value::Text(text) | Value::Jsonb(text) => Some(Text::from(text)),
                _ => None,
            };
        let event_type = text(Column::Type).ok_or_else(|| {
            let message =
                "null value in column \"type\" of relation \"event\" violates not-null constraint";
            Failure::new("23502", message)
        })?;
        let data =
            text(Column::Data).map_or(Bytes::from_static(b"null"), |data| data.as_bytes().clone());
        let mut event = NewEvent::json(EventType::new(event_type)?, data);
        event.stream = text(Column::Stream).map(StreamName::new).transpose()?;
        event.metadata = text(Column::Metadata);
        if let Some(tags) = text(Column::Tags) {
            event.tags = tags_of(&tags)?;
        }
        if let Value::Uuid(id) = given[Column::Id as usize] {
            event.id = Some(headwater_event::EventId(id));
        }
        if let Value::Timestamptz(micros) = given[Column::OccurredAt as usize] {
            event.occurred_at = Some(time(micros)?);
        }
        let expected = match given[Column::ExpectedRevision as usize] {
            Value::BigInt(revision) => Some(revision_of(revision)?),
            _ => None,
        };
        if expected.is_some() && event.stream.is_none() {
            return Err(Failure::new(
                "22004",
                "expected_revision is given for an event without a stream",
            ));
        }
        Ok((event, expected))
    }
}

/// The time after so many microseconds, if it is one that an event may have.
pub(crate) fn time(micros: i64) -> Result<Timestamp, Failure> {
    Timestamp::from_micros(micros).ok_or_else(|| {
        Failure::new("22008", "timestamp out of range")
            .hint("Write a time of the years 0001 to 9999.")
    })
}

fn revision_of(number: i64) -> Result<Revision, Failure> {
    u64::try_from(number).map(Revision).map_err(|_| {
        Failure::new(
            "22003",
            format!("the expected revision {number} is less than 0"),
        )
        .hint("Write 0 for a stream that has no event yet.")
    })
}

/// A set of tags, written as an array in JSON.
fn tags_of(json: &str) -> Result<Vec<Tag>, Failure> {
    let names: Vec<String> = serde_json::from_str(json).map_err(|_| {
        Failure::new("22023", "the tags are not a list of texts")
            .detail(format!("Found {json}."))
            .hint("Write them as an array in JSON: '[\"vip\", \"2026\"]'.")
    })?;
    let tags = names
        .iter()
        .map(|name| Tag::from_str(name))
        .collect::<Result<_, _>>()?;
    Ok(tag_set(tags)?)
}

/// A value as the type of a column has it, by PostgreSQL's casts of assignments. A text is read, as a
/// literal is.
fn cast(value: Value, ty: Type) -> Result<Value, Failure> {
    let Some(found) = value.ty().filter(|found| *found != ty) else {
        return Ok(value);
    };
    match (ty, &value) {
        (_, Value::Text(text)) => Ok(Value::from_text(ty, text)?),
        (Type::BigInt, Value::Int(number)) => Ok(Value::BigInt((*number).into())),
        (Type::BigInt, Value::SmallInt(number)) => Ok(Value::BigInt((*number).into())),
        (Type::Jsonb, Value::Other(Type::Json, text)) => Ok(Value::from_text(ty, text)?),
        (Type::Text, Value::Bool(value)) => Ok(Value::Text(value.to_string())),
        (Type::Text, value) => Ok(value.to_text().map_or(Value::Null, Value::Text)),
        _ => {
            let message = format!("a column is of type {ty} but expression is of type {found}");
            Err(Failure::new("42804", message)
                .hint("You will need to rewrite or cast the expression."))
        }
    }
}

/// The events of an append, and what it expects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) events: Vec<NewEvent>,
    /// For each stream that an event is in: what is expected of it, and how many events it gets.
    streams: BTreeMap<StreamName, (Option<Revision>, u64)>,
    /// Bytes of data and metadata.
    pub(crate) bytes: usize,
}

impl Rows {
    /// Adds an event. A revision may be expected of a stream before its first event alone, or as it
    /// will be after those that stand before it.
    pub(crate) fn add(
        &mut self,
        event: NewEvent,
        expected: Option<Revision>,
    ) -> Result<(), Failure> {
        self.bytes += event.data.len() + event.metadata.as_ref().map_or(0, |text| text.len());
        if let Some(stream) = &event.stream {
            let (first, count) = self.streams.entry(stream.clone()).or_default();
            match (expected, *first) {
                (Some(expected), None) if *count == 0 => *first = Some(expected),
                (Some(expected), Some(first))
                    if expected == first || expected.0 == first.0 + *count => {}
                (None, _) => {}
                (Some(expected), _) => {
                    let message = format!(
                        "the expected revision {expected} of stream {stream} contradicts the rows before it"
                    );
                    return Err(Failure::new("22023", message)
                        .hint("Give it with the first row of each stream."));
                }
            }
            *count += 1;
        }
        self.events.push(event);
        Ok(())
    }

    /// Adds what another append would have written after this one: 40001 if what it expects would
    /// not have held then.
    pub(crate) fn extend(&mut self, other: Rows) -> Result<(), Failure> {
        for (stream, (expected, more)) in other.streams {
            let (first, count) = self.streams.entry(stream.clone()).or_default();
            let before = expected.map(|expected| expected.0.checked_sub(*count).map(Revision));
            match (before, first.as_ref()) {
                (None, _) => {}
                (Some(Some(before)), None) => *first = Some(before),
                (Some(Some(before)), Some(first)) if before == *first => {}
                _ => {
                    let message =
                        format!("the stream {stream} is not where the statement expects it");
                    return Err(Failure::new("40001", message).detail(
                        "Statements before it in the same transaction append to the stream.",
                    ));
                }
            }
            *count += more;
        }
        self.bytes += other.bytes;
        self.events.extend(other.events);
        Ok(())
    }

    /// The append.
    pub(crate) fn append(self) -> Append {
        let expected = |(stream, (first, _)): (&StreamName, &(Option<Revision>, u64))| {
            let revision = match first.as_ref()? {
                &Revision::NONE => ExpectedRevision::None,
                revision => ExpectedRevision::Exactly(*revision),
            };
            Some((stream.clone(), revision))
        };
        let mut append = Append::of(self.events);
        append.condition.expected = self.streams.iter().filter_map(expected).collect();
        append
    }
}

fn columns(words: &mut Words<'_>) -> Result<Vec<Column>, Failure> {
    let mut columns = Vec::new();
    loop {
        let name = words.name()?;
        let column = Column::parse(&name)?;
        if columns.contains(&column) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(Failure::new("42701", message));
        }
        columns.push(column);
        if !words.take_symbol(",") {
            break;
        }
    }
    words.expect_symbol(")")?;
    match columns.contains(&Column::Type) {
        true => Ok(columns),
        false => Err(Failure::new(
            "23502",
            "an event has a type, which the columns do not name",
        )
        .hint("Write insert into event (stream, type, data) ...")),
    }
}

/// `values (...), ...` of constants and parameters; nothing if there is anything else among them.
/// 42601 or 54000 for more than an append may have, before they are made.
fn simple_rows(words: &mut Words<'_>, columns: usize) -> Result<Option<ItemRows>, Failure> {
    let mut rows = Vec::new();
    if !words.take("values") {
        return Ok(None);
    }
    loop {
        let mut row = Vec::with_capacity(columns);
        if !words.take_symbol("(") {
            return Ok(None);
        }
        loop {
            let Some(item) = item(words) else {
                return Ok(None);
            };
            if row.len() == columns {
                return Err(more("expressions", "target columns"));
            }
            row.push(item);
            if !words.take_symbol(",") {
                break;
            }
        }
        if !words.take_symbol(")") {
            return Ok(None);
        }
        if rows.len() == APPEND_EVENTS_MAX {
            let message = "the statement appends more than one append may hold";
            return Err(Failure::new("54000", message)
                .detail(format!("Expected at most {APPEND_EVENTS_MAX} rows."))
                .hint("Append in smaller parts."));
        }
        rows.push(row);
        if !words.take_symbol(",") {
            return Ok(Some(rows));
        }
    }
}

fn more(more: &str, less: &str) -> Failure {
    Failure::new("42601", format!("INSERT has more {more} than {less}"))
}

fn item(words: &mut Words<'_>) -> Option<Item> {
    let sign = if words.take_symbol("-") { "-" } else { "" };
    let word = words.next().ok()?;
    let ty = match words.take_symbol("::") {
        true => Some(Type::parse(&words.name().ok()?)?),
        false => None,
    };
    match (word, sign) {
        (Word::Number(digits), sign) => Some(Item::Constant(format!("{sign}{digits}"), ty)),
        (Word::Text(text), "") => Some(Item::Constant(text, ty)),
        (Word::Param(number), "") if number <= PARAMS_MAX => {
            Some(Item::Param(number.checked_sub(1)?, ty))
        }
        (Word::Plain(word), "") if word == "null" || word == "default" => Some(Item::Null),
        _ => None,
    }
}

/// The parameters that stand in a column alone in `values (...), ...`, with its type, whatever stands in
/// others. Nothing in another query.
fn lone_params(mut words: Words<'_>, columns: &[Column]) -> Result<BTreeMap<usize, Type>, Failure> {
    let mut found = BTreeMap::new();
    if !words.take("values") {
        return Ok(found);
    }
    let (mut depth, mut place) = (0_usize, 0);
    loop {
        let begins = match words.next()? {
            Word::End => return Ok(found),
            Word::Symbol("(") => {
                depth += 1;
                place = if depth == 1 { 0 } else { place };
                depth == 1
            }
            Word::Symbol(")") => {
                depth = depth.saturating_sub(1);
                false
            }
            Word::Symbol(",") if depth == 1 => {
                place += 1;
                true
            }
            _ => false,
        };
        if let (true, Some(column)) = (begins, columns.get(place))
            && let Some((number, after)) = lone_param(&words)?
        {
            found.entry(number).or_insert(column.ty());
            words = after;
        }
    }
}

/// A parameter, if an item is nothing else, and what comes after it.
fn lone_param<'a>(words: &Words<'a>) -> Result<Option<(usize, Words<'a>)>, Failure> {
    let mut after = words.clone();
    let Word::Param(number @ 1..=PARAMS_MAX) = after.next()? else {
        return Ok(None);
    };
    let ends = matches!(after.peek()?, Word::Symbol("," | ")"));
    Ok(ends.then_some((number - 1, after)))
}

/// Whether this word, outside of parentheses, ends what is appended.
fn ends_source(word: &Word) -> bool {
    match word {
        Word::End => true,
        Word::Plain(word) => word == "returning",
        _ => false,
    }
}

/// Steps over a query, up to `returning` or the end. Gives where it ends.
fn skip_source(words: &mut Words<'_>) -> Result<usize, Failure> {
    let mut depth = 0_usize;
    let mut behind_on = false;
    loop {
        let before = words.clone();
        let word = words.next()?;
        let is_on = matches!(&word, Word::Plain(word) if word == "on");
        match word {
            word if word == Word::End || depth == 0 && ends_source(&word) => {
                *words = before;
                return Ok(words.place());
            }
            Word::Plain(word) if depth == 0 && behind_on && word == "conflict" => {
                return Err(Failure::unsupported("ON CONFLICT of an append")
                    .hint("Give expected_revision: a stream that is elsewhere answers 40001."));
            }
            Word::Symbol("(") => depth += 1,
            Word::Symbol(")") => depth = depth.checked_sub(1).ok_or_else(|| before.unexpected())?,
            _ => {}
        }
        behind_on = is_on;
    }
}

fn returning(words: &mut Words<'_>) -> Result<Vec<(Returned, String)>, Failure> {
    let mut returned = Vec::new();
    if words.take("returning") {
        loop {
            let name = returned_name(words)?;
            let label = match words.take("as") {
                true => words.name()?,
                false => name.clone(),
            };
            returned.push((Returned::parse(&name)?, label));
            if !words.take_symbol(",") {
                break;
            }
        }
    }
    words.end()?;
    Ok(returned)
}

/// The name of a column, which may stand behind that of the table.
fn returned_name(words: &mut Words<'_>) -> Result<String, Failure> {
    let name = words.name()?;
    match words.take_symbol(".") {
        false => Ok(name),
        true if name == "event" => words.name(),
        true => {
            let message = format!("missing FROM-clause entry for table \"{name}\"");
            Err(Failure::new("42P01", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(sql: &str) -> Insert {
        Insert::parse(sql).unwrap()
    }

    #[test]
    fn constants_and_parameters_are_events() {
        let insert = insert(
            "insert into public.event (stream, type, data, tags, expected_revision) values
             ('note/1', 'Noted', '{\"a\": 1}', '[\"b\", \"a\"]', 0), ('note/1', $1, $2::jsonb, null, default)
             returning event.position as at, revision",
        );
        let params = insert.params(&[]).unwrap();
        assert_eq!(
            params.iter().map(|param| param.ty).collect::<Vec<_>>(),
            [Type::Text, Type::Jsonb]
        );
        assert_eq!(insert.output()[0].name, "at");
        let params = [
            (Type::Text, Value::Text("Noted".to_owned())),
            (Type::Jsonb, Value::Null),
        ];
        let append = insert
            .events(insert.values(&params).unwrap())
            .unwrap()
            .append();
        assert_eq!(append.events.len(), 2);
        assert_eq!(append.events[0].tags.len(), 2);
        assert_eq!(&append.events[1].data[..], b"null");
        assert_eq!(append.condition.expected[0].1, ExpectedRevision::None);
        append.check().unwrap();
    }

    #[test]
    fn anything_else_is_a_query() {
        for sql in [
            "insert into event (type) values (lower('A')) returning position",
            "insert into event (type) select id from account returning position",
            "insert into event (type) values ('a'), ('b' || 'c') returning position",
        ] {
            let Source::Query { begin, length, .. } = insert(sql).source else {
                panic!("{sql} is no query");
            };
            let query = &sql[begin..begin + length];
            assert!(
                query.starts_with("values") || query.starts_with("select"),
                "{query}"
            );
            assert!(!query.contains("returning"), "{query}");
        }
    }

    #[test]
    fn a_parameter_that_stands_alone_has_the_type_of_its_column() {
        let sql = "insert into event (stream, type, data, occurred_at) values
            ($1, upper($2), $3, now()), ($1, 'B', jsonb_build_array($5, $3), $4), ($6::text, '', (($7)), $4 + '1 h')";
        let Source::Query { lone, .. } = insert(sql).source else {
            panic!("it is a query");
        };
        let expected = [(0, Type::Text), (2, Type::Jsonb), (3, Type::Timestamptz)];
        assert_eq!(lone, expected.into());
        let select = insert("insert into event (type) select $1");
        assert!(matches!(select.source, Source::Query { lone, .. } if lone.is_empty()));
    }

    #[test]
    fn what_cannot_be_appended_is_named() {
        for (sql, sqlstate) in [
            ("insert into account (id) values ('a')", "0A000"),
            ("insert into event values ('a')", "42601"),
            ("insert into event (stream) values ('a/1')", "23502"),
            ("insert into event (type, type) values ('a', 'b')", "42701"),
            (
                "insert into event (type, position) values ('a', 1)",
                "428C9",
            ),
            ("insert into event (type, colour) values ('a', 1)", "42703"),
            (
                "insert into event (type) values ('a') on conflict do nothing",
                "0A000",
            ),
            (
                "insert into event (type) values ('a') returning data",
                "0A000",
            ),
            (
                "insert into event (type) values ('a') returning other.position",
                "42P01",
            ),
            (
                "insert into event (type) values ('a')) returning data",
                "42601",
            ),
            ("insert into event (type) values ('a', 'b')", "42601"),
            (
                &format!(
                    "insert into event (type) values ('a'){}",
                    ", ('a')".repeat(APPEND_EVENTS_MAX)
                ),
                "54000",
            ),
        ] {
            assert_eq!(
                Insert::parse(sql).unwrap_err().sqlstate(),
                sqlstate,
                "{sql}"
            );
        }
        for (sql, sqlstate) in [
            ("insert into event (type) values (null)", "23502"),
            ("insert into event (type, data) values ('a')", "42601"),
            ("insert into event (type, data) values ('a', '{')", "22P02"),
            (
                "insert into event (type, tags) values ('a', '{\"b\": 1}')",
                "22023",
            ),
            (
                "insert into event (type, expected_revision) values ('a', 1)",
                "22004",
            ),
            (
                "insert into event (stream, type, expected_revision) values ('a/1', 'a', -1)",
                "22003",
            ),
            (
                "insert into event (stream, type, expected_revision) values ('a/1', 'a', 1), ('a/1', 'a', 5)",
                "22023",
            ),
        ] {
            let insert = insert(sql);
            let failure = insert.events(insert.values(&[]).unwrap()).unwrap_err();
            assert_eq!(failure.sqlstate(), sqlstate, "{sql}");
        }
    }
}
