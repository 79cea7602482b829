//! What reaches a loop from other threads: new doors and connections, the host's answers, and the word to drain or to stop.
//!
//! A queue under a mutex and a waker. The waker is only used on a loop that sleeps, and by the first who posts then: a
//! thousand answers to a busy loop cost no system call.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ftp_host::adapter::{Permit, Resident, SessionId};
use ftp_proto::Completion;
use ftp_proto::config::Switch;
use ftp_proto::event::Admission;
use mio::net::TcpStream;
use mio::{Registry, Token, Waker};

use crate::crew::Load;
use crate::door::Door;

/// A connection on its way to its loop.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    pub(crate) peer: std::net::SocketAddr,
    pub(crate) permit: Permit<Mailbox>,
    pub(crate) admission: Admission,
    pub(crate) implicit_tls: Switch,
}

/// Which session of a loop: its place, and its name, since the place may have a new owner by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) key: usize,
    pub(crate) id: SessionId,
}

/// All that was posted since the last look.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) doors: Vec<Arc<Door>>,
    pub(crate) arrivals: Vec<(Arrival, Load)>,
    pub(crate) answers: Vec<(Address, Completion)>,
    /// The server is to end, at the latest at this time.
    pub(crate) drain: Option<Instant>,
    /// The loop is to end now.
    pub(crate) stop: bool,
}

/// Where mail is posted: from any thread, without blocking.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox(Arc<Mutex<Shared>>);

/// The loop's end. Once it is dropped, everything posted is dropped too: a socket must not live on in the hands of a
/// host that keeps its way to answer, nor the waker.
#[derive(Debug)]
pub(crate) struct Inbox(Mailbox);

#[derive(Debug)]
struct Shared {
    mail: Mail,
    asleep: bool,
    /// `None`: nobody reads any more.
    waker: Option<Waker>,
}

impl Mailbox {
    /// Tells of a new door.
    pub(crate) fn open(&self, door: Arc<Door>) {
        self.post(|mail| mail.doors.push(door));
    }

    /// Hands over a connection.
    pub(crate) fn welcome(&self, arrival: Arrival, load: Load) {
        self.post(|mail| mail.arrivals.push((arrival, load)));
    }

    /// Hands over an answer of the host.
    pub(crate) fn answer(&self, address: Address, completion: Completion) {
        self.post(|mail| mail.answers.push((address, completion)));
    }

    /// Asks the loop to end.
    pub(crate) fn stop(&self) {
        self.post(|mail| mail.stop = true);
    }

    fn post(&self, put: impl FnOnce(&mut Mail)) {
        // What is not put is dropped behind the lock: that can close a socket.
        let mut shared = self.lock();
        let Shared { mail, asleep, waker: Some(waker) } = &mut *shared else { return };
        put(mail);
        if mem::take(asleep) {
            // It fails only where the kernel lacks memory; the loop looks here all the same when its next alarm goes off.
            let _ = waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // Nothing in here panics half-way, so poisoned mail is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resident for Mailbox {
    /// Tells the whole loop: once is enough for all its sessions.
    fn drain(&self, deadline: Instant) {
        self.post(|mail| mail.drain = Some(deadline));
    }
}

impl Inbox {
    /// An empty one, whose waker shows as `token`.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let waker = Some(Waker::new(registry, token)?);
        Ok(Self(Mailbox(Arc::new(Mutex::new(Shared { mail: Mail::default(), asleep: false, waker })))))
    }

    /// Where to post to it.
    pub(crate) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }

    /// Takes all that was posted. The loop is awake.
    pub(crate) fn take(&self) -> Mail {
        let mut shared = self.0.lock();
        shared.asleep = false;
        mem::take(&mut shared.mail)
    }

    /// Whether the loop may sleep: the next post will wake it. Not where something was posted already.
    pub(crate) fn may_sleep(&self) -> bool {
        let mut shared = self.0.lock();
        let Mail { doors, arrivals, answers, drain, stop } = &shared.mail;
        shared.asleep = doors.is_empty() && arrivals.is_empty() && answers.is_empty() && drain.is_none() && !*stop;
        shared.asleep
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut shared = self.0.lock();
        let unread = (mem::take(&mut shared.mail), shared.waker.take());
        drop(shared);
        drop(unread);
    }
}

#[cfg(test)]
mod tests;
