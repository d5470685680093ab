//! Rows as messages.

use bytes::{BufMut as _, BytesMut};
use headwater_sql::{OutputColumn, Value};
use pgwire::messages::data::{FieldDescription, RowDescription};

use crate::postgres::copy::CopyOptions;
use crate::postgres::failure::Failure;
use crate::postgres::values::{self, Format};

/// The columns of rows that come in these formats, or as text where none is given.
pub(crate) fn description(columns: &[OutputColumn], formats: &[Format]) -> RowDescription {
    let field = |(at, column): (usize, &OutputColumn)| {
        let format = i16::from(formats.get(at) == Some(&Format::Binary));
        let (oid, length) = (column.ty.oid(), column.ty.length());
        FieldDescription::new(column.name.clone(), 0, 0, oid, length, -1, format)
    };
    RowDescription::new(columns.iter().enumerate().map(field).collect())
}

/// Bytes that a row has in memory, about.
pub(crate) fn bytes(row: &[Value]) -> usize {
    size_of_val(row) + row.iter().map(Value::text_bytes).sum::<usize>()
}

/// Writes a `DataRow`, as text where no format is given.
pub(crate) fn write(out: &mut BytesMut, row: &[Value], formats: &[Format]) -> Result<(), Failure> {
    framed(out, b'D', |out| write_fields(out, row, formats))
}

fn write_fields(out: &mut BytesMut, row: &[Value], formats: &[Format]) -> Result<(), Failure> {
    out.put_u16(u16::try_from(row.len()).map_err(|_| too_large())?);
    for (at, value) in row.iter().enumerate() {
        if matches!(value, Value::Null) {
            out.put_u32(u32::MAX);
            continue;
        }
        let begin = out.len();
        out.put_u32(0); // the length, once it is known
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
    line: impl FnOnce(&mut BytesMut),
) -> Result<(), Failure> {
    framed(out, b'd', |out| {
        line(out);
        Ok(())
    })
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

/// Writes a message of this kind. Nothing is left of it if it fails.
fn framed(
    out: &mut BytesMut,
    kind: u8,
    body: impl FnOnce(&mut BytesMut) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let begin = out.len();
    out.put_u8(kind);
    let at = out.len();
    out.put_u32(0); // as above
    let written = body(out).and_then(|()| {
        let length = i32::try_from(out.len() - at).map_err(|_| too_large())?;
        out[at..at + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    });
    if written.is_err() {
        out.truncate(begin);
    }
    written
}

fn too_large() -> Failure {
    Failure::new("54000", "a row is too large for one message").hint("Ask for fewer columns.")
}
