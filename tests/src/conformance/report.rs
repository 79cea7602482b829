//! What came of a run: a table by section, or JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Check, Level};

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server did as it should.
    Passed,
    /// It did not: what went wrong, and the dialogue.
    Failed(String),
    /// The check made no sense here: why.
    Skipped(String),
}

/// One check, run.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which.
    pub check: &'static Check,
    /// What it came to.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

impl Finding {
    /// Whether it failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }
}

/// All that a run found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
    /// Why the kit could not remove what it had made, if it could not.
    pub left: Option<String>,
}

impl Report {
    /// Whether no must fails.
    #[must_use]
    pub fn is_conformant(&self) -> bool {
        self.failures(Level::Must).next().is_none()
    }

    /// The checks of a level that failed.
    pub fn failures(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.check.level == level && finding.failed())
    }

    /// All of it as one JSON value.
    ///
    /// # Errors
    /// None in practice: every value in it can be written as JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let rows: Vec<Row<'_>> = self.findings.iter().map(Row::of).collect();
        serde_json::to_string_pretty(&rows)
    }

    fn by_section(&self) -> Vec<(&'static str, Vec<&Finding>)> {
        let mut sections: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
        for finding in &self.findings {
            sections.entry(order(finding.check.section)).or_default().push(finding);
        }
        sections.into_values().map(|findings| (findings[0].check.section, findings)).collect()
    }

    fn count(&self, level: Level) -> [usize; 3] {
        count(self.findings.iter().filter(|finding| finding.check.level == level))
    }
}

/// A table: a line for each section, beneath it what failed or was left out, and the sums.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>8}{:>8}{:>8}", "section", "passed", "failed", "skipped")?;
        for (section, findings) in self.by_section() {
            let [passed, failed, skipped] = count(findings.iter().copied());
            writeln!(f, "{section:<28}{passed:>8}{failed:>8}{skipped:>8}")?;
            for Finding { check, verdict, .. } in findings {
                match verdict {
                    Verdict::Passed => {}
                    Verdict::Failed(why) => {
                        writeln!(f, "  FAIL {:<6} {}: {}", check.level, check.id, check.title)?;
                        why.lines().try_for_each(|line| writeln!(f, "       | {line}"))?;
                    }
                    Verdict::Skipped(why) => writeln!(f, "  skip {:<6} {}: {why}", check.level, check.id)?,
                }
            }
        }
        writeln!(f)?;
        for level in [Level::Must, Level::Should, Level::May] {
            let [passed, failed, skipped] = self.count(level);
            writeln!(f, "{level:<28}{passed:>8}{failed:>8}{skipped:>8}")?;
        }
        match &self.left {
            Some(why) => writeln!(f, "\nwhat the checks made was left there: {why}"),
            None => Ok(()),
        }
    }
}

/// One finding as JSON has it.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    section: &'a str,
    level: String,
    title: &'a str,
    verdict: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    milliseconds: u128,
}

impl<'a> Row<'a> {
    fn of(Finding { check, verdict, took }: &'a Finding) -> Self {
        let (verdict, why) = match verdict {
            Verdict::Passed => ("passed", None),
            Verdict::Failed(why) => ("failed", Some(why.as_str())),
            Verdict::Skipped(why) => ("skipped", Some(why.as_str())),
        };
        let Check { id, section, level, title, .. } = check;
        Self { id, section, level: level.to_string(), title, verdict, why, milliseconds: took.as_millis() }
    }
}

fn count<'a>(findings: impl Iterator<Item = &'a Finding>) -> [usize; 3] {
    findings.fold([0; 3], |[passed, failed, skipped], finding| match finding.verdict {
        Verdict::Passed => [passed + 1, failed, skipped],
        Verdict::Failed(_) => [passed, failed + 1, skipped],
        Verdict::Skipped(_) => [passed, failed, skipped + 1],
    })
}

/// Sections by their numbers, not by their digits: 4.1.2 stands before 4.1.10. Drafts come last.
fn order(section: &str) -> (bool, Vec<u32>, &str) {
    let numbers = section.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
    (!section.starts_with("RFC"), numbers.collect(), section)
}
