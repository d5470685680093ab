//! Crashes, over the real journal and the real disk storage.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod crash_points;
mod lives;
mod storage;
mod syncs;

/// How many seeds a test runs: some in `./check`, many more in its long mode.
fn seeds(few: u64, many: u64) -> std::ops::Range<u64> {
    let long = std::env::var_os("HEADWATER_LONG").is_some();
    0..if long { many } else { few }
}
