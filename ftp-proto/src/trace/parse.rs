//! From text to a [`Trace`]: every line is checked, nothing is run.

use alloc::string::String;
use alloc::vec::Vec;
use core::iter::Enumerate;
use core::str::Lines;

use super::text::{self, Payload};
use super::{Payloads, VERSION};
use crate::config::{Config, Switch};
use crate::event::{Admission, ControlEnd};
use crate::failure::Failure;
use crate::id::ActionId;
use crate::outcome::DataEnd;
use crate::server::Misuse;
use crate::ticket::Answer;
use crate::time::{Instant, UnixTime};

/// A trace, read and checked: what [`Trace::replay`] and [`Trace::dialogue`] go through.
#[derive(Debug)]
pub struct Trace<'t> {
    pub(super) config: Config,
    pub(super) seed: [u8; 32],
    pub(super) started: UnixTime,
    pub(super) payloads: Payloads,
    pub(super) steps: Vec<Step<'t>>,
    /// All of it, for the lines around a difference.
    pub(super) text: &'t str,
}

impl Trace<'_> {
    /// The configuration of the session.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How many events it holds.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.steps.len()
    }

    /// Whether it holds payloads whole.
    #[must_use]
    pub const fn payloads(&self) -> Payloads {
        self.payloads
    }
}

/// An event, and what it led to. Lines are counted from 1.
#[derive(Debug)]
pub(super) struct Step<'t> {
    pub(super) line: usize,
    pub(super) now: Instant,
    pub(super) event: Happened,
    pub(super) actions: Vec<(usize, &'t str)>,
    pub(super) misuse: Option<(usize, Misuse)>,
    pub(super) left: usize,
}

/// An event as it was written down.
#[derive(Debug)]
pub(super) enum Happened {
    Connected { local: core::net::SocketAddr, peer: core::net::SocketAddr, admission: Admission, implicit_tls: Switch },
    Received(Vec<u8>),
    Sent(usize),
    ControlEnded(ControlEnd),
    Done(ActionId, Outcome),
    Failed(ActionId, Failure),
    Progress(ActionId, u64),
    Timeout,
    Drain(Instant),
}

/// An answer as it was written down.
#[derive(Debug)]
pub(super) enum Outcome {
    Known(Answer),
    Received(Payload, Option<DataEnd>),
    Chunk(Payload),
}

/// Why a text is no trace, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct TraceError {
    /// The line, counted from 1.
    pub line: usize,
    fault: Fault,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("this is not a trace: it must begin with `ftp-trace {VERSION}`")]
    NotATrace,
    #[error("a trace of version {0}, where only {VERSION} is known")]
    OtherVersion(String),
    #[error("the trace ends here, where `{0}` should come")]
    Ends(&'static str),
    #[error("`{0} ...` is expected")]
    Expected(&'static str),
    #[error("not a configuration: {0}")]
    Config(String),
    #[error("a limit of the configuration is past what a replay may take: {0}")]
    Limit(&'static str),
    #[error("an event is expected in front of this")]
    NoEvent,
    #[error("nothing comes behind what was left, or refused")]
    Behind,
    #[error("neither an event (`> `), an action (`< `), a refusal (`! `) nor a rest (`~ `)")]
    Unknown,
    #[error("not an event")]
    Event,
    #[error("not a refusal")]
    Misuse,
    #[error("not a count")]
    Count,
    #[error("a payload in short in a trace of whole ones")]
    NotWhole,
    #[error("the last line is cut short")]
    Cut,
    #[error("a control character")]
    Control,
}

/// Reads a trace. Blank lines and lines that begin with `#` are notes.
///
/// # Errors
/// [`TraceError`] where a line is not what it should be, is missing, or is cut short.
pub fn parse(text: &str) -> Result<Trace<'_>, TraceError> {
    if !text.is_empty() && !text.ends_with('\n') {
        return Err(TraceError { line: text.lines().count(), fault: Fault::Cut });
    }
    // Whoever prints a difference need not fear what stands in it.
    if let Some(at) = text.lines().position(|line| line.chars().any(char::is_control)) {
        return Err(TraceError { line: at + 1, fault: Fault::Control });
    }
    let mut parser = Parser { lines: text.lines().enumerate(), at: 0, text };
    let mut trace = parser.header()?;
    while let Some((line, text)) = parser.next() {
        trace.take(text, line).map_err(|fault| TraceError { line, fault })?;
    }
    Ok(trace)
}

/// The lines that are no notes.
struct Parser<'t> {
    lines: Enumerate<Lines<'t>>,
    at: usize,
    text: &'t str,
}

impl<'t> Parser<'t> {
    fn next(&mut self) -> Option<(usize, &'t str)> {
        loop {
            let (before, text) = self.lines.next()?;
            self.at = before + 1;
            if !text.trim().is_empty() && !text.starts_with('#') {
                return Some((self.at, text));
            }
        }
    }

    /// The next line of the header.
    fn headed<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'t str) -> Result<T, Fault>,
    ) -> Result<T, TraceError> {
        let fail = |line, fault| TraceError { line, fault };
        let Some((line, text)) = self.next() else { return Err(fail(self.at + 1, Fault::Ends(name))) };
        let rest = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        let missing = if name == MAGIC { Fault::NotATrace } else { Fault::Expected(name) };
        read(rest.ok_or_else(|| fail(line, missing))?).map_err(|fault| fail(line, fault))
    }

    fn header(&mut self) -> Result<Trace<'t>, TraceError> {
        self.headed(MAGIC, |version| {
            if version == VERSION { Ok(()) } else { Err(Fault::OtherVersion(version.chars().take(20).collect())) }
        })?;
        let config = self.headed("config", config)?;
        let seed = self.headed("seed", |text| text::hex(text).ok_or(Fault::Expected("seed")))?;
        let started = self.headed("started", |text| text::calendar(text).ok_or(Fault::Expected("started")))?;
        let payloads = self.headed("payloads", |text| match text {
            "hashed" => Ok(Payloads::Hashed),
            "whole" => Ok(Payloads::Whole),
            _ => Err(Fault::Expected("payloads")),
        })?;
        Ok(Trace { config, seed, started, payloads, steps: Vec::new(), text: self.text })
    }
}

/// A configuration that a session can be run with: what holds memory at once is bounded, whoever wrote the trace.
fn config(text: &str) -> Result<Config, Fault> {
    let config: Config = ron::from_str(text).map_err(|error| Fault::Config(alloc::format!("{error}")))?;
    let limits = &config.limits;
    let bounded = [
        ("chunk", limits.chunk, LARGEST_CHUNK),
        ("line", limits.line, LARGEST_CHUNK),
        ("path", limits.path, LARGEST_CHUNK),
    ];
    match bounded.into_iter().find(|(_, value, largest)| value > largest) {
        Some((name, ..)) => Err(Fault::Limit(name)),
        None => Ok(config),
    }
}

impl<'t> Trace<'t> {
    /// Takes a line behind the header.
    fn take(&mut self, text: &'t str, line: usize) -> Result<(), Fault> {
        if let Some(event) = text.strip_prefix("> ") {
            let (now, event) = happened(event).ok_or(Fault::Event)?;
            if self.payloads == Payloads::Whole && event.is_in_short() {
                return Err(Fault::NotWhole);
            }
            self.steps.push(Step { line, now, event, actions: Vec::new(), misuse: None, left: 0 });
            return Ok(());
        }
        let Some(step) = self.steps.last_mut() else { return Err(Fault::NoEvent) };
        if step.misuse.is_some() || step.left > 0 {
            return Err(Fault::Behind);
        }
        if text.starts_with("< ") {
            step.actions.push((line, text));
        } else if let Some(misuse) = text.strip_prefix("! ") {
            if !step.actions.is_empty() {
                return Err(Fault::Behind);
            }
            step.misuse = Some((line, text::value(misuse).ok_or(Fault::Misuse)?));
        } else if let Some(left) = text.strip_prefix("~ ") {
            step.left = left.strip_suffix(" left").and_then(text::number).ok_or(Fault::Count)?;
        } else {
            return Err(Fault::Unknown);
        }
        Ok(())
    }
}

impl Happened {
    const fn is_in_short(&self) -> bool {
        matches!(self, Self::Done(_, Outcome::Received(Payload::Hashed(_), _) | Outcome::Chunk(Payload::Hashed(_))))
    }
}

/// An event behind its `> `.
fn happened(text: &str) -> Option<(Instant, Happened)> {
    let (now, text) = text.split_once(' ')?;
    let now = text::seconds(now)?;
    let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
    let event = match name {
        "connected" => Happened::Connected {
            local: text::field(rest, "local")?.parse().ok()?,
            peer: text::field(rest, "peer")?.parse().ok()?,
            admission: text::value(text::field(rest, "admission")?)?,
            implicit_tls: text::value(text::field(rest, "implicit_tls")?)?,
        },
        "received" => match text::literal(rest)? {
            (bytes, "") => Happened::Received(bytes),
            _ => return None,
        },
        "sent" => Happened::Sent(text::number(rest)?),
        "control-ended" => Happened::ControlEnded(text::value(rest)?),
        "done" => {
            let (id, answer) = rest.split_once(' ')?;
            Happened::Done(action_id(id)?, outcome(answer)?)
        }
        "failed" => {
            let (id, failure) = rest.split_once(' ')?;
            Happened::Failed(action_id(id)?, text::value(failure)?)
        }
        "progress" => {
            let (id, bytes) = rest.split_once(' ')?;
            Happened::Progress(action_id(id)?, text::number(bytes)?)
        }
        "timeout" if rest.is_empty() => Happened::Timeout,
        "drain" => Happened::Drain(text::seconds(rest)?),
        _ => return None,
    };
    Some((now, event))
}

fn action_id(text: &str) -> Option<ActionId> {
    text::id('a', text).map(ActionId)
}

fn outcome(text: &str) -> Option<Outcome> {
    if let Some(chunk) = text.strip_prefix("Chunk ") {
        return match text::payload(chunk)? {
            (payload, "") => Some(Outcome::Chunk(payload)),
            _ => None,
        };
    }
    if let Some(received) = text.strip_prefix("Received ") {
        let (payload, rest) = text::payload(received)?;
        return Some(Outcome::Received(payload, text::value(rest.strip_prefix(" end=")?)?));
    }
    text::value(text).map(Outcome::Known)
}

const MAGIC: &str = "ftp-trace";

/// The most bytes of one payload, line or path that a replay may be made to hold: 16 MiB.
const LARGEST_CHUNK: usize = 16 * 1024 * 1024;
