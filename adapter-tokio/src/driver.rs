//! One session's task: takes turns between the engine and the world.
//!
//! A turn delivers what was reported, sends what the kernel takes, reads what the engine wants to hear and tells the
//! time. Only between turns does the task wait, and only for things that a cancelled wait does not lose.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ftp_host::adapter::{self, Permit, Settings, socket};
use ftp_host::{Client, ReplyTo};
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use tokio::net::TcpStream;

use crate::alarm::Alarm;
use crate::control::{self, Control, Socket};
use crate::data::DataPlane;
use crate::mailbox::{Inbox, Mailbox, Report};

/// One session and everything it holds. Dropping it closes all of it.
pub(crate) struct Driver {
    session: adapter::Driver<Socket, DataPlane>,
    alarm: Alarm,
    inbox: Inbox,
    permit: Permit<Mailbox>,
}

impl Driver {
    /// A session on `stream`.
    pub(crate) fn new(
        settings: &Arc<Settings>,
        stream: TcpStream,
        peer: SocketAddr,
        inbox: Inbox,
        permit: Permit<Mailbox>,
    ) -> io::Result<Box<Self>> {
        let local = socket::canonical(stream.local_addr()?);
        let client = Client { peer: socket::canonical(peer), local };
        let data = DataPlane::new(local, settings.offload, inbox.mailbox());
        let mailbox = inbox.mailbox();
        let reply_to = ReplyTo::new(move |completion| mailbox.post(Report::Done(completion)));
        let session = adapter::Driver::new(settings, (client, permit.id()), Socket::new(stream), data, reply_to)?;
        Ok(Box::new(Self { session, alarm: Alarm::new(), inbox, permit }))
    }

    /// The same as `run`, dropped at any of its polls where a test wants that.
    #[cfg(feature = "testing")]
    pub(crate) async fn run_watched(self: Box<Self>, admission: Admission, implicit_tls: Switch) {
        let watcher = self.session.watcher();
        let mut session = Some(Box::pin(self.run(admission, implicit_tls)));
        std::future::poll_fn(|context| {
            if watcher.cuts() {
                session = None;
            }
            session.as_mut().map_or(std::task::Poll::Ready(()), |session| session.as_mut().poll(context))
        })
        .await;
    }

    /// Drives the session to its end.
    ///
    /// Not cancel-safe: dropped half-way, the session and all that it holds is closed.
    pub(crate) async fn run(mut self: Box<Self>, admission: Admission, implicit_tls: Switch) {
        self.session.begin(admission, implicit_tls);
        let mut turns = 0;
        while self.session.is_open() {
            if self.turn() {
                turns += 1;
                if turns == TURNS_AT_ONCE {
                    turns = 0;
                    self.breathe().await;
                }
            } else if self.session.is_open() {
                turns = 0;
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
        let busy = self.deliver();
        self.session.turn() || busy
    }

    fn deliver(&mut self) -> bool {
        let reports = self.inbox.take();
        let busy = !reports.is_empty();
        for report in reports {
            match report {
                Report::Done(completion) => {
                    self.data().settled(completion.id());
                    self.session.done(completion);
                }
                Report::Connected { data, stream, completion } => {
                    self.data().settled(completion.id());
                    self.data().adopt(data, stream);
                    self.session.done(completion);
                }
                Report::Progress { id, bytes } => self.session.progress(id, bytes),
                Report::Drain(deadline) => self.session.drain(deadline),
            }
        }
        busy
    }

    fn data(&mut self) -> &mut DataPlane {
        self.session.sockets().1
    }

    /// Lets other tasks run, and looks for data connections, which otherwise only a wait does: a client that keeps the
    /// session busy must not keep them out.
    async fn breathe(&mut self) {
        let data = self.data();
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
        let reads = self.session.wants_input();
        let deadline = self.session.deadline();
        let Self { session, inbox, alarm, .. } = self;
        let (control, data) = session.sockets();
        tokio::select! {
            biased;
            () = inbox.arrival() => {}
            () = control::writable(control), if control.has_pending() => {}
            () = control::readable(control), if reads => {}
            () = data.accepted(), if data.is_accepting() => {}
            () = alarm.until(deadline) => {}
        }
    }

    /// Drops everything but the control connection and its place.
    fn dismantle(self: Box<Self>) -> (Control, Permit<Mailbox>) {
        let Self { session, permit, .. } = *self;
        (session.into_control(), permit)
    }
}

/// Turns before other tasks get theirs.
const TURNS_AT_ONCE: u32 = 16;
