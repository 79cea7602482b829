//! What a replay found, as people read it.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many events were replayed.
    pub events: usize,
    /// How many actions were compared.
    pub actions: usize,
    /// In how many of them a payload could not be compared, since it is made of others that were not recorded.
    pub unknown_payloads: usize,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The engine did the same to the end.
    Same,
    /// It did not.
    Differs(Difference),
    /// From here on it cannot be known: payloads that were not recorded went through a coding. What came before is the
    /// same.
    Unknown(Difference),
}

/// The first difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line of the trace, counted from 1: one behind its last line where the trace holds too little.
    pub line: usize,
    /// What stands there; `None` where the engine did more than was recorded.
    pub recorded: Option<String>,
    /// What the engine did; `None` where it did less than was recorded.
    pub now: Option<String>,
    /// The lines before it, with their numbers.
    pub context: Vec<(usize, String)>,
}

impl Report {
    /// Whether the engine did the same to the end.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.verdict == Verdict::Same
    }
}

impl Difference {
    pub(super) fn new(line: usize, recorded: Option<String>, now: Option<String>, text: &str) -> Self {
        let before = text.lines().enumerate().take(line.saturating_sub(1)).skip(line.saturating_sub(1 + CONTEXT));
        let context: Vec<_> = before.map(|(at, text)| (at + 1, shortened(text))).collect();
        Self { line, recorded, now, context }
    }
}

/// A line of the context: what is long is not what is looked for.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => alloc::format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, actions, unknown_payloads, verdict } = self;
        match verdict {
            Verdict::Same => write!(f, "the same: {events} events, {actions} actions")?,
            Verdict::Differs(difference) => write!(f, "{difference}")?,
            Verdict::Unknown(difference) => {
                let line = difference.line;
                write!(
                    f,
                    "the same up to line {line}: {events} events, {actions} actions; the rest cannot be known: "
                )?;
                f.write_str("payloads that were not recorded went through TYPE, STRU or MODE")?;
            }
        }
        if *unknown_payloads > 0 {
            write!(f, " ({unknown_payloads} payloads not compared: they were not recorded)")?;
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the first difference is at line {}:", self.line)?;
        for (line, text) in &self.context {
            writeln!(f, "{line:8}   {text}")?;
        }
        let (recorded, now) = (self.recorded.as_deref(), self.now.as_deref());
        let alike = recorded.zip(now).map_or(0, |(one, other)| alike(one, other));
        writeln!(f, "recorded   {}", part(recorded, alike))?;
        write!(f, "     now   {}", part(now, alike))
    }
}

/// How many characters two lines begin with alike.
fn alike(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count()
}

/// The part of a line where it begins to differ: some lines are very long.
fn part(text: Option<&str>, alike: usize) -> String {
    let Some(text) = text else { return "(nothing)".to_owned() };
    if text.len() <= 2 * LONGEST {
        return text.to_owned();
    }
    let skipped = alike.saturating_sub(LONGEST / 2);
    let shown: String = text.chars().skip(skipped).take(LONGEST).collect();
    let (before, behind) =
        (if skipped > 0 { "..." } else { "" }, if text.len() > skipped + LONGEST { "..." } else { "" });
    alloc::format!("{before}{shown}{behind}")
}

/// How many lines are shown before a difference.
const CONTEXT: usize = 6;

/// How much of each of them.
const LONGEST: usize = 200;
