//! One session: the engine, and the world that its actions act on.
//!
//! What it does not do is wait. An adapter tells it what ended, moves its data connections, and lets it take a turn
//! whenever there may be something to do.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::action::TlsRole;
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use ftp_proto::outcome::Secured;
use ftp_proto::{Action, ActionId, Completion, DataAction, DataId, Event, Failure, Ticket};

use super::{Control, Engine, HostSide, Layer, SessionId, Settings, Stream};
use crate::host::{Client, ReplyTo};
use crate::tls::TlsSession;

/// An adapter's listeners and data connections of one session.
pub trait DataPlane {
    /// Begins `action`. Its answer must come later, as [`Driver::done`], also where it is known at once.
    ///
    /// `DataAction::Secure` comes as [`secure`](Self::secure) instead.
    fn run(&mut self, action: DataAction, host: &HostSide);

    /// Begins TLS on the data connection `data` with `layer`, which has taken nothing yet. Its answer must come later,
    /// too.
    fn secure(&mut self, ticket: Ticket<Secured>, data: DataId, layer: Layer);

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
    /// What its secured connections share, once there are any.
    tls: Option<Box<TlsSession>>,
    /// Answers that were known at once: they wait for the next turn.
    answers: Vec<Completion>,
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
        let mut host = HostSide::new(settings.host.session(client));
        host.identify(id);
        let world = World {
            control: Control::new(stream)?,
            data,
            host,
            reply_to,
            client,
            id,
            settings: Arc::clone(settings),
            tls: None,
            answers: Vec::new(),
        };
        let engine = Engine::new(settings, client, id)?;
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

    /// Reads what the engine wants to hear and tells the time: whether there was anything to do.
    ///
    /// What is to be said meanwhile waits for [`flush`](Self::flush), so that replies which follow each other leave
    /// together: each piece wakes the client, which costs more than all that was done for it.
    pub fn turn(&mut self) -> bool {
        let mut busy = self.answer();
        busy |= self.negotiate();
        busy |= self.read();
        busy |= self.engine.tell_time(|action| self.world.run(action));
        busy
    }

    /// Sends what the kernel takes: whether there was anything. To be called where there is nothing else to do, and
    /// before others get their turn.
    pub fn flush(&mut self) -> bool {
        match self.world.control.flush() {
            Ok(0) => {
                if self.is_open() {
                    self.world.control.say_farewell();
                }
                return false;
            }
            Ok(count) => self.feed(Event::Sent(count)),
            Err(end) => self.feed(Event::ControlEnded(end)),
        }
        true
    }

    /// Whether the session goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.engine.is_open()
    }

    /// Whether it wants to hear the control connection, itself or for TLS, and that may have more to say.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        let control = &self.world.control;
        control.needs_input() || control.is_readable() && self.engine.wants_input()
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

    fn answer(&mut self) -> bool {
        let answers = std::mem::take(&mut self.world.answers);
        let busy = !answers.is_empty();
        answers.into_iter().for_each(|completion| self.done(completion));
        busy
    }

    fn negotiate(&mut self) -> bool {
        let answer = self.world.control.negotiate();
        let busy = answer.is_some();
        if let Some(completion) = answer {
            self.world.remember_host();
            self.done(completion);
        }
        busy
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
            Action::Secure { ticket, host } => self.secure(ticket, host),
            Action::Unsecure(ticket) => {
                let answer = self.control.unsecure(ticket);
                self.answers.extend(answer);
            }
            Action::Shutdown => self.control.shut_down(),
            Action::Data(DataAction::Secure { ticket, data, role }) => match self.layer(role) {
                Ok(layer) => self.data.secure(ticket, data, layer),
                Err(failure) => self.answers.push(ticket.fail(failure)),
            },
            Action::Data(action) => self.data.run(action, &self.host),
            Action::Host(action) => {
                let answer = self.host.submit(action, self.reply_to.clone());
                self.answers.extend(answer);
            }
            Action::Notify(notice) => self.settings.observe(self.id, &self.client, &notice),
            Action::Cancel(id) => {
                if let Some(answer) = self.control.cancel(id) {
                    self.answers.push(answer);
                } else if !self.data.cancel(id) {
                    self.host.cancel(id);
                }
            }
        }
    }

    fn secure(&mut self, ticket: Ticket<Secured>, host: Option<Arc<str>>) {
        let answer = match self.tls_session(host) {
            Ok(session) => {
                let offer = session.control();
                self.tls = Some(Box::new(session));
                self.control.secure(ticket, offer)
            }
            Err(failure) => Some(ticket.fail(failure)),
        };
        self.answers.extend(answer);
    }

    /// Data connections mean the host that the client named on the control connection.
    fn remember_host(&mut self) {
        if let (Some(session), Some(host)) = (&mut self.tls, self.control.sni()) {
            session.named(host);
        }
    }

    /// The TLS of a new data connection.
    fn layer(&mut self, role: TlsRole) -> Result<Layer, Failure> {
        if self.tls.is_none() {
            self.tls = Some(Box::new(self.tls_session(None)?));
        }
        let session = self.tls.as_ref().ok_or(Failure::Tls)?;
        match role {
            TlsRole::Server => Ok(Layer::server(session.data(), Vec::new())),
            TlsRole::Client => Layer::client(session.peer()),
        }
    }

    fn tls_session(&self, host: Option<Arc<str>>) -> Result<TlsSession, Failure> {
        let tls = self.settings.tls.as_ref().ok_or(Failure::Unsupported)?;
        TlsSession::new(tls, host)
    }
}

impl<S, D> std::fmt::Debug for Driver<S, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").field("id", &self.world.id).finish_non_exhaustive()
    }
}

/// Bytes of the control connection read at once; on the stack, so that an idle session holds none.
const READ_BUFFER: usize = 4096;

#[cfg(test)]
mod tests;
