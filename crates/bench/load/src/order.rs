//! The events of every measurement: orders, made from their number alone.
//!
//! Each number gives one order, the same one in every process, so that whoever reads knows what was
//! written, and no database gets other bytes than its rival. An order is about 200 bytes of JSON
//! with as much chance in it as real ones have: what compresses well here does so outside.

use serde::{Deserialize, Serialize};

/// The type of every event.
pub const EVENT_TYPE: &str = "OrderPlaced";

/// Events with one and the same customer, next to each other; and usually events of one stream,
/// where a log is filled.
pub const GROUP_EVENTS: u64 = 100;

/// Kinds of goods where no log is filled.
const SKUS: u64 = 1_000;

/// Customers of the orders that come when the log is filled.
const CUSTOMERS: u64 = 100_000;

const CITIES: [&str; 16] = [
    "Lisbon", "Porto", "Madrid", "Bilbao", "Lyon", "Nantes", "Ghent", "Utrecht", "Bremen",
    "Leipzig", "Graz", "Trieste", "Gdansk", "Turku", "Aarhus", "Bergen",
];
const STREETS: [&str; 8] = [
    "Harbour Road",
    "Mill Lane",
    "Station Street",
    "Church Hill",
    "Garden Row",
    "Long Acre",
    "Canal Walk",
    "Old Bridge",
];
const NOTES: [&str; 8] = [
    "",
    "leave it at the door",
    "ring twice",
    "gift, no invoice please",
    "call before delivery",
    "with the neighbour if nobody is in",
    "fragile",
    "second floor, left",
];

/// The events of a log, by number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Orders {
    /// The log is filled with the numbers below this one: their streams and goods come again,
    /// scattered over all of them, goods [`GROUP_EVENTS`] times each. Every later order has a
    /// stream of its own, and other customers and goods.
    pub filled: u64,
    /// Events of each stream of the filled part.
    pub stream_events: u64,
}

impl Default for Orders {
    /// No log is filled.
    fn default() -> Orders {
        Orders {
            filled: 0,
            stream_events: GROUP_EVENTS,
        }
    }
}

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Which one it is.
    pub number: u64,
    /// Its stream is `order/{stream}`.
    pub stream: u64,
    /// Its place in that stream, if the events of the stream are appended in order.
    pub revision: u64,
    /// It is tagged `customer:{customer}`: [`GROUP_EVENTS`] next to each other are, in a filled log.
    pub customer: u64,
    /// It is tagged `sku:{sku}`: about [`GROUP_EVENTS`] of a filled log are, at random places.
    pub sku: u64,
    chance: u64,
}

impl Orders {
    /// How many streams the filled part has.
    pub fn streams(self) -> u64 {
        self.filled / self.stream_events.max(1)
    }

    /// How many customers and kinds of goods the filled part has each.
    pub fn groups(self) -> u64 {
        self.filled / GROUP_EVENTS
    }

    /// How many kinds of goods the filled part has.
    fn skus(self) -> u64 {
        match self.groups() {
            0 | 1 => SKUS,
            groups => groups,
        }
    }

    /// The order of this number.
    pub fn order(self, number: u64) -> Order {
        let (chance, skus) = (mix(number), self.skus());
        let streams = self.streams();
        let grouped = self.groups().min(streams) > 0;
        let (stream, revision, customer, sku) = match number < self.filled && grouped {
            true => (
                number % streams,
                number / streams + 1,
                number / GROUP_EVENTS,
                chance % skus,
            ),
            // Reads of the filled part find as much however many were appended since.
            false => (
                number,
                1,
                self.groups() + (chance >> 13) % CUSTOMERS,
                skus + chance % skus,
            ),
        };
        Order {
            number,
            stream,
            revision,
            customer,
            sku,
            chance,
        }
    }

    /// Two tags that are both in the filled log, each on about [`GROUP_EVENTS`] events at random
    /// places, and never together: an order is of one kind of goods.
    pub fn strangers(self, chance: u64) -> [String; 2] {
        let skus = self.skus();
        let one = chance % skus;
        let other = (one + 1 + mix(chance) % (skus - 1)) % skus;
        [sku_tag(one), sku_tag(other)]
    }
}

impl Order {
    /// `order/{stream}`
    pub fn stream_name(&self) -> String {
        let mut name = b"order/".to_vec();
        digits(&mut name, self.stream, 1);
        text(name)
    }

    /// Both tags.
    pub fn tags(&self) -> [String; 2] {
        [customer_tag(self.customer), sku_tag(self.sku)]
    }

    /// The data, as JSON.
    pub fn data(&self) -> String {
        let mut out = Vec::with_capacity(256);
        self.write_data(&mut out);
        text(out)
    }

    /// Adds the data, as JSON. By hand: the load shares the processors with what it loads.
    pub fn write_data(&self, out: &mut Vec<u8>) {
        let chance = self.chance;
        let pick = |list: &[&'static str], shift: u32| {
            let at = (chance >> shift) as usize % list.len(); // any bits will do
            list[at].as_bytes()
        };
        out.extend_from_slice(b"{\"order\":");
        digits(out, self.number, 1);
        out.extend_from_slice(b",\"customer\":");
        digits(out, self.customer, 1);
        out.extend_from_slice(b",\"sku\":\"A-");
        digits(out, self.sku, 6);
        out.extend_from_slice(b"\",\"quantity\":");
        digits(out, 1 + chance % 5, 1);
        out.extend_from_slice(b",\"price_cents\":");
        digits(out, 100 + (chance >> 8) % 9_900, 1);
        out.extend_from_slice(b",\"currency\":\"EUR\",\"payment\":\"");
        hexadecimal(out, chance);
        out.extend_from_slice(b"\",\"ship_to\":{\"street\":\"");
        out.extend_from_slice(pick(&STREETS, 20));
        out.push(b' ');
        digits(out, 1 + (chance >> 30) % 120, 1);
        out.extend_from_slice(b"\",\"city\":\"");
        out.extend_from_slice(pick(&CITIES, 40));
        out.extend_from_slice(b"\"},\"note\":\"");
        out.extend_from_slice(pick(&NOTES, 50));
        out.extend_from_slice(b"\"}");
    }
}

/// `customer:{number}`
pub(crate) fn customer_tag(number: u64) -> String {
    tag("customer:", number)
}

/// `sku:{number}`
pub(crate) fn sku_tag(number: u64) -> String {
    tag("sku:", number)
}

fn tag(kind: &str, number: u64) -> String {
    let mut name = kind.as_bytes().to_vec();
    digits(&mut name, number, 1);
    text(name)
}

/// A number that looks random, and is the same every time (the finalizer of splitmix64).
pub(crate) fn mix(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Adds a number in decimal, with zeros before it up to `width` digits.
pub fn digits(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut reversed = [b'0'; 20];
    let mut count = 0;
    while number > 0 || count == 0 {
        reversed[count] = b'0' + (number % 10) as u8; // one digit
        number /= 10;
        count += 1;
    }
    let count = count.max(width);
    out.extend(reversed[..count].iter().rev());
}

fn hexadecimal(out: &mut Vec<u8>, bits: u64) {
    let digit = |at: u32| b"0123456789abcdef"[(bits >> (4 * at) & 15) as usize]; // below 16
    out.extend((0..16).rev().map(digit));
}

/// What is made of parts that are text.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_json_of_about_200_bytes() {
        let orders = Orders {
            filled: 1_000_000,
            ..Orders::default()
        };
        let mut bytes = 0;
        for number in (0..1_000_000).step_by(1_000) {
            let order = orders.order(number);
            let data: serde_json::Value = serde_json::from_str(&order.data()).unwrap();
            assert_eq!(data["order"], number);
            assert_eq!(data["sku"], format!("A-{:06}", order.sku));
            bytes += order.data().len();
        }
        let mean = bytes / 1_000;
        assert!((190..=220).contains(&mean), "{mean} bytes");
    }

    #[test]
    fn a_filled_log_has_groups_of_a_hundred() {
        let orders = Orders {
            filled: 10_000,
            ..Orders::default()
        };
        let of_stream: Vec<u64> = (0..10_000)
            .map(|number| orders.order(number))
            .filter(|order| order.stream == 7)
            .map(|order| order.revision)
            .collect();
        assert_eq!(of_stream, (1..=GROUP_EVENTS).collect::<Vec<_>>());
        assert_eq!(orders.order(10_000).stream, 10_000);
        assert_eq!(orders.order(10_000).revision, 1);
    }

    #[test]
    fn strangers_are_known_and_never_met() {
        let orders = Orders {
            filled: 10_000,
            ..Orders::default()
        };
        for chance in (0..50).map(mix) {
            let strangers = orders.strangers(chance);
            assert_ne!(strangers[0], strangers[1]);
            for tag in &strangers {
                let is_there = (0..10_000).any(|number| orders.order(number).tags().contains(tag));
                assert!(is_there, "{tag}");
            }
        }
    }
}
