//! Hands events to a session, keeps the actions that are open, and checks what must hold at every moment.

use std::sync::Arc;

use ftp_proto::action::{Action, DataAction};
use ftp_proto::config::{Config, Switch};
use ftp_proto::event::{Admission, ControlEnd};
use ftp_proto::server::{CloseReason, Misuse, Phase, Session};
use ftp_proto::time::{Instant, UnixTime};
use ftp_proto::{ActionId, Event};

use super::books::Books;
use super::{Host, LOCAL, PEER, Wire};

/// A session and what is known of it from outside.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) session: Session,
    pub(crate) books: Books,
    pub(crate) wire: Wire,
    pub(crate) host: Host,
    pub(crate) now: Instant,
    /// The latest that was ever told.
    latest: Instant,
    /// Actions to be answered, in the order in which they came.
    pub(crate) open: Vec<Action>,
    /// Bytes written and not credited.
    pub(crate) unsent: u64,
    /// Whether the control connection was reset, so that nobody reads any more.
    pub(crate) reset: bool,
    /// The actions as text, where they are wanted.
    pub(crate) log: Option<Vec<String>>,
    /// More than the lines that the client has sent.
    lines: usize,
    /// More than the bytes that replies may hold back.
    unsent_bound: u64,
    /// Whether actions were left in the queue.
    queued: bool,
    /// How often a Timeout led to nothing at the same moment.
    idle_turns: usize,
}

pub(crate) const SEED: [u8; 32] = [7; 32];

impl Driver {
    pub(crate) fn new(config: Config) -> Self {
        // One reply passes the bound: HELP, FEAT, or one that names a path.
        let unsent_bound = (config.limits.unsent_replies as u64).saturating_add(16 * 1024);
        Self {
            session: Session::new(Arc::new(config), SEED, UnixTime::from_secs(1_720_000_000)),
            books: Books::default(),
            wire: Wire::default(),
            host: Host::default(),
            now: Instant::START,
            latest: Instant::START,
            open: Vec::new(),
            unsent: 0,
            reset: false,
            log: None,
            lines: 0,
            unsent_bound,
            queued: false,
            idle_turns: 0,
        }
    }

    pub(crate) fn connect(&mut self, implicit_tls: Switch) {
        self.event(connected(Admission::Welcome, implicit_tls));
    }

    /// Hands in what is in order, and takes all actions.
    pub(crate) fn event(&mut self, event: Event<'_>) {
        self.event_taking(event, usize::MAX);
    }

    /// The same, and leaves actions behind the first `most` in the queue.
    pub(crate) fn event_taking(&mut self, event: Event<'_>, most: usize) {
        match &event {
            Event::Received(bytes) => {
                self.lines += 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
                // What is echoed is echoed once or twice, escaped.
                self.unsent_bound = self.unsent_bound.saturating_add(4 * bytes.len() as u64);
            }
            Event::Sent(bytes) => self.unsent = self.unsent.saturating_sub(*bytes as u64),
            Event::ControlEnded(ControlEnd::Reset) => {
                // What is in the queue was said before it.
                (self.reset, self.unsent) = (!self.queued, 0);
            }
            Event::Done(completion) => {
                self.books.settle(completion);
                // A listing on the control connection writes what it is told.
                self.unsent_bound = self.unsent_bound.saturating_add(4096);
            }
            _ => {}
        }
        self.latest = self.latest.max(self.now);
        let (state, kind) = (self.session.state(), event.kind());
        let actions = match self.session.handle(self.now, event) {
            Ok(actions) => actions,
            Err(misuse) => panic!("{misuse:?}"),
        };
        ftp_sim::cells::note(state, kind);
        let all = actions.len();
        let taken: Vec<Action> = actions.take(most).collect();
        self.books.was_queued = self.queued;
        self.queued = taken.len() < all;
        self.idle_turns = if taken.is_empty() { self.idle_turns } else { 0 };
        taken.into_iter().for_each(|action| self.take(action));
        self.check();
    }

    /// Hands in what is not in order: it is refused as `expected`, and nothing has changed.
    pub(crate) fn misuse(&mut self, event: Event<'_>, expected: Misuse) {
        let before = format!("{:?}", self.session);
        let refused = self.session.handle(self.now, event).map(|actions| actions.len());
        assert_eq!(refused, Err(expected));
        assert_eq!(format!("{:?}", self.session), before, "{expected:?} has changed something");
    }

    /// Answers the open action at `at` obediently.
    pub(crate) fn answer(&mut self, at: usize) {
        let action = self.open.remove(at);
        if let Some(completion) = self.host.answer(action) {
            self.event(Event::Done(completion));
        }
    }

    /// Answers and credits until there is nothing left to answer or to credit.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MANY {
            if self.is_closed() {
                return;
            } else if self.queued {
                self.event(Event::Timeout);
            } else if self.unsent > 0 {
                self.event(Event::Sent(usize::try_from(self.unsent).unwrap_or(usize::MAX)));
            } else if !self.open.is_empty() {
                self.answer(0);
            } else {
                return;
            }
        }
        panic!("never settles: {:?}", self.session);
    }

    /// Goes to the next deadline.
    pub(crate) fn jump(&mut self) {
        let Some(deadline) = self.session.next_deadline() else { return };
        if deadline.at > self.now {
            (self.now, self.idle_turns) = (deadline.at, 0);
        }
        self.idle_turns += 1;
        assert!(self.idle_turns < 100, "the same deadline over and over: {deadline:?}");
        self.event(Event::Timeout);
    }

    /// The end: whatever is under way, the session closes in a bounded number of steps.
    pub(crate) fn finish(&mut self, manner: Manner) {
        match manner {
            _ if self.is_closed() => {}
            Manner::Eof => self.event(Event::ControlEnded(ControlEnd::Eof)),
            Manner::Reset => self.event(Event::ControlEnded(ControlEnd::Reset)),
            Manner::Drain => self.event(Event::Drain { deadline: self.now }),
            Manner::Silence | Manner::Deafness => {}
        }
        for _ in 0..1000 {
            if self.is_closed() {
                return self.check_closed();
            }
            if manner != Manner::Deafness {
                self.settle();
            }
            self.jump();
        }
        panic!("never closes: {:?}", self.session);
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.session.phase(), Phase::Closed(_))
    }

    /// Whether nothing is under way and nothing is queued.
    pub(crate) const fn is_queued(&self) -> bool {
        self.queued
    }

    /// An open action whose progress may be told.
    pub(crate) fn moving(&self) -> Option<ActionId> {
        self.open.iter().find_map(|action| match action {
            Action::Data(
                action @ (DataAction::Send { .. } | DataAction::FileToData { .. } | DataAction::DataToFile { .. }),
            ) => action.id(),
            _ => None,
        })
    }

    fn take(&mut self, action: Action) {
        if let Some(log) = &mut self.log {
            match (&action, log.last_mut()) {
                // Where one Write ends and the next begins means nothing.
                (Action::Write(bytes), Some(last)) if last.starts_with("Write ") => {
                    last.push_str(&bytes.escape_ascii().to_string());
                }
                (Action::Write(bytes), _) => log.push(format!("Write {}", bytes.escape_ascii())),
                _ => log.push(format!("{action:?}")),
            }
        }
        self.books.issue(&action);
        match &action {
            Action::Write(bytes) => {
                assert!(!self.reset, "written behind a reset");
                self.wire.read(bytes);
                self.unsent += bytes.len() as u64;
            }
            Action::Data(DataAction::Connect { .. }) => {
                let left = self.wire.written - self.unsent;
                assert!(self.wire.announced.is_some_and(|end| end <= left), "dialled before the 150 has left");
                self.open.push(action);
            }
            Action::Secure { .. } | Action::Unsecure(_) | Action::Data(_) | Action::Host(_) => {
                // Those that need no answer fall out when they get one.
                self.open.push(action);
            }
            Action::Shutdown | Action::Notify(_) | Action::Cancel(_) => {}
        }
        self.open.retain(|action| match action {
            Action::Data(action) => action.id().is_some(),
            Action::Host(action) => action.id().is_some(),
            _ => true,
        });
    }

    fn check(&self) {
        if self.queued {
            return assert!(self.is_closed() || self.session.next_deadline().is_some_and(|at| at.at <= self.latest));
        }
        if let Phase::Closed(_) = self.session.phase() {
            return self.check_closed();
        }
        assert!(!self.books.shut);
        assert!(self.session.next_deadline().is_some(), "waits for nothing");
        assert_eq!(self.session.open_actions(), self.books.open(), "open actions");
        assert!(self.books.wanted() <= MOST_WANTED, "{} actions open at once", self.books.wanted());
        assert!(self.unsent <= self.unsent_bound, "{} bytes unsent", self.unsent);
        // The greeting, and a 421 that nobody asked for.
        assert!(self.wire.finals <= self.lines + 2, "more replies than commands: {:?}", self.wire.codes);
    }

    fn check_closed(&self) {
        let Phase::Closed(reason) = self.session.phase() else { panic!("not closed") };
        if self.queued {
            return;
        }
        assert!(self.books.shut, "closed without a Shutdown");
        assert_eq!(self.books.ended, Some(reason));
        assert_eq!(self.session.open_actions(), 0);
        assert_eq!(self.session.next_deadline(), None, "closed, and waits");
        if reason != CloseReason::HostStuck {
            self.books.close();
        }
    }
}

/// How a session is brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The client hangs up.
    Eof,
    /// The connection breaks.
    Reset,
    /// The operator ends the server.
    Drain,
    /// Nothing more comes.
    Silence,
    /// Nothing more comes, and nothing is answered or taken.
    Deafness,
}

impl Manner {
    pub(crate) const fn of(byte: u8) -> Self {
        match byte % 5 {
            0 => Self::Eof,
            1 => Self::Reset,
            2 => Self::Drain,
            3 => Self::Silence,
            _ => Self::Deafness,
        }
    }
}

pub(crate) fn connected(admission: Admission, implicit_tls: Switch) -> Event<'static> {
    Event::Connected { local: LOCAL.into(), peer: PEER.into(), admission, implicit_tls }
}

/// More steps than any session takes to come to rest.
const MANY: usize = 50_000;

/// More actions than a session ever wants the answers of at once.
const MOST_WANTED: usize = 16;
