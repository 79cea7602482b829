//! One session: takes turns between the engine and the world.
//!
//! A turn delivers what was reported, sends what the kernel takes, reads what the engine wants to hear, moves data and
//! tells the time. A visit is a few turns: as many as there is something to do in, up to a bound, so that one busy
//! session keeps none of the others waiting.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ftp_host::adapter::plane::{self, Visit};
use ftp_host::adapter::{Control, Driver, Permit, SessionId, Settings, socket};
use ftp_host::{Client, ReplyTo};
use ftp_proto::Completion;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Registry, Token};

use crate::data::{self, DataPlane, Lanes, Watcher};
use crate::mailbox::{Address, Arrival, Mailbox};
use crate::watched::Watched;

/// A connection that the loop watches.
type Connection = Watched<TcpStream>;

/// What the engine is to be told in the next turn.
#[derive(Debug)]
pub(crate) enum Report {
    /// An action ended.
    Done(Completion),
    /// The server is to end, at the latest at this time.
    Drain(Instant),
}

/// When to visit a session next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to do: once the others had their visit.
    Soon,
    /// When a socket is ready, mail comes, or at this time.
    When(Option<Instant>),
    /// Never: it is over.
    Never,
}

/// A control connection and everything that hangs on it. Dropping it closes all of it.
pub(crate) enum Session {
    /// It goes on.
    Live(Box<Live>),
    /// It is over; the control connection is being closed.
    Leaving(Box<Leaving>),
}

/// What is left of a session that is over.
pub(crate) struct Leaving {
    control: Control<Connection>,
    until: Instant,
    _permit: Permit<Mailbox>,
}

/// A session that goes on.
pub(crate) struct Live {
    driver: Driver<Connection, DataPlane>,
    permit: Permit<Mailbox>,
    /// The control connection's name.
    lane: Token,
    reports: Vec<Report>,
}

impl Session {
    /// A session for a new connection. The host's answers come back to `mailbox`, for the session at `key`.
    pub(crate) fn new(
        arrival: Arrival,
        settings: &Arc<Settings>,
        registry: &Arc<Registry>,
        lanes: Lanes,
        (mailbox, key): (Mailbox, usize),
    ) -> io::Result<Self> {
        let Arrival { stream, peer, permit, admission, implicit_tls } = arrival;
        let local = socket::canonical(stream.local_addr()?);
        let client = Client { peer: socket::canonical(peer), local };
        let address = Address { key, id: permit.id() };
        let stream = Watched::new(registry, lanes.control, stream)?;
        let data = DataPlane::new(local, settings.offload, Watcher::new(Arc::clone(registry), lanes));
        let reply_to = ReplyTo::new(move |completion| mailbox.answer(address, completion));
        let mut driver = Driver::new(settings, (client, permit.id()), stream, data, reply_to)?;
        driver.begin(admission, implicit_tls);
        Ok(Self::Live(Box::new(Live { driver, permit, lane: lanes.control, reports: Vec::new() })))
    }

    /// Which session this is; none once it is over.
    pub(crate) fn id(&self) -> Option<SessionId> {
        match self {
            Self::Live(live) => Some(live.driver.id()),
            Self::Leaving(_) => None,
        }
    }

    /// Takes in what the session is to be told.
    pub(crate) fn report(&mut self, report: Report) {
        if let Self::Live(live) = self {
            live.reports.push(report);
        }
    }

    /// Remembers what the kernel tells.
    pub(crate) fn note(&mut self, event: &Event) {
        match self {
            Self::Live(live) => live.note(event),
            Self::Leaving(leaving) => leaving.control.stream().note(event),
        }
    }

    /// Goes on with it: itself, if it is not over, and when to come again.
    pub(crate) fn visit(mut self, visit: &mut Visit) -> (Option<Self>, Next) {
        if let Self::Live(live) = &mut self {
            let next = live.visit(visit);
            if next != Next::Never {
                return (Some(self), next);
            }
            #[cfg(feature = "testing")]
            if live.driver.watcher().cuts() {
                return (None, Next::Never);
            }
        }
        let Some(mut leaving) = self.leaving() else { return (None, Next::Never) };
        if leaving.control.part() || Instant::now() >= leaving.until {
            return (None, Next::Never);
        }
        let until = leaving.until;
        (Some(Self::Leaving(leaving)), Next::When(Some(until)))
    }

    /// What is left of it once it is over, if there is room for that; everything else is dropped.
    fn leaving(self) -> Option<Box<Leaving>> {
        match self {
            Self::Live(live) => {
                let Live { driver, mut permit, .. } = *live;
                let until = Instant::now() + Control::<Connection>::LINGER;
                permit
                    .step_outside()
                    .then(|| Box::new(Leaving { control: driver.into_control(), until, _permit: permit }))
            }
            Self::Leaving(leaving) => Some(leaving),
        }
    }
}

impl Live {
    fn note(&mut self, event: &Event) {
        let (control, data) = self.driver.sockets();
        if event.token() == self.lane {
            control.stream().note(event);
        } else {
            data::note(data, event);
        }
    }

    fn visit(&mut self, visit: &mut Visit) -> Next {
        visit.moved = 0;
        let mut turns = 0;
        while self.driver.is_open() {
            if turns == TURNS_AT_ONCE || visit.moved >= BYTES_AT_ONCE {
                self.driver.flush();
                return Next::Soon;
            }
            #[cfg(feature = "testing")]
            if self.driver.watcher().cuts() {
                return Next::Never;
            }
            if !self.turn(visit) && !self.driver.flush() && self.driver.is_open() {
                let deadlines = [self.driver.deadline(), self.data().deadline()];
                return Next::When(deadlines.into_iter().flatten().min());
            }
            turns += 1;
        }
        Next::Never
    }

    /// Does what can be done without waiting: whether there was anything.
    fn turn(&mut self, visit: &mut Visit) -> bool {
        let mut busy = self.deliver();
        busy |= self.data().step(visit);
        busy | self.driver.turn()
    }

    fn deliver(&mut self) -> bool {
        let ours = self.data().take_reports();
        let theirs = std::mem::take(&mut self.reports);
        let busy = !ours.is_empty() || !theirs.is_empty();
        for report in ours {
            match report {
                plane::Report::Done(completion) => self.driver.done(completion),
                plane::Report::Progress { id, bytes } => self.driver.progress(id, bytes),
            }
        }
        for report in theirs {
            match report {
                Report::Done(completion) => self.driver.done(completion),
                Report::Drain(deadline) => self.driver.drain(deadline),
            }
        }
        busy
    }

    fn data(&mut self) -> &mut DataPlane {
        self.driver.sockets().1
    }
}

/// Turns before other sessions get theirs.
const TURNS_AT_ONCE: u32 = 16;
/// Bytes that a session moves before others get their turn.
const BYTES_AT_ONCE: usize = 1024 * 1024;
