//! The one timer that a session needs.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// A timer that is moved as seldom as possible: a deadline that moves away, as the idle timer does with every command,
/// lets it go off early and be set again then.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
}

impl Alarm {
    /// One that is not set.
    pub(crate) fn new() -> Self {
        Self { sleep: Box::pin(tokio::time::sleep(A_YEAR)) }
    }

    /// Waits until `deadline`, or a while less: compare the clock. Without a deadline it never returns.
    ///
    /// Cancel-safe: the timer is kept.
    pub(crate) async fn until(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        let deadline = tokio::time::Instant::from_std(deadline);
        if self.sleep.is_elapsed() || deadline < self.sleep.deadline() {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().await;
    }
}

/// A deadline that is no one's.
const A_YEAR: Duration = Duration::from_secs(366 * 24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_alarm_set_later_goes_off_early_and_one_set_sooner_in_time() {
        let soon = Instant::now() + Duration::from_millis(5);
        let mut alarm = Alarm::new();
        alarm.until(Some(soon)).await;
        assert!(Instant::now() >= soon);
        let far = Instant::now() + Duration::from_secs(3600);
        assert!(tokio::time::timeout(Duration::from_millis(1), alarm.until(Some(far))).await.is_err());
        let near = Instant::now() + Duration::from_millis(2);
        alarm.until(Some(near)).await;
        assert!(Instant::now() >= near);
    }
}
