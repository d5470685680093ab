//! Rows as messages.

use bytes::{BufMut as _, BytesMut};
use headwater_sql::{OutputColumn, Value};
use pgwire::messages::data::{FieldDescription, RowDescription};

use crate::postgres::copy::CopyOptions;
use crate::postgres::failure::Failure;
use crate::postgres::types;
use crate::postgres::values::{self, Format};

/// The columns of rows that come in these formats.
pub(crate) fn description(columns: &[OutputColumn], formats: &[Format]) -> RowDescription {
    let field = |(at, column): (usize, &OutputColumn)| {
        let format = i16::from(formats.get(at) == Some(&Format::Binary));
        let (oid, length) = (types::oid(column.ty), types::length(column.ty));
        FieldDescription::new(column.name.clone(), 0, 0, oid, length, -1, format)
    };
    RowDescription::new(columns.iter().enumerate().map(field).collect())
}

/// Bytes that a row has in memory, about.
pub(crate) fn bytes(row: &[Value]) -> usize {
    let beside = |value: &Value| match value {
        Value::Text(text)
        | Value::Jsonb(text)
        | Value::Interval(text)
        | Value::Array(_, text)
        | Value::Other(_, text) => text.len(),
        Value::Bytea(bytes) => bytes.len(),
        _ => 0,
    };
    size_of_val(row) + row.iter().map(beside).sum::<usize>()
}

/// Writes a `DataRow`. Nothing is left of it if it fails.
pub(crate) fn write(out: &mut BytesMut, row: &[Value], formats: &[Format]) -> Result<(), Failure> {
    let begin = out.len();
    let written = write_fields(out, row, formats).and_then(|()| close(out, begin + 1));
    if written.is_err() {
        out.truncate(begin);
    }
    written
}

fn write_fields(out: &mut BytesMut, row: &[Value], formats: &[Format]) -> Result<(), Failure> {
    out.put_u8(b'D');
    out.put_u32(0); // the length, once it is known
    out.put_u16(u16::try_from(row.len()).map_err(|_| too_large())?);
    for (at, value) in row.iter().enumerate() {
        if matches!(value, Value::Null) {
            out.put_u32(u32::MAX);
            continue;
        }
        let begin = out.len();
        out.put_u32(0); // as above
        let format = formats.get(at).copied().unwrap_or(Format::Text);
        values::write(out, value, format)?;
        let length = i32::try_from(out.len() - begin - 4).map_err(|_| too_large())?;
        out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// Writes a row as a line of a copy.
pub(crate) fn write_copied(
    out: &mut BytesMut,
    line: impl FnOnce(&mut Vec<u8>),
) -> Result<(), Failure> {
    let mut text = Vec::new();
    line(&mut text);
    let begin = out.len();
    out.put_u8(b'd');
    out.put_u32(0); // as above
    out.put_slice(&text);
    close(out, begin + 1)
}

/// Writes the line of names, if a copy has one.
pub(crate) fn write_copied_header(
    out: &mut BytesMut,
    options: &CopyOptions,
    columns: &[OutputColumn],
) -> Result<(), Failure> {
    match options.has_header() {
        true => write_copied(out, |line| options.write_header(line, columns)),
        false => Ok(()),
    }
}

/// Puts the length of a message into its place.
fn close(out: &mut BytesMut, at: usize) -> Result<(), Failure> {
    let length = i32::try_from(out.len() - at).map_err(|_| too_large())?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn too_large() -> Failure {
    Failure::new("54000", "a row is too large for one message").hint("Ask for fewer columns.")
}
