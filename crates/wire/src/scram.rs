//! SCRAM-SHA-256, the side of the server (RFC 5802, RFC 7677): the client proves to know a key, and
//! the server that it knows the verifier, and neither says what it knows.
//!
//! ```text
//! client                                       server
//!   n,,n=user,r=rOprNGfwEb         -- first -->  Scram::first
//!   <-- r=rOprNGfwEb%hvYDpWUa,s=W22Z...,i=4096
//!   c=biws,r=rOprNGfwEb%hvYDpWUa,p=dHzb... --->  Scram::last
//!   <-- v=6rriTRBi23WpRR/wtup+...
//! ```
//!
//! It reads and writes the messages; what carries them, PostgreSQL's frames or Kafka's, is not of
//! its business. Channel binding is not offered, and a client that insists on it is refused.

pub(crate) mod fuzz;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use headwater_event::{Error, Kind};
use headwater_node::{Claim, Identity, Keys, Verifier};
use ring::hmac;

/// The name of the mechanism.
pub(crate) const MECHANISM: &str = "SCRAM-SHA-256";

/// Longer messages are refused unread.
const MESSAGE_BYTES_MAX: usize = 4096;

/// An exchange whose first message was read: what is left to be proved.
pub(crate) struct Scram {
    claim: Claim,
    exchange: Exchange,
}

/// Who has proved to have a key, and what they are told.
pub(crate) struct Proved {
    pub(crate) who: Identity,
    /// The last message of the server, by which it proves itself.
    pub(crate) reply: Vec<u8>,
}

impl Scram {
    /// Reads the first message of a client. `user` is the name of the key where the protocol has
    /// said it already, as PostgreSQL does: the name in the message is not looked at then.
    pub(crate) fn first(
        keys: Keys<'_>,
        message: &[u8],
        user: Option<&str>,
    ) -> Result<Scram, Error> {
        let first = First::read(message)?;
        let claim = keys.claim(user.unwrap_or(first.name));
        let exchange = Exchange::begin(&first, claim.verifier(), &nonce()?);
        Ok(Scram { claim, exchange })
    }

    /// What the client is told to its first message.
    pub(crate) fn reply(&self) -> &[u8] {
        self.exchange.reply.as_bytes()
    }

    /// Reads the last message of the client, and tells who it is. `bad_key`: it proves nothing.
    pub(crate) fn last(self, message: &[u8]) -> Result<Proved, Error> {
        let proof = self.exchange.last(message, self.claim.verifier())?;
        let who = self.claim.prove(&proof.client_key)?;
        let reply = proof.reply;
        Ok(Proved { who, reply })
    }
}

/// The first message of a client.
struct First<'a> {
    /// The `gs2-header`, which the last message repeats.
    header: &'a str,
    /// What comes after it, which is signed.
    bare: &'a str,
    name: &'a str,
    nonce: &'a str,
}

impl First<'_> {
    fn read(message: &[u8]) -> Result<First<'_>, Error> {
        let (header, bare) = split_header(text_of(message)?)?;
        let mut attributes = bare.split(',');
        let name = attribute(attributes.next(), "n=")?;
        let nonce = attribute(attributes.next(), "r=")?;
        if nonce.is_empty() || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed("a nonce of printable characters"));
        }
        Ok(First {
            header,
            bare,
            name,
            nonce,
        })
    }
}

/// What both sides have said so far.
struct Exchange {
    header: String,
    /// Both nonces, one after another.
    nonce: String,
    /// Bytes of the client's.
    nonce_of_client: usize,
    /// `client-first-message-bare` and `server-first-message`, which are signed.
    signed: String,
    reply: String,
}

/// What a last message gives: worth something if the key fits the verifier.
struct Proof {
    client_key: [u8; 32],
    reply: Vec<u8>,
}

impl Exchange {
    /// Answers the first message with a nonce of the server: printable, without a comma, and
    /// never used before.
    fn begin(first: &First<'_>, verifier: &Verifier, nonce: &str) -> Exchange {
        let nonce = format!("{}{nonce}", first.nonce);
        let salt = BASE64.encode(verifier.salt());
        let reply = format!("r={nonce},s={salt},i={}", verifier.iterations());
        Exchange {
            header: first.header.to_owned(),
            signed: format!("{},{reply}", first.bare),
            nonce,
            nonce_of_client: first.nonce.len(),
            reply,
        }
    }

    /// RFC 5802, section 3: `ClientKey` is what the proof hides under the `ClientSignature`.
    fn last(&self, message: &[u8], verifier: &Verifier) -> Result<Proof, Error> {
        let text = text_of(message)?;
        let parts = text.rsplit_once(",p=");
        let (unproved, proof) = parts.ok_or_else(|| malformed("a proof at the end"))?;
        let mut attributes = unproved.split(',');
        let binding = attribute(attributes.next(), "c=")?;
        let nonce = attribute(attributes.next(), "r=")?;
        if BASE64.decode(binding).ok().as_deref() != Some(self.header.as_bytes()) {
            return Err(malformed("the header of the first message again"));
        }
        if !self.is_nonce(nonce) {
            return Err(malformed("the nonce of this exchange"));
        }
        let proof = BASE64.decode(proof).ok();
        let proof = proof.and_then(|proof| proof.try_into().ok());
        let proof = proof.ok_or_else(|| malformed("a proof of 32 bytes in base64"))?;
        let signed = format!("{},{unproved}", self.signed);
        let client_signature = sign(verifier.stored_key(), &signed);
        let server_signature = sign(verifier.server_key(), &signed);
        Ok(Proof {
            client_key: xor(proof, client_signature.as_ref()),
            reply: format!("v={}", BASE64.encode(server_signature)).into_bytes(),
        })
    }

    /// Whether it is the nonce of this exchange. librdkafka before 2.6.1 says its own part twice
    /// (<https://github.com/confluentinc/librdkafka/pull/4895>), which is as good: it is signed.
    fn is_nonce(&self, nonce: &str) -> bool {
        let (of_client, _) = self.nonce.split_at(self.nonce_of_client);
        nonce == self.nonce || nonce.strip_prefix(of_client) == Some(&self.nonce)
    }
}

/// A nonce of the server: 144 random bits, as text without commas.
fn nonce() -> Result<String, Error> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| {
        let told = "the operating system gives no random numbers";
        Error::new(Kind::Internal, "internal", told).caused_by(error)
    })?;
    Ok(BASE64.encode(bytes))
}

fn text_of(message: &[u8]) -> Result<&str, Error> {
    let short = Some(message).filter(|message| message.len() <= MESSAGE_BYTES_MAX);
    let text = short.and_then(|message| std::str::from_utf8(message).ok());
    text.ok_or_else(|| malformed("at most 4096 bytes of UTF-8"))
}

/// The `gs2-header` of the first message, and what comes after it. An `authzid`, the wish to act as
/// somebody else, is refused.
fn split_header(text: &str) -> Result<(&str, &str), Error> {
    let bare = ["n,,", "y,,"].into_iter().find_map(|header| {
        let bare = text.strip_prefix(header)?;
        Some((header, bare))
    });
    bare.ok_or_else(|| malformed("n,, or y,, without channel binding or another user"))
}

fn attribute<'a>(part: Option<&'a str>, name: &'static str) -> Result<&'a str, Error> {
    part.and_then(|part| part.strip_prefix(name))
        .ok_or_else(|| malformed(name))
}

fn sign(key: &[u8; 32], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn xor(mut left: [u8; 32], right: &[u8]) -> [u8; 32] {
    for (left, right) in left.iter_mut().zip(right) {
        *left ^= right;
    }
    left
}

fn malformed(expected: &'static str) -> Error {
    Error::invalid("bad_request", "a message of SCRAM-SHA-256 cannot be read").expected(expected)
}

#[cfg(test)]
mod tests {
    use ring::digest;

    use super::fuzz::{NONCE, VERIFIER};
    use super::*;

    // The example of RFC 7677, section 3, for the user "user" with the password "pencil".
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const REPLY: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                         s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    fn begin() -> (Exchange, Verifier) {
        let verifier: Verifier = VERIFIER.parse().unwrap();
        let first = First::read(FIRST.as_bytes()).unwrap();
        assert_eq!(first.name, "user");
        let exchange = Exchange::begin(&first, &verifier, NONCE);
        (exchange, verifier)
    }

    #[test]
    fn the_exchange_is_the_one_of_rfc_7677() {
        let (exchange, verifier) = begin();
        assert_eq!(exchange.reply, REPLY);
        let proof = exchange.last(LAST.as_bytes(), &verifier).unwrap();
        assert_eq!(String::from_utf8(proof.reply).unwrap(), SIGNATURE);
        let stored_key = digest::digest(&digest::SHA256, &proof.client_key);
        assert_eq!(stored_key.as_ref(), verifier.stored_key());
    }

    #[test]
    fn another_proof_gives_another_key() {
        let (exchange, verifier) = begin();
        let last = LAST.replace("p=dHzb", "p=dHzc");
        let proof = exchange.last(last.as_bytes(), &verifier).unwrap();
        let stored_key = digest::digest(&digest::SHA256, &proof.client_key);
        assert_ne!(stored_key.as_ref(), verifier.stored_key());
    }

    #[test]
    fn first_messages_that_are_not_well_formed_are_refused() {
        let long = format!("n,,n=user,r={}", "r".repeat(MESSAGE_BYTES_MAX));
        for bad in [
            "",
            "n",
            "n,,",
            "n,,n=user",
            "n,,n=user,r=",
            "n,,r=nonce,n=user",
            "n,,n=user,r=a b",
            "n,a=root,n=user,r=nonce",
            "p=tls-unique,,n=user,r=nonce",
            "n,,m=ext,n=user,r=nonce",
            &long,
        ] {
            let error = First::read(bad.as_bytes()).err().unwrap();
            assert_eq!(error.code(), "bad_request", "{bad}");
        }
        assert!(First::read(b"n,,n=us\xffer,r=nonce").is_err());
        assert!(First::read(b"y,,n=user,r=nonce,x=more").is_ok());
    }

    #[test]
    fn last_messages_that_are_not_well_formed_are_refused() {
        let (exchange, verifier) = begin();
        for bad in [
            "".to_owned(),
            LAST.replace("c=biws", "c=eSws"),
            LAST.replace("c=biws,", ""),
            LAST.replace(NONCE, "%other"),
            LAST.replace(",p=", ",q="),
            LAST.replace("dHzb", "****"),
            LAST.replace("dHzb", ""),
        ] {
            let error = exchange.last(bad.as_bytes(), &verifier).err().unwrap();
            assert_eq!(error.code(), "bad_request", "{bad}");
        }
    }

    #[test]
    fn a_client_may_say_its_part_of_the_nonce_twice() {
        let (exchange, verifier) = begin();
        let twice = LAST.replace("r=rOpr", "r=rOprNGfwEbeRWgbNEkqOrOpr");
        assert!(exchange.last(twice.as_bytes(), &verifier).is_ok());
        for other in ["r=rOprNGfwEbrOpr", "r=xrOpr"] {
            let other = LAST.replace("r=rOpr", other);
            assert!(exchange.last(other.as_bytes(), &verifier).is_err());
        }
    }

    #[test]
    fn every_exchange_has_a_nonce_of_its_own() {
        let (one, other) = (nonce().unwrap(), nonce().unwrap());
        assert_ne!(one, other);
        assert!(
            one.bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b',')
        );
    }
}
