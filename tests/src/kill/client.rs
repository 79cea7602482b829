//! One client's dialogue: random commands, broken off in random ways, and what it may conclude about its files.
//!
//! | file | what it does |
//! |---|---|
//! | `login` | connects, begins and ends TLS, logs in, and breaks all of that off |
//! | `control` | lines and replies, and the ways a control connection ends |
//! | `commands` | commands without a transfer: changes, long work, parameters |
//! | `transfers` | uploads, downloads, listings, and the ways they are broken off |
//! | `data` | data connections: how they come about, and their handshakes |
//! | `shape` | TYPE and MODE: a file as it is on its way |

mod commands;
mod control;
mod data;
mod login;
mod shape;
mod transfers;

use std::net::SocketAddr;
use std::time::Duration;

use self::shape::Shape;
use super::books::Books;
use super::random::Random;
use super::tree::Tree;
use super::worlds::{Change, Worlds};
use crate::link::Link;
use crate::secure::Sessions;

/// Why a dialogue ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// The connection is gone: the server's doing, or the client's own.
    Gone,
    /// Something that must not be.
    Wrong(String),
}

type Step<T = ()> = Result<T, Stop>;

/// The server, as a client knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    pub(super) plain: SocketAddr,
    pub(super) implicit: SocketAddr,
    /// Whether an upload that ends without `close_notify` is refused.
    pub(super) is_strict: bool,
    /// Whether it may end a session of itself in this run.
    pub(super) is_deadly: bool,
    /// Whether it may be shut down in this run.
    pub(super) may_stop: bool,
    /// How long anything may take.
    pub(super) patience: Duration,
}

/// A client.
pub(super) struct Client<'a> {
    server: Server,
    name: &'static str,
    random: Random,
    worlds: Worlds,
    tree: Tree,
    books: &'a Books,
    control: Option<Link>,
    unread: Vec<u8>,
    /// What the data connections' handshakes are made with.
    sessions: Option<Sessions>,
    is_implicit: bool,
    /// Whether data connections are protected.
    is_private: bool,
    shape: Shape,
    /// Whether this client did something that ends the session.
    is_leaving: bool,
    /// What was said and heard, for the message about a run that failed.
    trace: Vec<String>,
}

/// What a client saw.
pub(super) struct Played {
    /// What its files may be.
    pub(super) worlds: Worlds,
    /// What its tree may be.
    pub(super) tree: Tree,
    pub(super) wrong: Option<String>,
    pub(super) trace: String,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        server: Server,
        name: &'static str,
        random: Random,
        worlds: Worlds,
        tree: Tree,
        books: &'a Books,
    ) -> Self {
        Self {
            server,
            name,
            random,
            worlds,
            tree,
            books,
            control: None,
            unread: Vec::new(),
            sessions: None,
            is_implicit: false,
            is_private: false,
            shape: Shape::default(),
            is_leaving: false,
            trace: Vec::new(),
        }
    }

    /// Plays the dialogue to its end, whichever.
    pub(super) fn play(mut self) -> Played {
        let wrong = match self.dialogue() {
            Ok(()) | Err(Stop::Gone) => None,
            Err(Stop::Wrong(what)) => Some(format!("client {}: {what}", self.name)),
        };
        Played { worlds: self.worlds, tree: self.tree, wrong, trace: self.trace.join(", ") }
    }

    fn dialogue(&mut self) -> Step {
        self.enter()?;
        for _ in 0..=self.random.below(4) {
            self.step()?;
        }
        match self.random.below(4) {
            0 => {
                self.is_leaving = true;
                self.ask("QUIT").map(drop)
            }
            1 => self.half_close(),
            _ => self.vanish(),
        }
    }

    fn step(&mut self) -> Step {
        let (a, b) = (self.file("a"), self.file("b"));
        match self.random.below(27) {
            0..=4 => self.store("STOR", &a),
            5 => self.store("STOR", &b),
            6 => self.store("APPE", &a),
            7..=8 => self.retrieve("RETR", &a),
            9 => self.list(),
            10..=11 => {
                let (from, to) = if self.random.once_in(2) { (a, b) } else { (b, a) };
                self.rename(from, to)
            }
            12 => self.pipelined(a, b),
            13 => self.change(&format!("DELE {b}"), &Change::Remove(b.clone())),
            14..=18 => self.long(a, b),
            19..=22 => self.reshape(),
            23 => self.reinitialise(),
            24 => self.clear_control(),
            25 => self.store(super::embedding::verbs::UPLOAD, &a),
            _ => match self.random.below(3) {
                0 => self.ask(super::embedding::verbs::REPLY).map(drop),
                _ => self.retrieve(super::embedding::verbs::DOWNLOAD, &a),
            },
        }
    }

    fn file(&self, name: &str) -> String {
        format!("{}{}", name, self.name)
    }
}

fn wrong<T>(what: String) -> Step<T> {
    Err(Stop::Wrong(what))
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}
