//! One session's task: takes turns between the engine and the world.
//!
//! A turn delivers what was reported, sends what the kernel takes, reads what the engine wants to hear and tells the
//! time. Only between turns does the task wait, and only for things that a cancelled wait does not lose.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ftp_host::adapter::{Engine, Permit, SessionId, Settings, socket};
use ftp_host::{Client, ReplyTo};
use ftp_proto::event::Admission;
use ftp_proto::{Action, Event};
use tokio::net::TcpStream;

use crate::alarm::Alarm;
use crate::control::{self, Control};
use crate::data::DataPlane;
use crate::host_side::HostSide;
use crate::mailbox::{Inbox, Mailbox, Report};

/// One session and everything it holds. Dropping it closes all of it.
pub(crate) struct Driver {
    engine: Engine,
    alarm: Alarm,
    inbox: Inbox,
    world: World,
    permit: Permit<Mailbox>,
}

/// All that actions act on. It has no way to the engine: running an action cannot re-enter it.
struct World {
    control: Control,
    data: DataPlane,
    host: HostSide,
    reply_to: ReplyTo,
    client: Client,
    id: SessionId,
    settings: Arc<Settings>,
}

impl Driver {
    /// A session on `stream`.
    pub(crate) fn new(
        settings: Arc<Settings>,
        stream: TcpStream,
        peer: SocketAddr,
        inbox: Inbox,
        permit: Permit<Mailbox>,
    ) -> io::Result<Box<Self>> {
        let local = socket::canonical(stream.local_addr()?);
        let client = Client { peer: socket::canonical(peer), local };
        let mailbox = inbox.mailbox();
        let world = World {
            control: control::take(stream)?,
            data: DataPlane::new(local, settings.offload, mailbox.clone()),
            host: HostSide::new(settings.host.session(client)),
            reply_to: ReplyTo::new(move |completion| mailbox.post(Report::Done(completion))),
            client,
            id: permit.id(),
            settings: Arc::clone(&settings),
        };
        #[cfg_attr(not(feature = "testing"), allow(unused_mut))]
        let mut engine = Engine::new(Arc::clone(&settings.config))?;
        #[cfg(feature = "testing")]
        engine.watched_by(&settings, client);
        Ok(Box::new(Self { engine, alarm: Alarm::new(), inbox, world, permit }))
    }

    /// The same, dropped at any of its polls where a test wants that.
    #[cfg(feature = "testing")]
    pub(crate) async fn run_watched(self: Box<Self>, admission: Admission) {
        let (settings, client) = (Arc::clone(&self.world.settings), self.world.client);
        let mut session = Some(Box::pin(self.run(admission)));
        std::future::poll_fn(|context| {
            if settings.is_cut(&client) {
                session = None;
            }
            session.as_mut().map_or(std::task::Poll::Ready(()), |session| session.as_mut().poll(context))
        })
        .await;
    }

    /// Drives the session to its end.
    ///
    /// Not cancel-safe: dropped half-way, the session and all that it holds is closed.
    pub(crate) async fn run(mut self: Box<Self>, admission: Admission) {
        let Client { peer, local } = self.world.client;
        self.feed(Event::Connected { local, peer, admission });
        let mut turns = 0;
        while self.engine.is_open() {
            if self.turn() {
                turns += 1;
                if turns == TURNS_AT_ONCE {
                    turns = 0;
                    self.breathe().await;
                }
            } else if self.engine.is_open() {
                turns = 0;
                self.world.control.say_farewell();
                self.wait().await;
            }
        }
        let (control, mut permit) = self.dismantle();
        if permit.step_outside() {
            control::close(control).await;
        }
    }

    /// Does what can be done without waiting: whether there was anything.
    fn turn(&mut self) -> bool {
        let mut busy = self.deliver();
        busy |= self.flush();
        busy |= self.read();
        busy | self.tell_time()
    }

    fn deliver(&mut self) -> bool {
        let reports = self.inbox.take();
        let busy = !reports.is_empty();
        for report in reports {
            match report {
                Report::Done(completion) => {
                    self.world.data.settled(completion.id());
                    self.feed(Event::Done(completion));
                }
                Report::Connected { data, stream, completion } => {
                    self.world.data.settled(completion.id());
                    self.world.data.adopt(data, stream);
                    self.feed(Event::Done(completion));
                }
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

    fn tell_time(&mut self) -> bool {
        self.engine.tell_time(|action| self.world.run(action))
    }

    /// Lets other tasks run, and looks for data connections, which otherwise only a wait does: a client that keeps the
    /// session busy must not keep them out.
    async fn breathe(&mut self) {
        let data = &mut self.world.data;
        tokio::select! {
            biased;
            () = data.accepted(), if data.is_accepting() => {}
            () = tokio::task::yield_now() => {}
        }
    }

    /// Waits until there may be something to do.
    ///
    /// Cancel-safe, as is every arm: none takes anything that it does not keep.
    async fn wait(&mut self) {
        let reads = self.wants_input();
        let deadline = self.engine.deadline();
        let Self { inbox, alarm, world: World { control, data, .. }, .. } = self;
        let control = &*control;
        tokio::select! {
            biased;
            () = inbox.arrival() => {}
            () = control::writable(control), if control.has_pending() => {}
            () = control::readable(control), if reads => {}
            () = data.accepted(), if data.is_accepting() => {}
            () = alarm.until(deadline) => {}
        }
    }

    /// Gives the engine one event and runs what it asks for.
    fn feed(&mut self, event: Event<'_>) {
        self.engine.feed(event, |action| self.world.run(action));
    }

    fn wants_input(&self) -> bool {
        self.world.control.is_readable() && self.engine.wants_input()
    }

    /// Drops everything but the control connection and its place.
    fn dismantle(self: Box<Self>) -> (Control, Permit<Mailbox>) {
        let Self { world: World { control, .. }, permit, .. } = *self;
        (control, permit)
    }
}

impl World {
    fn run(&mut self, action: Action) {
        match action {
            Action::Write(bytes) => self.control.write(bytes),
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

/// Turns before other tasks get theirs.
const TURNS_AT_ONCE: u32 = 16;
/// Bytes of the control connection read at once; on the stack, so that an idle session holds none.
const READ_BUFFER: usize = 4096;
