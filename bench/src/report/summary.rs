//! The table at the top: each row of ours by the best of the others and by the ceiling, and what was wanted.

use std::fmt::Write;

use super::targets::{self, Bound};
use super::{RowResult, ServerResult, figure};
use crate::rows::Sample;
use crate::statistics::ratio;

/// A figure of ours by one of theirs, and what was wanted of it.
#[derive(Clone, Debug, PartialEq)]
struct Compared {
    /// How it is named in a verdict.
    name: &'static str,
    /// How many times the other's.
    ratio: f64,
    /// Whose that is; nobody's where it is a figure by itself.
    whose: Option<&'static str>,
    bound: Option<Bound>,
}

impl Compared {
    fn is_missed(&self) -> bool {
        self.bound.is_some_and(|bound| !bound.is_met(self.ratio))
    }

    /// As a cell of the table: the figure, what was wanted, and whose the other is.
    fn cell(&self) -> String {
        let mut text = figure(self.ratio);
        if let Some(bound) = self.bound {
            let sign = if self.is_missed() { "✗" } else { "✓" };
            let _ = write!(text, " ({} {sign})", bound.text());
        }
        if self.is_missed() {
            text = format!("**{text}**");
        }
        match &self.whose {
            Some(whose) => format!("{text} {whose}"),
            None => text,
        }
    }
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    cells: [Option<Compared>; 6],
    failures: u64,
}

/// The table. Nothing where there is nobody to be compared with.
#[must_use]
pub(crate) fn table(rows: &[RowResult]) -> String {
    let (mut lines, mut met, mut wanted) = (String::new(), 0, 0);
    for row in rows.iter().filter(|row| !super::growth::is_by_size(&row.family)) {
        for our in row.servers.iter().filter(|server| server.peer.is_ours()) {
            let line = line(row, our);
            if line.cells.iter().all(Option::is_none) && our.missing.is_none() {
                continue;
            }
            let cells: Vec<String> =
                line.cells.iter().map(|cell| cell.as_ref().map(Compared::cell).unwrap_or_default()).collect();
            let bounds = line.cells.iter().flatten().filter(|cell| cell.bound.is_some());
            wanted += bounds.clone().count();
            met += bounds.filter(|cell| !cell.is_missed()).count();
            let verdict = verdict(our, &line);
            let name = our.peer.name();
            let _ = writeln!(lines, "| {} | {name} | {} | {verdict} |", row.id, cells.join(" | "));
        }
    }
    if lines.is_empty() { lines } else { format!("{}{HEADING}{lines}", introduction(met, wanted)) }
}

fn introduction(met: usize, wanted: usize) -> String {
    format!(
        "\n## Against the best of the others\n\n{met} of {wanted} targets are met. Each column has its own best: the highest \
         median rate, the lowest median of processor time, the leanest session. A ratio is the median of those of the \
         rounds. In parentheses stands what is wanted, if anything is; behind it, whose figure it is compared with. Of the \
         others, a round in which a session failed does not count; of ours, it misses the row.\n\n"
    )
}

fn line(row: &RowResult, our: &ServerResult) -> Line {
    let target = targets::of(&row.family, row.size, our.peer);
    let theirs: Vec<ServerResult> = row.servers.iter().filter(|server| !server.peer.is_ours()).map(whole).collect();
    let others = || theirs.iter().filter(|server| server.peer.ceiling().is_none());
    let ceiling = theirs.iter().find(|server| server.peer.ceiling().is_some());
    let against = |name, other: Option<&ServerResult>, of: fn(&Sample) -> f64, bound| {
        let other = other?;
        let ratio = ratio(&our.samples, &other.samples, of)?.median;
        Some(Compared { name, ratio, whose: Some(other.peer.name()), bound })
    };
    let most = best(others(), |server| server.spread(Sample::rate).map(|rate| -rate.median));
    let cheapest = best(others(), |server| server.spread(Sample::cost).map(|cost| cost.median));
    let leanest = best(others(), |server| server.spread(memory).map(|memory| memory.median));
    let idle = our.spread(|sample| sample.idle.unwrap_or(f64::NAN) * 100.0);
    let idle = idle.map(|idle| Compared { name: "idle", ratio: idle.median, whose: None, bound: target.idle });
    let cells = [
        against("rate", most, Sample::rate, target.rate),
        against("rate of the ceiling", ceiling, Sample::rate, target.rate_of_ceiling),
        against("CPU", cheapest, Sample::cost, target.cpu),
        against("CPU of the ceiling", ceiling, Sample::cost, target.cpu_of_ceiling),
        against("memory", leanest, memory, target.memory),
        idle,
    ];
    Line { cells, failures: failures(our) }
}

/// What it did without a failure: a round in which a session failed says nothing of what it can do.
fn whole(server: &ServerResult) -> ServerResult {
    let samples = server.samples.iter().filter(|sample| sample.failures == 0).cloned().collect();
    ServerResult { peer: server.peer, samples, missing: server.missing.clone() }
}

/// The one with the least of it.
fn best<'a>(
    servers: impl Iterator<Item = &'a ServerResult>,
    of: impl Fn(&ServerResult) -> Option<f64>,
) -> Option<&'a ServerResult> {
    let known = servers.filter_map(|server| Some((of(server)?, server)));
    known.min_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, server)| server)
}

fn memory(sample: &Sample) -> f64 {
    sample.memory.unwrap_or(f64::NAN)
}

fn failures(server: &ServerResult) -> u64 {
    server.samples.iter().map(|sample| sample.failures).sum()
}

/// Met, or what is missed.
fn verdict(our: &ServerResult, line: &Line) -> String {
    if let Some(missing) = &our.missing {
        return format!("**not done**: {}", super::markdown::cell(missing));
    }
    let mut missed: Vec<String> =
        line.cells.iter().flatten().filter(|cell| cell.is_missed()).map(|cell| cell.name.to_owned()).collect();
    if line.failures > 0 {
        missed.push(format!("{} sessions failed", line.failures));
    }
    match missed.as_slice() {
        [] if line.cells.iter().flatten().any(|cell| cell.bound.is_some()) => "met".to_owned(),
        [] => String::new(),
        _ => format!("**missed**: {}", missed.join(", ")),
    }
}

const HEADING: &str = "\
| row | server | rate ÷ best | rate ÷ ceiling | CPU ÷ best | CPU ÷ ceiling | PSS ÷ leanest | CPU while idle, % | |
|---|---|---|---|---|---|---|---|---|
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Peer;
    use crate::rows::{Channel, Row, Work};

    fn server(peer: Peer, rates: &[u64], cpu: f64, failures: u64) -> ServerResult {
        let samples = rates.iter().zip(0..).map(|(units, round)| {
            let failures = if round == 0 { failures } else { 0 };
            Sample { round, units: *units, seconds: 1.0, cpu, failures, ..Sample::default() }
        });
        ServerResult { peer, samples: samples.collect(), missing: None }
    }

    fn row(servers: Vec<ServerResult>) -> RowResult {
        RowResult::new(&Row { work: Work::Store(1), channel: Channel::Clear }, servers)
    }

    #[test]
    fn each_column_has_its_own_best_and_tells_what_is_missed() {
        let servers = vec![
            server(Peer::FtpdMio, &[130, 130], 13.0, 0),
            // The first round of these had a failure, and does not count: without it libunftp is not there at all.
            server(Peer::Vsftpd, &[900, 100], 20.0, 1),
            server(Peer::Libunftp, &[999], 1.0, 1),
            server(Peer::Proftpd, &[50, 50], 5.5, 0),
            server(Peer::Splice, &[200, 200], 16.0, 0),
        ];
        let table = table(&[row(servers)]);
        let line = table.lines().last().unwrap();
        let wanted = "| stor-1 | ftpd-mio | 1.30 (≥ 1.2 ✓) vsftpd | 0.650 splice | **0.909 (≤ 0.75 ✗)** proftpd \
                      | **1.25 (≤ 1.1 ✗)** splice |  |  | **missed**: CPU, CPU of the ceiling |";
        assert_eq!(line, wanted);
        assert!(table.contains("1 of 3 targets are met"), "{table}");
    }

    #[test]
    fn a_session_of_ours_that_failed_misses_the_row() {
        let mut servers = vec![server(Peer::FtpdTokio, &[300], 1.0, 2), server(Peer::Vsftpd, &[100], 9.0, 0)];
        let told = |servers: &[ServerResult]| table(&[row(servers.to_vec())]).lines().last().unwrap().to_owned();
        assert!(told(&servers).ends_with("| **missed**: 2 sessions failed |"), "{}", told(&servers));
        servers[0].samples.clear();
        servers[0].missing = Some("no | reply".to_owned());
        assert!(told(&servers).ends_with("| **not done**: no \\| reply |"), "{}", told(&servers));
    }

    #[test]
    fn where_nobody_is_to_be_compared_with_there_is_no_table() {
        assert_eq!(table(&[row(vec![server(Peer::FtpdMio, &[1], 1.0, 0)])]), "");
    }
}
