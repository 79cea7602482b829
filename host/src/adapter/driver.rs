//! One session: the engine, and the world that its actions act on.
//!
//! What it does not do is wait. An adapter tells it what ended, moves its data connections, and lets it take a turn
//! whenever there may be something to do.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::{Action, ActionId, Completion, DataAction, Event, Failure};

use super::{Control, Engine, HostSide, SessionId, Settings, Stream};
use crate::host::{Client, ReplyTo};

/// An adapter's listeners and data connections of one session.
pub trait DataPlane {
    /// Begins `action`. Its answer must come later, as [`Driver::done`], also where it is known at once.
    fn run(&mut self, action: DataAction, host: &HostSide);

    /// Asks to end `action` early: whether it is one of its own that is still under way.
    fn cancel(&mut self, action: ActionId) -> bool;
}

/// One session and everything it holds. Dropping it closes all of it.
pub struct Driver<S, D> {
    engine: Engine,
    world: World<S, D>,
}

/// All that actions act on. It has no way to the engine: running an action cannot re-enter it.
struct World<S, D> {
    control: Control<S>,
    data: D,
    host: HostSide,
    reply_to: ReplyTo,
    client: Client,
    id: SessionId,
    settings: Arc<Settings>,
}

impl<S: Stream, D: DataPlane> Driver<S, D> {
    /// The session `id` on `stream`. The host's answers go to `reply_to`.
    ///
    /// # Errors
    /// When the client is gone already, or the system gives no random numbers.
    pub fn new(
        settings: &Arc<Settings>,
        (client, id): (Client, SessionId),
        stream: S,
        data: D,
        reply_to: ReplyTo,
    ) -> io::Result<Self> {
        let world = World {
            control: Control::new(stream)?,
            data,
            host: HostSide::new(settings.host.session(client)),
            reply_to,
            client,
            id,
            settings: Arc::clone(settings),
        };
        let engine = Engine::new(settings, client)?;
        Ok(Self { engine, world })
    }

    /// What tells when a test wants this session dropped.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn watcher(&self) -> super::Watcher {
        super::Watcher::new(&self.world.settings, self.world.client)
    }

    /// Begins the session; with `implicit_tls`, TLS comes before the first word.
    pub fn begin(&mut self, admission: Admission, implicit_tls: Switch) {
        let Client { peer, local } = self.world.client;
        self.feed(Event::Connected { local, peer, admission, implicit_tls });
    }

    /// An action ended.
    pub fn done(&mut self, completion: Completion) {
        self.feed(Event::Done(completion));
    }

    /// An open action has moved `bytes` bytes in all.
    pub fn progress(&mut self, id: ActionId, bytes: u64) {
        self.feed(Event::Progress { id, bytes });
    }

    /// The server is to end, at the latest at `deadline`.
    pub fn drain(&mut self, deadline: Instant) {
        self.engine.drain(deadline, |action| self.world.run(action));
    }

    /// Sends what the kernel takes, reads what the engine wants to hear and tells the time: whether there was anything
    /// to do. If not, whatever was to be said has left, or waits for the client.
    pub fn turn(&mut self) -> bool {
        let mut busy = self.flush();
        busy |= self.read();
        busy |= self.engine.tell_time(|action| self.world.run(action));
        if !busy && self.is_open() {
            self.world.control.say_farewell();
        }
        busy
    }

    /// Whether the session goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.engine.is_open()
    }

    /// Whether it wants to hear the control connection, and that may have more to say.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        self.world.control.is_readable() && self.engine.wants_input()
    }

    /// When to take a turn, whatever happens until then.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.engine.deadline()
    }

    /// Which session this is.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.world.id
    }

    /// The control connection, and the data plane.
    pub fn sockets(&mut self) -> (&Control<S>, &mut D) {
        (&self.world.control, &mut self.world.data)
    }

    /// Ends it: the control connection is left, to be closed. Everything else is dropped.
    pub fn into_control(self) -> Control<S> {
        self.world.control
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
        if !self.wants_input() {
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

impl<S: Stream, D: DataPlane> World<S, D> {
    fn run(&mut self, action: Action) {
        match action {
            Action::Write(bytes) => self.control.write(bytes),
            Action::Secure { ticket, .. } => self.reply_to.send(ticket.fail(Failure::Unsupported)),
            Action::Unsecure(ticket) => self.reply_to.send(ticket.fail(Failure::Unsupported)),
            Action::Shutdown => self.control.shut_down(),
            Action::Data(action) => self.data.run(action, &self.host),
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

impl<S, D> std::fmt::Debug for Driver<S, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("id", &self.world.id).finish_non_exhaustive()
    }
}

/// Bytes of the control connection read at once; on the stack, so that an idle session holds none.
const READ_BUFFER: usize = 4096;
