//! The bytes of the first format, as they are checked in: they can still be read.
//!
//! What is written today may be packed otherwise by a later Zstandard, so it is not compared byte
//! by byte. `HEADWATER_BLESS=1` writes the file anew; that is right only before the format is
//! released.

use std::path::PathBuf;

use super::{compare, some_log};
use crate::segment::sample::Kept;

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/version-1.segment")
}

#[test]
fn the_first_format_is_read() {
    let log = some_log(1, 8);
    let sealed = log.seal(2..8, None);
    if std::env::var_os("HEADWATER_BLESS").is_some() {
        std::fs::write(fixture(), sealed.bytes()).unwrap();
    }
    let bytes = std::fs::read(fixture()).unwrap();
    let mut info = sealed.info;
    info.bytes = bytes.len() as u64;
    info.footer_crc = u32::from_le_bytes(*bytes.last_chunk().unwrap());
    let kept = Kept::default();
    kept.sink().write(&bytes).unwrap();
    compare(&kept.with(info).open(), &log, log.positions(2..8));
}
