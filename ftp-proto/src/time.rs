//! Time as values. The engine reads no clock: every event carries its own `now`.

use core::ops::{Add, Sub};
pub use core::time::Duration;

/// Nanoseconds since the session began, by a clock that never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Instant(pub u64);

impl Instant {
    /// The session's first moment.
    pub const START: Self = Self(0);

    /// The instant `millis` milliseconds after the session began.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// The instant `secs` seconds after the session began.
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

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates: an instant past the end of the range is the end of the range.
    fn add(self, by: Duration) -> Self {
        let nanos = by.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(by.subsec_nanos()));
        Self(self.0.saturating_add(nanos))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// A moment on the calendar: seconds since 1970-01-01T00:00:00Z and nanoseconds within the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime {
    /// Whole seconds, negative before 1970.
    pub secs: i64,
    /// Nanoseconds after `secs`, 0 to 999,999,999.
    pub nanos: u32,
}

impl UnixTime {
    /// The moment `secs` seconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self { secs, nanos: 0 }
    }
}

impl Add<Duration> for UnixTime {
    type Output = Self;

    fn add(self, by: Duration) -> Self {
        let nanos = self.nanos.saturating_add(by.subsec_nanos());
        let carry = nanos / 1_000_000_000;
        let secs = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        Self { secs: self.secs.saturating_add(secs).saturating_add(i64::from(carry)), nanos: nanos % 1_000_000_000 }
    }
}
