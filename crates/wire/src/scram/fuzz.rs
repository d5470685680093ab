//! What clients say to show a key, for fuzzing.

use crate::kafka::read_plain;
use crate::scram::{Exchange, First};

// Of the example of RFC 7677, section 3.
pub(super) const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
pub(super) const VERIFIER: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
                                   WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:\
                                   wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

/// The message of PLAIN; and the first and the last one of SCRAM, with a zero byte between them.
pub fn sign_in(bytes: &[u8]) {
    let _ = read_plain(bytes);
    let end = bytes.iter().position(|byte| *byte == 0);
    let (message, last) = bytes.split_at(end.unwrap_or(bytes.len()));
    let (Ok(first), Ok(verifier)) = (First::read(message), VERIFIER.parse()) else {
        return;
    };
    assert_eq!(
        format!("{}{}", first.header, first.bare).as_bytes(),
        message
    );
    assert!(
        first
            .bare
            .starts_with(&format!("n={},r={}", first.name, first.nonce))
    );
    let exchange = Exchange::begin(&first, &verifier, NONCE);
    let _ = exchange.last(last.strip_prefix(b"\0").unwrap_or(last), &verifier);
}
