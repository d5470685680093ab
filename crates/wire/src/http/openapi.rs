//! The OpenAPI document, made from the handlers and from the list of codes.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};

use crate::http::body::NoBody;
use crate::http::params::Params;
use crate::http::problem::Problem;
use crate::http::{
    answer, append, backup, code, databases, events, health, keys, metrics, projections, read,
    restore, router, sql, stats, streams, verify,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Headwater",
        description = "An event-sourced database over HTTP. Every failure is `application/problem+json` with a stable `code`. Once the first key was made, requests need one as `authorization: Bearer <key>`; `security` of each says which role.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    paths(
        health::health,
        metrics::metrics,
        show,
        databases::list,
        databases::create,
        databases::show,
        databases::set,
        databases::delete,
        append::append,
        events::events,
        read::read,
        streams::streams,
        stats::stats,
        sql::sql,
        projections::list,
        projections::show,
        projections::apply,
        projections::remove,
        projections::skip,
        verify::verify,
        backup::backup,
        restore::restore,
        keys::list,
        keys::create,
        keys::revoke,
    ),
    components(schemas(Problem)),
    tags(
        (name = "log", description = "Append, read and follow events"),
        (name = "sql", description = "Query tables"),
        (name = "projections", description = "What folds events into tables"),
        (name = "databases", description = "Make, list, set, verify, back up, restore and delete databases"),
        (name = "keys", description = "Make, list and revoke keys"),
        (name = "server", description = "The server itself")
    )
)]
struct Document;

/// What every request can meet.
const ANY: &[&str] = &[
    "bad_request",
    "bad_host",
    "bad_origin",
    "tls_needed",
    "method_not_allowed",
    "timeout",
    "too_large",
    "overloaded",
    "internal",
];

/// What a request can meet that needs a key.
const KEY: &[&str] = &["key_needed", "bad_key", "forbidden"];

/// What a request can meet that uses a database.
const DATABASE: &[&str] = &[
    "key_needed",
    "bad_key",
    "forbidden",
    "bad_database_name",
    "unknown_database",
    "damaged",
    "panicked",
    "closed",
    "poisoned",
    "stopping",
    "unavailable",
    "storage",
    "not_writable",
    "newer_format",
];

/// What a request with a JSON body can meet.
const BODY: &[&str] = &["bad_json", "unsupported_media_type"];

/// What a request can meet that waits for its turn.
const TURN: &[&str] = &["busy"];

/// What a request can meet that names events.
const QUERY: &[&str] = &["bad_name", "bad_query", "bad_id", "other_log"];

/// What a request can meet that is recorded in `_system`.
const RECORDED: &[&str] = &["system_database", "disk_full", "clock_behind"];

/// What a request can meet that is recorded in `_system` and is about no database.
const RECORDED_ALONE: &[&str] = &[
    "disk_full",
    "clock_behind",
    "damaged",
    "stopping",
    "unavailable",
    "storage",
    "not_writable",
];

/// What an append alone can meet.
const APPEND: &[&str] = &[
    "bad_time",
    "bad_revision",
    "bad_metadata",
    "bad_content_type",
    "bad_tags",
    "too_deep",
    "too_many_tags",
    "too_many_streams",
    "empty_append",
    "id_twice",
    "stream_twice",
    "position_ahead",
    "revision_conflict",
    "boundary_conflict",
    "id_reused",
    "deadline",
    "other_actor",
];

/// What a question in SQL alone can meet.
const SQL: &[&str] = &[
    "bad_id",
    "bad_time",
    "bad_limit",
    "sql_error",
    "other_log",
    "position_ahead",
    "fold_behind",
    "deadline",
    "projection_failed",
    "disk_full",
];

/// What the making of a key alone can meet.
const NEW_KEY: &[&str] = &[
    "bad_key_name",
    "bad_role",
    "bad_database_name",
    "first_key",
    "key_exists",
];

const BACKUP: &[&str] = &[
    "bad_id",
    "bad_segment_name",
    "chain_differs",
    "disk_full",
    "other_log",
    "position_ahead",
];

/// The codes that an operation can answer, by its id.
fn codes(operation: &str) -> Vec<&'static str> {
    let parts: &[&[&str]] = match operation {
        "list_databases" | "list_keys" | "metrics" => &[KEY],
        "create_key" => &[KEY, BODY, RECORDED_ALONE, NEW_KEY],
        "revoke_key" => &[KEY, RECORDED_ALONE, &["bad_key_name", "unknown_key"]],
        "create_database" => &[
            KEY,
            BODY,
            RECORDED,
            &[
                "bad_database_name",
                "database_exists",
                "storage",
                "not_writable",
                "stopping",
            ],
        ],
        "show_database" => &[DATABASE],
        "delete_database" => &[DATABASE, RECORDED],
        "set_database" => &[DATABASE, BODY, RECORDED, &["bad_partitions"]],
        "verify_database" => &[DATABASE, TURN, &["position_ahead", "chain_differs"]],
        "stats" => &[DATABASE, TURN],
        "backup_database" => &[DATABASE, BODY, TURN, BACKUP],
        "restore_database" => &[
            KEY,
            RECORDED,
            TURN,
            &[
                "bad_backup",
                "bad_database_name",
                "database_exists",
                "newer_format",
                "not_writable",
                "stopping",
                "storage",
                "unavailable",
                "unsupported_media_type",
            ],
        ],
        "append" => &[DATABASE, BODY, RECORDED, QUERY, TURN, APPEND],
        "events" | "read" => &[
            DATABASE,
            BODY,
            QUERY,
            TURN,
            &["bad_limit", "position_ahead"],
        ],
        "streams" => &[DATABASE, TURN, &["bad_limit"]],
        "sql" => &[DATABASE, BODY, TURN, SQL],
        "list_projections" => &[DATABASE],
        "show_projection" => &[DATABASE, &["unknown_projection"]],
        "apply_projection" => &[
            DATABASE,
            RECORDED,
            &["bad_projection", "table_exists", "unsupported_media_type"],
        ],
        "remove_projection" => &[DATABASE, RECORDED, &["unknown_projection"]],
        "skip_position" => &[
            DATABASE,
            BODY,
            RECORDED,
            &["unknown_projection", "not_failed"],
        ],
        _ => &[],
    };
    let all = parts.iter().chain([&ANY]);
    all.flat_map(|codes| codes.iter().copied()).collect()
}

/// The OpenAPI document as JSON text, as it stands in docs/openapi.json.
pub fn document() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut document = Document::openapi();
        for (path, item) in &mut document.paths.paths {
            let operations = [
                (Method::GET, &mut item.get),
                (Method::POST, &mut item.post),
                (Method::PUT, &mut item.put),
                (Method::DELETE, &mut item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    add_problems(operation);
                    operation.security = security(path, &method);
                }
            }
        }
        let key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(SCHEME, key);
        let mut text = document.to_pretty_json().unwrap_or_default(); // made of text alone
        text.push('\n');
        text
    })
}

/// What the document calls the header with the key.
const SCHEME: &str = "key";

/// The role that an operation needs; nothing if it needs no key.
fn security(path: &str, method: &Method) -> Option<Vec<SecurityRequirement>> {
    let role = router::find(path)?.access(method)?.role()?;
    Some(vec![SecurityRequirement::new(SCHEME, [role.as_str()])])
}

/// Adds a response for each status that the operation's codes have.
fn add_problems(operation: &mut Operation) {
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let mut by_status: BTreeMap<u16, Vec<&code::Code>> = BTreeMap::new();
    for entry in codes(id).into_iter().filter_map(code::lookup) {
        by_status.entry(entry.status).or_default().push(entry);
    }
    for (status, entries) in by_status {
        let lines = entries
            .iter()
            .map(|entry| format!("`{}`: {}", entry.code, entry.title));
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description(lines.collect::<Vec<_>>().join(". "))
            .content("application/problem+json", content)
            .build();
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), response.into());
    }
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "server", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI document", body = serde_json::Value)))]
pub(crate) async fn show(params: Params, _: NoBody) -> Result<Response, Problem> {
    params.finish()?;
    Ok(answer::with_type(
        StatusCode::OK,
        "application/json",
        document(),
    ))
}
