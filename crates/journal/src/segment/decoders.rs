//! Decoders that wait to be used again: making one costs more than decoding a block.

use std::sync::{Mutex, PoisonError};

use zstd::zstd_safe::DCtx;

use super::dictionary::Dictionary;
use crate::canonical::Malformed;

/// As many as are kept while nobody decodes, about 100 KiB each.
const KEPT_MAX: usize = 8;

static IDLE: Mutex<Vec<DCtx<'static>>> = Mutex::new(Vec::new());

/// Decodes `packed` into exactly `length` bytes. The caller has checked that so many are allowed.
pub(crate) fn unpack(
    packed: &[u8],
    length: usize,
    dictionary: Option<&Dictionary>,
) -> Result<Vec<u8>, Malformed> {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().pop();
    let mut decoder = waiting
        .or_else(DCtx::try_create)
        .ok_or(Malformed("the memory of a decoder"))?;
    let mut raw = Vec::with_capacity(length);
    let written = match dictionary {
        Some(known) => decoder.decompress_using_ddict(&mut raw, packed, known.decoder()),
        None => decoder.decompress(&mut raw, packed),
    };
    let mut idle = idle();
    if idle.len() < KEPT_MAX {
        idle.push(decoder);
    }
    match written {
        Ok(written) if written == length => Ok(raw),
        _ => Err(Malformed("the compressed bytes")),
    }
}
