//! What is kept of a key: enough to verify it, and to take part in SCRAM-SHA-256 (RFC 5802,
//! RFC 7677), and not enough to find it.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use headwater_event::{Error, Kind};
use ring::{digest, hmac, pbkdf2};
use subtle::ConstantTimeEq as _;

use crate::keys::secret;

/// Rounds of PBKDF2 for a new key, the least that RFC 7677 allows. A key is 256 random bits: more
/// rounds would cost each connection and nobody who guesses.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

/// Rounds that are taken from a record: more would let one keep a processor busy.
const ITERATIONS_MAX: u32 = 1_000_000;

const SALT_BYTES: usize = 16;

/// A verifier of SCRAM-SHA-256. Its text is the one that PostgreSQL has in `pg_authid`:
/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    salt: [u8; SALT_BYTES],
    iterations: NonZeroU32,
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

impl Verifier {
    /// The verifier of a text, with a salt that is drawn. Costs about a millisecond.
    pub(super) fn of(text: &str) -> Result<Verifier, Error> {
        let mut salt = [0; SALT_BYTES];
        secret::fill(&mut salt)?;
        Ok(Verifier::salted(text, salt, ITERATIONS))
    }

    /// One that nothing fulfils, with this salt.
    pub(super) fn of_nothing(salt: [u8; SALT_BYTES], keys: [u8; 32]) -> Verifier {
        Verifier {
            salt,
            iterations: ITERATIONS,
            stored_key: keys,
            server_key: keys,
        }
    }

    /// RFC 5802, section 3.
    fn salted(text: &str, salt: [u8; SALT_BYTES], iterations: NonZeroU32) -> Verifier {
        let mut salted = [0; 32];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, iterations, &salt, text.as_bytes(), &mut salted);
        Verifier {
            salt,
            iterations,
            stored_key: hash(&sign(&salted, b"Client Key")),
            server_key: sign(&salted, b"Server Key"),
        }
    }

    /// Whether it is the verifier of this text. Costs about a millisecond.
    pub(super) fn fits(&self, text: &str) -> bool {
        let of_text = Verifier::salted(text, self.salt, self.iterations);
        of_text.stored_key.ct_eq(&self.stored_key).into()
    }

    /// Whether this is the `ClientKey`, which only who has the text can know.
    pub(super) fn fits_client_key(&self, client_key: &[u8; 32]) -> bool {
        hash(client_key).ct_eq(&self.stored_key).into()
    }

    /// The salt, as the client is told it.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    /// Rounds of PBKDF2, as the client is told them.
    pub fn iterations(&self) -> u32 {
        self.iterations.get()
    }

    /// `StoredKey`, which signs what the client proves.
    pub fn stored_key(&self) -> &[u8; 32] {
        &self.stored_key
    }

    /// `ServerKey`, which signs what the server proves.
    pub fn server_key(&self) -> &[u8; 32] {
        &self.server_key
    }
}

fn sign(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    let signed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
    bytes(signed.as_ref())
}

fn hash(bytes_of: &[u8; 32]) -> [u8; 32] {
    bytes(digest::digest(&digest::SHA256, bytes_of).as_ref())
}

/// The 32 bytes that every result of SHA-256 has.
fn bytes(result: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(result);
    bytes
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verifier { iterations, .. } = self;
        let salt = BASE64.encode(self.salt);
        let stored_key = BASE64.encode(self.stored_key);
        let server_key = BASE64.encode(self.server_key);
        write!(
            f,
            "SCRAM-SHA-256${iterations}:{salt}${stored_key}:{server_key}"
        )
    }
}

/// Says nothing of what is in it: it is written into logs by mistake, not by intent.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl FromStr for Verifier {
    type Err = Error;

    fn from_str(text: &str) -> Result<Verifier, Error> {
        read(text).ok_or_else(|| {
            Error::new(
                Kind::Damaged,
                "damaged",
                "the verifier of a key cannot be read",
            )
            .expected("SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>")
            .action("use the version of headwater that wrote it, or a newer one")
        })
    }
}

fn read(text: &str) -> Option<Verifier> {
    let rest = text.strip_prefix("SCRAM-SHA-256$")?;
    let (salted, keys) = rest.split_once('$')?;
    let (iterations, salt) = salted.split_once(':')?;
    let (stored_key, server_key) = keys.split_once(':')?;
    let iterations: NonZeroU32 = iterations.parse().ok()?;
    if iterations.get() > ITERATIONS_MAX {
        return None;
    }
    Some(Verifier {
        salt: BASE64.decode(salt).ok()?.try_into().ok()?,
        iterations,
        stored_key: BASE64.decode(stored_key).ok()?.try_into().ok()?,
        server_key: BASE64.decode(server_key).ok()?.try_into().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_its_text_alone() {
        let verifier = Verifier::of("hw_1_pencil").unwrap();
        assert!(verifier.fits("hw_1_pencil"));
        assert!(!verifier.fits("hw_1_pencils"));
        assert!(!verifier.fits(""));
        let again = Verifier::of("hw_1_pencil").unwrap();
        assert_ne!(verifier.salt, again.salt);
    }

    /// The example of RFC 7677, section 3: user "user", password "pencil". The proof and signature
    /// follow from these keys; crate `wire` goes through the whole exchange.
    #[test]
    fn the_keys_are_those_of_the_example_of_rfc_7677() {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = Verifier::salted("pencil", salt.try_into().unwrap(), ITERATIONS);
        // As PostgreSQL's own verifier of this salt and password has them.
        assert_eq!(
            verifier.to_string(),
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
             WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
             wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
        );
    }

    #[test]
    fn its_text_is_read_again() {
        let verifier = Verifier::of("hw_1_pencil").unwrap();
        assert_eq!(verifier.to_string().parse::<Verifier>().unwrap(), verifier);
        let text = verifier.to_string();
        for bad in [
            "",
            "SCRAM-SHA-1",
            &text[..text.len() - 4],
            &text.replace("4096", "0"),
            &text.replace("4096", "4000000000"),
        ] {
            assert_eq!(bad.parse::<Verifier>().unwrap_err().code(), "damaged");
        }
    }
}
