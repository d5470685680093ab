//! The load: the same for every database, but for the words that go over its connections.
//!
//! It shares the processors with the server that it loads, so it does as little as it can: one
//! thread drives all connections, and of an answer only what must be known is read.

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::io::{self, BufRead as _, Write as _};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::LocalSet;

use crate::find;
use crate::job::{Append, Condition, Job, Outcome, Pace, Read, Until, What, Work};
use crate::order::{GROUP_EVENTS, Order, Orders, customer_tag, mix, sku_tag};
use crate::samples::Samples;

/// How long a server may take to open.
const OPENING_MAX: Duration = Duration::from_secs(600);

/// Why a measurement failed, for people.
pub type Failure = Box<dyn Error + Send + Sync>;

/// One connection to a database, with one request at a time.
#[allow(async_fn_in_trait, reason = "a driver has one thread")]
pub trait Session: Sized + 'static {
    /// Connects.
    async fn connect(address: &str) -> Result<Self, Failure>;

    /// Appends these events, all or none, and returns when they are durable. Under a condition the
    /// append is refused if an event after its position has all of its tags; a refusal is an error,
    /// because no condition of a measurement fails.
    async fn append(
        &mut self,
        orders: &[Order],
        unless: Option<&Unless>,
    ) -> Result<Appended, Failure>;

    /// Reads all events of a kind, in order.
    async fn read(&mut self, which: &Which) -> Result<Answer, Failure>;

    /// Asks the table of orders for the row of one, by its primary key; the customer in that row.
    async fn find(&mut self, _order: u64) -> Result<u64, Failure> {
        Err("this driver knows no tables".into())
    }
}

/// A condition of an append.
#[derive(Clone, Debug)]
pub struct Unless {
    /// No event has all of these.
    pub tags: Vec<String>,
    /// Only events after this position count; none: all do.
    pub after: Option<u64>,
}

/// What came of an append.
#[derive(Clone, Copy, Debug)]
pub struct Appended {
    /// The position of its last event.
    pub last: u64,
}

/// Which events to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those of one stream.
    Stream(String),
    /// Those with one tag.
    Tag(String),
}

/// What was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer {
    /// So many events.
    pub events: u64,
    /// In so many bytes, as they were sent.
    pub bytes: u64,
}

/// The whole of a driver: takes its job from stdin, tells on stdout.
pub fn main<S: Session>() -> Result<(), Failure> {
    let mut lines = io::stdin().lock().lines();
    let job: Job = serde_json::from_str(&lines.next().ok_or("no job came")??)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    let mut sessions = Vec::new();
    let connected = match job.work {
        Work::Open => 0,
        Work::Append(_) | Work::Read(_) | Work::Find(_) => job.clients,
    };
    for _ in 0..connected {
        sessions.push(tasks.block_on(&runtime, S::connect(&job.address))?);
    }
    say("ready")?;
    lines.next().ok_or("nobody said go")??;
    let outcome = tasks.block_on(&runtime, run(&job, sessions))?;
    say(&serde_json::to_string(&outcome)?)?;
    // The connections stay until the server's processor time was read.
    for line in lines {
        line?;
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

/// Does a job on connections that are open.
pub async fn run<S: Session>(job: &Job, sessions: Vec<S>) -> Result<Outcome, Failure> {
    match &job.work {
        Work::Append(append) => Appending::start(job.orders, append).run(sessions).await,
        Work::Read(read) => {
            let session = sessions.into_iter().next().ok_or("a read needs a client")?;
            reading(session, job.orders, *read).await
        }
        Work::Find(find) => find::run(job.orders, *find, sessions).await,
        Work::Open => opening::<S>(job).await,
    }
}

/// From now on until a server that is being started has answered.
async fn opening<S: Session>(job: &Job) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let which = which(job.orders, What::Neighbours, mix(0));
    loop {
        let answered = match S::connect(&job.address).await {
            Ok(mut session) => session.read(&which).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(answer) => {
                check(job.orders, What::Neighbours, answer, &which)?;
                return Ok(Outcome {
                    requests: 1,
                    events: answer.events,
                    seconds: begun.elapsed().as_secs_f64(),
                    ..Outcome::default()
                });
            }
            Err(error) if begun.elapsed() > OPENING_MAX => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
}

/// Appends under way, shared by all connections.
struct Appending {
    orders: Orders,
    append: Append,
    begun: Instant,
    /// Number of the next order.
    next: Cell<u64>,
    appended: Cell<u64>,
    progress: RefCell<Vec<(f64, u64)>>,
}

/// What one connection did.
#[derive(Default)]
struct Done {
    samples: Samples,
    requests: u64,
    last_answer: Option<Instant>,
}

impl Appending {
    fn start(orders: Orders, append: &Append) -> Rc<Appending> {
        Rc::new(Appending {
            orders,
            append: append.clone(),
            begun: Instant::now(),
            next: Cell::new(append.first),
            appended: Cell::new(0),
            progress: RefCell::default(),
        })
    }

    async fn run<S: Session>(self: Rc<Self>, sessions: Vec<S>) -> Result<Outcome, Failure> {
        let due = match self.append.pace {
            Pace::Closed => None,
            Pace::Open { per_second } => {
                let end = self.end().ok_or("a pace needs a time")?;
                Some(Rc::new(Mutex::new(arrivals(per_second, self.begun, end)?)))
            }
        };
        let tasks: Vec<_> = sessions
            .into_iter()
            .map(|session| tokio::task::spawn_local(self.clone().client(session, due.clone())))
            .collect();
        let mut all = Done::default();
        for task in tasks {
            let done = task.await??;
            all.samples.extend(done.samples);
            all.requests += done.requests;
            all.last_answer = all.last_answer.max(done.last_answer);
        }
        Ok(self.outcome(all))
    }

    fn outcome(&self, done: Done) -> Outcome {
        let counted = done.samples.count();
        let took = done
            .last_answer
            .map_or(Duration::ZERO, |last| last - self.counted_from());
        Outcome {
            requests: counted,
            events: counted * self.append.batch,
            seconds: took.as_secs_f64(),
            requests_all: done.requests,
            events_all: self.appended.get(),
            bytes: 0,
            latency: done.samples.latency(),
            progress: self.progress.take(),
        }
    }

    /// One connection, until it is time.
    async fn client<S: Session>(
        self: Rc<Self>,
        mut session: S,
        due: Option<Rc<Mutex<UnboundedReceiver<Instant>>>>,
    ) -> Result<Done, Failure> {
        let mut done = Done::default();
        let mut orders = Vec::new();
        let mut seen = 0;
        loop {
            let started = match &due {
                None => Instant::now(),
                Some(due) => match due.lock().await.recv().await {
                    Some(due) => due,
                    None => return Ok(done),
                },
            };
            if !self.take(started, &mut orders) {
                return Ok(done);
            }
            let unless = self.unless(orders[0].number, seen);
            let appended = session.append(&orders, unless.as_ref()).await?;
            let answered = Instant::now();
            seen = appended.last;
            self.count(orders.len() as u64);
            done.requests += 1;
            if started >= self.counted_from() {
                done.samples.add(answered - started);
                done.last_answer = Some(answered);
            }
        }
    }

    /// The orders of the next append, unless it is over.
    fn take(&self, started: Instant, orders: &mut Vec<Order>) -> bool {
        let first = self.next.get();
        let over = match self.append.until {
            Until::Events(events) => first >= self.append.first + events,
            Until::Seconds { .. } => self.end().is_some_and(|end| started >= end),
        };
        if over {
            return false;
        }
        self.next.set(first + self.append.batch);
        orders.clear();
        orders.extend((first..first + self.append.batch).map(|number| self.orders.order(number)));
        true
    }

    fn unless(&self, number: u64, seen: u64) -> Option<Unless> {
        let tags = || self.orders.strangers(mix(!number)).to_vec();
        match self.append.condition {
            Condition::None => None,
            Condition::Absent => Some(Unless {
                tags: vec![format!("reference:{:016x}", mix(!number))],
                after: None,
            }),
            Condition::Cold => Some(Unless {
                tags: tags(),
                after: None,
            }),
            Condition::Recent => Some(Unless {
                tags: tags(),
                after: Some(seen.max(self.orders.filled)),
            }),
        }
    }

    /// A point of the progress each second.
    fn count(&self, events: u64) {
        let appended = self.appended.get() + events;
        self.appended.set(appended);
        let seconds = self.begun.elapsed().as_secs_f64();
        let mut progress = self.progress.borrow_mut();
        if progress.last().map_or(0.0, |(last, _)| *last) + 1.0 <= seconds {
            progress.push((seconds, appended));
        }
    }

    fn counted_from(&self) -> Instant {
        match self.append.until {
            Until::Seconds { warm, .. } => self.begun + Duration::from_secs_f64(warm),
            Until::Events(_) => self.begun,
        }
    }

    fn end(&self) -> Option<Instant> {
        match self.append.until {
            Until::Seconds { counted, .. } => {
                Some(self.counted_from() + Duration::from_secs_f64(counted))
            }
            Until::Events(_) => None,
        }
    }
}

/// Moments at which requests come: independent of each other, so many in a second on average. They
/// are told by a thread of its own, since the runtime's timer counts whole milliseconds.
fn arrivals(
    per_second: f64,
    begun: Instant,
    end: Instant,
) -> Result<UnboundedReceiver<Instant>, Failure> {
    if !per_second.is_finite() || per_second <= 0.0 {
        return Err(format!("{per_second} requests in a second cannot be made").into());
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    let pace = move || {
        let mut due = begun;
        for number in 0.. {
            // 53 bits make every double between 0 and 1; 1 is left out.
            let uniform = (mix(number) >> 11) as f64 / (1_u64 << 53) as f64;
            due += Duration::from_secs_f64(-(1.0 - uniform).ln() / per_second);
            if due >= end {
                break;
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if sender.send(due).is_err() {
                break;
            }
        }
    };
    std::thread::Builder::new()
        .name("pace".to_owned())
        .spawn(pace)?;
    Ok(receiver)
}

/// Reads until it is time; all events once.
async fn reading<S: Session>(
    mut session: S,
    orders: Orders,
    read: Read,
) -> Result<Outcome, Failure> {
    let mut samples = Samples::default();
    let mut total = Answer::default();
    let begun = Instant::now();
    for number in 0.. {
        let which = which(orders, read.what, mix(number));
        let started = Instant::now();
        let answer = session.read(&which).await?;
        samples.add(started.elapsed());
        check(orders, read.what, answer, &which)?;
        total.events += answer.events;
        total.bytes += answer.bytes;
        if read.what == What::All || begun.elapsed().as_secs_f64() >= read.seconds {
            break;
        }
    }
    let requests = samples.count();
    Ok(Outcome {
        requests,
        events: total.events,
        seconds: begun.elapsed().as_secs_f64(),
        requests_all: requests,
        events_all: total.events,
        bytes: total.bytes,
        latency: samples.latency(),
        ..Outcome::default()
    })
}

fn which(orders: Orders, what: What, chance: u64) -> Which {
    let group = chance % orders.groups().max(1);
    match what {
        What::All => Which::All,
        What::Stream => Which::Stream(format!("order/{}", chance % orders.streams().max(1))),
        What::Tag => Which::Tag(sku_tag(group)),
        What::Neighbours => Which::Tag(customer_tag(group)),
    }
}

/// An answer without its events would be a fast one.
fn check(orders: Orders, what: What, answer: Answer, which: &Which) -> Result<(), Failure> {
    let right = match what {
        What::All => answer.events >= orders.filled,
        What::Stream => answer.events == orders.stream_events,
        What::Neighbours => answer.events == GROUP_EVENTS,
        What::Tag => answer.events > 0,
    };
    match right {
        true => Ok(()),
        false => Err(format!("{which:?} answered {} events", answer.events).into()),
    }
}
