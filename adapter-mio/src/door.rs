//! Where connections come in: a listener that every loop waits on.
//!
//! The kernel wakes one loop for a connection (`EPOLLEXCLUSIVE`), one that sleeps where there is one, and that loop
//! accepts and keeps it: no thread has to tell another. It only goes to another loop where that has clearly fewer
//! sessions. A loop that is held up lets nobody in meanwhile; the others do.
//!
//! The listener is told of by level, not by edge: as long as somebody waits, each look at the poll says so. So a loop
//! may accept a few and come back for the rest. Systems without exclusive waiting have the first loop let everyone in.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ftp_host::adapter::Register;
use ftp_host::adapter::socket::{AcceptFault, Pause};
use ftp_proto::config::Switch;
use mio::net::{TcpListener, TcpStream};
use mio::{Registry, Token};

use crate::crew::{Berth, Load};
use crate::gate::Bell;
use crate::mailbox::{Arrival, Mailbox};

/// One listener and the way in behind it.
#[derive(Debug)]
pub(crate) struct Door {
    state: Mutex<State>,
    register: Arc<Register<Mailbox>>,
    berths: Vec<Berth>,
    bell: Arc<Bell>,
    implicit_tls: Switch,
}

#[derive(Debug)]
enum State {
    Open(TcpListener),
    /// The listener cannot be used; the gate has to be told.
    Broken(TcpListener),
    Closed,
}

/// Who stood at the door.
#[derive(Debug)]
pub(crate) enum Caller {
    /// Somebody, who is to be let in here.
    Guest(Box<Arrival>, Load),
    /// Somebody who went elsewhere, or away.
    Passed,
    /// Nobody more; or the door is closed.
    Nobody,
    /// There may be somebody, and what a connection takes is used up.
    Shortage,
}

impl Door {
    /// An open one, that leads to `berths`.
    pub(crate) fn new(
        listener: TcpListener,
        register: Arc<Register<Mailbox>>,
        berths: Vec<Berth>,
        bell: Arc<Bell>,
        implicit_tls: Switch,
    ) -> Arc<Self> {
        let door = Arc::new(Self { state: Mutex::new(State::Open(listener)), register, berths, bell, implicit_tls });
        for berth in &door.berths {
            berth.mailbox.open(Arc::clone(&door));
        }
        door
    }

    /// Has the poll of `registry`, that of `berth`, tell under the name `token` that somebody is there. Nothing happens
    /// where that is another loop's part, or the door is closed.
    ///
    /// # Errors
    /// Where the system cannot; it may be tried again.
    pub(crate) fn watch(&self, registry: &Registry, token: Token, berth: &Berth) -> io::Result<()> {
        match &mut *self.lock() {
            State::Open(listener) if shared::POSSIBLE || self.is_first(berth) => {
                shared::watch(registry, listener, token)
            }
            _ => Ok(()),
        }
    }

    /// The opposite of [`watch`](Self::watch).
    pub(crate) fn ignore(&self, registry: &Registry) {
        if let State::Open(listener) = &mut *self.lock() {
            // It fails where it was not watched.
            let _ = shared::ignore(registry, listener);
        }
    }

    /// Asks who is there, on the loop of `own`.
    pub(crate) fn answer(&self, own: &Berth) -> Caller {
        let (stream, peer) = match self.accept() {
            Ok(Some(guest)) => guest,
            Ok(None) => return Caller::Nobody,
            Err(AcceptFault::Peer) => return Caller::Passed,
            Err(AcceptFault::Shortage) => return Caller::Shortage,
            Err(AcceptFault::Listener) => {
                self.give_up();
                return Caller::Nobody;
            }
        };
        let berth = self.berth_for(own);
        // Where there is no room even to say so, it is dropped.
        let Some((permit, admission)) = self.register.admit(peer, berth.mailbox.clone()) else { return Caller::Passed };
        let arrival = Arrival { stream, peer, permit, admission, implicit_tls: self.implicit_tls };
        if berth.is(own) {
            return Caller::Guest(Box::new(arrival), berth.load());
        }
        berth.mailbox.welcome(arrival, berth.load());
        Caller::Passed
    }

    /// Closes the listener, now: whether it could be used until then.
    pub(crate) fn close(&self) -> io::Result<()> {
        let mut state = self.lock();
        let (mut listener, result) = match std::mem::replace(&mut *state, State::Closed) {
            State::Open(listener) => (listener, Ok(())),
            State::Broken(listener) => (listener, Err(ErrorKind::InvalidInput.into())),
            State::Closed => return Ok(()),
        };
        // The program may hold the same socket under another descriptor: it would be told of for ever.
        for berth in &self.berths {
            let _ = shared::ignore(&berth.registry, &mut listener);
        }
        result
    }

    /// Whether the listener turned out to be none.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(*self.lock(), State::Broken(_))
    }

    /// Whether nobody comes in here any more.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.lock(), State::Closed)
    }

    fn accept(&self) -> Result<Option<(TcpStream, SocketAddr)>, AcceptFault> {
        let State::Open(listener) = &*self.lock() else { return Ok(None) };
        match listener.accept() {
            Ok(guest) => Ok(Some(guest)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(AcceptFault::of(&error)),
        }
    }

    fn give_up(&self) {
        let mut state = self.lock();
        *state = match std::mem::replace(&mut *state, State::Closed) {
            State::Open(mut listener) => {
                for berth in &self.berths {
                    let _ = shared::ignore(&berth.registry, &mut listener);
                }
                State::Broken(listener)
            }
            other => other,
        };
        drop(state);
        self.bell.ring();
    }

    /// The loop that takes the next connection: `own`, unless another one has clearly less to do.
    fn berth_for<'a>(&'a self, own: &'a Berth) -> &'a Berth {
        let least = self.berths.iter().min_by_key(|berth| berth.weight());
        least.filter(|least| is_too_much(own.weight(), least.weight())).unwrap_or(own)
    }

    fn is_first(&self, berth: &Berth) -> bool {
        self.berths.first().is_some_and(|first| first.is(berth))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way, so a poisoned door is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A door, seen from one loop.
#[derive(Debug)]
pub(crate) struct Porch {
    pub(crate) door: Arc<Door>,
    pause: Pause,
    /// Until when it is not looked at, for a shortage.
    shut_until: Option<Instant>,
}

impl Porch {
    /// One that is looked at.
    pub(crate) fn new(door: Arc<Door>) -> Self {
        Self { door, pause: Pause::FIRST, shut_until: None }
    }

    /// Somebody came in.
    pub(crate) fn passed(&mut self) {
        self.pause = Pause::FIRST;
    }

    /// Does not look for a while: trying at once would fail at once.
    pub(crate) fn shut(&mut self, registry: &Registry) {
        self.door.ignore(registry);
        self.shut_until = Some(Instant::now() + self.pause.take());
    }

    /// When to look again, if it is not looked at.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.shut_until
    }

    /// Looks again, where it is time to.
    pub(crate) fn ring(&mut self, now: Instant, registry: &Registry, token: Token, berth: &Berth) {
        if self.shut_until.is_some_and(|until| until <= now) {
            self.shut_until = None;
            self.look(registry, token, berth);
        }
    }

    /// Begins to look.
    pub(crate) fn look(&mut self, registry: &Registry, token: Token, berth: &Berth) {
        if self.door.watch(registry, token, berth).is_err() {
            self.shut(registry);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod shared {
    //! One listener in the polls of several loops.

    use std::io;

    use mio::net::TcpListener;
    use mio::{Registry, Token};
    use rustix::event::epoll::{self, EventData, EventFlags};

    pub(super) const POSSIBLE: bool = true;

    pub(super) fn watch(registry: &Registry, listener: &mut TcpListener, token: Token) -> io::Result<()> {
        let name = EventData::new_u64(u64::try_from(token.0).unwrap_or(u64::MAX));
        Ok(epoll::add(registry, &*listener, name, EventFlags::IN | EventFlags::EXCLUSIVE)?)
    }

    pub(super) fn ignore(registry: &Registry, listener: &mut TcpListener) -> io::Result<()> {
        Ok(epoll::delete(registry, &*listener)?)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod shared {
    //! One listener in the poll of one loop.

    use std::io;

    use mio::net::TcpListener;
    use mio::{Interest, Registry, Token};

    pub(super) const POSSIBLE: bool = false;

    pub(super) fn watch(registry: &Registry, listener: &mut TcpListener, token: Token) -> io::Result<()> {
        registry.register(listener, token, Interest::READABLE)
    }

    pub(super) fn ignore(registry: &Registry, listener: &mut TcpListener) -> io::Result<()> {
        registry.deregister(listener)
    }
}

/// Whether a poll that has told of somebody tells again, as long as somebody is there.
pub(crate) const TELLS_AGAIN: bool = shared::POSSIBLE;

/// Whether a loop with `own` sessions passes the next one on to one with `least`. A few transfers on one loop, while the
/// other sleeps, share one processor; but waking the other costs more than a login does otherwise, and of many sessions
/// one more is nothing.
fn is_too_much(own: usize, least: usize) -> bool {
    own > least + least / 4
}

#[cfg(test)]
mod tests;
