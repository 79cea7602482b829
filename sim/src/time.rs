//! Virtual time: nothing waits, the clock jumps to whatever comes next.

use std::collections::BTreeSet;
use std::ops::Add;
use std::time::Duration;

/// Nanoseconds since the world began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The world's first moment.
    pub const START: Self = Self(0);

    /// The moment `secs` seconds after the world began.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    /// Saturates.
    fn add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Who may have something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The client of this number.
    Client(usize),
    /// The server's side of the session of this number.
    Session(usize),
    /// Whoever runs the server.
    Operator,
}

/// Who is to be woken when. Waking somebody for nothing does no harm.
#[derive(Debug, Default)]
pub(crate) struct Agenda(BTreeSet<(Moment, Actor)>);

impl Agenda {
    pub(crate) fn wake(&mut self, who: Actor, at: Moment) {
        self.0.insert((at, who));
    }

    pub(crate) fn next(&mut self) -> Option<(Moment, Actor)> {
        self.0.pop_first()
    }

    pub(crate) fn next_at(&self) -> Option<Moment> {
        self.0.first().map(|(at, _)| *at)
    }
}
