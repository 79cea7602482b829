//! A trace as people read it: who said what, and what became of the connections.
//!
//! ```text
//!      0.000  *  198.51.100.7:50000 connected to 192.0.2.1:21
//!      0.000  S: 220 FTP server ready.
//!      0.012  C: USER alice
//!      0.013  S: 331 Password required.
//!      0.250  D: d9 open, 198.51.100.7:50002 connected to l7
//!      0.261  D: d9 closed, 12 bytes sent
//! ```

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::{Display, Write};

use super::parse::{Happened, Outcome, Trace, TraceError};
use super::text::{self, Payload, Value};
use crate::failure::Failure;
use crate::id::ActionId;
use crate::line::{Frame, Framer};
use crate::notice::Notice;
use crate::ticket::Answer;
use crate::time::Instant;

/// Prints a trace as a dialogue: the client's lines, the replies, TLS, data connections with their bytes, and how it
/// ended, each with its time in seconds.
///
/// # Errors
/// [`TraceError`], where `text` is not a trace.
pub fn dialogue(text: &str) -> Result<String, TraceError> {
    Ok(super::parse(text)?.dialogue())
}

impl Trace<'_> {
    /// Prints it as a dialogue: [`dialogue`].
    #[must_use]
    pub fn dialogue(&self) -> String {
        let mut teller = Teller {
            out: String::new(),
            now: Instant::START,
            framer: Framer::new(self.config.limits.line),
            under_way: BTreeMap::new(),
            connections: BTreeMap::new(),
        };
        for step in &self.steps {
            teller.now = step.now;
            teller.event(&step.event);
            for (_, action) in &step.actions {
                teller.action(action.strip_prefix("< ").unwrap_or(action));
            }
            if let Some((_, misuse)) = &step.misuse {
                teller.tell("!", format_args!("the adapter erred: {misuse}"));
            }
        }
        teller.out
    }
}

/// What is known of the session so far.
struct Teller<'t> {
    out: String,
    now: Instant,
    framer: Framer,
    /// The actions whose answers tell something: name and line.
    under_way: BTreeMap<ActionId, &'t str>,
    /// Bytes over the data connections that are open: sent, and received.
    connections: BTreeMap<&'t str, (u64, u64)>,
}

impl<'t> Teller<'t> {
    fn tell(&mut self, who: &str, what: impl Display) {
        let (secs, millis) = (self.now.0 / 1_000_000_000, self.now.0 / 1_000_000 % 1_000);
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{secs:6}.{millis:03}  {who:2} {what}");
    }

    fn event(&mut self, event: &Happened) {
        match event {
            Happened::Connected { local, peer, .. } => self.tell("*", format_args!("{peer} connected to {local}")),
            Happened::Received(bytes) => self.said(bytes),
            Happened::ControlEnded(end) => self.tell("*", format_args!("the control connection ended: {}", Value(end))),
            Happened::Drain(_) => self.tell("*", "the server is to end"),
            Happened::Done(id, outcome) => self.done(*id, outcome),
            Happened::Failed(id, failure) => self.failed(*id, *failure),
            Happened::Sent(_) | Happened::Progress(..) | Happened::Timeout => {}
        }
    }

    fn said(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        let mut framer = core::mem::replace(&mut self.framer, Framer::new(0));
        while let Some(frame) = framer.next(&mut input) {
            match frame {
                Frame::Line(line) => self.tell("C:", Shown(line)),
                Frame::TooLong => self.tell("C:", "(a line that is too long)"),
                Frame::Refuse(_) => self.tell("C:", "(a Telnet option)"),
            }
        }
        self.framer = framer;
    }

    fn action(&mut self, line: &'t str) {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        match name {
            "Write" => {
                let Some((bytes, _)) = text::literal(rest) else { return };
                for reply in bytes.split(|byte| *byte == b'\n').filter(|reply| !reply.is_empty()) {
                    self.tell("S:", Shown(reply.strip_suffix(b"\r").unwrap_or(reply)));
                }
            }
            "Shutdown" => self.tell("*", "closed"),
            "Notify" => self.notice(rest),
            "Secure" | "Unsecure" | "Data.Listen" | "Data.Accept" | "Data.Connect" | "Data.Secure" | "Data.Send"
            | "Data.Receive" | "Data.FileToData" | "Data.DataToFile" | "Data.Close" => {
                if let Some(id) = rest.split(' ').next().and_then(|id| text::id('a', id)) {
                    self.under_way.insert(ActionId(id), line);
                }
            }
            _ => {}
        }
    }

    fn notice(&mut self, text: &str) {
        match text::value::<Notice>(text) {
            Some(Notice::LoggedIn { user }) => self.tell("*", format_args!("{} logged in", Shown(user.as_bytes()))),
            Some(Notice::Refused { what }) => self.tell("*", format_args!("refused: {}", Value(&what))),
            Some(Notice::TransferEnded(summary)) => {
                let (what, bytes, outcome) = (Value(&summary.what), summary.bytes, Value(&summary.outcome));
                self.tell("*", format_args!("{what} of {}: {bytes} bytes, {outcome}", Shown(summary.path.as_bytes())));
            }
            Some(Notice::Ended(summary)) => {
                let (reason, commands) = (Value(&summary.reason), summary.commands);
                self.tell("*", format_args!("the session ends: {reason}, after {commands} commands"));
            }
            _ => {}
        }
    }

    fn done(&mut self, id: ActionId, outcome: &Outcome) {
        let Some(line) = self.under_way.remove(&id) else { return };
        let name = line.split(' ').next().unwrap_or_default();
        let data = text::field(line, "data").unwrap_or_default();
        match (name, outcome) {
            ("Secure", Outcome::Known(Answer::Secured(secured))) => {
                let parameters = secured.parameters.as_deref().unwrap_or("TLS").to_owned();
                self.tell("*", format_args!("secured: {}", Shown(parameters.as_bytes())));
            }
            ("Unsecure", _) => self.tell("*", "in the clear again"),
            ("Data.Listen", Outcome::Known(Answer::Listening(listening))) => {
                let listener = text::field(line, "listener").unwrap_or_default();
                self.tell("D:", format_args!("{listener} listens on {}", listening.address));
            }
            ("Data.Accept", Outcome::Known(Answer::Connected(connected))) => {
                self.connections.insert(data, (0, 0));
                let listener = text::field(line, "listener").unwrap_or_default();
                self.tell("D:", format_args!("{data} open, {} connected to {listener}", connected.peer));
            }
            ("Data.Connect", Outcome::Known(Answer::Connected(connected))) => {
                self.connections.insert(data, (0, 0));
                self.tell("D:", format_args!("{data} open, connected to {}", connected.peer));
            }
            ("Data.Secure", Outcome::Known(Answer::Secured(secured))) => {
                let resumed = if secured.resumed { ", resumed" } else { "" };
                self.tell("D:", format_args!("{data} secured{resumed}"));
            }
            ("Data.Send", _) => {
                let bytes = text::field(line, "bytes").and_then(|_| line.split_once(" bytes="));
                let length =
                    bytes.and_then(|(_, bytes)| text::payload(bytes)).map_or(0, |(payload, _)| length(&payload));
                self.count(data, length, 0);
            }
            ("Data.Receive", Outcome::Received(payload, _)) => self.count(data, 0, length(payload)),
            ("Data.FileToData", Outcome::Known(Answer::Moved(moved))) => self.count(data, moved.bytes, 0),
            ("Data.DataToFile", Outcome::Known(Answer::Moved(moved))) => self.count(data, 0, moved.bytes),
            ("Data.Close", _) => self.closed(data, ""),
            _ => {}
        }
    }

    fn failed(&mut self, id: ActionId, failure: Failure) {
        let Some(line) = self.under_way.remove(&id) else { return };
        let name = line.split(' ').next().unwrap_or_default();
        let data = text::field(line, "data").unwrap_or_default();
        match name {
            "Secure" | "Unsecure" => self.tell("*", format_args!("TLS failed: {failure}")),
            "Data.Listen" => self.tell("D:", format_args!("no listener: {failure}")),
            "Data.Accept" | "Data.Connect" => self.tell("D:", format_args!("no connection: {failure}")),
            "Data.Close" => self.closed(data, &alloc::format!(" ({failure})")),
            _ => self.tell("D:", format_args!("{data} failed: {failure}")),
        }
    }

    fn count(&mut self, data: &str, sent: u64, received: u64) {
        if let Some((out, into)) = self.connections.get_mut(data) {
            (*out, *into) = (out.saturating_add(sent), into.saturating_add(received));
        }
    }

    fn closed(&mut self, data: &str, how: &str) {
        let (sent, received) = self.connections.remove(data).unwrap_or_default();
        self.tell("D:", format_args!("{data} closed{how}, {sent} bytes sent, {received} received"));
    }
}

const fn length(payload: &Payload) -> u64 {
    match payload {
        Payload::Whole(bytes) => bytes.len() as u64,
        Payload::Hashed(hash) => hash.length as u64,
    }
}

/// A line of either side, as a terminal may show it: UTF-8, with what would move the cursor or turn the text escaped.
struct Shown<'a>(&'a [u8]);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() || is_direction(c) { write!(f, "{}", c.escape_default())? } else { f.write_char(c)? }
            }
            write!(f, "{}", chunk.invalid().escape_ascii())?;
        }
        Ok(())
    }
}

/// Whether it changes the direction of the text around it (Unicode's Bidi_Control), and so where that seems to stand.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
