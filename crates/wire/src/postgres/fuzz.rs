//! What PostgreSQL's clients send, for fuzzing: messages, the values in them, and statements up to
//! where the node is asked.

use bytes::{Bytes, BytesMut};
use headwater_sql::{OutputColumn, Type, Value, split_statements};
use pgwire::messages::Message;
use pgwire::messages::extendedquery::{self, Close, Describe, Execute};
use pgwire::messages::simplequery::Query;

use crate::postgres::command::Command;
use crate::postgres::copy::CopyOptions;
use crate::postgres::failure::Failure;
use crate::postgres::frontend::{Bind, Frontend, Parse, Target, utf8};
use crate::postgres::insert::{Insert, Source};
use crate::postgres::settings::Settings;
use crate::postgres::types::ParamType;
use crate::postgres::values::{self, Format};

/// A message: a byte for its kind, and its body. One that is good is written as it was read.
pub fn message(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    if !Frontend::is_known(*kind) {
        return;
    }
    let body = Bytes::copy_from_slice(body);
    if let Ok(message) = Frontend::read(*kind, body.clone())
        && let Some(written) = written(message)
    {
        assert_eq!(written, body);
    }
}

/// The body of a message, as another library writes it; nothing of one that has no body.
fn written(message: Frontend) -> Option<BytesMut> {
    let named = |name: String| (!name.is_empty()).then_some(name);
    let target = |target| match target {
        Target::Statement(name) => (b'S', named(name)),
        Target::Portal(name) => (b'P', named(name)),
    };
    match message {
        Frontend::Query(text) => body_of(&Query::new(text)),
        Frontend::Parse(Parse { name, sql, types }) => {
            body_of(&extendedquery::Parse::new(named(name), sql, types))
        }
        Frontend::Bind(bind) => body_of(&written_bind(bind)),
        Frontend::Describe(described) => {
            let (kind, name) = target(described);
            body_of(&Describe::new(kind, name))
        }
        Frontend::Close(closed) => {
            let (kind, name) = target(closed);
            body_of(&Close::new(kind, name))
        }
        Frontend::Execute { portal, rows_max } => {
            body_of(&Execute::new(named(portal), rows_max.cast_signed()))
        }
        Frontend::Flush | Frontend::Sync | Frontend::Terminate | Frontend::OfCopy => None,
    }
}

fn written_bind(bind: Bind) -> extendedquery::Bind {
    // Formats that there are not are refused before values are looked at.
    let _ = Format::each(&bind.formats, bind.values.len());
    let named = |name: String| (!name.is_empty()).then_some(name);
    let formats = |formats: Vec<u16>| formats.into_iter().map(u16::cast_signed).collect();
    extendedquery::Bind::new(
        named(bind.portal),
        named(bind.statement),
        formats(bind.formats),
        bind.values,
        formats(bind.result_formats),
    )
}

fn body_of(message: &impl Message) -> Option<BytesMut> {
    const HEAD_BYTES: usize = 5;
    let mut frame = BytesMut::new();
    message.encode(&mut frame).ok()?;
    Some(frame.split_off(HEAD_BYTES))
}

/// The value of a parameter: two bytes for the number of its type, one for its format, and what a
/// client sends. It is the same after it was written and read again, in both formats.
pub fn value(bytes: &[u8]) {
    let Some(([high, low, format], bytes)) = bytes.split_first_chunk() else {
        return;
    };
    let oid = u16::from_be_bytes([*high, *low]).into();
    let format = match format % 2 {
        0 => Format::Text,
        _ => Format::Binary,
    };
    let declared = ParamType::declared(oid).ok().flatten();
    let inferred = Type::from_oid(oid).map(ParamType::of);
    for param in declared.into_iter().chain(inferred) {
        if let Ok(value) = values::read(param, format, bytes) {
            check_again(&value, Format::Text);
            check_again(&value, Format::Binary);
        }
    }
}

/// That a value is still the same after it was written and read again, if it has that format.
fn check_again(value: &Value, format: Format) {
    let Some(param) = value.ty().map(ParamType::of) else {
        return;
    };
    let mut out = BytesMut::new();
    if values::write(&mut out, value, format).is_err() {
        return;
    }
    match values::read(param, format, &out) {
        Ok(again) => assert_eq!(&again, value, "{format:?} {out:?}"),
        Err(failure) => assert!(
            format == Format::Binary && failure.sqlstate() == "0A000",
            "{value:?} was written as {out:?}: {failure:?}"
        ),
    }
}

/// A text of statements, each read as the command that it is.
pub fn statements(bytes: &[u8]) {
    let Ok(text) = utf8(bytes) else {
        return;
    };
    let Ok(statements) = split_statements(text) else {
        return;
    };
    for statement in statements {
        assert!(text[statement.offset..].starts_with(statement.text));
        if let Ok(command) = Command::parse(statement.text) {
            let _ = look(statement.text, &command);
        }
    }
}

/// Takes of a command what a session takes, before the node is asked.
fn look(sql: &str, command: &Command) -> Result<(), Failure> {
    match command {
        Command::Insert(insert) => look_at_insert(sql, insert),
        Command::Copy {
            query,
            length,
            options,
        } => {
            assert!(Command::parse(&sql[*query..query + length]).is_ok());
            copy(options);
            Ok(())
        }
        Command::Explain { query, length, .. } => {
            assert!(Command::parse(&sql[*query..query + length]).is_ok());
            Ok(())
        }
        Command::Declare { query, .. } => {
            assert!(Command::parse(&sql[*query..]).is_ok());
            Ok(())
        }
        Command::Prepare { types, query, .. } => {
            for ty in types {
                let _ = Type::parse(ty);
            }
            Command::parse(&sql[*query..]).map(drop)
        }
        Command::Set {
            name,
            value: Some(value),
            ..
        } => Settings::new("ada").set(name, value).map(drop),
        Command::Show(Some(name)) | Command::Reset(Some(name)) => Settings::name(name).map(drop),
        _ => Ok(()),
    }
}

fn look_at_insert(sql: &str, insert: &Insert) -> Result<(), Failure> {
    if let Source::Query { begin, length, .. } = insert.source {
        let _ = Command::parse(&sql[begin..begin + length]);
        return Ok(());
    }
    let params = insert.params(&[])?;
    let nulls: Vec<_> = params.iter().map(|param| (param.ty, Value::Null)).collect();
    let rows = insert.events(insert.values(&nulls)?)?;
    let count = rows.events.len();
    let append = rows.append();
    assert_eq!(append.events.len(), count);
    let _ = append.check();
    Ok(())
}

/// Writes lines that have every character which has a meaning in them.
fn copy(options: &CopyOptions) {
    let columns = ["a", "b \"c\""].map(|name| OutputColumn {
        name: name.to_owned(),
        ty: Type::Text,
    });
    let row = [Value::Null, Value::Text("\\.,;\"'\r\n\tä".to_owned())];
    let mut out = BytesMut::new();
    options.write_header(&mut out, &columns);
    options.write_row(&mut out, &columns, &row);
}
