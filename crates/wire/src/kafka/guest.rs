//! A client that has not said who it is: `SaslHandshake` and `SaslAuthenticate`, by PLAIN or
//! SCRAM-SHA-256 (KIP-12, KIP-84, KIP-152).
//!
//! Its user is the name of a key, and its password the key. Where no key is needed a client need not
//! say who it is, and one that shows a key by PLAIN all the same is nobody, as over HTTP.

use std::net::IpAddr;

use bytes::Bytes;
use headwater_event::Error;
use headwater_node::Identity;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{ApiKey, SaslAuthenticateResponse, SaslHandshakeResponse};
use kafka_protocol::protocol::StrBytes;

use crate::app::App;
use crate::kafka::header::Header;
use crate::kafka::reader::Reader;
use crate::kafka::request::{Refusal, answer_versions, check_version};
use crate::protocol::Protocol;
use crate::scram::{self, Proved, Scram};

const PLAIN: &str = "PLAIN";

/// Bytes of a request of somebody who may be anybody.
pub(crate) const REQUEST_BYTES_MAX: usize = 16 << 10;

/// What a guest has said so far.
#[derive(Default)]
enum Said {
    #[default]
    Nothing,
    Plain,
    Scram,
    /// What is left to be proved.
    Claimed(Box<Scram>),
}

/// A client that has not said who it is.
#[derive(Default)]
pub(crate) struct Guest {
    said: Said,
}

/// What comes of a request of a guest.
pub(crate) enum Step {
    /// It is answered, and others follow.
    Answer(Bytes),
    /// It is answered, and is known.
    Known(Bytes, Identity),
    /// It is answered, and is not let in.
    Refused(Bytes),
}

/// What came of showing a key.
enum Shown {
    /// There is more to say.
    More(Vec<u8>),
    Known(Vec<u8>, Identity),
}

impl Guest {
    /// Whether it may ask for this.
    pub(crate) fn may_ask(key: Option<ApiKey>) -> bool {
        matches!(
            key,
            Some(ApiKey::ApiVersions | ApiKey::SaslHandshake | ApiKey::SaslAuthenticate)
        )
    }

    /// Answers what it may ask for.
    pub(crate) async fn answer(
        &mut self,
        app: &App,
        peer: IpAddr,
        header: &Header,
        mut reader: Reader,
    ) -> Result<Step, Refusal> {
        match header.key {
            Some(ApiKey::SaslHandshake) => {
                check_version(header)?;
                let told = self.choose(app, &reader.string()?);
                Ok(Step::Answer(header.reply(&told)?))
            }
            Some(ApiKey::SaslAuthenticate) => {
                check_version(header)?;
                let said = reader.bytes()?;
                let shown = self.show(app, peer, &said).await;
                told(header, shown)
            }
            _ => Ok(Step::Answer(answer_versions(header)?)),
        }
    }

    /// Takes the mechanism that it wants.
    fn choose(&mut self, app: &App, wanted: &str) -> SaslHandshakeResponse {
        // Without keys there is nothing to prove a knowledge of.
        let mechanisms = match app.node.keys().are_needed() {
            true => &[PLAIN, scram::MECHANISM][..],
            false => &[PLAIN],
        };
        self.said = match mechanisms.iter().find(|known| **known == wanted) {
            Some(&PLAIN) => Said::Plain,
            Some(_) => Said::Scram,
            None => Said::Nothing,
        };
        let error = match self.said {
            Said::Nothing => ResponseError::UnsupportedSaslMechanism.code(),
            _ => 0,
        };
        let mechanisms = mechanisms.iter().copied();
        SaslHandshakeResponse::default()
            .with_error_code(error)
            .with_mechanisms(mechanisms.map(StrBytes::from_static_str).collect())
    }

    async fn show(&mut self, app: &App, peer: IpAddr, said: &[u8]) -> Result<Shown, Error> {
        let keys = app.node.keys();
        match std::mem::take(&mut self.said) {
            Said::Nothing => Err(no_handshake()),
            Said::Plain => {
                let (name, text) = read_plain(said).ok_or_else(not_plain)?;
                let shown = keys.of_password(name, text).await;
                let who = app.admit(Protocol::Kafka, peer, shown).await?;
                Ok(Shown::Known(Vec::new(), who))
            }
            Said::Scram => {
                let scram = Box::new(Scram::first(keys, said, None)?);
                let reply = scram.reply().to_vec();
                self.said = Said::Claimed(scram);
                Ok(Shown::More(reply))
            }
            Said::Claimed(scram) => {
                let Proved { who, reply } =
                    app.admit(Protocol::Kafka, peer, scram.last(said)).await?;
                keys.opened(&who);
                Ok(Shown::Known(reply, who))
            }
        }
    }
}

fn told(header: &Header, shown: Result<Shown, Error>) -> Result<Step, Refusal> {
    let answer = SaslAuthenticateResponse::default();
    Ok(match shown {
        Ok(Shown::More(words)) => {
            Step::Answer(header.reply(&answer.with_auth_bytes(words.into()))?)
        }
        Ok(Shown::Known(words, who)) => {
            Step::Known(header.reply(&answer.with_auth_bytes(words.into()))?, who)
        }
        Err(error) => {
            let code = match error.code() {
                NO_HANDSHAKE => ResponseError::IllegalSaslState,
                _ => ResponseError::SaslAuthenticationFailed,
            };
            let answer = answer
                .with_error_code(code.code())
                .with_error_message(Some(StrBytes::from_string(error.to_string())));
            Step::Refused(header.reply(&answer)?)
        }
    })
}

/// The answer to who is known already.
pub(crate) fn refuse_handshake() -> SaslHandshakeResponse {
    SaslHandshakeResponse::default().with_error_code(ResponseError::IllegalSaslState.code())
}

/// As [`refuse_handshake`].
pub(crate) fn refuse_authenticate() -> SaslAuthenticateResponse {
    SaslAuthenticateResponse::default().with_error_code(ResponseError::IllegalSaslState.code())
}

/// RFC 4616: who to act as, who it is, and the password. Nobody acts as somebody else.
pub(crate) fn read_plain(message: &[u8]) -> Option<(&str, &str)> {
    let mut parts = std::str::from_utf8(message).ok()?.split('\0');
    let (act_as, name, text) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none() && !name.is_empty() && !text.is_empty();
    let oneself = act_as.is_empty() || act_as == name;
    (whole && oneself).then_some((name, text))
}

const NO_HANDSHAKE: &str = "no_handshake";

fn no_handshake() -> Error {
    Error::invalid(NO_HANDSHAKE, "the client has not said how it shows its key")
        .expected("SaslHandshake with PLAIN or SCRAM-SHA-256 before SaslAuthenticate")
}

fn not_plain() -> Error {
    Error::invalid("bad_request", "the message of PLAIN cannot be read")
        .expected("the name of a key and its text, and nobody else to act as")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_plain_is_a_name_and_a_text() {
        for (message, read) in [
            (&b"\0till\0hw_1"[..], Some(("till", "hw_1"))),
            (b"till\0till\0hw_1", Some(("till", "hw_1"))),
            (b"root\0till\0hw_1", None),
            (b"\0till\0", None),
            (b"\0\0hw_1", None),
            (b"till\0hw_1", None),
            (b"\0till\0hw_1\0", None),
            (b"\0t\xffll\0hw_1", None),
            (b"", None),
        ] {
            assert_eq!(read_plain(message), read, "{message:?}");
        }
    }
}
