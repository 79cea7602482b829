//! The session's time.

use std::time::{Duration, Instant as Moment, SystemTime, UNIX_EPOCH};

use ftp_proto::time::{Instant, UnixTime};

/// Turns the system's time into the engine's: nanoseconds since the session began.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Moment);

impl Clock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Moment::now())
    }

    /// The time now.
    #[must_use]
    pub fn now(self) -> Instant {
        self.at(Moment::now())
    }

    /// The time at `moment`; the start, if that was earlier.
    #[must_use]
    pub fn at(self, moment: Moment) -> Instant {
        Instant::START + moment.saturating_duration_since(self.0)
    }

    /// The moment that the engine calls `instant`; a year from the start, if it is later than that.
    #[must_use]
    pub fn moment(self, instant: Instant) -> Moment {
        self.0 + instant.since(Instant::START).min(A_YEAR)
    }
}

/// The calendar's time now.
pub(crate) fn unix_time() -> UnixTime {
    let now = SystemTime::now();
    let (secs, nanos) = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos()),
        // A machine whose clock was never set is near enough to the epoch.
        Err(_) => (0, 0),
    };
    UnixTime { secs, nanos }
}

/// The engine's furthest instant is centuries away, more than some clocks can tell.
const A_YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_deadline_is_no_overflow() {
        let clock = Clock::start();
        assert!(clock.moment(Instant(u64::MAX)) > clock.0);
    }

    #[test]
    fn a_moment_is_told_back_as_it_was() {
        let clock = Clock::start();
        let instant = Instant::from_millis(1500);
        assert_eq!(clock.at(clock.moment(instant)), instant);
    }
}
