//! The beginning of a connection: what it speaks, who it is, and which database it is for.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwater_node::{DatabaseName, Identity, Role};
use pgwire::messages::startup::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey,
};

use crate::app::Shared;
use crate::postgres::client::{Client, Lost};
use crate::postgres::failure::Failure;
use crate::postgres::frontend::Body;
use crate::postgres::session::Session;
use crate::postgres::settings::{Settings, moment, reported_names};
use crate::postgres::sign_in::{SignIn, sign_in};

const CANCEL_REQUEST: u32 = 80_877_102;
pub(super) const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

/// The protocol is 3.0: the major version stands in the upper half.
const MAJOR_VERSION: u32 = 3;

/// How the client shows its key, which it says when it begins.
const SIGN_IN: &str = "headwater.sign_in";

/// Questions about encryption that a client may ask before it begins, and bytes of one.
pub(super) const QUESTIONS_MAX: usize = 3;
pub(super) const QUESTION_BYTES: usize = 8;

/// What a client wants of the connection.
pub(crate) enum Opening {
    /// To use a database.
    Session(Box<Session>),
    /// To call off what runs on another connection; it ends here.
    Cancel,
}

/// Speaks with a client until it may send statements.
pub(crate) async fn open(mut client: Client, app: Shared) -> Result<Opening, (Client, Lost)> {
    let due = client.due();
    let mut stopping = app.stopping.clone();
    let introduced = tokio::select! {
        introduced = tokio::time::timeout_at(due, introduce(&mut client, &app)) => introduced,
        _ = stopping.wait_for(|stopping| *stopping) => return Err((client, Lost::Gone)),
    };
    let (parameters, who) = match introduced {
        Ok(Ok(Some(introduced))) => introduced,
        Ok(Ok(None)) => return Ok(Opening::Cancel),
        Ok(Err(lost)) => return Err((client, lost)),
        Err(_) => return Err((client, Lost::Gone)), // PostgreSQL says nothing either
    };
    let session = match begin(&parameters, &who, &app) {
        Ok((name, settings)) => {
            let backend = match app.backends.enter() {
                Ok(backend) => backend,
                Err(error) => {
                    let failure = Failure::new("58000", "the system gives no random numbers");
                    return Err((client, failure.detail(error.to_string()).into()));
                }
            };
            Session::new(app, client, backend, who, name, settings)
        }
        Err(failure) => return Err((client, failure.into())),
    };
    welcome(session, &parameters).await
}

/// The parameters that the client begins with, and who it is; nothing if it wanted to call something
/// off.
async fn introduce(
    client: &mut Client,
    app: &Shared,
) -> Result<Option<(BTreeMap<String, String>, Identity)>, Lost> {
    let Some(parameters) = first_words(client, app).await? else {
        return Ok(None);
    };
    if client.must_be_secure() {
        return Err(
            Failure::new("28000", "the server speaks TLS to other machines")
                .hint("Connect with sslmode=require.")
                .into(),
        );
    }
    let who = sign_in(client, app, user(&parameters)?, how(&parameters)?).await?;
    Ok(Some((parameters, who)))
}

/// How the client wants to show its key.
fn how(parameters: &BTreeMap<String, String>) -> Result<SignIn, Failure> {
    let wishes = wishes(parameters);
    match wishes.iter().find(|(name, _)| name == SIGN_IN) {
        None => Ok(SignIn::Scram),
        Some((_, how)) if how == "scram" => Ok(SignIn::Scram),
        Some((_, how)) if how == "password" => Ok(SignIn::Password),
        Some((name, how)) => Err(Failure::new(
            "22023",
            format!("invalid value for parameter \"{name}\": \"{how}\""),
        )
        .hint("Available values: scram, password.")),
    }
}

/// The parameters that the client begins with; nothing if it wanted to call something off.
async fn first_words(
    client: &mut Client,
    app: &Shared,
) -> Result<Option<BTreeMap<String, String>>, Lost> {
    for _ in 0..=QUESTIONS_MAX {
        let mut body = Body::new(client.next_startup().await?);
        match body.u32()? {
            SSL_REQUEST => client.encrypt().await?,
            GSS_REQUEST => client.refuse_encryption().await?,
            CANCEL_REQUEST => {
                let (number, secret) = (body.u32()?, body.u32()?);
                app.backends.cancel(number, secret);
                return Ok(None);
            }
            version if version >> 16 == MAJOR_VERSION => {
                let mut parameters = BTreeMap::new();
                loop {
                    let name = body.text()?;
                    if name.is_empty() {
                        break;
                    }
                    parameters.insert(name, body.text()?);
                }
                negotiate(client, version, &mut parameters);
                return Ok(Some(parameters));
            }
            version => {
                let (major, minor) = (version >> 16, version & 0xffff);
                let message =
                    format!("unsupported frontend protocol {major}.{minor}: server supports 3.0");
                return Err(Failure::new("0A000", message).into());
            }
        }
    }
    Err(Failure::new("08P01", "the client asks for encryption again and again").into())
}

/// Tells a client that wants a later minor version, or options of the protocol, what it gets.
fn negotiate(client: &mut Client, version: u32, parameters: &mut BTreeMap<String, String>) {
    let is_option = |name: &String| name.starts_with("_pq_.");
    let options: Vec<String> = parameters
        .keys()
        .filter(|name| is_option(name))
        .cloned()
        .collect();
    parameters.retain(|name, _| !is_option(name));
    if version & 0xffff != 0 || !options.is_empty() {
        // The newest minor version, which is 0; PostgreSQL writes the whole version here.
        let newest = (MAJOR_VERSION << 16).cast_signed();
        client.say(&NegotiateProtocolVersion::new(newest, options));
    }
}

/// Looks at what the client begins with. Nothing is woken.
fn begin(
    parameters: &BTreeMap<String, String>,
    who: &Identity,
    app: &Shared,
) -> Result<(DatabaseName, Settings), Failure> {
    if let Some(replication) = parameters.get("replication")
        && !matches!(replication.as_str(), "false" | "off" | "no" | "0")
    {
        return Err(Failure::unsupported("replication")
            .hint("Follow events over HTTP, or LISTEN to a category."));
    }
    let user = user(parameters)?;
    let wanted = parameters.get("database").map_or(user, String::as_str);
    let (name, at) = wanted.split_once('@').unwrap_or((wanted, ""));
    let unknown = |hint: &str| {
        Failure::new("3D000", format!("database \"{name}\" does not exist")).hint(hint)
    };
    let database: DatabaseName = name.parse().map_err(|_| {
        unknown("Names of databases are made of a to z, 0 to 9, - and _; shop@1200 is shop as of position 1200.")
    })?;
    who.may(Role::Read, Some(&database))?;
    app.node
        .show(&database)
        .map_err(|error| match error.code() {
            "unknown_database" => unknown("Create it first: headwater database create NAME."),
            _ => error.into(),
        })?;
    let mut settings = Settings::new(user);
    if wanted.contains('@') && moment(at)?.is_none() {
        return Err(unknown("After the @ stands a position or a time."));
    }
    settings.begin_with("headwater.at", at)?;
    Ok((database, settings))
}

/// The name that a client gives itself: that of its key, where one is needed.
fn user(parameters: &BTreeMap<String, String>) -> Result<&str, Failure> {
    match parameters.get("user") {
        Some(user) if !user.is_empty() => Ok(user),
        _ => Err(Failure::new(
            "28000",
            "no PostgreSQL user name specified in startup packet",
        )),
    }
}

/// Lets the client in: its settings, the server's, and the key to call off what it runs.
async fn welcome(
    mut session: Box<Session>,
    parameters: &BTreeMap<String, String>,
) -> Result<Opening, (Client, Lost)> {
    session.client.say(&Authentication::Ok);
    let mut notices = Vec::new();
    let wishes = wishes(parameters).into_iter();
    for (name, value) in wishes.filter(|(name, _)| name != SIGN_IN) {
        match Arc::make_mut(&mut session.settings).begin_with(&name, &value) {
            Ok(()) => {}
            // What a client always asks for, without knowing the server, must not send it away.
            Err(failure) if failure.sqlstate() == "0A000" => notices.push(failure),
            Err(failure) => return Err((session.client, failure.into())),
        }
    }
    for name in reported_names() {
        let value = session.settings.get(name).unwrap_or_default().to_owned();
        session
            .client
            .say(&ParameterStatus::new(name.to_owned(), value));
    }
    let key = SecretKey::I32(session.backend.secret.cast_signed());
    let number = session.backend.number.cast_signed();
    session.client.say(&BackendKeyData::new(number, key));
    for notice in notices {
        session.client.say(&notice.notice("WARNING"));
    }
    session.ready();
    match session.client.flush().await {
        Ok(()) => Ok(Opening::Session(session)),
        Err(error) => Err((session.client, error.into())),
    }
}

/// The settings that a client begins with: by name, and as `-c name=value` in `options`.
fn wishes(parameters: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let own = ["user", "database", "replication", "options"];
    let named = parameters
        .iter()
        .filter(|(name, _)| !own.contains(&name.as_str()));
    let mut wishes: Vec<(String, String)> = named
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let options = parameters.get("options").map_or("", String::as_str);
    let mut words = unescaped(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.strip_prefix("-c") {
            Some("") => words.next().unwrap_or_default(),
            Some(setting) => setting.to_owned(),
            None => word.strip_prefix("--").unwrap_or_default().to_owned(),
        };
        if let Some((name, value)) = setting.split_once('=') {
            wishes.push((name.replace('-', "_"), value.to_owned()));
        }
    }
    wishes
}

/// Words between blanks; a backslash keeps what follows it.
fn unescaped(options: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match (character, words.last_mut()) {
            ('\\', Some(word)) => word.extend(characters.next()),
            (blank, _) if blank.is_whitespace() => words.push(String::new()),
            (other, Some(word)) => word.push(other),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_settings() {
        let parameters = BTreeMap::from([
            ("user".to_owned(), "ada".to_owned()),
            ("application_name".to_owned(), "psql".to_owned()),
            (
                "options".to_owned(),
                r"-c statement_timeout=5s -cheadwater.at=7 --search-path=a\ b ignored".to_owned(),
            ),
        ]);
        let expected = [
            ("application_name", "psql"),
            ("statement_timeout", "5s"),
            ("headwater.at", "7"),
            ("search_path", "a b"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(wishes(&parameters), expected);
    }
}
