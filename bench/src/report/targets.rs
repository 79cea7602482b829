//! What this server is to reach in each row, against the best of the others and against the ceiling.

use crate::peers::Peer;

/// A figure that has to be at least, or at most, so many times another's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// That, or more.
    AtLeast(f64),
    /// That, or less.
    AtMost(f64),
}

impl Bound {
    /// Whether a ratio keeps to it.
    pub(crate) fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(bound) => ratio >= bound,
            Self::AtMost(bound) => ratio <= bound,
        }
    }

    /// As it is written.
    pub(crate) fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
        }
    }
}

/// What is wanted of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Target {
    /// The rate, by that of the best of the others.
    pub(crate) rate: Option<Bound>,
    /// The rate, by that of the ceiling.
    pub(crate) rate_of_ceiling: Option<Bound>,
    /// Processor time for a unit, by that of the best of the others.
    pub(crate) cpu: Option<Bound>,
    /// The same by that of the ceiling.
    pub(crate) cpu_of_ceiling: Option<Bound>,
    /// Memory of a session, by that of the leanest of the others.
    pub(crate) memory: Option<Bound>,
    /// The share of a processor, in per cent, while nothing is asked.
    pub(crate) idle: Option<Bound>,
}

/// Those of a row on one of our servers. None: it is shown, and nothing is promised.
pub(crate) fn of(family: &str, size: u64, ours: Peer) -> Target {
    use Bound::{AtLeast, AtMost};
    let by_peer = |rate, cpu| Target { rate: Some(AtLeast(rate)), cpu: Some(AtMost(cpu)), ..Target::default() };
    match family {
        "retr" => Target {
            rate: Some(AtLeast(1.0)),
            rate_of_ceiling: Some(AtLeast(0.97)),
            cpu_of_ceiling: Some(AtMost(1.05)),
            ..Target::default()
        },
        "stor" => Target { cpu_of_ceiling: Some(AtMost(1.1)), ..by_peer(1.2, 0.75) },
        "small-retr" | "small-stor" => by_peer(1.2, 0.75),
        "noop" | "tls-retr" | "tls-stor" => by_peer(1.0, 1.0),
        "pipelined" => Target { cpu_of_ceiling: Some(AtMost(2.5)), ..by_peer(5.0, 0.25) },
        "login" | "tls-small-retr" | "tls-small-stor" | "tls-login" => by_peer(1.2, 0.8),
        "idle" if size >= 1000 => Target {
            rate: Some(AtLeast(1.0)),
            memory: Some(AtMost(if ours == Peer::FtpdMio { 0.5 } else { 1.0 })),
            idle: Some(AtMost(0.1)),
            ..Target::default()
        },
        "list" | "mlsd" if size >= 10_000 => by_peer(2.0, 0.5),
        _ => Target::default(),
    }
}

/// What a unit may cost at the largest size, by what it costs at the smallest.
pub(crate) const GROWTH: Bound = Bound::AtMost(1.2);
