//! Bytes to lines, as a server has to read them: Telnet commands taken out, LF ends a line, a CR before it belongs to the
//! end (RFC 854, RFC 959 §5.3.1).

/// What was said of a line that is not at its end.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    telnet: Telnet,
    /// Its reply has come already.
    poisoned: bool,
    /// Something was said behind the last line's end, be it Telnet's.
    more: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telnet {
    #[default]
    Text,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

impl Lines {
    /// The lines that end in these bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        if let Some(last) = bytes.last() {
            self.more = *last != b'\n';
        }
        for byte in bytes.iter().copied().filter_map(|byte| self.strip(byte)).collect::<Vec<u8>>() {
            if byte != b'\n' {
                // Nobody asks what a line is whose beginning is so long.
                if self.partial.len() < KEPT || byte == b'\r' {
                    self.partial.push(byte);
                }
                continue;
            }
            let mut line = std::mem::take(&mut self.partial);
            line.pop_if(|last| *last == b'\r');
            if !std::mem::take(&mut self.poisoned) {
                lines.push(line);
            }
        }
        lines
    }

    /// A line that has begun is answered before its end: whether there is one.
    pub(super) fn poison(&mut self) -> bool {
        let begun = !self.partial.is_empty() && !self.poisoned;
        self.poisoned |= begun;
        begun
    }

    /// Whether something was said behind the last line's end.
    pub(super) const fn more(&self) -> bool {
        self.more
    }

    /// What Telnet leaves of a byte.
    fn strip(&mut self, byte: u8) -> Option<u8> {
        use Telnet::{Command, Option, Subnegotiation, SubnegotiationCommand, Text};
        let (next, left) = match (self.telnet, byte) {
            (Text, IAC) => (Command, None),
            (Text, _) | (Command, IAC) => (Text, Some(byte)),
            (Command, WILL..=DONT) => (Option, None),
            (Command, SB) => (Subnegotiation, None),
            (Command, SE..) | (Option, _) | (SubnegotiationCommand, SE) => (Text, None),
            // The DM of a Synch may be lost on the way.
            (Command, _) => (Text, Some(byte)),
            (Subnegotiation, IAC) => (SubnegotiationCommand, None),
            (Subnegotiation | SubnegotiationCommand, _) => (Subnegotiation, None),
        };
        self.telnet = next;
        left
    }
}

/// What a server says, without its refusals of Telnet options and with doubled IACs made one. A command that is cut off
/// at the end of `bytes` is left: how much of them was used.
pub(crate) fn unescape(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let taken = match (byte, bytes.get(at + 1).copied(), bytes.get(at + 2)) {
            (IAC, Some(IAC), _) => {
                out.push(IAC);
                2
            }
            (IAC, Some(WILL..=DONT), Some(_)) => 3,
            (IAC, None, _) | (IAC, Some(WILL..=DONT), None) => break,
            _ => {
                out.push(byte);
                1
            }
        };
        at += taken;
    }
    at
}

const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const DONT: u8 = 254;
const IAC: u8 = 255;

/// So much of a line is kept.
const KEPT: usize = 8 * 1024;
