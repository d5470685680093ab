//! The functions and operators of the language: name, argument types, result, and what SQLite is
//! asked. Those with arguments of any type are in `signatures.rs`.
//!
//! A name that stands here and matches no arguments does not exist (42883), so every overload of
//! PostgreSQL over our types must stand here too: those we do not answer as [`REFUSED`].

use super::signatures::Kind;
use crate::Type;
use crate::catalogs::signatures::{SCHEMA, SESSION};
use Type::{
    BigInt, Bool, Bytea, Date, Double, Int, Interval, Jsonb, Numeric, Oid, SmallInt, Text,
    Timestamptz,
};

/// In the place of a SQLite function: PostgreSQL has it, the language has not.
pub(crate) const REFUSED: &str = "";

const TEXT_ARRAY: Type = Type::Array(&Text);

/// One overload.
pub(crate) struct Signature {
    pub(crate) name: &'static str,
    pub(crate) args: &'static [Type],
    pub(crate) returns: Type,
    pub(crate) sqlite: &'static str,
    pub(crate) kind: Kind,
}

pub(crate) const fn scalar(
    name: &'static str,
    args: &'static [Type],
    returns: Type,
    sqlite: &'static str,
) -> Signature {
    Signature {
        name,
        args,
        returns,
        sqlite,
        kind: Kind::Scalar,
    }
}

const fn aggregate(
    name: &'static str,
    args: &'static [Type],
    returns: Type,
    sqlite: &'static str,
) -> Signature {
    Signature {
        name,
        args,
        returns,
        sqlite,
        kind: Kind::Aggregate,
    }
}

const fn window(
    name: &'static str,
    args: &'static [Type],
    returns: Type,
    sqlite: &'static str,
) -> Signature {
    Signature {
        name,
        args,
        returns,
        sqlite,
        kind: Kind::Window,
    }
}

const TABLES: [&[Signature]; 11] = [
    OPERATORS, NUMBERS, SMALL, TEXTS, PATTERNS, TIMES, DOCUMENTS, AGGREGATES, WINDOWS, SESSION,
    SCHEMA,
];

/// All overloads of a name, in the order of the tables.
pub(crate) fn overloads(name: &str) -> Vec<&'static Signature> {
    let all = TABLES.into_iter().flatten();
    all.filter(|signature| signature.name == name).collect()
}

const OPERATORS: &[Signature] = &[
    scalar("+", &[Int, Int], Int, "hw_int_add"),
    scalar("+", &[BigInt, BigInt], BigInt, "hw_bigint_add"),
    scalar("+", &[Double, Double], Double, "hw_double_add"),
    scalar("+", &[Numeric, Numeric], Numeric, "hw_numeric_add"),
    scalar("+", &[Date, Int], Date, "hw_date_add"),
    scalar("+", &[Int, Date], Date, "hw_date_add"),
    scalar("-", &[Int, Int], Int, "hw_int_subtract"),
    scalar("-", &[BigInt, BigInt], BigInt, "hw_bigint_subtract"),
    scalar("-", &[Double, Double], Double, "hw_double_subtract"),
    scalar("-", &[Numeric, Numeric], Numeric, "hw_numeric_subtract"),
    scalar("-", &[Date, Int], Date, "hw_date_subtract"),
    scalar("-", &[Date, Date], Int, "hw_date_difference"),
    scalar(
        "+",
        &[Timestamptz, Interval],
        Timestamptz,
        "hw_timestamptz_add_interval",
    ),
    scalar(
        "+",
        &[Interval, Timestamptz],
        Timestamptz,
        "hw_interval_add_timestamptz",
    ),
    scalar("+", &[Interval, Interval], Interval, "hw_interval_add"),
    scalar(
        "-",
        &[Timestamptz, Timestamptz],
        Interval,
        "hw_timestamptz_difference",
    ),
    scalar(
        "-",
        &[Timestamptz, Interval],
        Timestamptz,
        "hw_timestamptz_subtract_interval",
    ),
    scalar("-", &[Interval, Interval], Interval, "hw_interval_subtract"),
    scalar("-", &[Interval], Interval, "hw_interval_negate"),
    // A timestamp without time zone.
    scalar("+", &[Date, Interval], Timestamptz, REFUSED),
    scalar("+", &[Interval, Date], Timestamptz, REFUSED),
    scalar("-", &[Date, Interval], Timestamptz, REFUSED),
    scalar("*", &[Interval, Double], Interval, "hw_interval_multiply"),
    scalar("*", &[Double, Interval], Interval, "hw_multiply_interval"),
    scalar("/", &[Interval, Double], Interval, "hw_interval_divide"),
    scalar("-", &[Jsonb, Text], Jsonb, "hw_jsonb_delete_member"),
    scalar("-", &[Jsonb, Int], Jsonb, "hw_jsonb_delete_element"),
    scalar("*", &[Int, Int], Int, "hw_int_multiply"),
    scalar("*", &[BigInt, BigInt], BigInt, "hw_bigint_multiply"),
    scalar("*", &[Double, Double], Double, "hw_double_multiply"),
    scalar("*", &[Numeric, Numeric], Numeric, "hw_numeric_multiply"),
    scalar("/", &[Int, Int], Int, "hw_int_divide"),
    scalar("/", &[BigInt, BigInt], BigInt, "hw_bigint_divide"),
    scalar("/", &[Double, Double], Double, "hw_double_divide"),
    scalar("/", &[Numeric, Numeric], Numeric, "hw_numeric_divide"),
    scalar("%", &[Int, Int], Int, "hw_int_modulo"),
    scalar("%", &[BigInt, BigInt], BigInt, "hw_bigint_modulo"),
    scalar("%", &[Numeric, Numeric], Numeric, "hw_numeric_modulo"),
    scalar("^", &[Double, Double], Double, "hw_double_power"),
    scalar("^", &[Numeric, Numeric], Numeric, REFUSED),
    scalar("+", &[Int], Int, "+"),
    scalar("+", &[BigInt], BigInt, "+"),
    scalar("+", &[Double], Double, "+"),
    scalar("+", &[Numeric], Numeric, "+"),
    scalar("-", &[Int], Int, "hw_int_negate"),
    scalar("-", &[BigInt], BigInt, "hw_bigint_negate"),
    scalar("-", &[Double], Double, "hw_double_negate"),
    scalar("-", &[Numeric], Numeric, "hw_numeric_negate"),
    scalar("&", &[Int, Int], Int, "&"),
    scalar("&", &[BigInt, BigInt], BigInt, "&"),
    scalar("|", &[Int, Int], Int, "|"),
    scalar("|", &[BigInt, BigInt], BigInt, "|"),
    scalar("#", &[Int, Int], Int, "hw_bit_xor"),
    scalar("#", &[BigInt, BigInt], BigInt, "hw_bit_xor"),
    scalar("<<", &[Int, Int], Int, "hw_int_shift_left"),
    scalar("<<", &[BigInt, Int], BigInt, "hw_bigint_shift_left"),
    scalar(">>", &[Int, Int], Int, "hw_int_shift_right"),
    scalar(">>", &[BigInt, Int], BigInt, "hw_bigint_shift_right"),
    scalar("~~", &[Text, Text], Bool, "hw_like"),
    scalar("~~", &[Bytea, Bytea], Bool, REFUSED),
    scalar("~~*", &[Text, Text], Bool, "hw_ilike"),
    scalar("like_escape", &[Text, Text], Text, "hw_like_escape"),
    scalar("like_escape", &[Bytea, Bytea], Bytea, REFUSED),
    scalar("~", &[Text, Text], Bool, "hw_regex"),
    scalar("~*", &[Text, Text], Bool, "hw_iregex"),
    scalar("^@", &[Text, Text], Bool, "hw_starts_with"),
    scalar("->", &[Jsonb, Text], Jsonb, "hw_jsonb_member"),
    scalar("->", &[Jsonb, Int], Jsonb, "hw_jsonb_element"),
    scalar("->>", &[Jsonb, Text], Text, "hw_jsonb_member_text"),
    scalar("->>", &[Jsonb, Int], Text, "hw_jsonb_element_text"),
    scalar("@>", &[Jsonb, Jsonb], Bool, "hw_jsonb_contains"),
    scalar("<@", &[Jsonb, Jsonb], Bool, "hw_jsonb_contained"),
    scalar("?", &[Jsonb, Text], Bool, "hw_jsonb_exists"),
];

const NUMBERS: &[Signature] = &[
    scalar("abs", &[Int], Int, "hw_int_abs"),
    scalar("abs", &[BigInt], BigInt, "hw_bigint_abs"),
    scalar("abs", &[Double], Double, "hw_double_abs"),
    scalar("abs", &[Numeric], Numeric, "hw_numeric_abs"),
    scalar("ceil", &[Double], Double, "hw_double_ceil"),
    scalar("ceil", &[Numeric], Numeric, "hw_numeric_ceil"),
    scalar("ceiling", &[Double], Double, "hw_double_ceil"),
    scalar("ceiling", &[Numeric], Numeric, "hw_numeric_ceil"),
    scalar("floor", &[Double], Double, "hw_double_floor"),
    scalar("floor", &[Numeric], Numeric, "hw_numeric_floor"),
    scalar("round", &[Double], Double, "hw_double_round"),
    scalar("round", &[Numeric], Numeric, "hw_numeric_round"),
    scalar("round", &[Numeric, Int], Numeric, "hw_numeric_round"),
    scalar("trunc", &[Double], Double, "hw_double_trunc"),
    scalar("trunc", &[Numeric], Numeric, "hw_numeric_trunc"),
    scalar("trunc", &[Numeric, Int], Numeric, "hw_numeric_trunc"),
    scalar("sign", &[Double], Double, "hw_double_sign"),
    scalar("sign", &[Numeric], Numeric, "hw_numeric_sign"),
    scalar("mod", &[Int, Int], Int, "hw_int_modulo"),
    scalar("mod", &[BigInt, BigInt], BigInt, "hw_bigint_modulo"),
    scalar("mod", &[Numeric, Numeric], Numeric, "hw_numeric_modulo"),
    scalar("sqrt", &[Double], Double, "hw_double_sqrt"),
    scalar("sqrt", &[Numeric], Numeric, REFUSED),
    // The C library rounds its last digit in its own way.
    scalar("cbrt", &[Double], Double, REFUSED),
    scalar("exp", &[Double], Double, "hw_double_exp"),
    scalar("exp", &[Numeric], Numeric, REFUSED),
    scalar("ln", &[Double], Double, "hw_double_ln"),
    scalar("ln", &[Numeric], Numeric, REFUSED),
    scalar("log", &[Double], Double, "hw_double_log10"),
    scalar("log", &[Numeric], Numeric, REFUSED),
    scalar("log", &[Numeric, Numeric], Numeric, REFUSED),
    scalar("log10", &[Double], Double, "hw_double_log10"),
    scalar("log10", &[Numeric], Numeric, REFUSED),
    scalar("power", &[Double, Double], Double, "hw_double_power"),
    scalar("power", &[Numeric, Numeric], Numeric, REFUSED),
    scalar("pow", &[Double, Double], Double, "hw_double_power"),
    scalar("pow", &[Numeric, Numeric], Numeric, REFUSED),
    scalar("to_hex", &[Int], Text, "hw_int_to_hex"),
    scalar("to_hex", &[BigInt], Text, "hw_bigint_to_hex"),
];

/// Arithmetic of `smallint`, which stays one.
const SMALL: &[Signature] = &[
    scalar("+", &[SmallInt, SmallInt], SmallInt, "hw_smallint_add"),
    scalar("-", &[SmallInt, SmallInt], SmallInt, "hw_smallint_subtract"),
    scalar("*", &[SmallInt, SmallInt], SmallInt, "hw_smallint_multiply"),
    scalar("/", &[SmallInt, SmallInt], SmallInt, "hw_smallint_divide"),
    scalar("%", &[SmallInt, SmallInt], SmallInt, "hw_int_modulo"),
    scalar("mod", &[SmallInt, SmallInt], SmallInt, "hw_int_modulo"),
    scalar("+", &[SmallInt], SmallInt, "+"),
    scalar("-", &[SmallInt], SmallInt, "hw_smallint_negate"),
    scalar("abs", &[SmallInt], SmallInt, "hw_smallint_abs"),
    scalar("&", &[SmallInt, SmallInt], SmallInt, "&"),
    scalar("|", &[SmallInt, SmallInt], SmallInt, "|"),
    scalar("#", &[SmallInt, SmallInt], SmallInt, REFUSED),
    scalar("<<", &[SmallInt, Int], SmallInt, REFUSED),
    scalar(">>", &[SmallInt, Int], SmallInt, REFUSED),
];

const TEXTS: &[Signature] = &[
    scalar("length", &[Text], Int, "hw_length"),
    scalar("length", &[Bytea], Int, "hw_bytea_length"),
    // The length of bytes in an encoding.
    scalar("length", &[Bytea, Text], Int, REFUSED),
    scalar("char_length", &[Text], Int, "hw_length"),
    scalar("character_length", &[Text], Int, "hw_length"),
    scalar("octet_length", &[Text], Int, "hw_octet_length"),
    scalar("octet_length", &[Bytea], Int, "hw_bytea_length"),
    scalar("bit_length", &[Text], Int, "hw_bit_length"),
    scalar("bit_length", &[Bytea], Int, REFUSED),
    scalar("lower", &[Text], Text, "hw_lower"),
    scalar("upper", &[Text], Text, "hw_upper"),
    scalar("initcap", &[Text], Text, "hw_initcap"),
    scalar("md5", &[Text], Text, "hw_md5"),
    scalar("md5", &[Bytea], Text, "hw_bytea_md5"),
    scalar("btrim", &[Text], Text, "hw_trim"),
    scalar("btrim", &[Text, Text], Text, "hw_trim"),
    scalar("btrim", &[Bytea, Bytea], Bytea, REFUSED),
    scalar("ltrim", &[Text], Text, "hw_trim_start"),
    scalar("ltrim", &[Text, Text], Text, "hw_trim_start"),
    scalar("ltrim", &[Bytea, Bytea], Bytea, REFUSED),
    scalar("rtrim", &[Text], Text, "hw_trim_end"),
    scalar("rtrim", &[Text, Text], Text, "hw_trim_end"),
    scalar("rtrim", &[Bytea, Bytea], Bytea, REFUSED),
    scalar("substr", &[Text, Int], Text, "hw_substring"),
    scalar("substr", &[Text, Int, Int], Text, "hw_substring"),
    scalar("substr", &[Bytea, Int], Bytea, REFUSED),
    scalar("substr", &[Bytea, Int, Int], Bytea, REFUSED),
    scalar("substring", &[Text, Int], Text, "hw_substring"),
    scalar("substring", &[Text, Int, Int], Text, "hw_substring"),
    scalar("substring", &[Bytea, Int], Bytea, REFUSED),
    scalar("substring", &[Bytea, Int, Int], Bytea, REFUSED),
    // By regular expression.
    scalar("substring", &[Text, Text], Text, "hw_regexp_substring"),
    scalar("substring", &[Text, Text, Text], Text, REFUSED),
    scalar("left", &[Text, Int], Text, "hw_left"),
    scalar("right", &[Text, Int], Text, "hw_right"),
    scalar("strpos", &[Text, Text], Int, "hw_position"),
    scalar("replace", &[Text, Text, Text], Text, "hw_replace"),
    scalar("translate", &[Text, Text, Text], Text, "hw_translate"),
    scalar("split_part", &[Text, Text, Int], Text, "hw_split_part"),
    scalar("lpad", &[Text, Int], Text, "hw_lpad"),
    scalar("lpad", &[Text, Int, Text], Text, "hw_lpad"),
    scalar("rpad", &[Text, Int], Text, "hw_rpad"),
    scalar("rpad", &[Text, Int, Text], Text, "hw_rpad"),
    scalar("repeat", &[Text, Int], Text, "hw_repeat"),
    scalar("reverse", &[Text], Text, "hw_reverse"),
    scalar("starts_with", &[Text, Text], Bool, "hw_starts_with"),
    scalar("quote_ident", &[Text], Text, "hw_quote_ident"),
    scalar("ascii", &[Text], Int, "hw_ascii"),
    scalar("chr", &[Int], Text, "hw_chr"),
    scalar("encode", &[Bytea, Text], Text, "hw_encode"),
    scalar("decode", &[Text, Text], Bytea, "hw_decode"),
];

/// Those by regular expression, but `substring`.
const PATTERNS: &[Signature] = &[
    scalar("regexp_replace", &[Text; 3], Text, "hw_regexp_replace"),
    scalar("regexp_replace", &[Text; 4], Text, "hw_regexp_replace"),
    scalar("regexp_replace", &[Text, Text, Text, Int], Text, REFUSED),
    scalar(
        "regexp_replace",
        &[Text, Text, Text, Int, Int],
        Text,
        REFUSED,
    ),
    scalar(
        "regexp_replace",
        &[Text, Text, Text, Int, Int, Text],
        Text,
        REFUSED,
    ),
    scalar("regexp_match", &[Text; 2], TEXT_ARRAY, "hw_regexp_match"),
    scalar("regexp_match", &[Text; 3], TEXT_ARRAY, "hw_regexp_match"),
    scalar("regexp_like", &[Text; 2], Bool, "hw_regexp_like"),
    scalar("regexp_like", &[Text; 3], Bool, "hw_regexp_like"),
    scalar("regexp_count", &[Text; 2], Int, "hw_regexp_count"),
    scalar("regexp_count", &[Text, Text, Int], Int, REFUSED),
    scalar("regexp_count", &[Text, Text, Int, Text], Int, REFUSED),
    scalar("regexp_substr", &[Text; 2], Text, "hw_regexp_substr"),
    scalar("regexp_substr", &[Text, Text, Int], Text, REFUSED),
    scalar("regexp_substr", &[Text, Text, Int, Int], Text, REFUSED),
    scalar(
        "regexp_substr",
        &[Text, Text, Int, Int, Text],
        Text,
        REFUSED,
    ),
    scalar(
        "regexp_substr",
        &[Text, Text, Int, Int, Text, Int],
        Text,
        REFUSED,
    ),
    scalar(
        "regexp_split_to_array",
        &[Text; 2],
        TEXT_ARRAY,
        "hw_regexp_split_to_array",
    ),
    scalar("regexp_split_to_array", &[Text; 3], TEXT_ARRAY, REFUSED),
];

const TIMES: &[Signature] = &[
    scalar(
        "date_trunc",
        &[Text, Timestamptz],
        Timestamptz,
        "hw_date_trunc",
    ),
    // In a time zone.
    scalar(
        "date_trunc",
        &[Text, Timestamptz, Text],
        Timestamptz,
        REFUSED,
    ),
    scalar(
        "extract",
        &[Text, Timestamptz],
        Numeric,
        "hw_timestamptz_extract",
    ),
    scalar("extract", &[Text, Date], Numeric, "hw_date_extract"),
    scalar(
        "date_part",
        &[Text, Timestamptz],
        Double,
        "hw_timestamptz_part",
    ),
    scalar("extract", &[Text, Interval], Numeric, "hw_interval_extract"),
    scalar("date_part", &[Text, Date], Double, "hw_date_part"),
    scalar("date_part", &[Text, Interval], Double, "hw_interval_part"),
    scalar("date_trunc", &[Text, Interval], Interval, REFUSED),
    scalar("justify_days", &[Interval], Interval, REFUSED),
    scalar("justify_hours", &[Interval], Interval, REFUSED),
    scalar("justify_interval", &[Interval], Interval, REFUSED),
    scalar(
        "to_char",
        &[Timestamptz, Text],
        Text,
        "hw_timestamptz_to_char",
    ),
    scalar("to_char", &[Interval, Text], Text, REFUSED),
    scalar("to_char", &[Int, Text], Text, REFUSED),
    scalar("to_char", &[BigInt, Text], Text, REFUSED),
    scalar("to_char", &[Double, Text], Text, REFUSED),
    scalar("to_char", &[Numeric, Text], Text, REFUSED),
    scalar("make_date", &[Int, Int, Int], Date, "hw_make_date"),
    scalar("to_timestamp", &[Double], Timestamptz, "hw_to_timestamp"),
    scalar("to_timestamp", &[Text, Text], Timestamptz, REFUSED),
];

const DOCUMENTS: &[Signature] = &[
    scalar("jsonb_typeof", &[Jsonb], Text, "hw_jsonb_typeof"),
    scalar("jsonb_array_length", &[Jsonb], Int, "hw_jsonb_array_length"),
    scalar("jsonb_strip_nulls", &[Jsonb], Jsonb, "hw_jsonb_strip_nulls"),
    scalar("jsonb_pretty", &[Jsonb], Text, "hw_jsonb_pretty"),
    scalar(
        "jsonb_set",
        &[Jsonb, TEXT_ARRAY, Jsonb],
        Jsonb,
        "hw_jsonb_set",
    ),
    scalar(
        "jsonb_set",
        &[Jsonb, TEXT_ARRAY, Jsonb, Bool],
        Jsonb,
        "hw_jsonb_set",
    ),
    scalar(
        "jsonb_insert",
        &[Jsonb, TEXT_ARRAY, Jsonb],
        Jsonb,
        "hw_jsonb_insert",
    ),
    scalar(
        "jsonb_insert",
        &[Jsonb, TEXT_ARRAY, Jsonb, Bool],
        Jsonb,
        "hw_jsonb_insert",
    ),
];

const AGGREGATES: &[Signature] = &[
    aggregate("count", &[], BigInt, "count"),
    aggregate("sum", &[Int], BigInt, "sum"),
    aggregate("sum", &[BigInt], Numeric, "hw_sum_bigint"),
    aggregate("sum", &[Double], Double, "hw_sum_double"),
    aggregate("sum", &[Numeric], Numeric, "hw_sum_numeric"),
    aggregate("avg", &[Int], Numeric, "hw_avg_integer"),
    aggregate("avg", &[BigInt], Numeric, "hw_avg_integer"),
    aggregate("avg", &[Double], Double, "hw_avg_double"),
    aggregate("avg", &[Numeric], Numeric, "hw_avg_numeric"),
    aggregate("sum", &[SmallInt], BigInt, "sum"),
    aggregate("sum", &[Interval], Interval, "hw_sum_interval"),
    aggregate("avg", &[SmallInt], Numeric, "hw_avg_integer"),
    aggregate("avg", &[Interval], Interval, REFUSED),
    aggregate("min", &[SmallInt], SmallInt, "min"),
    aggregate("max", &[SmallInt], SmallInt, "max"),
    aggregate("min", &[Oid], Oid, "min"),
    aggregate("max", &[Oid], Oid, "max"),
    aggregate("min", &[Interval], Interval, "hw_min_interval"),
    aggregate("max", &[Interval], Interval, "hw_max_interval"),
    aggregate("min", &[Int], Int, "min"),
    aggregate("min", &[BigInt], BigInt, "min"),
    aggregate("min", &[Double], Double, "min"),
    aggregate("min", &[Numeric], Numeric, "hw_min_numeric"),
    aggregate("min", &[Text], Text, "min"),
    aggregate("min", &[Date], Date, "min"),
    aggregate("min", &[Timestamptz], Timestamptz, "min"),
    aggregate("max", &[Int], Int, "max"),
    aggregate("max", &[BigInt], BigInt, "max"),
    aggregate("max", &[Double], Double, "max"),
    aggregate("max", &[Numeric], Numeric, "hw_max_numeric"),
    aggregate("max", &[Text], Text, "max"),
    aggregate("max", &[Date], Date, "max"),
    aggregate("max", &[Timestamptz], Timestamptz, "max"),
    aggregate("bool_and", &[Bool], Bool, "min"),
    aggregate("bool_or", &[Bool], Bool, "max"),
    aggregate("every", &[Bool], Bool, "min"),
    aggregate("string_agg", &[Text, Text], Text, "hw_string_agg"),
    aggregate("string_agg", &[Bytea, Bytea], Bytea, REFUSED),
];

const WINDOWS: &[Signature] = &[
    window("row_number", &[], BigInt, "row_number"),
    window("rank", &[], BigInt, "rank"),
    window("dense_rank", &[], BigInt, "dense_rank"),
    window("percent_rank", &[], Double, "percent_rank"),
    window("cume_dist", &[], Double, "cume_dist"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rusqlite::Connection;

    use super::TABLES;
    use crate::Type;
    use crate::catalogs::signatures::PREFIX;
    use crate::functions::casts::{as_jsonb, client_text, input, resolve_cast};

    /// Every type that values are cast from and to, but the names of the catalogs.
    fn types() -> Vec<Type> {
        let scalars = Type::ALL.into_iter().chain([
            Type::SmallInt,
            Type::Varchar,
            Type::Name,
            Type::Char,
            Type::Oid,
            Type::Interval,
            Type::Json,
            Type::Vector(&Type::SmallInt),
            Type::Vector(&Type::Oid),
            Type::Other("regproc"),
        ]);
        scalars
            .flat_map(|ty| [Some(ty), ty.array()])
            .flatten()
            .collect()
    }

    /// Projections have no other functions than these; a statement of theirs is refused only for
    /// functions whose names begin with the prefix.
    #[test]
    fn what_projections_may_call_is_installed() -> rusqlite::Result<()> {
        let conn = Connection::open_in_memory()?;
        crate::install(&conn)?;
        let mut listed = conn.prepare("select name from pragma_function_list")?;
        let installed: BTreeSet<String> = listed
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let signatures = TABLES.into_iter().flatten();
        let mut called: BTreeSet<&str> = signatures.map(|signature| signature.sqlite).collect();
        for from in types() {
            called.extend(
                [as_jsonb(from), client_text(from), input(from)]
                    .into_iter()
                    .flatten(),
            );
            for to in types() {
                let cast = resolve_cast(from, to).ok().flatten();
                called.extend(cast.and_then(|cast| cast.sqlite));
            }
        }
        let is_missing = |name: &&&str| {
            name.starts_with("hw_") && !name.starts_with(PREFIX) && !installed.contains(**name)
        };
        let missing: Vec<&&str> = called.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(called.len() > 200, "only {} are called", called.len());
        Ok(())
    }
}
