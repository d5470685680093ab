//! How a client shows who it is: its user is the name of a key, its password the key.
//!
//! By SCRAM-SHA-256, so that the key itself does not go over the network. A client that knows no
//! SCRAM begins with `options=-c headwater.sign_in=password`, and is then asked for the key as it is:
//! only where nobody on the way can read it.

use bytes::Bytes;
use headwater_event::Error;
use headwater_node::Identity;
use pgwire::messages::startup::Authentication;

use crate::app::Shared;
use crate::postgres::client::{Client, Lost};
use crate::postgres::failure::Failure;
use crate::postgres::frontend::{Body, utf8};
use crate::protocol::Protocol;
use crate::scram::{MECHANISM, Scram};

/// How a client wants to show its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignIn {
    Scram,
    Password,
}

/// Asks the client for its key, where one is needed. Nothing is woken.
pub(crate) async fn sign_in(
    client: &mut Client,
    app: &Shared,
    user: &str,
    how: SignIn,
) -> Result<Identity, Lost> {
    if let Ok(nobody) = app.node.keys().nobody() {
        return Ok(nobody);
    }
    match how {
        SignIn::Scram => by_scram(client, app, user).await,
        SignIn::Password => by_password(client, app, user).await,
    }
}

async fn by_scram(client: &mut Client, app: &Shared, user: &str) -> Result<Identity, Lost> {
    let keys = app.node.keys();
    client.say(&Authentication::SASL(vec![MECHANISM.to_owned()]));
    client.flush().await?;
    let mut first = Body::new(client.next_password().await?);
    let mechanism = first.text()?;
    if mechanism != MECHANISM {
        return Err(
            Failure::new("08P01", "client selected an invalid SASL mechanism")
                .detail(format!("Found {mechanism}, expected {MECHANISM}."))
                .into(),
        );
    }
    let first = first.value()?.unwrap_or_default();
    let scram = Scram::first(keys, &first, Some(user)).map_err(malformed)?;
    let reply = Bytes::copy_from_slice(scram.reply());
    client.say(&Authentication::SASLContinue(reply));
    client.flush().await?;
    let proved = scram.last(&client.next_password().await?);
    let proved = admit(client, app, user, proved).await?;
    keys.opened(&proved.who);
    client.say(&Authentication::SASLFinal(proved.reply.into()));
    Ok(proved.who)
}

async fn by_password(client: &mut Client, app: &Shared, user: &str) -> Result<Identity, Lost> {
    if !client.is_private() {
        return Err(
            Failure::new("28000", "a password is asked for under TLS only")
                .hint("Connect with sslmode=require, or leave headwater.sign_in at scram.")
                .into(),
        );
    }
    client.say(&Authentication::CleartextPassword);
    client.flush().await?;
    let password = client.next_password().await?;
    let password = password.strip_suffix(b"\0").unwrap_or(&password);
    let shown = app.node.keys().of_password(user, utf8(password)?).await;
    admit(client, app, user, shown).await
}

/// Passes on who was let in. Who was not waits for the answer, as long as it is there.
async fn admit<T>(
    client: &mut Client,
    app: &Shared,
    user: &str,
    shown: Result<T, Error>,
) -> Result<T, Lost> {
    let peer = client.peer();
    tokio::select! {
        biased;
        shown = app.admit(Protocol::Postgres, peer, shown) => {
            shown.map_err(|error| refused(user, &error).into())
        }
        () = client.gone() => Err(Lost::Gone),
    }
}

/// In the words that PostgreSQL's clients know.
fn refused(user: &str, error: &Error) -> Failure {
    match error.code() {
        "bad_key" => Failure::new(
            "28P01",
            format!("password authentication failed for user \"{user}\""),
        )
        .hint("The user is the name of a key, and the password its text, as `headwater key create` told it."),
        _ => malformed(error.clone()),
    }
}

fn malformed(error: Error) -> Failure {
    match error.code() {
        "bad_request" => Failure::new("08P01", "malformed SCRAM message").detail(error.to_string()),
        _ => error.into(),
    }
}
