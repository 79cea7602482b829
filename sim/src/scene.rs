//! What everybody in the world shares: the time, the choices, the faults, and who is woken when.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use crate::chance::Chance;
use crate::faults::{Fault, Faults};
use crate::log::Log;
use crate::time::{Actor, Agenda, Moment};

/// How long things take. Each time is drawn anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// One way through the network.
    pub latency: Range<Duration>,
    /// How long a stalled segment takes.
    pub stall: Range<Duration>,
    /// An operation of the disk, from the question to the answer.
    pub disk: Range<Duration>,
    /// A slow one.
    pub disk_slow: Range<Duration>,
    /// The judging of a login.
    pub login: Range<Duration>,
    /// How long a session's task does not get to run, when it does not.
    pub late: Range<Duration>,
    /// Bytes on their way, or arrived and not read, in one direction of a connection.
    pub window: usize,
}

impl Default for Weather {
    fn default() -> Self {
        let (micros, millis, secs) = (Duration::from_micros, Duration::from_millis, Duration::from_secs);
        Self {
            latency: millis(1)..millis(40),
            stall: secs(1)..secs(90),
            disk: micros(20)..millis(5),
            disk_slow: secs(1)..secs(120),
            login: millis(1)..millis(200),
            late: millis(1)..secs(20),
            window: 64 * 1024,
        }
    }
}

/// The time, the choices, the faults, and who is woken when.
#[derive(Debug)]
pub struct Scene {
    pub(crate) now: Moment,
    pub(crate) agenda: Agenda,
    pub(crate) chance: Chance,
    pub(crate) faults: Faults,
    pub(crate) weather: Weather,
    pub(crate) log: Log,
}

impl Scene {
    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// Where choices come from.
    pub fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    /// Whether one of `kinds` strikes here and now.
    pub fn strike(&mut self, kinds: &[Fault]) -> Option<Fault> {
        self.faults.strike(self.now, kinds)
    }

    /// Somebody may have something to do at `at`.
    pub(crate) fn wake(&mut self, who: Actor, at: Moment) {
        self.agenda.wake(who, at.max(self.now));
    }

    pub(crate) fn log(&mut self, who: Actor, what: fmt::Arguments<'_>) {
        self.log.line(self.now, who, what);
    }

    /// One way through the network, drawn anew.
    pub(crate) fn latency(&mut self) -> Duration {
        let Self { chance, weather, .. } = self;
        chance.time(&weather.latency)
    }
}
