//! Nothing that came in is left behind by a read that stopped short.

use std::time::Duration;

use mio::{Events, Poll};
use socket2::SockRef;

use super::*;

struct Bench {
    poll: Poll,
    events: Events,
    ours: Watched<TcpStream>,
    theirs: std::net::TcpStream,
    heard: Vec<u8>,
}

impl Bench {
    fn new() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        SockRef::from(&listener).set_out_of_band_inline(true).unwrap();
        let theirs = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_nodelay(true).unwrap();
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        let poll = Poll::new().unwrap();
        let ours = Watched::new(poll.registry(), Token(0), TcpStream::from_std(ours)).unwrap();
        Self { poll, events: Events::with_capacity(8), ours, theirs, heard: Vec::new() }
    }

    fn say(&self, bytes: &[u8]) {
        (&self.theirs).write_all(bytes).unwrap();
    }

    fn urge(&self, byte: u8) {
        SockRef::from(&self.theirs).send_out_of_band(&[byte]).unwrap();
    }

    fn look(&mut self, patience: Duration) -> bool {
        self.poll.poll(&mut self.events, Some(patience)).unwrap();
        self.events.iter().for_each(|event| self.ours.note(event));
        !self.events.is_empty()
    }

    /// Reads once: whether that gave anything, or the end.
    fn read(&mut self) -> Option<usize> {
        let mut buffer = [0; 64];
        let count = Stream::read(&self.ours, &mut buffer).ok()?;
        self.heard.extend_from_slice(&buffer[..count]);
        Some(count)
    }

    /// Reads until `count` bytes were heard, asking the poll only where a loop would.
    fn hear(&mut self, count: usize) {
        while self.heard.len() < count {
            if self.read().is_none() {
                assert!(self.look(Duration::from_secs(10)), "{:?} are left behind", &self.heard);
            }
        }
    }
}

#[test]
fn a_short_read_is_the_last_one() {
    let mut bench = Bench::new();
    bench.say(b"NOOP\r\n");
    bench.hear(6);
    assert_eq!(bench.ours.readable.get(), !TELLS_URGENT);
}

#[test]
fn what_is_behind_an_urgent_byte_told_of_is_read_without_another_look() {
    let mut bench = Bench::new();
    bench.say(b"ab");
    bench.urge(b'c');
    bench.say(b"de");
    assert!(bench.look(Duration::from_secs(10)));
    bench.hear(3);
    while bench.read().is_some() {}
    assert_eq!(bench.heard, b"abcde");
}

#[test]
fn an_urgent_byte_that_comes_behind_the_look_is_told_of_by_the_next() {
    let mut bench = Bench::new();
    bench.say(b"x");
    assert!(bench.look(Duration::from_secs(10)));
    bench.say(b"ab");
    bench.urge(b'c');
    bench.say(b"de");
    bench.hear(6);
    assert_eq!(bench.heard, b"xabcde");
}

#[test]
fn an_end_told_of_with_bytes_is_read_behind_them() {
    let mut bench = Bench::new();
    bench.say(b"QUIT\r\n");
    bench.theirs.shutdown(std::net::Shutdown::Write).unwrap();
    // Both may come at once or one by one.
    bench.hear(6);
    let end = loop {
        if let Some(count) = bench.read() {
            break count;
        }
        assert!(bench.look(Duration::from_secs(10)), "the end is left behind");
    };
    assert_eq!(end, 0);
}

#[test]
fn no_order_of_bytes_looks_and_reads_leaves_any_behind() {
    for seed in 0..3000_u32 {
        let (mut bench, mut said, mut dice) = (Bench::new(), Vec::new(), seed.wrapping_mul(2_654_435_761) | 1);
        for step in 0..12 {
            dice ^= dice << 13;
            dice ^= dice >> 17;
            dice ^= dice << 5;
            match dice % 5 {
                0 | 1 => {
                    bench.say(&[step, step]);
                    said.extend([step, step]);
                }
                2 => {
                    bench.urge(step);
                    said.push(step);
                }
                3 => drop(bench.look(Duration::ZERO)),
                _ => drop(bench.read()),
            }
        }
        bench.hear(said.len());
        assert_eq!(bench.heard, said, "seed {seed}");
    }
}
