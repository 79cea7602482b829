//! The recorder: what an adapter, a simulator or a test tells it becomes a trace.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::mem;

use super::action::{self, Style};
use super::redact::Redactor;
use super::text::{Calendar, Hash, Hex, Line, Literal, Seconds, Value};
use super::{Payloads, Secrets, VERSION, event};
use crate::action::Action;
use crate::config::Config;
use crate::event::Event;
use crate::server::Misuse;
use crate::time::{Instant, UnixTime};

/// Writes a trace: the header at once, then a line for each event and each action.
///
/// Tell it of every event before the session handles it, of each action as it is taken, and of what
/// [`handle`](crate::server::Session::handle) refused. [`Recorded`](super::Recorded) does that by itself.
///
/// An error of the writer is kept: nothing more is written, and [`into_inner`](Self::into_inner) tells of it.
pub struct Recorder<W> {
    out: W,
    style: Shown,
    redactor: Redactor,
    line: Line,
    said: Vec<u8>,
    health: fmt::Result,
}

/// How payloads and secrets are written.
struct Shown {
    payloads: Payloads,
    hidden: Vec<String>,
}

impl Style for Shown {
    fn payload(&self, bytes: &[u8], out: &mut String) -> fmt::Result {
        match self.payloads {
            Payloads::Hashed if !bytes.is_empty() => write!(out, "{}", Hash::of(bytes)),
            Payloads::Hashed | Payloads::Whole => write!(out, "{}", Literal(bytes)),
        }
    }

    fn hides(&self, verb: &str) -> bool {
        self.hidden.iter().any(|hidden| hidden == verb)
    }
}

impl<W: Write> Recorder<W> {
    /// A recorder of the session that is made of the same `config`, `seed` and `started`.
    pub fn new(out: W, config: &Config, seed: [u8; 32], started: UnixTime, payloads: Payloads) -> Self {
        let hidden = SECRET_VERBS.map(ToOwned::to_owned).to_vec();
        let mut this = Self {
            out,
            style: Shown { payloads, hidden },
            redactor: Redactor::new(config.limits.line),
            line: Line::default(),
            said: Vec::new(),
            health: Ok(()),
        };
        this.health = this.header(config, seed, started);
        this
    }

    fn header(&mut self, config: &Config, seed: [u8; 32], started: UnixTime) -> fmt::Result {
        writeln!(self.out, "ftp-trace {VERSION}")?;
        writeln!(self.out, "config {}", Value(config))?;
        writeln!(self.out, "seed {}", Hex(&seed))?;
        writeln!(self.out, "started {}", Calendar(started))?;
        let payloads = match self.style.payloads {
            Payloads::Hashed => "hashed",
            Payloads::Whole => "whole",
        };
        writeln!(self.out, "payloads {payloads}")
    }

    /// Hides the argument of one more verb: that of a custom verb whose argument is a secret. `SITE NAME` hides that of a
    /// SITE verb. In any case of letters, as verbs are.
    #[must_use]
    pub fn hiding(mut self, verb: &str) -> Self {
        self.style.hidden.push(verb.to_ascii_uppercase());
        self
    }

    /// What stands in place of secrets.
    #[must_use]
    pub fn showing(mut self, secrets: Secrets) -> Self {
        self.redactor.show(secrets);
        self
    }

    /// The session is about to handle this.
    pub fn event(&mut self, now: Instant, event: &Event<'_>) {
        self.said.clear();
        if let Event::Received(bytes) = event {
            self.redactor.redact(bytes, &self.style.hidden, &mut self.said);
        }
        let said = mem::take(&mut self.said);
        self.write_line(|style, line| {
            write!(line.text, "> {} ", Seconds(now))?;
            event::write(event, &said, style, line)
        });
        self.said = said;
    }

    /// The session asks for this.
    pub fn action(&mut self, action: &Action) {
        self.write_line(|style, line| {
            line.text.push_str("< ");
            action::write(action, style, line)
        });
    }

    /// The session refused the event that it was told of last.
    pub fn misuse(&mut self, misuse: &Misuse) {
        self.write_line(|_, line| write!(line.text, "! {}", Value(misuse)));
    }

    /// So many actions were not taken: they come with those of the next event. Nothing is written for 0.
    pub fn left(&mut self, actions: usize) {
        if actions > 0 {
            self.write_line(|_, line| write!(line.text, "~ {actions} left"));
        }
    }

    fn write_line(&mut self, fill: impl FnOnce(&Shown, &mut Line) -> fmt::Result) {
        if self.health.is_err() {
            return;
        }
        self.line.text.clear();
        self.health = fill(&self.style, &mut self.line).and_then(|()| {
            self.line.text.push('\n');
            self.out.write_str(&self.line.text)
        });
        if self.line.text.capacity() > KEPT {
            self.line = Line::default();
        }
        if self.said.capacity() > KEPT {
            self.said = Vec::new();
        }
    }
}

impl<W> Recorder<W> {
    /// What is written to.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Whether all that was told could be written so far.
    pub const fn is_whole(&self) -> bool {
        self.health.is_ok()
    }

    /// What was written to.
    ///
    /// # Errors
    /// The writer failed, and the trace is not whole.
    pub fn into_inner(self) -> Result<W, fmt::Error> {
        self.health.map(|()| self.out)
    }
}

impl Recorder<String> {
    /// What was written since this was called last: for whoever carries it to a file.
    pub fn take(&mut self) -> String {
        mem::take(&mut self.out)
    }
}

impl<W> fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("payloads", &self.style.payloads).finish_non_exhaustive()
    }
}

/// The verbs whose argument is a secret. The token of ADAT may hold a password (RFC 2228 §3).
const SECRET_VERBS: [&str; 3] = ["PASS", "ACCT", "ADAT"];

/// How much memory is kept from one line to the next.
const KEPT: usize = 4096;
