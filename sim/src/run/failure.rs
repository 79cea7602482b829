//! What is told of a scenario that fails.

use std::fmt;

use super::once::once;
use super::scenario::Scenario;
use super::stage::Keep;
use crate::world::Report;

/// A scenario that fails, and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What was run.
    pub scenario: Scenario,
    /// What came of it.
    pub report: Report,
    /// The last lines of the session concerned; of all, where that is not known.
    pub lines: Vec<String>,
}

impl Failure {
    /// Runs it once more, with its log.
    pub(super) fn of(scenario: &Scenario) -> Box<Self> {
        Self::new(scenario, once(scenario, Keep::Log))
    }

    fn new(scenario: &Scenario, mut report: Report) -> Box<Self> {
        let log = std::mem::take(&mut report.log);
        report.traces.clear();
        let lines = concerned(&report, &log);
        Box::new(Self { scenario: scenario.clone(), report, lines })
    }

    /// Two runs of it differ.
    pub(super) fn unlike(scenario: &Scenario, first: &Report, second: &Report) -> Box<Self> {
        let (one, other) = (once(scenario, Keep::Log), once(scenario, Keep::Log));
        let differ = one.log.iter().zip(&other.log).find(|(one, other)| one != other);
        let what = match differ {
            Some((one, other)) => format!("first at:\n  {one}\n  {other}"),
            None => {
                format!("{} and {} steps, digests {} and {}", first.steps, second.steps, first.digest, second.digest)
            }
        };
        let mut failure = Self::new(scenario, one);
        failure.report.violations.push(format!("a second run differs: {what}"));
        failure
    }

    /// The first violation without what changes from run to run: two failures of one kind have one cause, as a rule.
    #[must_use]
    pub fn kind(&self) -> String {
        kind(&self.report).unwrap_or_default()
    }
}

/// The kind of a report's first violation.
pub(super) fn kind(report: &Report) -> Option<String> {
    let first = report.violations.first()?;
    let mut kind = String::new();
    for char in first.chars().take(KIND) {
        match char {
            '"' | '[' | '{' => break,
            '0'..='9' if kind.ends_with('#') => {}
            '0'..='9' => kind.push('#'),
            char => kind.push(char),
        }
    }
    Some(kind)
}

/// The last lines of whoever the first violation names.
fn concerned(report: &Report, log: &[String]) -> Vec<String> {
    let first = report.violations.first().map(String::as_str).unwrap_or_default();
    let number = |before: &str| {
        let rest = first.split(before).nth(1)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    let of = |name: &str, number: u64| {
        let name = format!(" {name}({number}) ");
        log.iter().filter(|line| line.contains(&name)).cloned().collect::<Vec<_>>()
    };
    let lines = number("Session(").map(|number| of("Session", number)).filter(|lines| !lines.is_empty());
    let lines = lines.unwrap_or_else(|| log.to_vec());
    lines[lines.len().saturating_sub(LINES)..].to_vec()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, report, lines } = self;
        writeln!(f, "{} violations:", report.violations.len())?;
        report.violations.iter().take(VIOLATIONS).try_for_each(|what| writeln!(f, "  {what}"))?;
        writeln!(f, "faults that struck: {}", report.strikes.len())?;
        let latest = report.strikes.iter().skip(report.strikes.len().saturating_sub(STRIKES));
        for strike in latest {
            writeln!(
                f,
                "  {:?} at site {}, after {:?}",
                strike.fault,
                strike.site,
                strike.at.since(Default::default())
            )?;
        }
        writeln!(f, "the last lines of it:")?;
        lines.iter().try_for_each(|line| writeln!(f, "  {}", short(line)))?;
        writeln!(f, "options: {}", scenario.all_options())?;
        writeln!(f, "(with --traces DIR its sessions' traces are written there, for ftpd replay --dialogue)")?;
        write!(f, "again with: cargo sim {scenario}")
    }
}

impl std::error::Error for Failure {}

fn short(line: &str) -> String {
    line.chars().take(LINE).collect()
}

/// How much of each is told.
const KIND: usize = 120;
const VIOLATIONS: usize = 10;
const STRIKES: usize = 40;
const LINES: usize = 60;
const LINE: usize = 200;
