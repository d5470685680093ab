//! Whoever shows a wrong key is told so later each time, by address.
//!
//! A right key is never slowed, so nobody can shut out others who share their address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use headwater_event::Error;

use crate::app::App;
use crate::protocol::Protocol;

/// The pause before the first answer; each one after it takes twice as long.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// An address that has failed no more for so long begins anew.
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Addresses that are known at the same time. All that come beyond count as one.
const ADDRESSES_MAX: usize = 4096;

/// Who failed how often.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    table: Mutex<HashMap<IpAddr, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl App {
    /// Passes on who was let in. A wrong key is counted, logged, and answered after a pause; no
    /// database was asked for anything by then.
    pub(crate) async fn admit<T>(
        &self,
        protocol: Protocol,
        peer: IpAddr,
        shown: Result<T, Error>,
    ) -> Result<T, Error> {
        let error = match shown {
            Err(error) if error.code() == "bad_key" => error,
            other => return other,
        };
        self.metrics.key_refused(protocol);
        let count = self.failed(protocol, peer, "a wrong key was shown");
        tokio::time::sleep(pause(count)).await;
        Err(error)
    }

    /// Tells the log why a connection is closed whose protocol has no word for the reason.
    pub(crate) fn turn_away(&self, protocol: Protocol, peer: IpAddr, reason: &str) {
        self.failed(
            protocol,
            peer,
            &format!("a connection was closed: {reason}"),
        );
    }

    /// Counts a failure, and tells the log of the first, and from then on of fewer and fewer.
    fn failed(&self, protocol: Protocol, peer: IpAddr, what: &str) -> u32 {
        let protocol = protocol.as_str();
        let count = self.attempts.failed(peer, Instant::now());
        if count.is_power_of_two() {
            tracing::warn!(%peer, protocol, failures = count, "{what}");
        }
        count
    }
}

/// How long the answer to this failure waits.
fn pause(count: u32) -> Duration {
    let doublings = count.saturating_sub(1).min(16);
    (PAUSE_MIN * (1 << doublings)).min(PAUSE_MAX)
}

/// Whoever has an address of version 6 has its whole network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(prefix).into()
        }
    }
}

impl Attempts {
    /// Counts a failure; tells how many there were from there.
    fn failed(&self, address: IpAddr, now: Instant) -> u32 {
        let mut table = self.lock();
        let mut address = network(address);
        if table.len() >= ADDRESSES_MAX && !table.contains_key(&address) {
            table.retain(|_, failures| !failures.is_old(now));
            if table.len() >= ADDRESSES_MAX {
                address = Ipv6Addr::UNSPECIFIED.into();
            }
        }
        let failures = table.entry(address).or_insert(Failures {
            count: 0,
            last: now,
        });
        if failures.is_old(now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.count
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Failures>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner) // counts are never half changed
    }
}

impl Failures {
    fn is_old(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= FORGET_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let pauses: Vec<u128> = (1..=8).map(|count| pause(count).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(pause(u32::MAX), PAUSE_MAX);
    }

    #[test]
    fn failures_are_counted_by_address_and_forgotten() {
        let attempts = Attempts::default();
        let begun = Instant::now();
        let fail = |address: &str, after: Duration| {
            attempts.failed(address.parse().unwrap(), begun + after)
        };
        assert_eq!(fail("10.0.0.1", Duration::ZERO), 1);
        assert_eq!(fail("10.0.0.1", FORGET_AFTER / 2), 2);
        assert_eq!(fail("10.0.0.2", FORGET_AFTER / 2), 1);
        assert_eq!(fail("10.0.0.1", FORGET_AFTER * 2), 1);
        assert_eq!(fail("2001:db8::1", Duration::ZERO), 1);
        assert_eq!(fail("2001:db8::2", Duration::ZERO), 2, "the same network");
        assert_eq!(fail("2001:db8:0:1::2", Duration::ZERO), 1);
    }

    #[test]
    fn the_table_is_bounded() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for number in 0..ADDRESSES_MAX as u32 {
            assert_eq!(attempts.failed(IpAddr::from(number.to_be_bytes()), now), 1);
        }
        let beyond = |last: u8| attempts.failed(IpAddr::from([10, 9, 9, last]), now);
        assert_eq!([beyond(1), beyond(2), beyond(1)], [1, 2, 3]);
        assert_eq!(attempts.lock().len(), ADDRESSES_MAX + 1);
        let later = now + FORGET_AFTER;
        assert_eq!(attempts.failed([10, 9, 9, 9].into(), later), 1);
        assert_eq!(attempts.lock().len(), 1);
    }
}
