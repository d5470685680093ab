//! The settings of a session: what clients set because PostgreSQL has it, and Headwater's own.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use headwater_event::Position;
use headwater_node::{At, Consistency};
use headwater_sql::{SessionSettings, Type, Value};

use crate::postgres::failure::Failure;
use crate::postgres::insert::time;

/// What `server_version` says: the version whose answers these are, and who gives them.
const SERVER_VERSION: &str = concat!("15.0 (Headwater ", env!("CARGO_PKG_VERSION"), ")");

/// Bytes of the value of a setting.
const VALUE_BYTES_MAX: usize = 1024;

/// The longest that a statement may take, which is also what 0 means.
pub(crate) const STATEMENT_TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// What may be set.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nothing: it tells what is so.
    Shown,
    /// Any text.
    Text,
    /// One of these, in any case.
    OneOf(&'static [&'static str]),
    /// `on` or `off`, in every spelling.
    Switch,
    /// A span of time in milliseconds, or with a unit.
    Span,
    /// A whole number of these bounds.
    Number(i64, i64),
    /// What begins with ISO.
    DateStyle,
    /// A name of UTC.
    TimeZone,
    /// UTF-8, or no conversion at all.
    Encoding,
    /// A position or a time, or nothing.
    Moment,
    /// A position, or nothing.
    Place,
}

/// A setting that a session has.
#[derive(Debug)]
struct Known {
    name: &'static str,
    default: &'static str,
    kind: Kind,
    /// Clients are told each value, as PostgreSQL does (`GUC_REPORT`).
    reported: bool,
}

const fn known(name: &'static str, default: &'static str, kind: Kind) -> Known {
    Known {
        name,
        default,
        kind,
        reported: false,
    }
}

const fn reported(name: &'static str, default: &'static str, kind: Kind) -> Known {
    Known {
        name,
        default,
        kind,
        reported: true,
    }
}

const LEVELS: Kind = Kind::OneOf(&[
    "serializable",
    "repeatable read",
    "read committed",
    "read uncommitted",
]);
const MESSAGES: Kind = Kind::OneOf(&[
    "debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error",
]);

/// All of them, by name in small letters.
const KNOWN: &[Known] = &[
    reported("application_name", "", Kind::Text),
    known("bytea_output", "hex", Kind::OneOf(&["hex"])),
    known("check_function_bodies", "on", Kind::Switch),
    reported("client_encoding", "UTF8", Kind::Encoding),
    known("client_min_messages", "notice", MESSAGES),
    reported("DateStyle", "ISO, MDY", Kind::DateStyle),
    known("default_transaction_deferrable", "off", Kind::Switch),
    known("default_transaction_isolation", "repeatable read", LEVELS),
    reported("default_transaction_read_only", "off", Kind::Switch),
    known("extra_float_digits", "1", Kind::Number(1, 3)),
    known("headwater.at", "", Kind::Moment),
    known(
        "headwater.consistency",
        "fresh",
        Kind::OneOf(&["fresh", "eventual"]),
    ),
    known("headwater.position", "", Kind::Shown),
    known("headwater.wait_for", "", Kind::Place),
    known("idle_in_transaction_session_timeout", "0", Kind::Span),
    reported("in_hot_standby", "off", Kind::Shown),
    reported("integer_datetimes", "on", Kind::Shown),
    reported("IntervalStyle", "postgres", Kind::OneOf(&["postgres"])),
    reported("is_superuser", "off", Kind::Shown),
    known("jit", "off", Kind::Switch),
    known("lc_collate", "C.UTF-8", Kind::Shown),
    known("lc_ctype", "C.UTF-8", Kind::Shown),
    known("lc_messages", "C", Kind::Text),
    known("lock_timeout", "0", Kind::Span),
    known("max_identifier_length", "63", Kind::Shown),
    known("row_security", "on", Kind::Switch),
    known("search_path", "\"$user\", public", Kind::Text),
    reported("server_encoding", "UTF8", Kind::Shown),
    reported("server_version", SERVER_VERSION, Kind::Shown),
    known("server_version_num", "150000", Kind::Shown),
    reported("session_authorization", "", Kind::Shown),
    reported("standard_conforming_strings", "on", Kind::OneOf(&["on"])),
    known("statement_timeout", "1min", Kind::Span),
    reported("TimeZone", "UTC", Kind::TimeZone),
    known("transaction_deferrable", "off", Kind::Switch),
    known("transaction_isolation", "repeatable read", LEVELS),
    known("transaction_read_only", "off", Kind::Shown),
];

/// What statements and transactions have, and `set` does not.
const OF_A_STATEMENT: &[&str] = &["headwater.position", "transaction_read_only"];

/// The settings of a session.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// What the connection began with, where that is not the default.
    begun: BTreeMap<&'static str, String>,
    /// What was set since.
    set: BTreeMap<&'static str, String>,
}

fn find(name: &str) -> Result<&'static Known, Failure> {
    let found = KNOWN.binary_search_by(|known| compare(known.name, name));
    found.map(|at| &KNOWN[at]).map_err(|_| {
        Failure::new(
            "42704",
            format!("unrecognized configuration parameter \"{name}\""),
        )
    })
}

/// The order of names, whose letters may be small or not.
fn compare(a: &str, b: &str) -> Ordering {
    let small = u8::to_ascii_lowercase;
    let b = b.as_bytes().iter().map(small);
    a.as_bytes().iter().map(small).cmp(b)
}

impl SessionSettings for Settings {
    fn each(&self) -> Vec<(&str, &str)> {
        // What is not so for a whole session is told by `show` alone.
        let lasting = KNOWN
            .iter()
            .filter(|known| !OF_A_STATEMENT.contains(&known.name));
        let value = |known: &Known| self.get(known.name).unwrap_or(known.default);
        lasting.map(|known| (known.name, value(known))).collect()
    }
}

impl Settings {
    /// Settings that begin with what is known of the connection itself.
    pub(crate) fn new(user: &str) -> Settings {
        let begun = BTreeMap::from([("session_authorization", user.to_owned())]);
        Settings {
            begun,
            set: BTreeMap::new(),
        }
    }

    /// Who connected, as `current_user` answers.
    pub(crate) fn user(&self) -> &str {
        self.begun
            .get("session_authorization")
            .map_or("", String::as_str)
    }

    /// Sets what the connection begins with, and goes back to.
    pub(crate) fn begin_with(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let known = find(name)?;
        let value = known.read(value)?;
        self.begun.insert(known.name, value);
        Ok(())
    }

    /// Sets a value. Gives the name under which clients are told of it, if they are.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<Option<&'static str>, Failure> {
        let known = find(name)?;
        let value = known.read(value)?;
        self.set.insert(known.name, value);
        Ok(known.reported.then_some(known.name))
    }

    /// Goes back to what the connection began with.
    pub(crate) fn reset(&mut self, name: &str) -> Result<Option<&'static str>, Failure> {
        let known = find(name)?;
        if known.kind == Kind::Shown {
            return Err(known.cannot_change());
        }
        self.set.remove(known.name);
        Ok(known.reported.then_some(known.name))
    }

    /// Goes back everywhere. Gives the names that clients are told of.
    pub(crate) fn reset_all(&mut self) -> Vec<&'static str> {
        let set = std::mem::take(&mut self.set);
        let names = set.into_keys();
        names
            .filter(|name| reported_names().any(|reported| reported == *name))
            .collect()
    }

    /// A value, as `show` prints it.
    pub(crate) fn get(&self, name: &str) -> Result<&str, Failure> {
        let known = find(name)?;
        let value = self
            .set
            .get(known.name)
            .or_else(|| self.begun.get(known.name));
        Ok(value.map_or(known.default, String::as_str))
    }

    /// The name as `show` prints it.
    pub(crate) fn name(name: &str) -> Result<&'static str, Failure> {
        find(name).map(|known| known.name)
    }

    /// All names, in order.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.name)
    }

    /// How recent answers must be.
    pub(crate) fn consistency(&self) -> Consistency {
        match self.get("headwater.consistency") {
            Ok("eventual") => Consistency::Eventual,
            _ => Consistency::Fresh,
        }
    }

    /// As of when answers are, if not as of now.
    pub(crate) fn at(&self) -> Option<At> {
        moment(self.get("headwater.at").ok()?).ok()?
    }

    /// The position that answers wait for.
    pub(crate) fn wait_for(&self) -> Option<Position> {
        let text = self.get("headwater.wait_for").ok()?;
        text.parse().ok().map(Position)
    }

    /// Whether a transaction only reads if it does not say so itself.
    pub(crate) fn read_only(&self) -> bool {
        self.get("default_transaction_read_only")
            .is_ok_and(|value| value == "on")
    }

    /// How long a statement may take.
    pub(crate) fn statement_timeout(&self) -> Duration {
        match self.span("statement_timeout") {
            Some(timeout) => timeout.min(STATEMENT_TIMEOUT_MAX),
            None => STATEMENT_TIMEOUT_MAX,
        }
    }

    /// A span of time; nothing for 0.
    pub(crate) fn span(&self, name: &str) -> Option<Duration> {
        let span = span(self.get(name).ok()?)?;
        (!span.is_zero()).then_some(span)
    }
}

/// The names whose values clients are told.
pub(crate) fn reported_names() -> impl Iterator<Item = &'static str> {
    KNOWN
        .iter()
        .filter(|known| known.reported)
        .map(|known| known.name)
}

/// A moment as it is written after `shop@`: digits are a position, everything else is a time, and
/// nothing is now.
pub(crate) fn moment(text: &str) -> Result<Option<At>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let position = text.parse().map_err(|_| {
            Failure::new(
                "22003",
                format!("value \"{text}\" is out of range for a position"),
            )
        })?;
        return Ok(Some(At::Position(Position(position))));
    }
    match Value::from_text(Type::Timestamptz, text) {
        Ok(Value::Timestamptz(micros)) => Ok(Some(At::Time(time(micros)?))),
        Ok(_) => Ok(None),
        Err(error) => Err(Failure::from(error)
            .hint("Write a position such as 1200, or a time such as 2026-11-20T10:00:00Z.")),
    }
}

impl Known {
    /// The value as it is kept, or why it is refused.
    fn read(&self, value: &str) -> Result<String, Failure> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(self
                .wrong(value)
                .detail(format!("Expected at most {VALUE_BYTES_MAX} bytes.")));
        }
        let lower = value.trim().to_ascii_lowercase();
        match self.kind {
            Kind::Shown => return Err(self.cannot_change()),
            Kind::Text => {}
            Kind::OneOf(list) if list.contains(&lower.as_str()) => return Ok(lower),
            Kind::OneOf(list) => {
                let list = list.join(", ");
                return Err(self.wrong(value).hint(format!("Available values: {list}.")));
            }
            Kind::Switch => return self.switch(value),
            Kind::Span if span(&lower).is_some() => return Ok(lower),
            Kind::Number(least, most) => match lower.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => return Ok(lower),
                _ => {
                    return Err(self
                        .wrong(value)
                        .hint(format!("Expected {least} to {most}.")));
                }
            },
            Kind::DateStyle if lower.starts_with("iso") => return Ok(date_style(&lower)),
            Kind::TimeZone
                if ["utc", "gmt", "etc/utc", "zulu", "universal", "0", "+00:00"]
                    .contains(&lower.as_str()) =>
            {
                return Ok("UTC".to_owned());
            }
            Kind::Encoding => return self.encoding(value, &lower),
            Kind::Moment => {
                moment(value)?;
            }
            Kind::Place if value.is_empty() || value.parse::<u64>().is_ok() => {}
            Kind::DateStyle | Kind::TimeZone => {
                let what = format!("the value \"{value}\" of {}", self.name);
                return Err(
                    Failure::unsupported(what).hint("Times are written in ISO form, in UTC.")
                );
            }
            Kind::Span | Kind::Place => return Err(self.wrong(value)),
        }
        Ok(value.to_owned())
    }

    fn switch(&self, value: &str) -> Result<String, Failure> {
        match Value::from_text(Type::Bool, value) {
            Ok(Value::Bool(true)) => Ok("on".to_owned()),
            Ok(Value::Bool(false)) => Ok("off".to_owned()),
            _ => Err(Failure::new(
                "22023",
                format!("parameter \"{}\" requires a Boolean value", self.name),
            )),
        }
    }

    fn encoding(&self, value: &str, lower: &str) -> Result<String, Failure> {
        match lower.replace(['-', '_'], "").as_str() {
            "utf8" | "unicode" => Ok("UTF8".to_owned()),
            "sqlascii" => Ok("SQL_ASCII".to_owned()),
            _ => Err(Failure::unsupported(format!("the encoding \"{value}\""))
                .hint("Text is UTF8 here.")),
        }
    }

    fn wrong(&self, value: &str) -> Failure {
        let message = format!("invalid value for parameter \"{}\": \"{value}\"", self.name);
        Failure::new("22023", message)
    }

    fn cannot_change(&self) -> Failure {
        Failure::new(
            "55P02",
            format!("parameter \"{}\" cannot be changed", self.name),
        )
    }
}

/// The order of day and month, which matters to no text that is read here, is kept as it was given.
fn date_style(lower: &str) -> String {
    let order = ["dmy", "ymd"]
        .into_iter()
        .find(|order| lower.contains(order));
    format!("ISO, {}", order.unwrap_or("mdy").to_ascii_uppercase())
}

/// `250`, `250ms`, `10s`, `5min`, `1h`, `1d`.
fn span(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_in_any_case() {
        for known in KNOWN {
            let loud = known.name.to_ascii_uppercase();
            assert_eq!(Settings::name(&loud).unwrap(), known.name);
        }
        for other in ["", "a", "headwater", "headwater.", "zone"] {
            assert_eq!(find(other).unwrap_err().sqlstate(), "42704");
        }
    }

    #[test]
    fn settings_are_kept_and_go_back() {
        let mut settings = Settings::new("ada");
        assert_eq!(settings.get("Session_Authorization").unwrap(), "ada");
        settings.begin_with("headwater.at", "7").unwrap();
        assert_eq!(
            settings.set("timezone", "etc/utc").unwrap(),
            Some("TimeZone")
        );
        settings
            .set("HEADWATER.AT", "2026-11-20T10:00:00Z")
            .unwrap();
        assert!(matches!(settings.at(), Some(At::Time(_))));
        settings.set("headwater.at", "").unwrap();
        assert_eq!(settings.at(), None);
        settings.reset("headwater.at").unwrap();
        assert_eq!(settings.at(), Some(At::Position(Position(7))));
        settings.set("statement_timeout", "0").unwrap();
        assert_eq!(settings.statement_timeout(), STATEMENT_TIMEOUT_MAX);
        settings.set("statement_timeout", "2s").unwrap();
        assert_eq!(settings.statement_timeout(), Duration::from_secs(2));
        assert_eq!(settings.reset_all(), ["TimeZone"]);
        assert_eq!(settings.statement_timeout(), Duration::from_secs(60));
    }

    #[test]
    fn what_cannot_be_set_is_refused() {
        let mut settings = Settings::default();
        for (name, value, sqlstate) in [
            ("no_such_thing", "1", "42704"),
            ("headwater.no_such_thing", "1", "42704"),
            ("server_version", "16", "55P02"),
            ("headwater.position", "1", "55P02"),
            ("timezone", "Europe/Berlin", "0A000"),
            ("datestyle", "German", "0A000"),
            ("client_encoding", "LATIN1", "0A000"),
            ("headwater.consistency", "strong", "22023"),
            ("headwater.wait_for", "-1", "22023"),
            ("headwater.at", "yesterday", "0A000"),
            ("statement_timeout", "soon", "22023"),
            ("extra_float_digits", "-15", "22023"),
            ("standard_conforming_strings", "off", "22023"),
        ] {
            let failure = settings.set(name, value).unwrap_err();
            assert_eq!(failure.sqlstate(), sqlstate, "{name} = {value}");
        }
    }

    #[test]
    fn names_are_sorted_so_that_a_list_is() {
        let names: Vec<String> = Settings::names().map(str::to_ascii_lowercase).collect();
        assert!(names.is_sorted());
    }
}
