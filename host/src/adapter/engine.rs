//! One session's engine with what it must be told besides events: the time, and a seed.

use std::io;
use std::sync::Arc;
use std::time::Instant as Moment;

use ftp_proto::server::{Misuse, Phase, Session};
use ftp_proto::time::Instant;
use ftp_proto::{Action, Event};

use super::clock::{self, Clock};
#[cfg(feature = "record")]
use super::record::Pen;
use super::{SessionId, Settings};
use crate::host::Client;

/// An engine that is told the time.
#[derive(Debug)]
pub struct Engine {
    session: Session,
    clock: Clock,
    /// When to tell the time next. It changes with events only, and is asked for much more often.
    next: Option<Instant>,
    misused: bool,
    #[cfg(feature = "testing")]
    watcher: super::Watcher,
    #[cfg(feature = "record")]
    pen: Pen,
}

impl Engine {
    /// One whose session `id`, with `client`, begins now.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(
        settings: &Settings,
        #[cfg_attr(
            not(any(feature = "testing", feature = "record")),
            expect(unused_variables, reason = "only a test's watch and a recording ask")
        )]
        client: Client,
        #[cfg_attr(not(feature = "record"), expect(unused_variables, reason = "only a recording asks"))] id: SessionId,
    ) -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let started = clock::unix_time();
        let session = Session::new(Arc::clone(&settings.config), seed, started);
        Ok(Self {
            next: session.next_deadline().map(|next| next.at),
            session,
            clock: Clock::start(),
            misused: false,
            #[cfg(feature = "testing")]
            watcher: super::Watcher::new(settings, client),
            #[cfg(feature = "record")]
            pen: Pen::new(settings.recording.as_ref(), (client, id), (&settings.config, seed, started)),
        })
    }

    /// Gives the engine one event and runs what it asks for, in order. `run` cannot reach the engine: what an action
    /// ends in has to wait for its turn. Once the session is over, nothing happens.
    pub fn feed(&mut self, event: Event<'_>, run: impl FnMut(Action)) {
        if !self.is_open() {
            return;
        }
        #[cfg(feature = "testing")]
        self.watcher.show(&event);
        #[cfg(feature = "testing")]
        let run = self.watcher.shown(run);
        let now = self.clock.now();
        #[cfg(feature = "record")]
        self.pen.event(now, &event);
        match self.session.handle(now, event) {
            #[cfg(feature = "record")]
            Ok(actions) => self.pen.follow(actions).for_each(run),
            #[cfg(not(feature = "record"))]
            Ok(actions) => actions.for_each(run),
            Err(misuse) => self.give_up(misuse),
        }
        self.next = self.session.next_deadline().map(|next| next.at);
    }

    /// The server is to end, at the latest at `deadline`.
    pub fn drain(&mut self, deadline: Moment, run: impl FnMut(Action)) {
        self.feed(Event::Drain { deadline: self.clock.at(deadline) }, run);
    }

    /// Tells the time if the engine waits for it: whether it did.
    pub fn tell_time(&mut self, run: impl FnMut(Action)) -> bool {
        let due = self.is_open() && self.next.is_some_and(|next| next <= self.clock.now());
        if due {
            self.feed(Event::Timeout, run);
        }
        due
    }

    /// When to tell the time next.
    #[must_use]
    pub fn deadline(&self) -> Option<Moment> {
        self.next.map(|next| self.clock.moment(next))
    }

    /// Whether it wants to hear the control connection.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.session.interest().control
    }

    /// Whether the session goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.misused && !matches!(self.session.phase(), Phase::Closed(_))
    }

    /// A fault of the adapter or of a host that mixed up its sessions: nothing that goes on from here can be trusted.
    fn give_up(&mut self, misuse: Misuse) {
        #[cfg(feature = "record")]
        self.pen.misuse(&misuse);
        debug_assert!(false, "the engine was misused: {misuse}");
        self.misused = true;
    }
}
