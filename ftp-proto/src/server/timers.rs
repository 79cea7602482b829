//! One table of timers, instead of timer actions: polled by `next_deadline`.

use crate::time::Instant;

/// When to send [`Event::Timeout`](crate::Event::Timeout), and which timer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When.
    pub at: Instant,
    /// Which: for logs; the engine knows by itself.
    pub timer: Timer,
}

/// The timers of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// Actions are queued: take them.
    Queued,
    /// No command for too long.
    Idle,
    /// No login for too long.
    Login,
    /// A failed login may be answered now.
    LoginDelay,
    /// No data connection for too long.
    Data,
    /// Nothing moved for too long.
    Stall,
    /// The host took too long.
    Host,
    /// The last replies were not taken.
    Linger,
    /// The drain is over.
    Drain,
}

const KINDS: [Timer; 6] = [Timer::Idle, Timer::Login, Timer::LoginDelay, Timer::Data, Timer::Linger, Timer::Drain];

/// When each timer fires: [`NEVER`] for one that does not run. Every command sets one and every event looks for the first
/// of them, so they are plain numbers.
#[derive(Debug)]
pub(crate) struct Timers([Instant; KINDS.len()]);

const NEVER: Instant = Instant(u64::MAX);

impl Default for Timers {
    fn default() -> Self {
        Self([NEVER; KINDS.len()])
    }
}

impl Timers {
    fn slot(&mut self, timer: Timer) -> Option<&mut Instant> {
        let at = KINDS.iter().position(|kind| *kind == timer)?;
        self.0.get_mut(at)
    }

    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        if let Some(slot) = self.slot(timer) {
            // The end of the range is never reached either.
            *slot = at.min(Instant(u64::MAX - 1));
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(slot) = self.slot(timer) {
            *slot = NEVER;
        }
    }

    pub(crate) fn is_running(&self, timer: Timer) -> bool {
        self.running().any(|(kind, _)| kind == timer)
    }

    pub(crate) fn stop_all(&mut self) {
        *self = Self::default();
    }

    fn running(&self) -> impl Iterator<Item = (Timer, Instant)> {
        KINDS.into_iter().zip(self.0).filter(|(_, at)| *at != NEVER)
    }

    /// The timer that fires first.
    pub(crate) fn first(&self) -> Option<(Timer, Instant)> {
        self.running().min_by_key(|(_, at)| *at)
    }

    /// Stops a timer whose time has come, and names it.
    pub(crate) fn fire(&mut self, now: Instant) -> Option<Timer> {
        let (timer, _) = self.first().filter(|(_, at)| *at <= now)?;
        self.stop(timer);
        Some(timer)
    }
}
