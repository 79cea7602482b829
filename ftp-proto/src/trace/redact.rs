//! Takes secrets out of what a client says, byte by byte as it comes.
//!
//! ```text
//! bytes ──► Telnet, as `line` reads it ──► the verb of each line ──► is it a secret one? ──► *** up to the line's end
//! ```
//!
//! Everything that is not secret stays as it is: Telnet commands, line ends, and control bytes, which decide whether
//! the line is a command. So what comes out leads the engine to the same lines as what went in, with another argument.
//! Where the bytes are cut means nothing.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::Secrets;
use crate::line::{CR, DO, DONT, FIRST_COMMAND, IAC, LF, NUL, SB, SE, WILL, WONT};

/// How far a line is, and where Telnet is in it.
#[derive(Debug)]
pub(super) struct Redactor {
    secrets: Secrets,
    /// The longest line: past it the engine drops what comes.
    limit: usize,
    telnet: Telnet,
    after_cr: bool,
    place: Place,
    /// The verb so far, in upper case.
    verb: Vec<u8>,
    /// Whether the line is a USER with a control byte in it. The engine refuses it; but where that byte was meant to end
    /// the line, a password may stand behind it.
    astray: bool,
    /// How long the line is, and how long it seems.
    real: usize,
    shown: usize,
    /// Whether the line holds a stand-in already, and whether one was written last.
    stands: bool,
    running: bool,
}

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In front of the verb.
    Front,
    Verb,
    /// Behind a verb that has no secret.
    Open,
    Secret,
}

/// The same states as in `line`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telnet {
    Text,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

/// How a byte of text was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Plain,
    /// Behind an IAC, which is written already.
    Escaped,
}

impl Redactor {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            secrets: Secrets::Hidden,
            limit,
            telnet: Telnet::Text,
            after_cr: false,
            place: Place::Front,
            verb: Vec::new(),
            astray: false,
            real: 0,
            shown: 0,
            stands: false,
            running: false,
        }
    }

    pub(super) const fn show(&mut self, secrets: Secrets) {
        self.secrets = secrets;
    }

    /// Adds to `out` what may be shown of `bytes`. Never nothing of something: the engine would not be told of it.
    pub(super) fn redact(&mut self, bytes: &[u8], hidden: &[String], out: &mut Vec<u8>) {
        self.running = false;
        for byte in bytes {
            self.take(*byte, hidden, out);
        }
    }

    /// Takes one byte through the Telnet layer.
    fn take(&mut self, byte: u8, hidden: &[String], out: &mut Vec<u8>) {
        let state = mem::replace(&mut self.telnet, Telnet::Text);
        match (state, byte) {
            (Telnet::Text, IAC) => self.telnet = Telnet::Command,
            (Telnet::Text, _) => return self.text(byte, Sent::Plain, hidden, out),
            (Telnet::Command, WILL | WONT | DO | DONT) => self.telnet = Telnet::Option,
            (Telnet::Command, SB) => self.telnet = Telnet::Subnegotiation,
            (Telnet::Command, FIRST_COMMAND..=DONT) | (Telnet::Option, _) | (Telnet::SubnegotiationCommand, SE) => {}
            (Telnet::Command, _) => return self.text(byte, Sent::Escaped, hidden, out),
            (Telnet::Subnegotiation, IAC) => self.telnet = Telnet::SubnegotiationCommand,
            (Telnet::Subnegotiation | Telnet::SubnegotiationCommand, _) => {
                // The engine does not look at it; a client that does not double 0xFF may mean it as a password.
                self.telnet = Telnet::Subnegotiation;
                return out.push(b'*');
            }
        }
        out.push(byte);
    }

    /// Takes one byte that Telnet left.
    fn text(&mut self, byte: u8, sent: Sent, hidden: &[String], out: &mut Vec<u8>) {
        let after_cr = mem::replace(&mut self.after_cr, byte == CR);
        if byte == LF {
            out.push(byte);
            return self.end();
        }
        if after_cr {
            // The CR was data after all. It was written when it came.
            self.place = self.step(CR, hidden);
            (self.real, self.shown, self.running) = (self.real + 1, self.shown + 1, false);
        }
        if byte == CR || (after_cr && byte == NUL) {
            return out.push(byte);
        }
        let place = self.place;
        self.place = self.step(byte, hidden);
        self.real += 1;
        if place == Place::Secret && !byte.is_ascii_control() {
            return self.stand_in(sent, out);
        }
        self.running = false;
        self.shown += 1;
        out.push(byte);
    }

    /// Where the line is behind this byte.
    fn step(&mut self, byte: u8, hidden: &[String]) -> Place {
        match self.place {
            Place::Front if !byte.is_ascii_alphanumeric() => Place::Front,
            Place::Front | Place::Verb if byte.is_ascii_alphanumeric() => {
                self.verb.push(byte.to_ascii_uppercase());
                if self.verb.len() > LONGEST { Place::Open } else { Place::Verb }
            }
            Place::Front | Place::Verb if hidden.iter().any(|verb| verb.as_bytes() == self.verb) => Place::Secret,
            Place::Verb | Place::Open if byte.is_ascii_control() && (self.astray || self.verb == b"USER") => {
                self.astray = true;
                self.verb.clear();
                Place::Front
            }
            Place::Front | Place::Verb if byte == b' ' && self.verb == b"SITE" => {
                self.verb.push(b' ');
                Place::Verb
            }
            Place::Front | Place::Verb if byte == b' ' && self.verb == b"SITE " => Place::Verb,
            Place::Front | Place::Verb => Place::Open,
            place @ (Place::Open | Place::Secret) => place,
        }
    }

    /// Writes something for one byte of a secret.
    fn stand_in(&mut self, sent: Sent, out: &mut Vec<u8>) {
        if sent == Sent::Escaped {
            out.push(NOP);
        }
        let wanted = match (self.secrets, self.running, self.stands) {
            (Secrets::Measured, ..) => 1,
            (Secrets::Hidden, true, _) => 0,
            (Secrets::Hidden, false, false) => 3,
            (Secrets::Hidden, false, true) => 1,
        };
        let count = if self.real > self.limit {
            // What is too long for the engine must stay so, and is no secret of anyone's.
            wanted.max((self.limit + 1).saturating_sub(self.shown))
        } else {
            wanted.min(self.limit.saturating_sub(self.shown))
        };
        out.resize(out.len() + count, b'*');
        if count == 0 && !self.running {
            out.extend_from_slice(&[IAC, NOP]);
        }
        self.shown += count;
        (self.stands, self.running) = (true, true);
    }

    fn end(&mut self) {
        self.place = Place::Front;
        self.verb.clear();
        self.astray = false;
        (self.real, self.shown) = (0, 0);
        (self.stands, self.running) = (false, false);
    }
}

/// Telnet's "no operation" (RFC 854).
const NOP: u8 = 241;

/// The longest verb that could be a secret one: `SITE` and twelve letters.
const LONGEST: usize = 32;

#[cfg(test)]
mod tests;
