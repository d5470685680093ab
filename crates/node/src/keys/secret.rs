//! The text of a key: `hw_<id>_<secret>`, of which only the id is kept.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use headwater_event::{Error, Kind};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::keys::KeyId;

/// What every key begins with, so that people and scanners know one when they see it.
const PREFIX: &str = "hw_";

/// Bytes of the secret: 256 bits that nobody guesses.
const SECRET_BYTES: usize = 32;

/// A key that was just drawn.
pub(super) struct Secret {
    pub(super) id: KeyId,
    secret: [u8; SECRET_BYTES],
}

impl Secret {
    /// Draws one from the random numbers of the operating system.
    pub(super) fn draw() -> Result<Secret, Error> {
        let (mut id, mut secret) = ([0; 8], [0; SECRET_BYTES]);
        fill(&mut id)?;
        fill(&mut secret)?;
        Ok(Secret {
            id: KeyId(u64::from_be_bytes(id)),
            secret,
        })
    }

    /// The text, to be shown once.
    pub(super) fn text(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, BASE64.encode(self.secret))
    }

    /// The id that a text names, if it has the form of a key.
    pub(super) fn id_in(text: &str) -> Option<KeyId> {
        let (id, _) = text.strip_prefix(PREFIX)?.split_once('_')?;
        KeyId::of_text(id)
    }
}

/// Fills with random bytes.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    SystemRandom::new().fill(bytes).map_err(|_| {
        Error::new(
            Kind::Internal,
            "internal",
            "the operating system gives no random numbers",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_its_id() {
        for _ in 0..100 {
            let drawn = Secret::draw().unwrap();
            let text = drawn.text();
            assert_eq!(text.len(), 3 + 16 + 1 + 43);
            assert_eq!(Secret::id_in(&text), Some(drawn.id), "{text}");
        }
        for bad in [
            "",
            "hw_",
            "hw__",
            "hw_0123456789abcdef",
            "hw_0123456789ABCDEF_x",
            "hw_+123456789abcdef_x",
            "hw_0123456789abcde_x",
            "xx_0123456789abcdef_x",
        ] {
            assert_eq!(Secret::id_in(bad), None, "{bad}");
        }
    }
}
