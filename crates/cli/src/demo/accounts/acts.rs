//! The acts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{Appended, Client, Rows, read_json};
use crate::command::projection;
use crate::demo::accounts::call::Call;
use crate::demo::accounts::protocols::Addresses;
use crate::demo::accounts::seed::{Dice, signed_in};
use crate::demo::accounts::{ACTOR, DATABASE};
use crate::demo::page;
use crate::failure::Failure;
use crate::output::{self, grouped};
use crate::progress::seconds;

/// The question that nobody planned.
const SIGN_INS: &str = include_str!("sign_ins.sql");

/// Emails that the bad deploy blanks.
const BLANKED: u32 = 1_000;

/// Sign-ins that the writer of the fourth act appends at once.
const WRITER_EVENTS: u32 = 50;

/// Plays all of them.
pub(super) async fn run(
    client: &Client,
    accounts: u32,
    addresses: Addresses,
) -> Result<(), Failure> {
    let stage = Stage { client, accounts };
    stage.race_for_a_name().await?;
    stage.see_the_winner().await?;
    stage.look_back().await?;
    stage.ask_the_past().await?;
    stage.speak_three_protocols(addresses).await
}

/// Where the acts are played.
pub(super) struct Stage<'a> {
    pub(super) client: &'a Client,
    accounts: u32,
}

impl Stage<'_> {
    fn path(&self, end: &str) -> String {
        format!("/v1/databases/{DATABASE}/{end}")
    }

    /// Two writers append the same name on the same condition, at the same time.
    async fn race_for_a_name(&self) -> Result<(), Failure> {
        scene("1", "Two writers, one name")?;
        say(
            "Two people register the name ada at the same moment. Each writer says: append this,
if no account with that name was opened. No lock, no transaction, no unique index.",
        )?;
        let [one, two] = [1, 2].map(|n| self.register(self.accounts + n));
        show(&one.curl(self.client.server()))?;
        let (first, second) = tokio::join!(one.make(self.client), two.make(self.client));
        let mut statuses = Vec::new();
        for (writer, answer) in [("first", first?), ("second", second?)] {
            let body: Value = read_json(&answer.body)?;
            statuses.push(answer.status);
            say(&format!("The {writer} is answered {}:", answer.status))?;
            show(&page::json(&body))?;
        }
        statuses.sort_unstable();
        if statuses != [201, 409] {
            return Err(Failure::new("the race did not end as it must")
                .found(format!("{statuses:?}"))
                .expected("one 201 and one 409"));
        }
        say("The 409 names the event in the way. Paste the command: the name stays taken.")
    }

    fn register(&self, account: u32) -> Call {
        Call::post(
            self.path("append"),
            format!(
                r#"{{"events": [{{"type": "AccountOpened", "stream": "account/{account}",
             "tags": ["name:ada"],
             "data": {{"name": "ada", "email": "ada@example.org"}}}}],
 "fail_if_events_match": [{{"types": ["AccountOpened"], "tags": ["name:ada"]}}]}}"#
            ),
        )
    }

    /// The winner is in the table at once.
    async fn see_the_winner(&self) -> Result<(), Failure> {
        scene("2", "The table knows at once")?;
        say(
            "A query reflects everything that was acknowledged before it was asked: never stale,
and every answer says its position.",
        )?;
        let sql = "select id, name, email from account where name = $1";
        let call = Call::sql(DATABASE, sql, &["ada"], None);
        let rows = self.ask(&call).await?;
        match rows.rows.len() {
            1 => Ok(()),
            other => Err(Failure::new("the winner is not in the table").found(other)),
        }
    }

    /// A bad deploy, looked at as of before and now, and from one account.
    async fn look_back(&self) -> Result<(), Failure> {
        scene("3", "A bad deploy")?;
        let before = self.blank_emails().await?;
        say(&format!(
            "A deploy just blanked {} emails. In a table they would be gone. Here, what happened
stays: the same question as of position {}, before the deploy, and as of now.",
            grouped(BLANKED.into()),
            grouped(before)
        ))?;
        let sql = "select count(*) as blank from account where email = $1";
        self.ask(&Call::sql(DATABASE, sql, &[""], Some(before)))
            .await?;
        self.ask(&Call::sql(DATABASE, sql, &[""], None)).await?;
        say("And everything that ever happened to one account, with who did it:")?;
        let sql = "select position, type, data, metadata from event where stream = $1 order by 1";
        let account = format!("account/{BLANKED}");
        self.ask(&Call::sql(DATABASE, sql, &[&account], None))
            .await
            .map(drop)
    }

    /// Changes the emails to nothing; the position before that.
    async fn blank_emails(&self) -> Result<u64, Failure> {
        let event = |account: u32| {
            json!({
                "id": Uuid::now_v7(),
                "type": "EmailChanged",
                "stream": format!("account/{account}"),
                "metadata": { "actor": "deploy" },
                "data": { "email": "" },
            })
        };
        let events: Vec<Value> = (1..=BLANKED).map(event).collect();
        let body = json!({ "events": events }).to_string();
        let appended = self.client.append(DATABASE, body).await?;
        Ok(appended.first - 1)
    }

    /// A projection is applied to a past that did not know of it, while writes go on.
    async fn ask_the_past(&self) -> Result<(), Failure> {
        scene("4", "A question that nobody planned")?;
        say(
            "From where do people sign in? Nobody kept a table for that, but the events are
there. Eight lines of SQL, and the past folds into them while people go on signing in:",
        )?;
        let call = Call::put_sql(self.path("projections/sign_ins"), SIGN_INS);
        show(&call.curl(self.client.server()))?;
        let writer = Writer::start(self.client.clone(), self.accounts);
        let _: Value = call.succeed(self.client).await?;
        let built = projection::caught_up(self.client, DATABASE, "sign_ins", "folding").await;
        let meanwhile = writer.stop().await?;
        let (status, took) = built?;
        say(&format!(
            "Live at position {} after {}. {} sign-ins were recorded meanwhile; none is missing:",
            grouped(status.position),
            seconds(took),
            grouped(meanwhile)
        ))?;
        let sql = "select country, times from sign_in order by times desc, country limit 5";
        self.ask(&Call::sql(DATABASE, sql, &[], None)).await?;
        self.none_is_missing().await
    }

    async fn none_is_missing(&self) -> Result<(), Failure> {
        let count = |sql: &'static str| async move {
            let rows: Rows = Call::sql(DATABASE, sql, &[], None)
                .succeed(self.client)
                .await?;
            Ok::<_, Failure>(rows.rows)
        };
        let folded = count("select sum(times)::bigint from sign_in").await?;
        let recorded = count("select count(*) from event where type = 'SignedIn'").await?;
        if folded == recorded {
            return Ok(());
        }
        Err(Failure::new("the table does not hold every sign-in")
            .found(format!("{folded:?}"))
            .expected(format!("{recorded:?}")))
    }

    /// Shows the command, makes the call and shows the rows.
    pub(super) async fn ask(&self, call: &Call) -> Result<Rows, Failure> {
        show(&call.curl(self.client.server()))?;
        let rows: Rows = call.succeed(self.client).await?;
        show(&format!(
            "{}\nas of position {}",
            page::rows(&rows),
            grouped(rows.position)
        ))?;
        Ok(rows)
    }
}

/// People who go on signing in, in the background.
struct Writer {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Result<u64, Failure>>,
}

impl Writer {
    fn start(client: Client, accounts: u32) -> Writer {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut dice = Dice::new(7);
            let mut written = 0;
            // At least one batch, however quick the fold is.
            loop {
                let appended = sign_in(&client, accounts, &mut dice).await?;
                written += appended.last - appended.first + 1;
                if stopped.load(Ordering::Relaxed) {
                    return Ok(written);
                }
            }
        });
        Writer { stop, task }
    }

    /// Stops it; how many events it wrote.
    async fn stop(self) -> Result<u64, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        match self.task.await {
            Ok(written) => written,
            Err(error) => Err(Failure::new("the writer stopped").caused_by(&error)),
        }
    }
}

async fn sign_in(client: &Client, accounts: u32, dice: &mut Dice) -> Result<Appended, Failure> {
    let event = |_| {
        let mut event = signed_in(1 + dice.below(accounts), dice);
        event["id"] = Uuid::now_v7().to_string().into();
        event["metadata"] = json!({ "actor": ACTOR });
        event
    };
    let events: Vec<Value> = (0..WRITER_EVENTS).map(event).collect();
    client
        .append(DATABASE, json!({ "events": events }).to_string())
        .await
}

/// Tells that an act begins.
pub(super) fn scene(number: &str, title: &str) -> Result<(), Failure> {
    output::print(format!(
        "\n{}\n",
        page::title(&format!("{number}  {title}"))
    ))
}

/// A paragraph.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    output::print(format!("{text}\n"))
}

/// What was sent, or came back.
pub(super) fn show(text: &str) -> Result<(), Failure> {
    output::print(format!("{}\n", page::indented(text)))
}
