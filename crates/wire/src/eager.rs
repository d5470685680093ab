//! A short watch for the next request of a client that asks one thing after another.
//!
//! A thread that sleeps in the kernel takes long to wake: on a virtual machine whose processor went
//! idle, tens of microseconds, as long as answering a query takes. A client that asked again at
//! once the last time likely does so now, so its lane looks a little longer before it sleeps. It
//! gives the processor away to whoever wants it meanwhile, and does not watch for one connection
//! while others have something to ask on the same lane.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::thread;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// From an answer on, so long is watched; who takes longer to ask again is waited for asleep. A client
/// on the same machine that is woken, reads, and asks again takes about 70 µs.
const WATCH_MAX: Duration = Duration::from_micros(150);

/// So many quick requests in a row, without one of another connection in between, and it is watched.
const QUICK_MIN: u32 = 3;

thread_local! {
    /// How many requests have begun on this thread.
    static TURN: Cell<u64> = const { Cell::new(0) };
}

/// What is known of the pace of one connection.
#[derive(Debug, Default)]
pub(crate) struct Eager {
    /// When the last answer was written, until a request begins.
    answered: Option<Instant>,
    /// The turn in which its last request began.
    turn: u64,
    /// So many requests, up to the last one, came at once after an answer, and nobody else's came in
    /// between.
    quick: u32,
}

impl Eager {
    fn is_eager(&self) -> bool {
        self.quick >= QUICK_MIN
    }

    /// Bytes of an answer were written.
    pub(crate) fn wrote(&mut self) {
        self.answered = Some(Instant::now());
    }

    /// Bytes have come: the first ones after an answer begin a request.
    pub(crate) fn read(&mut self) {
        if let Some(answered) = self.answered.take() {
            let turn = TURN.get() + 1;
            TURN.set(turn);
            let quick = turn == self.turn + 1 && answered.elapsed() < WATCH_MAX;
            self.quick = if quick {
                self.quick.saturating_add(1)
            } else {
                0
            };
            self.turn = turn;
        }
    }

    /// Nothing has come yet: watches for a moment, if that is likely to be worth it. What comes is
    /// left for the runtime to find.
    pub(crate) fn watch(&mut self, stream: &TcpStream) {
        let Some(answered) = self.answered.filter(|_| self.is_eager()) else {
            return;
        };
        let socket = SockRef::from(stream);
        let mut first = [MaybeUninit::uninit(); 1];
        while socket.peek(&mut first).is_err() {
            if answered.elapsed() >= WATCH_MAX {
                self.quick = 0;
                return;
            }
            thread::yield_now();
        }
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

    /// An answer, and the next request at once, so often.
    fn ask_again(eager: &mut Eager, times: u32) {
        for _ in 0..times {
            eager.wrote();
            eager.read();
        }
    }

    #[tokio::test]
    async fn only_who_asks_at_once_and_alone_is_watched() {
        let (mut client, server) = pair().await;
        let (mut one, mut other) = (Eager::default(), Eager::default());
        ask_again(&mut one, QUICK_MIN + 1); // the first one is in nobody's turn
        assert!(one.is_eager());
        ask_again(&mut other, 1);
        ask_again(&mut one, 1);
        assert!(!one.is_eager(), "another asked in between");

        ask_again(&mut one, QUICK_MIN);
        one.watch(&server);
        assert!(
            one.is_eager(),
            "its answer is being made: nothing is watched"
        );
        one.wrote();
        one.watch(&server);
        assert!(!one.is_eager(), "nothing came");
        one.read();
        assert!(!one.is_eager(), "it came late");

        ask_again(&mut one, QUICK_MIN);
        client.write_all(b"?").await.unwrap();
        server.readable().await.unwrap();
        one.wrote();
        one.watch(&server);
        assert!(one.is_eager(), "it came in time");
        let mut byte = [0];
        assert_eq!(server.try_read(&mut byte).unwrap(), 1, "and was left there");
    }
}
