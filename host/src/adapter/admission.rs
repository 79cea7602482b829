//! Who is let in: sessions are counted in all and for each address, and so are the connections outside of them.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ftp_proto::event::Admission;

use super::socket;

/// One session of a server: unique as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

#[cfg(test)]
impl SessionId {
    /// One of no server.
    pub(super) const fn testing() -> Self {
        Self(1)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Sessions in all.
    pub sessions: usize,
    /// Sessions from one address.
    pub per_address: usize,
    /// Connections that are no session: turned away, or closing.
    pub outside: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { sessions: 4096, per_address: 256, outside: 256 }
    }
}

/// How the register reaches a session.
pub trait Resident {
    /// Tells it to end by `deadline`. Must not block, nor call the register.
    fn drain(&self, deadline: Instant);
}

/// The register of a server's sessions.
pub struct Register<R> {
    caps: Caps,
    state: Mutex<State<R>>,
    left: Box<dyn Fn() + Send + Sync>,
}

#[derive(Debug)]
struct State<R> {
    last_id: u64,
    sessions: HashMap<SessionId, R>,
    per_address: HashMap<IpAddr, usize>,
    outside: usize,
    draining: bool,
}

/// A connection's place in the register; dropping it gives the place back.
#[derive(Debug)]
pub struct Permit<R> {
    register: Arc<Register<R>>,
    id: SessionId,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside(IpAddr),
    Outside,
}

impl<R: Resident> Register<R> {
    /// An empty one. `left` is called whenever the number of connections changed while the server is to end: only then
    /// does anyone wait for it.
    pub fn new(caps: Caps, left: impl Fn() + Send + Sync + 'static) -> Self {
        let state =
            State { last_id: 0, sessions: HashMap::new(), per_address: HashMap::new(), outside: 0, draining: false };
        Self { caps, state: Mutex::new(state), left: Box::new(left) }
    }

    /// Enters a new connection from `peer`. `None`: there is not even room to turn it away politely.
    pub fn admit(self: &Arc<Self>, peer: SocketAddr, resident: R) -> Option<(Permit<R>, Admission)> {
        let address = socket::canonical(peer).ip();
        let (id, admission) = self.change(|state| state.admit(self.caps, address, resident))?;
        let place = if admission == Admission::Welcome { Place::Inside(address) } else { Place::Outside };
        Some((Permit { register: Arc::clone(self), id, place }, admission))
    }

    /// Tells every session that it is to end within `grace`, and lets no more in.
    pub fn shut_down(&self, grace: Duration) {
        let now = Instant::now();
        // A grace without end is a year.
        self.drain(now.checked_add(grace).unwrap_or_else(|| now + Duration::from_secs(366 * 24 * 3600)));
    }

    /// Tells every session that it is to end by `deadline`.
    fn drain(&self, deadline: Instant) {
        self.change(|state| {
            state.draining = true;
            state.sessions.values().for_each(|resident| resident.drain(deadline));
        });
    }
}

impl<R> Register<R> {
    /// Sessions there are now, without those that are being turned away.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.lock().sessions.len()
    }

    /// Whether the server is to end and no session is left.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let state = self.lock();
        state.draining && state.sessions.is_empty()
    }

    /// Whether the server is to end and no connection is left.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        let state = self.lock();
        state.draining && state.sessions.is_empty() && state.outside == 0
    }

    fn change<T>(&self, change: impl FnOnce(&mut State<R>) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state);
        let draining = state.draining;
        drop(state);
        if draining {
            (self.left)();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, State<R>> {
        // Nothing in here panics half-way, so a poisoned register is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn admit(&mut self, caps: Caps, address: IpAddr, resident: R) -> Option<(SessionId, Admission)> {
        let admission = self.judge(caps, address);
        let id = SessionId(self.last_id + 1);
        if admission == Admission::Welcome {
            *self.per_address.entry(address).or_default() += 1;
            self.sessions.insert(id, resident);
        } else if self.outside < caps.outside {
            self.outside += 1;
        } else {
            return None;
        }
        self.last_id = id.0;
        Some((id, admission))
    }

    fn judge(&self, caps: Caps, address: IpAddr) -> Admission {
        let here = self.per_address.get(&address).copied().unwrap_or(0);
        if self.draining {
            Admission::Draining
        } else if self.sessions.len() >= caps.sessions {
            Admission::ServerFull
        } else if here >= caps.per_address {
            Admission::AddressFull
        } else {
            Admission::Welcome
        }
    }

    fn leave(&mut self, id: SessionId, place: Place) {
        let Place::Inside(address) = place else {
            self.outside -= 1;
            return;
        };
        self.sessions.remove(&id);
        if let Some(count) = self.per_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.per_address.remove(&address);
            }
        }
    }
}

impl<R> Permit<R> {
    /// Which session this is.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The session is over, the connection is not quite: gives its place to the next session before the client can
    /// see the end. `false`: there is no room for it outside, close it at once.
    #[must_use]
    pub fn step_outside(&mut self) -> bool {
        let Self { register, id, place } = self;
        if *place == Place::Outside {
            return true;
        }
        register.change(|state| {
            let has_room = state.outside < register.caps.outside;
            state.leave(*id, *place);
            // Counted also where there is no room, until the permit is dropped a moment later.
            state.outside += 1;
            *place = Place::Outside;
            has_room
        })
    }
}

impl<R> Drop for Permit<R> {
    fn drop(&mut self) {
        self.register.change(|state| state.leave(self.id, self.place));
    }
}

impl<R> fmt::Debug for Register<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.sessions();
        f.debug_struct("Register").field("caps", &self.caps).field("sessions", &sessions).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
