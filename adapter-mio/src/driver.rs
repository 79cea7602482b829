//! One session: takes turns between the engine and the world.
//!
//! A turn delivers what was reported, sends what the kernel takes, reads what the engine wants to hear, moves data and
//! tells the time. A visit is a few turns: as many as there is something to do in, up to a bound, so that one busy
//! session keeps none of the others waiting.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use ftp_host::adapter::{Control, Engine, Permit, SessionId, Settings, socket};
use ftp_host::{Client, HostSession, ReplyTo};
use ftp_proto::event::Admission;
use ftp_proto::{Action, ActionId, Completion, Event};
use mio::net::TcpStream;
use mio::{Registry, Token, event};

use crate::data::{DataPlane, Tokens};
use crate::mailbox::{Address, Arrival, Mailbox};
use crate::operation::Visit;
use crate::watched::Watched;

/// What the engine is to be told in the next turn.
#[derive(Debug)]
pub(crate) enum Report {
    /// An action ended.
    Done(Completion),
    /// An open action has moved `bytes` bytes in all.
    Progress { id: ActionId, bytes: u64 },
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

/// How a session's sockets are told apart by the loop's poll.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lanes {
    pub(crate) control: Token,
    pub(crate) data: Tokens,
}

/// A control connection and everything that hangs on it. Dropping it closes all of it.
pub(crate) enum Driver {
    /// The session goes on.
    Live(Box<Live>),
    /// The session is over; the control connection is being closed.
    Leaving { control: Control<Watched<TcpStream>>, until: Instant, _permit: Permit<Mailbox> },
}

/// A session that goes on.
pub(crate) struct Live {
    engine: Engine,
    world: World,
    permit: Permit<Mailbox>,
    lanes: Lanes,
    reports: Vec<Report>,
}

/// All that actions act on. It has no way to the engine: running an action cannot re-enter it.
struct World {
    control: Control<Watched<TcpStream>>,
    data: DataPlane,
    host: Box<dyn HostSession>,
    reply_to: ReplyTo,
    client: Client,
    id: SessionId,
    settings: Arc<Settings>,
}

impl Driver {
    /// A session for a new connection. The host's answers come back to `mailbox`, for the session at `key`.
    pub(crate) fn new(
        arrival: Arrival,
        settings: &Arc<Settings>,
        registry: &Rc<Registry>,
        lanes: Lanes,
        (mailbox, key): (Mailbox, usize),
    ) -> io::Result<Self> {
        let Arrival { stream, peer, permit, admission } = arrival;
        let local = socket::canonical(stream.local_addr()?);
        let client = Client { peer: socket::canonical(peer), local };
        let address = Address { key, id: permit.id() };
        let world = World {
            control: Control::new(Watched::new(registry, lanes.control, stream)?)?,
            data: DataPlane::new(local, settings.offload, Rc::clone(registry), lanes.data),
            host: settings.host.session(client),
            reply_to: ReplyTo::new(move |completion| mailbox.answer(address, completion)),
            client,
            id: permit.id(),
            settings: Arc::clone(settings),
        };
        #[cfg_attr(not(feature = "testing"), allow(unused_mut))]
        let mut engine = Engine::new(Arc::clone(&settings.config))?;
        #[cfg(feature = "testing")]
        engine.watched_by(settings, client);
        let mut live = Box::new(Live { engine, world, permit, lanes, reports: Vec::new() });
        live.begin(admission);
        Ok(Self::Live(live))
    }

    /// Which session this is; none once it is over.
    pub(crate) fn id(&self) -> Option<SessionId> {
        match self {
            Self::Live(live) => Some(live.world.id),
            Self::Leaving { .. } => None,
        }
    }

    /// Takes in what the session is to be told.
    pub(crate) fn report(&mut self, report: Report) {
        if let Self::Live(live) = self {
            live.reports.push(report);
        }
    }

    /// Remembers what the kernel tells.
    pub(crate) fn note(&self, event: &event::Event) {
        match self {
            Self::Live(live) if event.token() == live.lanes.control => live.world.control.stream().note(event),
            Self::Live(live) => live.world.data.note(event),
            Self::Leaving { control, .. } => control.stream().note(event),
        }
    }

    /// Goes on with it: itself, if it is not over, and when to come again.
    pub(crate) fn visit(mut self, visit: &mut Visit) -> (Option<Self>, Next) {
        if let Self::Live(live) = &mut self {
            let next = live.visit(visit);
            if next != Next::Never {
                return (Some(self), next);
            }
        }
        #[cfg(feature = "testing")]
        if matches!(&self, Self::Live(live) if live.is_cut()) {
            return (None, Next::Never);
        }
        match self.leave() {
            Some(leaving) => {
                let until = leaving.until();
                (Some(leaving), Next::When(until))
            }
            None => (None, Next::Never),
        }
    }

    /// Goes on closing the control connection; `None` when it is closed. Everything else is dropped at once.
    fn leave(self) -> Option<Self> {
        let (mut control, until, permit) = match self {
            Self::Live(live) => {
                let Live { world: World { control, .. }, mut permit, .. } = *live;
                if !permit.step_outside() {
                    return None;
                }
                (control, Instant::now() + Control::<Watched<TcpStream>>::LINGER, permit)
            }
            Self::Leaving { control, until, _permit } => (control, until, _permit),
        };
        let over = control.part() || Instant::now() >= until;
        (!over).then_some(Self::Leaving { control, until, _permit: permit })
    }

    fn until(&self) -> Option<Instant> {
        match self {
            Self::Live(_) => None,
            Self::Leaving { until, .. } => Some(*until),
        }
    }
}

impl Live {
    fn begin(&mut self, admission: Admission) {
        let Client { peer, local } = self.world.client;
        self.feed(Event::Connected { local, peer, admission });
    }

    fn visit(&mut self, visit: &mut Visit) -> Next {
        visit.moved = 0;
        let mut turns = 0;
        while self.engine.is_open() {
            if turns == TURNS_AT_ONCE || visit.moved >= BYTES_AT_ONCE {
                return Next::Soon;
            }
            #[cfg(feature = "testing")]
            if self.is_cut() {
                return Next::Never;
            }
            if !self.turn(visit) {
                self.world.control.say_farewell();
                let deadlines = [self.engine.deadline(), self.world.data.deadline()];
                return Next::When(deadlines.into_iter().flatten().min());
            }
            turns += 1;
        }
        Next::Never
    }

    /// Whether a test wants it dropped; then it does so each time.
    #[cfg(feature = "testing")]
    fn is_cut(&self) -> bool {
        self.world.settings.is_cut(&self.world.client)
    }

    /// Does what can be done without waiting: whether there was anything.
    fn turn(&mut self, visit: &mut Visit) -> bool {
        let mut busy = self.deliver();
        busy |= self.flush();
        busy |= self.read();
        busy |= self.world.data.step(visit);
        busy | self.engine.tell_time(|action| self.world.run(action))
    }

    fn deliver(&mut self) -> bool {
        let ours = self.world.data.take_reports();
        let theirs = std::mem::take(&mut self.reports);
        let busy = !ours.is_empty() || !theirs.is_empty();
        for report in ours.into_iter().chain(theirs) {
            match report {
                Report::Done(completion) => self.feed(Event::Done(completion)),
                Report::Progress { id, bytes } => self.feed(Event::Progress { id, bytes }),
                Report::Drain(deadline) => self.engine.drain(deadline, |action| self.world.run(action)),
            }
        }
        busy
    }

    fn flush(&mut self) -> bool {
        match self.world.control.flush() {
            Ok(0) => return false,
            Ok(count) => self.feed(Event::Sent(count)),
            Err(end) => self.feed(Event::ControlEnded(end)),
        }
        true
    }

    fn read(&mut self) -> bool {
        if !self.world.control.is_readable() || !self.engine.wants_input() {
            return false;
        }
        let mut buffer = [0; READ_BUFFER];
        match self.world.control.read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => self.feed(Event::Received(buffer.get(..count).unwrap_or_default())),
            Err(end) => self.feed(Event::ControlEnded(end)),
        }
        true
    }

    /// Gives the engine one event and runs what it asks for.
    fn feed(&mut self, event: Event<'_>) {
        self.engine.feed(event, |action| self.world.run(action));
    }
}

impl World {
    fn run(&mut self, action: Action) {
        match action {
            Action::Write(bytes) => self.control.write(bytes),
            Action::Shutdown => self.control.shut_down(),
            Action::Data(action) => self.data.run(action, &*self.host),
            Action::Host(action) => self.host.submit(action, self.reply_to.clone()),
            Action::Notify(notice) => (self.settings.observer)(self.id, &self.client, &notice),
            Action::Cancel(id) => {
                if !self.data.cancel(id) {
                    self.host.cancel(id);
                }
            }
        }
    }
}

/// Turns before other sessions get theirs.
const TURNS_AT_ONCE: u32 = 16;
/// Bytes that a session moves before others get their turn.
const BYTES_AT_ONCE: usize = 1024 * 1024;
/// Bytes of the control connection read at once; on the stack, so that an idle session holds none.
const READ_BUFFER: usize = 4096;
