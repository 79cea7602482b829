//! One client's dialogue: random commands, broken off in random ways, and what it may conclude about its files.

mod transfers;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use super::books::Books;
use super::random::Random;
use super::worlds::{Change, Worlds};
use crate::data::reset;
use crate::reply::Reply;

/// Why a dialogue ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The connection is gone: the server's doing, or the client's own.
    Gone,
    /// Something that must not be.
    Wrong(String),
}

type Step<T = ()> = Result<T, Stop>;

/// A client.
pub(super) struct Client<'a> {
    pub(super) server: SocketAddr,
    pub(super) name: &'static str,
    pub(super) random: Random,
    pub(super) worlds: Worlds,
    pub(super) books: &'a Books,
    pub(super) patience: Duration,
    control: Option<TcpStream>,
    unread: Vec<u8>,
    /// What was said and heard, for the message about a run that failed.
    trace: Vec<String>,
}

/// What a client saw.
pub(super) struct Played {
    /// What its files may be.
    pub(super) worlds: Worlds,
    pub(super) wrong: Option<String>,
    pub(super) trace: String,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        server: SocketAddr,
        name: &'static str,
        random: Random,
        worlds: Worlds,
        books: &'a Books,
        patience: Duration,
    ) -> Self {
        Self { server, name, random, worlds, books, patience, control: None, unread: Vec::new(), trace: Vec::new() }
    }

    /// Plays the dialogue to its end, whichever.
    pub(super) fn play(mut self) -> Played {
        let wrong = match self.dialogue() {
            Ok(()) | Err(Stop::Gone) => None,
            Err(Stop::Wrong(what)) => Some(format!("client {}: {what}", self.name)),
        };
        Played { worlds: self.worlds, wrong, trace: self.trace.join(", ") }
    }

    fn dialogue(&mut self) -> Step {
        let stream = TcpStream::connect(self.server).map_err(|_| Stop::Gone)?;
        self.patient(&stream);
        self.control = Some(stream);
        if self.random.once_in(20) {
            return self.vanish();
        }
        self.expect(&[220])?;
        // All at once, or one by one.
        let login = ["USER alice", "PASS secret", "TYPE I"];
        if self.random.once_in(2) {
            self.say(&login.join("\r\n"))?;
            if self.random.once_in(12) {
                return self.vanish();
            }
            login.iter().try_for_each(|_| self.reply().map(drop))?;
        } else {
            login.iter().try_for_each(|line| self.ask(line).map(drop))?;
        }
        for _ in 0..=self.random.below(4) {
            self.step()?;
        }
        match self.random.below(4) {
            0 => self.ask("QUIT").map(drop),
            1 => self.half_close(),
            _ => self.vanish(),
        }
    }

    fn step(&mut self) -> Step {
        let (a, b) = (self.file("a"), self.file("b"));
        match self.random.below(13) {
            0..=3 => self.store("STOR", &a),
            4 => self.store("STOR", &b),
            5 => self.store("APPE", &a),
            6..=7 => self.retrieve(&a),
            8 => self.list(),
            9..=10 => {
                let (from, to) = if self.random.once_in(2) { (a, b) } else { (b, a) };
                self.rename(from, to)
            }
            11 => self.pipelined(a, b),
            _ => {
                let change = Change::Remove(b.clone());
                self.change(&format!("DELE {b}"), &change)
            }
        }
    }

    fn file(&self, name: &str) -> String {
        format!("{}{}", name, self.name)
    }

    // Commands without a transfer.

    /// Says `line`, which makes `change`; the client may be gone before it knows.
    fn change(&mut self, line: &str, change: &Change) -> Step {
        self.say(line)?;
        let before = self.worlds.clone();
        self.worlds.maybe(change);
        if self.random.once_in(12) {
            return self.vanish();
        }
        let reply = self.reply()?;
        self.worlds = before;
        self.conclude(&reply, change);
        Ok(())
    }

    fn conclude(&mut self, reply: &Reply, change: &Change) {
        if reply.code < 300 {
            self.worlds.certain(change);
        }
    }

    fn rename(&mut self, from: String, to: String) -> Step {
        let reply = self.ask(&format!("RNFR {from}"))?;
        if self.random.once_in(12) {
            return self.vanish();
        }
        if reply.code != 350 {
            return Ok(());
        }
        self.change(&format!("RNTO {to}"), &Change::Rename(from, to.clone()))
    }

    fn pipelined(&mut self, a: String, b: String) -> Step {
        let lines = [
            format!("SIZE {a}"),
            "NOOP".into(),
            format!("RNFR {a}"),
            format!("RNTO {b}"),
            format!("MDTM {b}"),
            "STAT".into(),
            "PWD".into(),
        ];
        self.books.count("client: pipelined");
        self.say(&lines.join("\r\n"))?;
        let change = Change::Rename(a, b);
        let before = self.worlds.clone();
        self.worlds.maybe(&change);
        if self.random.once_in(4) {
            return self.vanish();
        }
        let mut replies = Vec::new();
        for _ in &lines {
            replies.push(self.reply()?);
        }
        self.worlds = before;
        self.conclude(&replies[3], &change);
        Ok(())
    }

    // The control connection.

    fn patient(&self, stream: &TcpStream) {
        // Both fail only for a patience of zero.
        let _ = stream.set_read_timeout(Some(self.patience));
        let _ = stream.set_write_timeout(Some(self.patience));
    }

    fn say(&mut self, lines: &str) -> Step {
        self.trace.push(lines.replace("\r\n", " + "));
        let control = self.control.as_mut().ok_or(Stop::Gone)?;
        control.write_all(format!("{lines}\r\n").as_bytes()).map_err(|_| Stop::Gone)
    }

    fn ask(&mut self, line: &str) -> Step<Reply> {
        self.say(line)?;
        self.reply()
    }

    fn expect(&mut self, codes: &[u16]) -> Step {
        let reply = self.reply()?;
        // A server that is being shut down says so.
        if codes.contains(&reply.code) || reply.code == 421 { Ok(()) } else { wrong(reply.show()) }
    }

    /// The next final reply.
    fn reply(&mut self) -> Step<Reply> {
        loop {
            let reply = self.any_reply()?;
            if reply.code >= 200 {
                return Ok(reply);
            }
        }
    }

    fn any_reply(&mut self) -> Step<Reply> {
        let control = self.control.as_mut().ok_or(Stop::Gone)?;
        loop {
            if let Some(reply) = Reply::take(&mut self.unread).map_err(Stop::Wrong)? {
                self.trace.push(format!("-> {}", reply.code));
                // The session's own last word.
                return if reply.code == 421 { Err(Stop::Gone) } else { Ok(reply) };
            }
            let mut buffer = [0; 4096];
            match control.read(&mut buffer) {
                Ok(0) => return Err(Stop::Gone),
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                Err(error) if is_timeout(&error) => return wrong("no reply comes".into()),
                Err(_) => return Err(Stop::Gone),
            }
        }
    }

    fn shut_down(&mut self) -> Step {
        self.control.as_ref().ok_or(Stop::Gone)?.shutdown(Shutdown::Write).map_err(|_| Stop::Gone)
    }

    /// Says no more, and listens to the end.
    fn half_close(&mut self) -> Step {
        self.books.count("client: control half-closed");
        self.shut_down()?;
        loop {
            self.any_reply()?;
        }
    }

    fn drop_control(&mut self, is_reset: bool) {
        match self.control.take() {
            Some(control) if is_reset => reset(control),
            _ => {}
        }
    }

    /// Is gone, one way or another.
    fn vanish(&mut self) -> Step {
        let is_reset = self.random.once_in(2);
        self.books.count(if is_reset { "client: control reset" } else { "client: control closed" });
        self.drop_control(is_reset);
        Err(Stop::Gone)
    }
}

fn wrong<T>(what: String) -> Step<T> {
    Err(Stop::Wrong(what))
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
