//! The numbers that PostgreSQL gives to types (`pg_type.oid`).

use headwater_sql::Type;

use crate::postgres::failure::Failure;

pub(crate) const INT2: u32 = 21;
pub(crate) const FLOAT4: u32 = 700;
pub(crate) const OID: u32 = 26;

/// The type of a parameter, as the client names it and as the language has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ParamType {
    pub(crate) oid: u32,
    pub(crate) ty: Type,
}

impl ParamType {
    /// The type under its own number.
    pub(crate) fn of(ty: Type) -> ParamType {
        ParamType { oid: ty.oid(), ty }
    }

    /// The type that a client declares; `None` if it leaves that to the statement. 0A000 for a
    /// type that the language does not have.
    pub(crate) fn declared(oid: u32) -> Result<Option<ParamType>, Failure> {
        const UNKNOWN: u32 = 705;
        let ty = match oid {
            0 | UNKNOWN => return Ok(None),
            16 => Type::Bool,
            17 => Type::Bytea,
            20 | OID => Type::BigInt,
            INT2 | 23 => Type::Int,
            // "char", name, text, bpchar and varchar are texts here.
            18 | 19 | 25 | 1042 | 1043 => Type::Text,
            114 | 3802 => Type::Jsonb,
            FLOAT4 | 701 => Type::Double,
            1082 => Type::Date,
            // In UTC, which is the only time zone, a timestamp is the same with and without one.
            1114 | 1184 => Type::Timestamptz,
            1700 => Type::Numeric,
            2950 => Type::Uuid,
            other => {
                if let Some(ty @ (Type::Array(_) | Type::Interval)) = Type::from_oid(other) {
                    return Ok(Some(ParamType { oid, ty }));
                }
                let what = format!("a parameter of the type with number {other}");
                return Err(Failure::unsupported(what)
                    .hint("Give it as text, and cast it in the statement."));
            }
        };
        Ok(Some(ParamType { oid, ty }))
    }
}
