//! What happened before the first act: accounts were opened, people signed in, some moved.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::command::projection;
use crate::demo::accounts::ACTOR;
use crate::failure::Failure;
use crate::progress::Progress;

/// The table of accounts.
const ACCOUNTS: &str = include_str!("accounts.sql");

/// Events in one append.
const BATCH_EVENTS: usize = 2_000;

/// The past that is made up, in microseconds: a month.
const PAST_MICROS: i64 = 30 * 24 * 3600 * 1_000_000;

const NAMES: [&str; 16] = [
    "grace",
    "alan",
    "barbara",
    "edsger",
    "radia",
    "donald",
    "frances",
    "tony",
    "lynn",
    "niklaus",
    "hedy",
    "dennis",
    "margaret",
    "ken",
    "katherine",
    "leslie",
];

const COUNTRIES: [&str; 8] = ["BR", "DE", "IN", "JP", "KE", "NO", "US", "VN"];

/// Numbers that look random and are the same each time (a linear congruential generator with the
/// constants of Knuth's MMIX).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(end)) as u32 // less than `end`
    }
}

/// What was written.
pub(super) struct Seeded {
    /// How many events there are.
    pub(super) events: u64,
    /// How long it took to append them.
    pub(super) wrote: Duration,
    /// How long it took to fold them.
    pub(super) folded: Duration,
}

/// Writes the past and folds the table of accounts.
pub(super) async fn run(client: &Client, database: &str, accounts: u32) -> Result<Seeded, Failure> {
    let events = past(accounts);
    let progress = Progress::start("writing", "event", Some(events.len() as u64));
    let started = Instant::now();
    for batch in events.chunks(BATCH_EVENTS) {
        let body = json!({ "events": batch }).to_string();
        client.append(database, body).await?;
        progress.add(batch.len() as u64);
    }
    let wrote = started.elapsed();
    progress.clear();
    client.apply(database, "accounts", ACCOUNTS).await?;
    let (_, folded) = projection::caught_up(client, database, "accounts", "folding").await?;
    Ok(Seeded {
        events: events.len() as u64,
        wrote,
        folded,
    })
}

/// The past of so many accounts, in order.
fn past(accounts: u32) -> Vec<Value> {
    let mut dice = Dice::new(42);
    let count = i64::from(accounts) * 5 / 2;
    let now = Timestamp::now().as_microsecond();
    let mut events = Vec::new();
    let stamp = |event: Value, events: &mut Vec<Value>| {
        let at = now - PAST_MICROS + PAST_MICROS / (count + 1) * events.len() as i64;
        events.push(stamped(event, at));
    };
    for account in 1..=accounts {
        stamp(opened(account), &mut events);
        for _ in 0..dice.below(3) {
            let who = 1 + dice.below(account);
            stamp(signed_in(who, &mut dice), &mut events);
        }
        if dice.below(2) == 0 {
            let who = 1 + dice.below(account);
            let email = format!("{}@mail.example", name(who));
            stamp(email_changed(who, &email), &mut events);
        }
    }
    events
}

/// The same event with an id, the writer, and the moment it happened.
fn stamped(mut event: Value, micros: i64) -> Value {
    event["id"] = Uuid::now_v7().to_string().into();
    event["metadata"] = json!({ "actor": ACTOR });
    if let Ok(instant) = Timestamp::from_microsecond(micros) {
        event["occurred_at"] = instant.to_string().into();
    }
    event
}

/// The name of an account, unlike any other's.
fn name(account: u32) -> String {
    let name = NAMES[account as usize % NAMES.len()];
    format!("{name}-{account}")
}

fn opened(account: u32) -> Value {
    let name = name(account);
    json!({
        "type": "AccountOpened",
        "stream": format!("account/{account}"),
        "tags": [format!("name:{name}")],
        "data": { "name": name, "email": format!("{name}@example.org") },
    })
}

fn email_changed(account: u32, email: &str) -> Value {
    json!({
        "type": "EmailChanged",
        "stream": format!("account/{account}"),
        "data": { "email": email },
    })
}

/// Somebody signs in somewhere.
pub(super) fn signed_in(account: u32, dice: &mut Dice) -> Value {
    let country = COUNTRIES[dice.below(COUNTRIES.len() as u32) as usize];
    json!({
        "type": "SignedIn",
        "stream": format!("account/{account}"),
        "data": { "country": country },
    })
}
