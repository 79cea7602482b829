//! How long a run takes, about: told before it begins.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Plan;
use crate::peers::Peer;
use crate::rows::{Row, Scale, Work};

/// The plan in words.
pub(super) fn told(plan: &Plan, missing: &BTreeMap<Peer, String>) -> String {
    let (mut samples, mut all) = (0, Duration::ZERO);
    let left = plan.rows.iter().filter(|row| plan.kept(row).is_none());
    let rows = left.clone().count();
    for row in left {
        let asked = plan.peers.iter().filter(|peer| row.is_for(**peer) && !missing.contains_key(peer));
        let asked = asked.filter(|peer| peer.most_sessions().is_none_or(|(most, _)| row.sessions() <= most));
        for peer in asked {
            samples += u64::from(plan.rounds);
            all += of_sample(row, *peer, &plan.scale) * plan.rounds;
        }
    }
    let minutes = all.as_secs().div_ceil(60);
    format!("plan: {rows} rows, {samples} samples, about {minutes} min")
}

/// What one sample takes. The figures are of a machine of 2026, and of this use only.
fn of_sample(row: &Row, peer: Peer, scale: &Scale) -> Duration {
    let micros = |each: u64| Duration::from_micros(each.saturating_mul(row.size()));
    // Whoever starts a process for each session needs milliseconds for each.
    let session = if peer.most_sessions().is_some() { 4_000 } else { 300 };
    // The slowest needs fifty microseconds for an entry. A directory is listed before the clock and under it.
    let entry = match peer {
        Peer::Libunftp | Peer::Proftpd => 40,
        Peer::Pyftpdlib => 12,
        _ => 2,
    };
    let work = match row.work {
        Work::Idle(_) => micros(session) + scale.watch,
        Work::Among(_) => micros(session) + scale.duration,
        Work::List(_) | Work::Mlsd(_) => micros(entry) + scale.duration.max(micros(entry)),
        Work::Sized(_) => Duration::from_nanos(row.size()) + scale.duration.max(Duration::from_nanos(row.size())),
        _ => scale.duration,
    };
    START + work
}

/// To start and end a server, and to log in.
const START: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Channel, all};

    #[test]
    fn large_rows_take_longer() {
        let row = |work| Row { work, channel: Channel::Clear };
        let of = |work, peer| of_sample(&row(work), peer, &Scale::FULL);
        assert!(of(Work::List(100_000), Peer::Libunftp) > of(Work::List(10), Peer::Libunftp));
        assert!(of(Work::Idle(1000), Peer::Vsftpd) > of(Work::Idle(1000), Peer::FtpdMio));
        let longest = all(&Scale::FULL).iter().map(|row| of_sample(row, Peer::FtpdMio, &Scale::FULL)).max();
        assert!(longest < Some(Duration::from_secs(60)));
    }
}
