//! The page: where and how, then a table for each row.

use std::fmt::Write;

use super::{Report, RowResult, ServerResult, figure, growth, notes, summary};
use crate::peers::Peer;
use crate::rows::Sample;
use crate::statistics::{Spread, ratio};

/// The whole page.
#[must_use]
pub(crate) fn page(report: &Report) -> String {
    let mut page = String::from(INTRODUCTION);
    page.push_str("\n| | |\n|---|---|\n");
    for (name, value) in report.environment.lines() {
        let _ = writeln!(page, "| {name} | {} |", cell(&value));
    }
    page.push_str(&summary::table(&report.rows));
    page.push_str(&growth::tables(&report.rows));
    for family in report.families() {
        let rows = || report.rows.iter().filter(|row| row.family == family);
        let _ = write!(page, "\n## {family}\n\n![{family}]({family}.svg)\n");
        if super::lines::picture(&rows().collect::<Vec<_>>()).is_some() {
            let _ = writeln!(page, "\n![{family}, by size]({family}-by-size.svg)");
        }
        for row in rows() {
            table(&mut page, row);
        }
    }
    page
}

/// A row as a table: a server a line.
fn table(page: &mut String, row: &RowResult) {
    let ours: Vec<&ServerResult> = row.servers.iter().filter(|server| server.peer.is_ours()).collect();
    let (rate, _) = row.unit.rate();
    let (cost, _) = row.unit.cost();
    let has = |of: fn(&Sample) -> Option<f64>| {
        row.servers.iter().any(|server| server.samples.iter().any(|s| of(s).is_some()))
    };
    let has_memory = has(|sample| sample.memory);
    let has_resumed = has(|sample| sample.resumed);
    let mut heading = format!("| server | {rate} | {cost} |");
    if has_memory {
        heading.push_str(" bytes of PSS/session | CPU while idle, % |");
    }
    if has_resumed {
        heading.push_str(" resumed, % |");
    }
    for server in &ours {
        let name = server.peer.name();
        let _ = write!(heading, " {name} ÷ this, rate | {name} ÷ this, CPU |");
    }
    let columns = heading.matches('|').count() - 1;
    let _ = write!(page, "\n### {} ({})\n\n{heading}\n|{}\n", row.title, row.id, "---|".repeat(columns));
    for server in &row.servers {
        let mut cells = vec![server.peer.name().to_owned()];
        cells.extend(figures(row, server, has_memory, has_resumed));
        for our in &ours {
            cells.extend(compared(our, server));
        }
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    for server in row.servers.iter().filter(|server| server.missing.is_some()) {
        let reason = cell(server.missing.as_deref().unwrap_or_default());
        let _ = write!(page, "\nn/a: {}: {reason}\n", server.peer.name());
    }
    for server in &row.servers {
        let failed = server.samples.iter().find_map(|sample| sample.failure.as_deref());
        if let Some(failure) = failed {
            let _ = write!(page, "\n**failed**: {}: {}\n", server.peer.name(), cell(failure));
        }
    }
    for note in notes::of(row) {
        let _ = write!(page, "\n{note}\n");
    }
}

/// What one server did.
fn figures(row: &RowResult, server: &ServerResult, has_memory: bool, has_resumed: bool) -> Vec<String> {
    let failures: u64 = server.samples.iter().map(|sample| sample.failures).sum();
    let mut rate = spread(server.spread(Sample::rate).map(|rate| rate.times(1.0 / row.unit.rate().1)));
    if failures > 0 {
        let _ = write!(rate, " (**{failures} failed**)");
    }
    let mut cells = vec![rate, spread(server.spread(Sample::cost).map(|cost| cost.times(row.unit.cost().1)))];
    if has_memory {
        cells.push(spread(server.spread(|sample| sample.memory.unwrap_or(f64::NAN))));
        cells.push(spread(server.spread(|sample| sample.idle.unwrap_or(f64::NAN) * 100.0)));
    }
    if has_resumed {
        cells.push(spread(server.spread(|sample| sample.resumed.unwrap_or(f64::NAN) * 100.0)));
    }
    cells
}

/// Ours by that one: of the rate more is better, of the processor time less.
fn compared(our: &ServerResult, server: &ServerResult) -> [String; 2] {
    if our.peer == server.peer {
        return ["".to_owned(), "".to_owned()];
    }
    let of = |what: fn(&Sample) -> f64| spread(ratio(&our.samples, &server.samples, what));
    [of(Sample::rate), of(Sample::cost)]
}

fn spread(spread: Option<Spread>) -> String {
    match spread {
        Some(Spread { median, min, max }) if min >= max => figure(median),
        Some(Spread { median, min, max }) => format!("{} ({}–{})", figure(median), figure(min), figure(max)),
        None => NONE.to_owned(),
    }
}

/// A text that can stand in a cell.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\r', '\n'], " ")
}

/// Where there is no figure.
const NONE: &str = "n/a";

/// What stands at the top.
const INTRODUCTION: &str = "\
# Benchmarks

Made by `cargo run --release -p ftp-bench -- run`; [bench/README.md](../../bench/README.md) says what each row means and
what is fair about it. Each figure is the median of the rounds, with the smallest and the largest. Ratios are of the same
round, since what else a machine does changes from round to round: of a rate more is better, of processor time less.
Processor time is that of the server alone. `n/a` has its reason below the table.
";

/// Whose figures are drawn first.
#[must_use]
pub(crate) fn class(peer: Peer) -> &'static str {
    if peer.is_ours() {
        "ours"
    } else if peer.ceiling().is_some() {
        "ceiling"
    } else {
        "peer"
    }
}
