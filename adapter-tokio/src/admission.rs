//! Who is let in: sessions are counted in all and for each address, and so are the connections outside of them.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ftp_proto::event::Admission;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::mailbox::{Mailbox, Report};
use crate::socket;

/// One session of a server: unique as long as the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// How many sessions there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    /// In all.
    pub(crate) sessions: usize,
    /// From one address.
    pub(crate) per_address: usize,
    /// Connections that are no session: turned away, or closing.
    pub(crate) outside: usize,
}

/// The register of a server's sessions.
#[derive(Debug)]
pub(crate) struct Register {
    caps: Caps,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    last_id: u64,
    sessions: HashMap<SessionId, Mailbox>,
    per_address: HashMap<IpAddr, usize>,
    outside: usize,
    drain: Option<Instant>,
}

/// A connection's place in the register; dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Permit {
    register: Arc<Register>,
    id: SessionId,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside(IpAddr),
    Outside,
}

impl Register {
    pub(crate) fn new(caps: Caps) -> Self {
        Self { caps, state: watch::Sender::new(State::default()) }
    }

    /// Enters a new connection from `peer`. `None`: there is not even room to turn it away politely.
    pub(crate) fn admit(self: &Arc<Self>, peer: SocketAddr, mailbox: Mailbox) -> Option<(Permit, Admission)> {
        let address = socket::canonical(peer).ip();
        let mut admitted = None;
        self.change(|state| admitted = state.admit(self.caps, address, mailbox));
        let (id, admission) = admitted?;
        let place = if admission == Admission::Welcome { Place::Inside(address) } else { Place::Outside };
        Some((Permit { register: Arc::clone(self), id, place }, admission))
    }

    /// Sessions there are now, without those that are being turned away.
    pub(crate) fn sessions(&self) -> usize {
        self.state.borrow().sessions.len()
    }

    /// Tells every session that it is to end by `deadline`, and lets no more in.
    pub(crate) fn drain(&self, deadline: Instant) {
        self.state.send_modify(|state| {
            state.drain = Some(deadline);
            for mailbox in state.sessions.values() {
                mailbox.post(Report::Drain(deadline));
            }
        });
    }

    /// Waits until the server is to end and no session is left.
    ///
    /// Cancel-safe.
    pub(crate) async fn drained(&self) {
        self.wait_for(|state| state.drain.is_some() && state.sessions.is_empty()).await;
    }

    /// Waits until the server is to end and no connection is left.
    ///
    /// Cancel-safe.
    pub(crate) async fn deserted(&self) {
        self.wait_for(|state| state.drain.is_some() && state.sessions.is_empty() && state.outside == 0).await;
    }

    async fn wait_for(&self, condition: impl FnMut(&State) -> bool) {
        // It fails only once the sender is gone, and we hold that.
        let _ = self.state.subscribe().wait_for(condition).await;
    }

    /// Changes the state; only a server that is ending has someone who waits for it.
    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            change(state);
            state.drain.is_some()
        });
    }
}

impl State {
    fn admit(&mut self, caps: Caps, address: IpAddr, mailbox: Mailbox) -> Option<(SessionId, Admission)> {
        let admission = self.judge(caps, address);
        let id = SessionId(self.last_id + 1);
        if admission == Admission::Welcome {
            *self.per_address.entry(address).or_default() += 1;
            self.sessions.insert(id, mailbox);
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
        if self.drain.is_some() {
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

impl Permit {
    /// Which session this is.
    pub(crate) fn id(&self) -> SessionId {
        self.id
    }

    /// The session is over, the connection is not quite: gives its place to the next session before the client can
    /// see the end. `false`: there is no room for it outside, close it at once.
    pub(crate) fn step_outside(&mut self) -> bool {
        let mut stays = true;
        self.register.change(|state| {
            if self.place != Place::Outside {
                stays = state.outside < self.register.caps.outside;
                state.leave(self.id, self.place);
                // Counted also where there is no room, until the permit is dropped a moment later.
                state.outside += 1;
                self.place = Place::Outside;
            }
        });
        stays
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.register.change(|state| state.leave(self.id, self.place));
    }
}

#[cfg(test)]
mod tests;
