//! What is simulated: the engine, or whatever stands in for it.

use ftp_proto::server::state::State;
use ftp_proto::server::{Deadline, Interest, Misuse, Phase, Session};
use ftp_proto::time::Instant;
use ftp_proto::{Action, Event};

/// One session of an engine.
///
/// [`Session`] is one. A test that the oracles can see a fault puts something around it that makes the fault.
pub trait Engine {
    /// As [`Session::handle`], with all actions taken.
    ///
    /// # Errors
    /// As there.
    fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Vec<Action>, Misuse>;

    /// As [`Session::next_deadline`].
    fn next_deadline(&self) -> Option<Deadline>;

    /// As [`Session::interest`].
    fn interest(&self) -> Interest;

    /// As [`Session::phase`].
    fn phase(&self) -> Phase;

    /// As [`Session::open_actions`].
    fn open_actions(&self) -> usize;

    /// As [`Session::state`].
    fn state(&self) -> State;
}

impl Engine for Session {
    fn handle(&mut self, now: Instant, event: Event<'_>) -> Result<Vec<Action>, Misuse> {
        self.handle(now, event).map(Iterator::collect)
    }

    fn next_deadline(&self) -> Option<Deadline> {
        self.next_deadline()
    }

    fn interest(&self) -> Interest {
        self.interest()
    }

    fn phase(&self) -> Phase {
        self.phase()
    }

    fn open_actions(&self) -> usize {
        self.open_actions()
    }

    fn state(&self) -> State {
        self.state()
    }
}
