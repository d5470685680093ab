//! The functions that tell about a schema and a session: names, types, and what SQLite is asked.
//!
//! Those that begin with `hw_sys_` depend on more than their arguments, and projections have none
//! of them.

use crate::Type;
use crate::functions::signatures::Kind;
use crate::functions::table::{REFUSED, Signature};
use Type::{
    BigInt, Bool, Date, Int, Interval, Name, Oid, Other, Regclass, Regnamespace, Regtype, SmallInt,
    Text, Timestamptz,
};

/// How the functions that depend on more than their arguments begin.
pub(crate) const PREFIX: &str = "hw_sys_";

const NAMES: Type = Type::Array(&Type::Name);
const TREE: Type = Other("pg_node_tree");

const fn scalar(
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

/// What asks for the time and the session.
pub(crate) const SESSION: &[Signature] = &[
    scalar("now", &[], Timestamptz, "hw_sys_now"),
    scalar("transaction_timestamp", &[], Timestamptz, "hw_sys_now"),
    scalar("statement_timestamp", &[], Timestamptz, "hw_sys_now"),
    scalar("current_timestamp", &[], Timestamptz, "hw_sys_now"),
    scalar("current_date", &[], Date, "hw_sys_today"),
    scalar("age", &[Timestamptz, Timestamptz], Interval, "hw_age"),
    scalar("age", &[Timestamptz], Interval, "hw_sys_age"),
    scalar("age", &[Other("xid")], Int, REFUSED),
    scalar("current_user", &[], Name, "hw_sys_user"),
    scalar("session_user", &[], Name, "hw_sys_user"),
    scalar("user", &[], Name, "hw_sys_user"),
    scalar("current_role", &[], Name, "hw_sys_user"),
    scalar("current_database", &[], Name, "hw_sys_database"),
    scalar("current_catalog", &[], Name, "hw_sys_database"),
    scalar("current_schema", &[], Name, "hw_sys_schema"),
    scalar("current_schemas", &[Bool], NAMES, "hw_sys_schemas"),
    scalar("version", &[], Text, "hw_sys_version"),
    scalar("current_setting", &[Text], Text, "hw_sys_setting"),
    scalar("current_setting", &[Text, Bool], Text, "hw_sys_setting"),
    scalar("pg_is_in_recovery", &[], Bool, "hw_sys_false"),
    scalar("pg_my_temp_schema", &[], Oid, "hw_sys_zero"),
    scalar("pg_is_other_temp_schema", &[Oid], Bool, "hw_sys_false"),
    scalar("getdatabaseencoding", &[], Name, "hw_sys_encoding"),
    scalar("pg_client_encoding", &[], Name, "hw_sys_encoding"),
];

/// What tells of tables, types and the other things that the catalogs number.
pub(crate) const SCHEMA: &[Signature] = &[
    scalar("format_type", &[Oid, Int], Text, "hw_sys_format_type"),
    scalar("pg_get_userbyid", &[Oid], Name, "hw_sys_user_name"),
    scalar("pg_encoding_to_char", &[Int], Name, "hw_sys_encoding_name"),
    scalar(
        "pg_char_to_encoding",
        &[Name],
        Int,
        "hw_sys_encoding_number",
    ),
    scalar("pg_table_is_visible", &[Oid], Bool, "hw_sys_table_visible"),
    scalar("pg_type_is_visible", &[Oid], Bool, "hw_sys_type_visible"),
    scalar(
        "pg_collation_is_visible",
        &[Oid],
        Bool,
        "hw_sys_collation_visible",
    ),
    scalar("pg_function_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_operator_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_opclass_is_visible", &[Oid], Bool, "hw_sys_true"),
    scalar("pg_opfamily_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_conversion_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar(
        "pg_statistics_obj_is_visible",
        &[Oid],
        Bool,
        "hw_sys_unknown",
    ),
    scalar("pg_ts_config_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_ts_dict_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_ts_parser_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_ts_template_is_visible", &[Oid], Bool, "hw_sys_unknown"),
    scalar("pg_get_expr", &[TREE, Oid], Text, "hw_sys_tree"),
    scalar("pg_get_expr", &[TREE, Oid, Bool], Text, "hw_sys_tree"),
    scalar("pg_get_indexdef", &[Oid], Text, "hw_sys_indexdef"),
    scalar(
        "pg_get_indexdef",
        &[Oid, Int, Bool],
        Text,
        "hw_sys_indexdef",
    ),
    scalar("pg_get_constraintdef", &[Oid], Text, "hw_sys_constraintdef"),
    scalar(
        "pg_get_constraintdef",
        &[Oid, Bool],
        Text,
        "hw_sys_constraintdef",
    ),
    scalar("pg_get_viewdef", &[Oid], Text, REFUSED),
    scalar("pg_get_viewdef", &[Oid, Bool], Text, REFUSED),
    scalar("pg_get_ruledef", &[Oid], Text, "hw_sys_unknown"),
    scalar("pg_get_ruledef", &[Oid, Bool], Text, "hw_sys_unknown"),
    scalar("pg_get_triggerdef", &[Oid], Text, "hw_sys_unknown"),
    scalar("pg_get_triggerdef", &[Oid, Bool], Text, "hw_sys_unknown"),
    scalar("pg_get_functiondef", &[Oid], Text, "hw_sys_unknown"),
    scalar("pg_get_function_result", &[Oid], Text, "hw_sys_unknown"),
    scalar("pg_get_function_arguments", &[Oid], Text, "hw_sys_unknown"),
    scalar(
        "pg_get_function_identity_arguments",
        &[Oid],
        Text,
        "hw_sys_unknown",
    ),
    scalar("pg_get_partkeydef", &[Oid], Text, "hw_sys_unknown"),
    scalar(
        "pg_get_statisticsobjdef_columns",
        &[Oid],
        Text,
        "hw_sys_unknown",
    ),
    scalar(
        "pg_get_serial_sequence",
        &[Text, Text],
        Text,
        "hw_sys_unknown",
    ),
    scalar(
        "pg_relation_is_publishable",
        &[Regclass],
        Bool,
        "hw_sys_publishable",
    ),
    scalar("pg_tablespace_location", &[Oid], Text, "hw_sys_no_text"),
    scalar("obj_description", &[Oid], Text, "hw_sys_unknown"),
    scalar("obj_description", &[Oid, Name], Text, "hw_sys_unknown"),
    scalar("shobj_description", &[Oid, Name], Text, "hw_sys_unknown"),
    scalar("col_description", &[Oid, Int], Text, "hw_sys_unknown"),
    scalar("pg_table_size", &[Regclass], BigInt, "hw_sys_unknown"),
    scalar("pg_relation_size", &[Regclass], BigInt, "hw_sys_unknown"),
    scalar(
        "pg_total_relation_size",
        &[Regclass],
        BigInt,
        "hw_sys_unknown",
    ),
    scalar("pg_indexes_size", &[Regclass], BigInt, "hw_sys_unknown"),
    scalar("pg_database_size", &[Name], BigInt, "hw_sys_unknown"),
    scalar("pg_database_size", &[Oid], BigInt, "hw_sys_unknown"),
    scalar("pg_tablespace_size", &[Oid], BigInt, "hw_sys_unknown"),
    scalar("pg_tablespace_size", &[Name], BigInt, "hw_sys_unknown"),
    scalar("pg_size_pretty", &[BigInt], Text, "hw_sys_size"),
    scalar("to_regclass", &[Text], Regclass, "hw_sys_to_regclass"),
    scalar("to_regtype", &[Text], Regtype, "hw_sys_to_regtype"),
    scalar(
        "to_regnamespace",
        &[Text],
        Regnamespace,
        "hw_sys_to_regnamespace",
    ),
    scalar(
        "has_schema_privilege",
        &[Text, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_schema_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_database_privilege",
        &[Text, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_database_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_table_privilege",
        &[Text, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_table_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_table_privilege",
        &[Name, Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_table_privilege",
        &[Name, Text, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_any_column_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_column_privilege",
        &[Oid, Text, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_column_privilege",
        &[Oid, SmallInt, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_function_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar("has_type_privilege", &[Oid, Text], Bool, "hw_sys_privilege"),
    scalar(
        "has_sequence_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar(
        "has_tablespace_privilege",
        &[Oid, Text],
        Bool,
        "hw_sys_privilege",
    ),
    scalar("pg_has_role", &[Oid, Text], Bool, "hw_sys_privilege"),
    scalar("pg_has_role", &[Name, Text], Bool, "hw_sys_privilege"),
    scalar("pg_has_role", &[Name, Oid, Text], Bool, "hw_sys_privilege"),
    scalar("pg_has_role", &[Name, Name, Text], Bool, "hw_sys_privilege"),
];
