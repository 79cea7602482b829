//! What a unit costs at each size, and whether it costs more where there are many: a table for each family with sizes.

use std::fmt::Write;

use super::lines::label;
use super::targets::GROWTH;
use super::{RowResult, ServerResult, figure};
use crate::peers::Peer;
use crate::rows::{Sample, bytes};

/// What is divided by what, for a family whose sizes grow.
#[derive(Clone, Copy, Debug)]
struct Kind {
    family: &'static str,
    title: &'static str,
    of: fn(&RowResult, &Sample) -> f64,
    /// Whether the sizes are bytes.
    is_bytes: bool,
}

const KINDS: [Kind; 5] = [
    Kind { family: "size-sessions", title: "CPU µs for a reply, by sessions", of: micros, is_bytes: false },
    Kind { family: "idle", title: "bytes of PSS for a session, by sessions", of: memory, is_bytes: false },
    Kind {
        family: "size-file",
        title: "CPU s for a GB of a file, by its size",
        of: seconds_for_a_gigabyte,
        is_bytes: true,
    },
    Kind { family: "list", title: "LIST: CPU ns for an entry, by entries", of: nanos, is_bytes: false },
    Kind { family: "mlsd", title: "MLSD: CPU ns for an entry, by entries", of: nanos, is_bytes: false },
];

/// Whether a family is there for this alone.
pub(crate) fn is_by_size(family: &str) -> bool {
    family.starts_with("size-")
}

/// The tables. Nothing where no family has two sizes.
#[must_use]
pub(crate) fn tables(rows: &[RowResult]) -> String {
    let tables: String = KINDS.iter().map(|kind| table(*kind, rows)).collect();
    if tables.is_empty() { tables } else { format!("{INTRODUCTION}{tables}") }
}

fn table(kind: Kind, rows: &[RowResult]) -> String {
    let rows: Vec<&RowResult> = rows.iter().filter(|row| row.family == kind.family).collect();
    if rows.len() < 2 {
        return String::new();
    }
    let mut page = format!("\n**{}**\n\n| server |", kind.title);
    for row in &rows {
        let size = if kind.is_bytes { bytes(row.size) } else { label(row.size as f64) };
        let _ = write!(page, " {size} |");
    }
    let _ = write!(page, " largest ÷ smallest | largest ÷ cheapest |\n|{}\n", "---|".repeat(rows.len() + 3));
    for peer in Peer::ALL {
        let costs: Vec<Option<f64>> = rows.iter().map(|row| cost(kind, row, peer)).collect();
        if costs.iter().all(Option::is_none) {
            continue;
        }
        let _ = write!(page, "| {} |", peer.name());
        for cost in &costs {
            let _ = write!(page, " {} |", cost.map_or("n/a".to_owned(), figure));
        }
        let cheapest = costs.iter().flatten().copied().reduce(f64::min);
        let by = |other: Option<f64>| Some((*costs.last()?)? / other?).filter(|ratio| ratio.is_finite());
        let _ = writeln!(page, " {} | {} |", judged(peer, by(costs.first().copied().flatten())), plain(by(cheapest)));
    }
    page
}

/// A ratio of ours with what is wanted of it; of others, as it is.
fn judged(peer: Peer, ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if peer.is_ours() && GROWTH.is_met(ratio) => format!("{} ({} ✓)", figure(ratio), GROWTH.text()),
        Some(ratio) if peer.is_ours() => format!("**{} ({} ✗)**", figure(ratio), GROWTH.text()),
        ratio => plain(ratio),
    }
}

fn plain(ratio: Option<f64>) -> String {
    ratio.map_or("n/a".to_owned(), figure)
}

fn cost(kind: Kind, row: &RowResult, peer: Peer) -> Option<f64> {
    let server: &ServerResult = row.servers.iter().find(|server| server.peer == peer)?;
    server.spread(|sample| (kind.of)(row, sample)).map(|spread| spread.median)
}

fn micros(_: &RowResult, sample: &Sample) -> f64 {
    sample.cost() * 1e6
}

fn nanos(_: &RowResult, sample: &Sample) -> f64 {
    sample.cost() * 1e9
}

fn memory(_: &RowResult, sample: &Sample) -> f64 {
    sample.memory.unwrap_or(f64::NAN)
}

fn seconds_for_a_gigabyte(row: &RowResult, sample: &Sample) -> f64 {
    sample.cost() / row.size as f64 * 1e9
}

const INTRODUCTION: &str = "
## Cost against size

What one unit costs the server, from the smallest size to the largest: flat is good, and less at larger sizes is what each
command costs by itself, shared by more. The last column shows whether it rises again behind its lowest point.
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Channel, Row, Work};

    fn row(work: Work, costs: &[(Peer, f64)]) -> RowResult {
        let server = |(peer, cost): &(Peer, f64)| {
            let samples = vec![Sample { units: 1000, seconds: 1.0, cpu: cost * 1000.0, ..Sample::default() }];
            ServerResult { peer: *peer, samples, missing: None }
        };
        RowResult::new(&Row { work, channel: Channel::Clear }, costs.iter().map(server).collect())
    }

    #[test]
    fn what_rises_is_missed_for_ours_and_only_shown_for_others() {
        let rows = [
            row(Work::Among(1), &[(Peer::FtpdMio, 4e-6), (Peer::FtpdTokio, 2e-6), (Peer::Vsftpd, 1e-6)]),
            row(Work::Among(10), &[(Peer::FtpdMio, 2e-6), (Peer::FtpdTokio, 2e-6), (Peer::Vsftpd, 2e-6)]),
            row(Work::Among(100), &[(Peer::FtpdMio, 3e-6), (Peer::FtpdTokio, 4e-6)]),
        ];
        let page = tables(&rows);
        assert!(page.contains("| ftpd-mio | 4.00 | 2.00 | 3.00 | 0.750 (≤ 1.2 ✓) | 1.50 |"), "{page}");
        assert!(page.contains("| ftpd-tokio | 2.00 | 2.00 | 4.00 | **2.00 (≤ 1.2 ✗)** | 2.00 |"), "{page}");
        assert!(page.contains("| vsftpd | 1.00 | 2.00 | n/a | n/a | n/a |"), "{page}");
    }

    #[test]
    fn a_file_costs_by_its_bytes() {
        let rows = [
            row(Work::Sized(1 << 10), &[(Peer::FtpdMio, 1.024e-6)]),
            row(Work::Sized(1 << 20), &[(Peer::FtpdMio, 0.001_048_576)]),
        ];
        assert!(tables(&rows).contains("| 1 KiB | 1 MiB |"), "{}", tables(&rows));
        assert!(tables(&rows).contains("| ftpd-mio | 1.00 | 1.00 | 1.00 (≤ 1.2 ✓) | 1.00 |"), "{}", tables(&rows));
        assert_eq!(tables(&rows[..1]), "");
    }
}
