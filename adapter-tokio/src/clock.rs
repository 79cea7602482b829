//! The session's time, and the one timer that it needs.

use std::pin::Pin;
use std::time::{SystemTime, UNIX_EPOCH};

use ftp_proto::time::{Instant, UnixTime};
use tokio::time::Sleep;

/// Turns the runtime's time into the engine's: nanoseconds since the session began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    /// The time now.
    pub(crate) fn now(self) -> Instant {
        self.at(tokio::time::Instant::now())
    }

    /// The moment `instant`; the start, if that was earlier.
    pub(crate) fn at(self, instant: tokio::time::Instant) -> Instant {
        Instant::START + instant.saturating_duration_since(self.0)
    }

    fn runtime_instant(self, instant: Instant) -> tokio::time::Instant {
        let since = instant.since(Instant::START).min(tokio::time::Duration::from_secs(A_YEAR));
        self.0 + since
    }
}

/// A timer that is moved as seldom as possible: a deadline that moves away, as the idle timer does with every command,
/// lets it go off early and be set again then.
#[derive(Debug)]
pub(crate) struct Alarm {
    clock: Clock,
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// One that is not set.
    pub(crate) fn new(clock: Clock) -> Self {
        let never = clock.runtime_instant(Instant(u64::MAX));
        Self { clock, sleep: Box::pin(tokio::time::sleep_until(never)) }
    }

    /// Waits until `deadline`, or a while less: compare the clock. Without a deadline it never returns.
    ///
    /// Cancel-safe: the timer is kept.
    pub(crate) async fn until(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        let deadline = self.clock.runtime_instant(deadline);
        if self.sleep.is_elapsed() || deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().await;
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
const A_YEAR: u64 = 366 * 24 * 3600;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_alarm_set_later_goes_off_early_and_one_set_sooner_in_time() {
        let clock = Clock::start();
        let mut alarm = Alarm::new(clock);
        alarm.until(Some(Instant::from_millis(5))).await;
        assert!(clock.now() >= Instant::from_millis(5));
        let far = clock.now() + Duration::from_secs(3600);
        assert!(tokio::time::timeout(Duration::from_millis(1), alarm.until(Some(far))).await.is_err());
        let near = clock.now() + Duration::from_millis(2);
        alarm.until(Some(near)).await;
        assert!(clock.now() >= near);
    }

    #[test]
    fn an_endless_deadline_is_no_overflow() {
        let clock = Clock(tokio::time::Instant::now());
        assert!(clock.runtime_instant(Instant(u64::MAX)) > clock.0);
    }
}
