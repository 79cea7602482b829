//! One session's task: takes turns between the engine and the world.
//!
//! A turn delivers what was reported, moves data, sends what the kernel takes, reads what the engine wants to hear and
//! tells the time. Only between turns does the task wait, and only for things that a cancelled wait does not lose.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ftp_host::adapter::{self, Permit, Settings, plane, socket};
use ftp_host::{Client, ReplyTo};
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use tokio::net::TcpStream;

use crate::alarm::Alarm;
use crate::control::{self, Control, Socket};
use crate::data::{self, DataPlane, Runtime};
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
        let data = DataPlane::new(local, settings.offload, Runtime);
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
        let (mut turns, mut bytes) = (0, 0);
        while self.session.is_open() {
            if turns == TURNS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                (turns, bytes) = (0, 0);
                self.session.flush();
                tokio::task::yield_now().await;
            }
            let (busy, moved) = self.turn();
            (turns, bytes) = (turns + 1, bytes + moved);
            if !busy && !self.session.flush() && self.session.is_open() {
                (turns, bytes) = (0, 0);
                self.wait().await;
            }
        }
        let (control, mut permit) = self.dismantle();
        if permit.step_outside() {
            control::close(control).await;
        }
    }

    /// Does what can be done without waiting: whether there was anything, and how many bytes were moved.
    fn turn(&mut self) -> (bool, usize) {
        let delivered = self.deliver();
        let (stepped, moved) = data::step(self.data());
        let turned = self.session.turn();
        (delivered || stepped || turned, moved)
    }

    fn deliver(&mut self) -> bool {
        let (ours, theirs) = (self.data().take_reports(), self.inbox.take());
        let busy = !ours.is_empty() || !theirs.is_empty();
        for report in ours {
            match report {
                plane::Report::Done(completion) => self.session.done(completion),
                plane::Report::Progress { id, bytes } => self.session.progress(id, bytes),
            }
        }
        for report in theirs {
            match report {
                Report::Done(completion) => self.session.done(completion),
                Report::Drain(deadline) => self.session.drain(deadline),
            }
        }
        busy
    }

    fn data(&mut self) -> &mut DataPlane {
        self.session.sockets().1
    }

    /// Waits until there may be something to do.
    ///
    /// Cancel-safe, as is every arm: none takes anything that it does not keep.
    async fn wait(&mut self) {
        let reads = self.session.wants_input();
        let deadlines = [self.session.deadline(), self.data().deadline()];
        let deadline = deadlines.into_iter().flatten().min();
        let Self { session, inbox, alarm, .. } = self;
        let (control, data) = session.sockets();
        tokio::select! {
            biased;
            () = inbox.arrival() => {}
            () = control::writable(control), if control.has_pending() => {}
            () = control::readable(control), if reads => {}
            () = data::ready(data) => {}
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
/// Bytes that a session moves before other tasks get their turn.
const BYTES_AT_ONCE: usize = 1024 * 1024;
