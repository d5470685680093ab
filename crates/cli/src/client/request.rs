//! What is asked.

use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Which events, from where, and how many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    /// Of this stream.
    pub(crate) stream: Option<String>,
    /// Of streams of this category.
    pub(crate) category: Option<String>,
    /// Of one of these types.
    pub(crate) types: Vec<String>,
    /// With all of these tags.
    pub(crate) tags: Vec<String>,
    /// Any query, as JSON items, instead of the four above.
    pub(crate) query: Option<Value>,
    /// Forward, after this position.
    pub(crate) after: Option<u64>,
    /// Backward, before this position; 0 = from the head.
    pub(crate) before: Option<u64>,
    /// How many on a page.
    pub(crate) limit: Option<u64>,
    /// The log that `after` or `before` is a position of.
    pub(crate) log_id: Option<String>,
}

impl Events {
    /// The parameters of `GET events`.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let one = |name, value: &Option<String>| value.clone().map(|value| (name, value));
        let number = |name, value: Option<u64>| value.map(|value| (name, value.to_string()));
        let each = |name, values: &[String]| -> Vec<(&'static str, String)> {
            values.iter().map(|value| (name, value.clone())).collect()
        };
        [
            one("stream", &self.stream),
            one("category", &self.category),
            one("log_id", &self.log_id),
            number("after", self.after),
            number("before", self.before),
            number("limit", self.limit),
        ]
        .into_iter()
        .flatten()
        .chain(each("type", &self.types))
        .chain(each("tag", &self.tags))
        .collect()
    }

    /// The body of `POST read`, when only that can ask for it.
    pub(super) fn body(&self) -> Result<Option<Value>, Failure> {
        let Some(query) = &self.query else {
            return Ok(None);
        };
        if !query.is_array() {
            return Err(Failure::usage("--query is not a list")
                .found(query)
                .expected(r#"a JSON array such as [{"types":["AccountOpened"]}]"#));
        }
        let mut body = json!({ "query": query });
        let fields = [
            ("after", self.after.map(Value::from)),
            ("before", self.before.map(Value::from)),
            ("limit", self.limit.map(Value::from)),
            ("log_id", self.log_id.clone().map(Value::from)),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                body[name] = value;
            }
        }
        Ok(Some(body))
    }
}

/// A query in SQL.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Sql {
    /// The text.
    pub(crate) sql: String,
    /// The values of `$1` and on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) params: Vec<Value>,
    /// As of this position or time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Value>,
    /// Not before this position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) wait_for: Option<u64>,
    /// `fresh` or `eventual`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) consistency: Option<&'static str>,
    /// How long to wait for the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_ms: Option<u64>,
}

impl Sql {
    /// This query, as of now.
    pub(crate) fn new(sql: impl Into<String>) -> Sql {
        Sql {
            sql: sql.into(),
            ..Sql::default()
        }
    }

    /// The same query as of a position.
    pub(crate) fn at(mut self, position: u64) -> Sql {
        self.at = Some(position.into());
        self
    }
}
