//! A storm: long sessions of every verb, mode and layer, in which anything may fail, wait or break at any moment. What
//! comes of it is judged by what always holds:
//!
//! - each line is answered by one final reply, in order, behind at most one 150, with a code that its verb may have;
//! - nothing is issued, opened or told twice, nothing is open at the end, no event is `Misuse`;
//! - the session always waits for a deadline, and once nothing is in its way any more it can be closed;
//! - played again it does the same, however the client's bytes are cut, and so does the replay of its trace.
//!
//! `FTP_STORM_SESSIONS` sets how many (100,000; fewer in a debug build), `FTP_STORM_SEED` with which seed the first is
//! thrown (1).

#[path = "../world/mod.rs"]
mod world;

mod lines;
mod replies;
mod weather;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ftp_proto::Event;
use ftp_proto::line::{Frame, Framer};
use ftp_proto::server::{CloseReason, Phase};

use self::world::{Dice, Layer, World};

/// How a client's bytes come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Whole,
    Bytes,
    Pieces,
}

/// One session as it is played.
struct Storm {
    world: World,
    dice: Dice,
    /// For what must not change what happens.
    scissors: Dice,
    cut: Cut,
    /// What the client has said, line by line.
    framer: Framer,
    lines: Vec<Vec<u8>>,
    /// Whether the host may count as stuck.
    slow: bool,
    half_closed: bool,
}

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

#[test]
fn whatever_happens_the_rules_hold() {
    let usual = if cfg!(debug_assertions) { 3_000 } else { 100_000 };
    let first = setting("FTP_STORM_SEED", 1);
    let last = first + setting("FTP_STORM_SESSIONS", usual);
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= last {
                        break;
                    }
                    if let Err(why) = attempt(seed) {
                        next.store(u64::MAX / 2, Ordering::Relaxed);
                        panic!("seed {seed}: {why}");
                    }
                }
            });
        }
    });
}

/// Plays a session whole, again, and in pieces.
fn attempt(seed: u64) -> Result<(), String> {
    let whole = play(seed, Cut::Whole)?;
    for cut in [Cut::Whole, Cut::Bytes, Cut::Pieces] {
        let again = play(seed, cut)?;
        if again != whole {
            let differs = again.iter().zip(&whole).position(|(one, other)| one != other);
            let at = differs.unwrap_or(whole.len().min(again.len()));
            return Err(format!("{cut:?}: action {at} is {:?}, was {:?}", again.get(at), whole.get(at)));
        }
    }
    Ok(())
}

fn play(seed: u64, cut: Cut) -> Result<Vec<String>, String> {
    let shown = std::env::var("FTP_STORM_SHOW");
    let verbose = shown.is_ok_and(|shown| shown == format!("{cut:?}"));
    let mut storm = Storm::new(seed, cut);
    let outcome = catch_unwind(AssertUnwindSafe(|| storm.run().and_then(|()| storm.world.tape.check())));
    storm.world.tape.stop();
    if verbose {
        eprintln!("{}", storm.world.log.join("\n"));
    }
    match outcome {
        Ok(Ok(())) => Ok(storm.world.actions()),
        Ok(Err(why)) => Err(format!("{cut:?}: {why}")),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
            Err(format!("{cut:?}: {}", text.unwrap_or_default()))
        }
    }
}

impl Storm {
    fn run(&mut self) -> Result<(), String> {
        for _ in 0..10 + self.dice.below(50) {
            if self.is_closed() {
                break;
            }
            self.blow();
            self.check()?;
        }
        self.calm()?;
        self.end()?;
        self.judge()
    }

    fn is_closed(&self) -> bool {
        matches!(self.world.session.phase(), Phase::Closed(_))
    }

    /// The client sends this, in pieces or not. Nothing else happens meanwhile.
    fn send(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while let Some(frame) = self.framer.next(&mut input) {
            match frame {
                Frame::Line(line) => self.lines.push(line.to_vec()),
                Frame::TooLong => self.lines.push(b"x".to_vec()),
                Frame::Refuse(_) => {}
            }
        }
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_closed() {
            let length = match self.cut {
                Cut::Whole => rest.len(),
                Cut::Bytes => 1,
                Cut::Pieces => 1 + self.scissors.below(rest.len()),
            };
            let (piece, behind) = rest.split_at(length);
            self.world.step(Event::Received(piece)).expect("no misuse");
            rest = behind;
        }
        self.world.settle();
    }

    /// What holds at every moment.
    fn check(&self) -> Result<(), String> {
        let session = &self.world.session;
        if !self.is_closed() && session.next_deadline().is_none() {
            return Err("waits for nothing".into());
        }
        if format!("{session:?}").contains("secret") {
            return Err("a password is shown".into());
        }
        Ok(())
    }

    /// Nothing is in the way any more: everything that was said is answered, and the session listens.
    fn calm(&mut self) -> Result<(), String> {
        self.world.clear_up();
        for _ in 0..300 {
            self.world.settle();
            self.check()?;
            let open = self.world.session.phase() == Phase::Open && !self.half_closed;
            if self.is_closed() || (open && self.is_all_answered()?) {
                let listens = self.world.session.interest().control || self.world.tls.layer == Layer::Securing;
                return if self.is_closed() || listens { Ok(()) } else { Err("does not listen".into()) };
            }
            self.world.jump();
        }
        Err(format!("never calm: {:?}, {:?}", self.world.session.phase(), self.world.session.next_deadline()))
    }

    /// The client leaves, one way or the other.
    fn end(&mut self) -> Result<(), String> {
        if !self.is_closed() {
            match self.dice.below(4) {
                0 => self.send(b"\r\nQUIT\r\n"),
                1 => self.world.hang_up(),
                2 => self.world.break_control(),
                _ => self.world.event(Event::Drain { deadline: self.world.now + Duration::from_secs(10) }),
            }
        }
        for _ in 0..100 {
            if self.is_closed() {
                return Ok(());
            }
            self.world.settle();
            self.world.jump();
        }
        Err("never closed".into())
    }

    /// Lays the replies beside the lines.
    fn judge(&self) -> Result<(), String> {
        let Phase::Closed(reason) = self.world.session.phase() else { return Err("not closed".into()) };
        if reason == CloseReason::HostStuck && !self.slow {
            return Err("the host was not stuck".into());
        }
        replies::assign(&self.lines, &self.world.wire.replies).map(drop)
    }

    fn is_all_answered(&self) -> Result<bool, String> {
        Ok(replies::assign(&self.lines, &self.world.wire.replies)? == self.lines.len())
    }
}
