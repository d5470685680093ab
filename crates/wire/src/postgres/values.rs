//! Values on the wire: as text, and in binary as PostgreSQL's `typsend` and `typreceive` have it.

use bytes::BufMut;
use headwater_sql::{Type, Value};

use crate::postgres::arrays;
use crate::postgres::failure::Failure;
use crate::postgres::frontend::utf8;
use crate::postgres::numeric;
use crate::postgres::types::{FLOAT4, INT2, OID, ParamType};

/// Days and microseconds between 1970-01-01 and 2000-01-01, from where PostgreSQL counts.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The version that stands before a `jsonb`.
const JSONB_VERSION: u8 = 1;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Binary,
}

impl Format {
    /// The format of each of so many values: none given is text for all, one is for all.
    pub(crate) fn each(codes: &[u16], count: usize) -> Result<Vec<Format>, Failure> {
        let format = |code: &u16| match code {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            other => Err(Failure::new(
                "08P01",
                format!("unsupported format code: {other}"),
            )),
        };
        match codes {
            [] => Ok(vec![Format::Text; count]),
            [one] => Ok(vec![format(one)?; count]),
            all if all.len() == count => all.iter().map(format).collect(),
            all => Err(Failure::new(
                "08P01",
                format!("{} format codes were given for {count} values", all.len()),
            )),
        }
    }
}

/// Reads the value of a parameter.
pub(crate) fn read(param: ParamType, format: Format, bytes: &[u8]) -> Result<Value, Failure> {
    let value = match format {
        Format::Text => Value::from_text(param.ty, utf8(bytes)?)?,
        Format::Binary => read_binary(param, bytes)?,
    };
    match value {
        Value::Int(number) if param.oid == INT2 && i16::try_from(number).is_err() => {
            let message = format!("value \"{number}\" is out of range for type smallint");
            Err(Failure::new("22003", message))
        }
        value => Ok(value),
    }
}

pub(super) fn read_binary(param: ParamType, bytes: &[u8]) -> Result<Value, Failure> {
    let out_of_years = || Failure::unsupported("a moment outside of the years 0001 to 9999");
    Ok(match param.ty {
        Type::Bool => Value::Bool(array::<1>(param, bytes)? != [0]),
        Type::Int if param.oid == INT2 => {
            Value::Int(i16::from_be_bytes(array(param, bytes)?).into())
        }
        Type::Int => Value::Int(i32::from_be_bytes(array(param, bytes)?)),
        Type::BigInt if param.oid == OID => {
            Value::BigInt(u32::from_be_bytes(array(param, bytes)?).into())
        }
        Type::BigInt => Value::BigInt(i64::from_be_bytes(array(param, bytes)?)),
        Type::Double => {
            let value = match param.oid {
                FLOAT4 => f32::from_be_bytes(array(param, bytes)?).into(),
                _ => f64::from_be_bytes(array(param, bytes)?),
            };
            match f64::is_nan(value) {
                true => return Err(Failure::unsupported("NaN")),
                false => Value::Double(value),
            }
        }
        Type::Numeric => Value::from_text(Type::Numeric, &numeric::read(bytes)?)?,
        Type::Text => Value::from_text(Type::Text, utf8(bytes)?)?,
        Type::Timestamptz => {
            let micros = i64::from_be_bytes(array(param, bytes)?);
            let micros = micros.checked_add(EPOCH_MICROS).ok_or_else(out_of_years)?;
            if !in_years(micros.div_euclid(86_400_000_000)) {
                return Err(out_of_years());
            }
            Value::Timestamptz(micros)
        }
        Type::Date => {
            let days = i32::from_be_bytes(array(param, bytes)?);
            let days = days.checked_add(EPOCH_DAYS).ok_or_else(out_of_years)?;
            if !in_years(days.into()) {
                return Err(out_of_years());
            }
            Value::Date(days)
        }
        Type::Uuid => Value::Uuid(uuid::Uuid::from_bytes(array(param, bytes)?)),
        Type::Jsonb if param.oid == ParamType::of(Type::Jsonb).oid => match bytes.split_first() {
            Some((&JSONB_VERSION, text)) => Value::from_text(Type::Jsonb, utf8(text)?)?,
            _ => return Err(wrong(param)),
        },
        Type::Jsonb => Value::from_text(Type::Jsonb, utf8(bytes)?)?,
        Type::Bytea => Value::Bytea(bytes.to_vec()),
        Type::SmallInt => Value::SmallInt(i16::from_be_bytes(array(param, bytes)?)),
        Type::Oid => Value::Oid(u32::from_be_bytes(array(param, bytes)?)),
        Type::Varchar | Type::Name | Type::Char | Type::Json => {
            Value::from_text(param.ty, utf8(bytes)?)?
        }
        Type::Interval => {
            let bytes: [u8; 16] = array(param, bytes)?;
            let micros = i64::from_be_bytes(array(param, &bytes[..8])?);
            let days = i32::from_be_bytes(array(param, &bytes[8..12])?);
            let months = i32::from_be_bytes(array(param, &bytes[12..])?);
            if micros == i64::MIN {
                return Err(Failure::new("22008", "interval out of range"));
            }
            Value::interval(months, days, micros)
        }
        Type::Array(element) => arrays::read(param.ty, *element, bytes)?,
        ty => {
            let what = format!("a parameter of type {ty} in binary");
            return Err(Failure::unsupported(what).hint("Send it as text."));
        }
    })
}

/// The years 0001 to 9999, as days since 1970-01-01.
fn in_years(days: i64) -> bool {
    (-719_162..=2_932_896).contains(&days)
}

fn array<const N: usize>(param: ParamType, bytes: &[u8]) -> Result<[u8; N], Failure> {
    bytes.try_into().map_err(|_| wrong(param))
}

fn wrong(param: ParamType) -> Failure {
    let message = format!("incorrect binary data format of type {}", param.ty);
    Failure::new("22P03", message)
}

/// Writes a value that is not null, without its length.
pub(crate) fn write(out: &mut impl BufMut, value: &Value, format: Format) -> Result<(), Failure> {
    if format == Format::Binary {
        return write_binary(out, value);
    }
    match value {
        Value::Text(text) | Value::Numeric(text) | Value::Jsonb(text) => {
            out.put_slice(text.as_bytes());
        }
        other => out.put_slice(other.to_text().unwrap_or_default().as_bytes()),
    }
    Ok(())
}

pub(super) fn write_binary(out: &mut impl BufMut, value: &Value) -> Result<(), Failure> {
    match value {
        Value::Null => {}
        Value::Bool(value) => out.put_u8(u8::from(*value)),
        Value::Int(value) => out.put_slice(&value.to_be_bytes()),
        Value::BigInt(value) => out.put_slice(&value.to_be_bytes()),
        Value::Double(value) => out.put_slice(&value.to_be_bytes()),
        Value::Numeric(text) => numeric::write(out, text)?,
        Value::Text(text) => out.put_slice(text.as_bytes()),
        // Years 0001 to 9999 are far inside of both.
        Value::Timestamptz(micros) => {
            out.put_slice(&micros.saturating_sub(EPOCH_MICROS).to_be_bytes());
        }
        Value::Date(days) => out.put_slice(&days.saturating_sub(EPOCH_DAYS).to_be_bytes()),
        Value::Uuid(uuid) => out.put_slice(uuid.as_bytes()),
        Value::Jsonb(text) => {
            out.put_u8(JSONB_VERSION);
            out.put_slice(text.as_bytes());
        }
        Value::Bytea(bytes) => out.put_slice(bytes),
        Value::SmallInt(value) => out.put_slice(&value.to_be_bytes()),
        Value::Oid(value) => out.put_slice(&value.to_be_bytes()),
        Value::Array(ty, _) => arrays::write(out, *ty, value)?,
        Value::Other(Type::Varchar | Type::Name | Type::Char | Type::Json, text) => {
            out.put_slice(text.as_bytes());
        }
        Value::Interval(_) => {
            let (months, days, micros) = value.interval_parts()?.unwrap_or_default();
            out.put_i64(micros);
            out.put_i32(days);
            out.put_i32(months);
        }
        Value::Other(..) => {
            let what = format!("{} in binary", value.ty().map_or("null", Type::name));
            return Err(Failure::unsupported(what).hint("Ask for it as text, or cast it to text."));
        }
    }
    Ok(())
}
