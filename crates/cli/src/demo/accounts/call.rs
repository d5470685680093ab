//! One HTTP request, to be shown and to be made.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Answer, Client, Method, ServerUrl, read_json};
use crate::failure::Failure;

/// A request. What [`curl`](Call::curl) shows is what [`make`](Call::make) sends.
pub(super) struct Call {
    method: Method,
    path: String,
    content_type: &'static str,
    body: String,
}

impl Call {
    /// A POST of JSON, whose text is sent and shown as it stands.
    pub(super) fn post(path: String, json: String) -> Call {
        Call {
            method: Method::POST,
            path,
            content_type: "application/json",
            body: json,
        }
    }

    /// A PUT of a projection.
    pub(super) fn put_sql(path: String, sql: &str) -> Call {
        Call {
            method: Method::PUT,
            path,
            content_type: "application/sql",
            body: sql.to_owned(),
        }
    }

    /// A query in SQL. Its parameters keep quotes out of the text, which the shell would need to
    /// be told about.
    pub(super) fn sql(database: &str, sql: &str, params: &[&str], at: Option<u64>) -> Call {
        let mut body = format!("{{\"sql\": {}", Value::from(sql));
        if !params.is_empty() {
            body.push_str(&format!(",\n \"params\": {}", Value::from(params)));
        }
        if let Some(position) = at {
            body.push_str(&format!(",\n \"at\": {position}"));
        }
        body.push('}');
        Call::post(format!("/v1/databases/{database}/sql"), body)
    }

    /// The command that a visitor can paste into a shell.
    pub(super) fn curl(&self, server: &ServerUrl) -> String {
        let put = self.method == Method::PUT;
        let method = if put { " -X PUT" } else { "" };
        let head = format!(
            "curl -s{method} {server}{} \\\n  -H 'content-type: {}'",
            self.path, self.content_type
        );
        if put {
            return format!("{head} --data-binary @- <<'SQL'\n{}SQL", self.body);
        }
        let body = self.body.replace('\'', r"'\''").replace('\n', "\n  ");
        format!("{head} -d '\n  {body}'")
    }

    /// Makes it; an answer that says no is an answer.
    pub(super) async fn make(&self, client: &Client) -> Result<Answer, Failure> {
        client
            .raw(
                self.method.clone(),
                &self.path,
                self.content_type,
                self.body.clone(),
            )
            .await
    }

    /// Makes it, and reads an answer that says yes.
    pub(super) async fn succeed<T: DeserializeOwned>(&self, client: &Client) -> Result<T, Failure> {
        read_json(&self.make(client).await?.success()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_for_the_shell() {
        let server: ServerUrl = "http://127.0.0.1:4280".parse().unwrap();
        let call = Call::sql("demo", "select 'x'", &["ada"], Some(7));
        assert_eq!(
            call.curl(&server),
            "curl -s http://127.0.0.1:4280/v1/databases/demo/sql \\\n  \
             -H 'content-type: application/json' -d '\n  \
             {\"sql\": \"select '\\''x'\\''\",\n   \"params\": [\"ada\"],\n   \"at\": 7}'"
        );
        let call = Call::put_sql("/v1/databases/demo/projections/a".to_owned(), "-- a\n");
        assert!(
            call.curl(&server)
                .ends_with("--data-binary @- <<'SQL'\n-- a\nSQL")
        );
    }
}
