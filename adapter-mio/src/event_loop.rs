//! One event loop: a thread, a poll, and the sessions that live on it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ftp_host::adapter::Settings;
use ftp_host::adapter::plane::Visit;
use ftp_proto::event::Admission;
use mio::{Events, Poll, Registry, Token};
use slab::Slab;

use crate::alarms::{Alarm, Alarms};
use crate::crew::{Berth, Load};
use crate::data::Lanes;
use crate::door::{self, Caller, Door, Porch};
use crate::mailbox::{Arrival, Inbox, Mail};
use crate::session::{Next, Report, Session};

/// A loop and everything on it. It is made anywhere, and then moved to its thread.
pub(crate) struct EventLoop {
    poll: Poll,
    registry: Arc<Registry>,
    inbox: Inbox,
    berth: Berth,
    porches: Slab<Porch>,
    /// The porches where somebody may be, each at most once.
    callers: Vec<usize>,
    settings: Arc<Settings>,
    sessions: Slab<Place>,
    /// The places that are to be visited, each at most once.
    ready: VecDeque<usize>,
    alarms: Alarms,
    visit: Visit,
    /// Once the server is to end: the latest time.
    drain: Option<Instant>,
}

/// One session's place.
struct Place {
    /// Empty only during a visit, and behind one that panicked.
    session: Option<Session>,
    is_ready: bool,
    alarm: Alarm,
    _load: Load,
}

impl EventLoop {
    /// A loop without sessions.
    pub(crate) fn new(settings: Arc<Settings>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let inbox = Inbox::new(poll.registry(), WAKER)?;
        let registry = Arc::new(poll.registry().try_clone()?);
        Ok(Self {
            berth: Berth::new(inbox.mailbox(), Arc::clone(&registry)),
            registry,
            poll,
            inbox,
            porches: Slab::new(),
            callers: Vec::new(),
            settings,
            sessions: Slab::new(),
            ready: VecDeque::new(),
            alarms: Alarms::default(),
            visit: Visit::new(),
            drain: None,
        })
    }

    /// Where to reach it.
    pub(crate) fn berth(&self) -> Berth {
        self.berth.clone()
    }

    /// Runs until it is told to stop; the sessions that are still there then are cut.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while self.turn(&mut events) {}
    }

    /// Waits for something to happen, and visits everyone whom it concerns: whether to go on.
    fn turn(&mut self, events: &mut Events) -> bool {
        match self.poll.poll(events, self.patience()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => events.clear(),
            // The poll itself is broken: nothing would ever be heard again.
            Err(_) => return false,
            Ok(()) => {}
        }
        events.iter().for_each(|event| self.note(event));
        let mail = self.inbox.take();
        let go_on = !mail.stop;
        self.distribute(mail);
        self.ring();
        self.let_in();
        // Those that become ready meanwhile have to wait until the poll was asked again.
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else { break };
            self.visit(key);
        }
        go_on
    }

    /// How long to wait: not at all, where there is something to do.
    fn patience(&self) -> Option<Duration> {
        if !self.ready.is_empty() || !self.callers.is_empty() || !self.inbox.may_sleep() {
            return Some(Duration::ZERO);
        }
        let porches = self.porches.iter().filter_map(|(_, porch)| porch.deadline());
        let first = porches.chain(self.alarms.first()).min()?;
        Some(first.saturating_duration_since(Instant::now()))
    }

    fn note(&mut self, event: &mio::event::Event) {
        if event.token() == WAKER {
            return;
        }
        if let Some(porch) = porch(event.token()) {
            self.knock(porch);
            return;
        }
        let key = event.token().0 / LANES;
        if let Some(Place { session: Some(session), .. }) = self.sessions.get_mut(key) {
            session.note(event);
            self.call(key);
        }
    }

    fn distribute(&mut self, mail: Mail) {
        mail.doors.into_iter().for_each(|door| self.open(door));
        mail.arrivals.into_iter().for_each(|(arrival, load)| self.settle_in(arrival, load));
        for (address, completion) in mail.answers {
            // A session that is over hears no more; the place may be another's.
            if let Some(Place { session: Some(session), .. }) = self.sessions.get_mut(address.key)
                && session.id() == Some(address.id)
            {
                session.report(Report::Done(completion));
                self.call(address.key);
            }
        }
        if let Some(deadline) = mail.drain {
            self.drain = Some(deadline);
            let keys: Vec<_> = self.sessions.iter().map(|(key, _)| key).collect();
            keys.into_iter().for_each(|key| self.tell_to_drain(key, deadline));
        }
    }

    /// Begins to look at a door.
    fn open(&mut self, door: Arc<Door>) {
        self.porches.retain(|_, porch| !porch.door.is_closed());
        let key = self.porches.insert(Porch::new(door));
        if let Some(porch) = self.porches.get_mut(key) {
            porch.look(&self.registry, porch_name(key), &self.berth);
        }
    }

    /// Somebody may be at a door.
    fn knock(&mut self, porch: usize) {
        if self.porches.contains(porch) && !self.callers.contains(&porch) {
            self.callers.push(porch);
        }
    }

    /// Lets in who is at the doors: at each one more than there are sessions to visit, so that neither keeps the other
    /// waiting.
    fn let_in(&mut self) {
        let most = self.ready.len() + 1;
        for key in std::mem::take(&mut self.callers) {
            if self.admit(key, most) && !door::TELLS_AGAIN {
                self.knock(key);
            }
        }
    }

    /// Lets in up to `most` who are at one door: whether there may be more.
    fn admit(&mut self, key: usize, most: usize) -> bool {
        for _ in 0..most {
            let Some(porch) = self.porches.get_mut(key) else { return false };
            match porch.door.answer(&self.berth) {
                Caller::Guest(arrival, load) => {
                    porch.passed();
                    self.settle_in(*arrival, load);
                }
                Caller::Passed => porch.passed(),
                Caller::Nobody => return false,
                Caller::Shortage => {
                    porch.shut(&self.registry);
                    return false;
                }
            }
        }
        true
    }

    /// Begins a session. It fails where the client is gone already, or the system gives no random numbers.
    fn settle_in(&mut self, arrival: Arrival, load: Load) {
        let is_inside = arrival.admission == Admission::Welcome;
        let entry = self.sessions.vacant_entry();
        let key = entry.key();
        let back = (self.inbox.mailbox(), key);
        let (settings, registry) = (&self.settings, &self.registry);
        let begin = || Session::new(arrival, settings, registry, lanes(key), back);
        let Ok(Ok(session)) = catch_unwind(AssertUnwindSafe(begin)) else { return };
        entry.insert(Place { session: Some(session), is_ready: false, alarm: None, _load: load });
        self.call(key);
        if let Some(deadline) = self.drain
            && is_inside
        {
            self.tell_to_drain(key, deadline);
        }
    }

    fn tell_to_drain(&mut self, key: usize, deadline: Instant) {
        if let Some(Place { session: Some(session), .. }) = self.sessions.get_mut(key) {
            session.report(Report::Drain(deadline));
            self.call(key);
        }
    }

    /// Calls those whose alarm goes off.
    fn ring(&mut self) {
        let now = Instant::now();
        for (key, porch) in &mut self.porches {
            porch.ring(now, &self.registry, porch_name(key), &self.berth);
        }
        while let Some(key) = self.alarms.due(now) {
            let Some(place) = self.sessions.get_mut(key) else { break };
            self.alarms.clear(key, &mut place.alarm);
            self.call(key);
        }
    }

    /// Sees to it that a session is visited.
    fn call(&mut self, key: usize) {
        if let Some(place) = self.sessions.get_mut(key)
            && !place.is_ready
        {
            place.is_ready = true;
            self.ready.push_back(key);
        }
    }

    fn visit(&mut self, key: usize) {
        let Some(place) = self.sessions.get_mut(key) else { return };
        place.is_ready = false;
        let Some(session) = place.session.take() else { return };
        let visit = &mut self.visit;
        // A panic, of a host's or an observer's say, ends the session that it happened in: that is dropped on the way.
        let visited = catch_unwind(AssertUnwindSafe(|| session.visit(visit)));
        let (session, next) = visited.unwrap_or((None, Next::Never));
        place.session = session;
        match next {
            Next::Soon => self.call(key),
            Next::When(deadline) => self.alarms.set(key, &mut place.alarm, deadline),
            Next::Never => {
                self.alarms.clear(key, &mut place.alarm);
                self.sessions.remove(key);
            }
        }
    }
}

/// The names of the sockets of the session at `key`.
fn lanes(key: usize) -> Lanes {
    let lane = |lane| Token(key * LANES + lane);
    Lanes { control: lane(0), listeners: lane(1), connections: lane(2) }
}

/// What the door behind a porch is called, and the opposite. Sessions never have as many names.
fn porch_name(key: usize) -> Token {
    Token(WAKER.0 - 1 - key)
}

fn porch(token: Token) -> Option<usize> {
    let key = WAKER.0 - 1 - token.0;
    (key < usize::MAX / 2).then_some(key)
}

/// Kinds of sockets that a session has. Two of one kind share a name: the second call for nothing costs less than a
/// table of names would.
const LANES: usize = 3;
const WAKER: Token = Token(usize::MAX);
/// Events taken from the kernel at once.
const EVENTS: usize = 1024;
