//! The functions of `signatures`, over what a connection's statement runs in.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value as SqliteValue;

use super::rows::{SERVER_VERSION, is_collation_visible};
use super::{Shown, Surroundings, definitions, names, relations, types};
use crate::SqlError;
use crate::functions::call::{Answer, Args, boolean, raise, text};
use crate::value::array::to_text;
use crate::value::interval::Interval;
use crate::value::moment::MICROS_PER_DAY;

/// A function: name, number of arguments, and what it answers.
struct Function {
    name: &'static str,
    arity: i32,
    /// Whether the body sees nulls; else a null argument makes the answer null.
    sees_nulls: bool,
    body: fn(&Shown, &Args<'_, '_>) -> Answer,
}

const fn function(
    name: &'static str,
    arity: i32,
    body: fn(&Shown, &Args<'_, '_>) -> Answer,
) -> Function {
    Function {
        name,
        arity,
        sees_nulls: false,
        body,
    }
}

const NULL: Answer = Ok(SqliteValue::Null);

const FUNCTIONS: &[Function] = &[
    function("hw_sys_now", 0, |shown, _| {
        Ok(SqliteValue::Integer(shown.session.now))
    }),
    function("hw_sys_today", 0, |shown, _| {
        Ok(SqliteValue::Integer(today(shown)))
    }),
    function("hw_sys_age", 1, |shown, a| {
        let midnight = today(shown) * MICROS_PER_DAY;
        text(Interval::age(midnight, a.integer(0)?).to_string())
    }),
    function("hw_sys_user", 0, |shown, _| text(&shown.session.user)),
    function("hw_sys_database", 0, |shown, _| {
        text(&shown.session.database)
    }),
    function("hw_sys_schema", 0, |_, _| text("public")),
    function("hw_sys_schemas", 1, |_, a| {
        let implicit = (a.integer(0)? != 0).then_some("pg_catalog");
        let path = implicit.into_iter().chain(["public"]);
        text(to_text(path.map(Some)))
    }),
    function("hw_sys_version", 0, |_, _| {
        text(format!(
            "PostgreSQL {SERVER_VERSION} (Headwater {})",
            env!("CARGO_PKG_VERSION")
        ))
    }),
    function("hw_sys_setting", -1, setting),
    function("hw_sys_false", -1, |_, _| boolean(false)),
    function("hw_sys_true", -1, |_, _| boolean(true)),
    function("hw_sys_zero", 0, |_, _| Ok(SqliteValue::Integer(0))),
    function("hw_sys_unknown", -1, |_, _| NULL),
    function("hw_sys_no_text", -1, |_, _| text("")),
    function("hw_sys_encoding", 0, |_, _| text("UTF8")),
    function("hw_sys_encoding_name", 1, |_, a| {
        text(match a.integer(0)? {
            0 => "SQL_ASCII",
            6 => "UTF8",
            _ => "",
        })
    }),
    function("hw_sys_encoding_number", 1, |_, a| {
        let name = a.text(0)?.to_ascii_lowercase().replace(['-', '_'], "");
        Ok(SqliteValue::Integer(match name.as_str() {
            "sqlascii" => 0,
            "utf8" | "unicode" => 6,
            _ => -1,
        }))
    }),
    Function {
        name: "hw_sys_format_type",
        arity: 2,
        // The modifier is null where there is none.
        sees_nulls: true,
        body: |_, a| match a.is_null(0) {
            true => NULL,
            false => text(match oid(a, 0)? {
                0 => "-",
                oid => types::by_oid(oid).map_or("???", |entry| entry.shown),
            }),
        },
    },
    function("hw_sys_user_name", 1, |shown, a| match oid(a, 0)? {
        super::rows::OWNER => text(&shown.session.user),
        6171 => text("pg_database_owner"),
        other => text(format!("unknown (OID={other})")),
    }),
    function("hw_sys_table_visible", 1, |shown, a| {
        Ok(match shown.schema().name(oid(a, 0)?) {
            Some((namespace, _)) => {
                SqliteValue::Integer((namespace != relations::INFORMATION_SCHEMA).into())
            }
            None => SqliteValue::Null,
        })
    }),
    function("hw_sys_type_visible", 1, |_, a| {
        let known = types::by_oid(oid(a, 0)?);
        Ok(known.map_or(SqliteValue::Null, |_| SqliteValue::Integer(1)))
    }),
    function("hw_sys_collation_visible", 1, |_, a| {
        let known = is_collation_visible(oid(a, 0)?);
        Ok(if known {
            SqliteValue::Integer(1)
        } else {
            SqliteValue::Null
        })
    }),
    function("hw_sys_tree", -1, |_, a| text(a.text(0)?)),
    function("hw_sys_indexdef", -1, indexdef),
    function("hw_sys_constraintdef", -1, |shown, a| {
        let pretty = a.len() > 1 && a.integer(1)? != 0;
        let schema = shown.schema();
        match schema.constraint(oid(a, 0)?) {
            Some(found) => text(definitions::constraint(schema, found, pretty)),
            None => NULL,
        }
    }),
    function("hw_sys_publishable", 1, |shown, a| {
        Ok(match shown.schema().relation(oid(a, 0)?) {
            Some(found) => {
                let is_own = found.namespace == relations::PUBLIC;
                SqliteValue::Integer((is_own && found.kind == "r").into())
            }
            None => SqliteValue::Null,
        })
    }),
    function("hw_sys_size", 1, |_, a| text(size(a.integer(0)?))),
    function("hw_sys_to_regclass", 1, |shown, a| {
        found(names::relation_number(shown.schema(), a.text(0)?))
    }),
    function("hw_sys_to_regtype", 1, |_, a| {
        found(names::type_number(a.text(0)?))
    }),
    function("hw_sys_to_regnamespace", 1, |_, a| {
        found(names::namespace_number(a.text(0)?))
    }),
    function("hw_text_to_regclass", 1, |shown, a| {
        number(names::relation_number(shown.schema(), a.text(0)?)?)
    }),
    function("hw_text_to_regtype", 1, |_, a| {
        number(names::type_number(a.text(0)?)?)
    }),
    function("hw_text_to_regnamespace", 1, |_, a| {
        number(names::namespace_number(a.text(0)?)?)
    }),
    function("hw_regclass_to_text", 1, |shown, a| {
        text(names::of_relation(shown.schema(), oid(a, 0)?))
    }),
    function("hw_regtype_to_text", 1, |_, a| {
        text(names::of_type(oid(a, 0)?))
    }),
    function("hw_regnamespace_to_text", 1, |_, a| {
        text(names::of_namespace(oid(a, 0)?))
    }),
    function("hw_sys_function_name", 1, |_, a| match oid(a, 0)? {
        0 => text("-"),
        _ => Err(SqlError::unsupported(
            "the name of a function by its number",
        )),
    }),
    function("hw_sys_privilege", -1, privilege),
];

pub(super) fn install(conn: &Connection, surroundings: &Surroundings) -> rusqlite::Result<()> {
    // Not deterministic: what a statement runs in changes between two statements.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    for Function {
        name,
        arity,
        sees_nulls,
        body,
    } in FUNCTIONS
    {
        let surroundings = surroundings.clone();
        conn.create_scalar_function(*name, *arity, flags, move |context| {
            let args = Args(context);
            if !sees_nulls && (0..args.len()).any(|at| args.is_null(at)) {
                return Ok(SqliteValue::Null);
            }
            body(&surroundings.get(), &args).map_err(raise)
        })?;
    }
    Ok(())
}

fn oid(args: &Args<'_, '_>, at: usize) -> Result<u32, SqlError> {
    u32::try_from(args.integer(at)?).map_err(|_| SqlError::new("22003", "OID out of range"))
}

fn number(oid: u32) -> Answer {
    Ok(SqliteValue::Integer(oid.into()))
}

/// The number, or null where there is nothing of the name.
fn found(number: Result<u32, SqlError>) -> Answer {
    Ok(number.map_or(SqliteValue::Null, |oid| SqliteValue::Integer(oid.into())))
}

/// Days from 1970-01-01 to the day of the statement, in UTC.
fn today(shown: &Shown) -> i64 {
    shown.session.now.div_euclid(MICROS_PER_DAY)
}

fn setting(shown: &Shown, args: &Args<'_, '_>) -> Answer {
    let name = args.text(0)?;
    let mut all = shown.session.settings().into_iter();
    match all.find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, value)) => text(value),
        None if args.len() > 1 && args.integer(1)? != 0 => NULL,
        None => Err(SqlError::new(
            "42704",
            format!("unrecognized configuration parameter \"{name}\""),
        )),
    }
}

/// The whole definition of an index, or one of its columns.
fn indexdef(shown: &Shown, args: &Args<'_, '_>) -> Answer {
    let schema = shown.schema();
    let Some(index) = schema.index(oid(args, 0)?) else {
        return NULL;
    };
    let (column, pretty) = match args.len() {
        3 => (args.integer(1)?, args.integer(2)? != 0),
        _ => (0, false),
    };
    match usize::try_from(column) {
        Ok(0) => text(definitions::index(schema, index, pretty)),
        Ok(at) if at <= index.keys.len() => text(definitions::key(schema, index, at - 1)),
        _ => text(""),
    }
}

/// Everything may be read, and nothing written.
fn privilege(_: &Shown, args: &Args<'_, '_>) -> Answer {
    let wanted = args.text(args.len() - 1)?.to_ascii_lowercase();
    let mut wanted = wanted.split(',').map(str::trim);
    boolean(wanted.any(|one| matches!(one, "select" | "usage" | "connect" | "execute" | "member")))
}

/// A number of bytes as PostgreSQL shows it to people (`pg_size_pretty`): it is kept in halves of a
/// unit, and the last half is rounded away from zero.
fn size(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    /// Halves of a unit from which on the next one is taken.
    const HALVES_MAX: u64 = 20 * 1024 - 1;
    if bytes.unsigned_abs() < 10 * 1024 {
        return format!("{bytes} bytes");
    }
    let mut halves = bytes / 512;
    let mut unit = 0;
    while halves.unsigned_abs() >= HALVES_MAX && unit + 1 < UNITS.len() {
        halves /= 1024;
        unit += 1;
    }
    format!("{} {}", (halves + halves.signum()) / 2, UNITS[unit])
}
