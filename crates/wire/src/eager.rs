//! A short watch for the next request of a client that asks one thing after another.
//!
//! A thread that sleeps in the kernel takes long to wake: on a virtual machine whose processor went
//! idle, tens of microseconds, as long as answering a query takes. A client that asked again at
//! once the last times likely does so now, so its lane looks a little longer before it sleeps. It
//! gives the processor away to whoever wants it meanwhile, and does not watch for one connection
//! while another of the same lane reads or writes.

use std::cell::Cell;
use std::io::ErrorKind;
use std::mem::MaybeUninit;
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Who asks again within this is quick. A client on the same machine that is woken, reads, and
/// writes takes about 70 µs; one on another machine is seldom so quick, and not worth a processor.
const QUICK_MAX: Duration = Duration::from_micros(100);

/// From an answer on, so long is watched.
const WATCH_MAX: Duration = Duration::from_micros(150);

/// After so many quick requests in a row it is watched; twice as many after each watch in which
/// nothing came, up to a bound.
const QUICK_MIN: u32 = 3;
const QUICK_MIN_MAX: u32 = 1 << 10;

thread_local! {
    /// The connection of this thread that read or wrote last.
    static LAST: Cell<u64> = const { Cell::new(0) };
    /// The number that the next one gets.
    static NEXT: Cell<u64> = const { Cell::new(1) };
}

/// What is known of the pace of one connection.
#[derive(Debug)]
pub(crate) struct Eager {
    /// Which one this is, on its thread; 0 as long as it did nothing.
    number: u64,
    /// When the last answer was written, until a request begins.
    answered: Option<Instant>,
    /// So many requests, up to the last one, came at once after an answer, with nobody else in
    /// between.
    quick: u32,
    /// As many are needed to be watched.
    needed: u32,
}

impl Default for Eager {
    fn default() -> Eager {
        Eager {
            number: 0,
            answered: None,
            quick: 0,
            needed: QUICK_MIN,
        }
    }
}

impl Eager {
    /// Bytes of an answer are written.
    pub(crate) fn wrote(&mut self, now: Instant) {
        self.is_last();
        self.answered = Some(now);
    }

    /// Bytes have come: the first ones after an answer begin a request.
    pub(crate) fn read(&mut self, now: impl FnOnce() -> Instant) {
        let alone = self.is_last();
        if let Some(answered) = self.answered.take() {
            self.quick = match alone && now().duration_since(answered) < QUICK_MAX {
                true => self.quick.saturating_add(1),
                false => 0,
            };
        }
    }

    /// Nothing has come yet: watches for a moment, if that is likely to be worth it. What comes is
    /// left for the runtime to find.
    pub(crate) fn watch(&mut self, stream: &TcpStream) {
        let Some(answered) = self.answered.filter(|_| self.is_watched()) else {
            return;
        };
        let socket = SockRef::from(stream);
        let mut first = [MaybeUninit::uninit(); 1];
        loop {
            match socket.peek(&mut first) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                _ => {
                    self.needed = QUICK_MIN;
                    return;
                }
            }
            if answered.elapsed() >= WATCH_MAX {
                self.quick = 0;
                self.needed = (2 * self.needed).min(QUICK_MIN_MAX);
                return;
            }
            thread::yield_now();
        }
    }

    fn is_watched(&self) -> bool {
        self.quick >= self.needed && LAST.get() == self.number
    }

    /// Says whether it was the last one of its thread to read or write, and makes it so.
    fn is_last(&mut self) -> bool {
        if self.number == 0 {
            self.number = NEXT.replace(NEXT.get() + 1);
        }
        LAST.replace(self.number) == self.number
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        (client.unwrap(), accepted.unwrap().0)
    }

    /// An answer, and the next request after a pause, so often.
    fn ask_again(eager: &mut Eager, pause: Duration, times: u32) {
        for _ in 0..times {
            let now = Instant::now();
            eager.wrote(now);
            eager.read(|| now + pause);
        }
    }

    const QUICKLY: Duration = Duration::from_micros(60);

    #[tokio::test]
    async fn only_who_asks_at_once_and_alone_is_watched() {
        let (mut one, mut other) = (Eager::default(), Eager::default());
        ask_again(&mut one, QUICKLY, QUICK_MIN);
        assert!(one.is_watched());
        ask_again(&mut one, QUICK_MAX, 1);
        assert!(!one.is_watched(), "it took its time");

        ask_again(&mut one, QUICKLY, QUICK_MIN);
        one.wrote(Instant::now());
        other.read(Instant::now);
        assert!(!one.is_watched(), "another reads");
        one.read(Instant::now);
        assert_eq!(one.quick, 0, "another has read in between");

        ask_again(&mut one, QUICKLY, QUICK_MIN);
        other.wrote(Instant::now());
        assert!(!one.is_watched(), "another writes");
    }

    #[tokio::test]
    async fn a_watch_in_vain_is_not_repeated_soon() {
        let (mut client, server) = pair().await;
        let mut one = Eager::default();
        ask_again(&mut one, QUICKLY, QUICK_MIN);
        one.watch(&server);
        assert!(
            one.is_watched(),
            "its answer is being made: nothing is watched"
        );
        one.wrote(Instant::now());
        one.watch(&server);
        assert!(!one.is_watched(), "nothing came");
        ask_again(&mut one, QUICKLY, 2 * QUICK_MIN - 1);
        assert!(!one.is_watched());
        ask_again(&mut one, QUICKLY, 1);
        assert!(one.is_watched(), "it was quick more often");

        client.write_all(b"?").await.unwrap();
        server.readable().await.unwrap();
        one.wrote(Instant::now());
        one.watch(&server);
        assert_eq!(one.needed, QUICK_MIN, "it came in time");
        let mut byte = [0];
        assert_eq!(server.try_read(&mut byte).unwrap(), 1, "and was left there");
    }
}
