//! Decoders that wait to be used again: making one costs more than decoding a block.

use std::sync::{Mutex, PoisonError};

use zstd::bulk::Decompressor;

use crate::canonical::Malformed;

/// As many as are kept while nobody decodes, about 100 KiB each.
const KEPT_MAX: usize = 8;

static IDLE: Mutex<Vec<Decompressor<'static>>> = Mutex::new(Vec::new());

/// Decodes `packed` into exactly `length` bytes. The caller has checked that so many are allowed.
pub(crate) fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, Malformed> {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().pop();
    let mut decoder = match waiting {
        Some(decoder) => decoder,
        None => Decompressor::new().map_err(|_| Malformed("the memory of a decoder"))?,
    };
    let mut raw = Vec::with_capacity(length);
    let written = decoder.decompress_to_buffer(packed, &mut raw);
    let mut idle = idle();
    if idle.len() < KEPT_MAX {
        idle.push(decoder);
    }
    match written {
        Ok(written) if written == length => Ok(raw),
        _ => Err(Malformed("the compressed bytes")),
    }
}
